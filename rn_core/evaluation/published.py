"""What others measured: the paper's figures and the best open implementations', each with where it stands.

Source of "paper": Santoro et al. 2017, "A simple neural network module for relational reasoning"
(https://arxiv.org/abs/1706.01427). Measures and models bear the names that our own cards use, where both exist. The
figures stand in the domains' own `spec.py`.
"""

from __future__ import annotations

from rn_core.common.errors import lookup
from rn_core.tasks.domain import LEVELS, ORIGINS, PublishedFigure
from rn_core.tasks.registry import DOMAINS

__all__ = ["LEVELS", "ORIGINS", "PublishedFigure", "find_figures"]


def find_figures(domain: str) -> tuple[PublishedFigure, ...]:
    """Return what others published on a domain.

    Raises:
        UnknownNameError: if there is no such domain.
    """
    return lookup(domain, DOMAINS, "domain").figures
