"""Object rows and answers of CLEVR."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from rn_core.common.errors import SceneError
from rn_core.common.seeding import make_rng
from rn_core.tasks.clevr import ClevrScene, sample_scenes
from rn_core.tasks.clevr.encoding import ANSWERS, D_ROW, ROW_COLUMNS, encode_scenes
from tests.tasks.clevr.conftest import read_list


def test_rows_are_what_the_table_of_columns_says(real_scenes):
    rows, mask = encode_scenes(real_scenes)
    assert rows.dtype == torch.float32
    assert mask.dtype == torch.bool
    for scene, table, here in zip(real_scenes, rows.numpy(), mask.numpy(), strict=True):
        assert here.tolist() == [True] * scene.n_objects + [False] * (10 - scene.n_objects)
        assert (table[scene.n_objects :] == 0).all()
        for index in range(scene.n_objects):
            x, y, z = scene.coords[index]
            expected = [x / 3, y / 3, z / 0.7]
            for _, meaning, _ in ROW_COLUMNS[3:]:
                attribute, value = meaning.replace("color", "color").split(" is ")
                expected.append(float(scene.words[attribute][index] == value))
            np.testing.assert_allclose(table[index], expected, rtol=0, atol=1e-6)


def test_the_table_of_columns_is_complete_and_its_ranges_hold():
    assert [index for index, *_ in ROW_COLUMNS] == list(range(D_ROW)) == list(range(18))
    rows, mask = encode_scenes(sample_scenes(make_rng(0, "test"), 300))
    table = rows[mask]
    assert table[:, :2].abs().max() <= 1
    assert table[:, 2].unique().tolist() == [0.5, 1.0]
    assert set(table[:, 3:].unique().tolist()) == {0.0, 1.0}
    assert (table[:, 3:].sum(dim=1) == 4).all()


def test_padding_goes_up_to_the_largest_scene_only():
    by_size = {scene.n_objects: scene for scene in sample_scenes(make_rng(1, "test"), 200)}
    rows, mask = encode_scenes([by_size[3], by_size[5]])
    assert rows.shape == (2, 5, D_ROW)
    assert mask.sum(dim=1).tolist() == [3, 5]
    assert encode_scenes([by_size[3]])[0].shape == (1, 3, D_ROW)
    torch.testing.assert_close(encode_scenes([by_size[3]])[0][0], rows[0, :3], rtol=0, atol=0)


def test_no_scene_is_one_sentence():
    with pytest.raises(SceneError, match=r"^Object rows need at least one scene, got 0; add one\.$"):
        encode_scenes([])


def test_objects_in_another_order_are_the_same_rows_in_that_order(train_records):
    record = {"objects": train_records[0]["objects"]}
    turned = {"objects": record["objects"][::-1]}
    one, other = (encode_scenes([ClevrScene.from_json(part)])[0][0] for part in (record, turned))
    torch.testing.assert_close(one.flip(0), other, rtol=0, atol=0)


def test_answers_are_the_28_of_clevr(shared_data):
    assert len(set(ANSWERS)) == len(ANSWERS) == 28
    asked = read_list(shared_data / "clevr-oracle/questions_synthetic0-299.json", "questions")
    asked += read_list(shared_data / "clevr/questions/official_train_questions_images0-3.json", "questions")
    seen = {question.get("answer_text", question["answer"]) for question in asked}
    assert seen <= set(ANSWERS)
    assert set(ANSWERS) - seen <= {"8", "9", "10"}  # so many things of a kind are almost never asked for
