"""A domain outside of `rn_core`, as small as one can be: three dice, and two questions about them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from rn_core.common.errors import QuestionError
from rn_core.common.records import Batch
from rn_core.common.seeding import uniform_integers
from rn_core.models import ModelConfig
from rn_core.models.baselines import MLPConfig
from rn_core.models.encoders import RowEncoderConfig
from rn_core.models.relation_network import RelationNetworkConfig
from rn_core.tasks.domain import Domain, Recipe
from rn_core.tasks.scoring import OneAnswer

QUESTIONS = ("Are two dice alike?", "Is there a six?")
_ROWS, _SIZES = RowEncoderConfig(6), (6, len(QUESTIONS), 2)
_MODELS = {
    "rn": ModelConfig(_ROWS, RelationNetworkConfig(*_SIZES, (32, 32), (32,))),
    "mlp": ModelConfig(_ROWS, MLPConfig(3, *_SIZES, (64, 64))),
}
_SETTINGS = {"steps": 250, "n_scenes": 64, "learning_rate": 5e-3, "warmup_steps": 20, "validate_every": 250}
DOMAIN = Domain("toy", "Dice", {"toy/dice": {"small": _MODELS}}, {"toy/rn-dice": Recipe("toy/dice", "rn", _SETTINGS)})


@dataclass(frozen=True)
class Throw:
    faces: tuple[int, ...]

    def to_json(self) -> str:
        return json.dumps(self.faces)

    def solve(self) -> tuple[int, int]:
        return int(len({*self.faces}) < len(self.faces)), int(6 in self.faces)


class Dice:
    name, domain, answers = "toy/dice", DOMAIN, ("no", "yes")
    question_types = overall_types = ("alike", "six")
    groups = {"relational": ("alike",), "non_relational": ("six",)}  # noqa: RUF012
    scoring, solved_above = OneAnswer(len(QUESTIONS), 2), None

    def encode_scenes(self, scenes: Sequence[Throw]) -> tuple[Tensor, ...]:
        faces = torch.tensor([(*throw.faces, 0, 0)[:3] for throw in scenes])  # 0 for a die that was taken away
        return functional.one_hot(faces, 7)[..., 1:].float(), faces > 0

    def encode_questions(self, texts: Sequence[str]) -> Tensor:
        return torch.eye(len(QUESTIONS))[[QUESTIONS.index(text) for text in texts]]

    def check_answerable(self, scene: Throw, text: str) -> None:
        if text not in QUESTIONS:
            raise QuestionError(f"A question about dice must be one of {', '.join(QUESTIONS)}, got {text!r}; ask one.")

    def find_warnings(self, scene: Throw, text: str) -> tuple[str, ...]:
        return ()

    def question_index(self, text: str) -> int:
        return QUESTIONS.index(text)

    def sample_batch(self, rng: np.random.Generator, n_scenes: int, *_: object, **__: object) -> Batch:
        throws = [Throw(tuple(faces)) for faces in (1 + uniform_integers(rng, 6, (n_scenes, 3))).tolist()]
        truth = torch.tensor([throw.solve() for throw in throws])
        kinds = torch.arange(len(QUESTIONS)).repeat(n_scenes)
        scenes = torch.arange(n_scenes).repeat_interleave(len(QUESTIONS))
        return Batch(self.encode_scenes(throws), torch.eye(len(QUESTIONS))[kinds], scenes, truth.flatten(), kinds)

    def sample_shown(self, rng: np.random.Generator) -> tuple[Throw, Throw]:
        throw = Throw(tuple((1 + uniform_integers(rng, 6, (3,))).tolist()))
        return throw, throw
