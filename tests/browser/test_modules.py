"""The components' modules in one page of a browser: each loads by itself, and what they compute agrees with Python."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, Route
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from pages._lab.babi.stage import make_story_stage
from pages._lab.babi.state import LABELS, BabiState
from pages._lab.babi.truth import find_truth
from pages._lab.clevr.pictures import Picture
from pages._lab.clevr.stages import from_plan, make_picture_stage, make_plan_stage, to_plan
from pages._lab.clevr.state import ClevrState
from pages._lab.clevr.things import LETTERS, move_thing
from pages._lab.components.scene_view import SceneView, make_scene_data
from pages._lab.components.stage import PairLayer
from pages._lab.components.table_view import make_table_data
from pages._lab.sort_of_clevr.chain import find_chain_truth, make_shown_chain
from pages._lab.sort_of_clevr.state import ExploreState
from pages._ui import components
from pages._ui.components.bundle import bundle
from pages._ui.components.sources import read_sources
from rn_core.common.errors import SceneError
from rn_core.common.seeding import make_rng
from rn_core.tasks.clevr.camera import HEIGHT, WIDTH
from rn_core.tasks.clevr.placement import EXTENT, MIN_GAP, MIN_OFFSET, distances
from rn_core.tasks.physics.world import COLORS
from rn_core.tasks.sort_of_clevr.chain import ChainQuestion
from rn_core.tasks.sort_of_clevr.scene import check_objects, sample_scene

pytestmark = pytest.mark.browser

FOLDER = Path(components.__file__).parent
MODULES = sorted(str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*.js"))
ENTRIES = (
    "scene/scene.js", "story/story.js", "table/table.js", "diagram/diagram.js", "question_line.js", "paste.js",
    "poll.js",
)  # fmt: skip
ADDRESS = "http://modules.test"
LOADER = """<!doctype html><script type="module">
window.modules = {}; window.failures = {};
await Promise.all(NAMES.map((name) => import(`./${name}`).then(
  (module) => { window.modules[name] = module; }, (error) => { window.failures[name] = String(error); })));
window.loaded = true;
</script>"""
CALL = """(text) => {
  const [module, name, cases] = JSON.parse(text);
  return cases.map((each) => window.modules[module][name](...each));
}"""
SCENE = sample_scene(make_rng(5, "explore"))
SCENE_DATA = make_scene_data(SceneView([asdict(thing) for thing in SCENE.objects], np.eye(6)))
RNG = np.random.default_rng(0)
CIRCLE = {"kind": "object", "shape": "circle", "radius": 5.5, "turn": 0}
SQUARE = {"kind": "object", "shape": "square", "radius": 5.5, "turn": 30}

Call = Callable[..., list[Any]]


def answer(route: Route) -> None:
    """Serve a module from disk, and the page that loads all of them."""
    name = urlparse(route.request.url).path.lstrip("/")
    if not name:
        route.fulfill(content_type="text/html", body=LOADER.replace("NAMES", json.dumps(MODULES)))
    elif (FOLDER / name).is_file():
        route.fulfill(content_type="text/javascript", path=FOLDER / name)
    else:
        route.fulfill(status=404)


@pytest.fixture(scope="module")
def opened(browser: Browser) -> Iterator[Page]:
    """Return the page in which all modules are loaded."""
    context = browser.new_context()
    page = context.new_page()
    page.route(f"{ADDRESS}/**", answer)
    page.goto(f"{ADDRESS}/")
    page.wait_for_function("window.loaded")
    yield page
    context.close()


@pytest.fixture(scope="module")
def call(opened: Page) -> Call:
    """Return `call(module, function, cases)`: what the function returns for each case's arguments."""

    def run(module: str, function: str, cases: Sequence[Sequence[object]]) -> list[Any]:
        # As one text, which the page takes at once where it would take an object part by part.
        text = json.dumps([module, function, cases], default=lambda value: value.tolist())
        return opened.evaluate(CALL, text)

    return run


def xy(points: Sequence[dict[str, float]]) -> np.ndarray:
    """Return points {x, y} as an array (N, 2)."""
    return np.array([[point["x"], point["y"]] for point in points])


def place(*parts: float) -> dict[str, float]:
    """Return a point {x, y}."""
    return dict(zip("xy", map(float, parts), strict=True))


# Modules


def test_every_module_loads_by_itself_and_exports_something(opened):
    assert opened.evaluate("window.failures") == {}
    exported = opened.evaluate("Object.entries(window.modules).map(([name, module]) => [name, Object.keys(module)])")
    assert sorted(name for name, _ in exported) == MODULES
    assert all(names for _, names in exported)


def test_the_loader_finds_faults(opened):
    fault = "import('data:text/javascript,const a = ;').then(() => null, (error) => error.name)"
    assert opened.evaluate(fault) == "SyntaxError"
    assert opened.evaluate("import('./missing.js').then(() => null, (error) => error.name)") == "TypeError"


RUN = """async (script) => {
  const url = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
  return (await import(url)).default;
}"""


def test_bundles_give_the_function_that_draws(opened):
    for entry in ENTRIES:
        assert opened.evaluate(f"async (script) => typeof await ({RUN})(script)", bundle(FOLDER / entry)) == "function"


def test_bundled_modules_keep_their_names_to_themselves(opened, tmp_path):
    (tmp_path / "one.js").write_text(
        "const own = 1;\nfunction twice() {\n  return 2 * own;\n}\nexport const one = twice();\n"
    )
    (tmp_path / "two.js").write_text(
        'import { one as own } from "./one.js";\nconst one = 10;\n'
        "function twice() {\n  return 20 * own;\n}\n"
        "export default function draw() {\n  return [own, one, twice(), typeof $0];\n}\n"
    )
    assert opened.evaluate(f"async (script) => (await ({RUN})(script))()", bundle(tmp_path / "two.js")) == [
        2,
        10,
        40,
        "object",
    ]


# Numbers and pairs


def test_numbers_are_bounded_signed_and_short(call):
    values, (low, high) = RNG.uniform(-2, 2, 20), (-1, 1.5)
    assert call("numbers.js", "clamp", [[value, low, high] for value in values]) == np.clip(values, low, high).tolist()
    values = [0, 12.34, -12.34, 1.234, -0.1, 0.012, -0.0012, 1e-5, -1e-5]
    shown = ["0", "+12.3", "−12.3", "+1.23", "−0.10", "+0.01", "−0.001", "+<0.001", "−<0.001"]
    assert call("numbers.js", "formatShare", [[value] for value in values]) == shown
    assert call("numbers.js", "formatProbability", [[0], [0.555], [1]]) == ["0 %", "56 %", "100 %"]


def test_pairs_are_ranked_by_size_with_their_partners_and_the_pin(call):
    weights = RNG.normal(size=(6, 6)) * (RNG.random((6, 6)) < 0.7)
    order = sorted(zip(*np.nonzero(weights), strict=True), key=lambda pair: -abs(weights[pair]))
    [ranked] = call("pairs.js", "rankPairs", [[weights]])
    assert [(pair["i"], pair["j"]) for pair in ranked] == [*order]
    data = {"weights": weights.tolist()}
    overall, partners, pinned = call(
        "pairs.js", "choosePairs", [[data, None, None], [data, 2, None], [data, 2, order[0]]]
    )
    assert [(pair["i"], pair["j"]) for pair in overall] == order[:3]
    assert [(pair["i"], pair["j"]) for pair in partners] == [pair for pair in order if 2 in pair][:5]
    assert (pinned[-1]["i"], pinned[-1]["j"]) == order[0]
    assert len({(pair["i"], pair["j"]) for pair in pinned}) == len(pinned)


# The scene's geometry


def distance_to_rim(node: dict[str, Any], point: np.ndarray) -> float:
    """Return how far out of a node's shape a point lies, along the ray from its center; 0 on the rim."""
    offset = point - (node["x"], node["y"])
    if node["shape"] == "circle":
        return float(np.hypot(*offset) - node["radius"])
    angle = np.radians(node["turn"])
    along = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]]) @ offset
    return float(np.hypot(*offset) * (1 - node["radius"] / np.abs(along).max()))


def sample_nodes(n: int) -> list[list[dict[str, Any]]]:
    """Return n pairs of nodes, circles and turned squares, that lie apart."""
    starts = RNG.uniform(5, 69, (n, 2))
    angles, lengths = RNG.uniform(0, 2 * np.pi, n), RNG.uniform(20, 50, n)
    ends = starts + lengths[:, None] * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    shapes = [(CIRCLE, SQUARE), (SQUARE, CIRCLE), (SQUARE, SQUARE), (CIRCLE, CIRCLE)]
    return [[{**shapes[k % 4][0], **place(*starts[k])}, {**shapes[k % 4][1], **place(*ends[k])}] for k in range(n)]


def test_arcs_leave_and_meet_shapes_at_one_gap_and_the_two_directions_part(call):
    cases = sample_nodes(40)
    curves = call("scene/geometry.js", "makeCurve", cases)
    back = call("scene/geometry.js", "makeCurve", [[end, start] for start, end in cases])
    for (start, end), curve, other in zip(cases, curves, back, strict=True):
        assert distance_to_rim(start, xy([curve["start"]])[0]) == pytest.approx(1.2, abs=1e-9)
        assert distance_to_rim(end, xy([curve["end"]])[0]) == pytest.approx(1.2, abs=1e-9)
        middle = xy([start, end]).mean(axis=0)
        bow = xy([curve["control"]])[0] - middle
        np.testing.assert_allclose(xy([other["control"]])[0] - middle, -bow, atol=1e-9)
        assert bow @ (xy([end])[0] - xy([start])[0]) == pytest.approx(0, abs=1e-6)
        assert 3 <= np.hypot(*bow) <= 12


def test_points_on_a_curve_are_de_casteljaus(call):
    controls = RNG.uniform(-50, 50, (20, 3, 2))
    parts = RNG.random(20)
    cases = [
        [dict(zip(("start", "control", "end"), map(lambda row: place(*row), rows), strict=True)), part]
        for rows, part in zip(controls, parts, strict=True)
    ]
    steps = controls
    while steps.shape[1] > 1:
        steps = steps[:, :-1] + (steps[:, 1:] - steps[:, :-1]) * parts[:, None, None]
    np.testing.assert_allclose(xy(call("scene/geometry.js", "pointOn", cases)), steps[:, 0], atol=1e-9)


def test_arrowheads_point_along_the_curves_end(call):
    curves = call("scene/geometry.js", "makeCurve", sample_nodes(12))
    for curve, arrow in zip(
        curves, call("scene/geometry.js", "makeArrow", [[curve, 2] for curve in curves]), strict=True
    ):
        tip, left, right = (np.array(corner.split(","), float) for corner in arrow["tip"].split(" "))
        way = xy([curve["end"]])[0] - xy([curve["control"]])[0]
        neck = (left + right) / 2
        np.testing.assert_allclose(tip, xy([curve["end"]])[0])
        np.testing.assert_allclose(tip - neck, 3.6 * way / np.hypot(*way), atol=1e-9)
        assert (left - right) @ way == pytest.approx(0, abs=1e-9)
        np.testing.assert_allclose(np.array(arrow["line"].split("Q")[1].split(), float)[2:], neck, atol=1e-9)


def test_the_cell_under_a_point_is_the_one_whose_box_holds_it(call):
    data = make_scene_data(SceneView([asdict(thing) for thing in SCENE.objects], np.ones((25, 25)), mode="cells"))
    points = [place(*point) for point in RNG.uniform(-8, 90, (60, 2))]
    boxes = np.array([[node["box"][name] for name in ("x", "y", "width", "height")] for node in data["nodes"]])
    for point, cell in zip(
        points, call("scene/geometry.js", "cellAt", [[point, data] for point in points]), strict=True
    ):
        inside = (boxes[:, :2] <= list(point.values())) & (list(point.values()) <= boxes[:, :2] + boxes[:, 2:])
        hits = np.flatnonzero(inside.all(axis=1))
        assert cell == (hits[0] if len(hits) else None)


@pytest.mark.parametrize("turn", [0, 30])
def test_places_are_kept_to_the_nearest_one_on_the_ground(call, turn):
    data = {**SCENE_DATA, "turn": turn, "grain": 1 if turn == 0 else 0.01}
    middle = (np.array([data["width"], data["height"]]) - 1) / 2
    cos, sin = np.cos(np.radians(turn)), np.sin(np.radians(turn))
    axes = np.linspace(data["lowest"], data["highest"], 65)
    straight = np.stack(np.meshgrid(axes, axes), axis=-1).reshape(-1, 2) - middle
    ground = straight @ np.array([[cos, sin], [-sin, cos]]) + middle
    points = RNG.uniform(-30, 110, (40, 2))
    kept = xy(call("scene/geometry.js", "toGround", [[place(*point), data] for point in points]))
    nearest = np.linalg.norm(points[:, None] - ground, axis=2).min(axis=1)
    assert (np.linalg.norm(points - kept, axis=1) <= nearest + 0.71 * data["grain"]).all()
    assert (np.linalg.norm(kept[:, None] - ground, axis=2).min(axis=1) <= 0.71 + data["grain"]).all()
    turned = (kept - middle) @ np.array([[cos, -sin], [sin, cos]]) + middle
    np.testing.assert_allclose(turned / data["grain"], np.round(turned / data["grain"]), atol=1e-9)


def test_the_browser_refuses_the_moves_that_python_refuses(call):
    objects = SCENE.objects
    moves = [
        (int(k), int(x), int(y))
        for k, x, y in zip(RNG.integers(0, 6, 200), *RNG.integers(5, 70, (2, 200)), strict=True)
    ]
    cases = [
        [{"id": objects[k].color, "x": x, "y": y}, SCENE_DATA["objects"], SCENE_DATA["spacing"]] for k, x, y in moves
    ]
    refused = []
    for k, x, y in moves:
        try:
            check_objects((*objects[:k], replace(objects[k], x=x, y=y), *objects[k + 1 :]))
            refused.append(False)
        except SceneError:
            refused.append(True)
    assert 20 < sum(refused) < 180
    assert [bool(touched) for touched in call("scene/zones.js", "touchedBy", cases)] == refused


def sample_drags(n_drags: int) -> list[tuple[ClevrState, int, dict[str, object]]]:
    """Return scenes of CLEVR, an object of each, and a place anywhere on the ground to which it is dragged."""
    rng = np.random.default_rng(0)
    drags = []
    for k in range(n_drags):
        state = ClevrState(seed=k % 12)
        index = int(rng.integers(len(state.things)))
        goal = to_plan(*rng.uniform(-EXTENT, EXTENT, 2))
        drags.append((state, index, {"id": LETTERS[index], **place(*goal)}))
    return drags


def is_accepted(state: ClevrState, index: int, goal: dict[str, float]) -> bool:
    """Return whether the page lets an object stand at a place of the plan."""
    try:
        state.edit(move_thing(state.things, LETTERS[index], *from_plan(goal["x"], goal["y"])))
    except SceneError:
        return False
    return True


def way_to_free(state: ClevrState, index: int, goal: dict[str, float], reach: int) -> float:
    """Return how far the nearest hundredth of the ground lies at which the rules let an object stand.

    Args:
        state: has the scene.
        index: of the object.
        goal: the place on the plan.
        reach: how many hundredths off to look.
    """
    start = np.round(100 * np.array(from_plan(goal["x"], goal["y"])))
    steps = np.stack(np.meshgrid(*[np.arange(-reach, reach + 1)] * 2), axis=-1).reshape(-1, 2)
    ground = (start + steps)[(np.abs(start + steps) <= 100 * EXTENT).all(axis=1)] / 100
    free = np.ones(len(ground), dtype=bool)
    for k, other in enumerate(state.things):
        if k != index:
            squared, sideways, back = distances(ground - (other.x, other.y))
            apart = np.sqrt(squared) - other.radius - state.things[index].radius >= MIN_GAP
            free &= apart & (np.minimum(sideways, back) >= MIN_OFFSET)
    return float(np.linalg.norm(ground[free] - start / 100, axis=1).min(initial=np.inf))


SHADE = """([data, moved, points]) => {
  const [zones, drawing] = ["zones", "drawing"].map((name) => window.modules[`scene/${name}.js`]);
  const stage = document.body.appendChild(document.createElementNS("http://www.w3.org/2000/svg", "svg"));
  const layers = drawing.buildStage(stage, data);
  drawing.drawZones(layers, zones.zonesOf(moved, data.objects, data.spacing), null, data);
  const shapes = [...layers.zones.children];
  const found = points.map(({ x, y }) => shapes.some((shape) => shape.isPointInFill(new DOMPoint(x, y))));
  stage.remove();
  return found;
}"""


def test_a_dropped_object_goes_to_the_nearest_place_that_the_page_accepts(call, opened):
    drags = sample_drags(200)
    shown = [(goal, make_plan_stage(state, None).to_data()) for state, _, goal in drags]
    held = call("scene/geometry.js", "toGround", shown)
    moves = [(goal | at, data) for (goal, data), at in zip(shown, held, strict=True)]
    touched = call("scene/zones.js", "touchedBy", [(move, data["objects"], data["spacing"]) for move, data in moves])
    landed = call("scene/zones.js", "nearestFree", [(move, data["objects"], data) for move, data in moves])
    accepted = [is_accepted(state, k, at) for (state, k, _), at in zip(drags, held, strict=True)]
    assert [not near for near in touched] == accepted
    assert sum(accepted) < 100
    for (state, k, _), start, end in zip(drags, held, landed, strict=True):
        assert is_accepted(state, k, end)
        way = float(np.linalg.norm(np.subtract(from_plan(**end), from_plan(**start))))
        assert way == pytest.approx(way_to_free(state, k, start, int(100 * way) + 3), abs=1e-6)
    on_rims = 0  # the browser counts the rim of what is shaded as shaded
    for (state, k, _), (move, data) in zip(drags[:10], moves, strict=False):
        spots = [place(*to_plan(*spot)) for spot in RNG.integers(-100 * EXTENT, 100 * EXTENT + 1, (60, 2)) / 100]
        shaded = opened.evaluate(SHADE, [data, move, spots])
        allowed = [is_accepted(state, k, spot) for spot in spots]
        assert all(is_allowed or is_shaded for is_allowed, is_shaded in zip(allowed, shaded, strict=True))
        on_rims += sum(np.logical_and(allowed, shaded))
        outside = [place(*to_plan(*spot)) for spot in ((3.05, 0.3), (-3.3, 1), (0, 3.2), (1, -3.6))]
        assert all(opened.evaluate(SHADE, [data, move, outside]))
    assert on_rims <= 6


# Labels


def sample_layer(rng: np.random.Generator, n_nodes: int) -> PairLayer:
    """Return what pairs could say: a few strong ones, many weak ones, a pair pinned and one that decides."""
    weights = rng.normal(size=(n_nodes, n_nodes)) * rng.choice([0.02, 1, 6], (n_nodes, n_nodes))
    first, *pinned = rng.integers(0, n_nodes, 3).tolist()
    decides = [(first, int(rng.integers(0, n_nodes)))]
    return PairLayer(weights, pinned=tuple(pinned) if rng.random() < 0.5 else None, true_pairs=decides, show_truth=True)


def sample_stages(rng: np.random.Generator) -> Iterator[dict[str, Any]]:
    """Yield what is drawn of random scenes: 500 of Explore, some with a ground, and of CLEVR, and 40 of the chain."""
    picture = Picture(np.zeros((HEIGHT, WIDTH, 3), np.uint8))
    for seed in range(500):
        projector, kind = bool(seed % 5 == 0), seed % 5
        if kind < 3:
            objects = sample_scene(make_rng(seed, "explore")).objects
            layer = sample_layer(rng, len(objects) + kind // 2)
            parts = {name: getattr(layer, name) for name in ("weights", "pinned", "true_pairs", "show_truth")}
            yield SceneView([asdict(thing) for thing in objects], projector=projector, **parts).to_data()
        else:
            state = ClevrState(seed=seed, projector=projector)
            stage = make_plan_stage(state, None) if kind == 3 else make_picture_stage(state, picture, None)
            yield replace(stage, layer=sample_layer(rng, stage.n_nodes)).to_data()
    for seed in range(40):
        chain = ExploreState(seed=seed, chain=ChainQuestion(seed % 8, "red"))
        yield make_shown_chain(chain, find_chain_truth(chain)).to_data()


def box_of(shape: dict[str, float]) -> np.ndarray:
    """Return a box's left, top, right and bottom."""
    reach = np.array([shape["width"], shape["height"]]) / 2
    middle = np.array([shape["x"], shape["y"]])
    return np.array([*(middle - reach), *(middle + reach)])


def object_boxes(data: dict[str, Any]) -> list[np.ndarray]:
    """Return the boxes of a stage's objects, squares turned as they are."""
    boxes = []
    for thing in data["objects"]:
        angle = np.radians(thing["turn"]) if thing["shape"] == "square" else 0
        corners = thing["radius"] * np.array([[1, 1], [1, -1], [-1, -1], [-1, 1]])
        turned = corners @ np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        middle = np.array([thing["x"], thing["y"]])
        boxes.append(np.array([*(middle + turned.min(axis=0)), *(middle + turned.max(axis=0))]))
    return boxes


def head_boxes(arcs: Sequence[dict[str, Any]]) -> list[np.ndarray]:
    """Return the boxes of arrows' heads."""
    tips = [np.array([corner.split(",") for corner in arc["tip"].split(" ")], float) for arc in arcs if arc["tip"]]
    return [np.array([*tip.min(axis=0), *tip.max(axis=0)]) for tip in tips]


def meet(one: np.ndarray, other: np.ndarray) -> bool:
    """Return whether two boxes overlap by more than rounding."""
    return bool((np.minimum(one[2:], other[2:]) - np.maximum(one[:2], other[:2]) > 1e-9).all())


def test_no_label_hides_a_label_an_object_or_an_arrows_head_or_leaves_the_picture(call):
    rng = np.random.default_rng(0)
    stages = [*sample_stages(rng)]
    active = [int(rng.integers(0, len(data["nodes"]))) if rng.random() < 0.5 else None for data in stages]
    cases = [[data, data["objects"], node, data["pinned"]] for data, node in zip(stages, active, strict=True)]
    n_labels = 0
    for data, found in zip(stages, call("scene/labels.js", "layOut", cases), strict=True):
        labels = [box_of(each) for each in (*found["tags"], found["flag"]) if each is not None]
        others = [*object_boxes(data), *head_boxes(found["arcs"])]
        assert len(found["tags"]) == len(found["arcs"]) + len(data["path"]) > 0
        assert (found["flag"] is None) == (not data["showTruth"])
        for k, label in enumerate(labels):
            assert not any(meet(label, other) for other in (*labels[:k], *others))
            band = 8 * any(node["kind"] == "ground" for node in data["nodes"])
            assert (label[:2] >= -4.5).all()
            assert (label[2:] <= [data["width"] + 3.5, data["height"] + 3.5 + band]).all()
        n_labels += len(labels)
    assert n_labels > 1500


# The story


def test_edits_of_a_story_are_what_python_makes_of_them(call):
    start = BabiState()
    lines = make_story_stage(start, find_truth(start), None).to_data()["lines"]
    n = len(lines)
    moves = [(int(old), int(new)) for old, new in RNG.integers(0, n, (20, 2))]
    cases = [[lines, {"kind": "move", "id": LABELS[old], "place": new}] for old, new in moves]
    for (old, new), edited in zip(moves, call("story/story.js", "applyEdit", cases), strict=True):
        assert [line["text"] for line in edited] == [line.text for line in start.move(old, new).lines]
        assert [line["id"] for line in edited] == [*LABELS[:n]]
    dropped, restored = call(
        "story/story.js", "applyEdit", [[lines, {"kind": "drop", "id": "s3"}], [lines, {"kind": "restore", "id": "s3"}]]
    )
    assert [line["state"] == "dropped" for line in dropped] == [line.dropped for line in start.mark(2, True).lines]
    assert restored == lines


def test_what_sentences_add_is_the_sum_over_their_pairs(call):
    weights = RNG.normal(size=(5, 5))
    idle, active = call(
        "story/drawing.js", "nodeShares", [[{"weights": weights, "sums": [1, 2]}, None], [{"weights": weights}, 3]]
    )
    assert idle == [1, 2]
    both = weights[:, 3] + weights[3]
    both[3] = weights[3, 3]
    np.testing.assert_allclose(active, both)


# The table


def test_places_on_the_table_and_in_its_picture_are_each_others_inverse(call):
    places, data = RNG.uniform(-1.5, 1.5, (20, 2)), {"halfSide": 1.5}
    shown = call("table/geometry.js", "toStage", [[point, data] for point in places])
    np.testing.assert_allclose(xy(shown), places / 1.5 * (100, -100))
    np.testing.assert_allclose(
        call("table/geometry.js", "fromStage", [[point, data] for point in shown]), places, atol=1e-12
    )


def test_the_ball_under_a_pointer_is_the_nearest_within_reach(call):
    balls, points = RNG.uniform(-1, 1, (5, 2)), RNG.uniform(-1, 1, (60, 2))
    away = np.linalg.norm(points[:, None] - balls, axis=2)
    expected = [int(k) if row[k] <= 0.3 else None for k, row in zip(away.argmin(axis=1), away, strict=True)]
    assert None in expected and len({*expected}) > 3
    assert call("table/geometry.js", "nearestWithin", [[point, balls, 0.3] for point in points]) == expected


def test_bodies_are_the_components_of_the_rigid_links(call):
    for _ in range(8):
        links = [
            {"i": int(i), "j": int(j), "rigid": bool(RNG.random() < 0.6)}
            for i, j in RNG.integers(0, 9, (7, 2))
            if i != j
        ]
        rigid = np.array([[link["i"], link["j"]] for link in links if link["rigid"]], dtype=int).reshape(-1, 2)
        graph = coo_array((np.ones(len(rigid)), rigid.T), shape=(9, 9))
        _, labels = connected_components(graph, directed=False)
        bodies = call("table/geometry.js", "bodyOf", [[ball, links] for ball in range(9)])
        assert [sorted(body) for body in bodies] == [
            np.flatnonzero(labels == labels[ball]).tolist() for ball in range(9)
        ]


def test_a_pulled_body_stays_on_the_table_as_near_as_it_can(call):
    data = {"halfSide": 1.0, "radius": 0.1}
    places = np.array([[0.2, 0.1], [0.5, -0.3], [-0.4, 0.6]])
    wanted = RNG.uniform(-2, 2, (40, 2))
    kept = np.array(call("table/geometry.js", "keepOnTable", [[0, to, [0, 1, 2], places, data] for to in wanted]))
    moved = places + (kept - places[0])[:, None]
    assert np.abs(moved).max() <= 0.9 + 1e-4
    axes = np.linspace(-1, 1, 201)  # every step of a hundredth, an oracle by trial
    for axis in range(2):
        fits = [part for part in axes if np.abs(places[:, axis] + part - places[0, axis]).max() <= 0.9 + 1e-9]
        nearest = np.abs(wanted[:, axis, None] - fits).min(axis=1)
        assert (np.abs(wanted[:, axis] - kept[:, axis]) <= nearest + 1e-4).all()


def test_balls_that_lie_on_each_other_are_found(call):
    for _ in range(10):
        places = RNG.uniform(-0.5, 0.5, (6, 2))
        near = np.linalg.norm(places[:, None] - places, axis=2) < 0.3
        [touched] = call("table/geometry.js", "touchedBy", [[[0, 1], places, {"radius": 0.15}]])
        assert touched == [ball for ball in range(2, 6) if near[ball, :2].any()]


def test_balls_go_straight_between_frames(call):
    frames = RNG.uniform(-1, 1, (6, 2, 2))
    times = [0, 0.25, 1, 2.5, 4.75, 5]
    there = call("table/clock.js", "placeAt", [[frames, 1, time] for time in times])
    expected = np.stack([np.interp(times, range(6), frames[:, 1, axis]) for axis in range(2)], axis=1)
    np.testing.assert_allclose(there, expected, atol=1e-12)
    [way] = call("table/clock.js", "wayOf", [[frames, 1, 0.5, 3.5]])
    knots = [0.5, 1, 2, 3, 3.5]
    np.testing.assert_allclose(
        way, np.stack([np.interp(knots, range(6), frames[:, 1, axis]) for axis in range(2)], axis=1)
    )


def sample_lines(rng: np.random.Generator) -> tuple[list[dict[str, object]], np.ndarray]:
    """Return what is numbered of a table, five lines of one ball or three of any, and where its ten balls are."""
    balls = rng.uniform(-92, 92, (1, 2))
    while len(balls) < 10:
        ball = rng.uniform(-92, 92, 2)
        if np.linalg.norm(balls - ball, axis=1).min() > 12:
            balls = np.vstack([balls, ball])
    pairs = [(0, j) for j in range(1, 6)] if rng.random() < 0.5 else [(0, 1), (2, 3), (4, 5)]
    stops = rng.choice([0.5, 0.34, 0.78], len(pairs)).tolist()
    lines = [
        {"from": place(*balls[i]), "to": place(*balls[j]), "stop": s} for (i, j), s in zip(pairs, stops, strict=True)
    ]
    return lines, balls


def test_no_number_on_the_table_hides_a_number_or_a_ball_or_leaves_the_table(call):
    rng = np.random.default_rng(1)
    tables = [sample_lines(rng) for _ in range(200)]
    cases = [[lines, [place(*ball) for ball in balls]] for lines, balls in tables]
    for (lines, balls), found in zip(tables, call("table/drawing.js", "placeNumbers", cases), strict=True):
        numbers = xy(found)
        assert len(numbers) == len(lines)
        for k, number in enumerate(numbers):
            away = np.abs(np.vstack([balls, numbers[:k]]) - number)
            assert ((away[:, 0] > 20) | (away[:, 1] > 9)).all()
        assert (np.abs(numbers) <= [90, 95.5]).all()


# The matrix beside the table

PLACES = RNG.uniform(-0.8, 0.8, (4, 2))
GUESS = np.round(RNG.random((4, 4)), 3)
SHARES = np.round(RNG.normal(size=(4, 4)), 3)
TABLE = make_table_data(
    {
        "balls": [{"name": name, "rgb": list(COLORS[name])} for name in [*COLORS][:4]],
        "half_side": 1.0, "radius": 0.1, "frame_rate": 10,
        "seen": [PLACES] * 3, "ahead": [PLACES] * 4, "predicted": [PLACES] * 4,
        "errors": [0.1, 0.05, 0.2, 0.4], "baseline_errors": [0.2, 0.3, 0.1, 0.6],
        "links": [{"i": 0, "j": 2, "rigid": False}],
        "guess": [[None if i == j else GUESS[i, j] for j in range(4)] for i in range(4)], "shares": SHARES,
    }
)  # fmt: skip
DRAW_MATRIX = """([html, css, data, view]) => {
  const { buildMatrix, markMatrix } = window.modules["table/matrix.js"];
  document.body.innerHTML = html + `<style>${css}</style>`;
  const svg = document.querySelector(".matrix");
  buildMatrix(svg, data);
  markMatrix(svg, { data, ...view });
  const box = (element) => ["x", "y", "width", "height"].map((name) => Number(element.getAttribute(name)));
  const cells = [...svg.querySelectorAll(".cell")].map((cell) => {
    const { x, y, width, height } = cell.getBoundingClientRect();
    const hit = document.elementFromPoint(x + width / 4, y + height / 4);
    return { pair: cell.dataset.cell, hit: hit?.dataset.cell, kind: cell.classList[1], box: box(cell),
             opacity: Number(cell.style.fillOpacity) };
  });
  const shown = (name) => [...svg.querySelectorAll(name)].filter(({ style }) => style.display !== "none");
  const found = { cells, rings: shown(".rings").length && svg.querySelectorAll(".ring:not(.casing)").length,
                  asked: shown(".asked").map(box), outline: shown(".outline").map(box) };
  document.body.replaceChildren();
  return found;
}"""


def draw_matrix(page: Page, data: dict[str, Any], **view: object) -> dict[str, Any]:
    """Return what is seen of a matrix in the table's own HTML and styles."""
    sources = read_sources("table")
    return page.evaluate(DRAW_MATRIX, [sources["html"], sources["css"], data, view])


@pytest.mark.parametrize("matrix", ["guess", "shares"])
def test_every_cell_is_the_pair_of_its_row_and_column_and_as_strong_as_its_number(opened, matrix):
    values = TABLE[matrix]
    data = {**TABLE, "matrix": matrix}
    found = draw_matrix(opened, data, ball=None, cell=[1, 3], asked=[0, 2], springs=True)
    largest = 1 if matrix == "guess" else np.abs(SHARES).max()
    boxes = {}
    for k, cell in enumerate(found["cells"]):
        i, j = divmod(k, 4)
        boxes[i, j] = cell["box"]
        assert cell["pair"] == cell["hit"] == f"{i},{j}"
        assert cell["box"] == [11 + 10 * j, 11 + 10 * i, 10, 10]
        kind = "empty" if values[i][j] is None else "negative" if values[i][j] < 0 else "positive"
        assert cell["kind"] == kind
        assert cell["opacity"] == pytest.approx(abs(values[i][j] or 0) / largest, abs=1e-3)
    assert len(boxes) == 16
    assert found["outline"] == [boxes[1, 3]]
    assert found["asked"] == [boxes[0, 2], boxes[2, 0]]
    assert found["rings"] == 2


def test_a_ball_outlines_its_row_and_nothing_is_marked_without_a_reason(opened):
    row = draw_matrix(opened, TABLE, ball=2, cell=None, asked=None, springs=False)
    nothing = draw_matrix(opened, TABLE, ball=None, cell=None, asked=None, springs=False)
    assert row["outline"] == [[11, 31, 40, 10]]
    assert (nothing["outline"], nothing["asked"], nothing["rings"]) == ([], [], 0)


def test_connections_are_the_pairs_of_the_matrix_strongest_first(call):
    guess, shares = ({**TABLE, "matrix": matrix} for matrix in ("guess", "shares"))
    upper = [(i, j) for i in range(4) for j in range(i + 1, 4)]
    likely, strong = call("table/drawing.js", "makeConnections", [[guess], [shares]])
    largest_guess = {(i, j): max(GUESS[i, j], GUESS[j, i]) for i, j in upper}
    summed = {(i, j): SHARES[i, j] + SHARES[j, i] for i, j in upper}
    for connections, expected in ((likely, largest_guess), (strong, summed)):
        assert [(one["i"], one["j"]) for one in connections] == sorted(upper, key=lambda pair: -abs(expected[pair]))
        np.testing.assert_allclose(
            [one["value"] for one in connections], [expected[one["i"], one["j"]] for one in connections]
        )
    assert strong[0]["strength"] == 1


def test_errors_grow_straight_from_nothing_at_the_last_seen_frame(call):
    times = np.linspace(0, 4, 17)
    at = call("table/matrix.js", "errorAt", [[TABLE["errors"], time] for time in times])
    np.testing.assert_allclose(at, np.interp(times, range(5), [0, *TABLE["errors"]]))


# The diagram


@pytest.mark.parametrize("width", [300, 358, 944, 1360])
@pytest.mark.parametrize("scale", [1, 1.35])
def test_stages_stand_apart_in_reading_order_and_each_arrow_goes_from_one_to_the_next(call, width, scale):
    [found] = call("diagram/layout.js", "layOut", [[width, 8, scale]])
    boxes = np.array([[box[name] for name in ("x", "y", "width", "height")] for box in found["stages"]])
    ends = boxes[:, :2] + boxes[:, 2:]
    assert (boxes[:, :2] >= 0).all() and (ends <= [width + 1e-9, found["height"] + 1e-9]).all()
    assert boxes[:, 2].min() >= min(100 * scale, width)
    assert [(y, x) for x, y in boxes[:, :2]] == sorted((y, x) for x, y in boxes[:, :2])
    for k, link in enumerate(found["links"]):
        gap = np.maximum(boxes[k + 1, :2] - ends[k], boxes[k, :2] - ends[k + 1])
        assert gap.max() > 0
        tip = np.array(link["head"].split(" ")[0].split(","), float)
        assert np.abs(tip - np.clip(tip, boxes[k + 1, :2], ends[k + 1])).max() <= 1  # at the next one's edge
        start = np.array(re.match(r"M([\d.]+) ([\d.]+)", link["line"]).groups(), float)
        np.testing.assert_allclose(start, np.clip(start, boxes[k, :2], ends[k]))


def test_tones_are_as_strong_as_their_numbers(call):
    values = np.round(RNG.uniform(-1, 1, (7, 5)), 2)
    values[2, 3] = 0
    [paths] = call("diagram/pictures.js", "tonePaths", [[values, 70]])
    drawn = {}
    for each in paths:
        for x, y in re.findall(r"M([\d.]+) ([\d.]+)h", each["path"]):
            drawn[round(float(y) / 10), round(float(x) / 10)] = each["tone"] * (-1 if each["sign"] == "negative" else 1)
    assert drawn == {
        (i, j): int(np.sign(value) * np.ceil(np.round(6 * abs(value), 9)))
        for (i, j), value in np.ndenumerate(values) if value
    }  # fmt: skip


# Gestures

HAND = """([steps]) => {
  const { Gestures } = window.modules["gestures.js"];
  const said = [];
  const root = document.createElement("div");
  const surface = root.appendChild(document.createElement("div"));
  document.body.append(root);
  surface.setPointerCapture = () => said.push("captured");
  const picture = { root, press: null, stepBack: () => { said.push("back"); return true; } };
  class Hand extends Gestures {
    press() { said.push("press"); return {}; }
    hover() { said.push("hover"); }
    leave() { said.push("leave"); }
    grab(event) { said.push("grab"); this.capture(event); }
    drag() { said.push("drag"); }
    drop() { said.push("drop"); }
    click() { said.push("click"); }
    cancel() { said.push("cancel"); }
    key({ key }) { said.push(key); return key === "Enter"; }
  }
  const listening = new AbortController();
  new Hand(picture, surface).listen(listening.signal);
  const stops = [];
  for (const [type, options] of steps) {
    if (type === "abort") listening.abort();
    const Kind = type.startsWith("key") ? KeyboardEvent : PointerEvent;
    const event = new Kind(type, { bubbles: true, cancelable: true, isPrimary: true, pointerId: 1, ...options });
    surface.dispatchEvent(event);
    if (event.defaultPrevented) stops.push(options.key);
  }
  root.remove();
  return { said, stops, pressed: picture.press !== null, dragging: root.classList.contains("dragging") };
}"""
DOWN, UP = ("pointerdown", {"buttons": 1}), ("pointerup", {})
FAR, NEAR = (("pointermove", {"clientX": x, "clientY": 0, "buttons": 1}) for x in (9, 2))
OVER = ("pointermove", {"buttons": 0})


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ([OVER, ("pointerleave", {})], ["hover", "leave"]),
        ([DOWN, NEAR, UP], ["press", "click"]),
        ([DOWN, FAR, NEAR, UP], ["press", "grab", "captured", "drag", "drag", "drop"]),
        ([DOWN, FAR, ("pointercancel", {})], ["press", "grab", "captured", "drag", "cancel"]),
        ([DOWN, OVER, OVER], ["press", "cancel", "hover"]),
        ([("pointerdown", {"button": 2}), ("pointerdown", {"isPrimary": False}), UP], []),
        ([DOWN, ("pointerup", {"pointerId": 2}), ("pointercancel", {"pointerId": 2}), UP], ["press", "click"]),
        ([DOWN, ("pointerleave", {}), UP], ["press", "click"]),
        (
            [("keydown", {"key": "Escape"}), ("keydown", {"key": "Enter"}), ("keydown", {"key": "x"})],
            ["back", "Enter", "x"],
        ),
        ([("keydown", {"key": "Enter", "ctrlKey": True}), ("keydown", {"key": "Enter", "altKey": True})], []),
        ([("abort", {}), DOWN, FAR, UP, ("keydown", {"key": "Enter"})], []),
    ],
)
def test_a_hand_is_understood(opened, steps, said):
    done = opened.evaluate(HAND, [steps])
    assert done["said"] == said
    assert done["stops"] == [name for name, key in (("Escape", "back"), ("Enter", "Enter")) if key in said]
    assert (done["pressed"], done["dragging"]) == (False, False)


# The channel and what is held

HOLD = """([html, data, steps]) => {
  const { default: draw } = window.modules["scene/scene.js"];
  const parentElement = document.createElement("div");
  parentElement.innerHTML = html;
  document.body.append(parentElement);
  const told = [];
  let shown = { ...data, live: true, answered: null };
  const setTriggerValue = (_, event) => told.push(["sent", event.kind, event.id, event.x, event.y, event.number]);
  const show = (changes) => {
    shown = { ...shown, ...changes };
    return draw({ parentElement, data: shown, setTriggerValue });
  };
  const end = show({});
  const stage = parentElement.querySelector(".stage");
  stage.setPointerCapture = () => {};
  const places = () => [...stage.querySelectorAll(".object")].map((each) => each.getAttribute("aria-label"));
  for (const [type, x, y, id] of steps) {
    told.push([type, x, y]);
    if (type === "answer") {
      const last = told.findLast(([kind]) => kind === "sent");
      const objects = shown.objects.map((each) => (each.id === last[2] ? { ...each, x: last[3], y: last[4] } : each));
      const before = places();
      show(last[1] === "stay" ? { objects: data.objects, answered: last[5] } : { objects, answered: last[5] });
      told.push(["stayed", before.join() === places().join(), stage.classList.contains("stale")]);
    } else if (type === "key") {
      stage.querySelector(".object").dispatchEvent(new KeyboardEvent("keydown", { key: x, bubbles: true }));
    } else {
      const place = new DOMPoint(x, y).matrixTransform(stage.getScreenCTM());
      const target = id ? stage.querySelector(`[data-object=${id}]`) : stage;
      const common = { bubbles: true, isPrimary: true, pointerId: 1, buttons: type === "pointerup" ? 0 : 1 };
      target.dispatchEvent(new PointerEvent(type, { ...common, clientX: place.x, clientY: place.y }));
    }
  }
  end();
  parentElement.remove();
  return told;
}"""
RED = SCENE.get("red")


def is_free(x: int, y: int) -> bool:
    """Return whether the red object may stand at a place."""
    try:
        check_objects(SCENE.replace("red", x=x, y=y).objects)
    except SceneError:
        return False
    return True


def hold(page: Page, steps: Sequence[tuple[object, ...]]) -> list[list[Any]]:
    """Return what a hand did to the red object of `SCENE` and what was sent, in their order; the page answers late."""
    down = ("pointerdown", RED.x, RED.y, "red")
    return page.evaluate(HOLD, [read_sources("scene")["html"], SCENE_DATA, [down, *steps]])


def sample_hand(rng: np.random.Generator) -> list[tuple[object, ...]]:
    """Return moves to free places among which answers come at random, a release, and the answers left."""
    free = [(x, y) for x, y in rng.integers(5, 70, (60, 2)).tolist() if is_free(x, y) and (x, y) != (RED.x, RED.y)]
    moves = [[("pointermove", *place), *[("answer",)] * int(rng.integers(0, 2))] for place in free[:20]]
    return [*(step for steps in moves for step in steps), ("pointerup", *free[19]), *[("answer",)] * 3]


@pytest.mark.parametrize("seed", range(4))
def test_a_held_object_is_followed_one_request_at_a_time_and_the_newest_place_wins(opened, seed):
    told = hold(opened, sample_hand(np.random.default_rng(seed)))
    hand, in_flight, is_released, last = None, 0, False, None
    for kind, *rest in told:
        if kind == "pointermove":
            hand = rest
        elif kind == "answer":
            in_flight = 0
        elif kind == "pointerup":
            is_released, left = True, []
        elif kind == "sent":
            in_flight += 1
            assert in_flight == 1
            assert rest[1:4] == ["red", *hand]
            last = rest
            if is_released:
                left.append(rest)
        elif kind == "stayed":
            assert rest == [True, False]  # no older state under the hand, and the numbers stay
            assert is_released or in_flight == 1 or last[2:4] == hand  # nothing newer is left behind
    assert [each[0] for each in left] == ["move"]
    assert 5 < sum(kind == "sent" for kind, *_ in told) < 22


def test_nothing_is_sent_from_where_an_object_may_not_stand_and_the_page_then_stays_as_it_was(opened):
    green = SCENE.get("green")
    near = next([RED.x + dx, RED.y] for dx in (5, -5, 6, -6, 0) if is_free(RED.x + dx, RED.y))
    on_green = [("pointermove", *near), ("answer",), ("pointermove", green.x, green.y)]
    for ending in (("pointerup", green.x, green.y), ("pointercancel", 0, 0), ("key", "Escape")):
        sent = [rest for kind, *rest in hold(opened, [*on_green, ending, ("answer",)]) if kind == "sent"]
        assert [(each[0], each[2:4]) for each in sent] == [("drag", near), ("stay", [RED.x, RED.y])]
    untouched = hold(opened, [("pointermove", green.x, green.y), ("pointerup", 0, 0)])
    assert [rest for kind, *rest in untouched if kind == "sent"] == []


TALK = """() => {
  const { Channel } = window.modules["channel.js"];
  const arrived = [];
  const channel = new Channel(() => arrived.push("given up"));
  const send = (event) => arrived.push(event);
  channel.update(send, null);
  for (const kind of ["pin", "move", "drop"]) channel.submit({ kind });
  const waiting = channel.pending().map(({ kind }) => kind);
  channel.update(send, -1);
  const stray = arrived.length;
  channel.update(send, arrived[0].number);
  const left = channel.pending().map(({ kind }) => kind);
  channel.giveUp();
  channel.stop();
  return { waiting, stray, left, busy: channel.isBusy(), arrived: arrived.map((each) => each.kind ?? each) };
}"""


def test_events_leave_one_at_a_time_and_wait_for_their_own_answer(opened):
    assert opened.evaluate(TALK) == {
        "waiting": ["pin", "move", "drop"],
        "stray": 1,
        "left": ["move", "drop"],
        "busy": False,
        "arrived": ["pin", "move", "given up"],
    }
