"""The encoder of cells: what each holds, which are empty, which are kept, and whose convolution it takes."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from rn_core.common.errors import RNCoreError
from rn_core.models import ModelConfig, build_model
from rn_core.models.baselines import MLPConfig
from rn_core.models.cells import CellEncoder, CellEncoderConfig
from rn_core.models.questions import QuestionEncoderConfig
from rn_core.models.relation_network import RelationNetworkConfig
from rn_core.models.slots import LEAST_PROBABILITY, STRIDE, SlotEncoderConfig, SlotMaps
from rn_core.models.windows import WindowConfig

FINDER = SlotEncoderConfig((4, 4, 4), 32, 5, (3, 2), image_width=48, n_coordinates=1, soft=True)
GRID = CellEncoderConfig(FINDER, cell_size=8)
PICTURES = torch.zeros(2, 32, 48, 3, dtype=torch.uint8)
WORDS = QuestionEncoderConfig(9, d_word=4, d_question=6)


def make_maps(seed: int = 0) -> SlotMaps:
    """Return maps of two pictures in which some cells are likely centers and most are not."""
    generator = torch.Generator().manual_seed(seed)

    def draw(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=generator)

    return SlotMaps(3 * draw(2, 8, 12) - 4, draw(2, 5, 8, 12), draw(2, 2, 8, 12), draw(2, 1, 8, 12))


def encoder_that_sees(config: CellEncoderConfig, maps: SlotMaps, monkeypatch) -> CellEncoder:
    """Return an encoder whose convolution finds given maps."""
    encoder = CellEncoder(config)
    monkeypatch.setattr(encoder, "find_maps", lambda images: maps)
    return encoder


def read_slowly(maps: SlotMaps, picture: int, row: int, column: int) -> torch.Tensor:
    """Return what a cell of two by two places holds, place after place."""
    places = [(y, x) for y in (2 * row, 2 * row + 1) for x in (2 * column, 2 * column + 1)]
    y, x = max(places, key=lambda place: float(maps.centers[(picture, *place)]))
    probability = maps.centers[picture, y, x].sigmoid()
    if probability <= LEAST_PROBABILITY:
        return torch.zeros(GRID.d_object)
    logits = maps.attributes[picture, :, y, x]
    pixels = (torch.tensor([x, y]) + maps.offsets[picture, :, y, x]) * STRIDE
    place = pixels / torch.tensor([23.5, 15.5]) - 1
    values = (logits[:3].softmax(dim=0), logits[3:].softmax(dim=0))
    return torch.cat([maps.coordinates[picture, :, y, x], *values, place, probability[None]])


def test_a_cell_holds_what_the_map_says_of_its_likeliest_center(monkeypatch):
    maps = make_maps()
    objects, mask = encoder_that_sees(GRID, maps, monkeypatch)(PICTURES)
    assert objects.shape == (2, 4 * 6, GRID.d_object) == (2, GRID.n_objects, 9)
    expected = torch.stack(
        [torch.stack([read_slowly(maps, k, row, column) for row in range(4) for column in range(6)]) for k in range(2)]
    )
    torch.testing.assert_close(objects, expected)
    assert torch.equal(mask, expected.any(dim=2))
    assert 0 < mask.sum() < mask.numel()


def test_objects_stand_where_the_map_says(monkeypatch):
    maps = make_maps()
    encoder = encoder_that_sees(GRID, maps, monkeypatch)
    objects, mask = encoder(PICTURES)
    places = encoder.locate(objects)[mask]
    torch.testing.assert_close(places / torch.tensor([23.5, 15.5]) - 1, objects[mask][:, -3:-1])


def test_the_cells_that_are_kept_are_the_likeliest(monkeypatch):
    maps = make_maps()
    every, mask = encoder_that_sees(GRID, maps, monkeypatch)(PICTURES)
    n_filled = int(mask.sum(dim=1).max())
    few, kept = encoder_that_sees(replace(GRID, n_kept=n_filled), maps, monkeypatch)(PICTURES)
    assert few.shape == (2, n_filled, GRID.d_object)
    for scene in range(2):
        rows = sorted(every[scene][mask[scene]].tolist(), key=lambda row: -row[-1])
        assert few[scene][kept[scene]].tolist() == rows
    two, _ = encoder_that_sees(replace(GRID, n_kept=2), maps, monkeypatch)(PICTURES)
    assert torch.equal(two, few[:, :2])


def test_cells_that_were_read_before_give_the_same_as_their_pictures():
    torch.manual_seed(0)
    encoder = CellEncoder(replace(GRID, n_kept=7)).eval()
    with torch.no_grad():
        encoder.head.bias[0] = 1.0
        images = torch.randint(0, 256, (3, 32, 48, 3), dtype=torch.uint8)
        for part, again in zip(encoder(images), encoder(encoder.read_cells(images)), strict=True):
            assert torch.equal(part, again)


def make_model(encoder, question: QuestionEncoderConfig | None = WORDS, seed: int = 0):
    """Return a Relation Network behind an encoder."""
    return build_model(ModelConfig(encoder, RelationNetworkConfig(encoder.d_object, 6, 4, (8,), (8,)), question), seed)


def test_encoders_are_those_of_the_network_that_finds_objects_but_for_its_windows():
    finder = make_model(replace(FINDER, windows=WindowConfig(8, 8, 16, (4,))), seed=1)
    model = make_model(GRID)
    model.take_encoders(finder)
    for part in ("encoder", "question_encoder"):
        learned = getattr(finder, part).state_dict()
        assert all(torch.equal(value, learned[name]) for name, value in getattr(model, part).state_dict().items())
    maps, others = (one.encoder.eval().find_maps(PICTURES) for one in (model, finder))
    assert torch.equal(maps.centers, others.centers)


@pytest.mark.parametrize(
    "learned",
    [
        lambda: make_model(replace(FINDER, channels=(4, 4, 8))),
        lambda: make_model(FINDER, replace(WORDS, d_word=5)),
        lambda: make_model(FINDER, None),
    ],
)
def test_encoders_of_another_size_are_refused(learned):
    with pytest.raises(RNCoreError, match="The encoders of another model must hold all of this one's"):
        make_model(GRID).take_encoders(learned())


def test_questions_that_were_read_before_give_the_same_as_their_words():
    model = make_model(GRID).eval()
    words = torch.tensor([[3, 4, 5], [6, 1, 0]])
    with torch.no_grad():
        whole = model((PICTURES,), words)
        assert torch.equal(model((PICTURES,), model.encode_question(words)), whole)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"cell_size": 6}, "cell_size must be a multiple of 4 pixels, got 6"),
        ({"cell_size": 0}, "cell_size must be a whole number of 1 or more, got 0"),
        ({"n_kept": 25}, "n_kept must be at most 24, all cells, got 25"),
        ({"finder": replace(FINDER, windows=WindowConfig(8, 8, 16, (4,)))}, "the finder has windows; leave them out"),
    ],
)
def test_sizes_that_cannot_be_built_are_named(changes, message):
    with pytest.raises(RNCoreError, match=message):
        replace(GRID, **changes)


def test_an_mlp_has_a_place_for_each_cell_and_a_config_survives_json():
    core = MLPConfig(24, GRID.d_object, 6, 4, (8,))
    config = ModelConfig(GRID, core, WORDS)
    assert ModelConfig.from_dict(config.to_dict()) == config
    with pytest.raises(RNCoreError, match="The MLP must take 24 cells, got n_objects 23"):
        ModelConfig(GRID, replace(core, n_objects=23), WORDS)


def test_relations_over_narrower_objects_are_kept_and_further_columns_begin_unused():
    finder, model = make_model(FINDER, seed=1), make_model(GRID)
    model.core.init_from(finder.core)
    generator = torch.Generator().manual_seed(3)
    objects = torch.randn(2, 5, GRID.d_object, generator=generator)
    pairs, asked = torch.tensor([[[0, 1], [4, 4]], [[2, 3], [3, 2]]]), torch.randn(2, 6, generator=generator)
    with torch.no_grad():
        found = model.core.relate(objects, None, pairs, asked)
        expected = finder.core.relate(objects[..., : FINDER.d_object], None, pairs, asked)
    torch.testing.assert_close(found, expected)
    assert not torch.equal(model.core.f_phi[0].weight, finder.core.f_phi[0].weight)
    with pytest.raises(RNCoreError, match="g_theta must have the sizes"):
        finder.core.init_from(model.core)
