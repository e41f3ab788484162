"""What the Results page shows, computed from cards, published figures and new measurements; draws nothing.

Any domain and any weights fit: whatever groups and question types a card holds become lanes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple

from pages._lab.words import QUESTION_NAMES
from rn_core.common.records import Accuracy, Evaluation
from rn_core.evaluation.published import PublishedFigure, find_figures
from rn_core.models import KINDS
from rn_core.tasks import TASKS
from rn_core.tasks.domain import Titles
from rn_core.tasks.registry import DOMAINS
from rn_core.weights.store import WeightsEntry

_ALL_QUESTIONS = MappingProxyType({"overall": "All questions"})


@dataclass(frozen=True)
class Mark:
    """One accuracy.

    Attributes:
        kind: "ours", "now" (measured on this page), "paper", "open" or "other".
        value: 0 to 1.
        low: lower end of the 95 % interval; None if unknown.
        high: upper end.
        n: number of questions; None if unknown.
        said: how the source puts it; empty for the plain number.
        source: where it is stated.
        note: a further note.
    """

    kind: str
    value: float
    low: float | None = None
    high: float | None = None
    n: int | None = None
    said: str = ""
    source: str = ""
    note: str = ""

    @property
    def interval(self) -> tuple[float, float]:
        """Return both ends of the 95 % interval; the value if it is unknown."""
        return self.value if self.low is None else self.low, self.value if self.high is None else self.high


@dataclass(frozen=True)
class Lane:
    """Everything known about one model on one measure.

    Attributes:
        level: "groups" or "types".
        measure: group, question type or "overall".
        model: such as "rn-pixels".
        floor: what the best constant answer gets, 0 to 1; None if unknown.
        marks: one of each kind at most.
    """

    level: str
    measure: str
    model: str
    floor: float | None
    marks: tuple[Mark, ...]

    def mark(self, kind: str) -> Mark | None:
        """Return the mark of one kind, or None."""
        return next((mark for mark in self.marks if mark.kind == kind), None)


def find_entries(domain: str, entries: Mapping[str, WeightsEntry]) -> dict[str, WeightsEntry]:
    """Return the shipped weights of one domain as model -> entry, Relation Networks first."""
    parts = ((name.partition("/"), entry) for name, entry in entries.items())
    found = {model: entry for (first, _, model), entry in parts if first == domain}
    return {model: found[model] for model in sorted(found, key=_model_order)}


def make_lanes(
    domain: str, entries: Mapping[str, WeightsEntry], measured: Mapping[str, Evaluation] = MappingProxyType({})
) -> tuple[Lane, ...]:
    """Return every lane of a domain, those of one measure side by side, Relation Networks first.

    Args:
        domain: key of `DOMAINS`.
        entries: the domain's shipped weights by model.
        measured: model -> what was measured on this page.
    """
    published = find_figures(domain)
    cards = {model: read_marks("ours", entry.card.task, entry.card.metrics) for model, entry in entries.items()}
    now = {model: read_marks("now", entries[model].card.task, found) for model, found in measured.items()}
    keys = [(figure.level, figure.measure) for figure in published]
    keys += [key for marks in cards.values() for key in marks if key[1] != "overall"]
    models = sorted({*cards, *(figure.model for figure in published if figure.model)}, key=_model_order)
    lanes = []
    for level, measure in sorted(dict.fromkeys(keys), key=lambda key: _measure_order(key, cards)):
        figures = [figure for figure in published if (figure.level, figure.measure) == (level, measure)]
        floor = next((figure.value for figure in figures if figure.origin == "floor"), None)
        for model in models:
            own, again = cards.get(model, {}).get((level, measure)), now.get(model, {}).get((level, measure))
            marks = [found.mark for found in (own, again) if found]
            marks += [_copy_mark(figure) for figure in figures if figure.model == model]
            if marks:
                known = own.floor if own and own.floor is not None else floor
                lanes.append(Lane(level, measure, model, known, tuple(marks)))
    return tuple(lanes)


class Measured(NamedTuple):
    """Figures measured by this project: the mark, and what guessing gets (None if unknown)."""

    mark: Mark
    floor: float | None


def read_marks(kind: str, task: str, metrics: Evaluation | None) -> dict[tuple[str, str], Measured]:
    """Return (level, measure) -> what was measured of a task; empty without metrics.

    Args:
        kind: of the marks, "ours" or "now".
        task: what was measured; unknown ones have no groups of their own.
        metrics: of a card, or of a measurement on this page.
    """
    if metrics is None:
        return {}
    known, types, floors = TASKS.get(task), metrics.types, metrics.blind_floor
    groups = {"overall": _make_mark(kind, metrics.overall)}
    groups |= _count_solved(kind, types, known.solved_above if known else None)
    # A group of one question type is shown as that type.
    groups |= {name: _make_mark(kind, value) for name, value in metrics.groups.items() if name not in types}
    found = {("groups", name): mark for name, mark in groups.items()}
    found |= {("types", name): _make_mark(kind, value) for name, value in types.items()}
    floor_of = {("types", name): floor for name, floor in floors.items()}
    for name, kinds in {"overall": tuple(types), **(known.groups if known else {})}.items():
        if kinds and {*kinds} <= {*floors} & {*types}:
            asked = sum(types[one].n for one in kinds)
            floor_of["groups", name] = sum(floors[one] * types[one].n for one in kinds) / asked
    return {_shown_as(task, key): Measured(mark, floor_of.get(key)) for key, mark in found.items()}


def _shown_as(task: str, key: tuple[str, str]) -> tuple[str, str]:
    """Return the level and the measure that a task's figure is shown as."""
    known = TASKS.get(task)
    shown = None if known is None else known.domain.titles.shown_as.get((task, key[1]))
    return key if shown is None else ("groups", shown)


def _count_solved(kind: str, types: Mapping[str, Accuracy], above: float | None) -> dict[str, Mark]:
    """Return the share of question types that are solved; nothing for a task that does not count them."""
    if above is None or not types:
        return {}
    solved = sum(found.accuracy > above for found in types.values())
    return {"solved": Mark(kind, solved / len(types), said=f"{solved} of {len(types)}")}


def _make_mark(kind: str, found: Accuracy) -> Mark:
    """Return the mark of something measured by this project."""
    return Mark(kind, found.accuracy, found.low, found.high, found.n)


def _copy_mark(figure: PublishedFigure) -> Mark:
    """Return the mark of a published figure."""
    return Mark(figure.origin, figure.value, said=figure.said, source=figure.source, note=figure.note)


def _model_order(model: str) -> tuple[int, int, str]:
    """Return what sorts models: Relation Networks, then baselines, then people; images before rows."""
    kind, _, view = model.partition("-")
    kinds, views = list(KINDS), list(dict.fromkeys(view for domain in DOMAINS.values() for view in domain.titles.views))
    place = kinds.index(kind) if kind in kinds else len(kinds)
    return place, views.index(view) if view in views else len(views), model


def _measure_order(key: tuple[str, str], cards: Mapping[str, Mapping[tuple[str, str], Any]]) -> tuple[int, int]:
    """Return what sorts measures: groups before types, each in the order of a card, unknown ones last."""
    known = list(dict.fromkeys(measure for metrics in cards.values() for measure in metrics))
    return (key[0] == "types", known.index(key) if key in known else len(known))


def levels_of(lanes: Sequence[Lane]) -> list[str]:
    """Return the levels that a domain has lanes for."""
    return list(dict.fromkeys(lane.level for lane in lanes))


def _find_title(of: Callable[[Titles], Mapping[str, str]], name: str) -> str | None:
    """Return what the first domain that has a title for a name calls it; None where none has."""
    return next((of(domain.titles)[name] for domain in DOMAINS.values() if name in of(domain.titles)), None)


def describe_model(model: str) -> str:
    """Return a model's name in words: what it is, what it sees."""
    if title := _find_title(lambda titles: titles.models, model):
        return title
    kind, _, view = model.partition("-")
    name = KINDS[kind].short if kind in KINDS else kind.upper()
    return " · ".join(filter(None, (name, _find_title(lambda titles: titles.views, view) or view)))


def describe_measure(measure: str) -> str:
    """Return a measure in words."""
    title = _ALL_QUESTIONS.get(measure) or _find_title(lambda titles: titles.measures, measure)
    words = title or QUESTION_NAMES.get(measure) or measure.replace("_", " ")
    return words[0].upper() + words[1:]


def describe_mark(mark: Mark | None, digits: int = 1) -> str:
    """Return a mark as its source puts it, or its share in percent; empty for none."""
    if mark is None:
        return ""
    return mark.said or format_percent(mark.value, digits)


def format_percent(share: float, digits: int = 1) -> str:
    """Return a share in percent; never rounded up to a certainty that it is not."""
    text = f"{100 * share:.{digits}f}"
    if share < 1 and text == f"{100:.{digits}f}":
        text = f"{100 - 10**-digits:.{digits}f}"
        return f"> {text} %"
    return f"{text} %"


def format_interval(mark: Mark | None) -> str:
    """Return a mark's 95 % interval in percent, or an empty string."""
    if mark is None or mark.low is None or mark.high is None:
        return ""
    return f"{100 * mark.low:.2f}–{100 * mark.high:.2f}"


def agree(one: Mark, other: Mark) -> bool:
    """Return whether two 95 % intervals overlap; a mark without one is a point."""
    (low, high), (other_low, other_high) = one.interval, other.interval
    return low <= other_high and other_low <= high
