"""Small molecules as Z-matrices, and who of their atoms is bonded to whom.

Bond lengths (angstrom) and angles (degrees) are measured ones from the gas phase, as printed in public tables (NIST
Computational Chemistry Comparison and Benchmark Database, SRD 101; CRC Handbook), typed by hand and rounded; where a
table gives no dihedral, the symmetric one is taken. Such figures are facts, which nobody owns.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from rn_core.tasks.own.scene import OwnObject, OwnPair, OwnQuestion, OwnScene, SceneRecord

#: Order of a bond -> its name.
ORDERS = ("none", "single", "double", "triple")
#: Depth in a drawing: how far z shifts a point along x and along y.
_TILT = (0.35, 0.25)
#: Name -> lines "element, bonded atom, distance, atom and angle, atom and dihedral" (atoms by number from 1), and bonds
#: with their orders; a bond without an order shares its electrons with others.
_MOLECULES = {
    "water": ("O|H 1 .958|H 1 .958 2 104.5", "1-2:1 1-3:1"),
    "hydrogen sulfide": ("S|H 1 1.336|H 1 1.336 2 92.1", "1-2:1 1-3:1"),
    "ammonia": ("N|H 1 1.012|H 1 1.012 2 106.7|H 1 1.012 2 106.7 3 113.5", "1-2:1 1-3:1 1-4:1"),
    "phosphine": ("P|H 1 1.421|H 1 1.421 2 93.3|H 1 1.421 2 93.3 3 93.5", "1-2:1 1-3:1 1-4:1"),
    "nitrogen trifluoride": ("N|F 1 1.365|F 1 1.365 2 102.4|F 1 1.365 2 102.4 3 105.8", "1-2:1 1-3:1 1-4:1"),
    "phosphorus trifluoride": ("P|F 1 1.561|F 1 1.561 2 97.7|F 1 1.561 2 97.7 3 98.9", "1-2:1 1-3:1 1-4:1"),
    "methane": (
        "C|H 1 1.087|H 1 1.087 2 109.5|H 1 1.087 2 109.5 3 120|H 1 1.087 2 109.5 3 240", "1-2:1 1-3:1 1-4:1 1-5:1",
    ),
    "silane": ("Si|H 1 1.48|H 1 1.48 2 109.5|H 1 1.48 2 109.5 3 120|H 1 1.48 2 109.5 3 240", "1-2:1 1-3:1 1-4:1 1-5:1"),
    "tetrafluoromethane": (
        "C|F 1 1.315|F 1 1.315 2 109.5|F 1 1.315 2 109.5 3 120|F 1 1.315 2 109.5 3 240", "1-2:1 1-3:1 1-4:1 1-5:1",
    ),
    "tetrachloromethane": (
        "C|Cl 1 1.767|Cl 1 1.767 2 109.5|Cl 1 1.767 2 109.5 3 120|Cl 1 1.767 2 109.5 3 240", "1-2:1 1-3:1 1-4:1 1-5:1",
    ),
    "fluoromethane": (
        "C|F 1 1.383|H 1 1.087 2 108.7|H 1 1.087 2 108.7 3 120|H 1 1.087 2 108.7 3 240", "1-2:1 1-3:1 1-4:1 1-5:1",
    ),
    "chloromethane": (
        "C|Cl 1 1.776|H 1 1.085 2 108.6|H 1 1.085 2 108.6 3 120|H 1 1.085 2 108.6 3 240", "1-2:1 1-3:1 1-4:1 1-5:1",
    ),
    "chloroform": (
        "C|H 1 1.1|Cl 1 1.758 2 107.6|Cl 1 1.758 2 107.6 3 120|Cl 1 1.758 2 107.6 3 240", "1-2:1 1-3:1 1-4:1 1-5:1",
    ),
    "fluoroform": (
        "C|H 1 1.091|F 1 1.328 2 110.1|F 1 1.328 2 110.1 3 120|F 1 1.328 2 110.1 3 240", "1-2:1 1-3:1 1-4:1 1-5:1",
    ),
    "carbon dioxide": ("C|O 1 1.162|O 1 1.162 2 180", "1-2:2 1-3:2"),
    "carbon disulfide": ("C|S 1 1.553|S 1 1.553 2 180", "1-2:2 1-3:2"),
    "carbonyl sulfide": ("C|O 1 1.157|S 1 1.561 2 180", "1-2:2 1-3:2"),
    "hydrogen cyanide": ("C|H 1 1.066|N 1 1.153 2 180", "1-2:1 1-3:3"),
    "acetylene": ("C|C 1 1.203|H 1 1.062 2 180|H 2 1.062 1 180 3 0", "1-2:3 1-3:1 2-4:1"),
    "cyanogen": ("C|C 1 1.389|N 1 1.154 2 180|N 2 1.154 1 180 3 0", "1-2:1 1-3:3 2-4:3"),
    "ethylene": (
        "C|C 1 1.339|H 1 1.086 2 121.2|H 1 1.086 2 121.2 3 180|H 2 1.086 1 121.2 3 0|H 2 1.086 1 121.2 3 180",
        "1-2:2 1-3:1 1-4:1 2-5:1 2-6:1",
    ),
    "ethane": (
        "C|C 1 1.536|H 1 1.091 2 110.9|H 1 1.091 2 110.9 3 120|H 1 1.091 2 110.9 3 240|H 2 1.091 1 110.9 3 60|"
        "H 2 1.091 1 110.9 3 180|H 2 1.091 1 110.9 3 300",
        "1-2:1 1-3:1 1-4:1 1-5:1 2-6:1 2-7:1 2-8:1",
    ),
    "formaldehyde": ("C|O 1 1.205|H 1 1.111 2 121.9|H 1 1.111 2 121.9 3 180", "1-2:2 1-3:1 1-4:1"),
    "thioformaldehyde": ("C|S 1 1.611|H 1 1.093 2 121.6|H 1 1.093 2 121.6 3 180", "1-2:2 1-3:1 1-4:1"),
    "phosgene": ("C|O 1 1.176|Cl 1 1.738 2 124.1|Cl 1 1.738 2 124.1 3 180", "1-2:2 1-3:1 1-4:1"),
    "methanol": (
        "C|O 1 1.427|H 2 .956 1 108.9|H 1 1.096 2 109 3 180|H 1 1.096 2 109 3 60|H 1 1.096 2 109 3 300",
        "1-2:1 2-3:1 1-4:1 1-5:1 1-6:1",
    ),
    "methylamine": (
        "C|N 1 1.471|H 2 1.019 1 110.3|H 2 1.019 1 110.3 3 115|H 1 1.096 2 110 3 60|H 1 1.096 2 110 3 180|"
        "H 1 1.096 2 110 3 300",
        "1-2:1 2-3:1 2-4:1 1-5:1 1-6:1 1-7:1",
    ),
    "dimethyl ether": (
        "O|C 1 1.41|C 1 1.41 2 111.7|H 2 1.096 1 109 3 60|H 2 1.096 1 109 3 180|H 2 1.096 1 109 3 300|"
        "H 3 1.096 1 109 2 60|H 3 1.096 1 109 2 180|H 3 1.096 1 109 2 300",
        "1-2:1 1-3:1 2-4:1 2-5:1 2-6:1 3-7:1 3-8:1 3-9:1",
    ),
    "hydrogen peroxide": ("O|O 1 1.475|H 1 .95 2 94.8|H 2 .95 1 94.8 3 119.8", "1-2:1 1-3:1 2-4:1"),
    "hydrazine": (
        "N|N 1 1.446|H 1 1.008 2 109.2|H 1 1.008 2 109.2 3 113|H 2 1.008 1 109.2 3 88|H 2 1.008 1 109.2 3 201",
        "1-2:1 1-3:1 1-4:1 2-5:1 2-6:1",
    ),
    "acetonitrile": (
        "C|C 1 1.458|N 2 1.157 1 180|H 1 1.104 2 109.5|H 1 1.104 2 109.5 4 120|H 1 1.104 2 109.5 4 240",
        "1-2:1 2-3:3 1-4:1 1-5:1 1-6:1",
    ),
    "propyne": (
        "C|C 1 1.459|C 2 1.206 1 180|H 3 1.056 2 180|H 1 1.105 2 110.2|H 1 1.105 2 110.2 5 120|H 1 1.105 2 110.2 5 240",
        "1-2:1 2-3:3 3-4:1 1-5:1 1-6:1 1-7:1",
    ),
    "allene": (
        "C|C 1 1.308|C 1 1.308 2 180|H 2 1.087 1 120.9|H 2 1.087 1 120.9 4 180|H 3 1.087 1 120.9 4 90|"
        "H 3 1.087 1 120.9 4 270",
        "1-2:2 1-3:2 2-4:1 2-5:1 3-6:1 3-7:1",
    ),
    "ketene": ("C|C 1 1.314|O 2 1.162 1 180|H 1 1.08 2 118.9|H 1 1.08 2 118.9 4 180", "1-2:2 2-3:2 1-4:1 1-5:1"),
    "acetaldehyde": (
        "C|C 1 1.515|O 2 1.21 1 124|H 2 1.128 1 115.3 3 180|H 1 1.107 2 110 3 0|H 1 1.107 2 110 3 120|"
        "H 1 1.107 2 110 3 240",
        "1-2:1 2-3:2 2-4:1 1-5:1 1-6:1 1-7:1",
    ),
    "vinyl chloride": (
        "C|C 1 1.332|Cl 1 1.726 2 122.5|H 1 1.079 2 124 3 180|H 2 1.09 1 119.5 3 180|H 2 1.09 1 121 3 0",
        "1-2:2 1-3:1 1-4:1 2-5:1 2-6:1",
    ),
    "formic acid": (
        "C|O 1 1.202|O 1 1.343 2 124.9|H 1 1.097 2 124.1 3 180|H 3 .972 1 106.3 2 0", "1-2:2 1-3:1 1-4:1 3-5:1",
    ),
    "methanethiol": (
        "C|S 1 1.819|H 2 1.336 1 96.5|H 1 1.092 2 109.8 3 180|H 1 1.092 2 109.8 3 60|H 1 1.092 2 109.8 3 300",
        "1-2:1 2-3:1 1-4:1 1-5:1 1-6:1",
    ),
    "boron trifluoride": ("B|F 1 1.313|F 1 1.313 2 120|F 1 1.313 2 120 3 180", "1-2:1 1-3:1 1-4:1"),
    "sulfur dioxide": ("S|O 1 1.432|O 1 1.432 2 119.5", "1-2 1-3"),
    "ozone": ("O|O 1 1.278|O 1 1.278 2 116.8", "1-2 1-3"),
    "nitrous oxide": ("N|N 1 1.128|O 1 1.184 2 180", "1-2 1-3"),
    "nitrogen dioxide": ("N|O 1 1.193|O 1 1.193 2 134.1", "1-2 1-3"),
    "benzene": (
        "C|C 1 1.397|C 2 1.397 1 120|C 3 1.397 2 120 1 0|C 4 1.397 3 120 2 0|C 5 1.397 4 120 3 0|H 1 1.084 2 120 3 180|"
        "H 2 1.084 3 120 4 180|H 3 1.084 4 120 5 180|H 4 1.084 5 120 6 180|H 5 1.084 6 120 1 180|H 6 1.084 1 120 2 180",
        "1-2 2-3 3-4 4-5 5-6 6-1 1-7:1 2-8:1 3-9:1 4-10:1 5-11:1 6-12:1",
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Molecule:
    """One molecule.

    Attributes:
        name: in English.
        elements: of each atom.
        places: (N, 3), angstrom.
        bonds: pair of atoms, from 0, the lower one first -> order 1 to 3, or None where electrons are shared.
    """

    name: str
    elements: tuple[str, ...]
    places: np.ndarray
    bonds: dict[tuple[int, int], int | None]


def make_molecules() -> Iterator[Molecule]:
    """Yield all molecules in a fixed, mixed order, so that alike ones do not stand together."""
    names = list(_MOLECULES)
    for step in range(len(names)):
        name = names[step * 17 % len(names)]
        lines, bonds = _MOLECULES[name]
        rows = [line.split() for line in lines.split("|")]
        yield Molecule(name, tuple(row[0] for row in rows), _place(rows), dict(map(_read_bond, bonds.split())))


def make_bond_scenes() -> Iterator[SceneRecord]:
    """Yield a scene for each molecule: its atoms, the distances between them, and questions about all pairs."""
    for molecule in make_molecules():
        names = [f"{element}{k}" for k, element in enumerate(molecule.elements, 1)]
        drawn = molecule.places[:, :2] + molecule.places[:, 2:] * np.array(_TILT)
        objects = tuple(
            OwnObject(name, {"element": element}, (round(float(x), 2), round(float(y), 2)))
            for name, element, (x, y) in zip(names, molecule.elements, drawn, strict=True)
        )
        pairs = tuple(
            OwnPair(names[i], names[j], {"distance": round(float(np.linalg.norm(one - other)), 2)})
            for i, one in enumerate(molecule.places)
            for j, other in enumerate(molecule.places)
            if i != j
        )
        yield SceneRecord(OwnScene(molecule.name, objects, pairs), tuple(_ask(molecule, names)))


def _ask(molecule: Molecule, names: list[str]) -> Iterator[OwnQuestion]:
    """Yield the questions about one molecule."""
    shares = None in molecule.bonds.values()
    for j in range(len(names)):
        for i in range(j):
            order, both = molecule.bonds.get((i, j), 0), (names[i], names[j])
            yes = "no" if order == 0 else "yes"
            yield OwnQuestion(f"Are {{{both[0]}}} and {{{both[1]}}} bonded?", yes, "bonded", both)
            if not shares and order is not None:
                yield OwnQuestion(f"Which bond joins {{{both[0]}}} and {{{both[1]}}}?", ORDERS[order], "order", both)


def _read_bond(text: str) -> tuple[tuple[int, int], int | None]:
    """Return a bond such as "1-2:1"."""
    atoms, _, order = text.partition(":")
    i, j = sorted(int(atom) - 1 for atom in atoms.split("-"))
    return (i, j), int(order) if order else None


def _place(rows: list[list[str]]) -> np.ndarray:
    """Return (N, 3), the places of a Z-matrix's atoms."""
    places: list[np.ndarray] = []
    for row in rows:
        places.append(_place_next(places, [float(text) for text in row[1:]]))
    return np.array(places)


def _place_next(places: list[np.ndarray], values: list[float]) -> np.ndarray:
    """Return the place of the next atom: bonded atom, distance, then as far as given angle and dihedral."""
    if not values:
        return np.zeros(3)
    origin = places[int(values[0]) - 1]
    if len(values) == 2:
        return np.asarray(origin + np.array([values[1], 0, 0]))
    toward = places[int(values[2]) - 1] - origin
    toward = toward / np.linalg.norm(toward)
    beside = np.array([0.0, 1.0, 0.0]) if len(values) == 4 else places[int(values[4]) - 1] - places[int(values[2]) - 1]
    beside = beside - (beside @ toward) * toward
    if np.linalg.norm(beside) < 1e-6:  # three atoms on a line: any direction will do
        beside = np.array([0.0, 1.0, 0.0]) - toward[1] * toward
    beside = beside / np.linalg.norm(beside)
    angle, turn = math.radians(values[3]), math.radians(values[5] if len(values) == 6 else 0)
    side = math.cos(turn) * beside + math.sin(turn) * np.cross(toward, beside)
    return np.asarray(origin + values[1] * (math.cos(angle) * toward + math.sin(angle) * side))
