"""Files are whole or absent."""

from __future__ import annotations

import errno
import os

import pytest

from rn_core.errors import RNCoreError
from rn_core.files import write_whole


def test_a_full_disk_leaves_the_old_file_and_no_leftovers(tmp_path, monkeypatch):
    path = tmp_path / "weights.safetensors"
    write_whole(path, b"old")

    def full(_handle):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(RNCoreError, match=r"No space left on device.*untouched"):
        write_whole(path, b"new" * 1000)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_reader_never_sees_half_a_file(tmp_path, monkeypatch):
    path = tmp_path / "card.json"
    write_whole(path, b"old")
    seen = []
    monkeypatch.setattr(os, "fsync", lambda _handle: seen.append(path.read_bytes()))
    write_whole(path, b"new")
    assert seen == [b"old"]
    assert path.read_bytes() == b"new"


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(RNCoreError, match=r"Could not write 'x\.bin'"):
        write_whole(tmp_path / "file" / "x.bin", b"content")
