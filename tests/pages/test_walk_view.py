"""What the page draws: names, figures and formulas hold the numbers of the real forward pass; no Streamlit."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache, lru_cache
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from pages._lab.figures import Look, alt_text
from pages._lab.models import MODELS, view_of
from pages._lab.pairs.view import PairReading
from pages._lab.scale import FULL_LOGITS
from pages._lab.sort_of_clevr.state import ExploreState
from pages._lab.sort_of_clevr.view import make_case, make_reading
from pages._lab.walk import diagram as walk_diagram
from pages._lab.walk import figures as walk_figures
from pages._lab.walk import formulas as walk_formulas
from pages._lab.walk import found as walk_found
from pages._lab.walk import html as walk_html
from pages._lab.walk import strips as walk_strips
from pages._lab.walk.forward import make_thought, make_walk
from pages._lab.walk.growth import plot_growth
from pages._lab.walk.state import ORDERS, WalkState, count_steps
from pages._lab.walk.steps import STEPS, find_steps
from pages._lab.walk.view import WalkView, choose_walk_target
from rn_core.answering import Answerer, load
from rn_core.attribution.cells import cell_weights
from rn_core.attribution.pairs import attribute_pairs
from rn_core.tasks.sort_of_clevr.language import text
from rn_core.tasks.sort_of_clevr.questions import ANSWERS
from rn_core.tasks.sort_of_clevr.scene import IMAGE_SIZE

pytestmark = pytest.mark.weights

NUMBER = r"(-?\d+\.\d+)"
LOOK = Look()


@cache
def answerer(model: str) -> Answerer:
    """Return a shipped model."""
    return load(f"sort-of-clevr/{model}")


@lru_cache(maxsize=16)
def make_view(**fields: object) -> WalkView:
    """Return what the page of `WalkState(**fields)` draws; read only."""
    state = WalkState(**fields)
    network, mlp = answerer(state.model), answerer(MODELS[state.model])
    asked = (state.scene, state.question)
    case = make_case(ExploreState(edited=state.scene, question=state.question))
    sentence = text(state.question)
    trace = network.trace(state.scene, sentence)
    answers = (network.answer(state.scene, sentence), mlp.answer(state.scene, sentence))
    reading = make_reading(case, PairReading(answers[0], trace.relations[0], None, {"mlp": answers[1]}))
    target = choose_walk_target(state, reading)
    return WalkView(
        state=state,
        core=network.model.core,
        walk=make_walk(network, *asked, state.deal),
        plain=make_walk(network, *asked),
        reading=reading,
        target=target,
        contributions=attribute_pairs(network.model.core.f_phi, reading.relations, target).contributions.numpy(),
        thought=make_thought(mlp, *asked, state.deal),
        plain_thought=make_thought(mlp, *asked),
    )


def formulas(step: int, **fields: object) -> str:
    """Return the formulas of a step in one text."""
    view = make_view(**fields)
    return "\n".join(find_steps(view)[step - 1].formulas(view))


@pytest.mark.parametrize("model", [*MODELS])
def test_without_a_choice_the_strongest_pair_is_followed_in_any_order(model):
    plain = make_view(model=model)
    n = len(plain.labels)
    i, j = divmod(int(np.abs(plain.contributions).argmax()), n)
    assert plain.pair_labels == (plain.labels[i], plain.labels[j])
    dealt = make_view(model=model, deal=5)
    assert dealt.pair_labels == plain.pair_labels
    assert dealt.pair != plain.pair
    i, j = dealt.pair
    np.testing.assert_allclose(dealt.steps.layers[-1], dealt.walk.relations[i * n + j], atol=1e-5)


def test_objects_keep_their_names_and_places_when_they_are_dealt():
    for model in MODELS:
        plain, dealt = make_view(model=model), make_view(model=model, deal=9)
        assert sorted(plain.labels) == sorted(dealt.labels)
        named = dict(zip(plain.labels, zip(plain.places.tolist(), plain.contents, strict=True), strict=True))
        for number, label in enumerate(dealt.labels):
            assert named[label] == (dealt.places[number].tolist(), dealt.contents[number])
            k = plain.labels.index(label)
            np.testing.assert_array_equal(dealt.walk.objects[number], plain.walk.objects[k])


@pytest.mark.parametrize("color", ["red", "green", "blue", "orange", "gray", "yellow"])
def test_a_color_among_cells_is_the_cell_around_its_middle(color):
    for seed in range(5):
        view = make_view(seed=seed, pair=(color, "0"))
        thing = view.state.scene.get(color)
        pixel = np.zeros((1, IMAGE_SIZE, IMAGE_SIZE), dtype=bool)
        pixel[0, thing.y, thing.x] = True
        assert cell_weights(pixel)[int(view.pair_labels[0]), 0] == 1
        assert view.contents[view.pair[0]] != "ground"


def test_the_film_opens_where_it_is_told_and_ends_at_the_answer():
    for model, order in ((model, order) for model in MODELS for order in ORDERS):
        view = make_view(model=model, order=order, added=13)
        film = plot_growth(view, LOOK)
        counts = [int(frame.name) for frame in film.frames]
        assert counts == view.growth.counts.tolist()
        assert counts[0] == 0
        assert counts[film.layout.sliders[0].active] == 13
        assert len(counts) <= 60
        for frame, count in zip(film.frames, counts, strict=True):
            assert int(np.sum(frame.data[1].z)) == count
            assert f"<b>{count}</b> of" in frame.layout.title.text
        np.testing.assert_allclose(film.frames[-1].data[0].z[0], view.walk.aggregate, rtol=1e-4, atol=1e-4)
        np.testing.assert_allclose(np.sum(film.frames[-1].data[3].x), 1, rtol=1e-6)
        assert ANSWERS[view.answer] in film.frames[-1].layout.title.text
        for trace, value in zip(film.data, film.frames[counts.index(13)].data, strict=False):
            key = "z" if trace.type == "heatmap" else "x"
            np.testing.assert_array_equal(trace[key], value[key])


def test_the_pair_that_came_last_is_framed_in_the_film():
    view = make_view(model="rn-objects", order="rows")
    frame = plot_growth(view, LOOK).frames[9]
    assert (frame.data[2].y[0], frame.data[2].x[0]) == divmod(8, 6)
    assert "last (green, blue)" in frame.layout.title.text


def test_a_dealt_cell_has_one_number_in_image_grid_and_film():
    view = make_view(deal=2, order="rows")
    image = walk_figures.plot_objects(view, LOOK, both=False, height=300).data[0]
    assert list(image.text) == list(walk_figures.plot_pair_grid(view, LOOK).layout.xaxis.ticktext)
    assert [hover.split(": ")[0] for hover in image.hovertext] == [f"object {number}" for number in image.text]
    assert "last (0, 6)" in plot_growth(view, LOOK).frames[7].layout.title.text


def test_a_square_of_the_grid_names_its_pair():
    view = make_view(model="rn-objects", deal=3)
    squares = walk_figures.plot_pair_grid(view, LOOK).data[1]
    for x, y, name in zip(squares.x, squares.y, squares.text, strict=True):
        assert name == f"({view.labels[y]}, {view.labels[x]})"


@pytest.mark.parametrize("model", [*MODELS])
@pytest.mark.parametrize("look", [Look(), Look(dark=True, large=True)], ids=["light", "dark large"])
def test_every_figure_says_in_words_what_it_shows(model, look):
    view = make_view(model=model, deal=1)
    before = {
        "pixels": [walk_figures.plot_maps],
        "objects": [walk_figures.plot_rows],
        "slots": [walk_found.plot_heatmap, walk_found.plot_peaks, walk_figures.plot_rows],
    }
    strips = (
        [walk_strips.object_strip(view)],
        walk_strips.pair_strips(view),
        walk_strips.readout_strips(view),
        walk_strips.thought_strips(view, view.thought),
    )
    figures = [
        walk_figures.plot_image(view, look),
        *(plot(view, look) for plot in before[view_of(model)]),
        walk_figures.plot_objects(view, look, both=False, height=300),
        walk_figures.plot_objects(view, look, both=True, height=300),
        walk_figures.plot_pair_grid(view, look),
        *(walk_strips.plot_strips(strip, look) for strip in strips),
        walk_strips.plot_logits(view.walk.logits, view.reading.truth, look),
        walk_strips.plot_probabilities(view.growth.probabilities[-1], view.reading.truth, look),
        plot_growth(view, look),
    ]
    for figure in figures:
        assert len(alt_text(figure)) > 30
        assert figure.layout.font.size == look.font_size


def test_strips_hold_the_vectors_of_the_walk():
    view = make_view()
    i, j = view.pair
    strips = walk_strips.pair_strips(view)
    parts = [view.walk.objects[i], view.walk.objects[j], view.walk.question]
    np.testing.assert_array_equal(strips[0].values, np.concatenate(parts))
    assert [length for _, length in strips[0].parts] == [66, 66, 11]
    np.testing.assert_array_equal(strips[-1].values, view.steps.layers[-1])
    drawn = walk_strips.plot_strips(strips, LOOK)
    for strip, trace in zip(strips, drawn.data, strict=True):
        np.testing.assert_array_equal(trace.z[0], strip.values)


def test_the_worked_unit_of_g_theta_adds_up():
    for model in MODELS:
        found = re.search(r"relu}\((.*)\) = " + NUMBER, formulas(count_steps(model) - 3, model=model))
        inside, result = found[1].replace("- ", "+ -").split(" + "), float(found[2])
        assert len(inside) == 3
        assert max(sum(map(float, inside)), 0) == pytest.approx(result, abs=0.02)


def test_the_worked_unit_of_the_sum_is_the_aggregates():
    for model in MODELS:
        view = make_view(model=model, order="rows")
        line = walk_formulas.sum_formulas(view)[1]
        unit, *terms = re.search(r"S\[(\d+)\] = " + r" \+ ".join([NUMBER] * 2), line).groups()
        expected = view.walk.relations[:2, int(unit)]
        np.testing.assert_allclose(np.array(terms, dtype=float), expected, atol=0.0051)
        assert float(re.search(rf"= {NUMBER}$", line)[1]) == pytest.approx(view.walk.aggregate[int(unit)], abs=0.0051)


def test_shapes_in_formulas_are_those_of_the_scene():
    assert r"25^2 = 625 \text{ pairs}" in formulas(4)
    assert r"\mathbb{R}^{66 + 66 + 11} = \mathbb{R}^{143}" in formulas(4)
    assert r"143 \to 256 \to 256 \to 256" in formulas(5)
    assert r"5^2 \!\times\! 64" in formulas(2)
    assert r"75 \times 75 \times 3 = 16{,}875" in formulas(1)
    fewer = WalkState().scene.remove("gray").remove("blue")
    assert r"4^2 = 16 \text{ pairs}" in formulas(4, model="rn-objects", edited=fewer)
    assert r"16 \times 256" in formulas(6, model="rn-objects", edited=fewer)


@pytest.mark.parametrize("model", [*MODELS])
def test_coordinates_in_the_formula_are_those_of_the_object(model):
    view = make_view(model=model, pair=("blue", "red"), deal=2)
    x, y = view.walk.objects[view.pair[0], -2:]
    lines = walk_found.found_formulas(view)[3:] if view.walk.found else walk_formulas.object_formulas(view)[2:4]
    found = re.findall(rf"= {NUMBER}$", "\n".join(lines), re.MULTILINE)
    np.testing.assert_allclose(np.array(found, dtype=float), [x, y], atol=0.0051)


def test_a_probability_never_reads_as_certain():
    view = make_view(model="rn-objects")
    line = walk_formulas.answer_formulas(view)[1]
    missing = re.search(r"= 1 - (\d) \\cdot 10\^\{(-\d+)\}", line)
    rest = 1 - view.growth.probabilities[-1].max()
    assert float(missing[1]) * 10.0 ** int(missing[2]) == pytest.approx(rest, rel=0.5)


def test_a_minus_that_rounds_to_zero_is_not_written():
    assert walk_formulas.image_formulas(make_view())[1].count("-") == 0
    assert "-0.00" not in "\n".join(line for step in STEPS["pixels"] for line in step.formulas(make_view()))


def test_a_deal_is_told_with_both_networks_changes():
    told = walk_html.deal_html(make_view(deal=3))
    assert told.count("largest change of a logit") == 2
    assert told.count("(rounding)") == 1
    assert "10⁻" in told
    assert "still “square”" in told
    assert "“square” became “circle”" in told


@pytest.mark.parametrize(
    ("change", "words"), [(0.0, "0"), (2.3e-6, "2 · 10⁻⁶"), (9.9e-6, "1 · 10⁻⁵"), (0.5, "0.50"), (12.345, "12.35")]
)
def test_changes_are_written_short(change, words):
    assert walk_html.format_change(change) == words


def test_the_arrow_runs_from_the_first_object_to_the_second():
    view = make_view(model="rn-objects", step=5, pair=("red", "blue"))
    places = dict(zip(view.labels, view.places.tolist(), strict=True))
    figure = walk_figures.plot_objects(view, LOOK, both=True, height=330)
    arrow = next(note for note in figure.layout.annotations if note.showarrow)
    assert ([arrow.ax, arrow.ay], [arrow.x, arrow.y]) == (places["red"], places["blue"])


# The diagram


def unfold(stage: dict[str, object]) -> np.ndarray:
    """Return the numbers of a grid one after another."""
    return np.array(stage["values"]).ravel()


@pytest.mark.parametrize("model", [*MODELS])
@pytest.mark.parametrize("deal", [0, 5])
def test_the_diagram_holds_the_numbers_of_the_one_forward_pass(model, deal):
    view = make_view(model=model, deal=deal)
    stages = walk_diagram.make_diagram(view)["stages"]
    assert [stage["name"] for stage in stages] == [step.name for step in find_steps(view)]
    first = len(stages) - 5
    n, core, (i, j) = len(view.labels), answerer(model).model.core, view.pair
    features, pairs, relation, whole, hidden = (unfold(stages[k]) for k in (1, *range(first, first + 4)))
    seen = view.walk.maps[-1].mean(axis=0) if view.has_cells else view.walk.objects
    shown = seen / np.abs(seen).max() if view.walk.found is None else view.walk.found.heatmap
    np.testing.assert_allclose(features, shown.ravel(), atol=0.0051)
    # Each pair is told what it adds, whatever the order of the objects, and the followed one adds most.
    order = view.walk.slots if view.has_cells else [view.plain.slots.tolist().index(slot) for slot in view.walk.slots]
    shares = view.contributions.reshape(round(len(view.contributions) ** 0.5), -1)[np.ix_(order, order)]
    full = FULL_LOGITS["cells" if view.has_cells else "objects"]
    np.testing.assert_allclose(pairs.reshape(n, n), np.clip(shares / full, -1, 1), atol=0.0051)
    assert stages[first]["marked"] == [i, j]
    for found, vector in ((relation, view.steps.layers[-1]), (whole, view.walk.relations.sum(axis=0))):
        limit = max(np.abs(vector).max(), 1e-9)
        np.testing.assert_allclose(found[: len(vector)], vector / limit, atol=0.006)
        assert not found[len(vector) :].any()
    units = torch.tensor(view.walk.aggregate)
    layers = []
    for layer in core.f_phi:
        units = layer(units)
        layers += [units] if isinstance(layer, nn.ReLU) else []
    expected = torch.cat(layers).detach().numpy()
    np.testing.assert_allclose(hidden[: len(expected)], expected / np.abs(expected).max(), atol=0.006)
    assert stages[-1]["lines"][0] == view.reading.answer.text


def test_the_diagram_runs_no_pair_again():
    view = make_view(model="rn-objects", pair=("red", "blue"))
    bare = replace(view, core=SimpleNamespace(f_phi=view.core.f_phi))
    assert walk_diagram.make_diagram(bare) == walk_diagram.make_diagram(view)


def test_the_diagram_marks_the_followed_pair_in_place_and_name():
    view = make_view(model="rn-objects", pair=("gray", "red"))
    diagram = walk_diagram.make_diagram(view)
    marks = {mark["text"]: (mark["x"], mark["y"]) for mark in diagram["stages"][2]["marks"]}
    places = {thing.color: (thing.x, thing.y) for thing in view.state.scene.objects}
    assert marks == {"i": places["gray"], "j": places["red"]}
    assert diagram["pair"] == "(gray, red)"
    assert [diagram["pair"] in " ".join(stage["lines"]) for stage in diagram["stages"][3:5]] == [True, True]
    same = walk_diagram.make_diagram(make_view(model="rn-objects", pair=("gray", "gray")))
    assert [mark["text"] for mark in same["stages"][2]["marks"]] == ["i=j"]


# Objects found in an image


def test_each_object_found_is_marked_where_it_is_and_the_others_are_not():
    view = make_view(model="rn-slots", pair=("blue", "red"))
    found, scene = view.walk.found, view.state.scene
    assert sorted(view.labels) == sorted(thing.color for thing in scene.objects)
    others, objects = walk_found.plot_peaks(view, LOOK).data
    drawn = dict(zip(view.labels, zip(objects.x, objects.y, objects.text, strict=True), strict=True))
    for thing in scene.objects:
        x, y, share = drawn[thing.color]
        assert max(abs(x - thing.x), abs(y - thing.y)) < 1
        assert float(share) > 0.3
    assert len(others.x) <= len(found.cells) - len(view.labels)
    assert all(float(share) <= 0.3 for share in others.text)
    heat = walk_found.plot_heatmap(view, LOOK).data[0]
    np.testing.assert_array_equal(heat.z, found.heatmap)
    for thing in scene.objects:
        assert heat.z[round(thing.y / 4), round(thing.x / 4)] > 0.3
    marks = walk_diagram.make_diagram(view)["stages"][2]["marks"]
    places = {(thing.x, thing.y) for thing in scene.objects}
    assert all(min(max(abs(mark["x"] - x), abs(mark["y"] - y)) for x, y in places) <= 1 for mark in marks)
    assert len(marks) == len(scene.objects)


def test_the_formulas_of_found_objects_hold_what_was_found():
    view = make_view(model="rn-slots", pair=("gray", "red"))
    found, scene, i = view.walk.found, view.state.scene, view.pair[0]
    gray = scene.get("gray")
    lines = walk_found.peak_formulas(view)
    assert r"6 \text{ objects}" in lines[0]
    least = float(re.search(r"least likely of them: }} ([\d.]+)".replace("}}", "}"), lines[1])[1])
    assert least == pytest.approx(found.probabilities[found.peaks].min(), abs=0.0006)
    for line, place in zip(lines[3:], (gray.x, gray.y), strict=True):
        cell, sign, offset, result = re.search(r"\((\d+) ([+-]) ([\d.]+)\) = ([\d.]+)", line).groups()
        assert 4 * (int(cell) + float(sign + offset)) == pytest.approx(float(result), abs=0.03)
        assert float(result) == pytest.approx(place, abs=1)
    rows = walk_found.found_formulas(view)
    assert r"\text{gray: }" in rows[1] and rf"\text{{{gray.shape}: }}" in rows[2]
    column, row = found.cells[found.peaks[i]]
    assert rf"p[{row}, {column}]" in lines[2]
    height = len(found.heatmap)
    heat = walk_found.heatmap_formulas(view)
    assert rf"{height}^2 \!\times\! 48" in heat[2]
    assert f"{found.heatmap.max():.3f}" in heat[-1]


def test_a_pair_whose_object_the_network_missed_gives_way_to_the_strongest():
    whole = make_view(model="rn-slots", pair=("gray", "red"))
    kept = np.flatnonzero(np.array(whole.labels) != "gray")
    walk = replace(whole.walk, slots=whole.walk.slots[kept], objects=whole.walk.objects[kept])
    fewer = replace(whole, walk=walk)
    strongest = divmod(int(fewer.ranked_strengths.argmax()), len(kept))
    assert fewer.pair == strongest


def test_objects_found_with_the_same_color_have_names_of_their_own():
    whole = make_view(model="rn-slots")
    objects = whole.walk.objects.copy()
    objects[1, :6] = objects[0, :6]
    labels = replace(whole, walk=replace(whole.walk, objects=objects)).labels
    assert labels[:2] == ("red", "red 2")
    assert len({*labels}) == 6


def test_the_mlp_beside_has_its_own_width_in_its_formula():
    lines = walk_formulas.thought_formulas(make_view(model="rn-slots"))
    n_slots, width, asked, total = map(int, re.search(r"(\d+) \\cdot (\d+) \+ (\d+) = (\d+)", lines[1]).groups())
    assert (n_slots, asked) == (25, 11)
    assert n_slots * width + asked == total == len(make_view(model="rn-slots").thought.inputs)
