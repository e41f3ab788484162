"""Many examples: what is counted is what loops over single answers count, and each link opens its example."""

from __future__ import annotations

import csv
import io
from math import dist
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
from streamlit.testing.v1 import AppTest

from pages._lab.babi.state import BabiState
from pages._lab.clevr.state import ClevrState
from pages._lab.domains import babi, clevr, own, physics
from pages._lab.domains.sort_of_clevr import DOMAIN
from pages._lab.figures import Look, alt_text
from pages._lab.many.asking import SETTINGS, ManyExamples, ask_many, draw_cases, list_networks, take_settings
from pages._lab.many.figures import export_png, list_confidence, list_slices, plot_series
from pages._lab.many.table import choose_rows, export_csv, list_columns, summary_html
from pages._lab.own.state import OwnState
from pages._lab.pairs.state import MANY_VIEWS
from pages._lab.physics.state import PhysicsState
from pages._lab.sort_of_clevr.state import ExploreState
from pages._ui.pairs.reading import read_view
from rn_core.answering import Answerer, load
from rn_core.attribution.base import Target
from rn_core.attribution.pairs import attribute_pairs
from rn_core.evaluation.examples import find_disagreements, list_facts, measure_accuracy, measure_pointing
from rn_core.tasks.sort_of_clevr import COLORS
from rn_core.tasks.sort_of_clevr.scene import SHAPES, Scene

pytestmark = pytest.mark.weights
ROOT = Path(__file__).resolve().parents[2]
NETWORKS = {"rn-objects": "RN", "mlp-objects": "MLP"}
FIRST, NUMBER = 5, 12


@pytest.fixture(scope="module")
def answerers() -> dict[str, Answerer]:
    """Return the two shipped networks on object rows."""
    return {name: load(f"sort-of-clevr/{name}", "cpu") for name in NETWORKS}


def ask(answerers: dict[str, Answerer], kind: str) -> ManyExamples:
    """Return twelve examples of a kind."""
    cases = list(draw_cases(DOMAIN, ExploreState(), kind, FIRST, NUMBER))
    return ask_many(DOMAIN, cases, answerers, NETWORKS)


@pytest.fixture(scope="module")
def closest(answerers) -> ManyExamples:
    return ask(answerers, "closest_shape")


def find_nearest(scene: Scene, color: str) -> str:
    """Return the color of the object nearest to another one."""
    asked = scene.get(color)
    others = [thing for thing in scene.objects if thing.color != color]
    return min(others, key=lambda thing: dist((asked.x, asked.y), (thing.x, thing.y))).color


@pytest.mark.parametrize("kind", ["closest_shape", "closest_shape.fewer"])
def test_twelve_examples_are_what_a_loop_over_single_answers_finds(answerers, kind):
    many = ask(answerers, kind)
    rn, mlp = answerers.values()
    n_right, n_points = [0, 0], 0
    for state, example in zip(many.states, many.examples, strict=True):
        scene, color = state.scene, state.question.color
        nearest = find_nearest(scene, color)
        truth = scene.get(nearest).shape
        said = [each.answer(scene, example.question) for each in (rn, mlp)]
        assert [each.text for each in said] == [each.text for each in example.answers]
        assert [each.probabilities[each.text] for each in said] == pytest.approx(
            [each.confidence for each in example.answers], abs=1e-5
        )
        n_right = [n + (each.text == truth) for n, each in zip(n_right, said, strict=True)]
        assert example.truth == truth
        first, second = (list(said[0].probabilities).index(name) for name in sorted(SHAPES, key=said[0].text.__ne__))
        relations = rn.trace(scene, example.question).relations[0]
        shares = attribute_pairs(rn.f_phi(example.question), relations, Target(first, second)).contributions
        added = {(one, two): float(shares[6 * i + j]) for i, one in enumerate(COLORS) for j, two in enumerate(COLORS)}
        here = [thing.color for thing in scene.objects]
        best = max(((one, two) for one in here for two in here), key=added.__getitem__)
        n_points += {*best} == {color, nearest}
        assert example.answers[0].strongest == f"({best[0]}, {best[1]})"
    assert [measure_accuracy(many.examples, k).accuracy for k in (0, 1)] == [n / NUMBER for n in n_right]
    points = measure_pointing(many.examples, 0)
    assert points is not None and points.accuracy == n_points / NUMBER
    assert measure_pointing(many.examples, 1) is None
    assert (min(len(state.scene.objects) for state in many.states) < 6) == kind.endswith(".fewer")


def test_pictures_are_explained_as_the_page_explains_them():
    state = ExploreState(model="rn-pixels")
    cases = list(draw_cases(DOMAIN, state, "furthest_shape", 0, 3))
    many = ask_many(DOMAIN, cases, {"rn-pixels": load("sort-of-clevr/rn-pixels", "cpu")}, {"rn-pixels": "RN"})
    for case, example in zip(cases, many.examples, strict=True):
        view = read_view(DOMAIN, case)
        i, j = divmod(int(view.matrix.argmax()), len(view.matrix))
        assert example.answers[0].strongest == f"({view.nodes.labels[i]}, {view.nodes.labels[j]})"
        assert example.answers[0].decides == ((i, j) in view.true_pairs)


def test_a_network_beside_itself_never_differs(answerers):
    rn = answerers["rn-objects"]
    many = ask({"rn-objects": rn, "mlp-objects": rn}, "furthest_shape")
    assert find_disagreements(many.examples) == choose_rows(many, "differences") == ()
    assert [each.answers[0] for each in many.examples] == [each.answers[1] for each in many.examples]


def test_every_fact_divides_all_examples(closest):
    facts = list_facts(closest.examples)
    assert {*facts} == {"answer", "distance", "margin"}  # each scene has six objects
    for fact in facts:
        for shares in list_slices(closest, fact).values():
            assert sum(share.n for share in shares.values()) == NUMBER


def test_the_file_holds_what_was_counted_and_its_links_open_the_same_answer(closest, answerers):
    rows = list(csv.DictReader(io.StringIO(export_csv(closest, "http://lab/").decode())))
    assert len(rows) == NUMBER
    for network, name in enumerate(NETWORKS):
        right = sum(int(row[f"{name}:right"]) for row in rows)
        assert right / NUMBER == measure_accuracy(closest.examples, network).accuracy
    for row, example, state in zip(rows, closest.examples, closest.states, strict=True):
        opened, problems = DOMAIN.read_query(dict(parse_qsl(urlsplit(row["link"]).query)))
        assert (opened, problems) == (state, [])
        case = DOMAIN.ask(opened)
        answer = answerers[opened.model].answer(opened.scene, case.question)
        assert (case.question, case.answer, answer.text) == (row["question"], row["truth"], row["rn-objects:answer"])
        assert float(row["rn-objects:confidence"]) == example.answers[0].confidence
        assert float(row["margin"]) == example.facts["margin"]


def test_an_opened_example_keeps_what_the_page_shows_of_many(closest):
    page = ExploreState(section="many", many="failures", number=50, by="margin", projector=True)
    opened = take_settings(page, closest.states[3])
    assert (opened.seed, opened.scene, opened.question, opened.section) == (
        closest.states[3].seed, closest.states[3].scene, closest.states[3].question, "pairs",
    )  # fmt: skip
    assert all(getattr(opened, name) == getattr(page, name) for name in SETTINGS)


def test_tables_have_few_columns_unless_all_are_wanted(closest):
    rows = choose_rows(closest, "all")
    few, wide = (list_columns(closest, rows, {}, is_wide) for is_wide in (False, True))
    assert list(few) == ["scene", "truth", "RN", "MLP"]
    assert {*few} < {*wide} and {"RN: strongest pair", "margin", "question"} <= {*wide}
    assert all(len(column) == NUMBER for column in wide.values())
    assert all(cell[0] in "✓✗" for cell in few["RN"])
    assert summary_html(closest).count("<tr>") == 3


@pytest.mark.parametrize("look", [Look(), Look(dark=True, large=True)])
def test_figures_say_what_was_counted(closest, look):
    for series in (list_slices(closest, "answer"), list_confidence(closest, 1)):
        figure = plot_series(series, "answer", look)
        for bars, shares in zip(figure.data, series.values(), strict=True):
            assert list(bars.y) == [100 * share.accuracy for share in shares.values()]
        assert all(name in alt_text(figure) for name in series)
    assert export_png(list_slices(closest, "answer"), "Many examples", "answer").startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("domain", "state"),
    [
        (babi.DOMAIN, BabiState()),
        (clevr.DOMAIN, ClevrState()),
        (physics.DOMAIN, PhysicsState()),
        (physics.DOMAIN, PhysicsState(question="count")),
        (own.DOMAIN, OwnState()),
    ],
)
def test_other_domains_draw_examples_that_their_links_open(domain, state):
    kind = [*domain.examples.list_kinds(state)][-1]
    cases = list(draw_cases(domain, state, kind, 2, 3))
    assert len({case.state for case in cases}) == len(cases) == 3
    for case in cases:
        assert domain.read_query(case.state.to_query()) == (case.state, [])
        assert case.answer is not None
        assert {"objects"} <= {*domain.examples.measure(case)} <= {*domain.examples.titles}


def test_networks_that_see_what_examples_have_can_stand_beside():
    for domain, state, expected in (
        (DOMAIN, ExploreState(), {"rn-objects", "mlp-objects", "rn-pixels", "rn-slots"}),
        (clevr.DOMAIN, ClevrState(), {"rn-states", "mlp-states", "lstm-states"}),
    ):
        first = next(draw_cases(domain, state, next(iter(domain.examples.list_kinds(state))), 0, 1))
        names = list_networks(domain, first)
        assert expected <= {*names} and not any("pixels" in name for name in names if domain is clevr.DOMAIN)
        assert next(iter(names)) == state.model and len({*names.values()}) == len(names)


def open_page(**query: str) -> AppTest:
    """Return Explore with the section of many examples."""
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    app.query_params.update(section="many", number="50", **query)
    app.switch_page("pages/explore.py").run()
    assert [error.message for error in app.exception] == []
    return app


def test_the_section_shows_one_view_at_a_time():
    app = open_page(kind="left")
    assert "Strongest pair decides" in "".join(element.proto.body for element in app.get("html"))
    for view in MANY_VIEWS:
        app.segmented_control(key="explore.many").set_value(view).run()
        assert not app.exception and not app.error
        charts = [chart.proto.alt for chart in app.get("plotly_chart")]
        assert len(charts) == {"accuracy": 1, "confidence": 2}.get(view, 0)
    assert len(app.dataframe[0].value) == 50
    assert app.query_params["many"] == "all" and app.query_params["kind"] == "left"


def test_a_network_alone_has_no_differences():
    app = open_page(kind="shape", beside="none", many="differences")
    assert "differences" not in app.segmented_control(key="explore.many").options
    assert app.segmented_control(key="explore.many").value == "accuracy"
