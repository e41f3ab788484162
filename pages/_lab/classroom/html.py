"""Small pieces of HTML for a class; no Streamlit. All text that goes into HTML is escaped."""

from __future__ import annotations

from collections.abc import Sequence

from pages._lab.plain import escape

LETTERS = "ABCDEFGH"
STYLE = """
<style>
.rn-join {font-size: 1.5rem; line-height: 1.4; margin: 0 0 .8rem; overflow-wrap: anywhere}
.rn-code {font-size: 3.4rem; font-weight: 700; letter-spacing: .12em; line-height: 1.1; margin: 0 0 1rem}
.rn-votes {max-width: 44rem} .rn-votes .rn-bar {font-size: 1.2rem; margin: .5rem 0}
.rn-votes .rn-bar i {height: .9rem}
</style>
"""


def join_html(base: str, code: str) -> str:
    """Return how to join in words: address and code, large.

    Args:
        base: the app's address, without the code.
        code: of the room.
    """
    return (
        f'<p class="rn-join">Scan the code, or open <b>{escape(base)}</b> and enter</p>'
        f'<p class="rn-code">{escape(code)}</p>'
    )


def count_html(n_students: int) -> str:
    """Return how many students have joined."""
    return f'<p class="rn-join"><b>{n_students}</b> student{"s" * (n_students != 1)} joined</p>'


def votes_html(choices: Sequence[str], counts: Sequence[int], right: int | None = None) -> str:
    """Return the votes on each choice as bars.

    Args:
        choices: in words.
        counts: votes per choice.
        right: index of the right choice, which gets a tick; None while it is not shown.
    """
    total, most = sum(counts), max(1, *counts)
    bars = "".join(
        f'<div class="rn-bar"><div><span>{LETTERS[k]} · {escape(choice)}{" ✓" * (k == right)}</span>'
        f'<span>{count}</span></div><i style="width:{100 * count / most:.1f}%"></i></div>'
        for k, (choice, count) in enumerate(zip(choices, counts, strict=True))
    )
    return f'<div class="rn-scheme rn-votes"><p class="rn-aside">{total} vote{"s" * (total != 1)}</p>{bars}</div>'
