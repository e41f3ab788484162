"""What a page works out when it is opened: each thing once, and nothing again when nothing has changed."""

from __future__ import annotations

import functools
import gc
import sys
import weakref
from collections import Counter
from collections.abc import Callable
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
from pages._lab.babi import stories
from pages._lab.clevr import things
from pages._lab.domains.base import Seen
from pages._lab.heap import freeze_heap
from pages._lab.physics import scenes as balls
from pages._lab.sort_of_clevr.state import sampled_scene
from pages._ui import cache
from rn_core.answering import Answerer
from rn_core.tasks import TASKS
from rn_core.tasks.babi import encoding
from rn_core.tasks.clevr import grammar
from rn_core.tasks.physics import task as physics_task
from rn_core.tasks.sort_of_clevr import phrasebook
from rn_core.tasks.sort_of_clevr import scene as shapes
from rn_core.tasks.sort_of_clevr.language import ALL_TEXTS

pytestmark = pytest.mark.weights

ROOT = Path(__file__).resolve().parents[2]
#: A bound in bytes that a few readings reach.
SMALL = 2_000_000
#: What samples the scenes of each domain.
SAMPLERS = (
    (shapes, "sample_scenes"),
    (things, "sample_only_scene"),
    (stories, "sample_story"),
    (balls, "sample_scenes"),
)
#: Page and link -> networks that are asked, each by one forward pass; pairs shared out, by the method shown and by the
#: one that it is checked against; scenes that are sampled, of bAbI's task the 40 stories whose questions are suggested,
#: the shown one among them; questions that are parsed.
FIRST_VIEWS = {
    ("explore", "seed=31"): {"forward": 2, "shared out": 2, "sampled": 1, "parsed": 1},
    ("clevr", "seed=31&show=plan"): {"forward": 3, "shared out": 2, "sampled": 1, "parsed": 1},
    ("babi", "seed=31"): {"forward": 3, "shared out": 2, "sampled": 40, "parsed": 1},
    ("physics", "seed=31"): {"forward": 3, "shared out": 2, "sampled": 1, "parsed": 1},
    ("physics", "seed=31&ask=count"): {"forward": 6, "shared out": 2, "sampled": 1, "parsed": 0},
    ("how_it_works", "seed=31"): {"forward": 2, "shared out": 1, "sampled": 1, "parsed": 1},
    # The list of lessons asks nothing, a lesson what its view shows; what is sampled and parsed on both are the links
    # of all lessons, read once per server.
    ("lessons", ""): {"forward": 0, "shared out": 0},
    ("lessons", "lesson=the-pair-matrix"): {"forward": 2, "shared out": 2},
    ("train", ""): {"forward": 0, "shared out": 0, "sampled": 0, "parsed": 0},
    ("results", ""): {"forward": 0, "shared out": 0, "sampled": 0, "parsed": 0},
    ("results", "section=measure"): {"forward": 0, "shared out": 0, "sampled": 0, "parsed": 0},
    ("own", ""): {"forward": 0, "shared out": 0, "sampled": 0, "parsed": 0},
}


def forget() -> None:
    """Empty all caches: those of the pages, and those of functions of a seed or of a text."""
    st.cache_data.clear()
    cache.keep_view.clear()
    for module in [module for name, module in sys.modules.items() if name.startswith(("pages._lab", "rn_core.tasks"))]:
        for function in vars(module).values():
            if isinstance(function, functools._lru_cache_wrapper) and function.cache_parameters()["maxsize"]:
                function.cache_clear()


@pytest.fixture
def heap_as_it_is() -> None:
    """Let models that load walk over the heap, as they do in the app."""


@pytest.fixture
def calls(monkeypatch) -> Counter:
    """Return how often each costly thing has been done since the caches were empty."""
    found: Counter = Counter()
    TASKS["sort-of-clevr/objects"].question_index("Is the red object on the left?")  # the phrases are read once
    forget()

    def count(owner: object, name: str, key: str, counts: Callable[..., bool] = lambda *_: True) -> None:
        function = getattr(owner, name)

        def counted(*args, **options):
            found[key] += counts(*args)
            return function(*args, **options)

        monkeypatch.setattr(owner, name, counted)

    count(Answerer, "_encode", "forward")
    count(rn_core.answering, "attribute_pairs", "shared out")
    count(cache, "attribute_pairs", "shared out")
    for module, name in SAMPLERS:
        count(module, name, "sampled")
    count(phrasebook, "split_words", "parsed")
    count(grammar, "_Reader", "parsed")
    count(encoding, "tokenize", "parsed", lambda text: text.endswith("?"))
    fullmatch = physics_task._CONNECTION.fullmatch
    monkeypatch.setattr(physics_task, "_CONNECTION", SimpleNamespace(fullmatch=fullmatch))
    count(physics_task._CONNECTION, "fullmatch", "parsed", bool)
    return found


@pytest.mark.parametrize(("page", "link"), FIRST_VIEWS)
def test_a_first_view_works_each_thing_out_once_and_the_next_run_nothing(calls, page, link):
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    app.query_params.update(dict(part.split("=") for part in link.split("&") if part))
    app.switch_page(f"pages/{page}.py").run()
    assert not app.exception
    assert {key: calls[key] for key in FIRST_VIEWS[page, link]} == FIRST_VIEWS[page, link]
    calls.clear()
    app.run()
    assert not +calls


def test_modules_and_models_are_not_looked_through_after_every_run():
    freeze_heap()
    assert gc.get_freeze_count() > 100_000
    # What a collection walks is what has come since, however much PyTorch and Plotly hold.
    assert len(gc.get_objects()) < gc.get_freeze_count() / 100
    cache.shared_answerer.clear()
    before = gc.get_freeze_count()
    cache.shared_answerer("sort-of-clevr/rn-objects")
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
        scenes = [sampled_scene(seed) for seed in range(8)]
        sizes = []
        for scene in scenes:
            cache.find_relations("sort-of-clevr/rn-pixels", ALL_TEXTS[0], Seen(scene, scene.to_json()))
            sizes.append(budget.total_bytes)
        # Each reading of 625 pairs takes 0.6 MB: the bound is reached, and never passed.
        assert SMALL // 2 < max(sizes) <= SMALL
    finally:
        budget.reconfigure(None)
