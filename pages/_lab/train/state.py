"""What the Train page shows, as one value that fits in a URL: the settings of a race, its run, and the view."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from pages._lab.links import (
    Field,
    format_switch,
    in_order,
    one_of,
    parse_seed,
    parse_switch,
    read_query,
    some_of,
    whole_number,
    write_query,
)
from rn_core.common.errors import RNCoreError, lookup, quote
from rn_core.models.relation_network import AGGREGATES
from rn_core.race.records import (
    HIGHEST_RATE,
    LIMITS,
    RACE_TASKS,
    RUNNERS,
    RaceConfig,
    has_head_start,
    usual_config,
)
from rn_core.tasks.domain import MEAN
from rn_core.tasks.registry import CONFIGS

VIEWS = MappingProxyType(
    {
        "race": "Race",
        "types": "By question type",
        "loss": "Loss",
        "examples": "Examples",
        "pairs": "Pair picture",
        "compare": "Compare runs",
    }
)
#: Group of question types -> its name on the page.
GROUPS = MappingProxyType({group: name for task in RACE_TASKS.values() for group, name in task.race.groups.items()})
_DEFAULT = RaceConfig()
_TYPES = tuple(dict.fromkeys(kind for task in RACE_TASKS.values() for kind in task.question_types))
#: What a link has in the place of question types where all are asked.
_ALL = "all"
_SIZES = tuple(dict.fromkeys(size for task in RACE_TASKS for size in CONFIGS[task]))


@dataclass(frozen=True)
class TrainState:
    """Everything that decides what the Train page shows.

    The first twelve fields are those of `RaceConfig`, and mean the same.

    Attributes:
        run: token of the run that the page watches; "" for none. Who has it can watch and steer the run: a teacher's
            second window, or whoever is given the address with it. A link without it opens the same settings.
        view: key of `VIEWS`.
        group: key of `GROUPS`, the questions that the race is about; see `shown_group`.
        at: step that the pair picture goes back to; None follows the latest.
        projector: large type.
    """

    task: str = _DEFAULT.task
    models: tuple[str, ...] = _DEFAULT.models
    size: str = _DEFAULT.size
    learning_rate: float = _DEFAULT.learning_rate
    n_scenes: int = _DEFAULT.n_scenes
    n_questions: int = _DEFAULT.n_questions
    question_types: tuple[str, ...] = _DEFAULT.question_types
    aggregate: str = _DEFAULT.aggregate
    seed: int = _DEFAULT.seed
    steps: int = _DEFAULT.steps
    head_start: int = _DEFAULT.head_start
    first_steps: int = _DEFAULT.first_steps
    run: str = ""
    view: str = "race"
    group: str = "relational"
    at: int | None = None
    projector: bool = False

    @property
    def config(self) -> RaceConfig:
        """Return the race that the settings ask for; raises RNCoreError if they do not fit each other."""
        return RaceConfig(**{name: getattr(self, name) for name in _DEFAULT.to_dict()})

    @property
    def problem(self) -> str | None:
        """Return the sentence that says why no race can start with these settings, or None."""
        try:
            _ = self.config
        except RNCoreError as err:
            return str(err)
        return None

    def change(self, **changes: Any) -> TrainState:
        """Return the state with new values, and without what they make meaningless.

        Another task drops the sizes, question types, head start and first steps that it does not have, and tasks with
        usual settings of their own bring and drop these; another run is watched from its latest moment.
        """
        if changes.get("run", self.run) != self.run:
            changes = {"at": None, **changes}
        task = changes.get("task", self.task)
        if task != self.task and (RACE_TASKS[self.task].race.usual or RACE_TASKS[task].race.usual):
            changes = {**usual_settings(task), **changes}
        return _fit_task(replace(self, **changes))

    def to_query(self) -> dict[str, str]:
        """Return the URL parameters, without those at their default."""
        return write_query(self, FIELDS, replace(_plain_state(self.task), task=_DEFAULT.task))

    @staticmethod
    def from_query(query: Mapping[str, str]) -> tuple[TrainState, list[str]]:
        """Read URL parameters, each for itself.

        Args:
            query: name -> text, as `to_query` writes it.

        Returns:
            the state, and one sentence for each parameter that could not be used and is left at its default.
            Settings that are each allowed but do not fit each other stay, as `problem`.
        """
        state, problems = read_query(_make_state, FIELDS, query)
        fitting = _fit_task(state)
        fields = {field.name: field.key for field in FIELDS}
        for name in ("size", "question_types", "head_start", "first_steps", "n_questions"):
            if fields[name] in query and getattr(fitting, name) != getattr(state, name):
                problems.append(f"The link's '{fields[name]}' was left out: {state.task} has no such setting.")
        return fitting, problems


def _fit_task(state: TrainState) -> TrainState:
    """Return the state with only what its task has."""
    known, asked = RACE_TASKS[state.task].question_types, choose_types(state.question_types, state.task)
    return replace(
        state,
        models=_fit_models(state.models, state.task),
        size=state.size if state.size in CONFIGS[state.task] else _DEFAULT.size,
        question_types=asked,
        head_start=state.head_start if has_head_start(state.task) else 0,
        first_steps=state.first_steps if {*RACE_TASKS[state.task].race.first_types} & {*(asked or known)} else 0,
        n_questions=1 if RACE_TASKS[state.task].race.one_question else state.n_questions,
    )


def _fit_models(chosen: Collection[str], task: str) -> tuple[str, ...]:
    """Return the chosen runners as a task has them: another task's baseline stands for its own."""
    network, baseline = RACE_TASKS[task].race.models
    return tuple(kind for kind in (network, baseline) if (kind in chosen if kind == network else {*chosen} - {network}))


def usual_settings(task: str, answers_only: bool | None = None) -> dict[str, Any]:
    """Return the settings of `usual_config`, as fields of the state; runners and seed are never usual ones."""
    usual = usual_config(task, answers_only).to_dict()
    return {name: usual[name] for name in usual if name not in ("task", "models", "seed")}


def _plain_state(task: str) -> TrainState:
    """Return what a link that names nothing but a task opens, on any machine: a race on answers only."""
    runners = RACE_TASKS[task].race.models
    return TrainState(task=task, models=runners, **usual_settings(task, answers_only=True))


def _make_state(**found: Any) -> TrainState:
    """Return the state of a link that has some fields; the others are as usual for its task."""
    return replace(_plain_state(found.get("task", _DEFAULT.task)), **found)


def groups_of(race: TrainState | RaceConfig) -> dict[str, str]:
    """Return the groups of questions that a race can be watched by, the usual one first, each with its name."""
    task = RACE_TASKS[race.task]
    known = dict(task.race.groups)
    if MEAN not in known:
        return known
    return {group: known[group] for group in (MEAN, *(race.question_types or task.question_types))}


def shown_group(state: TrainState, race: TrainState | RaceConfig) -> str:
    """Return the group of questions that is watched: the chosen one, or the usual one where a race lacks that."""
    groups = groups_of(race)
    return state.group if state.group in groups else next(iter(groups))


def needs_head_start(state: TrainState) -> bool:
    """Return whether a race would go too slowly to be watched."""
    return has_head_start(state.task) and state.head_start == state.first_steps == 0


def choose_types(chosen: Collection[str], task: str) -> tuple[str, ...]:
    """Return the chosen question types that a task has, in its order; all of them are none, which asks all."""
    known = RACE_TASKS[task].question_types
    kept = in_order(chosen, known)
    return () if len(kept) == len(known) else kept


def choose_models(chosen: Collection[str]) -> tuple[str, ...]:
    """Return the chosen runners in the order of `RUNNERS`."""
    return in_order(chosen, RUNNERS)


def _format_types(kinds: Sequence[str]) -> str:
    """Return question types as a link has them."""
    return "-".join(kinds) or _ALL


def _parse_task(text: str) -> str:
    """Read a task as `_format_task` writes it."""
    known = {_format_task(name): name for name in RACE_TASKS}
    return lookup(text, known, "task")


def _format_task(task: str) -> str:
    """Return a task without the slash, which URLs would escape."""
    return task.replace("/", ".")


def _parse_models(text: str) -> tuple[str, ...]:
    """Read runners joined by dashes, which some names have, too."""
    names, parts = [], text.split("-")
    while parts:
        size = 2 if "-".join(parts[:2]) in RUNNERS else 1
        name, parts = "-".join(parts[:size]), parts[size:]
        lookup(name, RUNNERS, "model")
        names.append(name)
    return choose_models(names)


def _parse_rate(text: str) -> float:
    """Read a learning rate."""
    if not re.fullmatch(r"[0-9]{0,4}\.?[0-9]{1,20}(e-[0-9]{1,2})?", text) or not 0 < float(text) <= HIGHEST_RATE:
        raise RNCoreError(f"A learning rate must be above 0 and at most {HIGHEST_RATE}, got {quote(text)}.")
    return float(text)


def _parse_run(text: str) -> str:
    """Read the token of a run; whether the server has the run is asked later."""
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,80}", text):
        raise RNCoreError(f"A run's token is made of letters, digits, - and _, got {quote(text)}.")
    return text


FIELDS = (
    Field("task", "task", _parse_task, _format_task),
    Field("models", "models", _parse_models, "-".join),
    Field("size", "size", one_of(_SIZES, "model size")),
    Field("rate", "learning_rate", _parse_rate, repr),
    Field("scenes", "n_scenes", whole_number(*LIMITS["n_scenes"], "The scenes per step")),
    Field("questions", "n_questions", whole_number(*LIMITS["n_questions"], "The questions per scene")),
    Field("types", "question_types", some_of(_TYPES, "question type", _ALL), _format_types),
    Field("aggregate", "aggregate", one_of(tuple(AGGREGATES), "aggregate")),
    Field("seed", "seed", parse_seed),
    Field("steps", "steps", whole_number(*LIMITS["steps"], "The steps")),
    Field("head", "head_start", whole_number(*LIMITS["head_start"], "The head start")),
    Field("first", "first_steps", whole_number(*LIMITS["first_steps"], "The first steps")),
    Field("run", "run", _parse_run),
    Field("view", "view", one_of(VIEWS, "view")),
    Field("group", "group", one_of(GROUPS, "group of questions")),
    Field("at", "at", whole_number(0, LIMITS["steps"][1], "The step to look back at")),
    Field("projector", "projector", parse_switch, format_switch),
)
