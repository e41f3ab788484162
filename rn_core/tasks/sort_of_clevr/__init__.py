"""Sort-of-CLEVR: scenes, pictures, questions, truth and English, behind one task object."""

from __future__ import annotations

from rn_core.tasks.sort_of_clevr.asking import SceneInput, check_answerable
from rn_core.tasks.sort_of_clevr.questions import Question, Solution, solve
from rn_core.tasks.sort_of_clevr.scene import (
    COLORS,
    Scene,
    SceneBatch,
    SceneObject,
    sample_scene,
    sample_scenes,
    stack_scenes,
)
from rn_core.tasks.sort_of_clevr.task import (
    SortOfClevr,
    SortOfClevrObjects,
    SortOfClevrPixels,
    make_batch,
    sample_questions,
)

__all__ = [
    "COLORS",
    "Question",
    "Scene",
    "SceneBatch",
    "SceneInput",
    "SceneObject",
    "Solution",
    "SortOfClevr",
    "SortOfClevrObjects",
    "SortOfClevrPixels",
    "check_answerable",
    "make_batch",
    "sample_questions",
    "sample_scene",
    "sample_scenes",
    "solve",
    "stack_scenes",
]
