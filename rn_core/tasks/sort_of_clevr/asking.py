"""A scene in any of its forms and an English question, as tensors for a model."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from rn_core.common.errors import SceneError
from rn_core.tasks.sort_of_clevr.encoding import VIEWS, check_image, check_rows
from rn_core.tasks.sort_of_clevr.language import parse
from rn_core.tasks.sort_of_clevr.questions import Question, question_codes
from rn_core.tasks.sort_of_clevr.scene import COLORS, MIDDLE, N_OBJECTS, SHAPES, Scene, SceneObject, stack_scenes

#: A scene; or what a model sees of one: an image (75, 75, 3) uint8, or object rows (N, 10).
SceneInput = Scene | np.ndarray

#: How far a bit of an object row may be from 0 or 1.
_BIT_SLACK = 1e-3
_CODES = torch.from_numpy(question_codes())


def encode_scenes(scenes: Sequence[SceneInput], view: str, n_most: int = N_OBJECTS) -> tuple[Tensor, ...]:
    """Return the encoder's inputs for scenes that are all given as `Scene`, or all as arrays.

    Args:
        scenes: 1 or more.
        view: a key of `VIEWS`.
        n_most: rows that an array of object rows may have; all are padded to as many.

    Raises:
        SceneError: if an array is not what a model of this view sees, or some are scenes and some arrays.
    """
    known = [scene for scene in scenes if isinstance(scene, Scene)]
    arrays = [scene for scene in scenes if not isinstance(scene, Scene)]
    if not arrays:
        return VIEWS[view](stack_scenes(known))
    if known:
        raise SceneError("Give either scenes or arrays, not both in one call.")
    if view == "pixels":
        return (torch.from_numpy(np.stack([check_image(array) for array in arrays])),)
    rows = [torch.from_numpy(check_rows(array, n_most)) for array in arrays]
    padded = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True)
    padded = torch.nn.functional.pad(padded, (0, 0, 0, n_most - padded.shape[1]))
    mask = torch.arange(n_most) < torch.tensor([len(row) for row in rows])[:, None]
    return padded, mask


def read_rows(rows: np.ndarray) -> Scene:
    """Return the scene that object rows stand for, centers at the nearest whole pixel.

    Raises:
        SceneError: if a row names no single color or shape, or if such a scene breaks a rule of `Scene`.
    """
    objects = []
    for index, row in enumerate(check_rows(rows)):
        color = _read_bits(row[:N_OBJECTS], COLORS, f"Row {index}'s color")
        shape = _read_bits(row[N_OBJECTS:-2], SHAPES, f"Row {index}'s shape")
        x, y = (int(value) for value in np.rint(row[-2:].astype(np.float64) * MIDDLE + MIDDLE))
        objects.append(SceneObject(color, shape, x, y))
    return Scene(tuple(objects))


def check_crowd(rows: np.ndarray, question: Question, n_most: int) -> None:
    """Raise SceneError unless a question can be asked about object rows whose other colors may repeat.

    Args:
        rows: (N, 10), 1 <= N <= `n_most`.
        question: whose object must be the only one of its color.
        n_most: rows that there may be.
    """
    checked = check_rows(rows, n_most)
    colors = [_read_bits(row[:N_OBJECTS], COLORS, f"Row {k}'s color") for k, row in enumerate(checked)]
    for k, row in enumerate(checked):
        _read_bits(row[N_OBJECTS:-2], SHAPES, f"Row {k}'s shape")
    if colors.count(question.color) != 1:
        raise SceneError(
            f"The object asked about must be the only {question.color} one, got {colors.count(question.color)} of "
            "them; ask about a color that occurs once."
        )
    _check_others(question, len(colors))


def _read_bits(bits: np.ndarray, values: Sequence[str], what: str) -> str:
    """Return the value whose bit is 1; raises SceneError unless all others are 0."""
    place = int(bits.argmax())
    if not np.allclose(bits, np.eye(len(values))[place], atol=_BIT_SLACK):
        got = ", ".join(f"{bit:g}" for bit in bits)
        raise SceneError(f"{what} must be a 1 for one of {', '.join(values)} and 0 for the others, got {got}.")
    return values[place]


def check_asked(scene: SceneInput, question: Question, view: str) -> None:
    """Raise SceneError unless the question can be asked about the scene, or about what the view sees of it.

    What an image shows is not read: an image only has to be one.
    """
    if view == "pixels" and not isinstance(scene, Scene):
        check_image(scene)
        return
    check_answerable(scene if isinstance(scene, Scene) else read_rows(scene), question)


def encode_questions(texts: Sequence[str]) -> Tensor:
    """Return the 11 bits of English questions (M, 11) float32; raises QuestionError for any other text."""
    return _CODES[torch.tensor([parse(text).index for text in texts])]


def check_answerable(scene: Scene, question: Question) -> None:
    """Raise SceneError if the scene lacks the object asked about, or any other that the question is about."""
    colors = [thing.color for thing in scene.objects]
    if question.color not in colors:
        raise SceneError(
            f"This scene has no {question.color} object; ask about {', '.join(colors)} or put the object back."
        )
    _check_others(question, len(colors))


def _check_others(question: Question, n_objects: int) -> None:
    """Raise SceneError if a question needs other objects than the asked one and there are none."""
    if question.is_relational and n_objects < 2:
        raise SceneError("A relational question needs at least two objects, got a scene of one; put one back.")
