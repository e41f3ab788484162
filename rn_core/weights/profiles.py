"""The profile of weights: `pretrained/<name>.profile.safetensors`, what ordinary pictures are to their encoder.

A profile names the weights that it was measured with by their hash: of other weights it says nothing, so that a file
left behind by older ones is not used.
"""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import torch
from safetensors.torch import save as save_tensors
from torch import Tensor

from rn_core.common.errors import RNCoreError, WeightsError
from rn_core.common.files import write_whole
from rn_core.models.profile import InputProfile
from rn_core.weights.card import Card
from rn_core.weights.file_set import PROFILE, place
from rn_core.weights.store import PRETRAINED, parse_tensors

_HASH = "weights_sha256"


def save_profile(name: str, card: Card, profile: InputProfile, folder: Path = PRETRAINED) -> Path:
    """Write the profile of weights beside them and return its path.

    Raises:
        RNCoreError: if the file cannot be written.
    """
    path = place(name, folder, PROFILE)
    parts = {one.name: getattr(profile, one.name) for one in fields(profile)}
    write_whole(path, save_tensors({**parts, _HASH: _read_hash(card)}))
    return path


def load_profile(name: str, card: Card, folder: Path = PRETRAINED) -> InputProfile | None:
    """Return the profile of weights; None if there is none, or one that was measured with other weights.

    Raises:
        WeightsError: if its file is damaged.
    """
    path = place(name, folder, PROFILE)
    if not path.exists():
        return None
    tensors = parse_tensors(path.read_bytes(), path.name)
    measured_with = tensors.pop(_HASH, torch.empty(0))
    if not torch.equal(measured_with, _read_hash(card)):
        return None
    try:
        return InputProfile(**tensors)
    except (RNCoreError, TypeError) as err:
        raise WeightsError(
            f"The profile '{path.name}' is damaged; measure it again with `python -m rn_core weights profile {name}`."
        ) from err


def _read_hash(card: Card) -> Tensor:
    """Return the hash of a card's weights, (32,) uint8."""
    return torch.tensor(list(bytes.fromhex(card.sha256)), dtype=torch.uint8)
