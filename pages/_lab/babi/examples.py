"""Many examples of one task: stories of seeds in a row, each with one of its questions."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar

from pages._lab.babi.state import BabiState
from pages._lab.babi.stories import sampled_questions
from pages._lab.babi.view import BabiCase
from pages._lab.pairs.examples import ExampleSource
from rn_core.evaluation.examples import Fact
from rn_core.tasks.babi.story import TASK_NAMES


class BabiExamples(ExampleSource[BabiState, BabiCase]):
    """Draws examples of one task."""

    titles: ClassVar[Mapping[str, str]] = MappingProxyType(
        {
            **ExampleSource.titles,
            "objects": "sentences",
            "support": "supporting facts",
            "age": "sentences since the first",
        }
    )

    def list_kinds(self, state: BabiState) -> Mapping[str, str]:
        """Return the tasks."""
        return {str(number): f"{number} · {name}" for number, name in TASK_NAMES.items()}

    def find_kind(self, state: BabiState) -> str:
        """Return the state's task."""
        return str(state.task)

    def make(self, start: BabiState, kind: str, seed: int) -> BabiState:
        """Return one question about the story of a seed, another one for each seed."""
        task = int(kind)
        return start.change(task=task, seed=seed, turn=seed % len(sampled_questions(task, seed)))

    def measure(self, case: BabiCase) -> Mapping[str, Fact]:
        """Return how many sentences there are, how many support the answer, and how far back the first of these is."""
        support, n_sentences = case.truth.support, len(case.state.statements)
        age = n_sentences - support[0] if support else None
        return {"support": len(support), "age": age, "objects": n_sentences}
