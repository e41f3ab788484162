"""Three sets that come with the project; `python -m rn_core.tasks.own.bundled` writes their files anew."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class BundledSet:
    """One set that comes with the project.

    Attributes:
        title: in words.
        text: what is asked, in a sentence.
        source: where its facts are from.
        file: its file, or one of its files.
        license: of the file.
    """

    title: str
    text: str
    source: str
    file: str
    license: str = "CC0 1.0; the figures are facts"

    @property
    def path(self) -> Path:
        """Return the path of its file."""
        return FOLDER / self.file


#: Name -> set.
BUNDLED: Mapping[str, BundledSet] = MappingProxyType(
    {
        "cities": BundledSet(
            "Capitals",
            "Which of two capitals is nearer to a third, and which lies further north?",
            "latitudes and longitudes of capitals, as in any atlas, to a tenth of a degree",
            "cities.objects.csv",
        ),
        "ancestors": BundledSet(
            "Ancestors",
            "Who is an ancestor, a grandparent, a brother or sister of whom?",
            "the families of British kings and queens, as in any encyclopedia",
            "ancestors.objects.csv",
        ),
        "bonds": BundledSet(
            "Bonds",
            "Which atoms of a small molecule are bonded, and how?",
            "bond lengths and angles from public tables (NIST CCCBDB, CRC Handbook), rounded",
            "bonds.jsonl",
        ),
    }
)
