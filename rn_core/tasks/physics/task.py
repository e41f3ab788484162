"""Physics as tasks: which balls are connected, how many groups there are, and what happens next.

A row is a ball's color and path. Rows come in the order of `COLORS`; a Relation Network does not see their order and
tells balls apart by color, the MLP may use both. No question is asked: d_question is 0.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import combinations
from types import MappingProxyType
from typing import Any

import numpy as np
import torch
from torch import Tensor

from rn_core.common.errors import QuestionError, SceneError, cut
from rn_core.common.records import Batch
from rn_core.tasks.base import Task
from rn_core.tasks.physics.encoding import (
    D_ROW,
    check_rows,
    color_targets,
    connection_targets,
    count_targets,
    encode_rows,
    find_colors,
    prediction_targets,
)
from rn_core.tasks.physics.pair_facts import connected_facts, which_facts
from rn_core.tasks.physics.pool import ScenePool, draw_pool
from rn_core.tasks.physics.prediction import PathScoring, encode_paths
from rn_core.tasks.physics.sampling import sample_scenes
from rn_core.tasks.physics.scene import PhysicsScene, PhysicsScenes, stack_paths
from rn_core.tasks.physics.spec import DOMAIN, VARYING_CONNECTIONS, VARYING_COUNT
from rn_core.tasks.physics.varying import VaryingPool, draw_varying_pool, sample_varying
from rn_core.tasks.physics.world import COLORS, DEFAULT_BALLS, FEWEST_BALLS, MOST_BALLS, N_FRAMES
from rn_core.tasks.pools import Pool
from rn_core.tasks.scoring import MultiLabelScoring, OneAnswer, Scoring

_WHOLE = "whole_scene"
_CONNECTION = re.compile(
    r"is (?:the )?(\w+)(?: ball)? (?:tied|connected|linked) (?:to|with) (?:the )?(\w+)(?: ball| one)?\s*\??",
    re.IGNORECASE,
)


class _Physics:
    """What the three tasks share.

    Attributes:
        name: key in `TASKS`.
        question: what they ask about every scene; no text is read.
        wordings: other ways to ask it.
        n_frames: frames of a drawn scene, of which models see the first 16.
    """

    name: str
    question: str
    wordings: tuple[str, ...] = ()
    answers: tuple[str, ...]
    question_types: tuple[str, ...]
    scoring: Scoring
    n_frames = N_FRAMES
    domain = DOMAIN
    solved_above: float | None = None
    pretrained_on = ""
    trained_counts = (DEFAULT_BALLS, DEFAULT_BALLS)
    objects_name = "balls"

    @property
    def groups(self) -> Mapping[str, tuple[str, ...]]:
        """Return group -> question types; each type is a group."""
        return MappingProxyType({kind: (kind,) for kind in self.question_types})

    @property
    def overall_types(self) -> tuple[str, ...]:
        """Return the question types that count for the overall accuracy: whether the whole scene is right."""
        return self.question_types[-1:]

    def targets(self, scenes: PhysicsScenes) -> Tensor:
        """Return `Batch.answer` of scenes."""
        raise NotImplementedError

    def facts(self, scenes: PhysicsScenes, pairs: np.ndarray) -> np.ndarray:
        """Return what is true of pairs, for lessons; see `ScenePool`."""
        return connected_facts(scenes, pairs)

    def encode_batch(self, scenes: PhysicsScenes) -> Batch:
        """Return scenes, of which the first 16 frames are seen, as a batch."""
        n_scenes = len(scenes)
        return Batch(
            inputs=tuple(torch.from_numpy(part) for part in encode_rows(scenes.frames(0, N_FRAMES))),
            question=torch.zeros(n_scenes, 0),
            scene_index=torch.arange(n_scenes),
            answer=self.targets(scenes),
            type_index=torch.zeros(n_scenes, dtype=torch.int64),
        )

    def sample_batch(
        self,
        rng: np.random.Generator,
        n_scenes: int,
        n_questions: int | None = None,
        type_weights: np.ndarray | None = None,
        n_cells: int | None = None,
    ) -> Batch:
        """Draw new scenes of ten balls; the other arguments of `Task.sample_batch` change nothing here."""
        return self.encode_batch(sample_scenes(rng, n_scenes, n_frames=self.n_frames))

    def make_pool(
        self, seed: int, n_scenes: int, n_questions: int, progress: Callable[[Iterable[Any]], Iterable[Any]] = iter
    ) -> Pool:
        """Draw scenes of split train, used repeatedly; arguments as `Task.make_pool`."""
        return ScenePool(draw_pool(seed, n_scenes, self.n_frames, progress), self.encode_batch, self.facts)

    def encode_scenes(
        self, scenes: Sequence[PhysicsScene | str | Mapping[str, Any] | np.ndarray]
    ) -> tuple[Tensor, ...]:
        """Return rows (S, N, 35) float32 and mask (S, N) bool.

        Args:
            scenes: 1 or more, each a scene or its JSON, of 16 frames, or what the models see of one, the rows of some
                of its balls (n, 35) as in `encoding.D_ROW`; N is the most balls of one.

        Raises:
            SceneError: in one sentence, for anything else.
        """
        if not scenes:
            raise SceneError("There must be at least one scene, got none; give one.")
        read = [_read_rows(scene) for scene in scenes]
        n_balls = np.array([len(rows) for rows in read])
        filled = np.zeros((len(read), n_balls.max(), D_ROW), dtype=np.float32)
        for scene, rows in zip(filled, read, strict=True):
            scene[: len(rows)] = rows
        return torch.from_numpy(filled), torch.from_numpy(np.arange(n_balls.max()) < n_balls[:, None])

    def encode_questions(self, texts: Sequence[str]) -> Tensor:
        """Return (M, 0) float32; raises QuestionError for a text that is neither empty nor what the task asks."""
        for text in texts:
            self._check_question(text)
        return torch.zeros(len(texts), 0)

    def _check_question(self, text: str) -> None:
        """Raise QuestionError for a text that is neither empty nor what the task asks."""
        if not self._asks(text):
            raise QuestionError(
                f"'{self.name}' asks only {self.asked}, got '{cut(' '.join(text.split()), 60)}'; ask that."
            )

    @property
    def asked(self) -> str:
        """Return what can be asked, in quotation marks."""
        return f"'{self.question}'"

    def _asks(self, text: str) -> bool:
        """Return whether a text is what the task asks; an empty one is."""
        return _plain(text) in ("", *map(_plain, (self.question, *self.wordings)))

    def check_answerable(self, scene: Any, text: str) -> None:
        """Raise SceneError or QuestionError for what is no scene or not asked; each scene has an answer."""
        self._check_question(text)
        _read_rows(scene)

    def find_warnings(self, scene: Any, text: str) -> tuple[str, ...]:
        """Return none: each scene has an answer."""
        return ()

    def count_objects(self, scene: Any) -> int | None:
        """Return the balls of a scene."""
        return len(_read_rows(scene))

    def question_index(self, text: str) -> int:
        """Return 0, the only question's row."""
        return 0

    def sample_shown(self, rng: np.random.Generator) -> tuple[PhysicsScene, PhysicsScene]:
        """Draw one scene of 16 frames; models read it as it is."""
        scene = sample_scenes(rng, 1).scene(0)
        return scene, scene


def list_color_pairs(n_colors: int) -> tuple[str, ...]:
    """Return the names of pairs of the first colors, such as "red-green", in the order of `encoding.list_pairs`."""
    return tuple("-".join(pair) for pair in combinations(tuple(COLORS)[:n_colors], 2))


class Connections(_Physics):
    """Which pairs of balls are connected: a logit for each pair of colors, in the order of `encoding.list_pairs`."""

    name = "physics/connections"
    question = "Which balls are connected?"
    wordings = ("Which balls are connected?", "Which balls are linked?")
    #: Colors that balls may have.
    n_colors = DEFAULT_BALLS
    answers = list_color_pairs(DEFAULT_BALLS)
    question_types = ("pair", _WHOLE)
    scoring = MultiLabelScoring()

    def targets(self, scenes: PhysicsScenes) -> Tensor:
        """Return whether each pair is connected, (S, 45) bool."""
        return torch.from_numpy(connection_targets(scenes))

    @property
    def asked(self) -> str:
        """Return what can be asked, in quotation marks."""
        return f"'{self.question}', or of one pair such as '{connection_question('red', 'blue')}'"

    def _asks(self, text: str) -> bool:
        """Return whether a text asks about all pairs or about one."""
        return super()._asks(text) or self.find_label(text) is not None

    def find_label(self, text: str) -> int | None:
        """Return the index of the pair that a question as `connection_question` is about; None for every other text.

        Raises:
            QuestionError: in one sentence, if it names no two different ones of the task's colors.
        """
        colors = _read_connection(text)
        if colors is None:
            return None
        known = tuple(COLORS)[: self.n_colors]
        if colors[0] == colors[1] or not {*colors} <= {*known}:
            raise QuestionError(
                f"A connection is between two different balls of {', '.join(known)}, got {colors[0][:20]} and "
                f"{colors[1][:20]}; name two of them."
            )
        return self.answers.index("-".join(sorted(colors, key=known.index)))

    def check_answerable(self, scene: Any, text: str) -> None:
        """Raise errors as the other tasks do, and SceneError if the scene lacks a ball that is asked about."""
        super().check_answerable(scene, text)
        thing = self.find_label(text)
        if thing is None:
            return
        present = find_colors(_read_rows(scene))
        for color in self.answers[thing].split("-"):
            if color not in present:
                raise SceneError(f"The scene has no {color} ball; ask about {', '.join(present)}.")

    def facts(self, scenes: PhysicsScenes, pairs: np.ndarray) -> np.ndarray:
        """Return whether pairs are connected, and which they then are; see `pair_facts.which_facts`."""
        return which_facts(scenes, pairs)


class Count(_Physics):
    """How many connected groups there are: a logit for each number from 1 to 10."""

    name = "physics/count"
    question = "How many systems are there?"
    wordings = ("How many connected groups?", "How many connected groups are there?", "How many groups are there?")
    answers = tuple(str(number) for number in range(1, DEFAULT_BALLS + 1))
    question_types = (_WHOLE,)
    scoring = OneAnswer(1, DEFAULT_BALLS)

    def targets(self, scenes: PhysicsScenes) -> Tensor:
        """Return the index of the number of connected groups, (S,) int64."""
        return torch.from_numpy(count_targets(scenes))


class Predict(_Physics):
    """Where the balls will be in the 16 frames after those that are seen; see `prediction.encode_paths`."""

    name = "physics/predict"
    question = "What happens next?"
    answers: tuple[str, ...] = ()
    question_types = ("within_radius",)
    scoring = PathScoring()
    n_frames = 2 * N_FRAMES
    pretrained_on = "the connections, speeds and next positions of balls"

    def targets(self, scenes: PhysicsScenes) -> Tensor:
        """Return the future paths, (S, 10 * 16 * 2) float32 in meters."""
        last = torch.from_numpy(scenes.positions[:, N_FRAMES - 1])
        return encode_paths(torch.from_numpy(prediction_targets(scenes)), last)


class _Varying(_Physics):
    """What tasks of 2 to 12 balls share; the balls of a scene have any of the first 12 colors."""

    trained_counts = (FEWEST_BALLS, MOST_BALLS)

    def color_targets(self, scenes: PhysicsScenes, colors: np.ndarray) -> Tensor:
        """Return `Batch.answer` of scenes whose balls have some colors, (S, N) int64."""
        raise NotImplementedError

    def color_facts(self, scenes: PhysicsScenes, pairs: np.ndarray, colors: np.ndarray) -> np.ndarray:
        """Return what is true of pairs of balls that have some colors; see `VaryingPool`."""
        return connected_facts(scenes, pairs)

    def sample_batch(
        self,
        rng: np.random.Generator,
        n_scenes: int,
        n_questions: int | None = None,
        type_weights: np.ndarray | None = None,
        n_cells: int | None = None,
    ) -> Batch:
        """Draw scenes with every number of balls equally often; the other arguments change nothing here."""
        return sample_varying(rng, n_scenes, self.n_frames, self.color_targets)

    def make_pool(
        self, seed: int, n_scenes: int, n_questions: int, progress: Callable[[Iterable[Any]], Iterable[Any]] = iter
    ) -> VaryingPool:
        """Draw scenes of split train, used repeatedly; arguments as `Task.make_pool`."""
        return draw_varying_pool(seed, n_scenes, self.n_frames, self.color_targets, self.color_facts, progress)


class VaryingConnections(_Varying, Connections):
    """Which pairs of 2 to 12 balls are connected: a logit for each pair of 12 colors."""

    name = VARYING_CONNECTIONS
    n_colors = MOST_BALLS
    answers = list_color_pairs(MOST_BALLS)

    def color_targets(self, scenes: PhysicsScenes, colors: np.ndarray) -> Tensor:
        """Return whether each pair of colors is connected, (S, 66) bool; none is where a ball is missing."""
        return torch.from_numpy(color_targets(scenes, colors, self.n_colors))

    def color_facts(self, scenes: PhysicsScenes, pairs: np.ndarray, colors: np.ndarray) -> np.ndarray:
        """Return whether pairs are connected, and which they then are; see `pair_facts.which_facts`."""
        return which_facts(scenes, pairs, colors, self.n_colors)


class VaryingCount(_Varying, Count):
    """How many groups 2 to 12 balls make: a logit for each number from 1 to 12."""

    name = VARYING_COUNT
    answers = tuple(str(number) for number in range(1, MOST_BALLS + 1))
    scoring = OneAnswer(1, MOST_BALLS)

    def color_targets(self, scenes: PhysicsScenes, colors: np.ndarray) -> Tensor:
        """Return the index of the number of connected groups, (S,) int64; colors change nothing."""
        return self.targets(scenes)


def _plain(text: str) -> str:
    """Return a question in lower case, without extra spaces and its final mark."""
    return " ".join(text.lower().rstrip(" ?").split())


@functools.lru_cache(maxsize=256)
def _read_connection(text: str) -> tuple[str, str] | None:
    """Return the two words in the places of colors if a text reads like `connection_question`, else None."""
    match = _CONNECTION.fullmatch(text.strip())
    return None if match is None else (match[1].lower(), match[2].lower())


def connection_question(first: str, second: str) -> str:
    """Return the question whether two balls are connected, in English."""
    return f"Is {first} connected to {second}?"


def _read_rows(scene: PhysicsScene | str | Mapping[str, Any] | np.ndarray) -> np.ndarray:
    """Return the rows (n, 35) float32 of a scene, for which its paths are enough; they may be given as such."""
    if isinstance(scene, np.ndarray):
        return check_rows(scene)
    scene = scene if isinstance(scene, PhysicsScene) else PhysicsScene.from_json(scene, paths_only=True)
    rows: np.ndarray = encode_rows(stack_paths(scene))[0][0]
    return rows


TASKS: tuple[Task, ...] = (Connections(), Count(), Predict(), VaryingConnections(), VaryingCount())
