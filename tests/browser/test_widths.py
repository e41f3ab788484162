"""What phones, narrow windows and projectors show: nothing cut off, cramped or far below what it belongs to."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from tests.pages.test_plain import PAGES

pytestmark = pytest.mark.browser

APP = Path(__file__).resolve().parents[2] / "app.py"
PHONE, NARROW = ({"viewport": {"width": width, "height": 900}} for width in (390, 1024))
MATRIX = ".st-key-explore-matrix"
#: Milliseconds: the first page of a server that has just started imports everything.
PATIENCE = 180_000
#: Smallest type of a number in pixels that a phone may show.
SMALLEST = 9


@pytest.fixture(scope="module")
def url(serve) -> str:
    return serve(APP)


@pytest.fixture
def open_page(page):
    """Return `open_page(url, **options) -> Page`, which has patience with a fresh server."""

    def start(address: str, **options: object):
        opened = page("about:blank", **options)
        opened.set_default_timeout(PATIENCE)
        opened.goto(address)
        return opened

    return start


def boxes(opened, selector: str) -> list[dict[str, float]]:
    """Return where all elements that match lie, once they have been drawn."""
    opened.wait_for_selector(selector, state="attached")
    return opened.locator(selector).evaluate_all(
        "all => all.map((one) => { const { left, right, top, bottom, width, height } = one.getBoundingClientRect(); "
        "return { left, right, top, bottom, width, height }; })"
    )


def wait_for_fit(opened) -> None:
    """Wait until the matrix has taken the height that its width asks for."""
    opened.wait_for_function(
        """place => {
          const plot = document.querySelector(`${place} .js-plotly-plot`);
          const box = document.querySelector(`${place} .stPlotlyChart`)?.getBoundingClientRect();
          return plot?._fullLayout && Math.abs(plot._fullLayout.height - box.height) < 2
            && Math.abs(plot._fullLayout.width - box.width) < 2;
        }""",
        arg=MATRIX,
    )


@pytest.mark.parametrize("type_size", ["", "&projector=on"])
def test_numbers_of_a_matrix_can_be_read_on_a_phone(open_page, url, type_size):
    opened = open_page(f"{url}/?model=rn-objects{type_size}", **PHONE)
    opened.wait_for_selector(f"{MATRIX} .js-plotly-plot")
    wait_for_fit(opened)
    cell = opened.evaluate(
        "place => { const axis = document.querySelector(`${place} .js-plotly-plot`)._fullLayout.xaxis; "
        "return axis._length / 6; }",
        MATRIX,
    )
    numbers = opened.locator(f"{MATRIX} .textpoint text")
    sizes = numbers.evaluate_all("all => all.map((one) => parseFloat(getComputedStyle(one).fontSize))")
    assert len(sizes) == 36 and min(sizes) >= SMALLEST
    assert max(box["width"] for box in boxes(opened, f"{MATRIX} .textpoint text")) <= cell
    (chart,), (ground,) = boxes(opened, f"{MATRIX} .stPlotlyChart"), boxes(opened, f"{MATRIX} .nsewdrag")
    assert chart["bottom"] - ground["bottom"] < 60  # no blank below it
    (whole,) = boxes(opened, MATRIX)
    assert whole["height"] - chart["height"] < 10


@pytest.mark.parametrize("address", ["?model=rn-objects", "?model=rn-objects&projector=on", "clevr", "physics"])
def test_the_table_of_pairs_shows_all_its_columns_on_a_phone(open_page, url, address):
    opened = open_page(f"{url}/{address}", **PHONE)
    opened.wait_for_selector("[data-testid=stDataFrame] .dvn-scroller", state="attached")
    lacking = "() => { const one = document.querySelector('[data-testid=stDataFrame] .dvn-scroller'); return %s; }"
    opened.wait_for_function(lacking % "one !== null && one.scrollWidth > 100")
    assert opened.evaluate(lacking % "one.scrollWidth - one.clientWidth") <= 1


@pytest.mark.parametrize("name", ["", "clevr"])
def test_nothing_is_blank_below_the_scene_of_a_narrow_window(open_page, url, name):
    opened = open_page(f"{url}/{name}", **NARROW)
    opened.wait_for_selector(".rn-said")
    opened.wait_for_selector(".scene .stage")
    opened.wait_for_timeout(500)
    (picture,), (controls,) = boxes(opened, ".st-key-areas-picture"), boxes(opened, ".st-key-areas-controls")
    assert 0 <= controls["top"] - picture["bottom"] < 120
    assert controls["width"] > 1.5 * picture["width"]


def test_sentences_have_room_on_a_phone_in_projector_type(open_page, url):
    opened = open_page(f"{url}/babi?projector=on", **PHONE)
    texts = boxes(opened, ".story .sentence .text")
    line = opened.locator(".story .sentence .text").first.evaluate(
        "one => parseFloat(getComputedStyle(one).lineHeight)"
    )
    assert all(box["height"] <= 2.2 * line for box in texts)


def test_what_keeps_results_stands_level_with_the_choices_beside_it(open_page, url):
    opened = open_page(f"{url}/results")
    opened.wait_for_selector("[data-testid=stButtonGroup] button")
    choices = boxes(opened, "[data-testid=stButtonGroup] button")
    (save,) = boxes(opened, "[data-testid=stPopover] button")
    assert abs(choices[0]["top"] - save["top"]) <= 3 and abs(choices[0]["bottom"] - save["bottom"]) <= 3


def test_a_projector_shows_the_steps_of_numbers_and_a_table_that_fills_its_side(open_page, url):
    opened = open_page(f"{url}/physics?projector=on", viewport={"width": 1280, "height": 800})
    opened.wait_for_selector(".table .matrix .cell", state="attached")
    steps = opened.locator("[data-testid=stNumberInput]").first.locator("button")
    assert [step.is_visible() for step in steps.all()] == [True, True]
    (table,), (matrix,) = boxes(opened, ".table .floor"), boxes(opened, ".table figure .matrix")
    (side,) = boxes(opened, ".table .panes")
    assert matrix["left"] > table["right"]
    assert table["width"] + matrix["width"] > 0.85 * side["width"]


@pytest.mark.parametrize("type_size", ["", "?projector=on"])
def test_every_page_has_its_link_in_a_narrow_window(open_page, url, type_size):
    opened = open_page(f"{url}/{type_size}", **NARROW)
    wait_until_drawn(opened)
    links = opened.locator("[data-testid=stTopNavLink]").all()
    assert len(links) == len(PAGES)
    assert all(link.is_visible() for link in links)
    assert max(link["right"] for link in boxes(opened, "[data-testid=stTopNavLink]")) <= 1024


@pytest.mark.parametrize("name", ["", "clevr", "babi"])
def test_a_phone_s_first_screen_has_scene_and_question(open_page, url, name):
    opened = open_page(f"{url}/{name}", **PHONE)
    wait_until_drawn(opened)
    assert boxes(opened, "h2.rn-question")[0]["bottom"] <= 900


def wait_until_drawn(opened) -> None:
    """Wait until a page stands as it will stay."""
    opened.wait_for_selector("h1.rn-title", state="attached")
    opened.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")
    opened.wait_for_timeout(500)
    opened.wait_for_selector("[data-stale=true], [data-testid=stSkeleton]", state="detached")


@pytest.mark.parametrize("type_size", ["", "?projector=on"])
def test_no_page_scrolls_sideways_on_a_phone(open_page, url, type_size):
    opened = open_page("about:blank", **PHONE)
    beyond = {}
    for name in PAGES:
        opened.goto(f"{url}/{'' if name == 'explore' else name}{type_size}")
        wait_until_drawn(opened)
        beyond[name] = opened.evaluate(
            "() => { const main = document.querySelector('[data-testid=stMain]'); "
            "return main.scrollWidth - main.clientWidth; }"
        )
    assert beyond == dict.fromkeys(PAGES, 0)


@pytest.mark.parametrize("type_size", ["", "?projector=on"])
def test_every_column_of_the_chart_of_results_can_be_scrolled_to_on_a_phone(open_page, url, type_size):
    opened = open_page(f"{url}/results{type_size}", **PHONE)
    wait_until_drawn(opened)
    chart = ".st-key-results-chart"
    opened.wait_for_selector(f"{chart} .js-plotly-plot .annotation-text")
    opened.locator(chart).evaluate("one => { one.scrollLeft = one.scrollWidth; }")
    (frame,), texts = boxes(opened, chart), boxes(opened, f"{chart} .annotation-text")
    assert max(text["right"] for text in texts) <= frame["right"]
    (drawn,), keys = boxes(opened, f"{chart} .main-svg:first-of-type"), boxes(opened, f"{chart} .legendtext")
    assert max(key["right"] for key in keys) <= drawn["right"]
    ticks = sorted(boxes(opened, f"{chart} .xtick text"), key=lambda box: box["left"])
    assert len(ticks) >= 3
    assert all(one["right"] < following["left"] for one, following in pairwise(ticks))


@pytest.mark.parametrize("address", ["", "babi", "clevr", "physics?ask=count"])
def test_no_word_of_an_answer_is_broken_on_a_phone(open_page, url, address):
    opened = open_page(f"{url}/{address}", **PHONE)
    opened.wait_for_selector(".rn-card .rn-said")
    wait_until_drawn(opened)
    broken = opened.locator(".rn-card").evaluate_all(
        """cards => cards.flatMap((card) => {
          const found = [], walker = document.createTreeWalker(card, NodeFilter.SHOW_TEXT), range = new Range();
          while (walker.nextNode()) {
            const node = walker.currentNode;
            for (const word of node.data.matchAll(/[^ ,]+/g)) {
              range.setStart(node, word.index);
              range.setEnd(node, word.index + word[0].length);
              if (new Set([...range.getClientRects()].map((box) => Math.round(box.top))).size > 1) found.push(word[0]);
            }
          }
          return found;
        })"""
    )
    assert broken == []


@pytest.mark.parametrize("slug", ["why-pairs", "relational-or-not", "when-it-fails", "one-hop-after-another"])
def test_all_choices_of_a_lesson_are_on_a_projector_s_screen(open_page, url, slug):
    opened = open_page(f"{url}/lessons?lesson={slug}&projector=on", viewport={"width": 1280, "height": 720})
    opened.wait_for_selector(".st-key-lessons-choices button")
    wait_until_drawn(opened)
    choices = boxes(opened, ".st-key-lessons-choices button")
    assert len(choices) >= 3
    assert max(choice["bottom"] for choice in choices) <= 720
    (ask,) = boxes(opened, ".st-key-lessons-quiz .rn-question")
    assert ask["top"] >= 0
