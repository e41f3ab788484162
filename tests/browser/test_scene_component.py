"""The interactive scene in a browser, on a small app that keeps the scene and counts its runs."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


@pytest.fixture
def stage(component):
    """Begin anew with a scene, wait for it, and return the page."""

    def open_stage(query: str = ""):
        opened = component(f"scene&{query}")
        opened.locator(".scene .object").first.wait_for()
        return opened

    return open_stage


def state_of(opened) -> dict:
    return json.loads(opened.get_by_test_id("stText").inner_text())


def wait_for_state(opened, **wanted) -> dict:
    """Wait until Python shows every value wanted; return the whole state."""
    for name, value in wanted.items():
        text = re.escape(f"{json.dumps(name)}: {json.dumps(value)}") + "[,}]"
        expect(opened.get_by_test_id("stText")).to_have_text(re.compile(text))
    return state_of(opened)


def wait_for_text(opened, selector: str, text: str) -> None:
    expect(opened.locator(selector)).to_contain_text(text)


def wait_for_count(opened, selector: str, count: int) -> None:
    expect(opened.locator(selector)).to_have_count(count)


def place(opened, x: float, y: float) -> tuple[float, float]:
    """Return where an image pixel lies on the screen."""
    box = opened.locator(".scene .ground").bounding_box()
    return box["x"] + box["width"] * (x + 0.5) / 75, box["y"] + box["height"] * (y + 0.5) / 75


def thing(opened, color: str):
    return opened.locator(f"[data-object={color}]")


def drag(opened, start: tuple[int, int], end: tuple[int, int]) -> None:
    opened.mouse.move(*place(opened, *start))
    opened.mouse.down()
    opened.mouse.move(*place(opened, *end), steps=6)
    opened.mouse.up()


def tags(opened) -> list[str]:
    return opened.locator(".tag:not(.flag) text").all_text_contents()


def test_hovering_lights_up_the_strongest_partners_without_a_run(stage):
    opened = stage()
    wait_for_count(opened, ".arc.subtle", 3)  # nobody points at anything: the three largest of all
    assert set(tags(opened)) == {"+9.00", "+3.00", "\N{MINUS SIGN}2.00"}
    thing(opened, "red").hover()
    wait_for_count(opened, ".arc.strong", 5)
    assert set(tags(opened)) == {"+3.00", "\N{MINUS SIGN}2.00", "+1.50", "\N{MINUS SIGN}1.00", "+0.50"}
    assert opened.locator(".arc.strong.negative").count() == 2
    assert opened.locator(".arc.strong .tip").count() == 4  # the pair with itself is a ring
    # Of the pair (0, 1), which is (red, green), the arrow begins at red and its tip lies at green.
    tip = opened.locator(".arc.strong .tip").first.bounding_box()
    red, green = (thing(opened, name).bounding_box() for name in ("red", "green"))
    assert abs(tip["x"] - green["x"]) < abs(tip["x"] - red["x"])
    wait_for_count(opened, ".object.dimmed", 2)  # gray is no. 6 of red's pairs, yellow is in none
    opened.mouse.move(*place(opened, 70, 5))
    wait_for_count(opened, ".arc.subtle", 3)
    thing(opened, "red").focus()
    opened.keyboard.press("s")
    assert wait_for_state(opened, red=["circle", 20, 14])["runs"] == 2  # so all of the hovering took none


def test_negative_arcs_are_dashed_and_positive_ones_are_not(stage):
    opened = stage()
    thing(opened, "red").hover()
    wait_for_count(opened, ".arc.strong", 5)
    dashes = "element => getComputedStyle(element).strokeDasharray"
    assert opened.locator(".line.negative").first.evaluate(dashes) != "none"
    assert opened.locator(".line.positive").first.evaluate(dashes) == "none"


def test_dragging_moves_by_whole_pixels_and_reaches_python_in_one_run(stage):
    opened = stage()
    drag(opened, (46, 52), (32, 66))
    assert wait_for_state(opened, blue=["square", 30, 64])["runs"] == 2
    wait_for_text(opened, ".status", "blue object is at x 30, y 64")
    drag(opened, (30, 64), (30, 90))  # beyond the edge
    assert wait_for_state(opened, blue=["square", 30, 69])["runs"] == 3


def test_a_dropped_object_stays_where_it_was_dropped_while_the_page_answers(stage):
    opened = stage()
    opened.evaluate(
        """() => {
            const host = document.querySelector('[data-testid=stBidiComponentIsolated]').shadowRoot;
            const shape = host.querySelector('[data-object=blue] .shape');
            window.paths = [];
            new MutationObserver(() => window.paths.push(shape.getAttribute('d'))).observe(shape, {attributes: true});
        }"""
    )
    drag(opened, (44, 50), (30, 64))
    wait_for_state(opened, blue=["square", 30, 64])
    paths = opened.evaluate("window.paths")
    landed = paths.index(paths[-1])
    assert set(paths[landed:]) == {paths[-1]}


def test_an_object_dropped_onto_another_snaps_back_and_says_why(stage):
    opened = stage()
    opened.mouse.move(*place(opened, 26, 31))
    opened.mouse.down()
    opened.mouse.move(*place(opened, 22, 20), steps=4)
    wait_for_count(opened, ".object.overlapping", 2)
    opened.mouse.up()
    wait_for_text(opened, ".status", "The gray object would touch the red one here")
    wait_for_count(opened, ".object.overlapping", 0)
    assert "x 26, y 31" in thing(opened, "gray").get_attribute("aria-label")
    opened.keyboard.press("Escape")
    thing(opened, "green").focus()
    opened.keyboard.press("s")
    state = wait_for_state(opened, green=["square", 57, 20])
    assert (state["gray"], state["runs"]) == (["circle", 26, 31], 2)  # the drop itself took no run


def test_double_click_toggles_the_shape_once_however_often_the_page_ran(stage):
    opened = stage()
    thing(opened, "red").dblclick()
    assert wait_for_state(opened, red=["circle", 20, 14])["runs"] == 2
    thing(opened, "green").dblclick()
    assert wait_for_state(opened, green=["square", 57, 20])["runs"] == 3
    thing(opened, "red").dblclick()
    state = wait_for_state(opened, red=["square", 20, 14])
    assert (state["runs"], state["pinned"]) == (4, None)


def test_arrow_keys_move_the_focused_object_and_send_it_once(stage):
    opened = stage()
    thing(opened, "yellow").focus()
    for key in ("ArrowLeft", "ArrowLeft", "Shift+ArrowLeft", "ArrowUp"):
        opened.keyboard.press(key)
    assert wait_for_state(opened, yellow=["square", 55, 63])["runs"] == 2


def test_arrow_keys_do_not_walk_onto_another_object(stage):
    opened = stage()
    thing(opened, "gray").focus()
    for _ in range(4):
        opened.keyboard.press("Shift+ArrowUp")
    wait_for_text(opened, ".status", "The gray object would touch the red one here")
    wait_for_state(opened, gray=["circle", 26, 26])


def test_edits_made_faster_than_the_page_answers_all_arrive(stage):
    opened = stage()
    for color in ("red", "green", "blue"):
        thing(opened, color).focus()
        opened.keyboard.press("s")
    wait_for_state(opened, red=["circle", 20, 14], green=["square", 57, 20], blue=["circle", 44, 50])


def test_clicking_two_objects_pins_their_pair_and_escape_unpins(stage):
    opened = stage()
    thing(opened, "red").click()
    wait_for_text(opened, ".status", "Picked red: now pick its partner")
    thing(opened, "gray").click()
    wait_for_state(opened, pinned=[0, 4])
    wait_for_count(opened, ".arc.pinned", 1)
    opened.keyboard.press("Escape")
    wait_for_state(opened, pinned=None)
    wait_for_count(opened, ".arc.pinned", 0)


def test_escape_cancels_a_pick_before_it_unpins(stage):
    opened = stage()
    thing(opened, "red").focus()
    opened.keyboard.press("Enter")
    opened.keyboard.press("Enter")
    wait_for_state(opened, pinned=[0, 0])
    opened.keyboard.press("Enter")
    wait_for_text(opened, ".status", "Picked red")
    opened.keyboard.press("Escape")
    wait_for_text(opened, ".status", "Pinned: red with itself +1.50")
    opened.locator(".unpin").click()
    assert wait_for_state(opened, pinned=None)["runs"] == 3


def test_clicking_an_arc_pins_its_pair(stage):
    opened = stage()
    arc = opened.locator(".grip[data-arc='2,3']")
    middle = arc.evaluate(
        """path => {
            const {x, y} = path.getPointAtLength(path.getTotalLength() / 2).matrixTransform(path.getScreenCTM());
            return [x, y];
        }"""
    )
    opened.mouse.click(*middle)
    wait_for_state(opened, pinned=[2, 3])


def test_a_finger_drags_an_object(stage):
    opened = stage()
    finger = opened.context.new_cdp_session(opened)
    way = [(44, 50), (40, 54), (34, 60), (30, 64)]
    touch = [[{"x": x, "y": y}] for x, y in (place(opened, *point) for point in way)]
    finger.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": touch[0]})
    for points in touch[1:]:
        finger.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": points})
    finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    wait_for_state(opened, blue=["square", 30, 64])


def test_cells_light_up_and_are_walked_with_arrow_keys(stage):
    opened = stage("mode=cells")
    opened.mouse.move(*place(opened, 2, 2))
    wait_for_count(opened, ".arc.strong", 5)
    opened.mouse.move(*place(opened, 62, 40))
    wait_for_count(opened, ".arc.strong", 0)
    opened.mouse.move(1, 1)
    opened.locator("[data-node='0']").focus()
    for key in ("ArrowRight", "ArrowDown", "Enter", "ArrowRight", "Enter"):
        opened.keyboard.press(key)
    wait_for_state(opened, pinned=[6, 7])


def test_objects_can_be_dragged_over_cells(stage):
    opened = stage("mode=cells")
    drag(opened, (44, 50), (30, 64))
    wait_for_state(opened, blue=["square", 30, 64])


def test_a_frozen_scene_is_looked_at_but_not_changed(stage):
    opened = stage("frozen=1")
    drag(opened, (44, 50), (30, 64))
    thing(opened, "red").focus()
    opened.keyboard.press("s")
    opened.keyboard.press("Enter")
    opened.keyboard.press("Enter")
    state = wait_for_state(opened, pinned=[0, 0])
    assert (state["blue"], state["red"], state["runs"]) == (["square", 44, 50], ["square", 20, 14], 2)


def test_words_for_screen_readers_and_no_markup_from_data(stage):
    opened = stage()
    assert opened.locator("svg.stage").get_attribute("aria-label") == "Six objects"
    assert thing(opened, "red").get_attribute("role") == "button"
    assert thing(opened, "red").get_attribute("aria-label").startswith("red square, x 20, y 14")
    wait_for_text(opened, ".summary", "(blue, orange) +9.00; (red, green) +3.00; (green, red) \N{MINUS SIGN}2.00")
    wait_for_text(opened, ".toward", "<b>square</b>")
    wait_for_count(opened, ".scene b", 0)
    wait_for_count(opened, ".tag.flag", 1)
    opened.locator("svg.stage").focus()
    opened.keyboard.press("Tab")
    wait_for_text(opened, ".status", "Strongest partners of red: (red, green) +3.00")


def test_a_scene_that_says_nothing_promises_nothing(stage):
    blank = stage("blank=yes&frozen=yes")
    expect(blank.locator(".stage .object")).to_have_count(6)
    expect(blank.locator(".legend")).to_be_hidden()
    expect(blank.locator(".status")).to_have_text("")
    full = stage("frozen=yes")
    expect(full.locator(".legend")).to_be_visible()
    expect(full.locator(".status")).to_contain_text("Point at an object")
