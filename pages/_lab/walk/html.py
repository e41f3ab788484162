"""The pieces of HTML of the page "How it works"; no Streamlit. All text that goes in is escaped."""

from __future__ import annotations

import numpy as np

from pages._lab.glossary import explain
from pages._lab.plain import escape
from pages._lab.walk.view import WalkView
from rn_core.tasks.sort_of_clevr.questions import ANSWERS

#: Below this, logits of a float32 network differ only by the order in which their terms were added.
ROUNDING = 1e-3
STYLE = """
<style>
.rn-step {margin: 0} .rn-step h3 {font-size: 1.7rem; font-weight: 650; margin: 0; padding: 0; line-height: 1.2}
.rn-step p {font-size: 1.25rem; line-height: 1.35; margin: .3rem 0 0; text-wrap: pretty}
.rn-deal {display: grid; grid-template-columns: repeat(auto-fit, minmax(17rem, 1fr)); gap: 1rem}
.rn-deal b {display: block; font-size: 1.6rem; line-height: 1.2}
.rn-deal p {margin: .2rem 0 0}
.katex-display {overflow-x: auto; overflow-y: hidden; margin: .1rem 0 !important; padding: .3rem 0}
.st-key-walk-stepper button {min-height: 2.9rem}
@media (max-width: 640px) {.katex-display > .katex {font-size: min(1.1em, 4.4vw)}}
</style>
"""


def step_html(title: str, sentence: str) -> str:
    """Return a step's title and sentence."""
    return f'<div class="rn-step"><h3>{escape(title)}</h3><p>{explain(sentence)[0]}</p></div>'


def deal_html(view: WalkView) -> str:
    """Return the effect of permuting the objects on both networks: the largest change of a logit, and the answer."""
    cards = _card("Relation Network", view.plain.logits, view.walk.logits, view.change)
    before, after, change = view.plain_thought, view.thought, view.thought_change
    if before is not None and after is not None and change is not None:
        cards += _card("MLP, same input", before.logits, after.logits, change)
    return f'<div class="rn-scheme rn-deal">{cards}</div>'


def _card(title: str, before: np.ndarray, after: np.ndarray, change: float) -> str:
    """Return what a new order did to one network."""
    first, now = (ANSWERS[int(logits.argmax())] for logits in (before, after))
    kept = first == now
    name, words = ("rn-right", f"✓ still “{now}”") if kept else ("rn-wrong", f"✗ “{first}” became “{now}”")
    note = " (rounding)" if change < ROUNDING else ""
    return (
        f'<section class="rn-card"><h3>{escape(title)}</h3><b>{format_change(change)}</b>'
        f"<p>largest change of a logit{note}</p><p><span class='rn-mark {name}'>{escape(words)}</span></p></section>"
    )


def format_change(change: float) -> str:
    """Return a change of a logit: two decimals, or a power of ten where it is tiny."""
    if change == 0:
        return "0"
    if change >= 0.01:
        return f"{change:.2f}"
    mantissa, _, exponent = f"{change:.0e}".partition("e")
    digits = str(int(exponent)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"{mantissa} · 10{digits}"
