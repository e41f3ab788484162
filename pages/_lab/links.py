"""A page's state as URL parameters: fields, how they are read and written, and what bad ones are told.

Each page has one table of `Field`s. A value at its default is left out of the URL, so the plain address is the
default picture. Nothing here knows Streamlit.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Self, TypeVar

from rn_core.common.errors import RNCoreError, SceneError, did_you_mean, lookup, quote
from rn_core.common.seeding import MAX_SEED, check_seed
from rn_core.tasks.sort_of_clevr import COLORS, Question, Scene, SceneObject
from rn_core.tasks.sort_of_clevr.chain_scene import ChainScene
from rn_core.tasks.sort_of_clevr.questions import QUESTION_TYPES
from rn_core.tasks.sort_of_clevr.scene import check_apart

State = TypeVar("State")
_COLOR_CODES = MappingProxyType({"red": "r", "green": "g", "blue": "b", "orange": "o", "gray": "a", "yellow": "y"})
_SHAPE_CODES = MappingProxyType({"square": "s", "circle": "c"})
_CHAIN_COLOR_CODES = MappingProxyType({**_COLOR_CODES, "purple": "p", "cyan": "c"})
_CHAIN_SHAPE_CODES = MappingProxyType(
    {**_SHAPE_CODES, "triangle": "t", "diamond": "d", "star": "r", "cross": "x", "pentagon": "p", "hexagon": "h"}
)
_OBJECT_CODE = re.compile(r"([a-z])(\d{1,3})\.(\d{1,3})([a-z])")
_SWITCH = MappingProxyType({"on": True, "off": False})


@dataclass(frozen=True)
class Field:
    """One URL parameter.

    Attributes:
        key: its name in the URL.
        name: the field of the page's state.
        parse: text -> value; raises RNCoreError.
        format: value -> text, of letters, digits and `-._` only.
    """

    key: str
    name: str
    parse: Callable[[str], Any]
    format: Callable[[Any], str] = str


@dataclass(frozen=True)
class PageState:
    """What a page shows, as one value that fits in a URL; each page adds its fields, and their table."""

    @staticmethod
    def fields() -> tuple[Field, ...]:
        """Return the page's only table of URL parameters."""
        raise NotImplementedError

    def change(self, **changes: Any) -> Self:
        """Return the state with new values."""
        return replace(self, **changes)

    def to_query(self) -> dict[str, str]:
        """Return the URL parameters, without those at their default."""
        return write_query(self, self.fields())

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> tuple[Self, list[str]]:
        """Read URL parameters, each for itself.

        Args:
            query: name -> text, as `to_query` writes it.

        Returns:
            the state, and one sentence for each parameter that could not be used and is left at its default.
        """
        state, problems = read_query(cls, cls.fields(), query)
        return state.drop_misfits(problems)

    def drop_misfits(self, problems: list[str]) -> tuple[Self, list[str]]:
        """Return the state without what does not fit its other parameters, and a sentence each after the given ones."""
        return self, problems


def write_query(state: Any, fields: Sequence[Field], default: Any = None) -> dict[str, str]:
    """Return the URL parameters of a state, without those at their default.

    Args:
        state: of a page.
        fields: the page's parameters.
        default: the state that the plain address opens; None makes one.
    """
    default = type(state)() if default is None else default
    return {
        field.key: field.format(getattr(state, field.name))
        for field in fields
        if getattr(state, field.name) != getattr(default, field.name)
    }


def read_query(
    kind: Callable[..., State], fields: Sequence[Field], query: Mapping[str, str]
) -> tuple[State, list[str]]:
    """Read URL parameters, each for itself.

    Args:
        kind: class of the state, or what makes one; called with the fields that were read.
        fields: the page's parameters.
        query: name -> text, as `write_query` writes it.

    Returns:
        the state, and one sentence for each parameter that could not be used and is left at its default.
    """
    values: dict[str, Any] = {}
    known = [field.key for field in fields]
    problems = [_unknown(key, known) for key in query if key not in known]
    for field in fields:
        if field.key not in query:
            continue
        try:
            values[field.name] = field.parse(query[field.key])
        except RNCoreError as err:
            problems.append(f"The link's '{field.key}' was left out: {err}")
    return kind(**values), problems


def _unknown(key: str, known: list[str]) -> str:
    """Return the sentence about a parameter that no field has."""
    return f"The link's {quote(key)} was left out: it is not a parameter of this page.{did_you_mean(key, known)}"


def format_scene(scene: Scene) -> str:
    """Return a scene as URL text: color, x.y in pixels, shape, as in `r20.30s_b50.12c`."""
    return _format_objects(scene.objects, _COLOR_CODES, _SHAPE_CODES)


def format_chain_scene(scene: ChainScene) -> str:
    """Return a scene of eight colors and eight shapes as URL text, as `format_scene` does."""
    return _format_objects(scene.objects, _CHAIN_COLOR_CODES, _CHAIN_SHAPE_CODES)


def _format_objects(objects: Iterable[SceneObject], colors: Mapping[str, str], shapes: Mapping[str, str]) -> str:
    """Return objects as URL text."""
    return "_".join(f"{colors[thing.color]}{thing.x}.{thing.y}{shapes[thing.shape]}" for thing in objects)


def parse_scene(text: str) -> Scene:
    """Read what `format_scene` wrote.

    Raises:
        SceneError: if the text is not such a scene, or the scene breaks a rule of the task.
    """
    return Scene(_parse_objects(text, _COLOR_CODES, _SHAPE_CODES))


def parse_chain_scene(text: str) -> ChainScene:
    """Read what `format_chain_scene` wrote; raises SceneError as `parse_scene`, and for objects that touch."""
    scene = ChainScene(_parse_objects(text, _CHAIN_COLOR_CODES, _CHAIN_SHAPE_CODES))
    check_apart(scene.objects)
    return scene


def _parse_objects(
    text: str, color_codes: Mapping[str, str], shape_codes: Mapping[str, str]
) -> tuple[SceneObject, ...]:
    """Read what `_format_objects` wrote."""
    colors = {code: color for color, code in color_codes.items()}
    shapes = {code: shape for shape, code in shape_codes.items()}
    names = f"{', '.join([*shapes][:-1])} or {[*shapes][-1]}"
    things = []
    for part in text.split("_"):
        match = _OBJECT_CODE.fullmatch(part)
        if match is None or match[1] not in colors or match[4] not in shapes:
            raise SceneError(
                f"An object must read like r20.30s (a color of {''.join(colors)}, x.y in pixels, {names}), "
                f"got {quote(part)}."
            )
        things.append(SceneObject(colors[match[1]], shapes[match[4]], int(match[2]), int(match[3])))
    return tuple(things)


def parse_seed(text: str) -> int:
    """Read a seed."""
    if not re.fullmatch(r"[0-9]{1,10}", text):
        raise RNCoreError(f"A seed must be a whole number from 0 to {MAX_SEED}, got {quote(text)}.")
    return check_seed(int(text))


def format_question(question: Question) -> str:
    """Return a question as URL text, such as `closest_shape-red`."""
    return f"{question.type}-{question.color}"


def parse_question(text: str) -> Question:
    """Read what `format_question` wrote."""
    kind, _, color = text.partition("-")
    lookup(kind, dict.fromkeys(QUESTION_TYPES), "question type")
    lookup(color, dict.fromkeys(COLORS), "color")
    return Question(kind, color)


def one_of(allowed: Mapping[str, Any] | tuple[str, ...], kind: str) -> Callable[[str], str]:
    """Return a parser that takes the keys of a table as they are."""

    def parse(text: str) -> str:
        lookup(text, dict.fromkeys(allowed), kind)
        return text

    return parse


def in_order(chosen: Collection[str], allowed: Iterable[str]) -> tuple[str, ...]:
    """Return the chosen names, each once, in the order of `allowed`."""
    return tuple(name for name in allowed if name in chosen)


def some_of(allowed: Sequence[str], kind: str, all_of_them: str | None = None) -> Callable[[str], tuple[str, ...]]:
    """Return a parser of names such as `rn-mlp`, each once, in the order of `allowed`; one word may read as none."""

    def parse(text: str) -> tuple[str, ...]:
        if text == all_of_them:
            return ()
        parts = text.split("-")
        for part in parts:
            lookup(part, dict.fromkeys(allowed), kind)
        return in_order(parts, allowed)

    return parse


def whole_number(lowest: int, highest: int, kind: str) -> Callable[[str], int]:
    """Return a parser of whole numbers in a range."""

    def parse(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,10}", text) or not lowest <= int(text) <= highest:
            raise RNCoreError(f"{kind} must be a whole number from {lowest} to {highest}, got {quote(text)}.")
        return int(text)

    return parse


def parse_switch(text: str) -> bool:
    """Read `on` or `off`."""
    return lookup(text, _SWITCH, "switch position")


def format_switch(value: bool) -> str:
    """Return `on` or `off`."""
    return "on" if value else "off"
