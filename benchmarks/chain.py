"""Print what chains of jumps take: `python -m benchmarks.chain`.

Floors without any network, and the accuracy of the installed networks of 1 to 8 relation layers or recurrent steps, per
number of jumps.
"""

from __future__ import annotations

import argparse

from benchmarks.answerers import Row, format_floors, format_rows, measure_installed
from rn_core.common.seeding import make_rng
from rn_core.tasks.sort_of_clevr.chain import CHAIN_TYPES, N_JUMPS
from rn_core.tasks.sort_of_clevr.chain_floors import FLOORS, find_chain_floors
from rn_core.tasks.sort_of_clevr.chain_spec import CHAIN_RECIPES


def measure_rows(n_scenes: int, seed: int) -> list[Row]:
    """Return who answers -> accuracy per number of jumps in percent: floors, then each installed network."""
    floors = find_chain_floors(make_rng(seed, "test"), n_scenes)
    named = {FLOORS[name]: found for name, found in floors.items()}
    return format_floors(named) + measure_installed(CHAIN_RECIPES, n_scenes, seed)


def main(arguments: list[str] | None = None) -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--scenes", type=int, default=2000, help="test scenes, with all their clear questions")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    rows = measure_rows(options.scenes, options.seed)
    print(format_rows(rows, CHAIN_TYPES, [*map(str, range(N_JUMPS))]), end="\n\n")
    print(
        f"Accuracy in percent per number of jumps; {options.scenes:,} scenes of the test split, seed {options.seed}; "
        "in brackets the 95 % interval."
    )


if __name__ == "__main__":
    main()
