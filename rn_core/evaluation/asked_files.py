"""What a network is asked about on the command line: a picture or a scene from a file, or a new scene."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from rn_core.common.errors import RNCoreError, SceneError
from rn_core.common.pictures import read_picture
from rn_core.tasks import Task
from rn_core.tasks.base import PicturesTaken, ScenesRead


def read_asked(task: Task, picture: Path | None, scene: Path | None, rng: np.random.Generator) -> tuple[Any, Any]:
    """Return what is asked about, as JSON values and as `encode_scenes` takes it.

    Args:
        task: whose question is asked.
        picture: a PNG or JPEG file, for tasks of pictures.
        scene: a file with a scene as JSON, or with a story, one sentence per line.
        rng: draws a new scene where neither is given.

    Raises:
        RNCoreError: if both are given, the task takes no pictures, or a file cannot be read.
    """
    if picture is not None and scene is not None:
        raise RNCoreError("Give either a picture or a scene, not both; leave one of --picture and --scene out.")
    if picture is not None:
        if not isinstance(task, PicturesTaken):
            raise RNCoreError(f"Task '{task.name}' takes no pictures; give --scene, or weights that take pictures.")
        pixels = read_picture(_read_bytes(picture), picture.name)
        return {"picture": str(picture)}, task.fit_picture(pixels)
    if scene is not None:
        text = _read_text(scene)
        return _to_json(text), task.read_scene(text) if isinstance(task, ScenesRead) else text
    shown, seen = task.sample_shown(rng)
    return json.loads(shown.to_json()), seen


def _read_bytes(path: Path) -> bytes:
    """Return the content of a file; raises SceneError if there is none."""
    try:
        return path.read_bytes()
    except OSError as err:
        raise SceneError(f"The file '{path}' cannot be read ({err.strerror}); check its name.") from err


def _read_text(path: Path) -> str:
    """Return the text of a file; raises SceneError if it is none."""
    try:
        return _read_bytes(path).decode("utf-8-sig").strip()
    except UnicodeDecodeError as err:
        raise SceneError(f"The file '{path}' is no text in UTF-8; give a scene as JSON, or a story.") from err


def _to_json(text: str) -> Any:
    """Return a scene's JSON values, or the text itself if it is a story."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
