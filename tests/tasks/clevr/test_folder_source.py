"""A folder as training data: every question once an epoch, decided by the seed, and val never learned from."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from rn_core.common.errors import RNCoreError
from rn_core.common.records import Batch
from rn_core.common.seeding import make_rng
from rn_core.tasks import TASKS
from rn_core.tasks.clevr.encoding import ANSWERS, encode_scenes
from rn_core.tasks.clevr.folder import open_split
from rn_core.tasks.clevr.folder_source import FolderSource, deal
from rn_core.tasks.clevr.image_cache import load_image
from rn_core.tasks.clevr.tokens import encode_tokens
from tests.painted_clevr import paint_folder

PIXELS = TASKS["clevr/pixels"]


@pytest.fixture(scope="module")
def painted(tmp_path_factory) -> Path:
    """Seven train and five val pictures, four questions each."""
    return paint_folder(tmp_path_factory.mktemp("painted"), 7, 5, 4)


@pytest.fixture
def copied(painted, tmp_path) -> Path:
    """A copy that a test may spoil."""
    return Path(shutil.copytree(painted, tmp_path / "copied"))


@pytest.fixture(scope="module")
def source(painted) -> FolderSource:
    return PIXELS.open_source(painted)


def rows_of(batch: Batch) -> list[tuple[bytes, tuple[int, ...], str, int]]:
    """Return picture, words, answer and type of each question."""
    pictures = [batch.inputs[0][scene].numpy().tobytes() for scene in batch.scene_index.tolist()]
    words = [tuple(number for number in row if number) for row in batch.question.tolist()]
    answers = [ANSWERS[k] for k in batch.answer.tolist()]
    return list(zip(pictures, words, answers, batch.type_index.tolist(), strict=True))


def rows_in_file(root: Path, split: str) -> Counter:
    """Return what `rows_of` should find, read from the files the slow way."""
    read = open_split(root, split)
    rows = zip(read.image_index, read.texts, read.answers, read.type_index, strict=True)
    return Counter(
        (
            load_image(read.image_path(image)).tobytes(),
            tuple(encode_tokens([text])[0].tolist()),
            ANSWERS[answer],
            int(kind),
        )
        for image, text, answer, kind in rows
    )


@given(st.lists(st.integers(0, 9), min_size=1, max_size=60), st.integers(1, 12), st.integers(0, 2**32 - 1))
def test_a_deal_asks_every_question_once_in_turns_about_one_picture(pictures, n_questions, seed):
    image_index = np.unique(pictures, return_inverse=True)[1].astype(np.int64)
    rows, bounds = deal(image_index, n_questions, make_rng(seed, "train"))
    assert sorted(rows.tolist()) == list(range(len(image_index)))
    turns = [rows[first:end] for first, end in pairwise(bounds)]
    assert sum(map(len, turns)) == len(image_index)
    about = [set(image_index[turn].tolist()) for turn in turns]
    assert all(len(pictures) == 1 for pictures in about)
    for picture, count in Counter(image_index.tolist()).items():
        sizes = sorted(len(turn) for turn, seen in zip(turns, about, strict=True) if seen == {picture})
        rest = [count % n_questions] if count % n_questions else []
        assert sizes == rest + [n_questions] * (count // n_questions)


@pytest.mark.parametrize("n_questions", [1, 3, 10])
@pytest.mark.parametrize("epoch", [0, 1])
def test_an_epoch_is_every_question_of_the_file_once(source, painted, n_questions, epoch):
    n_turns = source.count_turns(n_questions)
    assert n_turns == 7 * -(-4 // n_questions)
    found = Counter()
    for first in range(0, n_turns, 3):
        batch = source.take_batch(5, epoch * n_turns + first, min(3, n_turns - first), n_questions)
        found.update(rows_of(batch))
        assert (batch.scene_index.diff() >= 0).all()
        assert (batch.question != 0).any(dim=0).all(), "no longer than the longest question"
    assert found == rows_in_file(painted, "train")
    assert source.n_questions == found.total()


def test_epochs_and_seeds_have_orders_of_their_own(source):
    first, second, other = (rows_of(source.take_batch(*where, 7, 10)) for where in [(0, 0), (0, 7), (1, 0)])
    assert sorted(first) == sorted(second) == sorted(other)
    assert first != second
    assert first != other


def test_a_batch_is_made_of_its_parts_also_across_the_end_of_an_epoch(source):
    whole = source.take_batch(3, 4, 8, 4)
    parts = [source.take_batch(3, first, 4, 4) for first in (4, 8)]
    assert rows_of(whole) == rows_of(parts[0]) + rows_of(parts[1])
    assert rows_of(whole.select(slice(4, 8))) == rows_of(parts[1]), "as one process of two gets it"


def test_validation_is_val_alone_and_all_questions_of_each_picture(source, painted):
    batches = list(source.validation_batches(0, 99))
    assert sum((Counter(rows_of(batch)) for batch in batches), Counter()) == rows_in_file(painted, "val")
    few = [set(row[0] for batch in source.validation_batches(seed, 2) for row in rows_of(batch)) for seed in range(9)]
    assert all(len(pictures) == 2 for pictures in few)
    assert len(set(map(frozenset, few))) > 1, "the seed chooses them"
    assert set().union(*few).isdisjoint(picture for picture, *_ in rows_in_file(painted, "train"))


def test_states_are_read_from_the_scene_graphs(painted):
    batch = TASKS["clevr/states"].open_source(painted).take_batch(0, 0, 7, 10)
    scenes = encode_scenes(open_split(painted, "train").load_scenes())
    found = sorted(rows[mask].tolist() for rows, mask in zip(*batch.inputs, strict=True))
    assert found == sorted(rows[mask].tolist() for rows, mask in zip(*scenes, strict=True))


def spoil_question(root: Path) -> None:
    path = root / "questions/CLEVR_train_questions.json"
    content = json.loads(path.read_text())
    content["questions"][0]["answer"] = "yes" if content["questions"][0]["answer"] != "yes" else "no"
    path.write_text(json.dumps(content))


def spoil_picture(root: Path) -> None:
    path = root / "images/val/CLEVR_val_000001.png"
    path.write_bytes(path.read_bytes() + b"\0")


def touch(root: Path) -> None:
    (root / "questions/CLEVR_val_questions.json").touch()


@pytest.mark.parametrize(("spoil", "is_same"), [(touch, True), (spoil_question, False), (spoil_picture, False)])
def test_the_fingerprint_stands_for_what_is_learned_and_watched(source, copied, spoil, is_same):
    assert PIXELS.open_source(copied).fingerprint == source.fingerprint
    spoil(copied)
    assert (PIXELS.open_source(copied).fingerprint == source.fingerprint) is is_same


def test_the_views_of_a_folder_have_fingerprints_of_their_own(source, copied):
    states = TASKS["clevr/states"]
    before = states.open_source(copied).fingerprint
    assert before != source.fingerprint
    path = copied / "scenes/CLEVR_train_scenes.json"
    path.write_text(path.read_text().replace('"rotation": 1', '"rotation": 2'))
    assert states.open_source(copied).fingerprint != before


@pytest.mark.parametrize(
    ("gone", "sentence"),
    [
        ("questions/CLEVR_train_questions.json", r"has questions for val but none for train; training needs train to"),
        ("questions/CLEVR_val_questions.json", r"has questions for train but none for val; training needs train to"),
        ("questions", r"has no questions/CLEVR_<split>_questions\.json; give the folder that holds images and"),
        ("", r"^There is no folder '.*'; give the one that CLEVR_v1\.0\.zip was unpacked to\.$"),
        ("images/train/CLEVR_train_000003.png", r"lacks CLEVR_train_000003\.png, which the questions are about"),
        ("images/val", r"has no images/val; unpack the pictures there\.$"),
    ],
)
@pytest.mark.parametrize("cached", [False, True])
def test_what_is_missing_is_one_sentence(copied, gone, sentence, cached):
    if cached:
        PIXELS.open_source(copied)
    path = copied / gone
    path.unlink() if path.is_file() else shutil.rmtree(path)
    with pytest.raises(RNCoreError, match=sentence) as caught:
        PIXELS.open_source(copied)
    assert "\n" not in str(caught.value)


def test_questions_without_answers_teach_nothing(copied):
    path = copied / "questions/CLEVR_train_questions.json"
    content = json.loads(path.read_text())
    del content["questions"][2]["answer"]
    path.write_text(json.dumps(content))
    with pytest.raises(
        RNCoreError, match=r"^Question 2 of split 'train' has no answer or no program, so it cannot be used"
    ):
        PIXELS.open_source(copied)


def test_tensors_are_what_models_take(source):
    batch = source.take_batch(0, 0, 3, 10)
    (images,) = batch.inputs
    assert (images.dtype, images.shape) == (torch.uint8, (3, 128, 128, 3))
    assert {part.dtype for part in (batch.question, batch.scene_index, batch.answer, batch.type_index)} == {torch.int64}
