"""What a network saw in a CLEVR picture, beside what there is: marks of each object, and how they are drawn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import hypot
from typing import Literal

import torch

from pages._lab.clevr.found import Found, match_found
from pages._lab.clevr.things import LETTERS, Thing, pixel_places, things_of
from pages._lab.plain import escape
from rn_core.tasks.clevr import ClevrScene
from rn_core.tasks.clevr.camera import FOCAL, HEIGHT, POSITION, WIDTH
from rn_core.tasks.clevr.world import VALUES

Kind = Literal["right", "wrong", "missed", "made-up"]
#: Kind of a mark -> its sign, and what it means.
_SIGNS: dict[Kind, tuple[str, str]] = {
    "right": ("✓", "right"),
    "wrong": ("✗", "wrong"),
    "missed": ("?", "missed"),
    "made-up": ("+", "made up"),
}
#: Pixels that a unit of the ground takes where the camera looks, in a picture of 480 x 320.
_UNIT = FOCAL / hypot(*POSITION)
#: Of words on the picture: the width of a letter, the height of a line and of the edge, all in pixels of it.
_LETTER, _LINE, _EDGE = 5.0, 11.0, 3.0
STYLE = """
<style>
.rn-saw {position: relative; aspect-ratio: 3 / 2; overflow: hidden; border-radius: .4rem; container-type: inline-size}
.rn-saw img {position: absolute; width: 100%; height: 100%}
.rn-saw span {position: absolute; box-sizing: border-box}
.rn-saw .ring {aspect-ratio: 1; border-radius: 50%; border-width: .7cqi; transform: translate(-50%, -50%);
  outline: .25cqi solid #ffffffb0}
.rn-saw .words, .rn-saw .brief {background: #ffffffea; color: #111; border-width: .3cqi; border-radius: .6cqi;
  text-align: center; white-space: nowrap; line-height: 2.3cqi; font-size: 2cqi}
.rn-saw .right {border-style: solid; border-color: #0072b2} .rn-saw .wrong {border-style: dashed; border-color: #d55e00}
.rn-saw .missed {border-style: dotted; border-color: #111}
.rn-saw .made-up {border-style: double; border-color: #8a2f7f}
.rn-saw .made-up.ring {border-width: 1cqi}
.rn-saw b.odd, .rn-seen .odd {font-weight: 700; text-decoration: underline; text-decoration-thickness: .12em}
.rn-saw b.odd {color: #9c3d00} .rn-seen .odd {color: light-dark(#9c3d00, #ff9a4d)}
.rn-saw .brief {display: none; transform: translate(-50%, -50%); font-size: 4cqi; line-height: 5cqi; padding: 0 1cqi}
.rn-seen td:first-child {white-space: nowrap; font-weight: 600}
@container (max-width: 500px) {.rn-saw .words {display: none} .rn-saw .brief {display: block}}
</style>
"""


@dataclass(frozen=True)
class Mark:
    """One object of the scene or of what a network saw, or both.

    Attributes:
        kind: "right" and "wrong" are found objects of the scene, without and with a wrong attribute; "missed" ones were
            not found, and "made-up" ones were found where there is none.
        name: its letter in the scene; "+1" and so on for those that are made up.
        seen: what the network saw; None where it missed it.
        true: what there is; None where it is made up.
        place: column and row in a picture of 480 x 320: where it was seen or, if it was missed, is.
    """

    kind: Kind
    name: str
    seen: Thing | None
    true: Thing | None
    place: tuple[float, float]

    @property
    def wrong(self) -> tuple[str, ...]:
        """Return the attributes that the network saw wrong."""
        return _differ(self.seen, self.true)

    @property
    def shown(self) -> Thing:
        """Return what was seen or, if it was missed, is there."""
        thing = self.seen or self.true
        assert thing is not None  # a mark is of one or the other
        return thing

    @property
    def words(self) -> str:
        """Return the mark in words, for people who cannot see it."""
        if self.true is None:
            return f"{self.name}: {self.shown.words}, made up"
        if self.seen is None:
            return f"{self.name}: {self.true.words}, missed"
        told = [f"{name} {getattr(self.seen, name)}, not {getattr(self.true, name)}" for name in self.wrong]
        return f"{self.name}: {self.true.words}, {'seen with ' + ', '.join(told) if told else 'right'}"


def make_marks(scene: ClevrScene, found: Sequence[Found]) -> tuple[Mark, ...]:
    """Return a mark of each object of a scene, in its order, and of each one that is made up.

    Args:
        scene: what there is, with pixel coordinates.
        found: what a network saw.
    """
    whose = match_found(scene, torch.tensor([each.place for each in found]).reshape(-1, 2))
    seen = {true: found[k] for k, true in whose.items()}
    places = pixel_places(scene)[:, :2].tolist()
    marks = [_mark(LETTERS[k], seen.get(k), thing, places[k]) for k, thing in enumerate(things_of(scene))]
    extra = [each for k, each in enumerate(found) if k not in whose]
    marks += [Mark("made-up", f"+{k + 1}", each.thing, None, each.pixel) for k, each in enumerate(extra)]
    return tuple(marks)


def _mark(name: str, seen: Found | None, true: Thing, place: Sequence[float]) -> Mark:
    """Return the mark of an object of the scene at its place in the picture."""
    if seen is None:
        return Mark("missed", name, None, true, (place[0], place[1]))
    kind: Kind = "wrong" if _differ(seen.thing, true) else "right"
    return Mark(kind, name, seen.thing, true, seen.pixel)


def _differ(seen: Thing | None, true: Thing | None) -> tuple[str, ...]:
    """Return the attributes in which two objects differ; none where one is missing."""
    if seen is None or true is None:
        return ()
    return tuple(name for name in VALUES if getattr(seen, name) != getattr(true, name))


def describe_marks(marks: Sequence[Mark]) -> str:
    """Return in a sentence how much of a scene was seen."""
    there = [mark for mark in marks if mark.true is not None]
    n_found = sum(mark.seen is not None for mark in there)
    n_wrong, n_extra = sum(len(mark.wrong) for mark in there), len(marks) - len(there)
    wrong = f"{n_wrong or 'no'} {'attribute' if n_wrong == 1 else 'attributes'} wrong"
    return f"{n_found} of {len(there)} objects found, {wrong}, {n_extra or 'none'} made up."


def saw_html(picture: str, marks: Sequence[Mark]) -> str:
    """Return the picture with its marks.

    Args:
        picture: of 3 : 2, as a data URL.
        marks: as `make_marks` gives them.
    """
    boxes = place_words(marks)
    drawn = "".join(map(_ring, marks))
    drawn += "".join(_words(mark, *box) + _badge(mark) for mark, box in zip(marks, boxes, strict=True))
    said = escape(". ".join(mark.words for mark in marks))
    return f'{STYLE}<div class="rn-saw" role="img" aria-label="{said}"><img src="{picture}" alt="">{drawn}</div>'


def place_words(marks: Sequence[Mark]) -> list[tuple[float, float, float]]:
    """Return for each mark left, top and width of the box of its words: within the picture, over others if need be.

    Of the places below, above and beside its ring, each takes the one that hides least of the words before it and of
    the middles of rings.
    """
    taken = [(x - 4, y - 4, 8.0, 8.0) for x, y in (mark.place for mark in marks)]
    boxes: list[tuple[float, float, float]] = []
    for mark in marks:
        width = max(map(len, _lines(mark))) * _LETTER + 2 * _EDGE
        tried = [(left, top, width, 2 * _LINE + _EDGE) for left, top in _list_spots(mark, width)]
        best = min(tried, key=lambda box: sum(_overlap(box, other) for other in taken))
        taken.append(best)
        boxes.append(best[:3])
    return boxes


def _list_spots(mark: Mark, width: float) -> Iterator[tuple[float, float]]:
    """Yield left and top of the boxes that can hold a mark's words, within the picture."""
    (x, y), radius, height = mark.place, _radius(mark), 2 * _LINE + _EDGE
    beside = (x + radius + 2, x - radius - 2 - width)
    spots = [(x - width / 2, y + radius + 2), (x - width / 2, y - radius - 2 - height)]
    spots += [(at, y - height / 2 + side) for side in (0.0, -radius, radius) for at in beside]
    for left, top in spots:
        yield min(max(left, 1.0), WIDTH - 1 - width), min(max(top, 1.0), HEIGHT - 1 - height)


def _overlap(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    """Return the area that two boxes, left, top, width and height, share."""
    sides = (min(one[k] + one[k + 2], other[k] + other[k + 2]) - max(one[k], other[k]) for k in (0, 1))
    across, down = (max(side, 0.0) for side in sides)
    return across * down


def _radius(mark: Mark) -> float:
    """Return the radius of a mark's ring in pixels of the picture."""
    return mark.shown.radius * _UNIT


def _ring(mark: Mark) -> str:
    """Return a mark's ring."""
    return f'<span class="ring {mark.kind}" style="{_at(*mark.place)};width:{_share(2 * _radius(mark))}"></span>'


def _at(x: float, y: float) -> str:
    """Return the style of what lies at a place of the picture."""
    return f"left:{_share(x)};top:{_share(y, HEIGHT)}"


def _share(length: float, whole: float = WIDTH) -> str:
    """Return a length as a share of the picture's width, or of another one."""
    return f"{100 * length / whole:.2f}%"


def _lines(mark: Mark) -> tuple[str, str]:
    """Return the two lines of a mark's words."""
    sign, meaning = _SIGNS[mark.kind]
    note = f" {meaning}:" if mark.kind in ("missed", "made-up") else ""
    thing = mark.shown
    return f"{mark.name} {sign}{note} {thing.size} {thing.color}", f"{thing.material} {thing.shape}"


def _words(mark: Mark, left: float, top: float, width: float) -> str:
    """Return a mark's words in their box; wrong attributes stand out."""
    thing, (first, _) = mark.shown, _lines(mark)
    head = first.removesuffix(f"{thing.size} {thing.color}")
    lines = (escape(head) + _say(mark, "size", "color"), _say(mark, "material", "shape"))
    style = f"{_at(left, top)};width:{_share(width)}"
    return f'<span class="words {mark.kind}" style="{style}">{lines[0]}<br>{lines[1]}</span>'


def _say(mark: Mark, *names: str) -> str:
    """Return attributes of what a mark shows; wrong ones stand out."""
    words = ((escape(str(getattr(mark.shown, name))), name in mark.wrong) for name in names)
    return " ".join(f'<b class="odd">{word}</b>' if is_wrong else word for word, is_wrong in words)


def _badge(mark: Mark) -> str:
    """Return a mark's name and sign alone, for narrow screens."""
    text = escape(f"{mark.name} {_SIGNS[mark.kind][0]}")
    return f'<span class="brief {mark.kind}" style="{_at(*mark.place)}">{text}</span>'


def seen_html(marks: Sequence[Mark], told: str = "There is") -> str:
    """Return a table of what the network saw beside what there is, under the heading `told`."""
    rows = "".join(
        f"<tr><td>{escape(f'{mark.name} {_SIGNS[mark.kind][0]}')}</td><td>{_seen_cell(mark)}</td>"
        f"<td>{'nothing' if mark.true is None else escape(mark.true.words)}</td></tr>"
        for mark in marks
    )
    head = "".join(f"<th>{name}</th>" for name in ("Object", "The network saw", told))
    return f'<table class="rn-scheme rn-table rn-seen"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'


def _seen_cell(mark: Mark) -> str:
    """Return what the network saw of an object, wrong attributes marked."""
    if mark.seen is None:
        return "nothing (missed)"
    words = _say(mark, *VALUES)
    return words if mark.true is not None else f"{words} (made up)"
