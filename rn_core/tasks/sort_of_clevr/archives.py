"""Sort-of-CLEVR sets of others as one .npz file: images, 11-bit questions and answers, without anything pickled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rn_core.common.errors import QuestionError, RNCoreError
from rn_core.common.reading import Reading, check_any
from rn_core.tasks.sort_of_clevr.questions import ANSWERS, D_QUESTION, N_QUESTIONS, QUESTION_TYPES
from rn_core.tasks.sort_of_clevr.scene import COLORS, IMAGE_SIZE, SHAPES

_CONVERT = (
    "convert it where it was made, with numpy.savez('set.npz', images=..., questions=..., answers=..., "
    "answer_names=...): images (S, 75, 75, 3) uint8 RGB, questions (S, Q, 11), answers (S, Q)"
)
_WANTED = ("images", "questions", "answers")
_YES_NO, _NUMBERS = ("yes", "no"), tuple(str(number) for number in range(len(COLORS)))
#: Question type -> the answers that it can have.
_ALLOWED = dict(zip(QUESTION_TYPES, (SHAPES, _YES_NO, _YES_NO, SHAPES, SHAPES, _NUMBERS), strict=True))
#: How a .npy file begins.
_NUMPY = b"\x93NUMPY"
_SYNONYMS = {"rectangle": "square", "true": "yes", "false": "no"}


@dataclass(frozen=True)
class Archive:
    """Images and M questions about them.

    Attributes:
        images: (S, 75, 75, 3) uint8, RGB.
        image_index: (M,) int64, non-decreasing, the image that each question is about.
        question: (M,) int64, 0 to 35.
        answer: (M,) int64, index into `ANSWERS`.
        number: (M,) int64, each question's index in the file.
    """

    images: np.ndarray
    image_index: np.ndarray
    question: np.ndarray
    answer: np.ndarray
    number: np.ndarray


def load_archive(path: Path, reading: Reading) -> Archive:
    """Return what can be used of a .npz file.

    Args:
        path: with arrays "images"; "questions" (S, Q, 11), or (S, 11) for one question per image; "answers" (S, Q) or
            (S,), numbers or words. "answer_names" says what the numbers mean where they are not in the order of
            `ANSWERS`, and "colors" which the six color bits are, where they are not in the order of `COLORS`. Without
            "questions", answers (S, 36) are those of all questions in order, as `generate` writes them.
        reading: leaves out questions that cannot be used.

    Raises:
        RNCoreError: in one sentence, if it is another file, or the meaning of its arrays is not certain.
    """
    arrays = _load_arrays(path)
    images = _read_images(arrays["images"], path.name)
    codes, kept_shape = _read_codes(arrays, len(images), path.name)
    question = _decode(codes, _read_names(arrays, "colors", COLORS, path.name))
    names = _read_names(arrays, "answer_names", ANSWERS, path.name)
    answer = _read_answers(arrays["answers"], kept_shape, names, path.name)
    problems = [_find_problem(*row) for row in zip(question.tolist(), answer, strict=True)]
    _check_meaning(problems, "answer_names" in arrays or arrays["answers"].dtype.kind == "U", path.name)
    for number, problem in enumerate(problems):
        if problem:
            reading.skip(path.name, "question", number, QuestionError(problem))
    kept = np.array([not problem for problem in problems], dtype=bool)
    check_any(reading, int(kept.sum()), f"'{path.name}'")
    index = np.repeat(np.arange(len(images)), len(question) // len(images))
    known = np.array([ANSWERS.index(each) if each in ANSWERS else -1 for each in answer])
    return Archive(images, index[kept], question[kept], known[kept], np.flatnonzero(kept))


def _load_arrays(path: Path) -> dict[str, np.ndarray]:
    """Return the arrays of a file that is a .npz with what is needed, and nothing pickled."""
    if not path.is_file():
        raise RNCoreError(f"'{path}' is not a file; give a .npz file with {', '.join(_WANTED)}.")
    try:
        with path.open("rb") as file:
            start = file.read(len(_NUMPY))
        arrays = _unpack(path) if start.startswith(b"PK") else {}
    except Exception as err:  # a damaged archive can make NumPy's reader fail in any way
        if isinstance(err, ValueError) and "pickle" in str(err):
            raise RNCoreError(f"'{path.name}' has pickled arrays, which could run code; {_CONVERT}.") from err
        raise RNCoreError(f"'{path.name}' is a damaged .npz file ({type(err).__name__}); get it again.") from err
    if not start.startswith(b"PK"):
        kind = "a single NumPy array" if start == _NUMPY else "a pickle or another file, which could run code,"
        raise RNCoreError(f"'{path.name}' is {kind} and not a .npz file; {_CONVERT}.")
    for name in _WANTED if "made_with" not in arrays else ("images", "answers"):
        if name not in arrays:
            got = ", ".join(arrays)[:80] or "none"
            raise RNCoreError(f"'{path.name}' has no array '{name}', but {got}; {_CONVERT}.")
    return arrays


def _unpack(path: Path) -> dict[str, np.ndarray]:
    """Return the arrays of a .npz file, bytes as text, and nothing else in it; raises ValueError for pickled ones."""
    with path.open("rb") as stream, np.load(stream, allow_pickle=False) as opened:
        found = {name: opened[name] for name in opened.files}
    return {name: _decode_bytes(each) for name, each in found.items() if isinstance(each, np.ndarray)}


def _decode_bytes(array: np.ndarray) -> np.ndarray:
    """Return an array of bytes as text, with a replacement mark for what is not UTF-8, and any other as it is."""
    return np.char.decode(array, "utf-8", "replace") if array.dtype.kind == "S" else array


def _read_images(images: np.ndarray, file: str) -> np.ndarray:
    """Return images (S, 75, 75, 3) uint8; numbers from 0 to 1 are scaled to 0 to 255."""
    wanted = (IMAGE_SIZE, IMAGE_SIZE, 3)
    if images.ndim != 4 or not len(images) or images.shape[1:] != wanted:
        raise RNCoreError(
            f"'{file}': images must be of shape (S, {IMAGE_SIZE}, {IMAGE_SIZE}, 3), got {images.shape}; resize or "
            "transpose them."
        )
    if images.dtype == np.uint8:
        return images
    is_share = images.dtype.kind == "f" and np.isfinite(images).all() and images.min() >= 0 and images.max() <= 1
    if not is_share:
        raise RNCoreError(f"'{file}': images must be uint8, or shares from 0 to 1, got {images.dtype}; convert them.")
    scaled: np.ndarray = np.rint(images * 255).astype(np.uint8)
    return scaled


def _read_codes(arrays: Mapping[str, np.ndarray], n_images: int, file: str) -> tuple[np.ndarray, tuple[int, int]]:
    """Return question bits (M, 11), or (M, 0) for all questions in order, and the numbers of images and questions."""
    if "questions" not in arrays:
        return np.zeros((n_images * N_QUESTIONS, 0)), (n_images, N_QUESTIONS)
    questions = arrays["questions"]
    if questions.ndim == 2 and len(questions) == n_images:
        questions = questions[:, None]
    if questions.ndim != 3 or questions.shape[::2] != (n_images, D_QUESTION) or questions.dtype.kind not in "biuf":
        raise RNCoreError(
            f"'{file}': questions must be bits of shape (S, Q, {D_QUESTION}) for {n_images} images, got "
            f"{arrays['questions'].dtype} {arrays['questions'].shape}; group them by image."
        )
    return questions.reshape(-1, D_QUESTION), questions.shape[:2]


def _read_names(arrays: Mapping[str, np.ndarray], name: str, usual: Sequence[str], file: str) -> tuple[str, ...]:
    """Return what numbers or bits mean, in the file's order."""
    if name not in arrays:
        return tuple(usual)
    given = tuple(_SYNONYMS.get(each.lower(), each.lower()) for each in map(str, arrays[name].ravel().tolist()))
    if sorted(given) != sorted(usual):
        raise RNCoreError(
            f"'{file}': {name} must be {', '.join(usual)} in any order, got {', '.join(given)[:80]}; write them as "
            f"numpy.array([{', '.join(map(repr, usual))}]) in your order."
        )
    return given


def _decode(codes: np.ndarray, colors: Sequence[str]) -> np.ndarray:
    """Return questions (M,) int64, 0 to 35, or -1 for bits that are none; without bits, all questions in turn."""
    if not codes.shape[1]:
        return np.arange(len(codes)) % N_QUESTIONS
    color, group, subtype = np.split(codes, [len(COLORS), len(COLORS) + 2], axis=1)
    is_one = np.isin(codes, (0, 1)).all(axis=1)
    for part in (color, group, subtype):
        is_one &= part.sum(axis=1) == 1
    own = np.array([COLORS.index(each) for each in colors])[color.argmax(axis=1)]
    index = (group.argmax(axis=1) * 3 + subtype.argmax(axis=1)) * len(COLORS) + own
    return np.where(is_one, index, -1).astype(np.int64)


def _read_answers(answers: np.ndarray, shape: tuple[int, int], names: Sequence[str], file: str) -> list[str]:
    """Return the answer to each question in words."""
    if answers.ndim == len(shape) + 1 and answers.shape[-1] == len(ANSWERS):
        answers = answers.argmax(axis=-1)
    if answers.shape not in (shape, shape[:1] if shape[1] == 1 else shape) or answers.dtype.kind not in "iuUf":
        raise RNCoreError(
            f"'{file}': answers must be numbers or words of shape {shape}, got {answers.dtype} {answers.shape}; "
            "give one per question."
        )
    if answers.dtype.kind == "U":
        return [_SYNONYMS.get(each.lower(), each.lower()) for each in map(str, answers.ravel().tolist())]
    return [names[int(each)] if each in range(len(names)) else f"number {each}" for each in answers.ravel().tolist()]


def _find_problem(question: int, answer: str) -> str:
    """Return why a question cannot be used, or an empty text."""
    if question < 0:
        return "its bits must be one of six colors, one of two groups and one of three types."
    allowed = _ALLOWED[QUESTION_TYPES[question // len(COLORS)]]
    return "" if answer in allowed else f"the answer must be one of {', '.join(allowed)}, got '{answer[:20]}'."


def _check_meaning(problems: Sequence[str], is_named: bool, file: str) -> None:
    """Raise RNCoreError if numbers without names do not fit the questions: then they mean something else."""
    if not is_named and sum(map(bool, problems)) > len(problems) / 10:
        raise RNCoreError(
            f"'{file}': the numbers in answers do not mean {', '.join(ANSWERS)} in this order; say with an array "
            "answer_names what 0, 1, 2 ... mean."
        )
