"""Print how many scenes of balls one core draws and simulates per second: `python -m benchmarks.physics_scenes`."""

from __future__ import annotations

import argparse
import time

from rn_core.common.device import processor_name
from rn_core.common.seeding import make_rng
from rn_core.tasks.physics import sample_scenes
from rn_core.tasks.physics.world import DEFAULT_BALLS, MAX_BALLS, N_FRAMES

SIZES = (2, DEFAULT_BALLS, MAX_BALLS)
_BATCH = 100


def count_per_second(n_balls: int, n_scenes: int, seed: int) -> float:
    """Return scenes per second of processor time, without the time that compiles models."""
    sample_scenes(make_rng(seed, "train"), _BATCH, n_balls)
    rng = make_rng(seed, "explore")
    n_batches = max(n_scenes // _BATCH, 1)
    start = time.process_time()
    for _ in range(n_batches):
        sample_scenes(rng, _BATCH, n_balls)
    return n_batches * _BATCH / (time.process_time() - start)


def main(arguments: list[str] | None = None) -> None:
    """Measure and print scenes per second for some numbers of balls."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument(
        "--scenes", type=int, default=2000, help=f"scenes for each number of balls, in batches of {_BATCH}"
    )
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    print("| balls | scenes per second |\n| --- | --- |")
    for n_balls in SIZES:
        print(f"| {n_balls} | {count_per_second(n_balls, options.scenes, options.seed):,.0f} |")
    print(f"\n{N_FRAMES} frames per scene; processor time of one core, {processor_name()}.")


if __name__ == "__main__":
    main()
