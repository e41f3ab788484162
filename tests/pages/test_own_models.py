"""A session's own models: what was trained or uploaded is used like what ships, by this session alone."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache, partial
from types import SimpleNamespace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load as load_tensors
from safetensors.torch import save
from streamlit.testing.v1 import AppTest

from pages._lab import models, own_model
from pages._lab.models import MODELS, is_own, parse_model, sees_pixels
from pages._lab.own_model import make_own_model, read_files
from pages._lab.sort_of_clevr.state import FIELDS, SHARED, ExploreState
from pages._ui import own_models
from rn_core.answering import load
from rn_core.common.errors import RNCoreError, UnknownNameError
from rn_core.evaluation.reporting import mean_aggregates
from rn_core.models import build_model
from rn_core.tasks import TASKS
from rn_core.tasks.registry import model_config
from rn_core.weights.bundles import read_bundle, write_bundle
from rn_core.weights.card import CardFacts
from rn_core.weights.store import LoadedWeights, load_weights
from tests.cards import SHARE, make_figures
from tests.pages import opened
from tests.pages.opened import sentences
from tests.shown_markdown import without_meanings

pytestmark = pytest.mark.weights

open_page = partial(opened.open_page, "explore")
UPLOADED = "application/octet-stream"


@cache
def bundle(kind: str = "rn", view: str = "objects", seed: int = 0) -> bytes:
    """Return the file of a model that was never trained."""
    task = f"sort-of-clevr/{view}"
    return write_bundle(f"live {kind}", build_model(model_config(task, kind), seed), CardFacts(task=task))


@cache
def shipped_again() -> bytes:
    """Return the shipped Relation Network as a file that can be uploaded."""
    weights = load_weights("sort-of-clevr/rn-objects")
    return write_bundle(weights.card.name, weights.model, weights.card, weights.mean_aggregate)


def read_header(content: bytes) -> dict[str, str]:
    """Return what a file says beside its tensors."""
    length = int.from_bytes(content[:8], "little")
    return json.loads(content[8 : 8 + length])["__metadata__"]


def loaded(*args: object, **options: object) -> LoadedWeights:
    return read_bundle(bundle(*args, **options), "mine.safetensors")


@pytest.fixture(autouse=True)
def few_scenes(monkeypatch):
    """Make the mean aggregate, which no test here reads closely, from few scenes."""
    monkeypatch.setattr(own_model, "_MEAN_SCENES", {"objects": 5, "pixels": 2})


def upload(app: AppTest, *contents: bytes) -> AppTest:
    """Upload some files at once."""
    files = [(f"file-{number}.safetensors", content, UPLOADED) for number, content in enumerate(contents)]
    (uploader,) = [found for found in app.get("file_uploader") if found.label == "Your own weights"]
    uploader.set_value(files)
    return app.run()


def said(app: AppTest) -> str:
    """Return the page's answers."""
    bodies = (without_meanings(element.proto.body) for element in app.get("html"))
    return next(body for body in bodies if '<div class="rn-scheme rn-answers">' in body)


def model_of(app: AppTest) -> str:
    return app.query_params.get("model") or next(iter(MODELS))


@given(st.sampled_from(["objects", "pixels"]), st.binary(min_size=32, max_size=32))
def test_names_tell_what_a_model_sees_and_go_through_urls(view, digest):
    name = models.own_name(view, digest.hex())
    assert parse_model(name) == name
    assert is_own(name) and is_own(models.baseline_of(name))
    assert sees_pixels(name) == sees_pixels(models.baseline_of(name)) == (view == "pixels")
    assert models.shipped_baseline(models.baseline_of(name)) == f"mlp-{view}"
    state = ExploreState(model=name)
    assert ExploreState.from_query(state.to_query()) == (state, [])


def test_models_whose_hashes_begin_alike_have_names_of_their_own():
    """Two files with 48 bits of their hashes in common take minutes to find, and caches tell models by their names."""
    alike = "0123456789ab"
    assert models.own_name("objects", alike + "0" * 52) != models.own_name("objects", alike + "1" * 52)


def test_older_links_with_fewer_digits_still_find_this_sessions_model(monkeypatch):
    name = models.own_name("objects", "0123456789ab" + "cdef" * 13)
    monkeypatch.setattr(own_models, "own_models", lambda: {name: None})
    state, problems = ExploreState.from_query({"model": "own-objects-0123456789ab"})
    assert own_models.keep_own(state, problems) == (ExploreState(model=name), [])
    state, problems = ExploreState.from_query({"model": "own-objects-0123456789aa"})
    assert "is a model of another session" in own_models.keep_own(state, problems)[1][0]


def test_a_large_models_mean_aggregate_costs_no_more_than_a_small_ones(monkeypatch):
    monkeypatch.setattr(own_model, "_MEAN_SCENES", {"objects": 200})
    for parameters, n_scenes in ((10, 200), (500_000, 200), (2_500_000, 40), (10**9, 2)):
        weights = replace(loaded(), model=SimpleNamespace(count_parameters=lambda parameters=parameters: parameters))
        assert own_model.count_mean_scenes(weights, "objects") == n_scenes
        assert parameters * n_scenes <= 500_000 * 200 or n_scenes == 2


@pytest.mark.parametrize("text", ["own", "own-objects-", "own-rows-0123456789ab", "own-objects-0123456789ABC", "own-x"])
def test_other_names_are_one_sentence(text):
    with pytest.raises(UnknownNameError, match="Use one of: rn-objects, "):
        parse_model(text)


def test_an_own_pixel_model_has_cells_and_an_own_row_model_has_none():
    query = {"view": "cells", "pair": "3-17", "top": "500"}
    state, problems = ExploreState.from_query({"model": "own-pixels-0123456789ab", **query})
    assert (state.view, state.pair, problems) == ("cells", ("3", "17"), [])
    state, problems = ExploreState.from_query({"model": "own-objects-0123456789ab", **query})
    assert state == ExploreState(model="own-objects-0123456789ab")
    assert len(problems) == 3


def test_shared_parameters_say_all_of_the_question_also_at_the_default():
    assert ExploreState().to_shared_query() == {"seed": "0", "q": "closest_shape-red", "model": "rn-objects"}
    edited = ExploreState(seed=3).edit(sample_scene_of(3).remove("gray"))
    query = edited.to_shared_query()
    assert set(query) == set(SHARED) <= {field.key for field in FIELDS}
    assert ExploreState.from_query(query) == (edited, [])


def sample_scene_of(seed: int):
    return ExploreState(seed=seed).scene


def test_the_same_model_has_the_same_name_and_any_other_another():
    names = [
        make_own_model(weights, "a", beside).name
        for weights, beside in [
            (loaded(), None),
            (loaded(seed=1), None),
            (loaded(), loaded("mlp")),
            (loaded(), loaded("mlp", seed=1)),
        ]
    ]
    assert len({*names}) == 4
    assert make_own_model(loaded(), "b").name == names[0]


def test_two_models_of_the_same_tensors_that_add_up_otherwise_have_two_names():
    weights = loaded()
    core = replace(weights.model.config.core, aggregate="mean")
    mean = build_model(replace(weights.model.config, core=core), 0)
    again = read_bundle(write_bundle("x", mean, CardFacts(task=weights.card.task)), "mean.safetensors")
    assert again.card.sha256 == weights.card.sha256
    assert make_own_model(again, "a").name != make_own_model(weights, "a").name


def test_a_missing_mean_aggregate_is_made_and_a_given_one_kept():
    made = make_own_model(loaded(), "a").answerer.mean_aggregates
    task = TASKS["sort-of-clevr/objects"]
    assert torch.equal(made.cpu(), mean_aggregates(loaded().model, task, 0, 5))
    given = replace(loaded(), mean_aggregate=torch.ones(36, 256))
    assert torch.equal(make_own_model(given, "a").answerer.mean_aggregates.cpu(), torch.ones(36, 256))


def test_an_own_model_answers_as_the_file_it_came_from():
    own, whole = make_own_model(read_bundle(shipped_again(), "x"), "a"), load("sort-of-clevr/rn-objects")
    scene = ExploreState(seed=5).scene
    question = "How many other objects have the same shape as the red object?"
    assert own.answerer.answer(scene, question).probabilities == whole.answer(scene, question).probabilities


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ([("mlp", "objects")], "'live mlp' is an MLP and has no pairs"),
        ([("mlp", "objects"), ("mlp", "objects")], "has no pairs"),
        ([("rn", "objects"), ("rn", "objects")], "cannot answer beside"),
        ([("mlp", "pixels"), ("rn", "objects")], "choose an MLP of sort-of-clevr/objects"),
        ([("rn", "objects")] * 3, "got 3 files"),
    ],
)
def test_files_that_do_not_belong_together_are_one_sentence(files, sentence):
    with pytest.raises(RNCoreError, match=sentence):
        read_files([("x.safetensors", bundle(*file)) for file in files], "a")


def test_the_order_of_two_files_does_not_matter():
    files = [("a", bundle()), ("b", bundle("mlp"))]
    one, other = read_files(files, "a"), read_files(files[::-1], "a")
    assert one.name == other.name
    assert one.baseline is not None


@pytest.mark.parametrize("metrics", [None, [], {"groups": 3}, {"groups": {"relational": {"accuracy": "x"}}}])
def test_what_a_card_claims_in_no_figures_is_left_out(metrics):
    content = bundle()
    card = json.loads(read_header(content)["card"])
    claiming = save(load_tensors(content), metadata={"card": json.dumps({**card, "metrics": metrics})})
    assert make_own_model(read_bundle(claiming, "x"), "a").answerer.card.claims == {}


def test_what_a_card_claims_is_told_as_a_claim():
    figures = make_figures(groups={"relational": SHARE, "of its own": SHARE}, n=7)
    content = write_bundle("x", loaded().model, CardFacts(task="sort-of-clevr/objects", metrics=figures))
    card = make_own_model(read_bundle(content, "x"), "a").answerer.card
    assert (card.claims, card.metrics) == ({"relational": SHARE}, None)


def test_an_uploaded_model_is_used_and_named():
    app = upload(open_page(seed="4"), bundle())
    assert sentences(app) == []
    assert is_own(model_of(app))
    assert "my RN · objects" in app.segmented_control(key="explore.model").options
    assert any("**my RN · objects**" in block.value for block in app.markdown)
    shipped = open_page(seed="4")
    assert said(app) != said(shipped)
    assert said(app).partition("MLP, same input")[2] == said(shipped).partition("MLP, same input")[2]
    app.segmented_control(key="explore.model").set_value("rn-objects").run()
    assert said(app) == said(shipped)


def test_an_uploaded_baseline_answers_beside_it():
    alone, both = upload(open_page(), bundle()), upload(open_page(), bundle("mlp"), bundle())
    assert sentences(both) == []
    assert model_of(alone) != model_of(both)
    halves = [said(app).partition("MLP, same input") for app in (alone, both)]
    assert halves[0][0] == halves[1][0]
    assert halves[0][2] != halves[1][2]
    assert any("**my RN · objects: the MLP beside it**" in block.value for block in both.markdown)


@pytest.mark.parametrize("section", ["pairs", "pair", "what-if", "method"])
def test_every_section_works_with_an_own_model(section):
    app = upload(open_page(section=section, baseline="mean", pair="red-blue"), bundle())
    assert sentences(app) == []
    assert is_own(model_of(app))


def test_an_own_pixel_model_works_in_both_views():
    app = upload(open_page(), bundle(view="pixels"))
    assert sentences(app) == []
    app.segmented_control(key="explore.view").set_value("cells").run()
    assert sentences(app) == []


@pytest.mark.parametrize("content", [b"", b"garbage", bundle()[:-9], bundle("mlp")])
def test_a_bad_upload_is_one_sentence_and_the_page_stays(content):
    app = upload(open_page(seed="4"), content)
    assert len(sentences(app)) == 1
    assert said(app) == said(open_page(seed="4"))
    app.selectbox(key="explore.question.color").set_value("blue").run()
    assert sentences(app) == []
    assert sentences(upload(app, bundle())) == []


def test_the_same_file_twice_is_one_model_and_others_are_numbered():
    app = upload(upload(upload(open_page(), bundle()), bundle()), bundle(seed=1))
    labels = app.segmented_control(key="explore.model").options
    assert labels[len(MODELS) :] == ["my RN · objects", "my RN · objects 2"]


def test_a_session_keeps_a_few_models_and_refuses_more(monkeypatch):
    monkeypatch.setattr(own_models, "MAX_OWN", 1)
    app = upload(upload(open_page(), bundle()), bundle(seed=1))
    assert len(sentences(app)) == 1
    assert "keeps at most 1 own models" in sentences(app)[0]


def test_another_session_has_neither_the_model_nor_what_it_said():
    mine = upload(open_page(seed="4"), bundle())
    theirs = open_page(seed="4", model=model_of(mine))
    assert len(sentences(theirs)) == 1
    assert "is a model of another session" in sentences(theirs)[0]
    assert said(theirs) == said(open_page(seed="4"))
    assert model_of(theirs) == "rn-objects"
    again = upload(theirs, bundle())
    assert model_of(again) == model_of(mine)
    assert said(again) == said(mine)
