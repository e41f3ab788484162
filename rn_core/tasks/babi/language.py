"""Words and sentences of the tasks about people and places: 1-3 and 5-14; worlds write them, solvers read them.

A form is a sentence with slots in braces. Worlds fill its slots; solvers look a sentence up among all that the forms
of a task can make, so both use the same words.
"""

from __future__ import annotations

import itertools
import string
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from rn_core.tasks.babi.forms import Language

MOVE = ("moved to", "went to", "journeyed to", "travelled to", "went back to")
GET = ("picked up", "got", "grabbed", "took")
DROP = ("dropped", "left", "discarded", "put down")
GIVE = ("gave", "handed", "passed")
OPENERS = ("Afterwards", "After that", "Following that", "Then")
#: Times of the day before and of today, the earliest first.
TIMES = ("yesterday", "this morning", "this afternoon", "this evening")
ROOMS = ("bathroom", "bedroom", "garden", "hallway", "kitchen", "office")
THINGS = ("apple", "football", "milk")
PRONOUNS = MappingProxyType({"John": "he", "Mary": "she", "Sandra": "she", "Daniel": "he"})
NUMBERS = ("none", "one", "two", "three")


@dataclass(frozen=True)
class Cast:
    """Who acts in a task, and where; those who are given things first come first."""

    persons: tuple[str, ...]
    places: tuple[str, ...]


_HOME = Cast(tuple(PRONOUNS), ROOMS)
_TOWN = Cast(("Bill", "Fred", "Julie", "Mary"), ("bedroom", "cinema", "kitchen", "office", "park", "school"))
CASTS: Mapping[int, Cast] = MappingProxyType(
    dict.fromkeys((1, 2, 3, 6, 7, 8, 9, 11, 12, 13), _HOME)
    | {5: Cast(("Mary", "Fred", "Bill", "Jeff"), ROOMS), 10: _TOWN, 14: _TOWN}
)

#: Kind of a sentence -> its forms.
FORMS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "move": ("{person} {move} the {place}.",),
        "get": ("{person} {get} the {thing}.", "{person} {get} the {thing} there."),
        "drop": ("{person} {drop} the {thing}.", "{person} {drop} the {thing} there."),
        "give": ("{person} {give} the {thing} to {other}.",),
        "is in": ("{person} is in the {place}.",),
        "is out": ("{person} is no longer in the {place}.", "{person} is not in the {place}."),
        "is either": ("{person} is either in the {place} or the {second}.",),
        "both move": ("{person} and {other} {move} the {place}.",),
        "goes on": ("{opener} {pronoun} {move} the {place}.",),
        "go on": ("{opener} they {move} the {place}.",),
        "move then": ("{person} {move} the {place} {time}.", "{Time} {person} {move} the {place}."),
        "where": ("Where is {person}?",),
        "where thing": ("Where is the {thing}?",),
        "where before": ("Where was {person} before the {place}?",),
        "where thing before": ("Where was the {thing} before the {place}?",),
        "is there": ("Is {person} in the {place}?",),
        "how many": ("How many objects is {person} carrying?",),
        "what": ("What is {person} carrying?",),
        "given": ("What did {person} give to {other}?",),
        "giver": ("Who gave the {thing}?", "Who gave the {thing} to {other}?"),
        "receiver": ("Who received the {thing}?", "Who did {person} give the {thing} to?"),
    }
)
#: Task -> kinds of its statements, kinds of its questions.
KINDS: Mapping[int, tuple[tuple[str, ...], tuple[str, ...]]] = MappingProxyType(
    {
        1: (("move",), ("where",)),
        2: (("move", "get", "drop"), ("where thing",)),
        3: (("move", "get", "drop"), ("where thing before",)),
        5: (("move", "get", "drop", "give"), ("given", "giver", "receiver")),
        6: (("move", "get", "drop"), ("is there",)),
        7: (("move", "get", "drop", "give"), ("how many",)),
        8: (("move", "get", "drop"), ("what",)),
        9: (("move", "is in", "is out"), ("is there",)),
        10: (("move", "is in", "is either"), ("is there",)),
        11: (("move", "goes on"), ("where",)),
        12: (("both move",), ("where",)),
        13: (("both move", "go on"), ("where",)),
        14: (("move then",), ("where before",)),
    }
)
#: Slots whose word does not affect any answer.
_MUTE = frozenset({"move", "get", "drop", "give", "opener"})


@dataclass(frozen=True)
class Sentence:
    """A statement or a question that was read; fields without a slot in its form are empty.

    Attributes:
        kind: a key of `FORMS`.
        text: as its form has it.
        person: who acts, or is asked about.
        other: who acts too, or receives.
        pronoun: "he" or "she", for the person of the statement before.
        place: where to, or what place is asked about.
        second: the other place of "either"; the published stories have the same one twice, too.
        thing: such as "apple".
        time: one of `TIMES`.
    """

    kind: str
    text: str
    person: str = ""
    other: str = ""
    pronoun: str = ""
    place: str = ""
    second: str = ""
    thing: str = ""
    time: str = ""


@dataclass(frozen=True)
class _Kind:
    """All sentences of a kind that a cast can make.

    Attributes:
        name: a key of `FORMS`.
        cast: who acts, and where.
    """

    name: str
    cast: Cast

    def sentences(self) -> Iterator[tuple[str, Sentence]]:
        """Yield every sentence, with its meaning."""
        for form in FORMS[self.name]:
            slots = [slot for _, slot, _, _ in string.Formatter().parse(form) if slot]
            for chosen in itertools.product(*(self._words[slot] for slot in slots)):
                filled = dict(zip(slots, chosen, strict=True))
                if filled.get("person") == filled.get("other", ""):
                    continue
                said = {slot.lower(): word for slot, word in filled.items() if slot not in _MUTE}
                if "time" in said:
                    said["time"] = said["time"].lower()
                text = form.format(**filled)
                yield text, Sentence(self.name, text, **said)

    @property
    def _words(self) -> dict[str, tuple[str, ...]]:
        """Return the words of each slot."""
        persons, places = self.cast.persons, self.cast.places
        words = {"person": persons, "other": persons, "place": places, "second": places}
        words |= {"pronoun": ("he", "she"), "opener": OPENERS, "thing": THINGS, "time": TIMES}
        return words | {"move": MOVE, "get": GET, "drop": DROP, "give": GIVE, "Time": tuple(map(str.capitalize, TIMES))}


#: Task -> its language.
LANGUAGES: Mapping[int, Language[Sentence]] = MappingProxyType(
    {
        task: Language(task, *(tuple(_Kind(name, CASTS[task]) for name in names) for names in kinds))
        for task, kinds in KINDS.items()
    }
)
#: Everybody and every place of the tasks above.
_EVERYBODY = Cast(
    tuple(dict.fromkeys(person for cast in CASTS.values() for person in cast.persons)),
    tuple(dict.fromkeys(place for cast in CASTS.values() for place in cast.places)),
)


def mixed_language(task: int, statements: Sequence[str], questions: Sequence[str]) -> Language[Sentence]:
    """Return a task's language with everybody and every place, and statements of other tasks beside its own.

    Args:
        task: 1 to 3 or 5 to 14.
        statements: keys of `FORMS`.
        questions: keys of `FORMS`.
    """
    told, asked = (tuple(_Kind(name, _EVERYBODY) for name in names) for names in (statements, questions))
    return Language(task, told, asked)
