"""Print what chains of jumps take: `python -m benchmarks.chain`.

Floors without any network, and the accuracy of the installed networks of 1 to 8 relation layers or recurrent steps, per
number of jumps.
"""

from __future__ import annotations

import argparse

import rn_core
from rn_core.common.seeding import make_rng
from rn_core.evaluation.accuracy import evaluate
from rn_core.tasks.sort_of_clevr.chain import CHAIN_TYPES, N_JUMPS
from rn_core.tasks.sort_of_clevr.chain_floors import FLOORS, find_chain_floors
from rn_core.tasks.sort_of_clevr.chain_spec import CHAIN_RECIPES
from rn_core.weights.store import list_weights


def measure_rows(n_scenes: int, seed: int) -> list[tuple[str, dict[str, str]]]:
    """Return who answers -> accuracy per number of jumps in percent: floors, then each installed network."""
    floors = find_chain_floors(make_rng(seed, "test"), n_scenes)
    rows = [
        (FLOORS[name], {kind: f"{100 * share:.1f}" for kind, share in found.items()}) for name, found in floors.items()
    ]
    for name in CHAIN_RECIPES:
        if name in list_weights():
            answerer = rn_core.load(name)
            found = evaluate(answerer.model, answerer.task, seed, n_scenes).types
            texts = {k: f"{100 * r.accuracy:.1f} [{100 * r.low:.1f}, {100 * r.high:.1f}]" for k, r in found.items()}
            rows.append((name, texts))
    return rows


def format_rows(rows: list[tuple[str, dict[str, str]]]) -> str:
    """Return a table, one row per answerer, one column per number of jumps."""
    lines = ["| who answers | " + " | ".join(map(str, range(N_JUMPS))) + " |", "| --- " * (N_JUMPS + 1) + "|"]
    lines += [f"| {name} | " + " | ".join(texts[kind] for kind in CHAIN_TYPES) + " |" for name, texts in rows]
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--scenes", type=int, default=2000, help="test scenes, with all their clear questions")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    print(format_rows(measure_rows(options.scenes, options.seed)), end="\n\n")
    print(
        f"Accuracy in percent per number of jumps; {options.scenes:,} scenes of the test split, seed {options.seed}; "
        "in brackets the 95 % interval."
    )


if __name__ == "__main__":
    main()
