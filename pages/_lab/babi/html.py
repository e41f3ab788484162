"""Small pieces of HTML of the bAbI page; all text in them is escaped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pages._lab.plain import escape

if TYPE_CHECKING:
    from pages._lab.babi.truth import Truth


def truth_html(truth: Truth) -> str:
    """Return the true answer, or why there is none."""
    if truth.answer is None:
        return f'<div class="rn-scheme rn-truth">The answer cannot be checked: {escape(truth.trouble)}</div>'
    source = " (from the file)" if truth.is_given else ""
    return f'<div class="rn-scheme rn-truth">Truth: <b>{escape(truth.answer)}</b>{source}</div>'
