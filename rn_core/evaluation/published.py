"""What others measured: the paper's figures and the best open implementations', each with where it stands.

Source of "paper": Santoro et al. 2017, "A simple neural network module for relational reasoning"
(https://arxiv.org/abs/1706.01427). Measures and models bear the names that our own cards use, where both exist. The
figures stand in the domains' own `spec.py`.
"""

from __future__ import annotations

from types import MappingProxyType

from rn_core.common.errors import lookup
from rn_core.tasks import TASKS
from rn_core.tasks.domain import LEVELS, ORIGINS, PublishedFigure

__all__ = ["DOMAINS", "FIGURES", "LEVELS", "ORIGINS", "PublishedFigure", "find_figures"]

_KNOWN = tuple({task.domain.name: task.domain for task in TASKS.values()}.values())
#: Domain, the first part of a weights' name -> its title.
DOMAINS = MappingProxyType({domain.name: domain.title for domain in _KNOWN})
FIGURES: tuple[PublishedFigure, ...] = tuple(figure for domain in _KNOWN for figure in domain.figures)


def find_figures(domain: str) -> tuple[PublishedFigure, ...]:
    """Return what others published on a domain, in the order of `FIGURES`.

    Raises:
        UnknownNameError: if there is no such domain.
    """
    lookup(domain, DOMAINS, "domain")
    return tuple(figure for figure in FIGURES if figure.domain == domain)
