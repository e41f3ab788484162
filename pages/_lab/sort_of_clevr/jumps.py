"""Accuracy against the number of jumps of a chain, network by network, with floors; no Streamlit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import plotly.graph_objects as go

from pages._lab.figures import Look, finish_figure
from pages._lab.shares import error_bars
from rn_core.common.records import Accuracy
from rn_core.common.seeding import make_rng
from rn_core.tasks.sort_of_clevr.chain import CHAIN_TYPES, N_JUMPS
from rn_core.tasks.sort_of_clevr.chain_floors import find_chain_floors
from rn_core.tasks.sort_of_clevr.chain_spec import CHAIN, CHAIN_TITLES
from rn_core.weights.store import WeightsEntry

#: Floor of `chain_floors.FLOORS` -> its name and dash.
_FLOORS = MappingProxyType(
    {
        "constant": ("guess: best constant answer", "dot"),
        "ranked": ("guess: k-th nearest to the start", "dashdot"),
        "nearest": ("guess: nearest, visited or not", "dash"),
    }
)
#: How often a network relates objects -> symbol and dash of its line.
_MARKS = MappingProxyType({1: ("circle", "dot"), 2: ("square", "dashdot"), 4: ("diamond", "dash"), 8: ("x", "solid")})
#: Scenes on which floors are found, and their root seed.
FLOOR_SCENES, FLOOR_SEED = 2000, 0


@dataclass(frozen=True)
class JumpLine:
    """One network's accuracy.

    Attributes:
        title: of the network.
        shares: per number of jumps, from 0.
        relates: how often it relates objects.
        is_recurrent: whether it repeats one step; else each layer has weights of its own.
    """

    title: str
    shares: tuple[Accuracy, ...]
    relates: int
    is_recurrent: bool


def find_jump_lines(entries: Mapping[str, WeightsEntry]) -> tuple[JumpLine, ...]:
    """Return the networks whose cards have figures of the chain, of entries by name or by full name."""
    cards = {name.rpartition("/")[2]: entry.card for name, entry in entries.items() if entry.card.task == CHAIN}
    found = []
    for name, title in CHAIN_TITLES.items():
        metrics = cards[name].metrics if name in cards else None
        if metrics is not None:
            shares = tuple(metrics.types[kind] for kind in CHAIN_TYPES)
            words = name.split("-")
            relates = int(words[2]) if len(words) > 2 else 1
            found.append(JumpLine(title, shares, relates, words[-1].startswith("step")))
    return tuple(found)


def find_floors() -> dict[str, dict[str, float]]:
    """Return floor -> question type -> accuracy, on test scenes."""
    return find_chain_floors(make_rng(FLOOR_SEED, "test"), FLOOR_SCENES)


def plot_jumps(lines: tuple[JumpLine, ...], floors: Mapping[str, Mapping[str, float]], look: Look) -> go.Figure:
    """Draw accuracy against the number of jumps.

    Args:
        lines: of the networks.
        floors: floor -> question type -> accuracy from 0 to 1.
        look: colors and type size.
    """
    figure, jumps = go.Figure(), [*range(N_JUMPS)]
    for name, (title, dash) in _FLOORS.items():
        figure.add_scatter(
            x=jumps, y=[100 * floors[name][kind] for kind in CHAIN_TYPES], name=title, mode="lines",
            line={"color": look.ink, "dash": dash, "width": 1.5}, hovertemplate="%{x} jumps: %{y:.1f} %",
        )  # fmt: skip
    for line in lines:
        symbol, dash = _MARKS[line.relates]
        figure.add_scatter(
            x=jumps, y=[100 * share.accuracy for share in line.shares], name=line.title, mode="lines+markers",
            error_y=error_bars(line.shares, look), hovertemplate="%{x} jumps: %{y:.1f} %",
            line={"color": look.color(1 if line.is_recurrent else -1), "dash": dash, "width": 3},
            marker={"symbol": symbol, "size": 10},
        )  # fmt: skip
    figure.update_layout(legend={"orientation": "h", "y": -0.22, "yanchor": "top", "x": 0})
    figure.update_xaxes(title="jumps", tickvals=jumps, fixedrange=True)
    figure.update_yaxes(title="accuracy, %", range=[-3, 105], fixedrange=True)
    return finish_figure(figure, look, describe_jumps(lines), height=640 if look.large else 540)


def describe_jumps(lines: tuple[JumpLine, ...]) -> str:
    """Return the figure in words."""
    told = "; ".join(
        f"{line.title}: {', '.join(f'{100 * share.accuracy:.0f}' for share in line.shares)}" for line in lines
    )
    return f"Accuracy in percent after 0 to {N_JUMPS - 1} jumps. {told}."


def describe_sample(lines: tuple[JumpLine, ...]) -> str:
    """Return in a sentence what was measured."""
    asked = min(share.n for line in lines for share in line.shares)
    return (
        f"From the cards, on scenes kept out of training, {asked:,} questions or more for each number of jumps; thin "
        f"lines: 95 % intervals. Guesses on {FLOOR_SCENES:,} such scenes; k is the number of jumps."
    )
