"""Parameters in 8 bits: what they lose, what a file holds of them, and what comes back."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from safetensors.torch import load as load_tensors

from rn_core.common.errors import WeightsError
from rn_core.models import ModelConfig, build_model
from rn_core.models.baselines import MLPConfig
from rn_core.models.encoders import RowEncoderConfig
from rn_core.weights.card import CardFacts
from rn_core.weights.packing import pack_tensors, round_parameters, unpack_tensors
from rn_core.weights.store import load_weights, save_weights

#: Matrices of 71 * 9, 9 * 5 and 5 * 10 values: the last block of each has fewer than 32.
MODEL = ModelConfig(RowEncoderConfig(10), MLPConfig(6, 10, 11, 10, (9, 5)))


def make_rounded(bits: int = 8):
    """Return a network before and after rounding, with a block of zeros in its first matrix."""
    exact, rounded = build_model(MODEL, 0), build_model(MODEL, 0)
    for model in (exact, rounded):
        with torch.no_grad():
            next(value for value in model.parameters() if value.ndim > 1).view(-1)[32:64] = 0
    round_parameters(rounded, bits=bits)
    return exact, rounded


def test_values_are_whole_steps_of_their_block_and_no_further_from_it_than_half_a_step():
    exact, rounded = make_rounded()
    for (name, value), now in zip(exact.named_parameters(), rounded.parameters(), strict=True):
        if value.ndim == 1:
            assert torch.equal(now, value.half().float()), name
            continue
        before, after = (one.detach().double().numpy().ravel() for one in (value, now))
        for first in range(0, before.size, 32):
            block, found = before[first : first + 32], after[first : first + 32]
            step = float(torch.tensor(np.abs(block).max() / 127, dtype=torch.bfloat16))
            assert np.abs(found - block).max() <= 0.5001 * step, (name, first)
            whole = found / step if step else found
            assert np.array_equal(whole, whole.round()) and np.abs(whole).max() <= 127, (name, first)


@pytest.mark.parametrize("size", [1e-30, 1e-4, 1.0, 1e4])
def test_rounding_again_changes_nothing(size):
    generator = torch.Generator().manual_seed(0)
    _, model = make_rounded()
    for parameter in model.parameters():
        parameter.data = size * torch.randn(parameter.shape, generator=generator)
    round_parameters(model, [name for name, value in model.named_parameters() if value.ndim > 1], bits=8)
    once = [value.clone() for value in model.parameters()]
    round_parameters(model, [name for name, value in model.named_parameters() if value.ndim > 1], bits=8)
    assert all(torch.equal(value, known) for value, known in zip(model.parameters(), once, strict=True))


def test_a_file_holds_one_byte_per_value_and_a_scale_per_block_and_gives_the_same_network(tmp_path):
    _, rounded = make_rounded()
    entry = save_weights("a/small", rounded, CardFacts(task="sort-of-clevr/objects"), folder=tmp_path)
    stored = load_tensors(entry.path.read_bytes())
    for name, value in rounded.named_parameters():
        assert stored[name].dtype == (torch.int8 if value.ndim > 1 else torch.float16), name
        assert stored[name].shape == value.shape
        assert (f"{name}.scales" in stored) == (value.ndim > 1)
    loaded = load_weights("a/small", tmp_path).model
    for (name, value), known in zip(loaded.named_parameters(), rounded.parameters(), strict=True):
        assert value.dtype == torch.float32 and torch.equal(value, known), name


def test_what_would_lose_something_stays_as_it_is():
    exact, rounded = make_rounded()
    learned = {name: value.detach() for name, value in exact.named_parameters()}
    packed = pack_tensors(learned)
    assert packed.keys() == learned.keys() and all(torch.equal(packed[name], learned[name]) for name in learned)
    whole = {name: value.detach() for name, value in rounded.named_parameters()}
    unpacked = unpack_tensors(pack_tensors(whole), "file")
    assert unpacked.keys() == whole.keys() and all(torch.equal(unpacked[name], whole[name]) for name in whole)


@pytest.mark.parametrize(
    ("numbers", "scales"),
    [
        (torch.zeros(4, 9), torch.ones(2, dtype=torch.bfloat16)),
        (torch.zeros(4, 9, dtype=torch.int8), torch.ones(1, dtype=torch.bfloat16)),
        (torch.zeros(4, 9, dtype=torch.int8), torch.ones(2, 1, dtype=torch.bfloat16)),
        (torch.zeros(4, 9, dtype=torch.int8), torch.ones(2)),
    ],
)
def test_numbers_and_scales_that_do_not_fit_get_one_sentence(numbers, scales):
    with pytest.raises(WeightsError, match=r"'some.file': tensor 'w' must be int8 with 2 bfloat16 scales, got torch\."):
        unpack_tensors({"w": numbers, "w.scales": scales}, "some.file")
