"""Words and sentence forms of the tasks that are solved by rules over facts: 4 and 15 to 20."""

from __future__ import annotations

from types import MappingProxyType

from rn_core.tasks.babi.forms import Form, Language
from rn_core.tasks.babi.language import GET, MOVE, ROOMS

#: Direction -> its step (x, y) on the map, x to the east and y to the north.
COMPASS = MappingProxyType({"north": (0, 1), "south": (0, -1), "east": (1, 0), "west": (-1, 0)})
OPPOSITE = MappingProxyType({"north": "south", "south": "north", "east": "west", "west": "east"})
PLACE_FACT = Form("The {} is {} of the {}.", ROOMS, COMPASS, ROOMS)
#: Task 4: the place that lies in a direction of another, by the other and by itself.
WHAT_IS_DIRECTION_OF = Form("What is {} of the {}?", COMPASS, ROOMS)
WHAT_IS_PLACE_DIRECTION_OF = Form("What is the {} {} of?", ROOMS, COMPASS)
#: Task 19.
WHICH_WAY = Form("How do you go from the {} to the {}?", ROOMS, ROOMS)

#: Task 15: animal -> its plural.
PREY = MappingProxyType({"mouse": "mice", "sheep": "sheep", "wolf": "wolves", "cat": "cats"})
DEDUCTION_PERSONS = ("Gertrude", "Winona", "Jessica", "Emily")
FEAR = Form("{} are afraid of {}.", [plural.capitalize() for plural in PREY.values()], PREY.values())
IS_PREY = Form("{} is a {}.", DEDUCTION_PERSONS, PREY)
WHAT_FEARS = Form("What is {} afraid of?", [person.lower() for person in DEDUCTION_PERSONS])

INDUCTION_PERSONS = ("Lily", "Bernhard", "Greg", "Julius", "Brian")
ANIMALS = ("swan", "lion", "frog", "rhino")
COLORS = ("gray", "white", "yellow", "green")
IS_ANIMAL = Form("{} is a {}.", INDUCTION_PERSONS, ANIMALS)
IS_COLOR = Form("{} is {}.", INDUCTION_PERSONS, COLORS)
WHAT_COLOR = Form("What color is {}?", INDUCTION_PERSONS)

#: Task 17.
THINGS = ("triangle", "pink rectangle", "blue square", "red square", "yellow square", "red sphere")
#: Relation -> the step (x, y) from the second thing to the first, x to the right and y up.
RELATIONS = MappingProxyType({"to the left of": (-1, 0), "to the right of": (1, 0), "above": (0, 1), "below": (0, -1)})
THING_FACT = Form("The {} is {} the {}.", THINGS, RELATIONS, THINGS)
IS_THING = Form("Is the {} {} the {}?", THINGS, RELATIONS, THINGS)

#: Task 18: boxes of any order of size, all of them larger than the box of chocolates, and that than the chocolate.
BOXES = ("box", "chest", "container", "suitcase")
SIZED = ("chocolate", "box of chocolates", *BOXES)
FITS = Form("The {} fits inside the {}.", SIZED, SIZED)
IS_BIGGER = Form("The {} is bigger than the {}.", SIZED, SIZED)
DOES_FIT = Form("Does the {} fit in the {}?", SIZED, SIZED)
ASKS_BIGGER = Form("Is the {} bigger than the {}?", SIZED, SIZED)

#: Task 20: motive -> where it leads and what is fetched there.
MOTIVES = MappingProxyType(
    {
        "hungry": ("kitchen", "apple"),
        "thirsty": ("kitchen", "milk"),
        "bored": ("garden", "football"),
        "tired": ("bedroom", "pajamas"),
    }
)
MOTIVE_PERSONS = ("Jason", "Antoine", "Sumit", "Yann")
_GOALS = tuple(dict.fromkeys(place for place, _ in MOTIVES.values()))
_FETCHED = tuple(fetched for _, fetched in MOTIVES.values())
_CALLED = tuple(person.lower() for person in MOTIVE_PERSONS)
HAS_MOTIVE = Form("{} is {}.", MOTIVE_PERSONS, MOTIVES)
GOES = Form("{} {} the {}.", MOTIVE_PERSONS, MOVE, _GOALS)
FETCHES = Form("{} {} the {} there.", MOTIVE_PERSONS, GET, _FETCHED)
WHERE_WILL_GO = Form("Where will {} go?", _CALLED)
WHY_GO = Form("Why did {} go to the {}?", _CALLED, _GOALS)
WHY_GET = Form("Why did {} get the {}?", _CALLED, _FETCHED)

#: Task -> its language.
LANGUAGES = MappingProxyType(
    {
        task: Language(task, statements, questions)
        for task, statements, questions in (
            (4, (PLACE_FACT,), (WHAT_IS_DIRECTION_OF, WHAT_IS_PLACE_DIRECTION_OF)),
            (15, (FEAR, IS_PREY), (WHAT_FEARS,)),
            (16, (IS_ANIMAL, IS_COLOR), (WHAT_COLOR,)),
            (17, (THING_FACT,), (IS_THING,)),
            (18, (FITS, IS_BIGGER), (DOES_FIT, ASKS_BIGGER)),
            (19, (PLACE_FACT,), (WHICH_WAY,)),
            (20, (HAS_MOTIVE, GOES, FETCHES), (WHERE_WILL_GO, WHY_GO, WHY_GET)),
        )
    }
)
