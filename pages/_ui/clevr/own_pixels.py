"""A session's own weights on the CLEVR page: `.pth` files that are not the published ones.

They are seen by no other session and gone when it ends. Their card says no more than what can be counted.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np
import torch

from pages._lab.clevr.models import IMAGE_SIDE, full_name
from pages._lab.clevr.state import ClevrState
from pages._lab.models import own_name
from pages._ui.kept import Kept
from pages._ui.own_answerers import keep_answerer, keep_known
from rn_core.answering import Answerer, make_answerer
from rn_core.common.errors import RNCoreError, WeightsError
from rn_core.weights.card import OriginalFile, count_only
from rn_core.weights.public import read_public
from rn_core.weights.store import NOT_PUBLISHED

#: Most models that one session keeps, 2 MB each: they take memory until the session ends.
MAX_OWN = 3
_QUESTION = "Is there a cube?"


#: Name in a URL -> what people call the model, in the order they came.
_KEPT: Kept[dict[str, str]] = Kept("clevr.own", dict)


def own_labels() -> dict[str, str]:
    """Return the session's own models as name -> their names on the page."""
    return dict(_KEPT.get())


def add_own(public: str, content: bytes, shown: str) -> str:
    """Keep a `.pth` file for this session.

    Args:
        public: full name of the public model whose names and shapes it must have.
        content: the file.
        shown: what sentences call it.

    Returns:
        the model's name in a URL.

    Raises:
        WeightsError: in one sentence, if the file is none of this model, or answers with numbers that are not finite.
        RNCoreError: if the session holds as many models as it may.
    """
    weights = read_public(public, content, shown)
    digest = hashlib.sha256(f"{public} {weights.card.sha256}".encode()).hexdigest()
    name, kept = own_name("pixels", digest), own_labels()
    if name in kept:
        return name
    if len(kept) >= MAX_OWN:
        raise RNCoreError(f"A session keeps at most {MAX_OWN} own .pth files; open the app again to choose others.")
    label = f"my RN · pixels{'' if not kept else f' {len(kept) + 1}'}"
    card = count_only(weights.card, label, original=OriginalFile(is_published_file=False))
    answerer = make_answerer(full_name(name), replace(weights, card=card))
    _check_finite(answerer, shown)
    keep_answerer(full_name(name), answerer)
    _KEPT.set({**kept, name: label})
    return name


def _check_finite(answerer: Answerer, shown: str) -> None:
    """Raise WeightsError unless the model answers a question about a gray picture with finite numbers."""
    gray = np.full((IMAGE_SIDE, IMAGE_SIDE, 3), 128, dtype=np.uint8)
    if not torch.isfinite(answerer.logits(gray, _QUESTION)).all():
        raise WeightsError(f"'{shown}' answers with numbers that are not finite; choose another file.")


def keep_own(state: ClevrState, problems: list[str]) -> tuple[ClevrState, list[str]]:
    """Return a state that was read from a link, with the default model where this session lacks the own one.

    Args:
        state: as the link says.
        problems: sentences about the link; one is added for a model that is not here.
    """
    return keep_known(state, problems, own_labels(), _describe_foreign)


def describe_own(name: str, shown: str) -> str:
    """Return the sentence about a file that was just kept as one of the session's own models."""
    return (
        f"'{shown}' is {NOT_PUBLISHED} (its SHA-256 differs), so it answers as “{own_labels()[name]}” for you only, "
        "until this session ends."
    )


def _describe_foreign(name: str) -> str:
    """Return the sentence about an own model that this session does not have."""
    return f"'{name}' is a .pth file of another session; choose its file again, or one of these models."
