"""Processor time of rendering: `python -m benchmarks.clevr_rendering [--pictures 20] [--seed 0]`.

Each row renders the first pictures of a split on one core, as each process of `generate --task clevr` does, into files
in memory, and says how many core-hours as many pictures take as CLEVR's training split has.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from rn_core.common.device import processor_name
from rn_core.tasks.clevr.dataset import PictureRecipe, make_file
from rn_core.tasks.clevr.picture_size import CLEVR_SIZE, PictureSize
from rn_core.tasks.clevr.rendering import DEFAULT_SAMPLES, use_threads

#: Pictures of CLEVR's training split.
N_TRAIN = 70_000
#: Size and samples of each row.
ROWS = ((CLEVR_SIZE, DEFAULT_SAMPLES), (PictureSize(240, 160), 1))


def measure(recipe: PictureRecipe, n_pictures: int) -> np.ndarray:
    """Return seconds of processor time (n_pictures,) that the first pictures of a split take, after one for nothing."""
    seconds = []
    for index in (0, *range(n_pictures)):
        start = time.process_time()
        make_file(recipe, index)
        seconds.append(time.process_time() - start)
    return np.array(seconds[1:])


def format_row(recipe: PictureRecipe, seconds: np.ndarray) -> str:
    """Return one row of the table; the mean is what many pictures add up to."""
    mean = seconds.mean()
    spread = f"{np.quantile(seconds, 0.1):.2f} to {np.quantile(seconds, 0.9):.2f}"
    return f"| {recipe.size} | {recipe.samples} | {mean:.2f} | {spread} | {mean * N_TRAIN / 3600:.1f} |"


def main(arguments: list[str] | None = None) -> None:
    """Print a row for each size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--pictures", type=int, default=20, help="per row")
    parser.add_argument("--seed", type=int, default=0, help="of the scenes")
    options = parser.parse_args(arguments)
    use_threads(1)
    print(f"| size | samples | s per picture | 10 to 90 % | core-hours for {N_TRAIN:,} |")
    print("| --- " * 5 + "|")
    for size, samples in ROWS:
        recipe = PictureRecipe("train", options.seed, samples, size)
        print(format_row(recipe, measure(recipe, options.pictures)), flush=True)
    print(
        f"\nProcessor time on one core of {processor_name()}, {options.pictures} scenes of seed {options.seed} per row."
    )


if __name__ == "__main__":
    main()
