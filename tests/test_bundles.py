"""Weights as one file: what this app wrote comes back whole, all else is one sentence and nothing is built."""

from __future__ import annotations

import json
import pickle
from dataclasses import replace

import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st
from safetensors.torch import load, save

from rn_core.common.errors import WeightsError
from rn_core.common.files import sha256
from rn_core.models import ModelConfig, build_model
from rn_core.models.baselines import MLPConfig
from rn_core.models.encoders import ImageEncoderConfig, RowEncoderConfig
from rn_core.models.relation_network import RelationNetworkConfig
from rn_core.tasks.registry import model_config
from rn_core.weights import bundles
from rn_core.weights.bundles import MAX_BYTES, read_bundle, write_bundle
from rn_core.weights.card import CardFacts
from rn_core.weights.store import MEAN_AGGREGATE, LoadedWeights, list_weights, load_weights
from tests.cards import make_figures

TASK = "sort-of-clevr/objects"
CONFIG = ModelConfig(RowEncoderConfig(10), RelationNetworkConfig(10, 11, 10, (8, 8), (8,)))
FACTS = CardFacts(task=TASK, metrics=make_figures())
BUNDLE = write_bundle("my RN", build_model(CONFIG, 3), FACTS, torch.ones(36, 8))


def header(content: bytes) -> dict:
    return json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])


def card_of(content: bytes) -> dict:
    return json.loads(header(content)["__metadata__"]["card"])


def forge(tensors: dict | None = None, **card) -> bytes:
    """A file whose hash is right, whatever it holds."""
    tensors = load(BUNDLE) if tensors is None else tensors
    whole = {**card_of(BUNDLE), "sha256": sha256(save(tensors)), **card}
    return save(tensors, metadata={"card": json.dumps(whole)})


def forge_model(part: str, **changes) -> bytes:
    model = card_of(BUNDLE)["model"]
    return forge(model={**model, part: {**model[part], **changes}})


def test_what_was_written_is_read_back():
    loaded = read_bundle(BUNDLE, "mine.safetensors")
    for name, value in build_model(CONFIG, 3).state_dict().items():
        assert torch.equal(value, loaded.model.state_dict()[name])
    assert torch.equal(loaded.mean_aggregate, torch.ones(36, 8))
    assert not loaded.model.training
    assert not any(parameter.requires_grad for parameter in loaded.model.parameters())
    assert loaded.card.metrics == FACTS.metrics
    assert loaded.card.parameters == build_model(CONFIG, 3).count_parameters()


#: Networks whose task draws no scenes; their files are asked by command line alone.
OF_FOLDERS = ("clevr/rn-slots", "clevr/rn-pixels", "clevr/sa-pixels", "clevr/mlp-pixels")


def test_a_network_that_needs_a_folder_is_refused_in_a_sentence():
    shipped = load_weights(OF_FOLDERS[0])
    bundle = write_bundle(shipped.card.name, shipped.model, shipped.card)
    with pytest.raises(WeightsError, match="'mine' is of clevr/slots, whose networks cannot be tried here; evaluate"):
        read_bundle(bundle, "mine")


@pytest.mark.parametrize("name", [name for name in list_weights() if name not in OF_FOLDERS])
def test_what_ships_survives_the_way_there_and_back_with_its_hash(name):
    shipped = load_weights(name)
    bundle = write_bundle(shipped.card.name, shipped.model, shipped.card, shipped.mean_aggregate)
    loaded = read_bundle(bundle, "shipped.safetensors")
    assert replace(loaded.card, golden_sha256=shipped.card.golden_sha256) == shipped.card
    assert loaded.model.config == shipped.model.config


@pytest.mark.parametrize("task", ["sort-of-clevr/objects", "sort-of-clevr/pixels"])
@pytest.mark.parametrize("kind", ["rn", "mlp"])
def test_every_small_model_fits(task, kind):
    bundle = write_bundle("x", build_model(model_config(task, kind), 0), CardFacts(task=task))
    assert read_bundle(bundle, "x").mean_aggregate is None


class Bomb:
    """Runs code when it is unpickled."""

    def __reduce__(self):
        return (pytest.fail, ("the pickle was run",))


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "not a complete safetensors file"),
        (b"\xff" * 100, "not a complete safetensors file"),
        (pickle.dumps(Bomb()), "not a complete safetensors file"),
        (BUNDLE[:-1], "not a safetensors file"),
        (BUNDLE[:500], "not a complete safetensors file"),
        (BUNDLE + b"0", "not a safetensors file"),
        (save(load(BUNDLE)), "no readable card"),
        (save(load(BUNDLE), metadata={"card": "[" * 100_000}), "no readable card"),
        (save(load(BUNDLE), metadata={"card": "{"}), "no readable card"),
        (save(load(BUNDLE), metadata={"card": "[]"}), "its card must have name, task, model, sha256"),
        (save(load(BUNDLE), metadata={"card": json.dumps("x" * 300_000)}), "in at most 200,000 letters"),
        (save(load(BUNDLE), metadata={"card": "{}", "more": "x" * 400_000}), "not a complete safetensors file"),
        (forge(name=7), "its card must have name"),
        (forge(sha256="0" * 64), "SHA-256 of its tensors is not its card's"),
        (forge(task="sort-of-clevr/object"), "Did you mean 'sort-of-clevr/objects'"),
        (forge(model={"encoder": "rows", "core": 1}), "its card cannot be used"),
        (forge(model={}), "its card cannot be used"),
        (forge_model("core", g_widths="88"), "its card cannot be used"),
        (forge_model("core", kind=["mlp"]), "its card cannot be used"),
        (forge(task="sort-of-clevr/pixels"), "has encoder 'RowEncoder.*' but sort-of-clevr/pixels needs 'ImageEnc"),
    ],
)  # fmt: skip
def test_all_else_is_one_sentence(content, sentence):
    with pytest.raises(WeightsError, match=sentence):
        read_bundle(content, "mine.safetensors")


def test_a_large_file_is_not_read():
    with pytest.raises(WeightsError, match=f"has {MAX_BYTES + 1:,} bytes, and the limit is {MAX_BYTES:,}"):
        read_bundle(bytes(MAX_BYTES + 1), "large")
    with pytest.raises(WeightsError, match="the limit is 100"):
        read_bundle(BUNDLE, "mine", max_bytes=100)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (forge_model("core", g_widths=[100_000, 100_000]), "a layer of 100,000 units, and the limit is 4,096"),
        (forge_model("core", g_widths=[4096, 4096]), "needs 16,945,250 numbers, but the file holds"),
        (forge_model("core", g_widths=[1] * 10_000), "has 10001 layers"),
        (forge_model("core", g_widths=[8, 7]), "shape"),
        (forge_model("core", g_widths=[8], question_layer=0), "has the unknown tensor"),
        (
            forge(
                model={**card_of(BUNDLE)["model"], "question": {"kind": "lstm", "n_words": 10**30, "d_question": 11}}
            ),
            "d_question None but sort-of-clevr/objects needs 11",
        ),
        (forge_model("core", n_answers=3), "n_answers 3 but sort-of-clevr/objects needs 10"),
        (forge_model("core", d_question=12), "d_question 12 but sort-of-clevr/objects needs 11"),
        (
            forge(model=ModelConfig(RowEncoderConfig(9), RelationNetworkConfig(9, 11, 10, (8, 8), (8,))).to_dict()),
            "encoder's d_object 9 but sort-of-clevr/objects needs 10",
        ),
        (
            forge(model=ModelConfig(RowEncoderConfig(10), MLPConfig(1, 10, 11, 10, (8,))).to_dict()),
            "n_objects 1 but sort-of-clevr/objects needs 6",
        ),
    ],
)
def test_what_the_card_asks_for_is_refused_before_it_is_built(monkeypatch, content, sentence):
    monkeypatch.setattr(bundles, "make_loaded", lambda *_: pytest.fail("the model was built"))
    with pytest.raises(WeightsError, match=sentence):
        read_bundle(content, "greedy.safetensors")


def test_a_huge_image_is_refused_before_it_is_built(monkeypatch):
    encoder = ImageEncoderConfig((8,), image_size=10**6)
    model = ModelConfig(encoder, RelationNetworkConfig(10, 11, 10, (8, 8), (8,))).to_dict()
    monkeypatch.setattr(bundles, "make_loaded", lambda *_: pytest.fail("the model was built"))
    with pytest.raises(WeightsError, match="image_size 1000000 but sort-of-clevr/pixels needs 75"):
        read_bundle(forge(model=model, task="sort-of-clevr/pixels"), "greedy.safetensors")


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("core.f_phi.0.bias", torch.full((8,), torch.nan), "not finite"),
        ("core.f_phi.0.bias", torch.full((8,), 3e38), "answers with numbers that are not finite"),
        ("core.f_phi.0.bias", torch.zeros(8, dtype=torch.float64), "is torch.float64 instead of torch.float32"),
        ("core.f_phi.0.bias", torch.zeros(3), r"shape \(3,\) instead of \(8,\)"),
        (MEAN_AGGREGATE, torch.ones(35, 8), r"mean aggregate, of shape \(35, 8\), does not fit its model"),
        (MEAN_AGGREGATE, torch.full((36, 8), torch.inf), "mean aggregate"),
        ("extra", torch.ones(1), "has the unknown tensor 'extra'"),
    ],
)
def test_unsound_tensors_are_named(name, value, sentence):
    tensors = {**load(BUNDLE), name: value}
    if "answers" in sentence:
        tensors["core.f_phi.2.weight"] = torch.full((10, 8), 3e38)
    with pytest.raises(WeightsError, match=sentence):
        read_bundle(forge(tensors), "mine.safetensors")


def test_what_a_file_says_of_itself_draws_nothing_on_a_page():
    for content in (forge(task="![x](http://a.b/c) <b>"), forge({**load(BUNDLE), "![x](http://a.b/c)": torch.ones(1)})):
        with pytest.raises(WeightsError) as caught:
            read_bundle(content, "`a`\n[b](c).safetensors")
        assert not set(str(caught.value)) & set("[]<>`\n")
    assert read_bundle(forge(name="![x](y)" * 99), "mine").card.name == "! x (y)" * 14 + "! …"


def damaged(content: bytes) -> st.SearchStrategy[bytes]:
    """Cut, lengthened or with some bytes changed."""
    cut = st.integers(0, len(content)).map(lambda end: content[:end])
    change = st.tuples(st.integers(0, len(content) - 1), st.integers(0, 255))
    # Half of the changes fall into the header, which is read first.
    early = st.tuples(st.integers(0, 3000), st.integers(0, 255))
    flips = st.lists(st.one_of(change, early), min_size=1, max_size=4)

    def flip(places: list[tuple[int, int]]) -> bytes:
        changed = bytearray(content)
        for place, value in places:
            changed[place] = value
        return bytes(changed)

    return st.one_of(cut, flips.map(flip), st.binary(max_size=64).map(lambda more: content + more))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
FIELDS = st.sampled_from(["g_widths", "f_widths", "d_object", "kind", "aggregate", "aggregate_scale", "pair_chunk"])


@given(st.one_of(damaged(BUNDLE), st.binary(max_size=200), JSON.map(pickle.dumps), JSON.map(lambda v: forge(model=v)),
                 st.tuples(FIELDS, JSON).map(lambda pair: forge_model("core", **{pair[0]: pair[1]}))))  # fmt: skip
@example(BUNDLE)
def test_any_file_is_a_sound_model_or_one_sentence(content):
    try:
        loaded = read_bundle(content, "any.safetensors")
    except WeightsError as err:
        sentence = str(err)
        assert sentence.startswith("'any.safetensors'")
        assert "\n" not in sentence
        assert len(sentence) < 700
    else:
        assert isinstance(loaded, LoadedWeights)
        assert all(torch.isfinite(value).all() for value in loaded.model.parameters())
