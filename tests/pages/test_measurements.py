"""What lessons measure comes with the app, as long as the weights are those it was measured on."""

from __future__ import annotations

import pytest

from pages._lab import measurements
from pages._lab.lessons.file import FOLDER, read_folder
from pages._lab.measurements import MEASURES, find_bundled, list_keys, names_needed
from pages._ui.lessons import measured
from rn_core.answering import load

KEYS = list(dict.fromkeys(list_keys(read_folder(FOLDER).lessons)))


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key[0])
def test_everything_that_a_shipped_lesson_measures_comes_with_the_app(key):
    kind, model, *about = key
    assert find_bundled(kind, model, tuple(about)) is not None


def test_every_kind_is_shown_by_a_lesson():
    assert {key[0] for key in KEYS} == set(MEASURES)


@pytest.mark.weights
@pytest.mark.parametrize("kind", ["redeal", "floors"])
def test_it_is_what_measuring_gives(kind):
    kind, model, *about = next(key for key in KEYS if key[0] == kind)
    models = {name: load(f"sort-of-clevr/{name}", "cpu") for name in names_needed(kind, model)}
    assert MEASURES[kind](models, model, iter, *about) == find_bundled(kind, model, tuple(about))


def test_other_weights_are_measured(monkeypatch):
    kind, model, *about = KEYS[0]
    hashes = dict.fromkeys(names_needed(kind, model), "0" * 64)
    monkeypatch.setattr(measurements, "_hashes", lambda *_: hashes)
    assert find_bundled(kind, model, tuple(about)) is None


def test_what_comes_with_the_app_waits_in_no_line(monkeypatch):
    monkeypatch.setattr(measured, "wait_for", lambda *_: pytest.fail("it waits in the line of measurements"))
    kind, model, *about = KEYS[0]
    assert measured.find_measurement(kind, model, "Measuring…", *about) is not None


def test_own_models_are_measured():
    assert find_bundled("diagonal", "own-0123", ()) is None
