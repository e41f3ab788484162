"""Slow and plain versions of what the language of CLEVR does, and the questions of the original engine."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from rn_core.tasks.clevr import ClevrScene
from tests.tasks.clevr.conftest import Records, read_list

#: Question file -> scene file, below the folder of real data.
QUESTION_FILES = {
    "clevr-oracle/questions_synthetic0-299.json": "clevr-oracle/scenes_synthetic0-299.json",
    "clevr-oracle/questions_real_train_scenes0-199.json": "clevr/scenes/CLEVR_train_scenes_first200.json",
    "clevr/questions/official_train_questions_images0-3.json": "clevr/scenes/CLEVR_train_scenes_first200.json",
    "clevr/questions/reference_questions_val0-9.json": "clevr/scenes/CLEVR_val_scenes_first10.json",
}
ORACLE_FILES = tuple(QUESTION_FILES)[:2]
_SIZE, _MATERIAL = "(?:(?:large|big|small|tiny) )?", "(?:(?:rubber|matte|metal|metallic|shiny) )?"
_COLOR = "(?:(?:gray|red|blue|green|brown|purple|cyan|yellow) )?"
_THING = re.compile(rf"\b{_SIZE}{_COLOR}{_MATERIAL}(?:thing|object|sphere|ball|cube|block|cylinder)(s?)\b")
_RELATION = re.compile(
    r"\b(?:to the (?:left|right) of|on the (?:left|right) side of|(?:left|right) of|behind|in front of)\b"
)


def read_questions(shared_data: Path, file: str) -> Records:
    """Return the question records of one of `QUESTION_FILES`."""
    return read_list(shared_data / file, "questions")


def read_scenes(shared_data: Path, file: str) -> dict[str, ClevrScene]:
    """Return image file name -> scene for one of `QUESTION_FILES`."""
    records = read_list(shared_data / QUESTION_FILES[file], "scenes")
    return {record["image_filename"]: ClevrScene.from_json(record) for record in records}


def answer_of(question: dict[str, Any]) -> str:
    """Return a record's answer in the official spelling."""
    return question.get("answer_text", question["answer"])


def skeleton(text: str) -> str:
    """Return a question with "N" for each thing, "Ns" for things and "R" for a relation."""
    return _RELATION.sub("R", _THING.sub(r"N\1", text))


def as_tree(program: list[dict[str, Any]], index: int = -1) -> tuple:
    """Return a program without the order of its nodes: function, words, inputs."""
    node = program[index]
    kind = node.get("type", node.get("function"))
    return (kind, *node["value_inputs"], *(as_tree(program, source) for source in node["inputs"]))


def things_named(text: str) -> list[str]:
    """Return the things of a question, from left to right, in its words."""
    return [match.group(0) for match in _THING.finditer(text)]


def answer_slowly(tree: tuple, scene: dict[str, Any]) -> Any:
    """Return what a program, as a tree, gives on a scene's JSON: sets of objects, an object, a number or a word.

    None stands for a question that is ill-posed on this scene.
    """
    kind, *rest = tree
    inputs = [answer_slowly(part, scene) for part in rest if isinstance(part, tuple)]
    if None in inputs:
        return None
    objects, (word,) = scene["objects"], [part for part in rest if isinstance(part, str)] or [""]
    name, _, attribute = kind.partition("_")
    if name == "scene":
        return set(range(len(objects)))
    if name == "filter":
        return {index for index in inputs[0] if objects[index][attribute] == word}
    if name == "unique":
        return min(inputs[0]) if len(inputs[0]) == 1 else None
    if name == "relate":
        return set(scene["relationships"][word][inputs[0]])
    if name == "same":
        alike = {index for index, thing in enumerate(objects) if thing[attribute] == objects[inputs[0]][attribute]}
        return alike - {inputs[0]}
    if name == "query":
        return objects[inputs[0]][attribute]
    if name == "count":
        return len(inputs[0])
    if name == "exist":
        return len(inputs[0]) > 0
    both = {"union": set.union, "intersect": set.intersection, "less": int.__lt__, "greater": int.__gt__}
    return both[name](*inputs) if name in both else inputs[0] == inputs[1]
