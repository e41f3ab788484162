"""The hops of a network that follows a chain of sentences: which one each picked; no Streamlit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from pages._lab.babi.state import BabiState
from pages._lab.layout import share_bar
from pages._lab.plain import escape

#: Sentences of one hop that are listed: the one picked, and others from this weight on.
_LOWEST, _MOST = 0.05, 3
_NUMBERS = ("No", "One", "Two", "Three", "Four")
_EXACT = (
    "Each hop picks a sentence, given the question and what was picked before; the percentages are its weights. "
    "<b>Exact</b>: what each pair adds to the answer. What the last hop finds at a sentence is counted to that "
    "sentence's pair with itself. <b>Not exact</b>: a hop's weights are no shares of the answer, because every later "
    "pick depends on them; drop a sentence to see what it matters for."
)


@dataclass(frozen=True)
class Pick:
    """A sentence that a hop picked.

    Attributes:
        place: in the list of sentences, from 0.
        text: the sentence.
        weight: 0 to 1; those of one hop add up to 1 over all sentences that the network sees.
    """

    place: int
    text: str
    weight: float


def list_hops(state: BabiState, picks: Tensor | None) -> tuple[tuple[Pick, ...], ...]:
    """Return for each hop the sentences that it picked, the one with the largest weight first.

    Args:
        state: the story.
        picks: (T, N) weights, N at least the number of sentences that the network sees; None for no hops.
    """
    return () if picks is None else tuple(_rank(state, row[: len(state.seen)]) for row in picks)


def _rank(state: BabiState, weights: Tensor) -> tuple[Pick, ...]:
    """Return the sentences with the largest weights (n,), and at least one."""
    order = weights.argsort(descending=True, stable=True)[:_MOST].tolist()
    picks = (Pick(state.seen[row], state.lines[state.seen[row]].text, float(weights[row])) for row in order)
    return tuple(pick for rank, pick in enumerate(picks) if rank == 0 or pick.weight >= _LOWEST)


def hops_html(hops: Sequence[Sequence[Pick]], support: Sequence[int] = ()) -> str:
    """Return the hops as HTML, one after the other; nothing for a network without hops.

    Args:
        hops: from `list_hops`.
        support: places of the sentences that the true answer follows from, which are ticked.
    """
    if not hops:
        return ""
    items = "".join(f"<li>{''.join(_pick_html(pick, pick.place in support) for pick in picks)}</li>" for picks in hops)
    title = f"{_NUMBERS[len(hops)] if len(hops) < len(_NUMBERS) else len(hops)} hops, one sentence after another"
    return f'<section class="rn-card rn-hops"><h3>{title}</h3><ol>{items}</ol><p class="rn-text">{_EXACT}</p></section>'


def _pick_html(pick: Pick, is_fact: bool) -> str:
    """Return one picked sentence over a bar of its weight."""
    tick = ' <span class="rn-mark">✓ fact</span>' if is_fact else ""
    return share_bar(f"<b>{pick.place + 1}</b> {escape(pick.text)}{tick}", pick.weight)
