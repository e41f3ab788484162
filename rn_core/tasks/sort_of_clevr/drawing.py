"""Which of a scene's questions are asked."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from rn_core.common.errors import QuestionError
from rn_core.common.seeding import uniform_integers


def draw_questions(
    rng: np.random.Generator,
    allowed: np.ndarray,
    n_types: int,
    n_questions: int | None = None,
    type_weights: np.ndarray | None = None,
) -> np.ndarray:
    """Draw different questions for each scene, those that are allowed first.

    Weighted draws without repeats take the largest of u ** (1 / weight), u uniform (Efraimidis & Spirakis
    2006, https://doi.org/10.1016/j.ipl.2005.11.003).

    Args:
        rng: generator over PCG64.
        allowed: (S, N) bool, for each scene the questions that may be asked, as many of each type, type by type.
        n_types: number of types T.
        n_questions: questions per scene Q, 1 to N; None takes all N in their order and draws nothing.
        type_weights: (T,) the probability of each question type, above 0; None draws all equally often.

    Returns:
        (S, Q) int64, question indices 0 to N - 1.

    Raises:
        QuestionError: if `n_questions` is out of range.
    """
    n_known = allowed.shape[1]
    if n_questions is None:
        return np.broadcast_to(np.arange(n_known), allowed.shape)
    if not 1 <= n_questions <= n_known:
        raise QuestionError(f"The questions per scene must be 1 to {n_known}, got {n_questions!r}; use None for all.")
    weights = np.ones(n_types) if type_weights is None else type_weights
    uniform = (uniform_integers(rng, 2**32, allowed.shape) + 0.5) / 2**32
    keys = np.where(allowed, np.log(uniform) / np.repeat(weights, n_known // n_types), -np.inf)
    return np.argsort(-keys, axis=1, kind="stable")[:, :n_questions]


def draw_clear(
    rng: np.random.Generator,
    clear: np.ndarray,
    answers: np.ndarray,
    codes: Tensor,
    n_types: int,
    n_questions: int | None = None,
    type_weights: np.ndarray | None = None,
) -> dict[str, Tensor]:
    """Draw different questions for each scene, as many as asked for or as there are clear ones.

    Args:
        rng: generator over PCG64.
        clear: (S, N) bool, for each scene the questions that may be asked; others never are.
        answers: (S, N) int64, the true ones.
        codes: (N, D_q) float32, the questions as models read them.
        n_types: as `draw_questions`.
        n_questions: as `draw_questions`.
        type_weights: as `draw_questions`.

    Returns:
        the fields of a `Batch` that are about its M questions; those of one scene are adjacent.
    """
    order = draw_questions(rng, clear, n_types, n_questions, type_weights)  # (S, Q)
    asked = np.take_along_axis(clear, order, axis=1)
    scene, index = np.nonzero(asked)[0], order[asked]
    rows = torch.from_numpy(index)
    return {
        "question": codes[rows],
        "scene_index": torch.from_numpy(scene),
        "answer": torch.from_numpy(answers[scene, index]),
        "type_index": rows // (clear.shape[1] // n_types),
    }
