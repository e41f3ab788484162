"""The rules of scenes and questions, for both forms of files: every fault is one sentence, and nothing is dropped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rn_core.common.checks import shown
from rn_core.common.errors import QuestionError, quote
from rn_core.tasks.own.faults import (
    MAX_ABOUT,
    MAX_FEATURES,
    MAX_OBJECTS,
    MAX_PAIR_FEATURES,
    MAX_QUESTIONS,
    MAX_TEXT,
    MIN_SCENES,
    Spot,
    as_text,
)
from rn_core.tasks.own.scene import OwnObject, OwnPair, OwnQuestion, find_about, make_template

#: Where an object is drawn.
PLACE = ("x", "y")
#: What a question's type is called where no question has one.
ALL = "all"


class Checker:
    """Turns the values of a file into scenes, and remembers what must be alike in all of them."""

    def __init__(self) -> None:
        """Start a file."""
        self._kinds: dict[str, type] | None = None
        self._pair_features: tuple[str, ...] | None = None
        self._placed: bool | None = None
        self._typed: bool | None = None
        self._names: dict[str, int] = {}
        self.n_scenes = self.n_questions = 0

    def take_scene_name(self, value: object, spot: Spot) -> str:
        """Return a scene's name; each name comes once."""
        name = spot.check_name(value, "A scene's name")
        if name in self._names:
            raise spot.fault(
                f"scene {quote(name)} came already, at line {self._names[name]}; give each scene a name of its own and "
                "keep its rows together."
            )
        self._names[name] = spot.line
        self.n_scenes += 1
        return name

    def make_objects(self, rows: Sequence[tuple[Spot, Mapping[str, object]]]) -> tuple[OwnObject, ...]:
        """Return the objects of a scene, of a line and its values each."""
        if not 1 <= len(rows) <= MAX_OBJECTS:
            spot = rows[-1][0]
            raise spot.fault(
                f"a scene must have 1 to {MAX_OBJECTS} objects, got {len(rows)}; split it or take some away."
            )
        made = tuple(self._make_object(spot, values) for spot, values in rows)
        seen: set[str] = set()
        for (spot, _), thing in zip(rows, made, strict=True):
            if thing.name in seen:
                raise spot.fault(f"two objects of the scene are called {quote(thing.name)}; give each its own name.")
            seen.add(thing.name)
        return made

    def _make_object(self, spot: Spot, values: Mapping[str, object]) -> OwnObject:
        """Return one object."""
        if "name" not in values:
            raise spot.fault(f"an object must have a name, got {shown(dict(values))}; add one.")
        name = spot.check_name(values["name"], "An object's name")
        if {*"{},"} & {*name}:
            raise spot.fault(f"an object's name must have no braces and no comma, got {quote(name)}; rename it.")
        features = {
            key: self._read_feature(spot, key, value) for key, value in values.items() if key not in ("name", *PLACE)
        }
        place = self._read_place(spot, name, values)
        self._check_alike(spot, name, {key: type(value) for key, value in features.items()})
        return OwnObject(name, features, place)

    def _read_feature(self, spot: Spot, key: str, value: object) -> float | str:
        """Return the value of a feature: a number, or a category's text."""
        spot.check_name(key, "A feature's name")
        if isinstance(value, int | float) and not isinstance(value, bool):
            return spot.check_number(value, f"Feature {quote(key)}")
        if not isinstance(value, str | bool):
            raise spot.fault(f"feature {quote(key)} must be a number or a text, got {shown(value)}; change it.")
        return spot.check_name(value, f"Feature {quote(key)}")

    def _read_place(self, spot: Spot, name: str, values: Mapping[str, object]) -> tuple[float, float] | None:
        """Return where an object is drawn; all objects of a file have a place, or none."""
        placed = [key for key in PLACE if key in values]
        if len(placed) == 1 or (self._placed is not None and self._placed != bool(placed)):
            raise spot.fault(
                f"object {quote(name)} has {' and '.join(placed) or 'neither x nor y'}, but all objects must have both "
                "x and y or none of them; fill in or leave out both everywhere."
            )
        self._placed = bool(placed)
        if not placed:
            return None
        x, y = (spot.check_number(values[key], f"{key} of object {quote(name)}") for key in PLACE)
        return x, y

    def _check_alike(self, spot: Spot, name: str, kinds: dict[str, type]) -> None:
        """Raise RNCoreError unless an object has the features of all others, of the same kinds."""
        if self._kinds is None:
            if not 1 <= len(kinds) <= MAX_FEATURES:
                raise spot.fault(f"an object must have 1 to {MAX_FEATURES} features, got {len(kinds)}; change them.")
            self._kinds = kinds
        for key in sorted(self._kinds.keys() ^ kinds.keys()):
            trouble = "lacks the feature" if key in self._kinds else "has a further feature"
            raise spot.fault(
                f"object {quote(name)} {trouble} {quote(key)}, but all objects must have the same ones, "
                f"{', '.join(map(quote, self._kinds))}; add it everywhere or nowhere."
            )
        for key, kind in kinds.items():
            if kind is not self._kinds[key]:
                known = {str: "a text", float: "a number"}
                raise spot.fault(
                    f"feature {quote(key)} of object {quote(name)} is {known[kind]}, but was {known[self._kinds[key]]} "
                    "before; write all its values as numbers or all as texts."
                )

    def make_pairs(
        self, rows: Iterable[tuple[Spot, Mapping[str, object]]], names: Sequence[str]
    ) -> tuple[OwnPair, ...]:
        """Return the pairs of a scene, of a line and its values each."""
        made: dict[tuple[str, str], OwnPair] = {}
        for spot, values in rows:
            pair = self._make_pair(spot, values, names)
            if (pair.first, pair.second) in made:
                raise spot.fault(f"the pair {quote(pair.first)}, {quote(pair.second)} came already; list it once.")
            made[pair.first, pair.second] = pair
        return tuple(made.values())

    def _make_pair(self, spot: Spot, values: Mapping[str, object], names: Sequence[str]) -> OwnPair:
        """Return one pair."""
        ends = []
        for end in ("first", "second"):
            if end not in values:
                raise spot.fault(f"a pair must have first and second, got {shown(dict(values))}; add {end}.")
            ends.append(self._find_object(spot, values[end], names, "A pair"))
        features = {
            key: spot.check_number(value, f"Pair feature {quote(key)}")
            for key, value in values.items()
            if key not in ("first", "second")
        }
        self._check_pair_features(spot, tuple(sorted(features)))
        return OwnPair(ends[0], ends[1], features)

    def _check_pair_features(self, spot: Spot, keys: tuple[str, ...]) -> None:
        """Raise RNCoreError unless a pair has the features of all others."""
        if not 1 <= len(keys) <= MAX_PAIR_FEATURES:
            raise spot.fault(f"a pair must have 1 to {MAX_PAIR_FEATURES} features, got {len(keys)}; change them.")
        for key in keys:
            spot.check_name(key, "A feature's name")
        self._pair_features = self._pair_features or keys
        if keys != self._pair_features:
            raise spot.fault(
                f"all pairs must have the same features, {', '.join(map(quote, self._pair_features))}, got "
                f"{', '.join(map(quote, keys))}; add or leave out the others."
            )

    def _find_object(self, spot: Spot, name: object, names: Sequence[str], what: str) -> str:
        """Return the name of an object, which the scene must have."""
        text = as_text(name)
        if not isinstance(text, str) or text not in names:
            known = ", ".join(map(quote, names[:10])) + (", …" if len(names) > 10 else "")
            raise spot.fault(f"{what} names {shown(name)}, but the scene's objects are {known}; name one of them.")
        return text

    def make_question(self, spot: Spot, values: Mapping[str, Any], names: Sequence[str]) -> OwnQuestion:
        """Return one question."""
        for key in ("question", "answer"):
            if key not in values:
                raise spot.fault(f"a question must have question and answer, got {shown(dict(values))}; add {key}.")
        text = spot.check_name(values["question"], "A question", MAX_TEXT)
        answer = spot.check_name(values["answer"], "An answer")
        self._check_about(spot, text, names)
        deciding = values.get("deciding", ())
        if not isinstance(deciding, list | tuple):
            raise spot.fault(f"deciding must be a list of objects' names, got {shown(deciding)}; change it.")
        found = tuple(self._find_object(spot, name, names, "deciding") for name in deciding)
        self.n_questions += 1
        if self.n_questions > MAX_QUESTIONS:
            raise spot.fault(f"a file can have {MAX_QUESTIONS:,} questions, and this is one more; leave some out.")
        return OwnQuestion(text, answer, self._read_type(spot, values), tuple(dict.fromkeys(found)))

    def _check_about(self, spot: Spot, text: str, names: Sequence[str]) -> None:
        """Raise RNCoreError unless the braces of a question name a few objects of the scene."""
        try:
            make_template(text)
        except QuestionError as err:
            raise spot.fault(str(err)) from err
        about = [self._find_object(spot, name, names, "The question") for name in find_about(text)]
        if len(about) > MAX_ABOUT or len({*about}) < len(about):
            raise spot.fault(
                f"a question can name {MAX_ABOUT} objects in braces, each once, got {quote(text)}; change it."
            )

    def _read_type(self, spot: Spot, values: Mapping[str, Any]) -> str:
        """Return the type of a question; all questions have one, or none."""
        typed = "type" in values
        if self._typed is not None and self._typed != typed:
            raise spot.fault("some questions have a type and this differs from those before; give all a type, or none.")
        self._typed = typed
        return spot.check_name(values["type"], "A question's type") if typed else ALL

    def finish(self, file: str) -> None:
        """Raise RNCoreError if the whole file has too few scenes."""
        if self.n_scenes < MIN_SCENES:
            raise Spot(file, 1).fault(
                f"a file must have {MIN_SCENES} scenes or more, got {self.n_scenes}; add some, so that training, "
                "validation and test share none."
            )
