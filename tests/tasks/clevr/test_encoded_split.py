"""The question cache: what the file says, read once, made again when the file changes, never half of it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from rn_core.common import files
from rn_core.common.errors import QuestionError, RNCoreError
from rn_core.tasks.clevr import encoded_split
from rn_core.tasks.clevr.encoded_split import EncodedSplit, load_encoded
from rn_core.tasks.clevr.folder import open_split
from rn_core.tasks.clevr.tokens import encode_tokens
from tests.painted_clevr import paint_split


@pytest.fixture(scope="module")
def painted(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("painted")
    paint_split(root, "val", 6, 0, 5)
    return root


@pytest.fixture
def folder(painted, tmp_path) -> Path:
    return Path(shutil.copytree(painted, tmp_path / "folder"))


def caches(folder: Path) -> list[Path]:
    return sorted((folder / "cache").glob("*")) if (folder / "cache").exists() else []


def is_same(one: EncodedSplit, other: EncodedSplit) -> bool:
    return all(np.array_equal(value, other.arrays[name]) for name, value in one.arrays.items())


@pytest.mark.parametrize("block", [7, 4096])
def test_it_says_what_the_file_says_the_first_time_and_from_the_cache(folder, monkeypatch, block):
    monkeypatch.setattr(encoded_split, "_TEXTS_A_BLOCK", block)
    read = open_split(folder, "val")
    first = load_encoded(folder, "val")
    monkeypatch.setattr(encoded_split, "open_split", None)  # from here on the JSON is not read
    for found in (first, load_encoded(folder, "val")):
        assert found.tokens.dtype == np.uint8
        assert np.array_equal(found.tokens, encode_tokens(read.texts))
        assert (found.folder.root, found.folder.split, found.folder.images) == (folder, "val", read.images)
        for name in ("image_index", "answers", "type_index"):
            assert np.array_equal(getattr(found.folder, name), getattr(read, name))


def test_another_question_file_gets_another_cache(folder):
    first = load_encoded(folder, "val")
    path = folder / "questions/CLEVR_val_questions.json"
    content = json.loads(path.read_text())
    del content["questions"][0]
    path.write_text(json.dumps(content))
    second = load_encoded(folder, "val")
    assert len(second.tokens) == len(first.tokens) - 1
    assert second.fingerprint != first.fingerprint
    assert len(caches(folder)) == 2


def test_a_write_that_breaks_off_leaves_no_cache_and_the_questions_are_there(folder, monkeypatch):
    def full(_handle):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(files.os, "fsync", full)
        found = load_encoded(folder, "val")
    assert caches(folder) == []
    assert is_same(found, load_encoded(folder, "val"))
    assert len(caches(folder)) == 1


@pytest.mark.parametrize("damage", [lambda content: content[:-40], lambda content: b"", lambda content: b"x" * 500])
def test_a_damaged_cache_is_one_sentence(folder, damage):
    load_encoded(folder, "val")
    (path,) = caches(folder)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(RNCoreError, match=r"^The question cache '.*' is damaged; delete it to have it made again\.$"):
        load_encoded(folder, "val")


def test_a_changed_byte_is_seen(folder):
    load_encoded(folder, "val")
    (path,) = caches(folder)
    content = bytearray(path.read_bytes())
    where = content.index(b"tokens.npy") + 300
    content[where] ^= 1
    path.write_bytes(content)
    with pytest.raises(RNCoreError, match="is damaged"):
        load_encoded(folder, "val")


def test_a_foreign_word_is_named(folder):
    path = folder / "questions/CLEVR_val_questions.json"
    content = json.loads(path.read_text())
    content["questions"][3]["question"] = "Is there a red giraffe?"
    path.write_text(json.dumps(content))
    with pytest.raises(QuestionError, match="The word 'giraffe' is not one of CLEVR's 80 words"):
        load_encoded(folder, "val")
    assert caches(folder) == []
