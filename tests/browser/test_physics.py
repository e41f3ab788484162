"""The physics page in a browser: it plays by itself, a pulled ball is answered by the simulation, links say it all.

Scenes, truth and pulls are seen; what the networks answer is not, so that no weights are needed.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from pages._lab.physics.scenes import COLOR_NAMES, Pull, pulled_scene, sampled_scene
from pages._lab.physics.state import PhysicsState
from rn_core.common.errors import RNCoreError
from rn_core.tasks.physics import PhysicsScene

pytestmark = pytest.mark.browser

APP = Path(__file__).resolve().parents[2] / "app.py"
START = PhysicsState()
SCENE = sampled_scene(START.seed, START.balls)


@pytest.fixture(scope="module")
def url(serve) -> str:
    return f"{serve(APP)}/physics"


def read_state(opened: Page) -> PhysicsState:
    """Return the state in the URL."""
    state, problems = PhysicsState.from_query(dict(parse_qsl(urlsplit(opened.url).query)))
    assert problems == []
    return state


def stop_at_start(opened: Page) -> None:
    """Go to the first frame and stay there."""
    table = opened.locator(".table")
    expect(table.locator(".ball")).to_have_count(read_state(opened).n_balls)
    table.locator(".scrubber").fill("0")
    expect(table.locator(".play")).to_have_text("▶ Play")
    expect(table.locator(".frame")).to_contain_text("frame 1 of")


def ball(opened: Page, index: int) -> Locator:
    """Return a ball of the table."""
    return opened.locator(f".table .top .ball[data-ball='{index}']")


def point_of(opened: Page, place: tuple[float, float]) -> tuple[float, float]:
    """Return where on the screen a place in meters lies."""
    ground = opened.locator(".table .top .ground").bounding_box()
    x, y = map(float, place)
    return ground["x"] + ground["width"] * (1 + x) / 2, ground["y"] + ground["height"] * (1 - y) / 2


def drag(opened: Page, index: int, start: np.ndarray, end: tuple[float, float]) -> None:
    """Pull a ball with the mouse from where it is in meters to another place, and let it go.

    The points come first: as soon as the ball moves, the page answers, and the table is drawn anew.
    """
    first, *others = (point_of(opened, tuple(place)) for place in (start, (start + end) / 2, end))
    opened.mouse.move(*first)
    opened.mouse.down()
    for point in others:
        opened.mouse.move(*point)
    opened.mouse.up()


def free_place(scene: PhysicsScene, index: int) -> tuple[float, float]:
    """Return a place to which a ball can be pulled from the first frame, with room around it."""
    ways = [(dx, dy) for dx in (-0.03, 0, 0.03) for dy in (-0.03, 0, 0.03)]
    for x, y in np.round(np.mgrid[-0.8:0.8:9j, -0.8:0.8:9j].reshape(2, -1).T, 2).tolist():
        try:
            for dx, dy in ways:
                pulled_scene(scene, (Pull(index, 0, round(x + dx, 3), round(y + dy, 3)),))
        except RNCoreError:
            continue
        return x, y
    pytest.fail("no room to pull the ball")


def test_it_plays_by_itself_within_seconds(visit, url):
    opened = visit(url, reduced_motion="no-preference")
    frame = opened.locator(".table .frame")
    expect(opened.locator(".table .ball")).to_have_count(10)
    expect(opened.locator(".table .play")).to_have_text("❚❚ Pause")
    before = frame.inner_text()
    expect(frame).not_to_have_text(before)
    expect(opened.locator(".rn-question").first).to_have_text("Which balls are connected?")


@pytest.mark.parametrize("index", [0, 7])
def test_a_pulled_ball_is_answered_by_the_simulation_and_undone(visit, elsewhere, url, index):
    opened = visit(url)
    stop_at_start(opened)
    place = free_place(SCENE, index)
    drag(opened, index, SCENE.positions[0, index], place)
    opened.wait_for_function("location.search.includes('pulls=')")
    (pull,) = read_state(opened).pulls
    assert (pull.ball, pull.frame) == (index, 0)
    assert np.hypot(pull.x - place[0], pull.y - place[1]) < 0.02
    scene = pulled_scene(SCENE, (pull,))
    stop_at_start(opened)
    for k, (x, y) in enumerate(scene.positions[0].tolist()):
        words = f"{COLOR_NAMES[k]} ball, x {x:.2f} m, y {y:.2f} m".replace("-0.00", "0.00")
        said = ball(opened, k).get_attribute("aria-label").replace("-0.00", "0.00")
        assert said.startswith(words)
    again = elsewhere(opened.url)
    stop_at_start(again)
    assert ball(again, index).get_attribute("aria-label") == ball(opened, index).get_attribute("aria-label")
    opened.get_by_role("button", name="Undo pull").click()
    opened.wait_for_function("!location.search.includes('pulls=')")
    assert read_state(opened) == START
    stop_at_start(opened)
    x, y = SCENE.positions[0, index].tolist()
    assert f"x {x:.2f} m, y {y:.2f} m" in ball(opened, index).get_attribute("aria-label")


def test_a_ball_dropped_on_another_one_goes_back(visit, url):
    opened = visit(url)
    stop_at_start(opened)
    drag(opened, 0, SCENE.positions[0, 0], tuple(SCENE.positions[0, 3].tolist()))
    expect(opened.locator(".table .status")).to_contain_text("back where it was")
    assert read_state(opened) == START


def test_true_connections_that_are_shown_stand_in_the_link(visit, elsewhere, url):
    opened = visit(url)
    expect(opened.locator(".table .ball")).to_have_count(10)
    expect(opened.locator(".table .top path.spring:visible")).to_have_count(0)
    opened.locator(".table button.springs").click()
    opened.wait_for_function("location.search.includes('truth=on')")
    again = elsewhere(opened.url)
    expect(again.locator(".table button.springs")).to_have_text("Hide springs")
    n_springs = int(np.triu(SCENE.links & ~SCENE.rigid).sum())
    expect(again.locator(".table .top path.spring:visible")).to_have_count(n_springs)
    expect(again.locator(".table .bars path.rigid:visible")).to_have_count(int(np.triu(SCENE.rigid).sum()))


def test_what_happens_next_is_played_behind_what_was_seen(visit, url):
    opened = visit(url)
    expect(opened.locator(".table .frame")).to_contain_text("of 16")
    opened.get_by_text("What happens next?", exact=True).first.click()
    expect(opened.locator(".table .frame")).to_contain_text("of 32")
    opened.wait_for_function("location.search.includes('ask=predict')")
