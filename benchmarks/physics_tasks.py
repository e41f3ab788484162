"""Print the tables of physics: `python -m benchmarks.physics_tasks [--scenes N] [--seed S] [--range]`.

Connections, numbers of groups and future paths are the cards' figures on new test scenes. Then the networks are
asked about fewer and more balls than the ten that they were trained on. `--range` prints one table alone: networks of
ten balls, and those of 2 to 12 balls, about the same scenes. Where any of twelve colors may be drawn, balls have those.
"""

from __future__ import annotations

import argparse

import numpy as np
import torch

from rn_core import load
from rn_core.common.seeding import make_rng
from rn_core.evaluation.accuracy import accuracy_interval
from rn_core.evaluation.printing import format_accuracy
from rn_core.models import QuestionAnsweringModel
from rn_core.tasks.physics.encoding import color_targets, connection_targets, encode_rows, list_pairs
from rn_core.tasks.physics.sampling import sample_scenes
from rn_core.tasks.physics.scene import PhysicsScenes
from rn_core.tasks.physics.varying import draw_colors
from rn_core.tasks.physics.world import DEFAULT_BALLS, FEWEST_BALLS, MOST_BALLS
from rn_core.weights.card import Card
from rn_core.weights.store import list_weights

#: Row of the first table -> task and question type.
ASKED = {
    "connections: all pairs of a scene": ("connections", "whole_scene"),
    "connections: each pair": ("connections", "pair"),
    "number of connected groups": ("count", "whole_scene"),
}
SIZES = (2, 4, 6, 8, 10, 12, 14, 16)
_SCENES_AT_ONCE = 200


def format_answers(cards: dict[str, Card]) -> str:
    """Return accuracies in percent with 95 % intervals, Relation Network and MLP, beside the best blind answer."""
    lines = ["| asked | Relation Network | MLP | blind |", "| --- | --- | --- | --- |"]
    for name, (task, kind) in ASKED.items():
        rn, mlp = (cards[f"physics/{model}-{task}"].measured for model in ("rn", "mlp"))
        cells = [format_accuracy(found.types[kind]) for found in (rn, mlp)]
        lines.append(f"| {name} | {' | '.join(cells)} | {100 * rn.blind_floor[kind]:.1f} |")
    return "\n".join(lines)


def format_paths(cards: dict[str, Card]) -> str:
    """Return the errors of predicted positions, one row per network, beside balls at constant velocity."""
    names = [name for name in cards if name.endswith("-predict")]
    found = {name.removeprefix("physics/"): cards[name].measured.distances or {} for name in names}
    kept = found["rn-predict"]["constant_velocity"]
    rows = {**{name: one["model"] for name, one in found.items()}, "constant velocity": kept}
    lines = ["| network | error, table widths | of constant velocity's | first frame | last |", "| --- " * 5 + "|"]
    for name, one in rows.items():
        mean = f"{one.mean:.4f} [{one.low:.4f}, {one.high:.4f}]"
        ends = f"{one.frames[0]:.4f} | {one.frames[-1]:.4f}"
        lines.append(f"| {name} | {mean} | {one.mean / kept.mean:.2f} | {ends} |")
    return "\n".join(lines)


def format_sizes(n_scenes: int, seed: int) -> str:
    """Return the accuracies of networks trained on ten balls for other numbers."""
    models = {task: load(f"physics/rn-{task}", "cpu").model for task in ("connections", "count")}
    lines = ["| balls | all pairs of a scene | each pair | number of connected groups |", "| --- " * 4 + "|"]
    for n_balls in SIZES:
        scenes = sample_scenes(make_rng(seed, "test", n_balls), n_scenes, n_balls)
        right = read_connections(models["connections"], scenes)
        counted = _ask(models["count"], scenes).argmax(axis=1) == scenes.n_systems - 1
        cells = (_share_whole(right), f"{100 * right.mean():.1f}", _share(counted))
        lines.append(f"| {n_balls} | {' | '.join(cells)} |")
    return "\n".join(lines)


def format_range(n_scenes: int, seed: int) -> str:
    """Return accuracies for each number of balls, of networks trained on ten balls and of those trained on 2 to 12."""
    names = [f"rn-{task}{balls}" for task in ("count", "connections") for balls in ("", "-2to12")]
    count, count_any, connections, connections_any = (load(f"physics/{name}", "cpu").model for name in names)
    heads = [f"{asked}, trained on {balls}" for asked in ("groups", "all pairs") for balls in ("10", "2 to 12")]
    lines = [f"| balls | {' | '.join(heads)} |", "| --- " * 5 + "|"]
    for n_balls in range(FEWEST_BALLS, MOST_BALLS + 1):
        scenes = sample_scenes(make_rng(seed, "test", n_balls), n_scenes, n_balls)
        counted = (_ask(model, scenes).argmax(axis=1) == scenes.n_systems - 1 for model in (count, count_any))
        whole = _share_whole(read_connections(connections, scenes)) if n_balls <= DEFAULT_BALLS else "no answer"
        colors = draw_colors(make_rng(seed, "test", n_balls, 1), n_scenes, n_balls)
        drawn = _share_whole(read_drawn(connections_any, scenes, colors))
        lines.append(f"| {n_balls} | {' | '.join(map(_share, counted))} | {whole} | {drawn} |")
    return "\n".join(lines)


def read_drawn(model: QuestionAnsweringModel, scenes: PhysicsScenes, colors: np.ndarray) -> np.ndarray:
    """Return whether each pair of twelve colors is predicted correctly (S, P), of balls with colors (S, N) of these."""
    right: np.ndarray = (_ask(model, scenes, colors) > 0) == color_targets(scenes, colors, MOST_BALLS)
    return right


def read_connections(model: QuestionAnsweringModel, scenes: PhysicsScenes) -> np.ndarray:
    """Return whether each pair that has an answer is predicted correctly (S, P): pairs of the first ten balls."""
    n_known = min(scenes.n_balls, DEFAULT_BALLS)
    places = {tuple(pair): place for place, pair in enumerate(list_pairs(DEFAULT_BALLS).tolist())}
    answers = [places[tuple(pair)] for pair in list_pairs(n_known).tolist()]
    known = [row for row, pair in enumerate(list_pairs(scenes.n_balls).tolist()) if max(pair) < n_known]
    return (_ask(model, scenes)[:, answers] > 0) == connection_targets(scenes)[:, known]


@torch.inference_mode()
def _ask(model: QuestionAnsweringModel, scenes: PhysicsScenes, colors: np.ndarray | None = None) -> np.ndarray:
    """Return logits (S, A); colors as in `encode_rows`."""
    inputs = [torch.from_numpy(part) for part in encode_rows(scenes, colors=colors)]
    parts = zip(*(part.split(_SCENES_AT_ONCE) for part in inputs), strict=True)
    return torch.cat([model(part, torch.zeros(len(part[0]), 0)) for part in parts]).numpy()


def _share(right: np.ndarray) -> str:
    """Return the accuracy in percent, with its interval."""
    return format_accuracy(accuracy_interval(right, np.ones_like(right)))


def _share_whole(right: np.ndarray) -> str:
    """Return the accuracy of whole scenes, of each of whose pairs it is known whether it is right (S, P)."""
    return _share(np.asarray(right.all(axis=1)))


def main(arguments: list[str] | None = None) -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--scenes", type=int, default=2000, help="scenes for each number of balls")
    parser.add_argument("--seed", type=int, default=0, help="of those scenes")
    parser.add_argument("--range", action="store_true", help="print the table of 2 to 12 balls alone")
    options = parser.parse_args(arguments)
    if options.range:
        print(format_range(options.scenes, options.seed))
        return
    cards = {name: entry.card for name, entry in list_weights().items() if name.startswith("physics/")}
    print(format_answers(cards), end="\n\n")
    if "physics/rn-predict" in cards:
        print(format_paths(cards), end="\n\n")
    print(format_sizes(options.scenes, options.seed))


if __name__ == "__main__":
    main()
