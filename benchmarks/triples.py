"""Print what questions about three objects take: `python -m benchmarks.triples`.

Floors without any network, and the accuracy of the networks over triples and over pairs that are installed.
"""

from __future__ import annotations

import argparse

from benchmarks.answerers import Row, format_floors, format_rows, measure_installed
from rn_core.common.seeding import make_rng
from rn_core.tasks.sort_of_clevr.triple_floors import find_triple_floors, find_two_object_floors
from rn_core.tasks.sort_of_clevr.triples import TRIPLE_TYPES

MODELS = ("sort-of-clevr/rn-triples", "sort-of-clevr/rn-triples-pairs")


def measure_rows(n_scenes: int, n_pairs: int, n_redeals: int, seed: int) -> list[Row]:
    """Return who answers -> accuracy per question type in percent: two floors, then each installed network."""
    floors = {
        "best constant answer": find_triple_floors(make_rng(seed, "test"), n_scenes),
        "who sees only A and B": find_two_object_floors(make_rng(seed, "test"), n_pairs, n_redeals),
    }
    return format_floors(floors) + measure_installed(MODELS, n_scenes, seed)


def main(arguments: list[str] | None = None) -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--scenes", type=int, default=2000, help="test scenes, with all their clear questions")
    parser.add_argument("--pairs", type=int, default=300, help="pairs A and B for the second floor")
    parser.add_argument("--redeals", type=int, default=300, help="scenes for each of them, twice")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    rows = measure_rows(options.scenes, options.pairs, options.redeals, options.seed)
    print(format_rows(rows, TRIPLE_TYPES, TRIPLE_TYPES), end="\n\n")
    print(
        f"{options.scenes:,} scenes of the test split, seed {options.seed}; {options.pairs} pairs A and B with "
        f"{options.redeals} scenes each to find the commonest answer and as many to try it on; in brackets the 95 % "
        "interval."
    )


if __name__ == "__main__":
    main()
