"""The facts of the sets that come with the project, against sources and rules that their scripts do not use."""

from __future__ import annotations

import csv
import re
from importlib.resources import files
from itertools import combinations

import numpy as np
import pytest

from rn_core.tasks.own.bundled import BUNDLED, FOLDER
from rn_core.tasks.own.bundled.cities import CAPITALS
from rn_core.tasks.own.bundled.molecules import make_molecules

#: Covalent radii, angstrom: Cordero et al. 2008 (doi 10.1039/b801115j), table 2.
RADII = {"H": 0.31, "B": 0.84, "C": 0.76, "N": 0.71, "O": 0.66, "F": 0.57, "Si": 1.11, "P": 1.07, "S": 1.05, "Cl": 1.02}
VALENCES = {"H": 1, "B": 3, "C": 4, "N": 3, "O": 2, "F": 1, "Si": 4, "P": 3, "S": 2, "Cl": 1}
#: Who is whose ancestor or grandparent by a line that leads over persons who are in no scene, or are not said to be
#: parents there; and brothers whose father is in none.
KIN = {
    "ancestor": {
        "Lord Darnley": "Margaret Tudor, Henry VII, Elizabeth of York, Edward IV, Elizabeth Woodville",
        "Frederick William I": "Sophia Charlotte, Ernest Augustus, Sophia of Hanover, Elizabeth Stuart, Frederick V",
        "Frederick the Great": "Sophia Charlotte",
        "Louisa Ulrika": "Sophia Charlotte",
        "Charles of Brunswick": "Frederick William I, Sophia of Prussia, George I, Sophia Dorothea, Sophia Charlotte",
        "Caroline of Brunswick": "Frederick William I, Sophia of Prussia",
        "Mary of Teck": "George III, Charlotte of Mecklenburg, Frederick Louis, Augusta of Gotha, George II",
    },
    "grandparent": {
        "Lord Darnley": "Margaret Tudor",
        "James I": "Margaret Douglas",
        "Frederick William I": "Ernest Augustus, Sophia of Hanover",
        "Frederick the Great": "Sophia Charlotte",
        "Louisa Ulrika": "Sophia Charlotte",
        "Charles of Brunswick": "Frederick William I, Sophia of Prussia",
    },
    "sibling": {
        "Constantine I": "Andrew of Greece",
        "Andrew of Greece": "Constantine I",
        "Louis of Battenberg": "Henry of Battenberg",
        "Henry of Battenberg": "Louis of Battenberg",
    },
}


def read_time_zones() -> dict[str, tuple[float, float]]:
    """Return city -> degrees north and east to a minute, of the IANA time zone database."""
    found = {}
    for line in (files("tzdata") / "zoneinfo" / "zone.tab").read_text().splitlines():
        if line and not line.startswith("#"):
            _, place, zone = line.split("\t")[:3]
            north, east = (read_degrees(part) for part in re.fullmatch(r"([+-]\d+)([+-]\d+)", place).groups())
            found[zone.rpartition("/")[2].replace("_", " ")] = (north, east)
    return found


def read_degrees(text: str) -> float:
    """Return degrees of +DDMM, +DDDMM or the same with seconds."""
    sign, digits = text[0], text[1:]
    places = (digits[:-2], digits[-2:], "0") if len(digits) < 6 else (digits[:-4], digits[-4:-2], digits[-2:])
    degrees, minutes, seconds = map(int, places)
    return float(f"{sign}1") * (degrees + minutes / 60 + seconds / 3600)


def test_capitals_lie_where_the_time_zone_database_has_them():
    known = read_time_zones()
    checked = [(name, place, known[name]) for name, *place in CAPITALS if name in known]
    assert len(checked) > 50
    for name, place, true in checked:
        assert np.abs(np.subtract(place, true)).max() < 0.15, name


def test_atoms_are_bonded_where_they_are_as_near_as_their_radii_and_bonds_fill_their_valences():
    for molecule in make_molecules():
        for i, j in combinations(range(len(molecule.elements)), 2):
            reach = RADII[molecule.elements[i]] + RADII[molecule.elements[j]]
            distance = float(np.linalg.norm(molecule.places[i] - molecule.places[j]))
            assert ((i, j) in molecule.bonds) == (distance < 1.25 * reach), (molecule.name, i, j)
        if None in molecule.bonds.values():
            continue
        for atom, element in enumerate(molecule.elements):
            orders = [order for ends, order in molecule.bonds.items() if atom in ends]
            assert sum(orders) == VALENCES[element], (molecule.name, atom)


@pytest.mark.parametrize("kind", KIN)
def test_no_row_denies_a_kinship_that_the_table_of_persons_does_not_show(kind):
    with (FOLDER / "ancestors.questions.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["type"] == kind]
    assert len(rows) > 100 and BUNDLED["ancestors"].path.parent == FOLDER
    for row in rows:
        first, second = re.findall(r"{(.*?)}", row["question"])
        assert row["answer"] == "yes" or first not in KIN[kind].get(second, "").split(", "), row
