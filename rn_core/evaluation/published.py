"""Published figures: the paper's and those of the best open implementations, each with its source.

Source of "paper": Santoro et al. 2017, "A simple neural network module for relational reasoning"
(https://arxiv.org/abs/1706.01427). Measures and models have the names that our own cards use, where both exist. The
figures are in the domains' own `spec.py`.
"""

from __future__ import annotations

from rn_core.common.errors import lookup
from rn_core.tasks.domain import LEVELS, ORIGINS, PublishedFigure
from rn_core.tasks.registry import DOMAINS

__all__ = ["LEVELS", "ORIGINS", "PublishedFigure", "find_figures"]


def find_figures(domain: str) -> tuple[PublishedFigure, ...]:
    """Return the published figures of a domain.

    Raises:
        UnknownNameError: if there is no such domain.
    """
    return lookup(domain, DOMAINS, "domain").figures
