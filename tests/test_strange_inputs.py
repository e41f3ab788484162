"""Warnings of strange input: pictures unlike those learned from, and numbers of objects outside training."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
from scipy import ndimage

import rn_core
from benchmarks.other_pictures import PUBLIC, Colors, draw_picture
from benchmarks.strange_inputs import Draw, Photographs, draw_crowd, draw_gradient, list_photographs, measure
from rn_core.answering import Answerer
from rn_core.common.errors import RNCoreError, WeightsError
from rn_core.common.seeding import make_rng
from rn_core.evaluation.profiling import PictureSource, measure_profile
from rn_core.evaluation.strange_inputs import describe_count, find_strange
from rn_core.experiments.plain import sample_plain_scene
from rn_core.models import build_model
from rn_core.tasks import TASKS
from rn_core.tasks.base import ObjectsCounted
from rn_core.tasks.physics.bundled import load_bundled_scenes
from rn_core.tasks.physics.encoding import encode_rows
from rn_core.tasks.registry import model_config
from rn_core.tasks.sort_of_clevr import sample_scenes
from rn_core.tasks.sort_of_clevr.patches import count_patches, label_patches
from rn_core.tasks.sort_of_clevr.rendering import PALETTE, render_scenes
from rn_core.tasks.sort_of_clevr.styles import sample_scattered, sample_styled
from rn_core.training.profiling import knows_styles
from rn_core.training.recipes import make_recipe
from rn_core.weights.profiles import load_profile, save_profile
from rn_core.weights.store import describe_loose, list_weights
from tests.cards import make_card

PIXELS = "sort-of-clevr/pixels"
IMAGE_WEIGHTS = tuple(name for name, entry in list_weights().items() if entry.card.task == PIXELS)
LEFT = "Is the red object on the left?"


@pytest.fixture(scope="module")
def tiny() -> Answerer:
    """A network of pictures that was never trained, with the profile of its pictures."""
    model = build_model(model_config(PIXELS, "rn", "tiny"), 0).eval().requires_grad_(False)
    profile = measure_profile(PictureSource(TASKS[PIXELS], model), seed=0, n_pictures=200)
    return Answerer("sort-of-clevr/tiny", make_card(task=PIXELS), model, TASKS[PIXELS], None, profile)


def test_a_gradient_is_named_in_the_answer_and_an_ordinary_picture_is_not(tiny):
    scene = sample_scenes(make_rng(1, "test"), 1)
    strange = draw_gradient(make_rng(0, "test"))
    plain, warned = tiny.answer_many([render_scenes(scene)[0], strange], [LEFT, LEFT])
    assert plain.warnings == ()
    (sentence,) = warned.warnings
    assert sentence.startswith("This picture is unlike those that sort-of-clevr/tiny learned from (distance ")
    assert tiny.read(strange, LEFT, torch.zeros(10)).warnings == (sentence,)
    assert replace(tiny, profile=None).answer(strange, LEFT).warnings == ()


def test_a_profile_is_the_same_again_and_of_its_weights_alone(tiny, tmp_path):
    source = PictureSource(tiny.task, tiny.model)
    again = measure_profile(source, seed=0, n_pictures=200)
    card = make_card(sha256="ab" * 32)
    path = save_profile("sort-of-clevr/tiny", card, again, tmp_path)
    read = load_profile("sort-of-clevr/tiny", card, tmp_path)
    for name, value in vars(tiny.profile).items():
        torch.testing.assert_close(getattr(read, name), value)
    assert load_profile("sort-of-clevr/tiny", make_card(sha256="cd" * 32), tmp_path) is None
    assert load_profile("sort-of-clevr/other", card, tmp_path) is None
    assert describe_loose(tmp_path) == {}
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(WeightsError):
        load_profile("sort-of-clevr/tiny", card, tmp_path)


def test_networks_without_pictures_have_no_profile():
    model = build_model(model_config("sort-of-clevr/objects", "rn"), 0)
    with pytest.raises(RNCoreError, match="takes none"):
        measure_profile(PictureSource(TASKS["sort-of-clevr/objects"], model), seed=0)
    with pytest.raises(RNCoreError, match="2 or more pictures"):
        measure_profile(PictureSource(TASKS[PIXELS], build_model(model_config(PIXELS, "rn", "tiny"), 0)), 0, 1)


def counted_tasks() -> Iterator[ObjectsCounted]:
    """The tasks whose scenes take no rendering."""
    yield from (
        task
        for task in TASKS.values()
        if isinstance(task, ObjectsCounted) and task.name not in ("clevr/pixels", "clevr/slots", "clevr/cells")
    )


@pytest.mark.parametrize("task", [*counted_tasks()], ids=lambda task: task.name)
def test_a_scene_as_in_training_has_an_ordinary_number_of_objects(task):
    if task.name.startswith("physics/"):
        scene = load_bundled_scenes().frames(0, 16).scene(0)
    else:
        scene, _ = task.sample_shown(make_rng(3, "explore"))
    n_objects = task.count_objects(scene)
    assert describe_count(task, n_objects, found=False) == ""
    lowest, highest = task.trained_counts
    for outside in (lowest - 1, highest + 1):
        sentence = describe_count(task, outside, found=False)
        assert sentence.startswith(f"The scene has {outside} ") and task.objects_name[:4] in sentence


def test_objects_that_are_taken_away_are_counted():
    objects, balls = TASKS["sort-of-clevr/objects"], TASKS["physics/connections"]
    scene = sample_scenes(make_rng(1, "test"), 1).scene(0)
    model = build_model(model_config("sort-of-clevr/objects", "rn"), 0)
    (sentence,) = find_strange("mine", model, objects, None, scene.remove("red"))
    assert sentence.startswith("The scene has 5 objects, and training scenes have 6, so the answer may be wrong")
    rows = encode_rows(load_bundled_scenes().frames(0, 16)[:1])[0][0]
    assert balls.count_objects(rows[:1]) == 1
    assert describe_count(balls, 1, found=False).startswith("The scene has 1 ball, and training scenes have 10,")
    assert describe_count(objects, 12, found=True).startswith("The network found 12 objects in the picture, ")


def test_cells_are_no_objects_to_be_counted():
    model = build_model(make_recipe("clevr/rn-pixels").model, 0).eval().requires_grad_(False)
    model.encoder.head.bias[0] = 9.0  # a center everywhere
    picture = np.full((160, 240, 3), 128, dtype=np.uint8)
    task = TASKS["clevr/cells"]
    assert model.encoder(*task.encode_scenes([picture]))[1].sum() > task.trained_counts[1]
    assert find_strange("clevr/rn-pixels", model, task, None, picture) == ()


def test_too_many_patches_are_told_by_their_number_and_too_few_are_not(tiny):
    rng = make_rng(2, "test")
    for n_objects in (7, 9, 12):
        warned = find_strange("mine", tiny.model, tiny.task, None, draw_crowd(rng, n_objects))
        sentence = f"The picture shows {n_objects} separate patches, and training scenes have 6 objects, so the answer"
        assert [one.startswith(sentence) for one in warned] == [True]
    for n_objects in (1, 3, 6):
        assert find_strange("mine", tiny.model, tiny.task, None, draw_crowd(rng, n_objects)) == ()


def test_patches_are_those_that_scipy_labels():
    rng = np.random.default_rng(0)
    for share in (0.3, 0.5, 0.62, 0.9):
        mask = rng.random((40, 31)) < share
        ours, (theirs, n_theirs) = label_patches(mask), ndimage.label(mask)
        assert ((ours > 0) == mask).all()
        assert len({*zip(ours[mask], theirs[mask], strict=True)}) == n_theirs == len({*ours[mask]})


def test_patches_are_counted_in_pictures_of_many_styles():
    """No picture of six objects seems to have more; hardly any with nine or more of them seems to have six or fewer."""
    rng = make_rng(3, "test")
    ordinary = np.concatenate([sample_styled(rng, 50, 3.0)[1] for _ in range(6)])
    assert max(map(count_patches, ordinary)) <= 6
    crowds = []
    for _ in range(12):
        things, pictures = sample_scattered(rng, 40)
        crowds += [*pictures[things.present.sum(axis=1) >= 9]]
    assert len(crowds) > 40
    assert np.mean([count_patches(picture) > 6 for picture in crowds]) >= 0.95
    assert count_patches(np.full((75, 75, 3), 200, dtype=np.uint8)) == 0


@pytest.mark.weights
@pytest.mark.parametrize("name", IMAGE_WEIGHTS)
def test_shipped_weights_warn_of_strange_pictures_and_not_of_ordinary_ones(name):
    answerer = rn_core.load(name)
    assert answerer.profile is not None, f"run `python -m rn_core weights profile {name}`"
    many = knows_styles(answerer.card, answerer.model)

    def rate(draw: Draw) -> float:
        return measure(answerer, draw, 40, seed=9, branch=0).accuracy

    def redraw(rng: np.random.Generator, colors: Colors, ground: int) -> np.ndarray:
        return draw_picture(sample_plain_scene(rng, 3.0), colors, ground)

    assert rate(lambda rng: render_scenes(sample_scenes(rng, 1))[0]) <= 0.05
    for colors, ground in ((PALETTE, 245), (PALETTE, 0), (PUBLIC, 255)):
        found = rate(partial(redraw, colors=colors, ground=ground))
        assert found <= 0.05 if many else found >= 0.95
    assert rate(draw_gradient) >= 0.95
    assert rate(draw_crowd) >= 0.95
    assert rate(Photographs(list_photographs())) >= 0.95


def test_a_crowd_has_as_many_objects_as_asked_for():
    picture = draw_crowd(make_rng(0, "test"), 4)
    drawn = (picture != 255).any(axis=2).sum()
    assert 4 * 60 < drawn < 4 * 125
    assert np.ptp(draw_gradient(make_rng(1, "test")), axis=(0, 1)).max() > 0
