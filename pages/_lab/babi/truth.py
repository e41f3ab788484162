"""What is true of a question about a story, and the sentences that it follows from; no Streamlit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rn_core.common.errors import RNCoreError
from rn_core.tasks.babi.solvers.any_task import find_answer

if TYPE_CHECKING:
    from pages._lab.babi.state import BabiState


@dataclass(frozen=True)
class Truth:
    """What the rules of the question's task say, or the file that the question comes from.

    Attributes:
        answer: the true answer; None where nobody knows one.
        support: places in the list of lines of the sentences that it follows from; none without an answer.
        trouble: a sentence about why there is no true answer, or None.
        is_given: whether the answer is the file's.
    """

    answer: str | None
    support: tuple[int, ...]
    trouble: str | None
    is_given: bool = False


def find_truth(state: BabiState) -> Truth:
    """Return what a file says to the state's question, or else the rules of the task that asks it."""
    told = [place for place, line in enumerate(state.lines) if not line.dropped]
    try:
        _, found = find_answer(state.statements, state.text, state.task)
    except RNCoreError as err:
        return Truth(state.given, (), str(err) if state.given is None else None, state.given is not None)
    support = tuple(sorted(told[index] for index in found.support))
    if state.given is None:
        return Truth(found.answer, support, None)
    return Truth(state.given, support if found.answer == state.given else (), None, is_given=True)
