"""Files of others: tensors come out, all else is one sentence and nothing is run."""

from __future__ import annotations

import io
import pickle
import zipfile
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from rn_core.common.errors import WeightsError
from rn_core.weights.foreign import MAX_BYTES, read_foreign

TENSORS = {"module.a": torch.arange(6.0).view(2, 3), "module.b": torch.ones(4)}


def pack(value: Any, zipped: bool = True) -> bytes:
    """Return what `torch.save` writes: a zip, or as it was before 2020."""
    buffer = io.BytesIO()
    torch.save(value, buffer, _use_new_zipfile_serialization=zipped)
    return buffer.getvalue()


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


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "not a complete weights file"),
        (b"\x00" * 100, "not a complete weights file"),
        (b"PK\x03\x04", "is a damaged zip"),
        (pickle.dumps(Bomb()), r"not a complete weights file .* nothing in it was run"),
        (pickle.dumps({"a": Bomb()}, protocol=0), "nothing in it was run"),
        (pack(Bomb()), "nothing in it was run"),
        (pack({"a": Bomb()}, zipped=False), "nothing in it was run"),
        (pack({}), "must hold 1 to 1000 named tensors"),
        (pack([torch.ones(2)]), "must hold 1 to 1000 named tensors"),
        (pack({"a": 3}), "named tensors and nothing else"),
        (pack({3: torch.ones(2)}), "named tensors and nothing else"),
        (pack({"a": {"b": torch.ones(2)}}), "named tensors and nothing else"),
        (pack({"a": torch.nn.Parameter(torch.ones(2))}), "named tensors and nothing else"),
        (pack({str(k): torch.ones(0) for k in range(1001)}), "must hold 1 to 1000 named tensors"),
        (pack({"a": torch.zeros(MAX_BYTES // 4)}), r"is larger than the limit of 10,000,000 bytes"),
        (compress(pack(TENSORS)), "is compressed, or"),
        (compress(pack({"a": torch.zeros(MAX_BYTES)})), "larger once unpacked than 10,000,000 bytes"),
    ],
)
def test_what_is_no_table_of_tensors_is_one_sentence(content, sentence):
    with pytest.raises(WeightsError, match=sentence) as caught:
        read_foreign(content, "x.pth")
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
