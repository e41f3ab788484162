"""Small pieces of HTML of the physics page; all text in them is escaped."""

from __future__ import annotations

from collections.abc import Mapping

from pages._lab.layout import format_share, mark_html, warnings_html
from pages._lab.physics.figures import KEPT
from pages._lab.physics.guess import Guess, Paths
from pages._lab.physics.models import TITLES
from pages._lab.plain import escape
from rn_core.common.records import Answer
from rn_core.tasks.scoring import YES_THRESHOLD

#: Most wrong pairs that are listed one by one.
_MOST_TOLD = 6


def guesses_html(guesses: Mapping[str, Guess]) -> str:
    """Return how many pairs each network has right, and the whole scene; without truth, how many it connects."""
    return _cards({TITLES[model]: _guess_html(guess) for model, guess in guesses.items()})


def _guess_html(guess: Guess) -> str:
    """Return one network's pairs in words."""
    if guess.right is None:
        return f'<div class="rn-said">{guess.connected.sum()} of {len(guess.connected)}</div>pairs predicted connected'
    return (
        f'<div class="rn-said">{guess.right.sum()} of {len(guess.right)}</div>pairs right'
        f"<div>Whole scene: {mark_html(guess.is_whole)}</div>"
    )


def mistakes_html(guess: Guess, labels: tuple[str, ...]) -> str:
    """Return the wrong pairs in words, the surest first; empty for none."""
    wrong = guess.mistakes()
    parts = [
        f"<tr><td>{escape(labels[i])}, {escape(labels[j])}</td><td>{format_share(share)}</td>"
        f"<td>{'not connected' if share >= YES_THRESHOLD else 'connected'}</td></tr>"
        for i, j, share in wrong[:_MOST_TOLD]
    ]
    if len(wrong) > _MOST_TOLD:
        parts.append(f'<tr><td colspan="3">and {len(wrong) - _MOST_TOLD} more</td></tr>')
    head = "<thead><tr><th>Wrong</th><th>Network: connected</th><th>Truth</th></tr></thead>"
    return f'<table class="rn-scheme rn-table">{head}<tbody>{"".join(parts)}</tbody></table>' if parts else ""


def counts_html(answers: Mapping[str, Answer | None], truth: str | None) -> str:
    """Return how many groups there are, and how many each network finds.

    Args:
        answers: model -> its answer; None for weights that cannot be used.
        truth: the true number; None where nobody knows.
    """
    line = "" if truth is None else f'<div class="rn-scheme rn-truth">Truth: <b>{escape(truth)}</b></div>'
    cards = _cards({TITLES[model]: _count_html(said, truth) for model, said in answers.items()})
    return line + cards + warnings_html(answers.values())


def _count_html(said: Answer | None, truth: str | None) -> str:
    """Return one network's number."""
    if said is None:
        return "<p>No usable weights.</p>"
    mark = "connected groups" if truth is None else mark_html(said.text == truth)
    return f'<div class="rn-said">{escape(said.text)}</div>{mark}'


def paths_html(paths: Paths) -> str:
    """Return how far each prediction is off, in the mean over frames and balls; empty if unknown."""
    if paths.kept_errors is None:
        return ""
    lines = {**{TITLES[model]: line for model, line in paths.errors.items()}, KEPT: paths.kept_errors}
    rows = "".join(f"<tr><td>{escape(name)}</td><td><b>{line.mean():.3f}</b></td></tr>" for name, line in lines.items())
    head = "<thead><tr><th>Mean error per frame</th><th>Table widths</th></tr></thead>"
    return f'<table class="rn-scheme rn-table">{head}<tbody>{rows}</tbody></table>'


def _cards(cards: Mapping[str, str]) -> str:
    """Return titled cards side by side, whose contents are already HTML."""
    sections = (f'<section class="rn-card"><h3>{escape(name)}</h3>{body}</section>' for name, body in cards.items())
    name = "rn-answers" if len(cards) == 2 else "rn-answers rn-many"
    return f'<div class="rn-scheme {name}">{"".join(sections)}</div>'
