"""A race in the Train page's words; no Streamlit."""

from __future__ import annotations

from typing import NamedTuple

from pages._lab.train.state import GROUPS
from pages._lab.words import QUESTION_NAMES, TRIPLE_NAMES, join_words
from rn_core.race.records import RACE_TASKS, RUNNERS, RaceConfig, has_head_start, usual_config
from rn_core.tasks.base import Pooled


class HeadStart(NamedTuple):
    """Words about a head start: who has it, what it learns, the effect of leaving it out, and advice."""

    who: str
    learns: str
    without: str
    advice: str


_IMAGE_START = HeadStart(
    "the image encoder",
    "the image encoder learns to name what it sees",
    "images take hours",
    "From images, relations take hours to learn; ask about single objects for the first few thousand steps.",
)


def type_name(kind: str) -> str:
    """Return what the page calls a question type."""
    return QUESTION_NAMES.get(kind) or TRIPLE_NAMES.get(kind) or GROUPS.get(kind, kind)


def scene_word(task: str) -> str:
    """Return what a scene of a task is."""
    return RACE_TASKS[task].race.scene


def describe_idea(task: str) -> str:
    """Return what a race is about."""
    race = RACE_TASKS[task].race
    if "rn-pairs" in race.models:
        return (
            f"Both networks get the same {race.scenes} and the same questions, about two named objects A and B and "
            "every third one, k. One network sums over triples (A, B, k), the other over pairs (A, k) and (B, k)."
        )
    only = f"The LSTM reads a {race.scene} word by word; only" if "lstm" in race.models else "Only"
    return (
        f"Both networks get the same {race.scenes} and the same questions. {only} the Relation Network looks at pairs "
        f"of {race.objects}."
    )


def head_start_words(task: str) -> HeadStart:
    """Return the words about the head start of an image encoder, or of the pairs themselves."""
    if not isinstance(RACE_TASKS[task], Pooled):
        return _IMAGE_START
    scenes, pairs = RACE_TASKS[task].race.scenes, f"the pairs of {RACE_TASKS[task].race.objects}"
    return HeadStart(
        pairs,
        f"relations learn facts about pairs of {RACE_TASKS[task].race.objects}",
        f"{scenes} take hours",
        f"From answers only, {scenes} take hours to learn; give {pairs} a head start of a few thousand steps.",
    )


def describe_race(config: RaceConfig) -> str:
    """Return a race in one line of words; what is as usual and needs no word is left out."""
    race = RACE_TASKS[config.task].race
    usual = usual_config(config.task, answers_only=not config.head_start)
    questions = "" if race.one_question else f" × {config.n_questions} questions"
    parts = [
        " against ".join(RUNNERS[kind].short for kind in config.models),
        race.title,
        config.size,
        f"{config.n_scenes} {race.scenes}{questions} per step",
        f"seed {config.seed}",
    ]
    if config.question_types:
        names = [GROUPS.get(kind, kind.replace("_", " ")) for kind in config.question_types]
        parts.append(f"asked only {join_words(names)}")
    if config.aggregate != usual.aggregate and "rn" in config.models:
        parts.append(f"{config.aggregate} over pairs")
    if config.learning_rate != usual.learning_rate:
        parts.append(f"learning rate {config.learning_rate:g}")
    if config.steps != usual.steps:
        parts.append(f"{config.steps:,} steps")
    if has_head_start(config.task):
        parts.append(f"head start of {config.head_start:,} steps" if config.head_start else "trained on answers only")
    if config.first_steps:
        parts.append(f"single objects for the first {config.first_steps:,} steps")
    return " · ".join(parts)


def format_clock(seconds: float) -> str:
    """Return a time as minutes and seconds, with hours where there are any."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02} h" if hours else f"{minutes}:{rest:02} min"
