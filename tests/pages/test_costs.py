"""What a page works out when it is opened: each thing once, and nothing again when nothing has changed."""

from __future__ import annotations

import gc
import weakref
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import pytest
import streamlit as st
from streamlit import config
from streamlit.byte_util import config_max_cache_data_size_to_bytes
from streamlit.runtime.caching.global_cache_budget import get_global_cache_budget
from streamlit.testing.v1 import AppTest

import rn_core.answering
from pages._lab import heap
from pages._lab.explore.state import sampled_scene
from pages._lab.heap import freeze_heap
from pages._ui import cache
from rn_core.answering import Answerer
from rn_core.tasks.sort_of_clevr import scene as sort_of_clevr

pytestmark = pytest.mark.weights

ROOT = Path(__file__).resolve().parents[2]
#: A bound in bytes that a few readings reach.
SMALL = 2_000_000
#: Page and link -> networks that are asked (each question is one forward pass of one of them), pairs shared out: by the
#: method shown and by the one that it is checked against, and scenes of Sort-of-CLEVR that are sampled.
FIRST_VIEWS = {
    ("explore", "seed=31"): {"forward": 2, "shared out": 2, "sampled": 1},
    ("babi", "seed=31"): {"forward": 2, "shared out": 2, "sampled": 0},
    ("physics", "seed=31"): {"forward": 4, "shared out": 2, "sampled": 0},
    ("physics", "seed=31&ask=count"): {"forward": 4, "shared out": 2, "sampled": 0},
}


@pytest.fixture
def heap_as_it_is() -> None:
    """Let models that load walk over the heap, as they do in the app."""


@pytest.fixture
def calls(monkeypatch) -> Counter:
    """Return how often each costly thing has been done since the caches were empty."""
    found: Counter = Counter()
    st.cache_data.clear()
    sampled_scene.cache_clear()

    def count(owner: object, name: str, key: str) -> None:
        function = getattr(owner, name)

        def counted(*args, **options):
            found[key] += 1
            return function(*args, **options)

        monkeypatch.setattr(owner, name, counted)

    count(Answerer, "_encode", "forward")
    count(rn_core.answering, "attribute_pairs", "shared out")
    count(cache, "attribute_pairs", "shared out")
    count(sort_of_clevr, "sample_scenes", "sampled")
    return found


@pytest.mark.parametrize(("page", "link"), FIRST_VIEWS)
def test_a_first_view_works_each_thing_out_once_and_the_next_run_nothing(calls, page, link):
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    app.query_params.update(dict(part.split("=") for part in link.split("&") if part))
    app.switch_page(f"pages/{page}.py").run()
    assert not app.exception
    assert {key: calls[key] for key in ("forward", "shared out", "sampled")} == FIRST_VIEWS[page, link]
    calls.clear()
    app.run()
    assert not calls


def test_modules_and_models_are_not_looked_through_after_every_run():
    freeze_heap()
    assert gc.get_freeze_count() > 100_000
    # What a collection walks is what has come since, however much PyTorch and Plotly hold.
    assert len(gc.get_objects()) < gc.get_freeze_count() / 100
    cache.shipped_answerer.clear()
    before = gc.get_freeze_count()
    cache.shipped_answerer("rn-objects")
    assert gc.get_freeze_count() != before


class Ring:
    """What refers to itself, so that only a collection frees it."""


def test_garbage_is_freed_and_pages_go_back_to_the_system(monkeypatch):
    trimmed = []
    monkeypatch.setattr(heap.ctypes, "CDLL", lambda _: SimpleNamespace(malloc_trim=trimmed.append))
    ring = Ring()
    ring.itself, gone = ring, weakref.ref(ring)
    del ring
    heap.tidy_heap()
    assert gone() is None
    assert trimmed == [0]


def test_a_c_library_that_gives_nothing_back_is_left_alone(monkeypatch):
    monkeypatch.setattr(heap.ctypes, "CDLL", lambda _: SimpleNamespace())
    heap.tidy_heap()


def test_tidying_starts_once_per_server(monkeypatch):
    started = []

    def launch(target, **_):
        return SimpleNamespace(start=lambda: started.append(target))

    monkeypatch.setattr(heap.threading, "Thread", launch)
    heap._start_tidying.cache_clear()
    freeze_heap()
    freeze_heap()
    assert started == [heap._keep_tidy]
    heap._start_tidying.cache_clear()


def test_caches_stay_below_their_bound_in_bytes():
    bound = config_max_cache_data_size_to_bytes(config.get_option("server.maxCacheDataSize"))
    assert bound is not None and bound <= 100 * 2**20
    budget = get_global_cache_budget()
    st.cache_data.clear()
    budget.reconfigure(SMALL)
    try:
        scenes = [sampled_scene(seed).to_json() for seed in range(8)]
        sizes = []
        for scene in scenes:
            cache.cached_reading("rn-pixels", scene, 0)
            sizes.append(budget.total_bytes)
        # Each reading of 625 pairs takes 0.6 MB: the bound is reached, and never passed.
        assert SMALL // 2 < max(sizes) <= SMALL
    finally:
        budget.reconfigure(None)
