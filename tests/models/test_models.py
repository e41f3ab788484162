"""Whole models: seeded, every parameter alive, a scene encoded once, configs that survive JSON."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from rn_core.common.errors import RNCoreError, UnknownNameError
from rn_core.models import ModelConfig, build_model
from rn_core.models.baselines import MLPConfig, QuestionMLPConfig
from rn_core.models.cells import CellEncoderConfig
from rn_core.models.encoders import ImageEncoderConfig, RowEncoderConfig
from rn_core.models.motion import MotionNetworkConfig
from rn_core.models.path_mlp import PathMLPConfig
from rn_core.models.paths import PathEncoderConfig
from rn_core.models.questions import QuestionEncoderConfig
from rn_core.models.recurrent import RecurrentRelationNetworkConfig
from rn_core.models.relation_layers import StackedRelationNetworkConfig
from rn_core.models.relation_network import RelationNetworkConfig
from rn_core.models.sentences import SentenceEncoderConfig, StoryEncoderConfig
from rn_core.models.slots import SlotEncoderConfig
from rn_core.tasks.registry import CONFIGS, model_config

SMALL = [pytest.param(task, kind, id=f"{task} {kind}") for task in CONFIGS for kind in CONFIGS[task]["small"]]
LAYERED = [
    pytest.param(task, kind, id=f"{task} {kind}")
    for task, sizes in CONFIGS.items()
    for kind, config in sizes["small"].items()
    if isinstance(config.core, RelationNetworkConfig | MLPConfig)
]
EVERY = [
    pytest.param(task, size, kind, id=f"{task} {size} {kind}")
    for task, sizes in CONFIGS.items()
    for size, kinds in sizes.items()
    for kind in kinds
]

MLP_FIELDS = {
    "kind": "mlp",
    "n_objects": 361,
    "d_object": 8,
    "d_question": 3,
    "n_answers": 4,
    "widths": [5],
    "dropout": 0.0,
}


def sample_inputs(config: ModelConfig, n_scenes: int) -> tuple[Tensor, ...]:
    """Return what the encoder of `config` takes."""
    if isinstance(config.encoder, ImageEncoderConfig | SlotEncoderConfig | CellEncoderConfig):
        seeing = config.encoder.finder if isinstance(config.encoder, CellEncoderConfig) else config.encoder
        height, width = getattr(seeing, "picture_shape", (seeing.image_size,) * 2)
        return (torch.randint(0, 256, (n_scenes, height, width, 3), dtype=torch.uint8),)
    if isinstance(config.encoder, SentenceEncoderConfig | StoryEncoderConfig):
        words = torch.randint(1, config.encoder.n_words + 1, (n_scenes, 6, 5))
        return words, torch.ones(n_scenes, 6, dtype=torch.bool)
    d_row = getattr(config.encoder, "d_row", config.encoder.d_object)
    return torch.randn(n_scenes, 6, d_row), torch.ones(n_scenes, 6, dtype=torch.bool)


def sample_questions(config: ModelConfig, n_questions: int) -> Tensor:
    """Return vectors, or words of questions of two lengths."""
    if config.question is None:
        return torch.randn(n_questions, config.core.d_question)
    words = torch.randint(1, config.question.n_words + 1, (n_questions, 7))
    words[::2, 5:] = 0
    return words


@pytest.mark.parametrize(("task", "kind"), SMALL)
def test_two_builds_with_one_seed_are_equal_and_leave_the_global_generators_alone(task, kind):
    config = model_config(task, kind)
    torch_before, numpy_before = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    first = build_model(config, 3)
    assert torch.equal(torch.get_rng_state(), torch_before)
    assert (np.random.get_state()[1] == numpy_before).all()  # noqa: NPY002
    np.random.seed(1)  # noqa: NPY002
    torch.manual_seed(99)
    second, other = build_model(config, 3), build_model(config, 4)
    assert first.state_dict().keys() == second.state_dict().keys()
    assert all(torch.equal(value, second.state_dict()[name]) for name, value in first.state_dict().items())
    assert any(not torch.equal(value, other.state_dict()[name]) for name, value in first.state_dict().items())


@pytest.mark.parametrize(("task", "kind"), SMALL)
def test_every_parameter_gets_a_gradient(task, kind):
    config = model_config(task, kind)
    model = build_model(config, 0)
    question = torch.eye(11)[:8] if config.core.d_question == 11 else sample_questions(config, 8)
    scene_index = torch.arange(4).repeat_interleave(2)
    model(sample_inputs(config, 4), question, scene_index).logsumexp(dim=1).sum().backward()
    # A question of 8 one-hot rows leaves 3 question columns unseen: only whole parameters are judged.
    dead = [name for name, parameter in model.named_parameters() if parameter.grad is None or not parameter.grad.any()]
    assert dead == []


@pytest.mark.parametrize(("task", "size", "kind"), EVERY)
def test_every_config_builds_in_its_task_s_shape(task, size, kind):
    config = model_config(task, kind, size)
    with torch.device("meta"):
        model = build_model(config, 0)
    family = task.partition("/")[0]
    n_logits = {
        "sort-of-clevr": 10,
        "sort-of-clevr/objects-2to10": 14,
        "sort-of-clevr/triples": 7,
        "sort-of-clevr/chain": 16,
        "clevr": 28,
        "babi": 60,
    }
    n_logits |= {"physics/connections": 45, "physics/count": 10}
    n_logits |= {"physics/connections-2to12": 66, "physics/count-2to12": 12}
    if isinstance(config.core, MotionNetworkConfig | PathMLPConfig):
        assert (config.core.d_object, config.core.n_seen, config.core.n_ahead) == (35, 16, 16)
    else:
        assert config.core.n_answers == n_logits.get(task, n_logits.get(family))
    assert (config.question is None) == (family in ("sort-of-clevr", "physics"))
    bits = {"sort-of-clevr": 11, "sort-of-clevr/triples": 15, "sort-of-clevr/chain": 24, "physics": 0}
    wanted = bits.get(task, bits.get(family)) if config.question is None else config.question.d_question
    assert config.core.d_question == wanted
    without_pairs = task in ("physics/predict", "sort-of-clevr/triples")
    without_pairs |= isinstance(config.core, RecurrentRelationNetworkConfig)
    assert model.has_pairs == (config.kind == "rn" and not without_pairs)
    assert model.count_parameters() == sum(value.numel() for value in model.parameters()) > 10_000


@pytest.mark.parametrize(
    ("task", "size"), [(task, size) for task in CONFIGS for size in CONFIGS[task] if size != "tiny"]
)
def test_the_baseline_has_at_least_as_many_parameters(task, size):
    with torch.device("meta"):
        counts = {kind: build_model(config, 0).count_parameters() for kind, config in CONFIGS[task][size].items()}
    for other in ("rn-ties", "rn-slots"):  # one that others go on from, and one with an encoder of its own
        counts.pop(other, None)
    assert min(counts, key=counts.get) == "rn"


def test_paper_sizes_by_value():
    config = model_config("sort-of-clevr/pixels", "rn", "paper")
    assert config.encoder.channels == (32, 64, 128, 256)
    assert config.core.g_widths == (2000, 2000, 2000, 2000)
    assert config.core.f_widths == (2000, 1000, 500, 100)
    assert (config.core.question_layer, config.core.aggregate, config.core.aggregate_scale) == (0, "sum", 1)
    assert (config.encoder.n_objects, config.core.d_object) == (25, 258)
    mlp = model_config("sort-of-clevr/pixels", "mlp", "paper")
    assert mlp.encoder == config.encoder
    assert mlp.core.widths == (2000, 2000, 2000, 2000, 2000, 1000, 500, 100)
    rows = model_config("sort-of-clevr/objects", "rn", "paper")
    assert rows.encoder == RowEncoderConfig(10)
    assert (rows.core.g_widths, rows.core.f_widths) == (config.core.g_widths, config.core.f_widths)


def test_the_paper_s_relation_network_has_19_6_million_parameters_behind_the_convolutions():
    with torch.device("meta"):
        model = build_model(model_config("sort-of-clevr/pixels", "rn", "paper"), 0)
    assert sum(value.numel() for value in model.core.g_theta.parameters()) == 13_062_000
    assert sum(value.numel() for value in model.core.f_phi.parameters()) == 6_554_610


def test_clevr_sizes_of_the_paper_by_value():
    pixels = model_config("clevr/pixels", "rn", "paper")
    assert pixels.encoder.channels == (24, 24, 24, 24)
    assert (pixels.encoder.image_size, pixels.encoder.n_objects, pixels.core.d_object) == (128, 64, 26)
    assert pixels.question == QuestionEncoderConfig(82, 32, 128, reversed=True)
    assert (pixels.core.g_widths, pixels.core.f_widths) == ((256, 256, 256, 256), (256, 256))
    assert (pixels.core.f_dropout, pixels.core.question_layer, pixels.core.aggregate) == (0.5, 0, "sum")
    states = model_config("clevr/states", "rn", "paper")
    assert (states.question.d_word, states.question.d_question) == (32, 256)
    assert (states.core.g_widths, states.core.f_widths) == ((512, 512, 512, 512), (512, 1024))
    assert (states.core.f_dropout, states.core.n_answers) == (0.02, 28)
    assert model_config("clevr/pixels", "sa", "paper").core.n_hops == 2
    assert isinstance(model_config("clevr/states", "lstm", "paper").core, QuestionMLPConfig)


def test_the_paper_s_networks_for_clevr_have_the_sizes_that_it_gives():
    with torch.device("meta"):
        pixels, states = (build_model(model_config(f"clevr/{view}", "rn", "paper"), 0) for view in ("pixels", "states"))
    for model, g_millions, f_millions in ((pixels, 0.24, 0.14), (states, 0.94, 0.82)):
        counts = [sum(p.numel() for p in part.parameters()) / 1e6 for part in (model.core.g_theta, model.core.f_phi)]
        assert counts == pytest.approx([g_millions, f_millions], abs=0.01)


def test_babis_sizes_are_the_paper_s():
    """Supplement E: LSTMs of 32 units, g of four layers of 256, f of 256 and 512; 20 places of sentences."""
    config = model_config("babi", "rn", "paper")
    assert (config.encoder.d_sentence, config.encoder.n_positions, config.question.d_question) == (32, 20, 32)
    assert (config.core.g_widths, config.core.f_widths) == ((256, 256, 256, 256), (256, 512))
    assert (config.core.aggregate, config.core.aggregate_scale) == ("sum", 1)
    small, two = model_config("babi", "rn"), model_config("babi", "rn-2hop")
    assert replace(small.core, aggregate_scale=1.0) == config.core
    assert isinstance(two.core, StackedRelationNetworkConfig)
    assert replace(two.core.second, d_object=small.core.d_object) == small.core, "so that it can begin as that"


def test_a_question_is_read_before_it_meets_the_objects():
    config = model_config("clevr/states", "rn")
    model = build_model(config, 0).eval()
    inputs, question = sample_inputs(config, 2), sample_questions(config, 2)
    expected = model.core(*inputs, model.question_encoder(question))
    torch.testing.assert_close(model(inputs, question), expected, rtol=0, atol=0)
    vectors = build_model(model_config("sort-of-clevr/objects", "rn"), 0)
    bits = torch.randn(2, 11)
    assert vectors.encode_question(bits) is bits
    assert not any("question" in name for name in vectors.state_dict())


def test_what_was_written_before_questions_had_words_still_reads_and_writes_alike():
    written = {
        "encoder": {"kind": "image", "channels": [4, 6], "image_size": 75, "coordinates": True},
        "core": MLP_FIELDS,
    }
    config = ModelConfig.from_dict(written)
    assert config.question is None
    assert json.loads(json.dumps(config.to_dict())) == written
    light = replace(config, encoder=replace(config.encoder, pixel_values="light"))
    assert light.to_dict()["encoder"] == {**config.to_dict()["encoder"], "pixel_values": "light"}
    assert ModelConfig.from_dict(light.to_dict()) == light


def test_configs_are_read_only():
    with pytest.raises(TypeError):
        CONFIGS["sort-of-clevr/pixels"]["small"]["rn"] = None
    with pytest.raises(TypeError):
        CONFIGS["sort-of-clevr/pixels"]["huge"] = {}
    with pytest.raises(TypeError):
        CONFIGS["babi"] = {}


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        (("sort-of-clevr/pixel", "rn", "small"), r"Unknown task 'sort-of-clevr/pixel'\. Did you mean"),
        (("sort-of-clevr/pixels", "rm", "small"), r"Unknown model kind 'rm'\. Did you mean 'rn'\? Use one of: rn, mlp"),
        (("sort-of-clevr/pixels", "rn", "smal"), r"Unknown model size 'smal'\. Did you mean 'small'\?"),
    ],
)
def test_an_unknown_name_is_one_sentence(names, sentence):
    with pytest.raises(UnknownNameError, match=sentence):
        model_config(*names)


@pytest.mark.parametrize(("task", "kind"), SMALL)
def test_a_scene_is_encoded_once_however_many_questions_are_asked(task, kind):
    config = model_config(task, kind)
    model = build_model(config, 0).eval()
    rows: list[int] = []
    model.encoder.register_forward_hook(lambda module, inputs, result: rows.append(len(inputs[0])))
    inputs = sample_inputs(config, 2)
    question, scene_index = sample_questions(config, 12), torch.arange(2).repeat_interleave(6)
    with torch.no_grad():
        logits = model(inputs, question, scene_index)
        assert rows == [2]
        repeated = model(tuple(part[scene_index] for part in inputs), question)
    torch.testing.assert_close(logits, repeated, rtol=1e-4, atol=1e-5)


def test_kept_cells_alone_take_part():
    config = model_config("sort-of-clevr/pixels", "rn")
    model = build_model(config, 0).eval()
    inputs, question = sample_inputs(config, 2), torch.randn(3, 11)
    scene_index = torch.tensor([0, 1, 1])
    kept = torch.tensor([[3, 7, 24], [0, 1, 2]])
    with torch.no_grad():
        objects, _ = model.encoder(*inputs)
        mask = torch.zeros(2, 25, dtype=torch.bool)
        mask[torch.arange(2)[:, None], kept] = True
        expected = model.core(objects, mask, question, scene_index)
        torch.testing.assert_close(model(inputs, question, scene_index, kept), expected, rtol=1e-4, atol=1e-5)


def test_a_held_encoder_gets_no_gradient_and_changes_no_logit():
    config = model_config("sort-of-clevr/pixels", "rn")
    model = build_model(config, 0).eval()
    inputs, question = sample_inputs(config, 2), torch.randn(2, 11)
    logits = model(inputs, question, hold_encoder=True)
    logits.sum().backward()
    assert all(parameter.grad is None for parameter in model.encoder.parameters())
    assert all(parameter.grad is not None for parameter in model.core.parameters())
    torch.testing.assert_close(logits, model(inputs, question), rtol=0, atol=0)


@pytest.mark.parametrize("kind", ["rn", "rn-2hop", "rn-3hop"])
def test_held_relations_leave_f_phi_alone_to_learn(kind):
    config = model_config("babi", kind)
    model = build_model(config, 0).eval()
    inputs, question = sample_inputs(config, 2), sample_questions(config, 2)
    logits = model(inputs, question, hold_encoder=True, hold_relations=True)
    logits.sum().backward()
    learning = {name for name, parameter in model.named_parameters() if parameter.grad is not None}
    finds = ("f_phi", ".find.")
    assert learning == {name for name, _ in model.named_parameters() if any(part in name for part in finds)}
    torch.testing.assert_close(logits, model(inputs, question), rtol=1e-4, atol=1e-6)


def test_relations_of_a_model_without_pairs_cannot_be_held():
    config = model_config("babi", "lstm")
    model = build_model(config, 0)
    model(sample_inputs(config, 2), sample_questions(config, 2), hold_relations=True).sum().backward()
    assert all(parameter.grad is not None for parameter in model.parameters())


@pytest.mark.parametrize("kind", ["rn-2hop", "rn-3hop"])
def test_more_hops_begin_as_the_model_of_one_encoders_included(kind):
    one, two = (build_model(model_config("babi", name), seed).eval() for name, seed in (("rn", 1), (kind, 2)))
    inputs, question = sample_inputs(one.config, 3), sample_questions(one.config, 3)
    with torch.no_grad():
        before = (two(inputs, question) - one(inputs, question)).abs().max()
        two.init_from(one)
        after = (two(inputs, question) - one(inputs, question)).abs().max()
    assert after < 1e-5 < before
    with pytest.raises(RNCoreError, match=r"^Only a model with pairs can start from a Relation Network"):
        build_model(model_config("babi", "lstm"), 0).init_from(one)


def test_a_network_that_counts_begins_with_the_relations_of_one_that_names_pairs():
    pairs, count = (
        build_model(model_config(f"physics/{task}", "rn"), k) for k, task in enumerate(("connections", "count"))
    )
    fresh = {name: value.clone() for name, value in count.core.f_phi.state_dict().items()}
    count.init_from(pairs)
    inputs, question = sample_inputs(count.config, 3), torch.zeros(3, 0)
    aggregates = [model.trace(inputs, question).aggregate for model in (pairs, count)]
    torch.testing.assert_close(*aggregates, rtol=0, atol=0)
    assert all(torch.equal(value, count.core.f_phi.state_dict()[name]) for name, value in fresh.items())
    with pytest.raises(RNCoreError, match=r"^g_theta must have the sizes of the network that it starts from"):
        build_model(model_config("physics/count", "rn", "paper"), 0).core.init_from(pairs.core)


@pytest.mark.parametrize(("task", "kind"), LAYERED)
def test_the_first_layer_sees_its_objects_end_to_end(task, kind):
    config = model_config(task, kind)
    core = build_model(config, 0).core
    compared = config.core.d_pair if isinstance(config.core, RelationNetworkConfig) else 0
    assert core.first_layer.in_features == core.n_blocks * config.core.d_object + compared + config.core.d_question
    assert core.first_layer is next(module for module in core.modules() if isinstance(module, torch.nn.Linear))


@pytest.mark.parametrize(("task", "size", "kind"), EVERY)
def test_a_config_survives_json(task, size, kind):
    config = model_config(task, kind, size)
    assert ModelConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config


@pytest.mark.parametrize(("name", "kind"), [("connections", "rn"), ("connections", "rn-ties"), ("count", "rn")])
def test_cards_from_before_encoders_compared_paths_read_as_today(name, kind):
    config = model_config(f"physics/{name}", kind)
    written = json.loads(json.dumps(config.to_dict()))
    assert written["encoder"].pop("compares") and written["core"].pop("d_pair") == 6 * 16 - 7
    assert ModelConfig.from_dict({**written, "core": {**written["core"], "path_frames": 16}}) == config
    assert ModelConfig.from_dict(config.to_dict()) == config
    assert build_model(config, 0).core.first_layer.in_features == 2 * 127 + 6 * 16 - 7


OLD_CORE = {"kind": "relation_network", "d_object": 127, "d_question": 0, "n_answers": 10, "path_frames": 16}


def broken(**changes: object) -> dict[str, object]:
    """Return a config as plain values with some parts changed."""
    return {**model_config("sort-of-clevr/objects", "rn").to_dict(), **changes}


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({}, "A model config needs a valid 'encoder' part"),
        (None, "A model config needs a valid 'encoder' part"),
        (broken(core=3), "A model config needs a valid 'core' part"),
        (broken(core={"d_object": 10}), "A model config needs a valid 'core' part"),
        (broken(core={"kind": "mlp"}), "A model config needs a valid 'core' part"),
        (broken(encoder={"kind": "rows", "d_object": 10, "depth": 3}), "A model config needs a valid 'encoder' part"),
        (broken(encoder={"kind": "row", "d_object": 10}), r"Unknown encoder kind 'row'\. Did you mean 'rows'\?"),
        (broken(encoder={"kind": "rows", "d_object": "10"}), "d_object must be a whole number of 1 or more, got '10'"),
        (broken(core=OLD_CORE), "A model config needs a valid 'core' part"),
        (broken(core={**OLD_CORE, "path_frames": "16"}), "A model config needs a valid 'core' part"),
        (
            broken(core=OLD_CORE, encoder={"kind": "paths", "d_row": 35, "n_frames": 15}),
            "A model config needs a valid 'core' part",
        ),
        (broken(question=3), "A model config needs a valid 'question' part"),
        (broken(question={"kind": "gru"}), "Unknown question kind 'gru'"),
        (
            broken(question={"kind": "lstm", "n_words": 5, "d_question": 12}),
            "The core must take questions of 12 features, got d_question 11; set it to 12",
        ),
        (broken(encoder={"kind": "rows", "d_object": 9}), "The core must take objects of 9 features, got d_object 10"),
    ],
)
def test_a_broken_config_is_one_sentence(values, sentence):
    with pytest.raises(RNCoreError, match=f"^{sentence}") as caught:
        ModelConfig.from_dict(values)
    assert "\n" not in str(caught.value)


def test_an_encoder_and_a_core_agree_on_what_pairs_show():
    with pytest.raises(RNCoreError, match=r"^The core must take pairs of 17 features, got d_pair 0; set it to 17\.$"):
        ModelConfig(PathEncoderConfig(8, 4, compares=True), RelationNetworkConfig(28, 0, 3))
    with pytest.raises(RNCoreError, match=r"^The core must take pairs of 0 features, got d_pair 2; set it to 0\.$"):
        ModelConfig(RowEncoderConfig(5), RelationNetworkConfig(5, 0, 3, d_pair=2))
    with pytest.raises(RNCoreError, match=r"^The core must take pairs of 17 features, got d_pair 0; set it to 17\.$"):
        ModelConfig(PathEncoderConfig(8, 4, compares=True), MLPConfig(3, 28, 0, 3))


def test_parts_that_do_not_fit_are_named():
    encoder = ImageEncoderConfig((4, 4, 4, 6))
    core = MLPConfig(n_objects=25, d_object=8, d_question=3, n_answers=4)
    assert ModelConfig(encoder, core).core is core
    with pytest.raises(RNCoreError, match=r"^The MLP must take 25 cells, got n_objects 24; set it to 25\.$"):
        ModelConfig(encoder, replace(core, n_objects=24))
    with pytest.raises(RNCoreError, match=r"^The core must take objects of 8 features, got d_object 6; set it to 8\.$"):
        ModelConfig(encoder, RelationNetworkConfig(6, 3, 4))
