"""Print how long the order spectrum of one answer takes: `python -m benchmarks.orders`."""

from __future__ import annotations

import argparse
import statistics
import time
from itertools import cycle

import torch

import rn_core
from rn_core.attribution import Target
from rn_core.attribution.orders import find_order_spectrum
from rn_core.common.device import processor_name
from rn_core.common.seeding import make_rng
from rn_core.models.relation_network import make_pair_index
from rn_core.tasks.sort_of_clevr.language import ALL_TEXTS
from rn_core.tasks.sort_of_clevr.scene import N_OBJECTS, sample_scene

_NETWORK = "sort-of-clevr/rn-objects"


def time_spectra(n_answers: int, seed: int) -> list[float]:
    """Return the milliseconds of each spectrum, of all 64 coalitions of six objects; the forward pass is left out."""
    answerer, rng = rn_core.load(_NETWORK, "cpu"), make_rng(seed, "explore")
    members, found = make_pair_index(N_OBJECTS), []
    for _, text in zip(range(n_answers), cycle(ALL_TEXTS), strict=False):
        trace = answerer.trace(sample_scene(rng), text)
        target = Target(int(trace.logits[0].argmax()))
        start = time.perf_counter()
        find_order_spectrum(answerer.f_phi(text), trace.relations[0], members, N_OBJECTS, target)
        found.append(1000 * (time.perf_counter() - start))
    return found


def main(arguments: list[str] | None = None) -> None:
    """Measure and print the median and the slowest of twenty."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--answers", type=int, default=200, help="answers whose spectrum is found, 2 or more")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    found = time_spectra(options.answers, options.seed)
    slowest = statistics.quantiles(found, n=20)[-1]
    print(f"Order spectrum of six objects: median {statistics.median(found):.1f} ms, p95 {slowest:.1f} ms.")
    print(f"{options.answers} answers of {_NETWORK}, seed {options.seed}; one core, {processor_name()}.")


if __name__ == "__main__":
    main()
