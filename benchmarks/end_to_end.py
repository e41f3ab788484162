"""Print what networks reach that learned from answers alone, per domain: `python -m benchmarks.end_to_end`.

All figures are those of the cards. A network whose weights do not ship has its recipe in place of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from rn_core.evaluation.printing import format_accuracy
from rn_core.weights.card import Card
from rn_core.weights.store import list_weights

#: Network that learns from answers alone -> the same task's network with a head start; None for none.
NETWORKS: Mapping[str, str | None] = MappingProxyType(
    {
        "sort-of-clevr/rn-objects": None,
        "sort-of-clevr/rn-pixels-end-to-end": "sort-of-clevr/rn-pixels",
        "clevr/rn-states-end-to-end": "clevr/rn-states",
        "babi/rn-joint-end-to-end": "babi/rn-joint",
        "physics/rn-connections-end-to-end": "physics/rn-connections",
    }
)


def format_networks(cards: Mapping[str, Card]) -> str:
    """Return one line per network: its accuracy on all questions, its training time, and that with a head start."""
    lines = ["| network | answers only, % | minutes | with a head start, % |", "| --- " * 4 + "|"]
    for name, other in NETWORKS.items():
        beside = "–" if other is None else _describe(cards, other)
        training = cards[name].training if name in cards else None
        minutes = "–" if training is None else f"{training.minutes:.0f}"
        lines.append(f"| {name} | {_describe(cards, name)} | {minutes} | {beside} |")
    return "\n".join(lines)


def _describe(cards: Mapping[str, Card], name: str) -> str:
    """Return the accuracy on all questions with its interval, or how the network is trained."""
    if name not in cards:
        return f"not trained yet: `python -m rn_core train {name}`"
    return format_accuracy(cards[name].measured.overall)


def main() -> None:
    """Print the table."""
    print(format_networks({name: entry.card for name, entry in list_weights().items()}))


if __name__ == "__main__":
    main()
