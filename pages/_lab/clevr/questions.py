"""CLEVR's questions on the page: tidied, in a URL, and drawn by family; no Streamlit."""

from __future__ import annotations

import functools
import itertools
import re

from rn_core.common.errors import QuestionError
from rn_core.common.seeding import make_rng
from rn_core.tasks.clevr import ClevrScene, QuestionGenerator
from rn_core.tasks.clevr.grammar import write_out
from rn_core.tasks.clevr.language import ANY_SHAPE, RELATION_PHRASES, words_of
from rn_core.tasks.clevr.synonyms import WORDING
from rn_core.tasks.clevr.templates import load_templates, text_variants
from rn_core.tasks.clevr.vocabulary import WORDS
from rn_core.tasks.clevr.world import VALUES

ANY_FAMILY = -1
#: Group of families -> its name on the page.
GROUP_NAMES = {
    "count": "Count",
    "exist": "Exist",
    "compare_integer": "Compare numbers",
    "query_attribute": "Query",
    "compare_attribute": "Compare attributes",
}
_SLOT = re.compile(r"\{([A-Z])}")
_SHOWN = {"A": "X", "B": "Y", "C": "Z", "D": "W", "R": "left of", "S": "behind", "T": "right of"}


def tidy_question(text: str) -> str:
    """Return a question in CLEVR's own words: one space between words, a capital in front, "?" behind.

    Raises:
        QuestionError: if it is not in CLEVR's language, naming the first word that is not understood.
    """
    sentence = write_out(text)
    return f"{sentence[0].upper()}{sentence[1:]}?"


def format_question(text: str) -> str:
    """Return a tidy question as URL text, such as `how-many-cubes-are-there`."""
    return text[:-1].lower().replace("; ", "_").replace(" ", "-")


def parse_question(text: str) -> str:
    """Read what `format_question` wrote; raises QuestionError as `tidy_question` does."""
    return tidy_question(text.replace("_", "; ").replace("-", " "))


@functools.cache
def family_names() -> dict[int, str]:
    """Return number of a family -> what its questions ask, by group; first of all any family."""
    names = {}
    for template in sorted(load_templates(), key=lambda each: list(GROUP_NAMES).index(each.group)):
        pattern = text_variants(template.texts[0])[0]
        example = _SLOT.sub(lambda match: _SHOWN[match[1]], pattern)
        names[template.family] = f"{GROUP_NAMES[template.group]} · {example}"
    return {ANY_FAMILY: "any kind", **names}


@functools.cache
def list_families(group: str) -> tuple[int, ...]:
    """Return the numbers of a group's families."""
    return tuple(template.family for template in load_templates() if template.group == group)


@functools.cache
def word_groups() -> dict[str, tuple[str, ...]]:
    """Return what words are for -> the words that questions are made of, and the synonyms that are understood."""
    groups = {
        f"{name}s".capitalize(): tuple(itertools.chain.from_iterable(map(words_of, values)))
        for name, values in VALUES.items()
    }
    groups["Anything"] = ANY_SHAPE
    groups["Places"] = tuple(itertools.chain.from_iterable(RELATION_PHRASES.values()))
    named = set(" ".join(itertools.chain.from_iterable(groups.values())).split())
    groups["Other words"] = tuple(word for word in WORDS if not {word, word.removesuffix("s")} & named)
    return {**groups, "Also understood": WORDING.list_synonyms()}


def sample_question(scene: ClevrScene, family: int, turn: int) -> str:
    """Return a question about a scene, drawn again for each turn.

    Args:
        scene: what to ask about.
        family: a key of `family_names`.
        turn: 0 or more.

    Raises:
        QuestionError: if the scene allows none of that family.
    """
    generator = QuestionGenerator(make_rng(turn, "explore", family + 1))
    if family == ANY_FAMILY:
        drawn = generator.ask(scene, 1)
        question = drawn[0] if drawn else None
    else:
        question = generator.ask_family(scene, family)
    if question is None:
        raise QuestionError("This scene allows no question of that kind; choose another kind or another scene.")
    return tidy_question(question.text)
