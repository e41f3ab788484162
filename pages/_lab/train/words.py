"""A race in the Train page's words; no Streamlit."""

from __future__ import annotations

from types import MappingProxyType
from typing import NamedTuple

from pages._lab.train.state import STORIES
from pages._lab.words import QUESTION_NAMES, join_words
from rn_core.models import KINDS
from rn_core.race.records import RACE_TASKS, RaceConfig, usual_config
from rn_core.tasks.babi.story import TASK_NAMES as STORY_NAMES

_IDEA = "Both networks get the same scenes and the same questions. Only the Relation Network looks at pairs of objects."
_STORY_IDEA = (
    "Both networks get the same stories and the same questions. The LSTM reads a story word by word; only the Relation "
    "Network looks at pairs of sentences."
)
_STORY_TYPES = MappingProxyType({f"qa{task}": name for task, name in STORY_NAMES.items()})


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
    "From images, relations take hours to learn; give the image encoder a head start of a few thousand steps.",
)
_STORY_START = HeadStart(
    "the pairs of sentences",
    "relations learn facts about pairs of sentences",
    "stories take hours",
    "From answers only, stories take hours to learn; give the pairs of sentences a head start of a few thousand steps.",
)


def type_name(kind: str) -> str:
    """Return what the page calls a question type."""
    return QUESTION_NAMES.get(kind) or _STORY_TYPES.get(kind, kind)


def scene_word(task: str) -> str:
    """Return what a scene of a task is."""
    return "story" if task == STORIES else "scene"


def describe_idea(task: str) -> str:
    """Return what a race is about."""
    return _STORY_IDEA if task == STORIES else _IDEA


def head_start_words(task: str) -> HeadStart:
    """Return the words about the head start of images or stories."""
    return _STORY_START if task == STORIES else _IMAGE_START


def describe_race(config: RaceConfig) -> str:
    """Return a race in one line of words; what is as usual and needs no word is left out."""
    usual, asked = usual_config(config.task), f"{config.n_scenes} scenes × {config.n_questions} questions per step"
    parts = [
        " against ".join(KINDS[kind].short for kind in config.models),
        RACE_TASKS[config.task].race.title,
        config.size,
        f"{config.n_scenes} stories per step" if config.task == STORIES else asked,
        f"seed {config.seed}",
    ]
    if config.question_types:
        names = [_STORY_TYPES.get(kind, kind.replace("_", " ")) for kind in config.question_types]
        parts.append(f"asked only {join_words(names)}")
    if config.aggregate != usual.aggregate and "rn" in config.models:
        parts.append(f"{config.aggregate} over pairs")
    if config.learning_rate != usual.learning_rate:
        parts.append(f"learning rate {config.learning_rate:g}")
    if config.steps != usual.steps:
        parts.append(f"{config.steps:,} steps")
    if config.head_start:
        parts.append(f"head start of {config.head_start:,} steps")
    return " · ".join(parts)


def format_clock(seconds: float) -> str:
    """Return a time as minutes and seconds, with hours where there are any."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02} h" if hours else f"{minutes}:{rest:02} min"
