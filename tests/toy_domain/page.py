"""The dice on the pages: what they are asked, what is true of it, and which pairs decide; the rest is shared."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from pages._lab.domains.base import SceneDomain, ShownObject
from pages._lab.links import Field, parse_seed
from pages._lab.pairs.state import PairState, pair_fields
from pages._lab.pairs.view import SceneCase
from rn_core.common.errors import SceneError
from rn_core.common.seeding import make_rng
from tests.toy_domain import QUESTIONS, Dice, Throw

LABELS = ("a", "b", "c")


@dataclass(frozen=True)
class DiceState(PairState):
    question: str = QUESTIONS[0]
    model: str = "rn-dice"
    labels = LABELS

    @staticmethod
    def fields() -> tuple[Field, ...]:
        return Field("seed", "seed", parse_seed), *pair_fields(Dice.answers, LABELS)


class DiceDomain(SceneDomain[DiceState, Throw]):
    name, state = "toy", DiceState

    def parse(self, text: str) -> dict[str, Any]:
        Dice().check_answerable(Throw(()), text)
        return {"question": text}

    def list_suggested(self, state: DiceState) -> tuple[str, ...]:
        return QUESTIONS

    def list_models(self, case: SceneCase[DiceState, Throw]) -> tuple[str, ...]:
        return "rn-dice", "mlp-dice"

    def make_scene(self, state: DiceState, without: Collection[str] = ()) -> Throw:
        thrown, _ = Dice().sample_shown(make_rng(state.seed, "explore"))
        left = tuple(face for label, face in zip(LABELS, thrown.faces, strict=True) if label not in without)
        if not left:
            raise SceneError("No die is left; keep one.")
        return Throw(left)

    def find_answer(self, scene: Throw, question: str) -> str:
        return Dice.answers[scene.solve()[QUESTIONS.index(question)]]

    def list_objects(self, state: DiceState) -> tuple[ShownObject, ...]:
        return tuple(map(ShownObject, LABELS, map("a {}".format, self.make_scene(state).faces)))


DOMAIN = DiceDomain()
