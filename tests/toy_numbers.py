"""A toy domain for the pages: a few numbers, and whether two of them are the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from pages._lab.components.stage import Backdrop, Cast, DrawnStage, Ground, Manner, PairLayer, paint
from pages._lab.domains.base import Seen, ShownObject
from pages._lab.layout import cards_html
from pages._lab.links import Field, parse_seed, read_query
from pages._lab.pairs.nodes import Nodes
from pages._lab.pairs.state import SECTIONS, PairState, drop_misfits, pair_fields
from pages._lab.pairs.view import PairReading, PairView, make_pair_parts, pick_target
from rn_core.attribution.base import Attribution, Target
from rn_core.common.errors import QuestionError, SceneError
from rn_core.common.records import Answer
from rn_core.common.seeding import make_rng, uniform_integers

ASKED = "Are two numbers the same?"
LABELS = ("a", "b", "c", "d")


@dataclass(frozen=True)
class ToyState(PairState):
    question: str = ASKED
    model: str = "rn"
    seed: int = 0

    @property
    def numbers(self) -> tuple[int, ...]:
        return tuple(uniform_integers(make_rng(self.seed, "explore"), 5, (4,)).tolist())

    @staticmethod
    def fields() -> tuple[Field, ...]:
        without = (lambda text: tuple(text.split("-")),)
        return (Field("seed", "seed", parse_seed), *pair_fields(("no", "yes"), LABELS, "a-b", 16, *without))


@dataclass(frozen=True)
class ToyCase:
    state: ToyState
    numbers: tuple[int, ...]
    question: str = ASKED

    @property
    def answer(self) -> str:
        return "yes" if len({*self.numbers}) < len(self.numbers) else "no"


class ToyView(PairView):
    scene_title = "Numbers"

    def answers_html(self) -> str:
        return cards_html(self.model_answers, self.reading.truth)

    def scene_content(self) -> Any:
        return list(self.case.numbers)

    def draw_scene(self, axes: Any) -> None:
        axes.text(0.1, 0.5, str(self.case.numbers))


class ToyDomain:
    name, sections, baselines = "toy", SECTIONS, ("zero",)

    def read_query(self, query: Mapping[str, str]) -> tuple[ToyState, list[str]]:
        state, problems = read_query(ToyState, ToyState.fields(), query)
        return drop_misfits(state, problems, lambda _: LABELS, LABELS, 16, sees_pixels=False)

    def sample(self, state: ToyState) -> ToyState:
        return state.change(seed=state.seed + 1)

    def parse(self, text: str) -> dict[str, Any]:
        if text != ASKED:
            raise QuestionError(f"Only '{ASKED}' is asked here, got '{text}'; ask that.")
        return {"question": text}

    def suggest(self, state: ToyState, turn: int) -> str:
        return ASKED

    def ask(self, state: ToyState) -> ToyCase:
        return ToyCase(state, state.numbers)

    def offered_models(self, state: ToyState) -> Mapping[str, str]:
        return {"rn": "Relation Network"}

    def list_models(self, case: ToyCase) -> tuple[str, ...]:
        return "rn", "mlp"

    def show(self, case: ToyCase, model: str) -> Seen:
        return Seen(case.numbers, str(case.numbers))

    def list_objects(self, state: ToyState) -> tuple[ShownObject, ...]:
        named = zip(LABELS, state.numbers, strict=True)
        return tuple(ShownObject(label, f"{label}, a {number}") for label, number in named)

    def take_away(self, view: ToyView) -> ToyCase:
        pairs = zip(LABELS, view.case.numbers, strict=True)
        left = tuple(number for label, number in pairs if label not in view.state.without)
        if not left:
            raise SceneError("No number is left; keep one.")
        return ToyCase(view.state, left)

    def choose_target(self, case: ToyCase, answer: Answer) -> Target:
        return pick_target(case.state, answer, answer.probabilities)

    def make_view(self, case: ToyCase, reading: PairReading, one: Attribution, other: Attribution) -> ToyView:
        names = tuple(each.name for each in self.list_objects(case.state))
        nodes = Nodes(LABELS, torch.eye(4, dtype=torch.float64), names, noun="number")
        same = [(i, j) for i in range(4) for j in range(4) if i != j and case.numbers[i] == case.numbers[j]]
        parts = make_pair_parts(case, one, other, nodes)
        return ToyView(
            reading=reading, target=self.choose_target(case, reading.answer), true_pairs=tuple(same), **parts
        )

    def make_stage(self, case: ToyCase, view: ToyView | None) -> DrawnStage:
        look = {"y": 37, "radius": 5, "turn": 0, "shape": "circle", **paint((0, 114, 178))}
        objects = [
            {"id": each.label, "name": each.label, "words": each.name, "x": 15 * k + 15, **look}
            for k, each in enumerate(self.list_objects(case.state))
        ]
        nodes = [{"label": label, "kind": "object"} for label in LABELS]
        layer = PairLayer(np.zeros((4, 4)) if view is None else view.matrix)
        return DrawnStage(
            Backdrop(Ground((0, 0, 75, 75)), (75, 75)), Cast("objects", objects, nodes), layer, Manner(False)
        )

    def make_saved_stage(self, view: ToyView) -> DrawnStage:
        return self.make_stage(view.case, view)


DOMAIN = ToyDomain()
