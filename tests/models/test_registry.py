from __future__ import annotations

import pytest
import torch

from rn_core.models import KINDS, ModelConfig, build_model
from rn_core.models.registry import CORES
from rn_core.tasks.own.bundled import BUNDLED
from rn_core.tasks.own.dataset import OwnData
from rn_core.tasks.own.files import find_files
from rn_core.tasks.own.spec import make_models
from rn_core.tasks.registry import CONFIGS, RECIPES, model_config
from rn_core.training.recipes import make_recipe
from rn_core.weights.store import list_weights


@pytest.mark.parametrize("name", RECIPES)
def test_names_of_weights_begin_with_the_kind_of_their_model(name):
    kind = make_recipe(name).model.kind
    assert name.partition("/")[2].split("-")[0] == kind
    assert RECIPES[name].model.split("-")[0] == kind


@pytest.mark.parametrize("name", list_weights())
def test_what_ships_is_of_the_kind_that_its_name_says(name):
    found = list_weights()[name].card
    assert found.model.kind == name.partition("/")[2].split("-")[0] == found.to_dict()["kind"]


def test_models_in_tables_are_called_by_their_kind():
    for sizes in CONFIGS.values():
        for models in sizes.values():
            for name, config in models.items():
                assert name.split("-")[0] == config.kind
            assert next(iter(models)) == "rn", "the Relation Network comes first"


def test_every_task_has_a_relation_network_and_one_baseline_or_more():
    for task, sizes in CONFIGS.items():
        kinds = {config.kind for config in sizes["small"].values()}
        assert "rn" in kinds and kinds & {"mlp", "lstm"}, task


@pytest.mark.parametrize("kind", KINDS)
def test_a_model_is_built_of_a_core_of_its_kind(kind):
    found = [
        config
        for sizes in CONFIGS.values()
        for models in sizes.values()
        for config in models.values()
        if config.kind == kind
    ]
    found += [
        config
        for config in make_models(OwnData(find_files(BUNDLED["cities"].path)).schema).values()
        if config.kind == kind
    ]
    assert {type(config.core) for config in found} == {core.config for core in KINDS[kind].cores.values()}
    with torch.device("meta"):
        for config in found:
            assert type(build_model(config, 0).core) is CORES[config.to_dict()["core"]["kind"]].module


def test_both_networks_of_stories_say_what_they_are():
    assert [config.kind for config in CONFIGS["babi"]["tiny"].values()] == ["rn", "lstm"]
    assert ModelConfig.from_dict(model_config("babi", "lstm").to_dict()).kind == "lstm"
    assert KINDS["lstm"].short == "LSTM"
