"""The animated table in a browser, on a small app that keeps its pulls and counts its runs."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

START = {"red": (-0.5, 0.5), "green": (0.0, 0.5), "blue": (-0.4, -0.4), "gray": (0.6, -0.6)}
WAY = {"red": (0.02, 0.0), "green": (0.0, -0.01), "blue": (0.01, 0.01), "gray": (0.0, 0.02)}
NAMES = tuple(START)


@pytest.fixture
def table(component):
    """Begin anew with a table, wait for it, and return the page; the table stands still if not told otherwise."""

    def open_table(query: str = "", **options):
        opened = component(f"table&{query}", **options)
        opened.locator(".table .ball").first.wait_for()
        return opened

    return open_table


def wait_for_state(opened, **wanted) -> None:
    """Wait until Python shows every value wanted."""
    for name, value in wanted.items():
        text = re.escape(f"{json.dumps(name)}: {json.dumps(value)}") + "[,}]"
        expect(opened.get_by_test_id("stText")).to_have_text(re.compile(text))


def ball(opened, name: str):
    return opened.locator(f"[data-ball='{NAMES.index(name)}']")


def place_of(element) -> tuple[float, float]:
    """Return where the browser drew a ball, in meters."""
    x, y = map(float, re.findall(r"-?[\d.]+(?:e-?\d+)?", element.get_attribute("transform")))
    return x / 100, -y / 100


def place_at(name: str, frame: float) -> tuple[float, float]:
    """Return where a ball of the app is in a frame, in meters."""
    return tuple(start + frame * way for start, way in zip(START[name], WAY[name], strict=True))


def wait_for_frame(opened, number: int) -> None:
    expect(opened.locator(".frame")).to_have_text(re.compile(f"^frame {number} of"))


def on_screen(opened, x: float, y: float) -> tuple[float, float]:
    """Return where a place of the table, in meters, lies on the screen."""
    box = opened.locator(".table .ground").bounding_box()
    return box["x"] + box["width"] * (x + 1) / 2, box["y"] + box["height"] * (1 - y) / 2


def drag(opened, start: tuple[float, float], end: tuple[float, float]) -> None:
    opened.mouse.move(*on_screen(opened, *start))
    opened.mouse.down()
    opened.mouse.move(*on_screen(opened, *end), steps=6)
    opened.mouse.up()


def connections(opened, style: str) -> set[str]:
    found = opened.locator(f".connection[data-style='{style}']").all()
    return {element.get_attribute("data-connection") for element in found}


def test_scrubbing_puts_every_ball_where_its_frame_has_it(table):
    opened = table("ahead")
    for frame in (0, 7, 15, 18):
        opened.locator(".scrubber").fill(str(frame))
        expect(opened.locator(".frame")).to_have_text(f"frame {frame + 1} of 20 · {frame / 10} s")
        for name in NAMES:
            assert place_of(ball(opened, name)) == pytest.approx(place_at(name, frame), abs=1e-6)
        expect(opened.locator(".phase")).to_have_text("seen" if frame < 16 else "what happens next")


def test_it_plays_on_its_own_straight_from_frame_to_frame_and_pauses(table):
    opened = table(reduced_motion="no-preference")
    opened.wait_for_function(
        """() => {
            const host = document.querySelector('[data-testid=stBidiComponentIsolated]').shadowRoot;
            window.seen = window.seen ?? [];
            window.seen.push(['0', '1'].map((k) => host.querySelector(`[data-ball='${k}']`).getAttribute('transform')));
            return new Set(window.seen.map(String)).size > 20;
        }"""
    )
    for pair in opened.evaluate("window.seen"):
        (red, _), (_, green) = ((float(part) / 100 for part in re.findall(r"-?[\d.]+", text)) for text in pair)
        frame = (red + 0.5) / 0.02
        assert -1e-6 <= frame <= 15 + 1e-6
        assert -green == pytest.approx(0.5 - 0.01 * frame, abs=1e-6)
    opened.locator(".play").click()
    expect(opened.locator(".play")).to_contain_text("Play")
    stopped = place_of(ball(opened, "red"))
    opened.wait_for_timeout(300)
    assert place_of(ball(opened, "red")) == stopped


def test_it_starts_again_behind_the_last_frame(table):
    opened = table()
    opened.locator(".scrubber").fill("14")
    opened.locator(".play").click()
    wait_for_frame(opened, 16)
    wait_for_frame(opened, 3)


def test_people_who_asked_for_less_motion_start_it_themselves(table):
    opened = table()
    expect(opened.locator(".play")).to_contain_text("Play")
    opened.wait_for_timeout(300)
    assert place_of(ball(opened, "red")) == pytest.approx(START["red"])
    opened.locator(".top").focus()
    opened.keyboard.press(" ")
    expect(opened.locator(".play")).to_contain_text("Pause")
    wait_for_frame(opened, 5)


def test_arrow_keys_go_from_frame_to_frame(table):
    opened = table()
    opened.locator(".top").focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowRight", "ArrowLeft"):
        opened.keyboard.press(key)
    wait_for_frame(opened, 3)
    opened.locator(".scrubber").focus()
    opened.keyboard.press("ArrowRight")
    wait_for_frame(opened, 4)
    assert place_of(ball(opened, "red")) == pytest.approx(place_at("red", 3), abs=1e-6)


def test_connections_below_ten_per_cent_are_not_drawn_and_surer_ones_are_thicker(table):
    opened = table()
    assert connections(opened, "plain") == {"0,1", "2,3", "0,2"}
    width = "element => parseFloat(getComputedStyle(element).strokeWidth)"
    widths = [opened.locator(f"[data-connection='{pair}']").evaluate(width) for pair in ("0,1", "2,3", "0,2")]
    assert widths == sorted(widths, reverse=True) and len(set(widths)) == 3


def test_hovering_a_ball_shows_its_partners_and_its_row_without_a_run(table):
    opened = table()
    opened.mouse.move(*on_screen(opened, *START["red"]))
    expect(opened.locator(".connection[data-style=strong]")).to_have_count(2)
    assert connections(opened, "strong") == {"0,1", "0,2"}
    assert connections(opened, "dimmed") == {"2,3"}
    assert opened.locator(".number:visible").all_text_contents() == ["90 %", "20 %"]
    assert opened.locator(".ball.dimmed").get_attribute("data-ball") == "3"
    box = "rect => ['x', 'y', 'width', 'height'].map((name) => Number(rect.getAttribute(name)))"
    x, y, width, height = opened.locator("[data-cell='0,0']").evaluate(box)
    assert opened.locator(".outline").evaluate(box) == [x, y, 4 * width, height]
    expect(opened.locator(".reading")).to_have_text("Strongest partners of red: green 90 %, blue 20 %.")
    opened.mouse.move(*on_screen(opened, 0.8, 0.8))
    expect(opened.locator(".connection[data-style=strong]")).to_have_count(0)
    wait_for_state(opened, runs=1)


def test_hovering_a_cell_shows_its_two_balls_and_their_line(table):
    opened = table()
    opened.locator("[data-cell='3,0']").hover()
    strong = opened.locator(".connection[data-style=strong]")
    expect(strong).to_have_attribute("data-connection", "0,3")  # though of 5 % only
    active = opened.locator(".ball.active")
    assert {element.get_attribute("data-ball") for element in active.all()} == {"0", "3"}
    expect(opened.locator(".reading")).to_have_text("gray and red: 5 %")
    opened.locator("[data-head='2']").first.hover()
    expect(opened.locator(".reading")).to_have_text("Strongest partners of blue: gray 60 %, red 20 %.")


def test_a_click_on_a_cell_asks_about_its_pair(table):
    opened = table("asks")
    frames = opened.locator(".matrix .asked")
    boxes = "element => [element.getAttribute('x'), element.getAttribute('y')].map(Number)"
    assert [frame.evaluate(boxes) for frame in frames.all()] == [[21, 11], [11, 21]]
    opened.locator("[data-cell='3,1']").click()
    wait_for_state(opened, asked=[1, 3], runs=2)
    assert [frame.evaluate(boxes) for frame in frames.all()] == [[41, 21], [21, 41]]
    opened.locator("[data-cell='2,2']").click()  # a ball with itself
    opened.locator("[data-cell='0,2']").click()
    wait_for_state(opened, asked=[0, 2], runs=3)


def test_where_nothing_can_be_asked_a_click_on_a_cell_does_nothing(table):
    opened = table()
    expect(opened.locator(".matrix .asked").first).to_be_hidden()
    opened.locator("[data-cell='3,1']").click()
    opened.locator("button.springs").click()
    expect(opened.locator(".top .rigid")).to_be_visible()
    wait_for_state(opened, asked=None, runs=1)


def test_true_connections_are_hidden_until_they_are_asked_for(table):
    opened = table()
    truth = opened.locator(".top .spring, .top .rigid")
    assert [element.is_visible() for element in truth.all()] == [False, False]
    opened.locator("button.springs").click()
    expect(opened.locator("button.springs")).to_have_attribute("aria-pressed", "true")
    assert all(element.is_visible() for element in truth.all())
    corners = opened.locator(".top .spring").get_attribute("d").count("L")
    assert corners > 10  # a zigzag
    assert opened.locator(".top .rigid").get_attribute("d").count("L") == 1  # a bar
    expect(opened.locator(".legend")).to_contain_text("true spring")
    expect(opened.locator(".legend")).to_contain_text("true rigid link")
    opened.locator("button.springs").click()
    expect(opened.locator(".top .spring")).to_be_hidden()


def test_the_matrix_tells_the_truth_when_it_is_asked_for(table):
    opened = table()
    expect(opened.locator(".matrix .ring").first).to_be_hidden()
    expect(opened.locator(".legend")).not_to_contain_text("truly connected")
    opened.locator("[data-cell='1,0']").hover()
    expect(opened.locator(".reading")).to_have_text("green and red: 90 %")
    opened.locator("button.springs").click()
    expect(opened.locator(".legend")).to_contain_text("truly connected")
    middles = "circle => [circle.getAttribute('cx'), circle.getAttribute('cy')].map(Number)"
    rings = [ring.evaluate(middles) for ring in opened.locator(".matrix .ring:not(.casing)").all()]
    corners = "cell => [cell.getAttribute('x'), cell.getAttribute('y')].map((part) => Number(part) + 5)"
    cells = [opened.locator(f"[data-cell='{pair}']").evaluate(corners) for pair in ("0,1", "1,0", "2,3", "3,2")]
    assert sorted(rings) == sorted(cells)
    expect(opened.locator(".matrix .ring").first).to_be_visible()
    opened.locator("[data-cell='1,0']").hover()
    expect(opened.locator(".reading")).to_have_text("green and red: 90 %, truly connected")
    opened.locator("[data-cell='3,0']").hover()
    expect(opened.locator(".reading")).to_have_text("gray and red: 5 %, truly not connected")


def test_a_page_that_wants_to_know_is_told_whether_true_connections_are_shown(table):
    opened = table("tells")
    opened.locator(".scrubber").fill("4")
    opened.locator("button.springs").click()
    wait_for_state(opened, connections=True, runs=2)
    expect(opened.locator(".table")).to_have_attribute("aria-busy", "false")
    expect(opened.locator(".top .rigid")).to_be_visible()
    wait_for_frame(opened, 5)  # time stands where it stood
    opened.locator("button.springs").click()
    wait_for_state(opened, connections=False, runs=3)
    expect(opened.locator(".top .rigid")).to_be_hidden()


def test_dragging_sends_the_place_in_metres_in_one_run(table):
    opened = table()
    opened.locator(".scrubber").fill("5")
    start = place_at("red", 5)
    drag(opened, start, (0.3, -0.1))
    expect(opened.get_by_test_id("stText")).to_contain_text('"runs": 2')
    ((number, frame, x, y),) = json.loads(opened.get_by_test_id("stText").inner_text())["pulls"]
    assert (number, frame) == (0, 5)
    assert (x, y) == pytest.approx((0.3, -0.1), abs=0.01)  # a pixel of the screen
    wait_for_frame(opened, 1)  # of the scene that the page simulated
    assert place_of(ball(opened, "red")) == pytest.approx((x, y), abs=1e-4)


def test_dragging_pauses_and_stretches_the_lines_of_the_ball(table):
    opened = table(reduced_motion="no-preference")
    opened.locator(".play").click()
    opened.locator(".scrubber").fill("0")
    opened.locator(".play").click()
    opened.mouse.move(*on_screen(opened, *START["green"]))
    opened.mouse.down()
    expect(opened.locator(".play")).to_contain_text("Play")
    opened.mouse.move(*on_screen(opened, 0.6, 0.1), steps=4)
    stretched = opened.locator("[data-connection='0,1']")
    expect(stretched).to_have_class(re.compile("pulled"))
    assert stretched.get_attribute("d").count("L") > 10
    assert "pulled" not in opened.locator("[data-connection='2,3']").get_attribute("class")
    opened.keyboard.press("Escape")
    opened.mouse.up()
    wait_for_state(opened, runs=1, pulls=[])


def test_a_ball_stays_on_the_table_and_takes_along_what_is_rigidly_connected_to_it(table):
    opened = table()
    apart = [other - own for own, other in zip(START["blue"], START["gray"], strict=True)]
    opened.mouse.move(*on_screen(opened, *START["blue"]))
    opened.mouse.down()
    opened.mouse.move(*on_screen(opened, -0.1, -0.1), steps=4)
    blue, gray = place_of(ball(opened, "blue")), place_of(ball(opened, "gray"))
    assert [other - own for own, other in zip(blue, gray, strict=True)] == pytest.approx(apart, abs=1e-6)
    assert gray[0] == pytest.approx(0.9, abs=0.01)
    opened.mouse.move(*on_screen(opened, 0.5, -0.1), steps=4)
    assert place_of(ball(opened, "gray"))[0] == pytest.approx(0.94)  # its edge is at the wall
    opened.mouse.up()
    expect(opened.get_by_test_id("stText")).to_contain_text("[2, 0, -0.06, ")


def test_a_pull_that_the_page_refuses_goes_back(table):
    opened = table()
    drag(opened, START["red"], (-0.8, 0.0))
    expect(opened.get_by_test_id("stText")).to_contain_text("[[0, 0, -0.")
    expect(opened.locator(".table")).to_have_attribute("aria-busy", "false")
    assert place_of(ball(opened, "red")) == pytest.approx(START["red"])


def test_a_ball_cannot_be_let_go_on_another(table):
    opened = table()
    opened.mouse.move(*on_screen(opened, *START["red"]))
    opened.mouse.down()
    opened.mouse.move(*on_screen(opened, -0.05, 0.5), steps=4)
    expect(opened.locator(".ball.touching")).to_have_count(1)
    opened.mouse.up()
    expect(opened.locator(".status")).to_have_text("The red ball would lie on green; it is back where it was.")
    assert place_of(ball(opened, "red")) == pytest.approx(START["red"])
    wait_for_state(opened, runs=1, pulls=[])


def test_arrow_keys_pull_the_focused_ball_and_send_it_once(table):
    opened = table()
    ball(opened, "green").focus()
    for key in ("ArrowRight", "ArrowRight", "Shift+ArrowRight", "ArrowUp"):
        opened.keyboard.press(key)
    wait_for_state(opened, pulls=[[1, 0, 0.14, 0.52]], runs=2)


def test_a_finger_pulls_a_ball(table):
    opened = table()
    finger = opened.context.new_cdp_session(opened)
    way = [START["green"], (0.1, 0.3), (0.3, 0.1), (0.5, 0.0)]
    touch = [[{"x": x, "y": y}] for x, y in (on_screen(opened, *place) for place in way)]
    finger.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": touch[0]})
    for points in touch[1:]:
        finger.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": points})
    finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    expect(opened.get_by_test_id("stText")).to_contain_text("[[1, 0, 0.")


def test_a_frozen_table_is_looked_at_but_not_changed(table):
    opened = table("frozen")
    drag(opened, START["red"], (0.3, -0.1))
    ball(opened, "red").focus()
    opened.keyboard.press("ArrowRight")
    assert place_of(ball(opened, "red")) == pytest.approx(START["red"])
    opened.wait_for_timeout(700)
    wait_for_state(opened, runs=1, pulls=[])


def test_predicted_ways_are_dashed_and_errors_grow_with_time(table):
    opened = table("ahead")
    expect(opened.locator(".ghost:visible")).to_have_count(0)
    opened.locator(".scrubber").fill("17")
    expect(opened.locator(".ghost:visible")).to_have_count(4)
    ghost = opened.locator(".ghost").first
    found = float(ghost.get_attribute("cx")) / 100, -float(ghost.get_attribute("cy")) / 100
    assert found == pytest.approx([part + 0.1 for part in place_at("red", 17)], abs=1e-6)
    dashes = "element => getComputedStyle(element).strokeDasharray"
    assert opened.locator(".way.predicted").first.evaluate(dashes) != "none"
    assert opened.locator(".way:not(.predicted)").first.evaluate(dashes) == "none"
    assert opened.locator(".curve-name").all_text_contents() == ["network", "0.020", "constant velocity", "0.200"]
    lengths = "element => element.getTotalLength()"
    before = opened.locator(".curve").first.evaluate(lengths)
    opened.locator(".scrubber").fill("19")
    assert opened.locator(".curve").first.evaluate(lengths) > before
    expect(opened.locator(".pairing")).to_be_hidden()


def test_shares_are_signed_by_color_and_by_dashes(table):
    opened = table("shares")
    assert connections(opened, "plain") == {"0,1", "2,3", "0,3"}  # the three largest
    assert opened.locator(".number:visible").all_text_contents() == [
        "+3.00",
        "\N{MINUS SIGN}2.00",
        "\N{MINUS SIGN}0.40",
    ]
    dashes = "element => getComputedStyle(element).strokeDasharray"
    assert opened.locator("[data-connection='2,3']").evaluate(dashes) != "none"
    assert opened.locator("[data-connection='0,1']").evaluate(dashes) == "none"
    opened.locator("[data-cell='2,3']").hover()
    expect(opened.locator(".reading")).to_have_text("blue and gray: \N{MINUS SIGN}1.00")


def test_numbers_of_crossing_lines_stand_apart(table):
    opened = table("shares&crossing")
    for frame in ("0", "15"):
        opened.locator(".scrubber").fill(frame)
        first, second = (number.bounding_box() for number in opened.locator(".number:visible").all())
        apart = [
            first[side] + first[size] <= second[side] or second[side] + second[size] <= first[side]
            for side, size in (("x", "width"), ("y", "height"))
        ]
        assert any(apart)


def test_words_for_screen_readers(table):
    opened = table()
    assert ball(opened, "red").get_attribute("aria-label") == "red ball, x -0.50 m, y 0.50 m; arrow keys move it"
    assert ball(opened, "red").locator("title").text_content() == "red"
    expect(opened.locator(".summary")).to_have_text(
        "Strongest pairs: red and green 90 %; blue and gray 60 %; red and blue 20 %."
    )
    opened.locator(".scrubber").fill("3")
    expect(opened.locator(".scrubber")).to_have_attribute("aria-valuetext", "seen, frame 4 of 16 · 0.3 s")
    opened.locator(".top").focus()
    opened.keyboard.press("Tab")
    expect(opened.locator(".status")).to_have_text("Strongest partners of red: green 90 %, blue 20 %.")


def test_after_a_pull_by_keys_balls_keep_their_names_and_nothing_is_said_to_be_on_its_way(table):
    opened = table()
    ball(opened, "red").focus()
    opened.keyboard.press("Shift+ArrowRight")
    expect(opened.get_by_test_id("stText")).to_contain_text('"runs": 2')
    expect(opened.locator(".status")).not_to_contain_text("simulated")
    words = [each.get_attribute("aria-label") for each in opened.locator("[data-ball]").all()]
    assert len(words) == len(NAMES)
    for name, word in zip(NAMES, words, strict=True):
        assert word.startswith(f"{name} ball, x ") and word.endswith("; arrow keys move it")


@pytest.mark.parametrize("query", ["", "ahead", "shares"])
def test_no_part_covers_another(table, query):
    opened = table(query)
    parts = [".now", ".top", ".controls", "button.springs", ".status", ".legend", ".pairing", ".erring"]
    for width in (1440, 1024, 480):
        opened.set_viewport_size({"width": width, "height": 900})
        opened.wait_for_function("width => innerWidth === width", arg=width)
        boxes = {name: opened.locator(f".table {name}").bounding_box() for name in parts}
        shown = {name: box for name, box in boxes.items() if box is not None}
        for name, box in shown.items():
            assert box["x"] + box["width"] <= width
            for other, second in shown.items():
                apart_x = max(box["x"], second["x"]) - min(box["x"] + box["width"], second["x"] + second["width"])
                apart_y = max(box["y"], second["y"]) - min(box["y"] + box["height"], second["y"] + second["height"])
                assert name == other or apart_x >= -1 or apart_y >= -1, (width, name, other)
