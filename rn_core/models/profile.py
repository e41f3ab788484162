"""How far a picture is from those that an encoder learned from, by what its convolutions compute, and by its ground.

A picture is summarized by the mean and the standard deviation of each channel. Two distances tell how unlike ordinary
pictures it is: one within the directions in which those vary most, and one off these directions (Moghaddam & Pentland
1997, "Probabilistic visual learning for object representation", sections 2.2 and 2.3). A third is how much of it is no
even ground: where pictures learned from have shapes on one color, a photograph has shades, which means hardly show.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn import functional

from rn_core.common.errors import RNCoreError

#: Most directions that are kept, and the training pictures that each of them takes.
_MOST_DIRECTIONS, _PICTURES_PER_DIRECTION = 32, 8
#: A limit is what this share of validation pictures exceeds, and of what the convolutions compute no less than so many
#: standard deviations above the mean of the logarithms, which holds also where there are few pictures.
_EXCEEDED, _N_DEVIATIONS = 0.001, 3.0
#: Least deviation of a value, in medians of all deviations: a channel that ordinary pictures never change is not 0.
_LEAST_DEVIATION = 1e-3
#: Side in pixels of the square over which colors are averaged, so that noise does not count, and how far an average may
#: be from the ground's color in each channel, of 255.
_SMOOTHED, _EVEN = 5, 5
#: Where ordinary pictures may have less even ground than this share leaves, as rendered ones do, it tells nothing.
_MOST_UNEVEN = 0.95


@dataclass(frozen=True)
class InputProfile:
    """What an encoder computes of ordinary pictures, from summaries of D values.

    Attributes:
        mean: (D,) of each value.
        deviation: (D,) standard deviation of each value, above 0.
        directions: (D, K) orthonormal columns, in which standardized summaries vary most.
        spread: (K,) standard deviation along each.
        rest: (1,) root mean square of a standardized value off these directions.
        limits: (3,) the largest ordinary distance within the directions, and off them, and of `find_uneven`.
    """

    mean: Tensor
    deviation: Tensor
    directions: Tensor
    spread: Tensor
    rest: Tensor
    limits: Tensor

    def __post_init__(self) -> None:
        """Raise RNCoreError for tensors whose shapes do not fit, or numbers that cannot be."""
        d_summary, n_directions = self.directions.shape if self.directions.ndim == 2 else (0, 0)
        wanted = {"mean": d_summary, "deviation": d_summary, "spread": n_directions, "rest": 1, "limits": 3}
        for name, size in wanted.items():
            value: Tensor = getattr(self, name)
            if value.shape != (size,) or not torch.isfinite(value).all() or (name != "mean" and (value <= 0).any()):
                raise RNCoreError(
                    f"A profile's '{name}' must hold {size} finite numbers{'' if name == 'mean' else ' above 0'}, got "
                    f"shape {tuple(value.shape)}; measure the profile again."
                )

    def measure(self, summaries: Tensor, uneven: Tensor) -> Tensor:
        """Return how far pictures are from ordinary ones: (S,), the largest distance over its limit; strange above 1.

        Args:
            summaries: (S, D), as `ConvolutionalEncoder.summarize` gives them.
            uneven: (S,), as `find_uneven` gives it of the same pictures.

        Raises:
            RNCoreError: if the encoder is not the profile's.
        """
        if summaries.shape[1] != len(self.mean):
            raise RNCoreError(
                f"The profile is of {len(self.mean)} values, got {summaries.shape[1]}; measure the profile again."
            )
        distances = torch.cat([self.distances(summaries), uneven.cpu()[:, None]], dim=1)  # (S, 3)
        return (distances / self.limits).amax(dim=1)

    def distances(self, summaries: Tensor) -> Tensor:
        """Return both distances (S, 2), 1 on average over ordinary pictures: within the directions, and off them."""
        standardized = ((summaries.cpu() - self.mean) / self.deviation).double()  # (S, D)
        along = standardized @ self.directions.double()  # (S, K)
        within = (along / self.spread).square().mean(dim=1)
        n_off = standardized.shape[1] - along.shape[1]
        off = (standardized.square().sum(dim=1) - along.square().sum(dim=1)).clamp(min=0) / n_off
        return torch.stack([within, off / self.rest.square()], dim=1).sqrt()


def find_uneven(images: Tensor) -> Tensor:
    """Return how much of each picture is no even ground: (S,) float64, shares from 0 to 1.

    The ground's color is the median of all pixels, each averaged with those around it.

    Args:
        images: (S, H, W, 3) uint8.
    """
    pixels = functional.pad(images.permute(0, 3, 1, 2).float(), (_SMOOTHED // 2,) * 4, mode="replicate")
    smooth = functional.avg_pool2d(pixels, _SMOOTHED, stride=1).flatten(2)  # (S, 3, H * W)
    ground = smooth.median(dim=2, keepdim=True).values  # (S, 3, 1)
    return ((smooth - ground).abs().amax(dim=1) > _EVEN).double().mean(dim=1)


def fit_profile(train: Tensor, validation: Tensor, uneven: Tensor) -> InputProfile:
    """Return the profile of ordinary pictures.

    Args:
        train: (S, D) summaries that mean and directions come from.
        validation: (T, D) summaries of other pictures, that the limits come from.
        uneven: (T,) `find_uneven` of these.

    Raises:
        RNCoreError: if there are fewer than two summaries to fit, or none for the limits.
    """
    if len(train) < 2 or not len(validation):
        raise RNCoreError(
            f"A profile needs 2 or more training pictures and 1 or more for validation, got {len(train)} and "
            f"{len(validation)}; give more."
        )
    train = train.double()
    mean, found = train.mean(dim=0), train.std(dim=0)
    changing = found[found > 0]
    least = _LEAST_DEVIATION * (changing.median() if len(changing) else torch.ones(()))
    deviation = found.clamp(min=float(least))
    variances, directions = torch.linalg.eigh(((train - mean) / deviation).T.cov())  # the smallest first
    n_directions = max(1, min(_MOST_DIRECTIONS, len(mean) // 2, len(train) // _PICTURES_PER_DIRECTION))
    spread = variances[-n_directions:].clamp(min=1e-12).sqrt()
    rest = variances[:-n_directions].mean().clamp(min=1e-12).sqrt()
    parts = (mean, deviation, directions[:, -n_directions:], spread, rest[None], torch.ones(3))
    unlimited = InputProfile(*(part.float().contiguous() for part in parts))
    share = float(uneven.quantile(1 - _EXCEEDED))
    limit = max(share, 1e-6) if share < _MOST_UNEVEN else 1.0
    limits = torch.cat([_find_limits(unlimited.distances(validation)), torch.tensor([limit])])
    return replace(unlimited, limits=limits.float())


def _find_limits(ordinary: Tensor) -> Tensor:
    """Return (2,), the largest distances that still are ordinary, from those (T, 2) of validation pictures."""
    logarithms = ordinary.clamp(min=1e-6).log()
    deviation = logarithms.std(dim=0, correction=0)
    high = logarithms.mean(dim=0) + _N_DEVIATIONS * deviation
    return torch.maximum(high, logarithms.quantile(1 - _EXCEEDED, dim=0)).exp()
