"""Objects found in CLEVR's pictures: what perfect maps say is the scene, errors are counted, learning begins."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from benchmarks import clevr_perception
from rn_core.common.errors import RNCoreError, SceneError
from rn_core.common.records import LabeledPictures
from rn_core.common.seeding import make_rng
from rn_core.evaluation.perception import match_places, measure_perception
from rn_core.models import ModelConfig, QuestionAnsweringModel, build_model
from rn_core.models.jitter import jitter_images
from rn_core.models.questions import QuestionEncoderConfig
from rn_core.models.relation_network import RelationNetworkConfig
from rn_core.models.slots import STRIDE, SlotEncoderConfig, SlotMaps
from rn_core.models.windows import WindowConfig, WindowReader
from rn_core.pretraining.cells import PretextConfig, PretrainingSteps, rate_share
from rn_core.pretraining.slots import learn_objects, take_relations
from rn_core.pretraining.windows import _look_beside, window_loss
from rn_core.tasks import TASKS
from rn_core.tasks.clevr import ClevrScene, sample_scenes
from rn_core.tasks.clevr.encoding import BIT_ORDER, D_ROW, N_VALUES, encode_scenes
from rn_core.tasks.clevr.labels import label_scenes, read_labeled
from rn_core.tasks.registry import model_config
from rn_core.training import trainer as trainer_module
from rn_core.training.config import TrainConfig
from rn_core.training.processes import make_fabric
from rn_core.training.trainer import Trainer
from tests.painted_clevr import paint_folder

SLOTS = TASKS["clevr/slots"]
SHAPE = (160, 240)
SCENES = sample_scenes(make_rng(3, "test"), 6)
#: A hundredth of what ships.
TINY = ModelConfig(
    SlotEncoderConfig((6, 8), 160, 10, N_VALUES, image_width=240, stages=(12,), n_coordinates=3, soft=True),
    RelationNetworkConfig(D_ROW + 2, 12, 28, (16, 16), (32,)),
    QuestionEncoderConfig(82, 8, 12, reversed=True),
)


def label(scenes: list[ClevrScene]) -> LabeledPictures:
    """Return blank pictures with what is known of the scenes."""
    labels = label_scenes(scenes, [(480, 320)] * len(scenes), SHAPE)
    return labels.take(np.arange(len(scenes)), torch.zeros(len(scenes), *SHAPE, 3, dtype=torch.uint8))


def perfect_maps(scenes: list[ClevrScene], sureness: float = 60.0) -> SlotMaps:
    """Return maps that say what is true, made from the scenes alone."""
    n_scenes, height, width = len(scenes), SHAPE[0] // STRIDE, SHAPE[1] // STRIDE
    centers = torch.full((n_scenes, height, width), -sureness)
    attributes = torch.zeros(n_scenes, sum(N_VALUES), height, width)
    offsets, coordinates = torch.zeros(n_scenes, 2, height, width), torch.zeros(n_scenes, 3, height, width)
    for k, scene in enumerate(scenes):
        for i, (column, row, _) in enumerate(scene.pixel_coords.tolist()):
            x, y = (column / 2 - 0.5) / STRIDE, (row / 2 - 0.5) / STRIDE
            cell = (k, round(y), round(x))
            centers[cell] = sureness
            first = 0
            for name, n_values in zip(BIT_ORDER, N_VALUES, strict=True):
                attributes[k, first + scene.attributes[name][i], cell[1], cell[2]] = sureness
                first += n_values
            offsets[k, :, cell[1], cell[2]] = torch.tensor([x - cell[2], y - cell[1]])
            coordinates[k, :, cell[1], cell[2]] = torch.from_numpy(scene.coords[i] / (3, 3, 0.7)).float()
    return SlotMaps(centers, attributes, offsets, coordinates)


@pytest.fixture
def model(monkeypatch) -> QuestionAnsweringModel:
    """The model that ships, with a convolution that sees everything, and no closer look."""
    config = model_config("clevr/slots", "rn")
    model = build_model(replace(config, encoder=replace(config.encoder, windows=None)), 0)
    monkeypatch.setattr(model.encoder, "find_maps", lambda images: perfect_maps(SCENES[: len(images)]))
    return model.eval()


def test_perfect_maps_give_back_the_rows_of_the_scenes(model):
    objects, mask = model.encoder(torch.zeros(len(SCENES), *SHAPE, 3, dtype=torch.uint8))
    rows, present = encode_scenes(SCENES)
    assert mask.sum(dim=1).tolist() == [scene.n_objects for scene in SCENES]
    for k, scene in enumerate(SCENES):
        seen = sorted(objects[k, mask[k], :D_ROW].tolist())
        np.testing.assert_allclose(seen, sorted(rows[k, present[k]].tolist()), atol=1e-5)
        places = model.encoder.locate(objects[k, mask[k]]) + 0.5
        np.testing.assert_allclose(sorted(places.tolist()), sorted((scene.pixel_coords[:, :2] / 2).tolist()), atol=1e-4)


def test_relations_of_rows_answer_the_same_about_what_is_found(model):
    learned = build_model(model_config("clevr/states", "rn"), 1).eval()
    take_relations(model.core, learned.core)
    model.question_encoder.load_state_dict(learned.question_encoder.state_dict())
    question = SLOTS.encode_questions(["How many red things are there?", "Is the big cube made of metal?"])
    asked = torch.tensor([0, 4])
    images = (torch.zeros(len(SCENES), *SHAPE, 3, dtype=torch.uint8),)
    with torch.inference_mode():
        torch.testing.assert_close(
            model(images, question, asked), learned(encode_scenes(SCENES), question, asked), atol=1e-4, rtol=1e-4
        )


def test_relations_of_other_sizes_are_refused(model):
    narrow = build_model(ModelConfig(TINY.encoder, TINY.core, TINY.question), 0).core
    with pytest.raises(RNCoreError, match="The core must have the sizes of"):
        take_relations(model.core, narrow)


def test_each_error_is_counted_once(model):
    pictures = label(SCENES[:3])
    clean = measure_perception(model.encoder, [pictures], BIT_ORDER, unit=3.0)
    n_objects = sum(scene.n_objects for scene in SCENES[:3])
    assert all(share.accuracy == 0 for share in clean.shares.values())
    assert (clean.shares["missed"].n, clean.shares["color"].n, clean.n_pictures) == (n_objects, n_objects, 3)
    assert clean.distances["space"].mean == pytest.approx(0, abs=1e-5)
    # One object of the first picture is not known, another has another color; one place in the second is 3 units off.
    pictures.mask[0, SCENES[0].n_objects - 1] = False
    pictures.values[0, 0, 0] = (pictures.values[0, 0, 0] + 1) % 8
    pictures.coordinates[1, 0, 0] += 1
    found = measure_perception(model.encoder, [pictures], BIT_ORDER, unit=3.0)
    wrong = {name: round(share.accuracy * share.n) for name, share in found.shares.items()}
    assert wrong == {
        "missed": 0, "extra": 1, "color": 1, "shape": 0, "material": 0, "size": 0, "pictures with an error": 1
    }  # fmt: skip
    assert found.distances["space"].mean == pytest.approx(3 / SCENES[1].n_objects / 3)
    pictures.places[2, 0] += 50
    moved = measure_perception(model.encoder, [pictures], BIT_ORDER)
    assert round(moved.shares["missed"].accuracy * moved.shares["missed"].n) == 1


def test_places_are_matched_nearest_first_and_once():
    true, found = torch.tensor([[0.0, 0.0], [10.0, 0.0]]), torch.tensor([[6.0, 0.0], [11.0, 0.0], [90.0, 9.0]])
    assert match_places(true, found, 8).tolist() == [[1, 1], [0, 0]]
    assert match_places(true, found, 5).tolist() == [[1, 1]]
    assert match_places(true, found[:0], 5).shape == (0, 2)


def test_labels_do_not_depend_on_the_size_of_the_picture():
    small = [ClevrScene.from_json(scene.to_dict()) for scene in SCENES]
    halved = [
        ClevrScene(s.sizes, s.colors, s.materials, s.shapes, s.coords, s.rotation, s.pixel_coords * [0.5, 0.5, 1])
        for s in small
    ]
    labels = label_scenes(halved, [(240, 160)] * len(SCENES), SHAPE)
    torch.testing.assert_close(labels.places, label(SCENES).places)
    with pytest.raises(SceneError, match='Scene 0 has no "pixel_coords"'):
        label_scenes([ClevrScene(s.sizes, s.colors, s.materials, s.shapes, s.coords) for s in small], [(1, 1)], SHAPE)


def paint_large(root: Path, n_train: int, n_validation: int) -> Path:
    """Write a painted folder whose pictures are as large as its pixel coordinates say, and return it."""
    for path in (paint_folder(root, n_train, n_validation) / "images").rglob("*.png"):
        with Image.open(path) as image:
            image.resize((480, 320)).save(path)
    return root


class Eight:
    """Eight painted pictures, all that there is."""

    def __init__(self, root: Path) -> None:
        self.pictures = next(read_labeled(paint_large(root, 8, 1), "train", SHAPE))

    def sample_labeled(self, rng: np.random.Generator, n_scenes: int) -> LabeledPictures:
        """Return all of them."""
        return self.pictures


def test_the_loss_of_eight_pictures_goes_down(tmp_path):
    eight = Eight(tmp_path)
    first = learn_objects(build_model(TINY, 0), eight, PretextConfig(1))
    last = learn_objects(build_model(TINY, 0), eight, PretextConfig(25, learning_rate=0.03, jitter=True))
    assert last < 0.6 * first


def test_a_run_learns_to_see_from_a_folder_then_to_answer_and_is_resumed(tmp_path):
    root = paint_large(tmp_path / "data", 4, 2)
    config = TrainConfig(
        "clevr/slots", TINY, steps=2, n_scenes=2, n_questions=2, warm_start=2, validation_scenes=2, precision="32-true"
    )
    trainer = Trainer(config, make_fabric("cpu", "32-true"), tmp_path / "run", SLOTS.open_source(root))
    (metrics,) = trainer.train()
    assert metrics.step == 2
    again = Trainer(config, make_fabric("cpu", "32-true"), tmp_path / "run", SLOTS.open_source(root))
    assert again.run.step == 2
    learned = trainer.run.model.state_dict()
    assert all(torch.equal(value, learned[name]) for name, value in again.run.model.state_dict().items())


def test_the_command_measures_a_run_on_real_pictures(tmp_path, monkeypatch, shared_data, capsys):
    model = build_model(TINY, 0).eval()
    monkeypatch.setattr(clevr_perception, "load_model", lambda name: model)
    real = shared_data / "clevr/real-train-54"
    assert clevr_perception.main(["run", str(real), "--pictures", "2"]) == 0
    table = capsys.readouterr().out
    assert "| errors, % | real-train-54 |" in table and "| material |" in table
    assert clevr_perception.main(["run", str(tmp_path)]) == 1
    assert "Could not read" in capsys.readouterr().out


def test_pictures_are_changed_each_in_its_own_way_and_the_same_for_a_seed():
    images = torch.full((6, 40, 60, 3), 128, dtype=torch.uint8)
    images[:, 10:30, 20:40] = torch.tensor([173, 35, 35], dtype=torch.uint8)
    changed = jitter_images(images, make_rng(0, "train"))
    assert changed.shape == images.shape and changed.dtype == torch.uint8
    assert torch.equal(changed, jitter_images(images, make_rng(0, "train")))
    means = changed.float().mean(dim=(1, 2))
    assert torch.cdist(means, means).fill_diagonal_(9).min() > 0.5
    inside = changed[:, 15:25, 25:35].float().mean(dim=(1, 2))  # red stays red, where it was
    assert (inside[:, 0] > 1.8 * inside[:, 1:].amax(dim=1)).all()


#: As TINY, with a closer look.
LOOKING = replace(TINY, encoder=replace(TINY.encoder, windows=WindowConfig(12, 20, 60, (6, 8))))


def test_windows_learn_to_tell_what_is_in_them(tmp_path):
    pictures, attributes = Eight(tmp_path).pictures, TINY.encoder.attributes
    reader = build_model(LOOKING, 0).encoder.reader
    optimizer, losses = torch.optim.AdamW(reader.parameters(), 0.01), []
    for step in range(60):
        losses.append(window_loss(reader, pictures.images, pictures, attributes, make_rng(0, "train", step)))
        optimizer.zero_grad()
        losses[-1].backward()
        optimizer.step()
    assert losses[-1] < 0.6 * losses[0]


def test_the_loss_of_windows_is_that_of_each_object_and_of_each_place_beside_one(tmp_path):
    pictures, attributes = Eight(tmp_path).pictures, TINY.encoder.attributes
    n_objects, generator = int(pictures.mask.sum()), torch.Generator().manual_seed(0)
    logits = torch.randn(2 * n_objects, 1 + sum(attributes), generator=generator)
    beside = _look_beside(pictures, make_rng(5, "train"))[1]

    class Saying(WindowReader):
        """Says the same of the windows as they come: scene after scene, objects before places beside them."""

        def forward(self, windows):
            assert windows.shape == (n_objects + beside.sum(), 3, 12, 12)
            return logits[: len(windows)]

    reader, expected, row = Saying(LOOKING.encoder.windows, attributes), 0.0, 0
    n_windows = n_objects + int(beside.sum())
    for scene in range(len(pictures.mask)):
        for slot in pictures.mask[scene].nonzero()[:, 0].tolist():
            expected -= math.log(logits[row, 0].double().sigmoid()) / n_windows
            first = 1
            for k, n_values in enumerate(attributes):
                shares = logits[row, first : first + n_values].double().softmax(dim=0)
                expected -= math.log(shares[pictures.values[scene, slot, k]]) / n_objects
                first += n_values
            row += 1
        for _ in range(int(beside[scene].sum())):
            expected -= math.log(1 - logits[row, 0].double().sigmoid()) / n_windows
            row += 1
    found = window_loss(reader, pictures.images, pictures, attributes, make_rng(5, "train"))
    assert found.item() == pytest.approx(expected, rel=1e-5)


def test_places_beside_objects_are_near_one_and_far_from_all(tmp_path):
    pictures = Eight(tmp_path).pictures
    beside, there = _look_beside(pictures, make_rng(3, "train"))
    assert 0.3 * pictures.mask.sum() < there.sum() and not there[~pictures.mask].any()
    for scene, slot in there.nonzero().tolist():
        centers = pictures.places[scene][pictures.mask[scene]]
        distances = (centers - beside[scene, slot]).norm(dim=1)
        assert 7.99 <= distances.min()
        assert (beside[scene, slot] - pictures.places[scene, slot]).norm() <= 32.01


def test_a_run_that_looks_closer_is_resumed_within_that_part(tmp_path):
    root = paint_large(tmp_path / "data", 4, 2)
    config = TrainConfig(
        "clevr/slots", LOOKING, steps=1, n_scenes=2, n_questions=2, warm_start=1, window_steps=3, validation_scenes=2,
        precision="32-true",
    )  # fmt: skip

    def start(folder: Path, progress=iter) -> Trainer:
        fabric = make_fabric("cpu", "32-true")
        return Trainer(config, fabric, folder, SLOTS.open_source(root), progress)

    def stop_after_three(steps):
        for step in steps:
            if step == 3:
                raise KeyboardInterrupt
            yield step

    whole = start(tmp_path / "whole").run.model.state_dict()
    with pytest.MonkeyPatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(trainer_module, "SAVE_EVERY", 0)
        start(tmp_path / "parts", stop_after_three)
    resumed = start(tmp_path / "parts").run.model.state_dict()
    assert all(torch.equal(value, resumed[name]) for name, value in whole.items())
    fresh = build_model(LOOKING, config.seed).state_dict()
    assert not torch.equal(fresh["encoder.reader.head.weight"], whole["encoder.reader.head.weight"])


def test_windows_are_learned_where_there_are_some():
    for model, steps in ((TINY, 5), (LOOKING, -1)):
        with pytest.raises(RNCoreError, match="window_steps must be 0, or 1 or more for encoders with windows"):
            TrainConfig("clevr/slots", model, warm_start=1, window_steps=steps)


def test_each_phase_of_pretraining_has_its_own_schedule():
    weight = torch.nn.Parameter(torch.zeros(1))
    rates = []
    steps = PretrainingSteps([weight], 7, 0.5, lambda step: weight.sum(), phases=(3, 4))
    while steps.step < 7:
        next(steps)
        rates.append(steps.optimizer.param_groups[0]["lr"])
    assert rates == pytest.approx([0.5 * rate_share(k, n) for n in (3, 4) for k in range(n)])
