"""CLEVR's questions on the page: tidied, in a URL, and drawn by family; no Streamlit."""

from __future__ import annotations

import functools
import re

from rn_core.common.errors import QuestionError
from rn_core.common.seeding import make_rng
from rn_core.tasks.clevr import ClevrScene, QuestionGenerator, parse
from rn_core.tasks.clevr.templates import load_templates, text_variants
from rn_core.tasks.clevr.vocabulary import split_words

ANY_FAMILY = -1
_GROUP_NAMES = {
    "count": "Count",
    "exist": "Exist",
    "compare_integer": "Compare numbers",
    "query_attribute": "Query",
    "compare_attribute": "Compare attributes",
}
_SLOT = re.compile(r"\{([A-Z])}")
_SHOWN = {"A": "X", "B": "Y", "C": "Z", "D": "W", "R": "left of", "S": "behind", "T": "right of"}


def tidy_question(text: str) -> str:
    """Return a question as CLEVR writes it: one space between words, a capital in front, "?" behind.

    Raises:
        QuestionError: if it is not in CLEVR's language, naming the first word that is not understood.
    """
    parse(text)
    parts = [part for part in text.split(";") if any(letter.isalnum() for letter in part)]
    sentence = "; ".join(" ".join(split_words(part)) for part in parts)
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
    for template in sorted(load_templates(), key=lambda each: list(_GROUP_NAMES).index(each.group)):
        pattern = text_variants(template.texts[0])[0]
        example = _SLOT.sub(lambda match: _SHOWN[match[1]], pattern)
        names[template.family] = f"{_GROUP_NAMES[template.group]} · {example}"
    return {ANY_FAMILY: "any kind", **names}


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
