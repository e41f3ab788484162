"""Tables of the Results page as HTML, and a weights' card as Markdown; no Streamlit.

All text that goes into HTML is escaped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby

from pages._lab.lanes import (
    Lane,
    Mark,
    agree,
    describe_mark,
    describe_measure,
    describe_model,
    format_interval,
    format_percent,
)
from pages._lab.plain import escape, plain
from pages._lab.tables import NONE, make_table
from pages._lab.words import join_words
from rn_core.weights.card import Card
from rn_core.weights.store import WeightsEntry

_OURS = ("Ours", "95 % interval", "n")


def results_html(lanes: Sequence[Lane]) -> str:
    """Return the table of all lanes: ours with interval and sample size, floor, paper, best open implementation."""
    ships, others = (any(lane.mark(kind) for lane in lanes) for kind in ("ours", "open"))
    head = ("Questions", "Network", *_OURS * ships, "Guessing", "Paper", *("Best open-source",) * others)
    rows = []
    for measure, group in groupby(lanes, key=lambda lane: lane.measure):
        for place, lane in enumerate(group):
            rows.append(
                [
                    f"<b>{escape(describe_measure(measure))}</b>" if place == 0 else "",
                    escape(describe_model(lane.model)),
                    *(_measured_cells(lane.mark("ours")) if ships else ()),
                    NONE if lane.floor is None else format_percent(lane.floor),
                    *(_cited(lane.mark(kind)) for kind in ("paper", *("open",) * others)),
                ]
            )
    return make_table(head, rows)


def _measured_cells(mark: Mark | None) -> tuple[str, str, str]:
    """Return a share with its interval and sample size."""
    if mark is None:
        return NONE, NONE, NONE
    return f"<b>{describe_mark(mark, 2)}</b>", format_interval(mark), NONE if mark.n is None else f"{mark.n:,}"


def _cited(mark: Mark | None) -> str:
    """Return a published figure with what there is to know about it and where it is stated."""
    if mark is None:
        return NONE
    where = escape(mark.source)
    if where.startswith("github.com/"):
        where = f'<a href="https://{where}" target="_blank">{where.split("/")[1]}</a>'
    about = ", ".join(part for part in (escape(mark.note), where) if part)
    return f"{escape(describe_mark(mark))} <small>{about}</small>"


def measured_html(lanes: Sequence[Lane]) -> str:
    """Return the table of what was measured on this page beside what the card says; lanes of one model."""
    head = ("Questions", "Card", "95 % interval", "Measured here", "95 % interval", "n", "Intervals")
    rows = []
    for lane in lanes:
        card, now = lane.mark("ours"), lane.mark("now")
        if now is None:
            continue
        rows.append(
            [
                escape(describe_measure(lane.measure)),
                *_measured_cells(card)[:2],
                *_measured_cells(now),
                _agreement(card, now),
            ]
        )
    return make_table(head, rows)


def _agreement(card: Mark | None, now: Mark) -> str:
    """Return whether two intervals overlap, as a mark with its word."""
    if card is None or now.low is None:
        return NONE
    if agree(card, now):
        return '<span class="rn-mark rn-right">✓ agree</span>'
    return '<span class="rn-mark rn-wrong">✗ differ</span>'


def card_lines(card: Card) -> str:
    """Return what a card says beside its metrics, as a Markdown list; what it lacks is left out."""
    training = card.training
    facts = {
        "Task": card.task,
        "Training data": card.data,
        "Start": card.start,
        "Seed": None if training is None else training.settings.get("seed"),
        "Questions asked in training": None if training is None else f"{training.questions:,}",
        "Training time": None if training is None else f"{training.minutes:.1f} minutes on {training.machine}",
        "Parameters": f"{card.parameters:,}",
        "Size": f"{card.n_bytes / 1e6:.2f} MB",
        "SHA-256": card.sha256,
        "Licence": card.license,
        "After": card.source,
    }
    return "\n".join(f"- {name}: {plain(value)}" for name, value in facts.items() if value not in (None, ""))


def describe_head_start(entries: Mapping[str, WeightsEntry]) -> str | None:
    """Return a sentence that names the models that were not trained end-to-end; None if all were."""
    cards = [(describe_model(model), entry.card) for model, entry in entries.items()]
    ahead: dict[str, list[str]] = {}  # what they had -> models
    for model, card in cards:
        if card.training is not None and card.training.settings.get("warm_start"):
            ahead.setdefault("pretrained, not trained on answers only", []).append(model)
        elif card.encoders_from:
            ahead.setdefault(f"trained on answers behind the frozen encoders of {card.encoders_from}", []).append(model)
    if not ahead:
        return None
    words = "; ".join(f"{had}: {join_words(models)}" for had, models in ahead.items())
    return f"{words[0].upper()}{words[1:]}; the cards say how."
