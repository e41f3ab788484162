"""What is true of a question about a story, and the sentences that it follows from; no Streamlit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rn_core.common.errors import RNCoreError
from rn_core.tasks.babi.solvers import solve

if TYPE_CHECKING:
    from pages._lab.babi.state import BabiState


@dataclass(frozen=True)
class Truth:
    """What a task's rules say.

    Attributes:
        answer: the true answer; None where the rules know none.
        support: places in the list of lines of the sentences that it follows from; none without an answer.
        trouble: a sentence about why there is no true answer, or None.
    """

    answer: str | None
    support: tuple[int, ...]
    trouble: str | None


def find_truth(state: BabiState) -> Truth:
    """Return what the rules of the state's task say to its question."""
    told = [place for place, line in enumerate(state.lines) if not line.dropped]
    try:
        found = solve(state.task, state.statements, state.text)
    except RNCoreError as err:
        return Truth(None, (), str(err))
    return Truth(found.answer, tuple(sorted(told[index] for index in found.support)), None)
