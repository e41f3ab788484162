"""Scenes, objects and questions as a file of anybody's has them."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from rn_core.common.errors import QuestionError, SceneError, quote

#: A name in braces in a question is an object that the question is about.
_ABOUT = re.compile(r"\{([^{}]*)\}")
#: The braces that stand in a template for an object.
GAP = "{}"


@dataclass(frozen=True)
class OwnObject:
    """One object.

    Attributes:
        name: what it is called; no two objects of a scene have the same.
        features: name -> number, or a category's text.
        place: x and y in a drawing, y upward; networks do not see it. None where objects have none.
    """

    name: str
    features: Mapping[str, float | str]
    place: tuple[float, float] | None = None


@dataclass(frozen=True)
class OwnPair:
    """What two objects have together, in this order.

    Attributes:
        first: name of the first object.
        second: name of the second.
        features: name -> number.
    """

    first: str
    second: str
    features: Mapping[str, float]


@dataclass(frozen=True)
class OwnQuestion:
    """One question with its answer.

    Attributes:
        text: as in the file; objects that it is about stand in braces.
        answer: the true one.
        type: what it counts as in tables of accuracy.
        deciding: names of the objects that decide the answer; none where the file does not say.
    """

    text: str
    answer: str
    type: str
    deciding: tuple[str, ...] = ()


@dataclass(frozen=True)
class OwnScene:
    """One scene.

    Attributes:
        name: as in the file.
        objects: at least one.
        pairs: pair features; a pair that is not listed has 0 in each.
        about: names of the objects that the question is about, which networks see marked; see `asked`.
    """

    name: str
    objects: tuple[OwnObject, ...]
    pairs: tuple[OwnPair, ...] = ()
    about: tuple[str, ...] = ()

    def asked(self, text: str) -> OwnScene:
        """Return the scene as a question is asked about it; SceneError if it lacks an object of the question."""
        about = find_about(text)
        known = [each.name for each in self.objects]
        for name in about:
            if name not in known:
                raise SceneError(
                    f"The question is about {quote(name)}, which scene {quote(self.name)} does not have; name one of "
                    f"{', '.join(map(quote, known[:10]))}."
                )
        return replace(self, about=about)

    def without(self, names: Collection[str]) -> OwnScene:
        """Return the scene without some objects; raises SceneError if none is left."""
        left = tuple(each for each in self.objects if each.name not in names)
        if not left:
            raise SceneError("No object is left; keep at least one.")
        pairs = tuple(each for each in self.pairs if not {each.first, each.second} & {*names})
        return replace(self, objects=left, pairs=pairs)

    def to_dict(self) -> dict[str, Any]:
        """Return the scene as a line of a file holds it."""
        values: dict[str, Any] = {"scene": self.name, "objects": [_object_values(each) for each in self.objects]}
        if self.pairs:
            values["pairs"] = [{"first": p.first, "second": p.second, **p.features} for p in self.pairs]
        return values

    def to_json(self) -> str:
        """Return the scene as JSON, with the objects that the question is about."""
        return json.dumps({**self.to_dict(), "about": list(self.about)})


@dataclass(frozen=True)
class SceneRecord:
    """One scene of a file with its questions.

    Attributes:
        scene: the scene.
        questions: about it, at least one.
        line: of the file where it begins, from 1.
    """

    scene: OwnScene
    questions: tuple[OwnQuestion, ...]
    line: int = field(default=1, compare=False)

    def to_dict(self) -> dict[str, Any]:
        """Return the record as a line of a JSON Lines file holds it."""
        return {**self.scene.to_dict(), "questions": [_question_values(each) for each in self.questions]}


def find_about(text: str) -> tuple[str, ...]:
    """Return the names that stand in braces in a question, in their order."""
    return tuple(_ABOUT.findall(text))


def make_template(text: str) -> str:
    """Return a question with empty braces in place of names; raises QuestionError if braces do not close."""
    template = _ABOUT.sub(GAP, text)
    if "{" in template.replace(GAP, "") or "}" in template.replace(GAP, ""):
        raise QuestionError(f"Braces must open and close around one name each, got {quote(text)}; write {{name}}.")
    return template


def _object_values(thing: OwnObject) -> dict[str, Any]:
    """Return an object as JSON values."""
    place = {} if thing.place is None else {"x": thing.place[0], "y": thing.place[1]}
    return {"name": thing.name, **place, **thing.features}


def _question_values(asked: OwnQuestion) -> dict[str, Any]:
    """Return a question as JSON values."""
    values: dict[str, Any] = {"question": asked.text, "answer": asked.answer, "type": asked.type}
    return {**values, "deciding": list(asked.deciding)} if asked.deciding else values
