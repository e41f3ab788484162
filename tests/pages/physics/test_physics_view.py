"""What the page shows and saves: guesses and paths against plain loops, exact shares, files that can be read."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from itertools import combinations, product

import numpy as np
import pytest
from PIL import Image

from pages._lab.figures import Look, alt_text
from pages._lab.pairs.what_if import follow_pair, make_what_ifs
from pages._lab.physics import files, html
from pages._lab.physics.figures import plot_count, plot_errors
from pages._lab.physics.guess import Guess, describe_reach, make_guess, make_paths
from pages._lab.physics.models import MODELS, TITLES, full_name
from pages._lab.physics.scenes import make_rows, read_scene_file, sampled_scene
from pages._lab.physics.stage import make_saved_stage
from pages._lab.physics.state import ANSWERS, PhysicsState
from pages._lab.physics.view import find_truth
from pages._ui.pairs import exports
from pages._ui.physics.asking import Answers
from pages._ui.physics.table import make_payload
from rn_core.common.records import Answer
from rn_core.tasks import TASKS
from rn_core.tasks.physics import COLORS, stack_scenes
from rn_core.tasks.physics.world import HALF_SIDE, N_FRAMES, RADIUS
from rn_core.training.recipes import RECIPES

NAMES = tuple(COLORS)
VIEWS = [
    {"pair": ("red", "pink")},
    {"balls": 3, "truth": True},
    {"balls": 16, "why": "4", "baseline": "mean"},
    {"question": "connections", "connection": ("red", "pink")},
    {"question": "connections", "connection": ("green", "blue"), "balls": 14, "why_not": "none"},
]


@pytest.fixture(params=VIEWS, ids=str)
def view(request, make_view):
    return make_view(**request.param)


def say(connected: set[frozenset[str]], sure: float = 0.9) -> Answer:
    """Return an answer that takes some pairs of colors for connected."""
    answers = TASKS["physics/connections"].answers
    shares = {name: sure if frozenset(name.split("-")) in connected else 1 - sure for name in answers}
    return Answer("", shares, np.log(np.array([*shares.values()])))


def found_colors(rows: list[dict[str, str]]) -> set[frozenset[str]]:
    """Return the pairs of colors that a table of connections calls connected."""
    return {frozenset((row["first"], row["second"])) for row in rows if row["connected"] == "1"}


def connected_colors(scene) -> set[frozenset[str]]:
    """Return the connected pairs of a scene's balls by color."""
    return {frozenset((NAMES[i], NAMES[j])) for i, j in np.argwhere(scene.links)}


@pytest.mark.parametrize("n_balls", [2, 5, 10, 13])
def test_a_guess_is_right_where_a_plain_loop_says_so(n_balls):
    scene = sampled_scene(2, n_balls)
    connected = connected_colors(scene) ^ {frozenset(("red", "green"))}
    guess = make_guess(say(connected), scene)
    answered = [(i, j) for i, j in combinations(range(n_balls), 2) if j < 10]
    right = [(frozenset((NAMES[i], NAMES[j])) in connected) == scene.links[i, j] for i, j in answered]
    assert guess.right.tolist() == right
    assert right.count(False) == 1
    assert guess.n_silent == n_balls * (n_balls - 1) // 2 - len(answered)
    assert [pair[:2] for pair in guess.mistakes()] == [(0, 1)]
    assert not guess.is_whole
    np.testing.assert_array_equal(guess.probabilities, guess.probabilities.T)


def test_a_whole_scene_is_right_only_with_all_its_pairs():
    scene, large = sampled_scene(2, 10), sampled_scene(2, 11)
    assert make_guess(say(connected_colors(scene)), scene).is_whole
    assert not make_guess(say(connected_colors(large)), large).is_whole


def test_the_surest_mistakes_come_first():
    scene = sampled_scene(2, 4)
    links = np.triu(scene.links, k=1)
    sure = np.array([0.6, 0.9, 0.7, 0.8, 0.55, 0.95])
    shares = np.full((4, 4), np.nan)
    i, j = np.triu_indices(4, k=1)
    shares[i, j] = shares[j, i] = np.where(links[i, j], 1 - sure, sure)
    assert [round(abs(share - 0.5), 2) for *_, share in Guess(shares, scene.links).mistakes()] == [
        0.45, 0.4, 0.3, 0.2, 0.1, 0.05
    ]  # fmt: skip


def test_page_and_task_agree_on_what_is_right(random_answerer):
    """The score on the page is that of the task's own marks."""
    answerer = random_answerer("physics/rn-connections")
    for seed in range(5):
        scene = sampled_scene(seed, 10)
        rows = make_rows(scene)
        guess = make_guess(answerer.answer(rows, ""), scene)
        batch = answerer.task.encode_batch(stack_scenes([scene]))
        marks = answerer.task.scoring.mark(answerer.logits(rows, "")[None], batch)
        assert guess.right.tolist() == marks.right[:45].tolist()
        assert guess.is_whole == bool(marks.right[45])


def test_errors_equal_a_plain_loop():
    scene = sampled_scene(2, 4)
    predicted = scene.positions[N_FRAMES:] + np.random.default_rng(0).normal(size=(16, 4, 2)).astype(np.float32)
    paths = make_paths(scene, {"rn-predict": predicted})
    for frame in range(16):
        offsets = [np.hypot(*(predicted[frame, ball] - scene.positions[16 + frame, ball])) for ball in range(4)]
        assert paths.errors["rn-predict"][frame] == pytest.approx(sum(offsets) / 4 / 2)
    onward = 2 * scene.positions[15] - scene.positions[14]
    free = np.abs(onward) <= HALF_SIDE - RADIUS  # walls throw the others back
    assert 0 < free.sum() < free.size
    np.testing.assert_allclose(paths.kept[0][free], onward[free], atol=1e-5)
    assert paths.choose("in-predict") == "rn-predict"


@pytest.mark.parametrize(
    ("question", "n_balls", "truth", "words"),
    [
        ("connections", 10, 3, None),
        ("connections", 12, 3, "answers for the 45 pairs of the first ten colors, but not for the other 21"),
        ("connections", 4, 3, "asked about 4"),
        ("count", 14, 12, "can answer 1 to 10, but there are 12"),
        ("count", 14, 3, "asked about 14"),
        ("predict", 16, 12, "asked about 16"),
    ],
)
def test_a_sentence_says_what_is_still_answered(question, n_balls, truth, words):
    said = describe_reach(question, sampled_scene(0, n_balls), truth)
    assert (said is None) == (words is None)
    assert words is None or words in said


def test_exact_shares_add_up_to_the_logit(view):
    assert view.matrix.sum() == pytest.approx(view.attribution.value - view.attribution.baseline_value)
    assert abs(view.attribution.completeness_gap) < 1e-9
    assert view.answers == ANSWERS[view.state.question]


def test_a_connection_is_decided_by_its_own_pair(make_view):
    for connection in (("red", "pink"), ("red", "green"), ("blue", "gray")):
        view = make_view(question="connections", connection=connection)
        i, j = (view.nodes.labels.index(color) for color in connection)
        assert view.question_text == f"Is {connection[0]} connected to {connection[1]}?"
        assert (view.connected_balls, {*view.true_pairs}) == ((i, j), {(i, j), (j, i)})
        assert view.reading.truth == ("yes" if view.scene.links[i, j] else "no")
        share = view.reading.answer.probabilities["yes"]
        assert view.attribution.value == pytest.approx(abs(np.log(share / (1 - share))), abs=1e-6)


def test_the_surest_connection_is_the_likeliest_pair_with_an_answer():
    scene = sampled_scene(2, 12)
    shares = say(set()).probabilities | {"green-pink": 0.4, "red-green": 0.3}
    guess = make_guess(Answer("", shares, np.zeros(45)), scene)
    assert [NAMES[ball] for ball in guess.surest_connection(10)] == ["green", "pink"]
    assert guess.surest_connection(2) == (0, 1)


@pytest.mark.parametrize("view", [each for each in VIEWS if "question" not in each], ids=str, indirect=True)
def test_connections_decide_the_count(view):
    links = view.scene.links
    assert {*view.true_pairs} == {(i, j) for i, j in product(range(len(links)), repeat=2) if links[i, j]}
    # Drawn connections make no rings, so that each of them leaves one system less.
    assert int(view.reading.truth) == len(links) - len(view.true_pairs) // 2


def test_a_pinned_pair_can_be_followed(make_view, random_answerer):
    view = make_view(pair=("red", "pink"), without=("red", "blue"))
    f_phi = random_answerer("physics/rn-count").model.core.f_phi
    scaled = view.reading.answer.logits
    np.testing.assert_allclose(follow_pair(view, f_phi).full, scaled, atol=1e-4)
    assert [case.label for case in make_what_ifs(view, f_phi, None)] == ["everything", "without the pair (red, pink)"]
    assert view.removed_text == "the red and blue balls"


def test_json_holds_scene_answer_and_contributions(view):
    content = json.loads(exports.export_json(view))
    scene = read_scene_file(json.dumps(content["scene"]).encode(), "x.json")
    assert content["truth"] == find_truth(scene.links, view.state.labels, view.connection)
    np.testing.assert_array_equal(scene.positions, view.scene.positions)
    assert content["attribution"]["contributions"] == view.attribution.contributions.tolist()
    assert PhysicsState.from_query(content["view"]["link"]) == (view.state, [])


def test_csv_holds_the_matrix(view):
    rows = list(csv.DictReader(io.StringIO(exports.export_csv(view).decode())))
    assert [float(row["contribution"]) for row in rows] == view.matrix.ravel().tolist()
    assert sum(row["decides"] == "1" for row in rows) == len(view.true_pairs)


def test_pictures_open_again(view):
    assert_picture(exports.export_png(view))
    assert b"<svg" in exports.export_svg(view)


def test_html_holds_the_balls_and_asks_no_network(view):
    page = exports.export_html(view, make_saved_stage).decode()
    data = json.loads(re.search(r"^let data = (.*);$", page, re.MULTILINE)[1])
    assert [ball["id"] for ball in data["objects"]] == [*view.nodes.labels]
    red = data["objects"][0]
    x, y = view.scene.positions[N_FRAMES - 1, 0]
    assert ((red["x"] - 37) / 37.5, (37 - red["y"]) / 37.5) == (pytest.approx(x, abs=1e-3), pytest.approx(y, abs=1e-3))
    np.testing.assert_allclose(data["weights"], view.matrix, atol=1e-6)
    assert "export default" not in page
    assert {*re.findall(r"https?://[^\s\"'`<>)]+", page)} <= {"http://www.w3.org/2000/svg"}


def assert_picture(content: bytes) -> None:
    """Assert that a file is a picture with something on it."""
    image = Image.open(io.BytesIO(content))
    image.load()
    assert np.asarray(image.convert("RGB")).std() > 10


def test_files_of_connections_and_paths_hold_what_was_shown():
    scene = sampled_scene(2, 12)
    labels = NAMES[:12]
    guess = make_guess(say(connected_colors(scene)), scene)
    rows = list(csv.DictReader(io.StringIO(files.export_guess_csv(guess, labels).decode())))
    assert len(rows) == 66
    assert found_colors(rows) == connected_colors(scene)
    assert sum(row["probability"] == "" for row in rows) == 21
    assert_picture(files.export_guess_png(guess, scene, labels))
    untold = make_guess(say(connected_colors(scene)), replace(scene, unknown=frozenset({"links"})))
    rows = list(csv.DictReader(io.StringIO(files.export_guess_csv(untold, labels).decode())))
    assert {row["connected"] for row in rows} == {""}
    assert (untold.right, untold.is_whole, untold.mistakes()) == (None, False, [])
    assert untold.connected.sum() == sum(pair <= {*NAMES[:10]} for pair in connected_colors(scene))
    assert_picture(files.export_guess_png(untold, scene, labels))
    paths = make_paths(scene, {"rn-predict": scene.positions[N_FRAMES:]})
    rows = list(csv.DictReader(io.StringIO(files.export_paths_csv(paths, labels).decode())))
    assert len(rows) == 2 * 16 * 12
    assert all(row["x"] == row["true_x"] for row in rows if row["model"] == "rn-predict")
    assert_picture(files.export_paths_png(paths, "rn-predict", labels))
    paths = make_paths(stack_scenes([scene]).frames(0, 16).scene(0), {"rn-predict": scene.positions[N_FRAMES:]})
    rows = list(csv.DictReader(io.StringIO(files.export_paths_csv(paths, labels).decode())))
    assert ({row["true_x"] for row in rows}, len(rows), paths.errors, html.paths_html(paths)) == ({""}, 384, {}, "")
    assert_picture(files.export_paths_png(paths, "rn-predict", labels))
    opened = read_scene_file(files.export_scene(scene), "scene.json")
    np.testing.assert_array_equal(opened.positions, scene.positions)


def test_the_table_gets_the_scene_and_what_is_asked(make_view):
    view = make_view(question="count", truth=True, balls=12)
    guess = make_guess(say(set()), view.scene)
    data = make_payload(view.state, view.scene, Answers(guesses={"rn-connections": guess}, view=view))
    assert json.loads(json.dumps(data, allow_nan=False)) == data
    assert [ball["name"] for ball in data["balls"]] == [*NAMES[:12]]
    np.testing.assert_allclose(data["seen"], view.scene.positions[:16], atol=1e-4)
    np.testing.assert_allclose(data["shares"], view.matrix, atol=1e-4)
    links = {(link["i"], link["j"]): link["rigid"] for link in data["links"]}
    assert links == {(i, j): view.scene.rigid[i, j] for i, j in combinations(range(12), 2) if view.scene.links[i, j]}
    assert (data["guess"][0][0], data["guess"][0][1], data["guess"][11][3]) == (None, 0.1, None)
    assert (data["matrix"], data["show_links"], data["ahead"], data["predicted"]) == ("shares", True, None, None)


def test_the_table_gets_paths_where_they_are_asked():
    scene, state = sampled_scene(2, 4), PhysicsState().change(question="predict", seed=2, balls=4)
    paths = make_paths(scene, {"rn-predict": scene.positions[N_FRAMES:] + 0.2})
    data = make_payload(state, scene, Answers(paths=paths))
    np.testing.assert_allclose(data["ahead"], scene.positions[16:], atol=1e-4)
    np.testing.assert_allclose(data["predicted"], scene.positions[16:] + 0.2, atol=1e-4)
    np.testing.assert_allclose(data["errors"], [0.2 * 2**0.5 / 2] * 16, atol=1e-4)
    assert len(data["baseline_errors"]) == 16
    assert (data["guess"], data["shares"], data["show_predicted"]) == (None, None, True)


def test_figures_say_what_they_show():
    shares = dict.fromkeys(ANSWERS["count"], 0.05) | {"4": 0.55}
    figure = plot_count(shares, "3", Look())
    assert (
        alt_text(figure)
        == "Probabilities of 1 to 10 connected groups: the likeliest is 4 with 55.0 %; the true number is 3."
    )
    assert [text for text in figure.layout.xaxis.ticktext if "true" in text] == ["<b>3<br>▲ true</b>"]
    figure = plot_errors({"rn-predict": np.linspace(0, 0.1, 16)}, np.linspace(0, 0.4, 16), Look())
    assert "after 1.6 seconds: Relation Network 0.100; Constant velocity 0.400" in alt_text(figure)


def test_html_says_how_many_pairs_are_right():
    scene = sampled_scene(2, 10)
    guess = make_guess(say(connected_colors(scene) ^ {frozenset(("red", "green"))}), scene)
    right = make_guess(say(connected_colors(scene)), scene)
    page = html.guesses_html({"rn-connections": guess, "mlp-connections": right})
    assert re.findall(r'"rn-said">(.*?)</div>', page) == ["44 of 45", "45 of 45"]
    assert page.count("✗ wrong") == page.count("✓ right") == 1
    rows = re.findall(r"<tr>(<td>.*?)</tr>", html.mistakes_html(guess, NAMES[:10]))
    assert rows == ["<td>red, green</td><td>90.0 %</td><td>not connected</td>"]
    assert html.mistakes_html(make_guess(say(connected_colors(scene)), scene), NAMES[:10]) == ""
    many = html.mistakes_html(make_guess(say({frozenset(pair) for pair in combinations(NAMES[:10], 2)}), scene), NAMES)
    assert many.count("<tr>") == 1 + 6 + 1


def test_every_model_of_the_page_has_a_recipe():
    for question, models in MODELS.items():
        for model in models:
            of_range = "-2to12" if model.endswith("-2to12") else ""
            assert RECIPES[full_name(model)].task == f"physics/{question}{of_range}"
            assert TITLES[model]
