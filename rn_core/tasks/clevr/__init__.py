"""CLEVR: scenes, questions, programs and their truth."""

from __future__ import annotations

from rn_core.tasks.clevr.execution import deciding_objects, execute, execute_nodes, last_links
from rn_core.tasks.clevr.generation import ClevrQuestion, QuestionGenerator
from rn_core.tasks.clevr.grammar import parse
from rn_core.tasks.clevr.sampling import sample_scene, sample_scenes
from rn_core.tasks.clevr.scene import RELATIONS, VALUES, ClevrScene

__all__ = [
    "RELATIONS",
    "VALUES",
    "ClevrQuestion",
    "ClevrScene",
    "QuestionGenerator",
    "deciding_objects",
    "execute",
    "execute_nodes",
    "last_links",
    "parse",
    "sample_scene",
    "sample_scenes",
]
