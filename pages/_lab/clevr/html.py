"""Small pieces of HTML of the CLEVR page; all text in them is escaped."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pages._lab.clevr.program import Lane, Step
from pages._lab.plain import escape

if TYPE_CHECKING:
    from pages._lab.clevr.truth import Truth

STYLE = """
<style>
.rn-steps {display: grid; grid-template-columns: auto 1fr; gap: .9rem .8rem; margin: .3rem 0}
.rn-lane-name {font-weight: 600; opacity: .8; padding-top: .5rem; white-space: nowrap}
.rn-lane {display: flex; flex-wrap: wrap; align-items: stretch; gap: .5rem 0}
.rn-step {display: flex; align-items: center}
.rn-step + .rn-step::before {content: "→"; padding: 0 .4rem; opacity: .7}
.rn-step div {padding: .35rem .7rem; border-radius: .5rem; text-align: center; min-width: 3.4rem;
  border: 1px solid color-mix(in srgb, currentColor 30%, transparent)}
.rn-step span {display: block; opacity: .85}
.rn-step b {display: block; font-size: 1.3rem; line-height: 1.2; white-space: nowrap}
.rn-step.last div {border: 3px solid light-dark(#0072b2, #5cb3ea)}
</style>
"""


def truth_html(truth: Truth) -> str:
    """Return the true answer, or why there is none."""
    line = f"Truth: <b>{escape(truth.answer)}</b>" if truth.answer is not None else escape(truth.trouble)
    return f'<div class="rn-scheme rn-truth">{line}</div>'


def steps_html(lanes: Sequence[Lane]) -> str:
    """Return a program as lanes of steps, each with what it gives."""
    runs = any(step.gives is not None for lane in lanes for step in lane.steps)
    rows = []
    for number, lane in enumerate(lanes):
        name = " and ".join(str(joined + 1) for joined in lane.joins)
        title = f"{number + 1} · from {name}" if name else str(number + 1)
        last = number == len(lanes) - 1
        steps = "".join(_step(step, last and step is lane.steps[-1], runs) for step in lane.steps)
        shown = f'<div class="rn-lane-name">{title if len(lanes) > 1 else ""}</div>'
        rows.append(f'{shown}<div class="rn-lane">{steps}</div>')
    return f'{STYLE}<div class="rn-scheme rn-steps">{"".join(rows)}</div>'


def _step(step: Step, is_last: bool, runs: bool) -> str:
    """Return one step over its result; the word alone where no step has one."""
    result = f"<b>{'–' if step.gives is None else escape(step.gives)}</b>" if runs else ""
    name = "rn-step last" if is_last else "rn-step"
    return f'<div class="{name}"><div><span>{escape(step.asks)}</span>{result}</div></div>'
