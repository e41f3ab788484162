"""Small pieces of HTML of the physics page; all text in them is escaped."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

import numpy as np

from pages._ui.layout import mark_html
from pages._ui.physics.figures import KEPT
from pages._ui.physics.guess import Guess, Paths
from pages._ui.physics.models import TITLES


def guesses_html(guesses: Mapping[str, Guess]) -> str:
    """Return how many pairs each network has right, and whether it has the whole scene right."""
    return _cards({TITLES[model]: _guess_html(guess) for model, guess in guesses.items()})


def _guess_html(guess: Guess) -> str:
    """Return one network's pairs in words."""
    return (
        f'<div class="rn-said"><small>{guess.right.sum()} of {len(guess.right)} pairs right</small></div>'
        f"<p>Whole scene: {mark_html(guess.is_whole)}</p>"
    )


def paths_html(paths: Paths) -> str:
    """Return how far each prediction is off, in the mean over frames and balls."""
    errors = {TITLES[model]: line for model, line in paths.errors.items()}
    return _cards({name: _error_html(line) for name, line in {**errors, KEPT: paths.kept_errors}.items()})


def _error_html(line: np.ndarray) -> str:
    """Return one prediction's error."""
    return f'<div class="rn-said"><small>{line.mean():.3f}</small></div>table widths off, a frame'


def truth_html(truth: str) -> str:
    """Return the true number of systems."""
    return f'<div class="rn-scheme rn-truth">Truth: <b>{escape(truth)}</b></div>'


def mistakes_html(guess: Guess, labels: tuple[str, ...]) -> str:
    """Return the wrong pairs in words, the surest first; empty for none."""
    parts = [
        f"<li>{escape(labels[i])} and {escape(labels[j])}: {share:.0%}, "
        f"but {'tied' if guess.links[i, j] else 'not tied'}</li>"
        for i, j, share in guess.mistakes()
    ]
    return f"<p>Wrong:</p><ul>{''.join(parts)}</ul>" if parts else ""


def _cards(cards: Mapping[str, str]) -> str:
    """Return titled cards side by side, whose contents are HTML already."""
    sections = (f'<section class="rn-card"><h3>{escape(name)}</h3>{body}</section>' for name, body in cards.items())
    name = "rn-answers rn-many" if len(cards) > 2 else "rn-answers"
    return f'<div class="rn-scheme {name}">{"".join(sections)}</div>'
