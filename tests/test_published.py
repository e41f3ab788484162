"""Published figures: the table is whole, of known names, and says what the paper says."""

from __future__ import annotations

import pytest

from rn_core.common.errors import RNCoreError, UnknownNameError
from rn_core.evaluation.published import PublishedFigure, find_figures
from rn_core.tasks import TASKS
from rn_core.tasks.babi.story import TASK_NAMES
from rn_core.tasks.registry import DOMAINS
from rn_core.weights.store import list_weights

FIGURES = tuple(figure for domain in DOMAINS.values() for figure in domain.figures)


def value(domain: str, measure: str, model: str, origin: str = "paper") -> float:
    found = [
        figure.value
        for figure in find_figures(domain)
        if (figure.measure, figure.model, figure.origin) == (measure, model, origin)
    ]
    assert len(found) == 1
    return found[0]


def test_every_domain_has_figures_of_the_paper_each_once_and_with_its_place():
    keys = [(figure.domain, figure.measure, figure.model, figure.origin) for figure in FIGURES]
    assert len(keys) == len({*keys})
    for domain in DOMAINS:
        assert any(figure.origin == "paper" for figure in find_figures(domain))
    for figure in FIGURES:
        place = ("github.com/",) if figure.origin in ("open", "other") else ("Table ", "section ")
        assert figure.source.startswith(place)


def test_the_headline_figures_are_the_papers():
    assert value("clevr", "overall", "rn-pixels") == 0.955
    assert value("clevr", "overall", "", "floor") == 0.418
    assert value("clevr", "overall", "rn-states") == 0.964
    assert value("sort-of-clevr", "relational", "mlp-pixels") == 0.63
    assert value("babi", "solved", "rn-joint") == 18 / 20
    assert value("babi", "qa3", "rn-joint") == pytest.approx(0.835)
    assert value("physics", "connections", "rn-connections") == 0.93


def test_the_rows_of_table_1_lie_around_their_overall_figure():
    models = ("rn-pixels", "sa-pixels", "mlp-pixels", "lstm-states", "human")
    for model, origin in (*((name, "paper") for name in models), ("", "floor")):
        groups = [
            figure.value
            for figure in find_figures("clevr")
            if (figure.model, figure.origin) == (model, origin) and figure.measure != "overall"
        ]
        assert len(groups) == 5
        assert min(groups) < value("clevr", "overall", model, origin) < max(groups)


def test_a_bound_is_said_as_one():
    bounds = [figure for figure in find_figures("sort-of-clevr") if figure.value == 0.94]
    assert len(bounds) == 6
    assert {figure.said for figure in bounds} == {"above 94 %"}


def test_names_are_those_of_our_cards():
    shipped = {name.partition("/")[2] for name in list_weights() if name.startswith("sort-of-clevr/")}
    task = TASKS["sort-of-clevr/pixels"]
    for figure in find_figures("sort-of-clevr"):
        assert figure.model in shipped
        assert figure.measure in (*task.groups, *task.question_types)


def test_the_rows_of_table_1_are_the_groups_that_are_measured_here():
    measures = {figure.measure for figure in find_figures("clevr")}
    assert measures == {"overall", *TASKS["clevr/states"].groups}


def test_what_is_no_figure_is_one_sentence():
    with pytest.raises(UnknownNameError, match="Did you mean 'clevr'"):
        find_figures("cleverr")
    with pytest.raises(RNCoreError, match=r"A share must be 0 to 1, got 95\.5"):
        PublishedFigure("clevr", "groups", "overall", "rn-pixels", 95.5, "Table 1")


@pytest.mark.parametrize(("origin", "failed"), [("paper", {2, 3}), ("open", {2, 3, 16}), ("other", None)])
def test_every_babi_task_has_a_figure_and_as_many_pass_as_the_source_says(origin, failed):
    tasks = {f"qa{task}": value("babi", f"qa{task}", "rn-joint", origin) for task in TASK_NAMES}
    passed = {name for name, share in tasks.items() if share >= 0.95}
    assert len(passed) == round(20 * value("babi", "solved", "rn-joint", origin))
    assert failed is None or passed == {*tasks} - {f"qa{task}" for task in failed}
