"""How far predicted paths are from what happened, as the cards of networks that predict say; no Streamlit."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from pages._lab.lanes import describe_model, format_percent
from pages._lab.plain import escape
from pages._lab.tables import make_table
from rn_core.common.records import Distance
from rn_core.weights.store import WeightsEntry

_HEAD = ("Network", "Mean error per frame (table widths)", "95 % interval", "Constant velocity", "Share of that")


def find_distances(entries: Mapping[str, WeightsEntry]) -> dict[str, dict[str, Distance]]:
    """Return model -> "model" and "constant_velocity" -> the errors, for models whose cards have them."""
    metrics = {model: entry.card.metrics for model, entry in entries.items()}
    return {model: found.distances for model, found in metrics.items() if found is not None and found.distances}


def list_errors(found: Mapping[str, Mapping[str, Distance]]) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Return model -> its mean distance in each frame (K,), and that of balls at constant velocity."""
    errors = {model: np.array(each["model"].frames) for model, each in found.items()}
    return errors, np.array(next(iter(found.values()))["constant_velocity"].frames)


def distances_html(found: Mapping[str, Mapping[str, Distance]]) -> str:
    """Return a table with one line per network: its error, and what share that is of constant velocity's."""
    rows = []
    for model, each in found.items():
        ours, kept = each["model"], each["constant_velocity"]
        rows.append(
            [
                f"<b>{escape(describe_model(model))}</b>",
                f"<b>{ours.mean:.4f}</b>",
                f"{ours.low:.4f}–{ours.high:.4f}",
                f"{kept.mean:.4f}",
                format_percent(ours.mean / kept.mean, 0),
            ]
        )
    return make_table(_HEAD, rows)
