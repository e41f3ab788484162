"""Scenes as objects: the grid of cells by value, and object rows as they are."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import distributed, nn

from rn_core.common.errors import RNCoreError
from rn_core.models.encoders import (
    ImageEncoder,
    ImageEncoderConfig,
    RowEncoder,
    RowEncoderConfig,
    SyncedBatchNorm,
    make_coordinates,
)

CONFIG = ImageEncoderConfig((4, 4, 4, 6))


def sample_images(n_scenes: int = 3, size: int = 75) -> torch.Tensor:
    """Return random images (S, size, size, 3) uint8."""
    return torch.randint(0, 256, (n_scenes, size, size, 3), dtype=torch.uint8)


def test_coordinates_by_value():
    third = 1 / 3
    expected = [
        *[(-1, -1), (-third, -1), (third, -1), (1, -1)],
        *[(-1, -third), (-third, -third), (third, -third), (1, -third)],
        *[(-1, third), (-third, third), (third, third), (1, third)],
        *[(-1, 1), (-third, 1), (third, 1), (1, 1)],
    ]
    torch.testing.assert_close(make_coordinates(4), torch.tensor(expected))


def test_the_last_two_features_are_the_coordinates_whatever_the_batch():
    encoder = ImageEncoder(CONFIG)
    for n_scenes in (1, 5):
        objects, mask = encoder(sample_images(n_scenes))
        assert mask is None
        assert objects.shape == (n_scenes, 25, 8)
        torch.testing.assert_close(objects[..., -2:], make_coordinates(5).expand(n_scenes, -1, -1))
    assert ImageEncoder(ImageEncoderConfig((4, 6), coordinates=False))(sample_images())[0].shape == (3, 19 * 19, 6)


@pytest.mark.parametrize(("size", "n_layers", "grid"), [(75, 4, 5), (75, 2, 19), (128, 4, 8), (64, 3, 8), (7, 1, 4)])
def test_sizes_by_value(size, n_layers, grid):
    config = ImageEncoderConfig((4,) * n_layers, image_size=size)
    assert (config.grid_size, config.n_objects, config.d_object) == (grid, grid**2, 6)
    assert ImageEncoder(config)(sample_images(2, size))[0].shape == (2, grid**2, 6)


def test_a_cell_is_row_times_width_plus_column_and_centred_at_sixteen_pixels_a_cell():
    encoder = ImageEncoder(CONFIG).eval()
    white = torch.full((1, 75, 75, 3), 255, dtype=torch.uint8)
    for row, column in ((0, 0), (0, 3), (2, 1), (4, 4)):
        dotted = white.clone()
        dotted[0, 16 * row, 16 * column] = 0
        with torch.no_grad():
            changed = (encoder(dotted)[0] != encoder(white)[0]).any(dim=2)[0]
        assert changed[5 * row + column]
        # A 3x3 kernel halved four times sees 15 pixels to each side: the neighbors at 16 stay as they were.
        assert changed.sum() == 1


def test_white_is_zero_and_black_is_two():
    encoder = ImageEncoder(CONFIG)
    seen = []
    encoder.layers.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
    encoder(torch.tensor([255, 0], dtype=torch.uint8)[:, None, None, None].expand(2, 75, 75, 3))
    assert seen[0].shape == (2, 3, 75, 75)
    assert seen[0][0].unique().tolist() == [0]
    torch.testing.assert_close(seen[0][1].unique(), torch.tensor([2.0]))


def test_light_makes_black_zero_and_white_one():
    encoder = ImageEncoder(replace(CONFIG, pixel_values="light"))
    seen = []
    encoder.layers.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
    levels = torch.arange(256, dtype=torch.uint8)[:, None, None, None].expand(256, 75, 75, 3)
    encoder(levels)
    torch.testing.assert_close(seen[0][:, 1, 3, 4], torch.arange(256) / 255, rtol=1e-6, atol=0)


def test_coordinates_run_over_their_range():
    config = ImageEncoderConfig((4, 4, 4, 24), 128, coordinate_range=4.0)
    objects = ImageEncoder(config)(sample_images(1, 128))[0]
    line = torch.linspace(-4, 4, 8)
    torch.testing.assert_close(objects[0, :, 24].view(8, 8), line.expand(8, 8))  # x, along a row
    torch.testing.assert_close(objects[0, :, 25].view(8, 8), line[:, None].expand(8, 8))


def test_red_green_and_blue_stay_apart():
    encoder = ImageEncoder(CONFIG)
    seen = []
    encoder.layers.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
    image = torch.full((1, 75, 75, 3), 255, dtype=torch.uint8)
    image[0, 10, 20] = torch.tensor([0, 255, 255], dtype=torch.uint8)
    encoder(image)
    assert seen[0].nonzero().tolist() == [[0, 0, 10, 20]]


def test_images_are_encoded_in_32_bits_under_autocast():
    encoder = ImageEncoder(CONFIG).eval()
    images = sample_images()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        objects, _ = encoder(images)
    assert objects.dtype == torch.float32
    torch.testing.assert_close(objects, encoder(images)[0], rtol=0, atol=0)


def test_rows_pass_through():
    rows, mask = torch.randn(2, 6, 10), torch.ones(2, 6, dtype=torch.bool)
    objects, object_mask = RowEncoder(RowEncoderConfig(10))(rows, mask)
    assert objects is rows
    assert object_mask is mask


@pytest.mark.parametrize(
    ("build", "sentence"),
    [
        (lambda: ImageEncoderConfig(()), "channels must list one or more layer sizes, got none"),
        (lambda: ImageEncoderConfig((32, 0)), "Each of channels must be a whole number of 1 or more, got 0"),
        (lambda: ImageEncoderConfig(image_size=1), "image_size must be a whole number of 2 or more, got 1"),
        (lambda: ImageEncoderConfig(coordinate_range=0), "coordinate_range must be above 0 and finite, got 0; 1 is"),
        (lambda: ImageEncoderConfig(coordinate_range=float("nan")), "coordinate_range must be above 0"),
        (lambda: ImageEncoderConfig(pixel_values="dark"), "pixel_values must be one of ink, light, got 'dark'"),
        (lambda: RowEncoderConfig(0), "d_object must be a whole number of 1 or more, got 0"),
    ],
)
def test_a_size_that_cannot_be_built_is_one_sentence(build, sentence):
    with pytest.raises(RNCoreError, match=f"^{sentence}"):
        build()


def freezable_norm() -> ImageEncoder:
    """Return an encoder whose running statistics have moved, frozen, in training mode."""
    encoder = ImageEncoder(CONFIG)
    for _ in range(3):
        encoder(sample_images())
    encoder.freeze_statistics()
    return encoder


def test_frozen_statistics_make_training_the_same_as_evaluation():
    encoder, images = freezable_norm(), sample_images()
    before = {name: value.clone() for name, value in encoder.state_dict().items()}
    training = encoder.train()(images)[0]
    torch.testing.assert_close(training, encoder.eval()(images)[0], rtol=0, atol=0)
    assert all(torch.equal(value, before[name]) for name, value in encoder.state_dict().items())


def test_frozen_statistics_are_saved_with_the_weights():
    again = ImageEncoder(CONFIG)
    again.load_state_dict(freezable_norm().state_dict())
    images = sample_images()
    torch.testing.assert_close(again.train()(images)[0], again.eval()(images)[0], rtol=0, atol=0)


def test_batch_norm_in_evaluation_equals_torch_s():
    encoder, images = ImageEncoder(CONFIG), sample_images()
    encoder(images)
    encoder.eval()
    own = encoder.layers[1]
    plain = torch.nn.BatchNorm2d(4).eval()
    plain.load_state_dict({name: value for name, value in own.state_dict().items() if name != "frozen"})
    features = torch.randn(2, 4, 9, 9)
    torch.testing.assert_close(own(features), plain(features), rtol=1e-5, atol=1e-6)


@pytest.fixture
def alone_among_processes(tmp_path):
    """Be the only process of a group, which adds up over all of them."""
    distributed.init_process_group("gloo", init_method=f"file://{tmp_path / 'group'}", rank=0, world_size=1)
    yield
    distributed.destroy_process_group()


def test_batch_norm_over_one_process_is_torch_s_gradients_and_running_statistics_too(alone_among_processes):
    synced, plain = SyncedBatchNorm(4), nn.BatchNorm2d(4)
    weight = torch.rand(4) + 0.5
    features = torch.randn(3, 4, 5, 5)
    copies = [features.clone().requires_grad_() for _ in range(2)]
    for norm, copy in zip((synced, plain), copies, strict=True):
        norm.weight.data.copy_(weight)
        norm(copy).pow(3).sum().backward()
    torch.testing.assert_close(copies[0].grad, copies[1].grad)
    torch.testing.assert_close(synced.weight.grad, plain.weight.grad)
    torch.testing.assert_close(synced.running_mean, plain.running_mean)
    torch.testing.assert_close(synced.running_var, plain.running_var)
