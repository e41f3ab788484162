"""The page "How it works" in a browser: keys walk the steps, the film plays by itself, a link opens the same step."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
from playwright.sync_api import expect

from pages._lab.walk.state import WalkState, count_steps

pytestmark = pytest.mark.browser

APP = Path(__file__).resolve().parents[2] / "app.py"
TITLE = ".rn-step h3"
FILM_TITLE = ".js-plotly-plot .gtitle"


@pytest.fixture(scope="module")
def url(serve) -> str:
    return serve(APP)


@pytest.fixture
def walk(visit, url):
    """Return `walk(query)`: the page opened by a link."""

    def open_walk(query: str):
        opened = visit(f"{url}/how_it_works?{query}")
        opened.wait_for_selector(TITLE)
        return opened

    return open_walk


def read_state(opened) -> WalkState:
    """Return the state in the URL."""
    state, problems = WalkState.from_query(dict(parse_qsl(urlsplit(opened.url).query)))
    assert problems == []
    return state


def click_square(opened, i: int, j: int) -> None:
    """Click a square of the grid, the first figure of the page."""
    opened.get_by_text("What the MLP has instead").wait_for()
    opened.locator(".js-plotly-plot .nsewdrag").first.scroll_into_view_if_needed()
    place = opened.evaluate(
        """([i, j]) => {
          const plot = document.querySelector(".js-plotly-plot");
          const { xaxis, yaxis } = plot._fullLayout;
          const box = plot.getBoundingClientRect();
          return { x: box.x + xaxis._offset + xaxis.d2p(j), y: box.y + yaxis._offset + yaxis.d2p(i) };
        }""",
        [i, j],
    )
    opened.mouse.move(place["x"] + 2, place["y"] + 2)
    opened.wait_for_selector(".js-plotly-plot .hoverlayer .hovertext")
    opened.mouse.click(place["x"], place["y"])


def test_the_arrow_keys_walk_the_steps_of_explores_question(visit, url):
    opened = visit(f"{url}/?model=rn-objects&seed=3&q=left-blue")
    opened.get_by_role("link", name="See how it is computed").click()
    title = opened.locator(TITLE)
    expect(title).to_have_text("1 · Scene")
    expect(opened.locator("h2")).to_have_text("Is the blue object on the left?")
    for name in ("2 · Rows", "3 · Objects", "4 · Pairs"):
        opened.keyboard.press("ArrowRight")
        expect(title).to_have_text(name)
    opened.keyboard.press("ArrowLeft")
    expect(title).to_have_text("3 · Objects")
    opened.wait_for_function("location.search.includes('step=3')")
    assert (read_state(opened).seed, read_state(opened).model) == (3, "rn-objects")
    assert read_state(opened).pair is None


def test_the_arrow_keys_go_on_after_a_click_on_a_step(walk):
    opened = walk("model=rn-objects")
    opened.get_by_role("button", name="4 Pairs").click()
    expect(opened.locator(TITLE)).to_have_text("4 · Pairs")
    opened.keyboard.press("ArrowRight")
    expect(opened.locator(TITLE)).to_have_text("5 · g_theta")


def test_the_film_plays_and_pauses_in_the_browser_alone(walk):
    opened = walk("model=rn-objects&step=6")
    # Plotly rejects the promise of a film that is interrupted, without a reason; nothing is wrong then.
    opened.evaluate(
        "addEventListener('unhandledrejection', event => event.reason === undefined && event.preventDefault())"
    )
    title = opened.locator(FILM_TITLE)
    expect(title).to_contain_text("0 of 36 pairs")
    opened.locator(".updatemenu-button").nth(0).click()
    expect(title).to_contain_text("3 of 36 pairs")
    opened.locator(".updatemenu-button").nth(1).click()
    opened.wait_for_timeout(500)
    paused = title.text_content()
    opened.wait_for_timeout(1500)
    assert title.text_content() == paused
    assert "36 of 36" not in paused
    opened.locator(".updatemenu-button").nth(0).click()
    expect(title).to_contain_text("36 of 36 pairs")
    assert read_state(opened).added == 0


def test_a_click_on_the_grid_follows_that_pair(walk):
    opened = walk("model=rn-objects&step=4")
    click_square(opened, 2, 4)
    opened.wait_for_function("location.search.includes('pair=blue-gray')")
    expect(opened.get_by_role("combobox", name="First object, i")).to_have_value("blue")


def test_a_link_opens_the_same_step_in_a_fresh_browser(walk, elsewhere):
    first = walk("model=rn-objects&seed=4&step=6&order=weakest&added=30&deal=2")
    expect(first.locator(FILM_TITLE)).to_contain_text("30 of 36 pairs")
    first.get_by_role("button", name="Share").click()
    link = first.locator("[data-testid=stPopoverBody] [data-testid=stCode]").inner_text().strip()
    second = elsewhere(link)
    expect(second.locator(FILM_TITLE)).to_have_text(first.locator(FILM_TITLE).text_content())
    expect(second.locator(".rn-deal")).to_have_text(first.locator(".rn-deal").text_content())
    assert read_state(second) == read_state(first)


STAGES = """all => all.map((one) => {
  const frame = one.querySelector(".frame").getBoundingClientRect();
  const texts = [...one.querySelectorAll("text")].map((text) => text.getBoundingClientRect());
  const sizes = [...one.querySelectorAll(":scope > text")].map((text) => parseFloat(getComputedStyle(text).fontSize));
  const isInside = ({ left, right, bottom }) =>
    left >= frame.left - 1 && right <= frame.right + 1 && bottom <= frame.bottom + 1;
  return { inside: texts.every(isInside), left: frame.left, right: frame.right, least: Math.min(...sizes) };
})"""


@pytest.mark.parametrize("model", ["rn-objects", "rn-pixels", "rn-slots"])
def test_the_diagram_can_be_read_at_every_width(walk, model):
    opened = walk(f"model={model}&step=4")
    for width in (390, 1024, 1440):
        opened.set_viewport_size({"width": width, "height": 900})
        expect(opened.locator(".diagram .stage")).to_have_count(count_steps(model))
        opened.wait_for_function("width => innerWidth === width", arg=width)
        opened.wait_for_timeout(500)
        stages = opened.locator(".diagram .stage").evaluate_all(STAGES)
        assert all(stage["inside"] for stage in stages), width
        assert min(stage["left"] for stage in stages) >= 0 and max(stage["right"] for stage in stages) <= width, width
        assert min(stage["least"] for stage in stages) >= 12, width


def test_a_stage_of_the_diagram_is_a_stop_by_keys_and_shows_the_followed_pair(walk):
    opened = walk("model=rn-objects&pair=red-blue")
    stage = opened.get_by_role("button", name="6 Sum")
    stage.focus()
    opened.keyboard.press("Enter")
    expect(opened.locator(TITLE)).to_have_text("6 · Sum")
    expect(stage).to_have_attribute("aria-current", "step")
    expect(opened.locator(".diagram [aria-current]")).to_have_count(1)
    expect(opened.get_by_role("button", name="5 g_theta")).to_contain_text("(red, blue)")
    assert read_state(opened).step == 6
