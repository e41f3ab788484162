"""The Results page's figures: what the cards and the paper say, in lanes, whatever the domain."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from threading import Event

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages._lab.desk import Desk, follow_steps
from pages._lab.figures import Look, alt_text
from pages._lab.lanes import (
    Lane,
    Mark,
    agree,
    describe_model,
    find_entries,
    format_percent,
    levels_of,
    make_lanes,
    read_marks,
)
from pages._lab.lines import Line
from pages._lab.results.distances import distances_html, find_distances, list_errors
from pages._lab.results.figures import place_lanes, plot_results
from pages._lab.results.files import export_csv, export_png
from pages._lab.results.html import card_lines, describe_head_start, measured_html, results_html
from pages._lab.results.measure import fresh_seed, measure
from pages._lab.results.state import FEWEST, FIELDS, LEVELS, MOST, SECTIONS, ResultsState
from pages._ui.waiting import describe_place, wait_for
from rn_core.common.errors import WeightsError
from rn_core.common.records import Accuracy, Distance
from rn_core.common.seeding import MAX_SEED
from rn_core.evaluation.accuracy import evaluate
from rn_core.tasks import TASKS
from rn_core.tasks.registry import DOMAINS
from rn_core.weights.store import WeightsEntry, find_weights, list_weights, load_weights
from tests.cards import make_card, make_figures

pytestmark = pytest.mark.weights

ENTRIES = find_entries("sort-of-clevr", list_weights())
LANES = make_lanes("sort-of-clevr", ENTRIES)


def lane(measure: str, model: str, lanes=LANES) -> Lane:
    found = [lane for lane in lanes if (lane.measure, lane.model) == (measure, model)]
    assert len(found) == 1
    return found[0]


@st.composite
def states(draw) -> ResultsState:
    return ResultsState(
        domain=draw(st.sampled_from([*DOMAINS])),
        level=draw(st.sampled_from([*LEVELS])),
        section=draw(st.sampled_from([*SECTIONS])),
        model=draw(st.sampled_from(["", "rn-pixels", "mlp-objects", "x"])),
        n_scenes=draw(st.integers(FEWEST, MOST)),
        seed=draw(st.one_of(st.none(), st.integers(0, MAX_SEED))),
        projector=draw(st.booleans()),
    )


@given(states())
def test_every_state_survives_the_way_through_a_url(state):
    assert ResultsState.from_query(state.to_query()) == (state, [])
    assert state.change(domain=state.domain) == state


def test_another_domain_has_other_models():
    state = ResultsState(model="rn-pixels", seed=3, n_scenes=500).change(domain="clevr")
    assert state == ResultsState(domain="clevr", n_scenes=500)


def test_each_bad_parameter_is_one_sentence_and_the_rest_is_kept():
    bad = {
        "domain": "clevrr",
        "show": "all",
        "model": "RN pixels",
        "scenes": "99",
        "seed": "-1",
        "section": "x",
        "n": "1",
    }
    state, problems = ResultsState.from_query({**bad, "projector": "on"})
    assert state == ResultsState(projector=True)
    assert len(problems) == len(bad) == len(FIELDS)
    assert ResultsState.from_query({"scenes": "2001"})[0] == ResultsState()


def test_lanes_say_what_the_cards_say():
    for model, entry in ENTRIES.items():
        metrics = entry.card.to_dict()["metrics"]
        for name, found in (metrics["groups"] | metrics["types"]).items():
            mark = lane(name, model).mark("ours")
            assert (mark.value, mark.low, mark.high, mark.n) == (
                *(found[key] for key in ("accuracy", "low", "high")),
                found["n"],
            )
            if name in metrics["types"]:
                assert lane(name, model).floor == metrics["blind_floor"][name]


def test_the_floor_of_a_group_is_that_of_answering_each_of_its_questions_blindly():
    metrics = ENTRIES["rn-pixels"].card.to_dict()["metrics"]
    kinds = TASKS["sort-of-clevr/pixels"].groups["relational"]
    right = sum(metrics["blind_floor"][kind] * metrics["types"][kind]["n"] for kind in kinds)
    assert lane("relational", "rn-pixels").floor == pytest.approx(right / metrics["groups"]["relational"]["n"])


def test_the_papers_figures_lie_in_the_lanes_of_the_models_they_are_about():
    assert lane("relational", "rn-pixels").mark("paper").said == "above 94 %"
    assert lane("relational", "mlp-pixels").mark("paper").value == 0.63
    assert lane("relational", "rn-objects").mark("paper") is None
    clevr = make_lanes("clevr", {})
    assert lane("overall", "rn-pixels", clevr).floor == 0.418
    assert lane("count", "rn-pixels", clevr).mark("paper").value == 0.901


def test_lanes_of_one_measure_lie_together_groups_first_and_relation_networks_on_top():
    assert levels_of(LANES) == ["groups", "types"]
    measures = [found.measure for found in LANES]
    assert len([1 for one, other in pairwise(measures) if one != other]) == len({*measures}) - 1
    single = [name for name, entry in ENTRIES.items() if "left" in entry.card.measured.types]
    assert [found.model for found in LANES if found.measure == "left"] == single
    kinds = [name.partition("-")[0] for name in ENTRIES]
    assert kinds == sorted(kinds, reverse=True) and {*kinds} == {"rn", "mlp"}


def test_weights_of_a_new_domain_appear_by_themselves():
    types = {"same_color": Accuracy(0.8, 0.7, 0.9, 10)}
    groups = {"comparison": Accuracy(0.8, 0.7, 0.9, 10)}
    metrics = make_figures(groups=groups, types=types, blind_floor={"same_color": 0.5}, overall=groups["comparison"])
    card = make_card("clevr/gnn-graph", "clevr/states", metrics=metrics)
    entries = find_entries("clevr", {"clevr/gnn-graph": WeightsEntry("clevr/gnn-graph", card, Path("x"))})
    lanes = make_lanes("clevr", entries)
    assert lane("same_color", "gnn-graph", lanes).floor == 0.5
    assert lane("comparison", "gnn-graph", lanes).mark("ours").n == 10
    assert lane("overall", "gnn-graph", lanes).floor == 0.5
    assert "GNN · graph" in results_html(lanes)
    assert "GNN · graph" in alt_text(plot_results(lanes))


@pytest.mark.parametrize("domain", [*DOMAINS])
@pytest.mark.parametrize("look", [Look(), Look(dark=True, large=True)])
def test_every_domain_has_a_chart_with_all_its_marks_and_words(domain, look):
    entries = find_entries(domain, list_weights())
    lanes = make_lanes(domain, entries)
    for level in levels_of(lanes):
        shown = [found for found in lanes if found.level == level]
        figure = plot_results(shown, look)
        drawn = [x for trace in figure.data if trace.mode == "markers" for x in trace.x if x is not None]
        left, right = figure.layout.xaxis.range
        words = alt_text(figure)
        assert sorted(drawn) == sorted(100 * mark.value for found in shown for mark in found.marks)
        assert all(left <= x <= right for x in drawn)
        assert all(describe_model(found.model) in words for found in shown)
        assert ("ours" in words) == any(entry.card.metrics for entry in entries.values())


def test_lanes_never_lie_on_each_other():
    places = place_lanes(LANES)
    assert min(after - before for before, after in pairwise(places)) >= 1


def test_the_table_has_every_figure_with_interval_and_sample_size():
    table = results_html([found for found in LANES if found.level == "groups"])
    assert table.count("<tr>") == 1 + sum(len(entry.card.measured.groups) for entry in ENTRIES.values())
    assert "96.84–97.08" in table
    assert "180,000" in table
    assert "above 94 % <small>section 5.3</small>" in table
    assert "Ours" not in results_html(make_lanes("physics", {}))


def test_text_in_tables_is_escaped():
    bad = Lane("types", "<b>", "<i>", None, (Mark("paper", 0.5, said="<u>", note="<s>", source="<p>"),))
    assert not {"<b><", "<i>", "<u>", "<s>", "<p>"} & {*results_html([bad]).replace("<b>&lt;b&gt;</b>", "").split(">")}
    assert "&lt;u&gt; <small>&lt;s&gt;, &lt;p&gt;</small>" in results_html([bad])


@pytest.mark.parametrize(
    ("share", "digits", "text"),
    [
        (1.0, 1, "100.0 %"),
        (0.99997, 1, "> 99.9 %"),
        (0.99997, 2, "> 99.99 %"),
        (0.9996, 1, "> 99.9 %"),
        (0.9994, 1, "99.9 %"),
        (0.5, 1, "50.0 %"),
    ],
)
def test_no_share_is_rounded_up_to_certainty(share, digits, text):
    assert format_percent(share, digits) == text


@pytest.mark.parametrize(
    ("low", "high", "fits"), [(0.1, 0.4, False), (0.1, 0.5, True), (0.6, 0.7, True), (0.71, 1, False)]
)
def test_intervals_agree_if_they_overlap(low, high, fits):
    one, other = Mark("ours", 0.6, 0.5, 0.7, 9), Mark("now", (low + high) / 2, low, high, 9)
    assert agree(one, other) == agree(other, one) == fits


def test_the_csv_holds_every_mark_and_floor():
    rows = list(csv.DictReader(io.StringIO(export_csv(LANES).decode())))
    assert len(rows) == sum(len(found.marks) + (found.floor is not None) for found in LANES)
    row = next(
        row for row in rows if (row["measure"], row["model"], row["origin"]) == ("relational", "mlp-pixels", "paper")
    )
    assert (row["value"], row["as_the_source_says"], row["source"]) == ("0.63", "63 %", "section 5.3")


def test_the_picture_is_a_png_and_grows_with_its_lanes():
    sizes = []
    for level in LEVELS:
        content = export_png("Sort-of-CLEVR", [found for found in LANES if found.level == level])
        assert content[:8] == b"\x89PNG\r\n\x1a\n"
        sizes.append(int.from_bytes(content[20:24], "big"))
    assert sizes[0] < sizes[1]


def test_a_measurement_is_the_evaluation_and_reports_its_way():
    entry, seen = ENTRIES["mlp-objects"], []
    found = measure(entry, 5, 120, lambda share, text: seen.append((round(share, 3), text)))
    wanted = evaluate(load_weights(entry.name).model, TASKS[entry.card.task], 5, 120)
    assert found.n == wanted.n == 120
    assert found.overall.accuracy == pytest.approx(wanted.overall.accuracy, abs=0.005)  # bf16 where it is native
    assert [share for share, _ in seen] == [0, round(50 / 120, 3), round(100 / 120, 3), 1]
    lanes = make_lanes("sort-of-clevr", ENTRIES, {"mlp-objects": found})
    assert lane("left", "mlp-objects", lanes).mark("now").n == 120 * 6
    table = measured_html([found for found in lanes if found.model == "mlp-objects"])
    assert table.count("agree") == 8
    far = replace(found, types={**found.types, "left": replace(found.types["left"], low=0.1, high=0.2)})
    lanes = make_lanes("sort-of-clevr", ENTRIES, {"mlp-objects": far})
    assert measured_html([found for found in lanes if found.model == "mlp-objects"]).count("✗ differ") == 1


class Left(Exception):
    """A person moved on."""


def test_a_measurement_ends_where_its_report_does():
    seen = []

    def report(share: float, text: str) -> None:
        seen.append(share)
        if share > 0:
            raise Left

    with pytest.raises(Left):
        measure(ENTRIES["mlp-objects"], 1, 200, report)
    assert seen == [0, 0.25]


def test_a_person_who_moves_on_takes_a_measurement_back_that_nobody_else_waits_for():
    desk, begun, ended = Desk(Line(1), 1, len), Event(), Event()

    def endless(report) -> None:
        try:
            for _ in follow_steps(report)(iter(int, 1)):
                begun.set()
        finally:
            ended.set()

    def leave(share: float, text: str) -> None:
        assert begun.wait(60)
        raise Left

    with pytest.raises(Left):
        wait_for(desk, "measurement", endless, draw=leave)
    assert ended.wait(60)


def test_a_measurement_says_its_place_in_the_line():
    desk, go, said = Desk(Line(1), 1, len), Event(), []
    desk.ask("another", "somebody else", lambda report: go.wait(60) and "")

    def draw(share: float, text: str) -> None:
        said.append(text)
        go.set()

    assert wait_for(desk, "measurement", lambda report: "found", draw=draw) == "found"
    assert said[0] == "Waiting for other measurements to end: next in line"


@pytest.mark.parametrize(
    ("place", "words"), [(1, "next"), (2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (22, "22nd")]
)
def test_places_in_words(place, words):
    assert describe_place(place) == f"{words} in line"


def test_a_damaged_file_is_one_sentence():
    with pytest.raises(WeightsError, match="No weights named"):
        measure(replace(ENTRIES["mlp-objects"], name="sort-of-clevr/mlp-objets"), 1, 100, lambda *_: None)


def test_new_scenes_are_not_the_cards():
    for entry in ENTRIES.values():
        assert fresh_seed(entry) != entry.card.measured.seed
    last = replace(ENTRIES["rn-pixels"], card=make_card(metrics=make_figures(seed=MAX_SEED)))
    assert fresh_seed(last) == 0


def test_the_card_in_words_has_what_it_takes_to_do_it_again():
    text = card_lines(ENTRIES["rn-pixels"].card)
    for word in ("SHA-256", "Seed: 0", "Licence: MIT", "MB", "434,346", "encoder for 6000 steps"):
        assert word in text
    assert card_lines(make_card()).count("\n") == 3


def test_a_head_start_is_said():
    assert "RN · image, RN · objects found in the image and MLP · image" in describe_head_start(ENTRIES)
    assert describe_head_start({"rn-objects": ENTRIES["rn-objects"]}) is None
    clevr = {name: find_weights(f"clevr/{name}") for name in ("mlp-pixels", "rn-pixels", "rn-slots")}
    assert describe_head_start(clevr) == (
        "Trained on answers behind the frozen encoders of clevr/rn-slots: MLP · image and RN · image; pretrained, not "
        "trained on answers only: RN · objects found in the image; the cards say how."
    )


def test_a_card_without_metrics_has_no_lanes():
    assert read_marks("ours", "sort-of-clevr/pixels", None) == {}


def entry_of(name: str, **metrics: object) -> WeightsEntry:
    """Return weights of physics whose card says these figures."""
    task = f"physics/{name.partition('-')[2]}"
    return WeightsEntry(f"physics/{name}", make_card(f"physics/{name}", task, metrics=make_figures(**metrics)), None)


def share(value: float) -> Accuracy:
    return Accuracy(value, value - 0.01, value + 0.01, 1000)


def test_what_the_tasks_of_physics_ask_are_measures_of_their_own():
    ties = {"pair": share(0.99), "whole_scene": share(0.94)}
    count = {"whole_scene": share(0.96)}
    entries = {
        "rn-connections": entry_of("rn-connections", types=ties, groups=ties, blind_floor={"whole_scene": 0.02}),
        "rn-count": entry_of("rn-count", types=count, groups=count, blind_floor={"whole_scene": 0.1}),
    }
    lanes = make_lanes("physics", entries)
    assert levels_of(lanes) == ["groups"]
    found = {(lane.measure, lane.model): (lane.mark("ours").value, lane.floor) for lane in lanes if lane.mark("ours")}
    assert found == {
        ("pairs", "rn-connections"): (0.99, None),
        ("connections", "rn-connections"): (0.94, 0.02),
        ("counting", "rn-count"): (0.96, 0.1),
    }
    papers = {(lane.measure, lane.model): lane.mark("paper").value for lane in lanes if lane.mark("paper")}
    assert papers == {("connections", "rn-connections"): 0.93, ("counting", "rn-count"): 0.95}


def test_predicted_paths_are_shown_by_distance():
    kept = Distance(0.2, 0.19, 0.21, [0.1, 0.3])
    ours = Distance(0.05, 0.04, 0.06, [0.01, 0.09])
    entries = {
        "rn-count": entry_of("rn-count"),
        "rn-predict": entry_of("rn-predict", distances={"model": ours, "constant_velocity": kept}),
    }
    found = find_distances(entries)
    errors, baseline = list_errors(found)
    assert ({model: line.tolist() for model, line in errors.items()}, baseline.tolist()) == (
        {"rn-predict": [0.01, 0.09]},
        [0.1, 0.3],
    )
    page = distances_html(found)
    assert "<td><b>RN · paths</b></td><td><b>0.0500</b></td><td>0.0400–0.0600</td><td>0.2000</td><td>25 %</td>" in page
    assert find_distances({"rn-count": entry_of("rn-count")}) == {}
