"""Which objects a question names: a feature that tells each object which of those names, if any, is its own."""

from __future__ import annotations

import torch
from torch import Tensor

from rn_core.common.errors import RNCoreError
from rn_core.models.layers import check_size


def check_names(names_at: tuple[int, ...], d_name: int, d_object: int, d_question: int) -> None:
    """Raise RNCoreError if names lie outside the question, or are longer than an object's own.

    Args:
        names_at: the column of the question at which each name begins; empty for none.
        d_name: columns of a name.
        d_object: features of one object, of which the name comes first.
        d_question: features of the question.
    """
    check_size("d_name", d_name, lowest=1 if names_at else 0)
    for place in names_at:
        check_size("Each of names_at", place, lowest=0)
        if place + d_name > d_question or d_name > d_object:
            raise RNCoreError(
                f"A name of {d_name} columns at {place} must fit a question of {d_question} features and "
                f"an object of {d_object}; change names_at or d_name."
            )


def mark_named(
    objects: Tensor, question: Tensor, names_at: tuple[int, ...], d_name: int, object_mask: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Return objects (M, N, D_o + K) with a feature for each of the K names, and which objects bear them (M, K).

    A feature is 1 for the object whose own name is nearest to the one in the question, and 0 for the others.

    Args:
        objects: (M, N, D_o), one scene per question.
        question: (M, D_q).
        names_at: as in `check_names`.
        d_name: as in `check_names`.
        object_mask: (M, N) bool, False where a row is padding, which bears no name; None means no padding.
    """
    if not names_at:
        return objects, torch.zeros(len(objects), 0, dtype=torch.int64, device=objects.device)
    names = torch.stack([question[:, at : at + d_name] for at in names_at], dim=1)  # (M, K, d_name)
    own = objects[..., :d_name]  # (M, N, d_name)
    with torch.no_grad():
        fit = torch.einsum("mkd,mnd->mkn", names, own.to(names.dtype))
        if object_mask is not None:
            fit = fit.masked_fill(~object_mask[:, None], -torch.inf)
        named = fit.argmax(dim=2)  # (M, K)
    marks = torch.zeros(*objects.shape[:2], len(names_at), dtype=objects.dtype, device=objects.device)
    marks.scatter_(1, named[:, None], 1)  # (M, N, K)
    return torch.cat([objects, marks], dim=-1), named
