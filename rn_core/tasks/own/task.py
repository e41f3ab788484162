"""A set of anybody's as a task. Each set is a task of its own, made from its schema."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from rn_core.common.errors import QuestionError, RNCoreError, SceneError, quote
from rn_core.common.records import Batch
from rn_core.common.seeding import uniform_fractions, uniform_integers
from rn_core.tasks.base import Task
from rn_core.tasks.own.encoding import encode_scene, find_unseen, pad_scenes
from rn_core.tasks.own.scene import OwnScene, find_about, make_template
from rn_core.tasks.own.schema import Schema, split_words
from rn_core.tasks.own.spec import NAME, make_domain
from rn_core.tasks.scoring import OneAnswer

#: No set is a task for everybody: each is one while somebody uses it; see `rn_core.tasks.registry.host`.
TASKS: tuple[Task, ...] = ()
#: Where a card holds the schema.
SCHEMA = "schema"


class OwnTask:
    """One set as models see it; a scene is an `OwnScene` that knows what the question is about.

    Attributes:
        schema: how scenes and questions become tensors.
    """

    solved_above: float | None = None

    def __init__(self, schema: Schema) -> None:
        """Make the task of a schema; two of one schema have the same name."""
        self.schema = schema
        self.name = f"{NAME}/{schema.digest}"
        self.domain = make_domain(self.name, schema)
        self.answers, self.question_types = schema.answers, schema.types
        self.groups: Mapping[str, tuple[str, ...]] = MappingProxyType({kind: (kind,) for kind in schema.types})
        self.scoring = OneAnswer(len(schema.types), len(schema.answers))
        self.overall_types = schema.types

    def encode_scenes(self, scenes: Sequence[Any]) -> tuple[Tensor, ...]:
        """Return rows (S, N, D) float32 and mask (S, N) bool; raises SceneError for what is no scene of the set."""
        return pad_scenes([encode_scene(self.schema, _check_scene(scene)) for scene in scenes])

    def encode_questions(self, texts: Sequence[str]) -> Tensor:
        """Return one-hot templates (M, Q) float32, or words (M, L) int64; raises QuestionError."""
        if self.schema.words:
            read = [self.schema.find_words(text) for text in texts]
            longest = max(1, *map(len, read)) if read else 1
            return torch.tensor([words + [0] * (longest - len(words)) for words in read], dtype=torch.int64)
        return torch.eye(len(self.schema.templates))[[self.schema.find_template(text) for text in texts]]

    def check_answerable(self, scene: Any, text: str) -> None:
        """Raise SceneError or QuestionError unless the scene is asked about what the question names."""
        about = find_about(text)
        self.encode_questions([text])
        if len(about) > self.schema.n_about:
            raise QuestionError(
                f"A question here names up to {self.schema.n_about} objects, got {quote(text)}; name fewer."
            )
        if _check_scene(scene).about != about:
            raise SceneError(
                f"The scene must be `scene.asked(question)`, got one asked about {scene.about}; call that."
            )
        encode_scene(self.schema, scene.asked(text))

    def find_warnings(self, scene: Any, text: str) -> tuple[str, ...]:
        """Return what of a scene and a question the networks could not learn anything of, one sentence each."""
        schema = self.schema
        known = split_words(make_template(text)) if schema.words else [make_template(text)]
        asked = [quote(part) for part in dict.fromkeys(known) if part in schema.unseen]
        return tuple(
            f"No training scene has {', '.join(what[:5])}{', …' if len(what) > 5 else ''}, so the networks have "
            "learned nothing of it."
            for what in (asked, find_unseen(schema, scene))
            if what
        )

    def question_index(self, text: str) -> int:
        """Raise RNCoreError: nothing is stored per question."""
        raise RNCoreError("A set of your own has no mean aggregate per question; choose zero as the baseline.")

    def sample_batch(
        self,
        rng: np.random.Generator,
        n_scenes: int,
        n_questions: int | None = None,
        type_weights: np.ndarray | None = None,
        n_cells: int | None = None,
    ) -> Batch:
        """Draw random inputs of the right shape, with which files of weights are tried; real scenes come from files."""
        schema, n_objects = self.schema, self.schema.n_objects
        rows = torch.from_numpy(uniform_fractions(rng, (n_scenes, n_objects, schema.d_object))).float()
        asked = torch.from_numpy(uniform_integers(rng, max(1, len(schema.words or schema.templates)), (n_scenes,)))
        question = asked[:, None] + 1 if schema.words else functional.one_hot(asked, len(schema.templates)).float()
        none = torch.zeros(n_scenes, dtype=torch.int64)
        mask = torch.ones(n_scenes, n_objects, dtype=torch.bool)
        return Batch((rows, mask), question, torch.arange(n_scenes), none, none)

    def sample_shown(self, rng: np.random.Generator) -> tuple[Any, Any]:
        """Raise RNCoreError: scenes come from the set's files."""
        raise RNCoreError("Scenes of your own come from their file; open it on the page Your data.")


def make_task(values: Mapping[str, Any]) -> OwnTask:
    """Return the task of the weights whose card holds `values`; raises RNCoreError if they describe no set."""
    return OwnTask(Schema.from_dict(values.get(SCHEMA)))


def _check_scene(scene: Any) -> OwnScene:
    """Return a scene; raises SceneError for anything else."""
    if not isinstance(scene, OwnScene):
        raise SceneError(f"A scene of a set must be an OwnScene, got {type(scene).__name__}; read one from its file.")
    return scene
