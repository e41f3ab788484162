"""What the Results page shows, as one value that fits in a URL; no Streamlit."""

from __future__ import annotations

import re
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Self

from pages._lab.links import (
    Field,
    PageState,
    format_switch,
    one_of,
    parse_seed,
    parse_switch,
    whole_number,
)
from rn_core.common.errors import RNCoreError, quote
from rn_core.tasks.registry import DOMAINS

LEVELS = MappingProxyType({"groups": "Groups of questions", "types": "Each question type"})
SECTIONS = MappingProxyType({"table": "Table", "measure": "Measure again"})
#: Fewest and most scenes of a new measurement: fewer give little information, more keep others waiting.
FEWEST, MOST = 100, 2000
_WEIGHTS = re.compile(r"[a-z0-9-]{1,40}")


@dataclass(frozen=True)
class ResultsState(PageState):
    """Everything that decides what the Results page shows.

    Attributes:
        domain: key of `DOMAINS`.
        level: key of `LEVELS`.
        section: key of `SECTIONS`.
        model: what is measured again, such as "rn-pixels"; empty takes the domain's first.
        n_scenes: how many scenes it is measured on, 100 to 2000.
        seed: root seed of those scenes; None takes the one after the card's.
        projector: large type.
    """

    domain: str = next(iter(DOMAINS))
    level: str = "groups"
    section: str = "table"
    model: str = ""
    n_scenes: int = 200
    seed: int | None = None
    projector: bool = False

    def change(self, **changes: Any) -> Self:
        """Return the state with new values; another domain has other models."""
        if changes.get("domain", self.domain) != self.domain:
            changes = {"model": "", "seed": None, **changes}
        return super().change(**changes)

    @staticmethod
    def fields() -> tuple[Field, ...]:
        """Return the page's only table of URL parameters."""
        return FIELDS


def _parse_model(text: str) -> str:
    """Read the name of a model within its domain; whether there is such a one is seen on the page."""
    if not _WEIGHTS.fullmatch(text):
        raise RNCoreError(f"A model must read like rn-pixels, got {quote(text)}.")
    return text


FIELDS = (
    Field("domain", "domain", one_of(DOMAINS, "domain")),
    Field("show", "level", one_of(LEVELS, "level of questions")),
    Field("section", "section", one_of(SECTIONS, "section")),
    Field("model", "model", _parse_model),
    Field("scenes", "n_scenes", whole_number(FEWEST, MOST, "The number of scenes")),
    Field("seed", "seed", parse_seed),
    Field("projector", "projector", parse_switch, format_switch),
)
