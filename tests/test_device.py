"""The device: which one is chosen, how it is called, and where 16 bits are used; other hardware is stood in for."""

from __future__ import annotations

import pytest
import torch

from rn_core.common import device as devices
from rn_core.common.device import (
    can_read_words_in_bf16,
    choose_device,
    describe_device,
    fast_autocast,
    has_fast_bf16,
    processor_name,
)
from rn_core.common.errors import RNCoreError

CPU, CUDA, MPS = map(torch.device, ("cpu", "cuda", "mps"))


@pytest.fixture
def present(monkeypatch):
    """Return `present(cuda, mps)`, which says what the machine has."""

    def say(cuda: bool, mps: bool) -> None:
        monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)

    return say


@pytest.mark.parametrize(
    ("cuda", "mps", "chosen"),
    [(True, True, "cuda"), (True, False, "cuda"), (False, True, "mps"), (False, False, "cpu")],
)
def test_the_fastest_device_is_chosen_and_any_other_can_be_named(present, cuda, mps, chosen):
    present(cuda, mps)
    assert choose_device().type == chosen
    assert choose_device("cpu").type == "cpu"
    for name, there in (("cuda", cuda), ("mps", mps)):
        if there:
            assert choose_device(name).type == name
        else:
            with pytest.raises(RNCoreError, match=f"This machine has no '{name}' device; use 'auto' or 'cpu'"):
                choose_device(name)


def test_an_unknown_device_is_one_sentence():
    with pytest.raises(RNCoreError, match=r"device must be one of auto, cpu, cuda, mps, got 'tpu'\."):
        choose_device("tpu")


@pytest.mark.parametrize(("avx512", "amx"), [(True, False), (False, True), (False, False)])
def test_a_processor_computes_in_16_bits_where_it_has_an_instruction_for_it(monkeypatch, avx512, amx):
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: avx512)
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: amx)
    fast = avx512 or amx
    assert has_fast_bf16(CPU) == can_read_words_in_bf16(CPU) == fast
    assert describe_device(CPU) == f"cpu, {torch.get_num_threads()} threads, {'bf16' if fast else 'f32'}"
    with fast_autocast(CPU):
        assert torch.is_autocast_enabled("cpu") == fast
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == (torch.bfloat16 if fast else torch.float32)


@pytest.mark.parametrize("native", [True, False])
def test_a_graphics_card_counts_only_where_16_bits_are_native(monkeypatch, native):
    asked = []

    def supports(including_emulation: bool = True) -> bool:
        asked.append(including_emulation)
        return native

    monkeypatch.setattr(torch.cuda, "is_bf16_supported", supports)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda _: "Some Card")
    assert has_fast_bf16(CUDA) == native
    assert can_read_words_in_bf16(CUDA)
    assert describe_device(CUDA) == f"cuda, Some Card, {'bf16' if native else 'f32'}"
    assert not any(asked)


def test_other_devices_compute_in_32_bits():
    assert not has_fast_bf16(MPS)
    assert describe_device(MPS) == "mps, f32"


@pytest.mark.parametrize(
    ("content", "name"),
    [
        ("processor : 0\nmodel name\t: Fast CPU @ 3: GHz\n\nprocessor : 1\nmodel name\t: Other\n", "Fast CPU @ 3: GHz"),
        ("processor : 0\n", "unknown processor"),
        (None, "unknown processor"),
    ],
)
def test_the_processor_is_named_where_the_system_does(monkeypatch, tmp_path, content, name):
    info = tmp_path / "cpuinfo"
    if content is not None:
        info.write_text(content)
    monkeypatch.setattr(devices, "Path", lambda _: info)
    assert processor_name() == name
