"""All sentences of the twenty tasks together: how one that people type is written, and the nearest known question."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from rn_core.common.wording import overlap
from rn_core.tasks.babi import language, rule_forms
from rn_core.tasks.babi.encoding import tokenize
from rn_core.tasks.babi.forms import Language, find_gist
from rn_core.tasks.babi.synonyms import WORDING
from rn_core.tasks.babi.words import WORDS

_ALL: dict[int, Language[Any]] = {**language.LANGUAGES, **rule_forms.LANGUAGES}
#: Task -> its language.
LANGUAGES: Mapping[int, Language[Any]] = MappingProxyType(dict(sorted(_ALL.items())))
#: Share of all words of two questions that they have in common, from which one is suggested for the other.
_ALIKE = 0.25


def write_out(text: str, is_question: bool) -> str | None:
    """Return the sentence of bAbI that says the same: with its articles, synonyms replaced; None if there is none.

    Args:
        text: one sentence.
        is_question: whether to look among questions or among statements.
    """
    return _known(is_question).get(find_gist(text))


@functools.lru_cache(maxsize=4096)
def is_known(text: str, is_question: bool) -> bool:
    """Return whether a sentence says what some sentence of bAbI says; arguments as `write_out`."""
    return write_out(text, is_question) is not None


def suggest_question(text: str) -> str | None:
    """Return the question of any task that shares most words with a text, strange ones taken for what they may mean."""
    meant = find_gist(" ".join({*WORDING.guess(tokenize(text), WORDS)})).split()

    def alike(gist: str) -> float:
        return overlap(gist.split(), meant)

    best = max(_known(True), key=alike)
    return _known(True)[best] if alike(best) >= _ALIKE else None


@functools.cache
def _known(is_question: bool) -> Mapping[str, str]:
    """Return the gist of every question, or of every statement, of any task -> the sentence."""
    found: dict[str, str] = {}
    for each in LANGUAGES.values():
        for kind in each.questions if is_question else each.statements:
            for text, _ in kind.sentences():
                found.setdefault(find_gist(text), text)
    return MappingProxyType(found)
