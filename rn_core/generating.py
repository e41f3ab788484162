"""Data sets in files: Sort-of-CLEVR's scenes as arrays."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np

from rn_core.files import write_whole
from rn_core.seeding import make_rng
from rn_core.tasks.sort_of_clevr import sample_scenes, solve
from rn_core.tasks.sort_of_clevr.questions import ANSWERS, answer_shares, blind_floor
from rn_core.tasks.sort_of_clevr.rendering import render_scenes
from rn_core.tasks.sort_of_clevr.scene import COLORS


def write_scenes(path: Path, seed: int, split: str, n_scenes: int, margin: float) -> dict[str, Any]:
    """Write Sort-of-CLEVR scenes with pictures and all answers as one compressed .npz file, whole or not at all.

    Args:
        path: the file.
        seed: root seed.
        split: key of `SPLITS`.
        n_scenes: 1 or more.
        margin: pixels to every decision boundary.

    Returns:
        "answer_shares": question type -> answer -> its share; "blind_floor": question type -> the largest of them.

    Raises:
        RNCoreError: if a number is out of range, or the file cannot be written.
    """
    scenes = sample_scenes(make_rng(seed, split), n_scenes, margin)
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
    )
    write_whole(path, buffer.getvalue())
    return {"answer_shares": answer_shares(answers), "blind_floor": blind_floor(answers)}
