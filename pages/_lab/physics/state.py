"""What the physics page shows, as one value that fits in a URL; `FIELDS` is its only table of parameters."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Self

from pages._lab.links import Field, one_of, parse_seed, some_of, whole_number
from pages._lab.pairs.state import AUTO, PairState, pair_fields, pair_parser
from pages._lab.physics.models import MODELS, QUESTIONS
from pages._lab.physics.scenes import (
    COLOR_NAMES,
    MIN_BALLS,
    MOST_PULLS,
    N_BUNDLED,
    Pull,
    bundled_scene,
    format_pulls,
    parse_pulls,
    sampled_scene,
)
from rn_core.common.errors import RNCoreError, SceneError, quote
from rn_core.tasks.physics import PhysicsScene
from rn_core.tasks.physics.world import DEFAULT_BALLS, MAX_BALLS
from rn_core.tasks.scoring import NO_YES

#: A scene of four connected groups, with springs and rigid links.
DEFAULT_SEED = 13
#: Colors of the balls that connections can be asked about.
ANSWERED_COLORS = COLOR_NAMES[:DEFAULT_BALLS]
#: What is asked -> the answers that are explained: of one connection, or of the count.
ANSWERS = MappingProxyType(
    {
        "connections": NO_YES,
        "count": tuple(str(number) for number in range(1, DEFAULT_BALLS + 1)),
        "predict": (),
    }
)
_OPENED = re.compile(r"([1-9]\d?)-[0-9a-f]{12}")
#: Fields that say which scene is shown -> what each takes if another of them changes.
SOURCES = MappingProxyType({"bundled": 0, "opened": None, "pulls": ()})


@dataclass(frozen=True)
class PhysicsState(PairState):
    """Everything that decides what the physics page shows; fields that are not named here are those of `PairState`.

    Attributes:
        question: key of `QUESTIONS`.
        model: the Relation Network that answers; the question decides it.
        connection: the two colors whose connection is explained; None for the surest one.
        pair: the pinned pair as two colors.
        without: colors of the balls removed under "What if".
        truth: whether the true connections are shown.
        seed: the drawn scene, 0 to 2**32 - 1.
        balls: of the drawn scene, 2 to 16.
        bundled: number of the bundled scene that is shown, 1 to 20; 0 for none.
        opened: name of the scene that was opened from a file, see `scenes.name_scene`; None for none.
        pulls: balls that were pulled, one after another.
        predictor: the network whose paths are drawn.
    """

    question: str = next(iter(QUESTIONS))
    connection: tuple[str, str] | None = None
    truth: bool = False
    seed: int = DEFAULT_SEED
    balls: int = DEFAULT_BALLS
    bundled: int = 0
    opened: str | None = None
    pulls: tuple[Pull, ...] = ()
    predictor: str = MODELS["predict"][0]

    def __post_init__(self) -> None:
        """Let the question decide the network."""
        object.__setattr__(self, "model", MODELS[self.question][0])

    @property
    def n_balls(self) -> int:
        """Return the number of balls of the scene."""
        if self.opened is not None:
            return int(self.opened.partition("-")[0])
        return DEFAULT_BALLS if self.bundled else self.balls

    @property
    def drawn_scene(self) -> PhysicsScene:
        """Return the bundled scene or the one that `seed` samples, before all pulls; no file's."""
        return bundled_scene(self.bundled) if self.bundled else sampled_scene(self.seed, self.balls)

    @property
    def labels(self) -> tuple[str, ...]:
        """Return the colors of the scene's balls."""
        return COLOR_NAMES[: self.n_balls]

    @property
    def is_simulated(self) -> bool:
        """Return whether the scene can only be had by simulating."""
        return bool(self.pulls) or not (self.bundled or self.opened)

    def change(self, **changes: Any) -> Self:
        """Return the state with new values, and without what they make meaningless.

        As `PairState.change`; besides, another scene drops the old one's pulls, pinned pair and connection.
        """
        changed = {name for name in changes if changes[name] != getattr(self, name)}
        if changed & {"seed", "balls", "bundled", "opened"}:
            changes = {**SOURCES, "pair": None, "connection": None, "without": (), **changes}
        return super().change(**changes)._fit()

    def pull(self, pull: Pull) -> Self:
        """Return the state with one more pull.

        Raises:
            SceneError: if there are too many.
        """
        if len(self.pulls) == MOST_PULLS:
            raise SceneError(f"A scene takes at most {MOST_PULLS} pulls, and this one has them; undo one first.")
        return self.change(pulls=(*self.pulls, pull))

    def _lacks_connection(self) -> bool:
        """Return whether a ball of the connection is not in the scene."""
        return self.connection is not None and not {*self.connection} <= {*self.labels}

    def _fit(self) -> Self:
        """Return the state with nothing that its scene does not have."""
        state = replace(self, top=0) if self.top > self.n_balls**2 else self
        state = replace(state, connection=None) if state._lacks_connection() else state
        return state.let_go(state.labels)

    @staticmethod
    def fields() -> tuple[Field, ...]:
        """Return the page's only table of URL parameters."""
        return FIELDS

    def drop_misfits(self, problems: list[str]) -> tuple[Self, list[str]]:
        """Drop what does not fit the other parameters; whether the scene can be had is seen later."""
        state = self
        if state.bundled and state.opened:
            problems.append("The link's 'bundled' was left out: a scene is either bundled or from a file, got both.")
            state = replace(state, bundled=0)
        state, problems = state._drop_answers(problems)
        if state._lacks_connection():
            problems.append(f"The link's 'tie' was left out: this scene has {', '.join(state.labels)}.")
        state, problems = super(PhysicsState, state).drop_misfits(problems)
        return state._fit(), problems

    def _drop_answers(self, problems: list[str]) -> tuple[Self, list[str]]:
        """Drop answers that belong to another question than the one that is asked, with a sentence each."""
        state, answers = self, ANSWERS[self.question]
        for name, field in (("why", "why"), ("not", "why_not")):
            if getattr(state, field) in (AUTO, "none", *answers):
                continue
            known = f"answers are {', '.join(answers)}" if answers else "nothing is explained"
            problems.append(f"The link's '{name}' was left out: for '{QUESTIONS[state.question]}' {known}.")
            state = replace(state, why=AUTO) if field == "why" else replace(state, why_not=AUTO)
        return state, problems


def _parse_opened(text: str) -> str:
    """Read the name of an opened scene; whether this session has it is seen later."""
    match = _OPENED.fullmatch(text)
    if match is None or not MIN_BALLS <= int(match[1]) <= MAX_BALLS:
        raise RNCoreError(f"An opened scene must read like 10-0123456789ab, got {quote(text)}.")
    return text


def _parse_connection(text: str) -> tuple[str, str]:
    """Read two different colors such as `red-blue`."""
    first, second = pair_parser(ANSWERED_COLORS, "red-blue")(text)
    if first == second:
        raise RNCoreError(f"A connection is between two different balls, got {quote(text)}.")
    return first, second


FIELDS = (
    Field("ask", "question", one_of(QUESTIONS, "question")),
    Field("seed", "seed", parse_seed),
    Field("balls", "balls", whole_number(MIN_BALLS, MAX_BALLS, "The number of balls")),
    Field("bundled", "bundled", whole_number(1, N_BUNDLED, "The bundled scene")),
    Field("scene", "opened", _parse_opened),
    Field("pulls", "pulls", parse_pulls, format_pulls),
    Field("tie", "connection", _parse_connection, "-".join),
    Field("predictor", "predictor", one_of(MODELS["predict"], "network")),
    *pair_fields(
        (*ANSWERS["connections"], *ANSWERS["count"]),
        COLOR_NAMES,
        "red-blue",
        MAX_BALLS**2,
        some_of(COLOR_NAMES, "color"),
    ),
)
