"""Networks whose encoders are another's: trained on what these read once, stored without them, loaded with them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load

from rn_core.common.errors import RNCoreError, WeightsError
from rn_core.models import ModelConfig, build_model
from rn_core.models.cells import CellEncoderConfig
from rn_core.models.questions import QuestionEncoderConfig
from rn_core.models.relation_network import RelationNetworkConfig
from rn_core.models.slots import SlotEncoderConfig
from rn_core.tasks import TASKS
from rn_core.tasks.clevr.encoding import ANSWERS, D_COORDINATES, N_VALUES
from rn_core.tasks.clevr.tokens import TOKENS
from rn_core.training import starts, trainer
from rn_core.training.config import TrainConfig
from rn_core.training.trainer import Trainer
from rn_core.weights.bundles import write_bundle
from rn_core.weights.card import CardFacts
from rn_core.weights.store import LoadedWeights, find_weights, load_weights, save_weights, weights_status
from tests.painted_clevr import paint_folder
from tests.test_training import make_fabric

pytestmark = [pytest.mark.process, pytest.mark.weights]

CELLS, FINDER, OURS = TASKS["clevr/cells"], "clevr/finder", "clevr/ours"
SLOTS = SlotEncoderConfig((4, 4, 6), 160, 10, N_VALUES, image_width=240, n_coordinates=D_COORDINATES, soft=True)
WORDS = QuestionEncoderConfig(len(TOKENS), 8, 12)


def make_config(encoder: SlotEncoderConfig | CellEncoderConfig) -> ModelConfig:
    """Return a small Relation Network behind an encoder."""
    core = RelationNetworkConfig(encoder.d_object, 12, len(ANSWERS), (16,), (16,), f_dropout=0.3)
    return ModelConfig(encoder, core, WORDS)


GRID = make_config(CellEncoderConfig(SLOTS, n_kept=12))
TRAIN = TrainConfig(
    "clevr/cells",
    GRID,
    steps=4,
    n_scenes=3,
    n_questions=2,
    hold_encoder=1.0,
    encoders_from=FINDER,
    precision="32-true",
    validate_every=2,
    validation_scenes=2,
)


def make_finder(seed: int = 1):
    """Return a network that was never trained and finds objects in most cells."""
    model = build_model(make_config(SLOTS), seed)
    with torch.no_grad():
        model.encoder.head.bias[0] = 1.0
    model.encoder.freeze_statistics()
    return model.eval()


@pytest.fixture(autouse=True)
def finder(monkeypatch):
    """The network that encoders are taken from, which no file holds."""
    model = make_finder()
    monkeypatch.setattr(trainer, "load_weights", lambda name: LoadedWeights(model, None, None))
    return model


@pytest.fixture(scope="module")
def painted(tmp_path_factory) -> Path:
    """Six train and three val pictures, five questions each."""
    return paint_folder(tmp_path_factory.mktemp("painted"), 6, 3, 5)


def test_what_is_read_ahead_is_what_the_encoders_read_at_every_step(painted, finder):
    source = CELLS.open_source(painted)
    model = build_model(GRID, 0)
    model.take_encoders(finder)
    ahead = starts.read_ahead(model, source, iter)
    model.eval()
    batches = [(one.take_batch(0, 4, 5, 2), next(one.validation_batches(0, 3))) for one in (source, ahead)]
    for before, after in zip(*batches, strict=True):
        assert before.question.dtype == torch.int64 and after.question.is_floating_point()
        for name in ("scene_index", "answer", "type_index", "number"):
            assert torch.equal(getattr(before, name), getattr(after, name)), name
        with torch.no_grad():
            seen, asked = model.encoder.read_cells(*before.inputs), model.encode_question(before.question)
        torch.testing.assert_close(after.inputs[0], seen, rtol=1e-3, atol=1e-3)  # kept in 16 bits
        torch.testing.assert_close(after.question, asked, rtol=1e-3, atol=1e-3)
        assert seen.any()
    assert ahead.fingerprint == source.fingerprint


def test_a_run_trains_all_but_the_encoders_and_is_resumed_to_the_same_weights(painted, finder, tmp_path):
    whole = Trainer(TRAIN, make_fabric(), source=CELLS.open_source(painted))
    list(whole.train())
    learned, fresh = whole.run.model.state_dict(), build_model(GRID, TRAIN.seed).state_dict()
    given = finder.state_dict()
    for name, value in learned.items():
        if name.startswith("core."):
            assert not torch.equal(value, fresh[name]), name
        else:
            assert torch.equal(value, given[name]), name
    for metrics in Trainer(TRAIN, make_fabric(), tmp_path, CELLS.open_source(painted)).train():
        if metrics.step == 2:
            break
    resumed = Trainer(TRAIN, make_fabric(), tmp_path, CELLS.open_source(painted))
    assert resumed.run.step == 2
    list(resumed.train())
    assert all(torch.equal(value, learned[name]) for name, value in resumed.run.model.state_dict().items())


def test_relations_start_from_those_over_found_objects_of_weights_that_are_loaded_once(painted, finder, monkeypatch):
    config, loaded = replace(TRAIN, core_from=FINDER, hold_relations=1.0), []
    monkeypatch.setattr(trainer, "load_weights", lambda name: loaded.append(name) or LoadedWeights(finder, None, None))
    run = Trainer(config, make_fabric(), source=CELLS.open_source(painted))
    assert loaded == [FINDER]
    list(run.train())
    core, learned = run.run.model.core, finder.core
    n_known = SLOTS.d_object
    own, others = core.first_layer.weight, learned.first_layer.weight
    assert torch.equal(own[:, :n_known], others[:, :n_known])
    assert torch.equal(own[:, n_known + 1 : 2 * n_known + 1], others[:, n_known : 2 * n_known])
    assert not own[:, n_known].any()
    assert not torch.equal(core.f_phi[0].weight, build_model(GRID, TRAIN.seed).core.f_phi[0].weight)


@pytest.mark.parametrize("changes", [{"hold_encoder": 0.9}, {"pool_scenes": 0, "warm_start": 3}])
def test_encoders_of_others_are_not_trained(changes):
    with pytest.raises(RNCoreError, match=f"Encoders that are taken from '{FINDER}' stay as they are"):
        replace(TRAIN, **changes)


def save_both(folder: Path, finder) -> torch.nn.Module:
    """Write the finder and a network with its encoders into a folder, and return the latter."""
    save_weights(FINDER, finder, CardFacts(task="clevr/slots"), folder=folder)
    model = build_model(GRID, 0)
    model.take_encoders(finder)
    save_weights(OURS, model, CardFacts(task="clevr/cells", encoders_from=FINDER), folder=folder)
    return model


def test_a_file_leaves_the_encoders_to_the_file_that_has_them(tmp_path, finder):
    model = save_both(tmp_path, finder)
    entry = find_weights(OURS, tmp_path)
    assert all(name.startswith("core.") for name in load(entry.path.read_bytes()))
    loaded = load_weights(OURS, tmp_path).model.state_dict()
    assert all(torch.equal(value, loaded[name]) for name, value in model.state_dict().items())
    assert entry.card.parameters == model.count_parameters()
    assert weights_status(entry) == "sound"
    images = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (1, 160, 240, 3), dtype=np.uint8))
    assert torch.equal(
        load_weights(OURS, tmp_path).model((images,), torch.ones(1, 3, dtype=torch.int64)),
        model.eval()((images,), torch.ones(1, 3, dtype=torch.int64)),
    )


def test_encoders_that_changed_or_are_gone_are_told(tmp_path, finder):
    save_both(tmp_path, finder)
    save_weights(FINDER, make_finder(seed=2), CardFacts(task="clevr/slots"), folder=tmp_path)
    with pytest.raises(WeightsError, match=rf"'{OURS}' has its encoders in the file of '{FINDER}', which holds others"):
        load_weights(OURS, tmp_path)
    assert "holds others now" in weights_status(find_weights(OURS, tmp_path))
    for path in (tmp_path / "clevr").glob("finder*"):
        path.unlink()
    with pytest.raises(WeightsError, match=f"No weights named '{FINDER}'"):
        load_weights(OURS, tmp_path)


def test_a_file_by_itself_holds_all(tmp_path, finder):
    model = build_model(GRID, 0)
    model.take_encoders(finder)
    facts = CardFacts(task="clevr/cells", encoders_from=FINDER)
    entry = save_weights(OURS, model, facts, folder=tmp_path)
    assert (
        load(entry.path.read_bytes()).keys()
        == model.state_dict().keys()
        == load(write_bundle(OURS, model, facts)).keys()
    )
    assert entry.card.encoders_sha256 == ""
    assert torch.equal(load_weights(OURS, tmp_path).model.encoder.head.weight, finder.encoder.head.weight)
