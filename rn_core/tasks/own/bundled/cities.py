"""Capitals and where they lie, to a tenth of a degree: which of two is nearer to a third.

Latitudes and longitudes stand in any atlas (such as GeoNames) and are facts, typed by hand here.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from rn_core.common.seeding import make_rng
from rn_core.tasks.own.scene import OwnObject, OwnQuestion, OwnScene, SceneRecord

#: Name, degrees north, degrees east.
CAPITALS = tuple(
    (name.strip(), float(north), float(east))
    for name, north, east in (
        part.rsplit(" ", 2)
        for part in (
            "Abuja 9.1 7.5|Accra 5.6 -.2|Addis Ababa 9 38.8|Algiers 36.8 3.1|Amman 31.9 35.9|Amsterdam 52.4 4.9|"
            "Ankara 39.9 32.9|Athens 38 23.7|Baghdad 33.3 44.4|Baku 40.4 49.9|Bangkok 13.8 100.5|Beijing 39.9 116.4|"
            "Belgrade 44.8 20.5|Berlin 52.5 13.4|Bogota 4.7 -74.1|Brasilia -15.8 -47.9|Brussels 50.9 4.4|"
            "Bucharest 44.4 26.1|Budapest 47.5 19|Buenos Aires -34.6 -58.4|Cairo 30 31.2|Canberra -35.3 149.1|"
            "Caracas 10.5 -66.9|Copenhagen 55.7 12.6|Dakar 14.7 -17.4|Dhaka 23.8 90.4|Dublin 53.3 -6.3|Hanoi 21 105.8|"
            "Harare -17.8 31|Havana 23.1 -82.4|Helsinki 60.2 24.9|Jakarta -6.2 106.8|Kabul 34.5 69.2|"
            "Kathmandu 27.7 85.3|"
            "Khartoum 15.6 32.5|Kinshasa -4.3 15.3|Kyiv 50.5 30.5|La Paz -16.5 -68.1|Lima -12 -77|Lisbon 38.7 -9.1|"
            "London 51.5 -.1|Luanda -8.8 13.2|Lusaka -15.4 28.3|Madrid 40.4 -3.7|Manila 14.6 121|"
            "Mexico City 19.4 -99.1|"
            "Montevideo -34.9 -56.2|Moscow 55.8 37.6|Nairobi -1.3 36.8|New Delhi 28.6 77.2|Oslo 59.9 10.8|"
            "Ottawa 45.4 -75.7|Paris 48.9 2.4|Prague 50.1 14.4|Quito -.2 -78.5|Rabat 34 -6.8|Reykjavik 64.1 -21.9|"
            "Riyadh 24.7 46.7|Rome 41.9 12.5|Santiago -33.4 -70.7|Seoul 37.6 127|Stockholm 59.3 18.1|Tehran 35.7 51.4|"
            "Tokyo 35.7 139.7|Vienna 48.2 16.4|Warsaw 52.2 21|Washington 38.9 -77|Wellington -41.3 174.8"
        ).split("|")
    )
)
N_SCENES, N_CITIES, N_NEARER, N_NORTH = 450, 5, 5, 1
#: Nobody is asked to compare distances that differ by less, in kilometers, or latitudes in degrees.
_CLEAR, _CLEAR_NORTH = 300.0, 2.0
_RADIUS = 6371.0


def find_distance(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Return the way along the surface between two places, given as degrees north and east, in kilometers."""
    (a, b), (c, d) = (map(math.radians, place) for place in (one, other))
    half = math.sin((c - a) / 2) ** 2 + math.cos(a) * math.cos(c) * math.sin((d - b) / 2) ** 2
    return 2 * _RADIUS * math.asin(math.sqrt(half))


def make_city_scenes() -> Iterator[SceneRecord]:
    """Yield scenes of some capitals with questions about three or two of them."""
    for number in range(N_SCENES):
        rng = make_rng(number, "explore", 21)
        picked = [CAPITALS[k] for k in _shuffle(len(CAPITALS), rng)[:N_CITIES]]
        objects = tuple(_make_city(*city) for city in picked)
        asked = [*_ask_nearer(picked, rng)][:N_NEARER] + [*_ask_north(picked, rng)][:N_NORTH]
        yield SceneRecord(OwnScene(f"{number + 1}", objects), tuple(asked))


def _make_city(name: str, north: float, east: float) -> OwnObject:
    """Return a capital with its place on a globe of radius 1, which tells distances better than degrees do."""
    phi, turn = math.radians(north), math.radians(east)
    globe = (math.cos(phi) * math.cos(turn), math.cos(phi) * math.sin(turn), math.sin(phi))
    return OwnObject(name, dict(zip(("gx", "gy", "gz"), (round(one, 3) for one in globe), strict=True)), (east, north))


def _ask_nearer(cities: list[tuple[str, float, float]], rng: np.random.Generator) -> Iterator[OwnQuestion]:
    """Yield questions about which of two is nearer to a third, in a random order."""
    triples = [(a, b, c) for a in range(len(cities)) for b in range(len(cities)) for c in range(b) if a not in (b, c)]
    for k in _shuffle(len(triples), rng):
        a, b, c = triples[k]
        if k % 2:
            b, c = c, b
        (here, *at), (one, *first), (other, *second) = cities[a], cities[b], cities[c]
        ways = [find_distance((at[0], at[1]), (place[0], place[1])) for place in (first, second)]
        if abs(ways[0] - ways[1]) >= _CLEAR:
            answer = "yes" if ways[0] < ways[1] else "no"
            text = f"Is {{{here}}} nearer to {{{one}}} than to {{{other}}}?"
            yield OwnQuestion(text, answer, "nearer", (here, one, other))


def _ask_north(cities: list[tuple[str, float, float]], rng: np.random.Generator) -> Iterator[OwnQuestion]:
    """Yield questions about which of two lies further north, in a random order."""
    both = [(a, b) for a in range(len(cities)) for b in range(len(cities)) if a != b]
    for k in _shuffle(len(both), rng):
        (one, north, _), (other, north_too, _) = (cities[place] for place in both[k])
        if abs(north - north_too) >= _CLEAR_NORTH:
            answer = "yes" if north > north_too else "no"
            yield OwnQuestion(f"Is {{{one}}} further north than {{{other}}}?", answer, "north", (one, other))


def _shuffle(n: int, rng: np.random.Generator) -> list[int]:
    """Return 0 to n - 1 in a random order."""
    order: list[int] = np.argsort(rng.bit_generator.random_raw(n), kind="stable").tolist()
    return order
