"""Parameters in 16 or 8 bits: how they are rounded, and how 8 bits stand in a weights file.

In 8 bits, 32 values in a row share one scale, as in the format Q8_0 of llama.cpp; a row of a matrix would have values
too unlike for one. Here the scale is bfloat16, so a value, its whole number times its scale, has 15 significant bits
at most: float32 holds it exactly, and rounding it again changes nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import torch
from torch import Tensor
from torch.nn import functional

from rn_core.common.errors import WeightsError
from rn_core.models import QuestionAnsweringModel

#: Bits of a stored parameter, besides the 32 that it is trained in.
BITS = (16, 8)
#: Values that share a scale, and the largest whole number.
_BLOCK, _LARGEST = 32, 127
#: End of the name under which a tensor in 8 bits has its scales.
_SCALES = ".scales"


@torch.no_grad()
def round_parameters(model: QuestionAnsweringModel, names: Collection[str] | None = None, bits: int = 16) -> None:
    """Round what a model has learned to the nearest float16 or 8-bit values; statistics of batch norm stay.

    Vectors, such as biases, get 16 bits in any case, since they have less than 1 % of the values.

    Args:
        model: is changed in place.
        names: of the parameters to round; None rounds all.
        bits: one of `BITS`.
    """
    for name, parameter in model.named_parameters():
        if names is None or name in names:
            in_8_bits = bits == 8 and parameter.ndim > 1
            parameter.copy_(_dequantize(*_quantize(parameter)) if in_8_bits else parameter.half())


def pack_tensors(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return a file's tensors with float32 matrices in 8 bits, each followed by its scales, where that loses nothing.

    That is so after `round_parameters` with 8 bits.
    """
    packed = dict(tensors)
    for name, value in tensors.items():
        if value.dtype == torch.float32 and value.ndim > 1:
            numbers, scales = _quantize(value)
            if torch.equal(_dequantize(numbers, scales), value):
                packed |= {name: numbers, name + _SCALES: scales}
    return packed


def unpack_tensors(tensors: Mapping[str, Tensor], file_name: str) -> dict[str, Tensor]:
    """Return the tensors of a file as `pack_tensors` got them.

    Raises:
        WeightsError: if a tensor and its scales do not fit each other.
    """
    found = dict(tensors)
    for name in tensors:
        packed = name.removesuffix(_SCALES)
        if packed == name or packed not in tensors:
            continue
        numbers, scales = tensors[packed], found.pop(name)
        n_blocks = -(-numbers.numel() // _BLOCK)
        if numbers.dtype != torch.int8 or scales.dtype != torch.bfloat16 or scales.shape != (n_blocks,):
            raise WeightsError(
                f"'{file_name}': tensor '{packed}' must be int8 with {n_blocks} bfloat16 scales, got {numbers.dtype} "
                f"with scales {tuple(scales.shape)} in {scales.dtype}; get the file again."
            )
        found[packed] = _dequantize(numbers, scales)
    return found


def _quantize(value: Tensor) -> tuple[Tensor, Tensor]:
    """Return a tensor in whole numbers, int8 of its shape, and the bfloat16 scales (B,) of its blocks in order."""
    padded = functional.pad(value.flatten(), (0, -value.numel() % _BLOCK))  # (B * 32,)
    blocks = padded.view(-1, _BLOCK)  # (B, 32)
    scales = (blocks.abs().amax(dim=1) / _LARGEST).bfloat16()
    steps = scales.to(value.dtype).clamp_min(torch.finfo(value.dtype).tiny)  # blocks of zeros have a scale of 0
    numbers = (blocks / steps[:, None]).round().clamp(-_LARGEST, _LARGEST).to(torch.int8)
    return numbers.flatten()[: value.numel()].view_as(value), scales


def _dequantize(numbers: Tensor, scales: Tensor) -> Tensor:
    """Return the float32 values of whole numbers and the scales of their blocks."""
    return numbers * scales.float().repeat_interleave(_BLOCK)[: numbers.numel()].view_as(numbers)
