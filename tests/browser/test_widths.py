"""What phones, narrow windows and projectors show: nothing cut off, cramped or far below what it belongs to."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from types import MappingProxyType

import pytest
from playwright.sync_api import expect

from tests.browser.visiting import SETTLED
from tests.pages.test_plain import PAGES

pytestmark = pytest.mark.browser

APP = Path(__file__).resolve().parents[2] / "app.py"
PHONE, NARROW = ({"width": width, "height": 900} for width in (390, 1024))
MATRIX = ".st-key-explore-matrix"
#: Smallest type of a number in pixels that a phone may show.
SMALLEST = 9


@pytest.fixture(scope="module")
def url(serve) -> str:
    return serve(APP)


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


def wait_until_drawn(opened) -> None:
    """Wait until a page stands as it will stay."""
    opened.wait_for_selector("h1.rn-title", state="attached")
    opened.wait_for_selector(SETTLED)
    opened.wait_for_timeout(500)
    opened.wait_for_selector("[data-stale=true], [data-testid=stSkeleton]", state="detached")


def check_numbers_of_matrix(opened) -> None:
    """Check that numbers can be read, lie within their cells, and that no blank is below the matrix."""
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


def check_table_of_pairs(opened) -> None:
    """Check that the table shows all its columns."""
    opened.wait_for_selector("[data-testid=stDataFrame] .dvn-scroller", state="attached")
    lacking = "() => { const one = document.querySelector('[data-testid=stDataFrame] .dvn-scroller'); return %s; }"
    opened.wait_for_function(lacking % "one !== null && one.scrollWidth > 100")
    assert opened.evaluate(lacking % "one.scrollWidth - one.clientWidth") <= 1


def check_room_of_sentences(opened) -> None:
    """Check that no sentence of a story takes more than two lines."""
    texts = boxes(opened, ".story .sentence .text")
    line = opened.locator(".story .sentence .text").first.evaluate(
        "one => parseFloat(getComputedStyle(one).lineHeight)"
    )
    assert all(box["height"] <= 2.2 * line for box in texts)


def check_first_screen(opened) -> None:
    """Check that it holds the question."""
    assert boxes(opened, "h2.rn-question")[0]["bottom"] <= PHONE["height"]


def check_points_of_results(opened) -> None:
    """Check that all points are in sight before anything is scrolled."""
    opened.wait_for_selector(".st-key-results-chart .js-plotly-plot .annotation-text")
    (frame,), points = boxes(opened, ".st-key-results-chart"), boxes(opened, ".st-key-results-chart .points path")
    assert len(points) > 10
    assert max(point["right"] for point in points) <= frame["right"]


def check_cards_fill_their_rows(opened) -> None:
    """Check that every row of answers ends where the widest does."""
    ends: dict[float, float] = {}
    for card in boxes(opened, ".rn-many .rn-card"):
        ends[card["top"]] = max(card["right"], ends.get(card["top"], 0))
    assert len(ends) > 1
    assert max(ends.values()) - min(ends.values()) <= 1


def check_chart_of_results(opened) -> None:
    """Check that every column can be scrolled to, and that no ticks touch."""
    chart = ".st-key-results-chart"
    opened.wait_for_selector(f"{chart} .js-plotly-plot .annotation-text")
    opened.locator(chart).evaluate("one => { one.scrollLeft = one.scrollWidth; }")
    (frame,), texts = boxes(opened, chart), boxes(opened, f"{chart} .annotation-text")
    assert max(text["right"] for text in texts) <= frame["right"]
    (chart_box,) = boxes(opened, f"{chart} .js-plotly-plot")
    assert min(text["left"] for text in texts) >= chart_box["left"]
    (drawn,), keys = boxes(opened, f"{chart} .main-svg:first-of-type"), boxes(opened, f"{chart} .legendtext")
    assert max(key["right"] for key in keys) <= drawn["right"]
    ticks = sorted(boxes(opened, f"{chart} .xtick text"), key=lambda box: box["left"])
    assert len(ticks) >= 3
    assert all(one["right"] < following["left"] for one, following in pairwise(ticks))


def check_words_of_answers(opened) -> None:
    """Check that no word is broken."""
    opened.wait_for_selector(".rn-card .rn-said")
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


#: Page -> what is checked on a phone, in ordinary and in large type.
ON_A_PHONE = MappingProxyType(
    {
        "explore": (check_first_screen, check_words_of_answers, check_table_of_pairs, check_numbers_of_matrix),
        "clevr": (check_first_screen, check_words_of_answers, check_table_of_pairs),
        "babi": (check_first_screen, check_words_of_answers),
        "physics": (check_table_of_pairs,),
        "results": (check_points_of_results, check_chart_of_results),
    }
)
IN_LARGE_TYPE = MappingProxyType(
    {
        "explore": (check_table_of_pairs, check_numbers_of_matrix),
        "babi": (check_room_of_sentences,),
        "results": (check_chart_of_results,),
    }
)


@pytest.mark.parametrize("name", PAGES)  # above the other: from a page to the next one is one step, to itself two
@pytest.mark.parametrize(("projector", "checks"), [("off", ON_A_PHONE), ("on", IN_LARGE_TYPE)])
def test_a_phone_shows_all_of_a_page(visit, url, name, projector, checks):
    opened = visit(f"{url}/{name.removeprefix('explore')}?projector={projector}", viewport=PHONE)
    wait_until_drawn(opened)
    beyond = "one => one.scrollWidth - one.clientWidth"
    assert opened.get_by_test_id("stMain").evaluate(beyond) == 0  # nothing scrolls sideways
    for check in checks.get(name, ()):
        check(opened)


def test_no_word_of_a_count_is_broken_on_a_phone(visit, url):
    opened = visit(f"{url}/physics?ask=count", viewport=PHONE)
    wait_until_drawn(opened)
    check_words_of_answers(opened)


@pytest.mark.parametrize("name", ["", "clevr"])
def test_nothing_is_blank_below_the_scene_of_a_narrow_window(visit, url, name):
    opened = visit(f"{url}/{name}", viewport=NARROW)
    wait_until_drawn(opened)
    check_links(opened)
    opened.wait_for_selector(".rn-said")
    opened.wait_for_selector(".scene .stage")
    (picture,), (controls,) = boxes(opened, ".st-key-areas-picture"), boxes(opened, ".st-key-areas-controls")
    assert 0 <= controls["top"] - picture["bottom"] < 120
    assert controls["width"] > 1.5 * picture["width"]


def check_links(opened) -> None:
    """Check that every page has its link at the top."""
    links = opened.locator("[data-testid=stTopNavLink]").all()
    assert len(links) == len(PAGES)
    assert all(link.is_visible() for link in links)
    assert max(link["right"] for link in boxes(opened, "[data-testid=stTopNavLink]")) <= NARROW["width"]


def test_every_page_has_its_link_in_a_narrow_window_in_large_type(visit, url):
    opened = visit(f"{url}/?projector=on", viewport=NARROW)
    wait_until_drawn(opened)
    check_links(opened)
    (first, second), (picture,) = boxes(opened, ".rn-card"), boxes(opened, ".st-key-areas-picture")
    assert first["top"] == second["top"]  # side by side, so that little is blank below the scene
    (controls,) = boxes(opened, ".st-key-areas-controls")
    assert 0 <= controls["top"] - picture["bottom"] < 250


def test_what_keeps_results_stands_level_with_the_choices_beside_it(visit, url):
    opened = visit(f"{url}/results")
    opened.wait_for_selector("[data-testid=stButtonGroup] button")
    choices = boxes(opened, "[data-testid=stButtonGroup] button")
    (save,) = boxes(opened, "[data-testid=stPopover] button")
    assert abs(choices[0]["top"] - save["top"]) <= 3 and abs(choices[0]["bottom"] - save["bottom"]) <= 3


def test_a_projector_shows_the_steps_of_numbers_and_a_table_that_fills_its_side(visit, url):
    opened = visit(f"{url}/physics?projector=on", viewport={"width": 1280, "height": 800})
    opened.wait_for_selector(".table .matrix .cell", state="attached")
    steps = opened.locator("[data-testid=stNumberInput]").first.locator("button")
    expect(steps).to_have_count(2)
    assert [step.is_visible() for step in steps.all()] == [True, True]
    (table,), (matrix,) = boxes(opened, ".table .floor"), boxes(opened, ".table figure .matrix")
    (side,) = boxes(opened, ".table .panes")
    assert matrix["left"] > table["right"]
    assert table["width"] + matrix["width"] > 0.85 * side["width"]
    check_cards_fill_their_rows(opened)


@pytest.mark.parametrize("slug", ["why-pairs", "relational-or-not", "when-it-fails", "one-hop-after-another"])
def test_all_choices_of_a_lesson_are_on_a_projector_s_screen(visit, url, slug):
    opened = visit(f"{url}/lessons?lesson={slug}&projector=on", viewport={"width": 1280, "height": 720})
    opened.wait_for_selector(".st-key-lessons-choices button")
    wait_until_drawn(opened)
    choices = boxes(opened, ".st-key-lessons-choices button")
    assert len(choices) >= 3
    assert max(choice["bottom"] for choice in choices) <= 720
    (ask,) = boxes(opened, ".st-key-lessons-quiz .rn-question")
    assert ask["top"] >= 0
    check_text_fades_out(opened)


def check_text_fades_out(opened) -> None:
    """Check that a lesson's text fades out above its quiz, and that nothing of it is faded at the end."""
    quiz = opened.get_by_test_id("stLayoutWrapper").filter(has=opened.locator("> .st-key-lessons-quiz"))
    fade = quiz.evaluate("one => parseFloat(getComputedStyle(one, '::before').height)")
    assert fade > 40
    opened.get_by_test_id("stMain").evaluate("one => { one.scrollTop = one.scrollHeight; }")
    (*_, last), (shown,) = boxes(opened, ".st-key-lessons-text p"), boxes(opened, ".st-key-lessons-quiz")
    assert last["bottom"] <= shown["top"] - fade
