"""Files of others: tensors come out, all else is one sentence and nothing is run."""

from __future__ import annotations

import io
import pickle
import zipfile
from collections import OrderedDict
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from rn_core.common.errors import WeightsError
from rn_core.weights.foreign import MAX_BYTES, read_foreign, tidy_names

TENSORS = {"module.a": torch.arange(6.0).view(2, 3), "module.b": torch.ones(4)}


def pack(value: Any, zipped: bool = True) -> bytes:
    """Return what `torch.save` writes: a zip, or as it was before 2020."""
    buffer = io.BytesIO()
    torch.save(value, buffer, _use_new_zipfile_serialization=zipped)
    return buffer.getvalue()


LOOP: dict[str, Any] = {}
LOOP["model"] = LOOP
COUNT = torch.tensor(3)


class Bomb:
    """Runs code when it is unpickled."""

    def __reduce__(self):
        return (pytest.fail, ("the pickle was run",))


def compress(content: bytes) -> bytes:
    """Return a zip with the same parts, compressed."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as given, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packed:
        for part in given.infolist():
            packed.writestr(part.filename, given.read(part))
    return buffer.getvalue()


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "legacy"])
def test_tensors_come_out_as_they_went_in(zipped):
    found = read_foreign(pack(TENSORS, zipped), "x.pth")
    assert found.keys() == TENSORS.keys()
    assert all(torch.equal(found[name], value) for name, value in TENSORS.items())


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "legacy"])
@pytest.mark.parametrize(
    "wrapped",
    [
        {"epoch": 3, "state_dict": TENSORS},
        {"epoch": COUNT, "model_state_dict": TENSORS, "optimizer": {"state": {0: {"step": COUNT}}, "param_groups": []}},
        {"model": TENSORS, "ema": {"module.a": COUNT}},
        {"model": {"state_dict": TENSORS}},
        {"weights_of_mine": TENSORS},
        OrderedDict(state_dict=OrderedDict(TENSORS)),
        {name: torch.nn.Parameter(value) for name, value in TENSORS.items()},
    ],
    ids=lambda wrapped: next(iter(wrapped)),
)
def test_a_checkpoint_gives_the_tensors_of_its_model(wrapped, zipped):
    found = read_foreign(pack(wrapped, zipped), "x.pth")
    assert found.keys() == TENSORS.keys()
    assert all(type(value) is torch.Tensor and torch.equal(value, TENSORS[name]) for name, value in found.items())


@pytest.mark.parametrize("prefix", ["", "module.", "_orig_mod.", "_orig_mod.module.", "module._orig_mod.", "model."])
def test_names_are_those_in_the_model(prefix):
    assert tidy_names({f"{prefix}g.0.weight": COUNT, f"{prefix}f.bias": COUNT}, "x").keys() == {"g.0.weight", "f.bias"}
    assert tidy_names({"g._orig_mod.0.weight": COUNT, "f.bias": COUNT}, "x").keys() == {"g.0.weight", "f.bias"}
    with pytest.raises(WeightsError, match=r"^'x' has two tensors 'a'; keep one of them\.$"):
        tidy_names({"module.a": COUNT, "a": COUNT}, "x")


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: b"", "not a complete weights file"),
        (lambda: b"\x00" * 100, "not a complete weights file"),
        (lambda: b"PK\x03\x04", "is a damaged zip"),
        (lambda: pickle.dumps(Bomb()), r"not a complete weights file .* nothing in it was run"),
        (lambda: pickle.dumps({"a": Bomb()}, protocol=0), "nothing in it was run"),
        (lambda: pack(Bomb()), "nothing in it was run"),
        (lambda: pack({"a": Bomb()}, zipped=False), "nothing in it was run"),
        (lambda: pack({}), "must hold 1 to 1000 named tensors"),
        (lambda: pack([torch.ones(2)]), "must hold 1 to 1000 named tensors"),
        (lambda: pack({"a": 3}), "got a dict of 1, such as 'a'; save it with torch.save"),
        (lambda: pack({3: torch.ones(2)}), "got a dict of 1, such as 3; save it with"),
        (lambda: pack({"a": torch.ones(2), "b": 3}), "got a dict of 2, such as 'a', 'b'; save it with"),
        (
            lambda: pack({"a": {"x": torch.ones(2)}, "b": {"x": torch.ones(2)}}),
            "got a dict of 2, such as 'a', 'b'; save it",
        ),
        (lambda: pack(LOOP), "got a dict of 1, such as 'model'; save it with"),
        (lambda: pack({str(k): torch.ones(0) for k in range(1001)}), "must hold 1 to 1000 named tensors"),
        (lambda: pack({"a": torch.zeros(MAX_BYTES // 4)}), r"is larger than the limit of 10,000,000 bytes"),
        (lambda: compress(pack(TENSORS)), "is compressed, or"),
        (lambda: compress(pack({"a": torch.zeros(MAX_BYTES)})), "larger once unpacked than 10,000,000 bytes"),
    ],
)
def test_what_is_no_table_of_tensors_is_one_sentence(make, sentence):
    with pytest.raises(WeightsError, match=sentence) as caught:
        read_foreign(make(), "x.pth")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "legacy"])
def test_a_cut_file_is_refused_wherever_it_is_cut(zipped):
    content = pack(TENSORS, zipped)
    for length in range(0, len(content), 17):
        with pytest.raises(WeightsError):
            read_foreign(content[:length], "x.pth")


@given(
    zipped=st.booleans(),
    changes=st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=8),
)
def test_changed_bytes_give_tensors_or_a_sentence(zipped, changes):
    content = bytearray(pack(TENSORS, zipped))
    for place, byte in changes:
        content[place % len(content)] = byte
    try:
        found = read_foreign(bytes(content), "x.pth")
    except WeightsError as err:
        assert "\n" not in str(err)
    else:
        assert all(type(value) is torch.Tensor for value in found.values())
