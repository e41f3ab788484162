"""Tables of who answers how well: floors without any network, then the networks that are installed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import rn_core
from rn_core.evaluation.accuracy import evaluate
from rn_core.evaluation.printing import format_accuracy
from rn_core.weights.store import list_weights

#: Who answers -> accuracy per question type, as text in percent.
Row = tuple[str, dict[str, str]]


def format_floors(floors: Mapping[str, Mapping[str, float]]) -> list[Row]:
    """Return a row per floor, of name -> question type -> accuracy from 0 to 1."""
    return [(name, {kind: f"{100 * share:.1f}" for kind, share in found.items()}) for name, found in floors.items()]


def measure_installed(names: Iterable[str], n_scenes: int, seed: int) -> list[Row]:
    """Return a row per network that is installed, on test scenes, with 95 % intervals in brackets."""
    rows = []
    for name in names:
        if name in list_weights():
            answerer = rn_core.load(name)
            found = evaluate(answerer.model, answerer.task, seed, n_scenes).types
            texts = {k: format_accuracy(r) for k, r in found.items()}
            rows.append((name, texts))
    return rows


def format_rows(rows: Iterable[Row], kinds: Sequence[str], titles: Sequence[str]) -> str:
    """Return a table, one row per answerer, one column per question type of `kinds`, called as in `titles`."""
    lines = ["| who answers | " + " | ".join(titles) + " |", "| --- " * (len(titles) + 1) + "|"]
    lines += [f"| {name} | " + " | ".join(texts[kind] for kind in kinds) + " |" for name, texts in rows]
    return "\n".join(lines)
