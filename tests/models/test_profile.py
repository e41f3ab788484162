"""The profile of ordinary pictures: what it measures, against NumPy's own decomposition and by what must hold."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import ndimage

from rn_core.common.errors import RNCoreError
from rn_core.models.encoders import ImageEncoder, ImageEncoderConfig
from rn_core.models.profile import InputProfile, find_uneven, fit_profile

torch.manual_seed(0)
MIXING = torch.randn(4, 20)


def sample_summaries(n: int, seed: int) -> torch.Tensor:
    """Summaries that vary along four directions, and a little along all, with a value that never changes."""
    rng = torch.Generator().manual_seed(seed)
    found = torch.randn(n, 4, generator=rng) @ MIXING + 0.1 * torch.randn(n, 20, generator=rng) + 3
    return torch.cat([found, torch.full((n, 1), 2.0)], dim=1)


TRAIN, VALIDATION = sample_summaries(400, 1), sample_summaries(300, 2)
#: Shares of pictures that are no even ground.
UNEVEN = 0.2 + 0.1 * torch.rand(300, dtype=torch.float64, generator=torch.Generator().manual_seed(3))
PROFILE = fit_profile(TRAIN, VALIDATION, UNEVEN)


def measure(summaries: torch.Tensor, profile: InputProfile = PROFILE) -> torch.Tensor:
    """Measure summaries of pictures that have an ordinary ground."""
    return profile.measure(summaries, torch.full((len(summaries),), 0.25, dtype=torch.float64))


def test_distances_are_those_of_numpys_singular_vectors():
    train, asked = TRAIN.double().numpy(), VALIDATION[:5].double().numpy()
    mean, deviation = train.mean(axis=0), train.std(axis=0, ddof=1)
    deviation = np.maximum(deviation, 1e-3 * np.median(deviation[deviation > 0]))
    _, singular, rows = np.linalg.svd((train - mean) / deviation, full_matrices=True)
    variances, n_within = singular**2 / (len(train) - 1), 10
    standardized = (asked - mean) / deviation
    along = standardized @ rows.T
    within = np.sqrt((along[:, :n_within] ** 2 / variances[:n_within]).mean(axis=1))
    rest = np.zeros(11)
    rest[: len(variances) - n_within] = variances[n_within:]
    off = np.sqrt((along[:, n_within:] ** 2).mean(axis=1) / rest.mean())
    np.testing.assert_allclose(PROFILE.distances(VALIDATION[:5]).numpy(), np.stack([within, off], axis=1), rtol=1e-3)


def test_the_mean_squared_distance_of_training_pictures_is_one():
    squares = PROFILE.distances(TRAIN).square().mean(dim=0) * len(TRAIN) / (len(TRAIN) - 1)
    torch.testing.assert_close(squares, torch.ones(2, dtype=torch.float64), rtol=1e-3, atol=0)


def test_units_of_the_values_do_not_matter():
    scale, shift = torch.linspace(0.5, 40, 21), torch.linspace(-9, 9, 21)
    other = fit_profile(TRAIN * scale + shift, VALIDATION * scale + shift, UNEVEN)
    strange = VALIDATION[:7] + torch.eye(21)[:7]
    torch.testing.assert_close(measure(strange * scale + shift, other), measure(strange), rtol=1e-2, atol=0)


def test_ordinary_summaries_are_within_the_limits_and_others_are_not():
    assert (measure(sample_summaries(1000, 3)) > 1).float().mean() < 0.02
    along, off = VALIDATION[:20].clone(), VALIDATION[:20].clone()
    along[:, :20] += 12 * MIXING[0]
    off[:, -1] += 0.1  # the value that never changes
    assert (measure(along) > 1).all()
    assert (measure(off) > 1).all()


def test_less_even_ground_than_in_nearly_all_validation_pictures_is_strange():
    summaries, limit = VALIDATION[:2], float(UNEVEN.quantile(0.999))
    either = PROFILE.measure(summaries, torch.tensor([0.25, 1.2 * limit], dtype=torch.float64))
    assert either[0] < 1
    assert float(either[1]) == pytest.approx(1.2)


def test_pictures_without_even_ground_are_ordinary_where_validation_pictures_are_such():
    profile = fit_profile(TRAIN, VALIDATION, 0.75 + 0.8 * UNEVEN)
    none = profile.measure(VALIDATION[:2], torch.ones(2, dtype=torch.float64))
    torch.testing.assert_close(none, torch.maximum(profile.measure(VALIDATION[:2], 0 * none), torch.ones(2).double()))


def test_uneven_ground_is_what_differs_from_the_median_after_smoothing():
    rng = np.random.default_rng(0)
    images = rng.integers(90, 110, (3, 21, 30, 3), dtype=np.uint8)
    images[0, 4:15, 6:20] = rng.integers(0, 256, 3)  # a shape
    images[1] = (images[1] + np.linspace(0, 90, 30)[:, None]).astype(np.uint8)  # a shaded ground
    smooth = np.stack([ndimage.uniform_filter(image, (5, 5, 1), float, mode="nearest") for image in images])
    apart = np.abs(smooth - np.median(smooth, axis=(1, 2), keepdims=True)).max(axis=3)
    found = find_uneven(torch.from_numpy(images))
    np.testing.assert_allclose(found, (apart > 5).mean(axis=(1, 2)), atol=0.01)  # torch's median is the lower of two
    assert found[1] > 0.8 > 0.5 > found[0] > 0.3 > 0.1 > found[2]


def test_summaries_are_mean_and_deviation_of_each_channel():
    encoder = ImageEncoder(ImageEncoderConfig((3, 5), image_size=11)).eval()
    images = torch.randint(0, 256, (4, 11, 11, 3), dtype=torch.uint8)
    maps = encoder.trace(images)[2]
    wanted = [
        [value for found in maps for of in (np.mean, np.std) for value in of(found[k].detach().numpy(), axis=(1, 2))]
        for k in range(4)
    ]
    np.testing.assert_allclose(encoder.summarize(images).detach().numpy(), wanted, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    "change", [{"rest": torch.zeros(1)}, {"limits": torch.ones(2)}, {"mean": torch.full((21,), torch.nan)}]
)
def test_a_profile_of_impossible_numbers_is_refused(change):
    with pytest.raises(RNCoreError, match="measure the profile again"):
        InputProfile(**{**vars(PROFILE), **change})


def test_too_few_pictures_and_another_encoders_summaries_are_refused():
    with pytest.raises(RNCoreError, match="2 or more training pictures"):
        fit_profile(TRAIN[:1], VALIDATION, UNEVEN)
    with pytest.raises(RNCoreError, match="is of 21 values, got 20"):
        measure(VALIDATION[:, :20])
