"""Data sets in files: Sort-of-CLEVR's scenes as arrays."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from rn_core.common.files import clear_leftovers, write_whole
from rn_core.common.locks import hold
from rn_core.common.seeding import make_rng
from rn_core.tasks.made import check_made
from rn_core.tasks.sort_of_clevr.questions import ANSWERS, answer_shares, blind_floor, solve
from rn_core.tasks.sort_of_clevr.rendering import render_scenes
from rn_core.tasks.sort_of_clevr.scene import COLORS, SceneBatch, sample_scenes


def write_scenes(path: Path, seed: int, split: str, n_scenes: int, margin: float) -> dict[str, Any]:
    """Write Sort-of-CLEVR scenes with pictures and all answers as one compressed .npz file, whole or not at all.

    Array `made_with` holds the arguments as JSON; a file that was made with others is not written over.

    Args:
        path: the file.
        seed: root seed.
        split: key of `SPLITS`.
        n_scenes: 1 or more.
        margin: pixels to every decision boundary.

    Returns:
        "answer_shares": question type -> answer -> its share; "blind_floor": question type -> the largest of them.

    Raises:
        RNCoreError: if a number is out of range, the file cannot be written, holds other data, or another process
            writes it.
    """
    scenes = sample_scenes(make_rng(seed, split), n_scenes, margin)
    made = {"task": "sort-of-clevr", "seed": seed, "split": split, "scenes": n_scenes, "margin": margin}
    with hold(path.with_name(f".{path.name}.lock"), "file", str(path)):
        if path.exists():
            check_made(path, _read_made(path), made)
        clear_leftovers(path.parent, path.name)
        return _write(path, scenes, made)


def _read_made(path: Path) -> Any:
    """Return the arguments that a file was made with, None if it does not say."""
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return json.loads(str(arrays["made_with"]))
    except (OSError, ValueError, LookupError, EOFError, AttributeError, TypeError, zipfile.BadZipFile):
        return None


def _write(path: Path, scenes: SceneBatch, made: dict[str, Any]) -> dict[str, Any]:
    """Write the arrays of scenes and return what `write_scenes` does."""
    answers = solve(scenes).answers
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer,
        images=render_scenes(scenes),
        centers=scenes.centers,
        shapes=scenes.shapes,
        answers=answers,
        answer_names=np.array(ANSWERS),
        colors=np.array(COLORS),
        made_with=np.array(json.dumps(made)),
    )
    write_whole(path, buffer.getvalue())
    return {"answer_shares": answer_shares(answers), "blind_floor": blind_floor(answers)}
