"""Many examples as tables: the summary, the lines that are shown, and a CSV file with everything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from pages._lab.lanes import format_percent
from pages._lab.layout import format_share
from pages._lab.many.asking import ManyExamples
from pages._lab.plain import escape
from pages._lab.saving import write_csv
from pages._lab.tables import NONE, make_table
from rn_core.common.records import Accuracy
from rn_core.evaluation.examples import (
    ExampleAnswer,
    Fact,
    find_disagreements,
    find_failures,
    measure_accuracy,
    measure_pointing,
)

#: Whether something is so -> its sign.
_SIGNS: Mapping[bool | None, str] = {True: "✓", False: "✗", None: ""}


def summary_html(many: ManyExamples) -> str:
    """Return one line per network: how often it is right, and how often its strongest pair is a deciding one."""
    rows = []
    for network, title in enumerate(many.networks.values()):
        right, points = measure_accuracy(many.examples, network), measure_pointing(many.examples, network)
        rows.append([f"<b>{escape(title)}</b>", _share(right if right.n else None), _share(points)])
    return make_table(("Network", "Right", "Strongest pair decides"), rows)


def _share(found: Accuracy | None) -> str:
    """Return a share with its 95 % interval."""
    if found is None:
        return NONE
    interval = f"{100 * found.low:.1f}–{100 * found.high:.1f}"
    return f"<b>{format_percent(found.accuracy)}</b> <small>({interval})</small>"


def choose_rows(many: ManyExamples, view: str) -> tuple[int, ...]:
    """Return the examples that a view lists: "failures", "differences" or, for any other, all."""
    found = {"failures": find_failures, "differences": find_disagreements}.get(view)
    return tuple(range(len(many.examples))) if found is None else found(many.examples)


def list_columns(
    many: ManyExamples, rows: Sequence[int], titles: Mapping[str, str], is_wide: bool
) -> dict[str, list[Any]]:
    """Return title -> values of some examples: few columns, which fit a phone, or all of them.

    Args:
        many: the examples.
        rows: which of them.
        titles: name of a fact -> in words.
        is_wide: whether all columns are wanted.
    """
    chosen = [many.examples[k] for k in rows]
    columns: dict[str, list[Any]] = {
        "scene": [many.states[k].seed for k in rows],
        "truth": [each.truth for each in chosen],
    }
    networks = list(enumerate(many.networks.values()))
    for network, title in networks:
        columns[title] = [f"{_SIGNS[said.is_right]} {said.text}" for said in (e.answers[network] for e in chosen)]
    if not is_wide:
        return columns
    for network, title in networks:
        answers = [each.answers[network] for each in chosen]
        columns[f"{title}: sure"] = [format_share(said.confidence) for said in answers]
        if any(said.strongest is not None for said in answers):
            columns[f"{title}: strongest pair"] = [f"{_SIGNS[said.decides]} {said.strongest}" for said in answers]
    facts = dict.fromkeys(name for each in many.examples for name in each.facts if name != "answer")
    columns |= {titles.get(name, name): [_round(each.facts.get(name)) for each in chosen] for name in facts}
    return {**columns, "question": [each.question for each in chosen]}


def _round(value: Fact) -> Fact:
    """Return a fact as a table shows it."""
    return round(value, 1) if isinstance(value, float) else value


def export_csv(many: ManyExamples, base: str) -> bytes:
    """Return one line per example: what was asked and said, and a link that opens it.

    Args:
        many: the examples.
        base: address of the page, without parameters.
    """
    facts = list(dict.fromkeys(name for each in many.examples for name in each.facts if name != "answer"))
    said = ("answer", "confidence", "right", "strongest_pair", "decides")
    head = ["scene", "question", "truth", *facts]
    head += [f"{name}:{column}" for name in many.networks for column in said]
    lines = []
    for state, each in zip(many.states, many.examples, strict=True):
        answers = [cell for answer in each.answers for cell in _list_cells(answer)]
        known = [_write(each.facts.get(name)) for name in facts]
        lines.append(
            [state.seed, each.question, _write(each.truth), *known, *answers, f"{base}?{urlencode(state.to_query())}"]
        )
    return write_csv([*head, "link"], lines)


def _list_cells(said: ExampleAnswer) -> list[Any]:
    """Return an answer as cells of a CSV file."""
    marks = [_write(None if mark is None else int(mark)) for mark in (said.is_right, said.decides)]
    return [said.text, repr(said.confidence), marks[0], _write(said.strongest), marks[1]]


def _write(value: Fact) -> Any:
    """Return a value as a cell of a CSV file, numbers in full."""
    return "" if value is None else value
