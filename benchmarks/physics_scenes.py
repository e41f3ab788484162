"""Print how many scenes of balls a second one core draws and simulates: `python -m benchmarks.physics_scenes`."""

from __future__ import annotations

import argparse
import time

from rn_core.device import processor_name
from rn_core.seeding import make_rng
from rn_core.tasks.physics import PhysicsScenes, sample_scenes
from rn_core.tasks.physics.world import DEFAULT_BALLS, MAX_BALLS, N_FRAMES

SIZES = (2, DEFAULT_BALLS, MAX_BALLS)
_BATCH = 100


def time_scenes(n_balls: int, n_scenes: int, seed: int) -> tuple[PhysicsScenes, float]:
    """Return scenes and the seconds of processor time that they took, without those that compile models."""
    sample_scenes(make_rng(seed, "train"), _BATCH, n_balls)
    rng = make_rng(seed, "explore")
    start = time.process_time()
    batches = [sample_scenes(rng, _BATCH, n_balls) for _ in range(n_scenes // _BATCH)]
    return batches[-1], (time.process_time() - start) / (len(batches) * _BATCH)


def main(arguments: list[str] | None = None) -> None:
    """Measure and print scenes a second for some numbers of balls."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--scenes", type=int, default=2000, help=f"scenes for each number of balls, {_BATCH} or more")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    print("| balls | scenes a second |\n| --- | --- |")
    for n_balls in SIZES:
        _, seconds = time_scenes(n_balls, max(options.scenes, _BATCH), options.seed)
        print(f"| {n_balls} | {1 / seconds:,.0f} |")
    print(f"\n{N_FRAMES} frames a scene; processor time of one core, {processor_name()}.")


if __name__ == "__main__":
    main()
