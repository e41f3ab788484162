"""Print the table of CLEVR's networks of pictures: `python -m benchmarks.clevr_networks --real FOLDER`.

Figures on rendered pictures are those of the cards. The folder is that of `benchmarks.clevr_slots`.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks.clevr_slots import measure_real
from benchmarks.clevr_states import format_table
from rn_core.common.records import Evaluation
from rn_core.evaluation.published import find_figures
from rn_core.tasks.clevr.program import GROUPS
from rn_core.weights.card import Card
from rn_core.weights.store import list_weights

NAMES = ("rn-slots", "rn-pixels", "sa-pixels", "mlp-pixels")
#: Models of the paper's Table 1 that see pictures.
_PUBLISHED = ("rn-pixels", "sa-pixels", "mlp-pixels")


def format_paper() -> str:
    """Return the paper's figures of networks of pictures as a table, a row per group."""
    found = {(one.model, one.measure): one.value for one in find_figures("clevr") if one.origin == "paper"}
    lines = [f"| the paper | {' | '.join(_PUBLISHED)} |", "| --- " * (len(_PUBLISHED) + 1) + "|"]
    for measure in ("overall", *GROUPS):
        cells = (f"{100 * found[model, measure]:.1f}" for model in _PUBLISHED)
        lines.append(f"| {measure.replace('_', ' ')} | {' | '.join(cells)} |")
    return "\n".join(lines)


def describe_card(name: str, card: Card) -> str:
    """Return a sentence on the size and the training of a network."""
    trained = card.trained
    own = "" if not card.encoders_from else f", its encoders those of `{card.encoders_from}`"
    return (
        f"`{name}`: {card.parameters:,} parameters{own}; {trained.questions:,} questions, {trained.minutes:g} minutes."
    )


def format_all(cards: dict[str, Card], real: dict[str, Evaluation]) -> str:
    """Return all tables as Markdown: on rendered pictures, on real ones, and the paper's; then a sentence per network.

    Args:
        cards: name -> card, measured on rendered pictures.
        real: name -> accuracy on real pictures.
    """
    rendered = format_table({f"{name}, rendered": card.measured for name, card in cards.items()})
    beside = format_table({f"{name}, real": found for name, found in real.items()})
    about = "\n\n".join(describe_card(name, card) for name, card in cards.items())
    return "\n\n".join([rendered, beside, format_paper(), about])


def main() -> None:
    """Print the tables and what is behind them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--real", type=Path, required=True, help="folder with images/, scenes.json and questions.json")
    options = parser.parse_args()
    entries = list_weights()
    cards = {name: entries[f"clevr/{name}"].card for name in NAMES if f"clevr/{name}" in entries}
    print(format_all(cards, {name: measure_real(f"clevr/{name}", options.real) for name in cards}))


if __name__ == "__main__":
    main()
