"""The words of bAbI, all twenty tasks together, and its answers."""

from __future__ import annotations

from itertools import permutations

_OBJECTS = ("apple", "football", "milk")
_PLACES = (
    "bathroom", "bedroom", "cinema", "garden", "hallway", "kitchen", "office", "park", "school",
)  # fmt: skip
_DIRECTIONS = ("n", "s", "e", "w")
_BACK = {"n": "s", "s": "n", "e": "w", "w": "e"}

#: The words of statements and questions in lower case, without punctuation, in alphabetical order.
WORDS = tuple(
    """
    a above afraid after afternoon afterwards and antoine apple are back bathroom bedroom before below bernhard bigger
    bill blue bored box brian carrying cat cats chest chocolate chocolates cinema color container daniel did discarded
    do does down dropped east either emily evening fit fits following football fred frog from garden gave gertrude get
    give go got grabbed gray green greg hallway handed he how hungry in inside is jason jeff jessica john journeyed
    julie julius kitchen left lily lion longer many mary mice milk morning mouse moved no north not objects of office
    or pajamas park passed picked pink put received rectangle red rhino right sandra school she sheep south sphere
    square suitcase sumit swan than that the then there they thirsty this tired to took travelled triangle up was went
    west what where white who why will winona wolf wolves yann yellow yesterday you
    """.split()
)
#: The answers as published: several in one are joined by commas, so that each answer is one of these texts.
ANSWERS = (
    *_PLACES,
    *("Bill", "Fred", "Jeff", "Mary"),
    *("yes", "no", "maybe"),
    *("none", "one", "two", "three"),
    "nothing",
    *(",".join(held) for size in (1, 2, 3) for held in permutations(_OBJECTS, size)),
    *("cat", "mouse", "sheep", "wolf"),
    *("gray", "green", "white", "yellow"),
    *(f"{first},{then}" for first in _DIRECTIONS for then in _DIRECTIONS if then != _BACK[first]),
    *("bored", "hungry", "thirsty", "tired"),
)
#: Words that name somebody or something; several in a row are one name ("pink rectangle").
NAMES = frozenset(
    """
    antoine apple bathroom bedroom bernhard bill blue bored box brian cat cats chest chocolate chocolates cinema
    container daniel emily football fred frog garden gertrude gray green greg hallway hungry jason jeff jessica john
    julie julius kitchen lily lion mary mice milk mouse office pajamas park pink rectangle red rhino sandra school sheep
    sphere square suitcase sumit swan thirsty tired triangle white winona wolf wolves yann yellow
    """.split()
)
#: Words for the relative place or size of two named things.
RELATIONS = ("north", "south", "east", "west", "above", "below", "right", "left", "bigger", "fits", "fit")
