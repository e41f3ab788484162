"""What the physics page saves beside the files about pairs: its scene, its guess, its paths; no Streamlit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from pages._lab.physics.figures import KEPT
from pages._lab.physics.guess import Guess, Paths
from pages._lab.physics.models import TITLES
from pages._lab.physics.view import draw_balls, draw_connections
from pages._lab.saving import write_csv, write_figure
from rn_core.tasks.physics import PhysicsScene
from rn_core.tasks.physics.encoding import list_pairs
from rn_core.tasks.physics.world import FRAME_RATE, N_FRAMES

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def export_scene(scene: PhysicsScene) -> bytes:
    """Return the scene as JSON that the page opens again."""
    return f"{scene.to_json()}\n".encode()


def export_guess_csv(guess: Guess, labels: Sequence[str]) -> bytes:
    """Return one line per pair of balls: both colors, whether they are connected, how likely the network finds that.

    What is unknown is empty.
    """
    true = guess.links
    rows = (
        [labels[i], labels[j], "" if true is None else int(true[i, j]), "" if np.isnan(share) else repr(float(share))]
        for i, j in list_pairs(len(labels))
        for share in [guess.probabilities[i, j]]
    )
    return write_csv(["first", "second", "connected", "probability"], rows)


def export_guess_png(guess: Guess, scene: PhysicsScene, labels: tuple[str, ...]) -> bytes:
    """Return the guess as a picture: the table with true connections, and the matrix of probabilities."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12, 6), layout="constrained")
    told = "predicted connected" if guess.right is None else "right"
    marked = guess.connected if guess.right is None else guess.right
    figure.suptitle(f"{marked.sum()} of {len(marked)} pairs {told}", fontsize=15)
    table, matrix = figure.subplots(1, 2)
    seen = scene.positions[:N_FRAMES]
    draw_connections(table, seen[-1], scene.links)
    draw_balls(table, seen, labels)
    table.set(title="Observed paths and true connections" if scene.knows_links else "Observed paths")
    image = matrix.imshow(guess.probabilities, cmap="Blues", vmin=0, vmax=1)
    for i, j in np.argwhere(scene.links):
        matrix.text(j, i, "connected", ha="center", va="center", color="#d55e00", fontsize=9)
    places = list(range(len(labels)))
    matrix.set(xticks=places, yticks=places, yticklabels=labels, title="Probability of each connection")
    matrix.set_xticklabels(labels, rotation=45, ha="right")
    figure.colorbar(image, ax=matrix, shrink=0.8)
    return write_figure(figure)


def export_paths_csv(paths: Paths, labels: Sequence[str]) -> bytes:
    """Return one line per model, frame and ball: where it is predicted, and where it went, in meters.

    What is unknown is empty.
    """
    rows = (
        [model, frame + 1, label, *map(float, predicted[frame, ball]), *_find_place(paths, frame, ball)]
        for model, predicted in {**paths.predicted, "constant-velocity": paths.kept}.items()
        for frame in range(len(predicted))
        for ball, label in enumerate(labels)
    )
    return write_csv(["model", "frame", "ball", "x", "y", "true_x", "true_y"], rows)


def _find_place(paths: Paths, frame: int, ball: int) -> list[float | str]:
    """Return where a ball went, or empty cells."""
    return ["", ""] if paths.true is None else [float(part) for part in paths.true[frame, ball]]


def export_paths_png(paths: Paths, model: str, labels: tuple[str, ...]) -> bytes:
    """Return predictions as a picture: one network's paths dashed beside the true ones, and all errors, if known."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12, 6), layout="constrained")
    predicted = paths.predicted[model]
    if paths.true is None or paths.kept_errors is None:
        table = figure.subplots()
        draw_balls(table, predicted, labels)
        table.set(title=f"Predicted: {TITLES[model]}")
        return write_figure(figure)
    table, chart = figure.subplots(1, 2)
    draw_balls(table, paths.true, labels)
    for ball in range(len(labels)):
        table.plot(*predicted[:, ball].T, "--", color="#1f2933", linewidth=1.5, zorder=4)
    table.set(title=f"True; dashed: {TITLES[model]}")
    _draw_errors(chart, paths, paths.kept_errors)
    return write_figure(figure)


def _draw_errors(chart: Axes, paths: Paths, kept: np.ndarray) -> None:
    """Draw the errors of all predictions, and (K,) those of balls at constant velocity."""
    seconds = np.arange(1, len(kept) + 1) / FRAME_RATE
    for name, line in paths.errors.items():
        chart.plot(seconds, line, linewidth=3, label=TITLES[name])
    chart.plot(seconds, kept, ":", linewidth=3, color="#d55e00", label=KEPT)
    chart.set(xlabel="seconds ahead", ylabel="mean error, table widths", ylim=(0, None))
    chart.grid(alpha=0.4)
    chart.legend(frameon=False)
