"""What is known of the balls on a table beside their tasks.

Source of "paper": Santoro et al. 2017, "A simple neural network module for relational reasoning"
(https://arxiv.org/abs/1706.01427).
"""

from __future__ import annotations

from rn_core.tasks.domain import Domain, PublishedFigure

_FIGURES: tuple[PublishedFigure, ...] = (
    PublishedFigure(
        "physics", "groups", "connections", "rn-connections", 0.93, "section 5.5", note="scenes with all pairs right"
    ),
    PublishedFigure(
        "physics", "groups", "counting", "rn-count", 0.95, "section 5.5", note="scenes with the right count"
    ),
)  # fmt: skip

DOMAIN = Domain("physics", "Physics", _FIGURES)
