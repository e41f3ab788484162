"""The measure of likeness: right answers of the public networks, pictures and questions that belong together."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from PIL import Image

from benchmarks import clevr_pictures, clevr_rendering
from rn_core.common.seeding import make_rng
from rn_core.tasks.clevr import ClevrScene, sample_scenes
from rn_core.tasks.clevr.program import GROUPS
from rn_core.weights.public import PUBLIC, import_file
from tests.tasks.clevr.conftest import read_list

pytestmark = pytest.mark.weights

SCENES = sample_scenes(make_rng(0, "test"), 3)


@pytest.fixture
def weights(shared_data, tmp_path):
    """A folder with the public weights."""
    for name, public in PUBLIC.items():
        import_file(name, shared_data / "clevr-public-weights" / public.file, tmp_path)
    return tmp_path


def test_the_table_has_what_the_networks_get_right_on_real_pictures(weights, shared_data, monkeypatch, capsys):
    data = shared_data / "clevr"
    records = read_list(data / "scenes/CLEVR_val_scenes_first10.json", "scenes")
    scenes = [ClevrScene.from_json(record) for record in records]
    images = [np.asarray(Image.open(data / "images" / r["image_filename"]).convert("RGB")) for r in records]
    monkeypatch.setattr(clevr_pictures, "draw_picture", lambda recipe, index: (scenes[index], images[index]))
    clevr_pictures.main(["--scenes", "10", "--seed", "4", "--weights", str(weights)])
    lines = capsys.readouterr().out.splitlines()
    heads = [line.split("|")[1].strip() for line in lines if line.startswith("|")]
    assert heads == ["questions", "---", "all", *(group.replace("_", " ") for group in GROUPS), "query material"]
    cells = lines[2].split("|")[2:4]
    assert all(cell.endswith("n 100 ") for cell in cells)
    assert min(float(cell.split()[0]) for cell in cells) >= 85  # 93 and 94 % on 1,332 questions
    assert "10 scenes of the test split, seed 4" in lines[-2]
    assert "s of processor time per picture (median, 2 samples) on " in lines[-1]


def test_pictures_and_questions_stay_together(monkeypatch):
    monkeypatch.setattr(clevr_pictures, "draw_picture", _draw_numbered)
    pictures, asked, seconds = clevr_pictures.draw_pictures(clevr_pictures.PictureRecipe("test"), 3)
    batches = clevr_pictures.make_batches(pictures, asked)
    assert seconds >= 0
    for index, batch in enumerate(batches):
        assert (batch.inputs[0] == index).all()
        assert len(batch.answer) == len(asked[index]) == 10
        assert (batch.scene_index == 0).all()


def test_core_hours_are_those_of_the_mean_processor_time_per_picture(monkeypatch, capsys):
    clock, rendered = itertools.count(), []
    monkeypatch.setattr(clevr_rendering, "use_threads", lambda count: rendered.append(count))
    monkeypatch.setattr(clevr_rendering, "make_file", lambda recipe, index: rendered.append((str(recipe.size), index)))
    monkeypatch.setattr(clevr_rendering.time, "process_time", lambda: 0.18 * next(clock))
    clevr_rendering.main(["--pictures", "2"])
    lines = capsys.readouterr().out.splitlines()
    assert lines[2:4] == ["| 480x320 | 2 | 0.18 | 0.18 to 0.18 | 3.5 |", "| 240x160 | 1 | 0.18 | 0.18 to 0.18 | 3.5 |"]
    assert rendered == [1, *((size, index) for size in ("480x320", "240x160") for index in (0, 0, 1))]


def _draw_numbered(recipe, index):
    """Return a scene and a picture that is its number all over."""
    return SCENES[index], np.full((320, 480, 3), index, dtype=np.uint8)
