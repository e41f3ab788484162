"""Weights, card and golden logits are replaced as one, under names that lead nowhere else, from runs that fit them."""

from __future__ import annotations

import json
import os
import pathlib
import shutil
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
import torch
from safetensors.torch import load as load_tensors

from rn_core import cli
from rn_core.common.errors import RNCoreError, WeightsError
from rn_core.common.locks import hold
from rn_core.evaluation.accuracy import evaluate
from rn_core.models import ModelConfig, build_model
from rn_core.models.baselines import MLPConfig
from rn_core.models.encoders import RowEncoderConfig
from rn_core.tasks import TASKS
from rn_core.tasks.registry import CONFIGS
from rn_core.training import publishing, shrinking
from rn_core.training.publishing import check_recipe, publish
from rn_core.training.recipes import RECIPES, make_recipe
from rn_core.training.shrinking import rewrite_golden, shrink_weights
from rn_core.training.trainer import Trainer
from rn_core.weights import store as weights
from rn_core.weights.card import CardFacts
from rn_core.weights.public import PUBLIC
from rn_core.weights.store import find_weights, load_golden, load_weights, save_weights, weights_status
from tests.test_training import ROWS, TINY, make_fabric

pytestmark = [pytest.mark.process, pytest.mark.weights]

NAME = "sort-of-clevr/tiny"
BAD_NAMES = (
    "../../evil",
    "/abs/path",
    "a/../../b",
    "a\\b",
    "",
    "a//b",
    "a/",
    ".",
    "a/.b",
    "a.json",
    "a\nb",
    "a" * 99,
    "ä",
)


def save(folder: Path, seed: int, with_golden: bool = True) -> None:
    """Write a set of which every file tells its seed."""
    golden = {"logits": torch.tensor([float(seed)])} if with_golden else None
    card = CardFacts(task="sort-of-clevr/objects", data=str(seed))
    save_weights(NAME, build_model(ROWS, seed), card, torch.full((36, 32), float(seed)), folder, golden)


def read_seeds(folder: Path) -> set[float]:
    """Return what the files of a set say of their seed: one number, if they belong together."""
    entry, loaded = find_weights(NAME, folder), load_weights(NAME, folder)
    assert weights_status(entry) == "sound"
    seeds = {float(loaded.card.data), loaded.mean_aggregate[0, 0].item()}
    return seeds | ({load_golden(entry)["logits"].item()} if entry.card.golden_sha256 else set())


def run_until(step: int, work) -> bool:
    """Do work in a process that ends at a step of its writing, without any cleanup; return whether it came so far."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    left = step
    for owner, name in ((os, "fsync"), (pathlib.Path, "replace"), (pathlib.Path, "unlink"), (pathlib.Path, "chmod")):
        call = getattr(owner, name)

        def end_or_call(*args, _call=call, **options):
            nonlocal left
            if left == 0:
                os._exit(9)
            left -= 1
            return _call(*args, **options)

        setattr(owner, name, end_or_call)
    try:
        work()
    finally:
        os._exit(0)


@pytest.mark.parametrize(("first", "second"), [(True, True), (True, False)])
def test_a_writer_that_is_killed_at_any_step_leaves_the_old_set_or_the_new_one(tmp_path, first, second):
    old = tmp_path / "old"
    save(old, 1, first)
    found = []
    while True:
        folder = shutil.copytree(old, tmp_path / str(len(found)))
        killed = run_until(len(found), partial(save, folder, 2, second))
        found.append(read_seeds(folder))
        if not killed:
            break
        save(folder, 3)
        assert read_seeds(folder) == {3}
        names = {path.name for path in folder.rglob("*") if path.is_file()}
        assert names == {"tiny.safetensors", "tiny.json", "tiny.golden.safetensors"}, "and the next one clears up"
    assert len(found) > 10
    assert found == sorted(found), "first the old set, from some step on the new one"
    assert (found[0], found[-1]) == ({1}, {2})


def test_a_set_that_was_never_there_is_there_as_a_whole_or_not_at_all(tmp_path):
    step, seen = 0, set()
    while run_until(step, partial(save, tmp_path / str(step), 2)):
        is_there = NAME in weights.list_weights(tmp_path / str(step))
        seen.add(is_there)
        assert not is_there or read_seeds(tmp_path / str(step)) == {2}
        step += 1
    assert seen == {False, True}


def test_mixed_sets_are_not_sound(tmp_path, monkeypatch, capsys):
    for seed in (1, 2):
        save(tmp_path / str(seed), seed)
    stale, new = (tmp_path / f"{seed}/{NAME}.golden.safetensors" for seed in (1, 2))
    shutil.copy(stale, new)
    entry = find_weights(NAME, tmp_path / "2")
    assert "golden logits 'tiny.golden.safetensors' do not match the card" in weights_status(entry)
    with pytest.raises(WeightsError, match="do not match the card"):
        load_golden(entry)
    new.unlink()
    assert "are missing" in weights_status(entry)
    (tmp_path / f"1/{NAME}.json").unlink()
    monkeypatch.setattr(cli, "list_weights", lambda: weights.list_weights(tmp_path / "1"))
    monkeypatch.setattr(cli, "describe_loose", lambda: weights.describe_loose(tmp_path / "1"))
    assert cli.main(["weights", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)["weights"]
    assert (row["name"], row["sound"]) == (NAME, False)
    assert "There is no card for the files of 'sort-of-clevr/tiny'" in row["status"]


@pytest.mark.parametrize("name", BAD_NAMES)
def test_no_name_leads_out_of_the_folder(name, tmp_path):
    folder = tmp_path / "deep/down/pretrained"
    folder.mkdir(parents=True)
    for use in (
        lambda: save_weights(name, build_model(ROWS, 0), CardFacts(task="x"), folder=folder),
        lambda: load_weights(name, folder),
        lambda: publish(name, tmp_path, into=folder),
    ):
        with pytest.raises(WeightsError, match="A weights name must be one to three words"):
            use()
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_all_names_that_ship_are_names():
    assert {weights.check_name(name) for name in (*RECIPES, *PUBLIC)} >= set(RECIPES)


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipes_run_ships_under_its_own_name_alone(name):
    config = make_recipe(name)
    check_recipe(name, config)
    for other in RECIPES:
        if make_recipe(other).model != config.model or make_recipe(other).task != config.task:
            with pytest.raises(WeightsError, match="choose another name"):
                check_recipe(other, config)
    for size, kinds in CONFIGS[config.task].items():
        for kind, model in kinds.items():
            if model != config.model:
                own = f"'{name}' is model .* at size {RECIPES[name].size}"
                says = rf"{own}, but this run's is '{kind}' at size {size}; choose another"
                with pytest.raises(WeightsError, match=says):
                    check_recipe(
                        name, replace(config, model=model, held_scenes=0, keep_answers=False)
                    )  # only a Relation Network holds sums or keeps answers


def test_a_card_under_an_own_name_tells_the_recipe_that_makes_it_again():
    paper = make_recipe("clevr/rn-pixels-end-to-end", "paper")
    assert publishing._find_recipe("clevr/rn-pixels-end-to-end", make_recipe("clevr/rn-pixels-end-to-end")) == (
        "clevr/rn-pixels-end-to-end",
        "",
    )
    assert publishing._find_recipe("clevr/mine", paper) == ("clevr/rn-pixels-end-to-end", " --size paper")
    assert publishing._find_recipe("sort-of-clevr/mine", TINY) == ("sort-of-clevr/mine", "")


def test_names_that_are_no_recipe_need_the_tasks_family():
    check_recipe("sort-of-clevr/mine", TINY)
    for name in ("mine", "clevr/mine", "sort-of-clevr/my/own", "sort-of-clevr-2/x"):
        with pytest.raises(WeightsError, match="must be named 'sort-of-clevr/NAME', got"):
            check_recipe(name, TINY)


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory) -> Path:
    """A finished run of no recipe."""
    folder = tmp_path_factory.mktemp("run")
    list(Trainer(replace(TINY, steps=1), make_fabric(), folder).train())
    return folder


def test_a_tiny_run_of_another_task_is_not_written_over_what_ships(run_folder, capsys, monkeypatch):
    monkeypatch.setattr(publishing, "write_set", None)
    for name in ("physics/rn-count", "sort-of-clevr/rn-objects"):
        assert cli.main(["weights", "publish", name, "--folder", str(run_folder), "--scenes", "2"]) == 1
        error = capsys.readouterr().err
        assert error.startswith(f"'{name}' ") and "choose another name" in error and error.count("\n") == 1


def test_one_name_is_published_by_one_process_at_a_time(run_folder, tmp_path):
    spec = publishing.EvaluationSpec(2)
    with (
        hold(tmp_path / "sort-of-clevr/.tiny.lock", "name", NAME),
        pytest.raises(RNCoreError, match=rf"'{NAME}' is in use by process {os.getpid()} on .* since .*; wait until"),
    ):
        publish(NAME, run_folder, spec, into=tmp_path)
    assert weights.list_weights(tmp_path) == {}
    publish(NAME, run_folder, spec, into=tmp_path)
    assert weights_status(find_weights(NAME, tmp_path)) == "sound"


def test_halved_weights_are_the_nearest_float16_and_measured_on_the_same_scenes(run_folder, tmp_path):
    spec = publishing.EvaluationSpec(2)
    whole = publish(NAME, run_folder, spec, into=tmp_path)
    learned = dict(load_weights(NAME, tmp_path).model.named_parameters())
    with pytest.raises(WeightsError, match=r"was measured on .* questions with seed 0, not on .*; measure on the same"):
        shrink_weights(NAME, publishing.EvaluationSpec(3), folder=tmp_path)
    assert find_weights(NAME, tmp_path).card.sha256 == whole.card.sha256
    halved = shrink_weights(NAME, spec, folder=tmp_path)
    assert weights_status(halved) == "sound"
    assert whole.card.n_bytes - halved.card.n_bytes == pytest.approx(2 * whole.card.parameters, rel=0.05)
    assert (
        halved.card.trained.questions == whole.card.trained.questions
        and halved.card.parameters == whole.card.parameters
    )
    loaded = load_weights(NAME, tmp_path)
    for name, value in loaded.model.named_parameters():
        assert value.dtype == torch.float32 and torch.equal(value, learned[name].half().float())
    golden = load_golden(halved)
    inputs = tuple(golden[key] for key in sorted(golden) if key.startswith("inputs."))
    logits = loaded.model(inputs, golden["question"], golden["scene_index"])
    torch.testing.assert_close(logits, golden["logits"], rtol=1e-5, atol=1e-5)
    assert len(golden["inputs.0"]) == 3, "rows are small"


def test_weights_that_would_lose_accuracy_in_16_bits_stay_as_they_are(run_folder, tmp_path, monkeypatch):
    monkeypatch.setattr(shrinking, "MAX_LOSS", -0.01)
    spec = publishing.EvaluationSpec(2)
    whole = publish(NAME, run_folder, spec, into=tmp_path)
    refused = rf"'{NAME}' would lose .* points of 'overall' in 16 bits, and -1.00 are allowed; leave it as it is, or"
    with pytest.raises(WeightsError, match=refused):
        shrink_weights(NAME, spec, folder=tmp_path)
    assert find_weights(NAME, tmp_path).card.sha256 == whole.card.sha256


def test_a_card_with_better_figures_than_32_bits_give_here_is_no_reason_to_refuse(run_folder, tmp_path):
    spec = publishing.EvaluationSpec(2)
    whole = publish(NAME, run_folder, spec, into=tmp_path)
    overall = whole.card.measured.overall
    better = replace(whole.card.measured, overall=replace(overall, accuracy=overall.accuracy + 0.1))
    card = weights.write_card(replace(whole.card, metrics=better))
    whole.path.with_suffix(".json").write_bytes(card)
    assert find_weights(NAME, tmp_path).card.measured == better
    assert shrink_weights(NAME, spec, folder=tmp_path).card.measured.overall.accuracy == overall.accuracy


def test_mixed_weights_keep_vectors_and_their_figures_are_those_of_what_is_written(run_folder, tmp_path, monkeypatch):
    monkeypatch.setattr(shrinking, "MAX_LOSS", 1.0)
    spec = publishing.EvaluationSpec(2)
    publish(NAME, run_folder, spec, into=tmp_path)
    mixed = shrink_weights(NAME, spec, folder=tmp_path, mixed=True)
    stored = load_tensors(mixed.path.read_bytes())
    model = load_weights(NAME, tmp_path).model
    assert {stored[name].dtype for name, value in model.named_parameters() if value.ndim > 1} == {torch.float16}
    assert {stored[name].dtype for name, value in model.named_parameters() if value.ndim == 1} == {torch.float32}
    assert evaluate(model, TASKS["sort-of-clevr/objects"], 0, 2).to_dict() == mixed.card.measured.to_dict()


def test_a_baseline_in_8_bits_has_the_figures_golden_logits_and_recipe_of_what_is_written(tmp_path, monkeypatch):
    monkeypatch.setattr(shrinking, "MAX_LOSS", 1.0)
    spec, rows = publishing.EvaluationSpec(2), ModelConfig(RowEncoderConfig(10), MLPConfig(6, 10, 11, 10, (64, 32)))
    list(Trainer(replace(TINY, steps=1, model=rows), make_fabric(), tmp_path / "run").train())
    name, into = "sort-of-clevr/small", tmp_path / "weights"
    whole = publish(name, tmp_path / "run", spec, into=into)
    halved = shrink_weights(name, spec, folder=into)
    small = shrink_weights(name, spec, 8, folder=into)
    assert weights_status(small) == "sound"
    n_matrix = sum(value.numel() for value in load_weights(name, into).model.parameters() if value.ndim > 1)
    assert halved.card.n_bytes - small.card.n_bytes == pytest.approx(n_matrix * (1 - 2 / 32), rel=0.1)
    shrink = f"python -m rn_core weights shrink {name} --bits"
    assert small.card.recipe == f"{whole.card.recipe} && {shrink} 16 && {shrink} 8"
    model = load_weights(name, into).model
    assert evaluate(model, TASKS["sort-of-clevr/objects"], 0, 2).to_dict() == small.card.measured.to_dict()
    golden = load_golden(small)
    logits = model((golden["inputs.0"], golden["inputs.1"]), golden["question"], golden["scene_index"])
    torch.testing.assert_close(logits, golden["logits"], rtol=1e-5, atol=1e-5)


def test_networks_whose_pairs_are_shown_are_not_stored_in_8_bits_and_none_in_4(run_folder, tmp_path):
    spec = publishing.EvaluationSpec(2)
    whole = publish(NAME, run_folder, spec, into=tmp_path)
    with pytest.raises(WeightsError, match=rf"'{NAME}' relates pairs, .* is shown; store it in 16 bits"):
        shrink_weights(NAME, spec, 8, folder=tmp_path)
    with pytest.raises(WeightsError, match=r"Parameters are stored in 16 or 8 bits, got 4; choose one"):
        shrink_weights(NAME, spec, 4, folder=tmp_path)
    assert find_weights(NAME, tmp_path).card.sha256 == whole.card.sha256


def test_golden_logits_are_rewritten_where_they_have_more_scenes_than_are_taken_now(run_folder, tmp_path, monkeypatch):
    publish(NAME, run_folder, publishing.EvaluationSpec(2), into=tmp_path)
    known = load_golden(find_weights(NAME, tmp_path))
    weights_before = find_weights(NAME, tmp_path).path.read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(shrinking, "replace_golden", None)
        rewrite_golden(tmp_path)  # three small scenes are what is taken
    monkeypatch.setattr(publishing, "_GOLDEN_BYTES", 1)
    rewrite_golden(tmp_path)
    entry = find_weights(NAME, tmp_path)
    assert weights_status(entry) == "sound" and entry.path.read_bytes() == weights_before
    now = load_golden(entry)
    assert len(known["inputs.0"]) == 3 and len(now["inputs.0"]) == 1
    assert torch.equal(now["inputs.0"], known["inputs.0"][:1])
    torch.testing.assert_close(now["logits"], known["logits"][known["scene_index"] == 0], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    "spec", [publishing.EvaluationSpec(2), publishing.EvaluationSpec(2, data=Path(), split="test")]
)
def test_figures_of_published_files_are_measured_again_or_nothing_is_halved(spec):
    with pytest.raises(WeightsError, match=r"has figures of the published files, split valid; give their folder, by"):
        shrink_weights("babi/rn-joint", spec)


def test_validation_scenes_are_not_drawn_for_weights_of_a_data_folder():
    with pytest.raises(WeightsError, match=r"'clevr/rn-slots' was trained on a data folder; leave --mixed out"):
        shrink_weights("clevr/rn-slots", publishing.EvaluationSpec(2), mixed=True)


def test_weights_that_are_published_in_16_bits_are_measured_as_they_are_stored(run_folder, tmp_path, monkeypatch):
    spec = publishing.EvaluationSpec(2)
    whole = publish(NAME, run_folder, spec, into=tmp_path)
    measured, measure = [], publishing.EvaluationSpec.measure

    def watch(self, model, *rest):
        measured.append({name: value.clone() for name, value in model.named_parameters()})
        return measure(self, model, *rest)

    monkeypatch.setattr(publishing.EvaluationSpec, "measure", watch)
    small = publish(NAME, run_folder, spec, into=tmp_path, in_16_bits=True)
    assert whole.card.n_bytes - small.card.n_bytes == pytest.approx(2 * whole.card.parameters, rel=0.05)
    assert small.card.recipe == f"{whole.card.recipe} --in-16-bits"
    stored = dict(load_weights(NAME, tmp_path).model.named_parameters())
    assert all(torch.equal(value, stored[name]) for name, value in measured[0].items())
