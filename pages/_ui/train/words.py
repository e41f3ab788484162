"""A race in the Train page's words; nothing here knows Streamlit."""

from __future__ import annotations

from types import MappingProxyType

from pages._ui.words import join_words
from rn_core.race_records import RaceConfig

#: Task -> its name on the page; a task that is not here goes by its own name.
TASK_NAMES = MappingProxyType({"sort-of-clevr/objects": "object scenes", "sort-of-clevr/pixels": "images"})
#: Runner -> its short name.
SHORT = MappingProxyType({"rn": "RN", "mlp": "MLP"})
_DEFAULT = RaceConfig()


def describe_race(config: RaceConfig) -> str:
    """Return a race in one line of words; what is as usual and needs no word is left out."""
    parts = [
        " against ".join(SHORT[kind] for kind in config.models),
        TASK_NAMES.get(config.task, config.task),
        config.size,
        f"{config.n_scenes} scenes × {config.n_questions} questions a step",
        f"seed {config.seed}",
    ]
    if config.question_types:
        names = [kind.replace("_", " ") for kind in config.question_types]
        parts.append(f"asked only {join_words(names)}")
    if config.aggregate != _DEFAULT.aggregate and "rn" in config.models:
        parts.append(f"{config.aggregate} over pairs")
    if config.learning_rate != _DEFAULT.learning_rate:
        parts.append(f"learning rate {config.learning_rate:g}")
    if config.steps != _DEFAULT.steps:
        parts.append(f"{config.steps:,} steps")
    if config.head_start:
        parts.append(f"head start of {config.head_start:,} steps")
    return " · ".join(parts)


def format_clock(seconds: float) -> str:
    """Return a time as minutes and seconds, with hours where there are any."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02} h" if hours else f"{minutes}:{rest:02} min"
