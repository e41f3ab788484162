"""The bAbI page in a browser: it answers, follows hands and keys, and its saved page works alone.

Truth, order and pairs are seen; what the networks answer is not, so any weights will do.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
from playwright.sync_api import Locator, expect

from pages._lab.babi.state import BabiState
from pages._lab.babi.truth import find_truth
from rn_core.weights.store import PRETRAINED

pytestmark = pytest.mark.browser

APP = Path(__file__).resolve().parents[2] / "app.py"
STORY = "Mary-moved-to-the-bathroom_John-went-to-the-hallway_Mary-went-to-the-office_John-moved-to-the-garden"
QUERY = f"task=1&story={STORY}&q=Where-is-Mary"


@pytest.fixture(scope="module")
def url(serve) -> str:
    if not (PRETRAINED / "babi/rn-joint.json").exists():
        pytest.skip("no weights of babi/rn-joint are here")
    return f"{serve(APP)}/babi"


def read_state(opened) -> BabiState:
    """Return the state in the URL."""
    state, problems = BabiState.from_query(dict(parse_qsl(urlsplit(opened.url).query)))
    assert problems == []
    return state


def row(opened, number: int) -> Locator:
    """Return the row of a sentence."""
    return opened.locator(".story .sentence").nth(number - 1)


def texts(opened) -> list[str]:
    """Return the sentences in the order of their rows."""
    return opened.locator(".story .sentence .text").all_inner_texts()


def test_pointing_at_a_sentence_lights_up_its_partners_without_a_rerun(visit, url):
    opened = visit(url)
    state = BabiState()
    expect(opened.locator(".story .sentence")).to_have_count(len(state.lines))
    expect(opened.locator(".rn-truth")).to_have_text(f"Truth: {state.drawn.answer}")
    facts = opened.locator(".story .sentence.fact .number").all_inner_texts()
    assert facts == [str(place + 1) for place in find_truth(state).support]
    opened.context.set_offline(True)
    row(opened, 4).hover()
    expect(opened.locator(".story .arc.strong")).to_have_count(5)
    expect(opened.locator(".story .adds")).to_have_text("Adds with 4")
    lit = opened.locator(".story .sentence:not(.dimmed)").count()
    opened.context.set_offline(False)
    assert 2 <= lit <= 6


def test_a_dragged_sentence_changes_truth_and_link(visit, url):
    opened = visit(f"{url}?{QUERY}")
    expect(opened.locator(".rn-truth")).to_have_text("Truth: office")
    start, end = (row(opened, number).locator(".text").bounding_box() for number in (3, 1))
    opened.mouse.move(start["x"] + 20, start["y"] + start["height"] / 2)
    opened.mouse.down()
    opened.mouse.move(end["x"] + 20, start["y"])
    opened.mouse.move(end["x"] + 20, end["y"] + end["height"] / 2)
    opened.mouse.up()
    assert texts(opened)[0] == "Mary went to the office."
    expect(opened.locator(".rn-truth")).to_have_text("Truth: bathroom")
    opened.wait_for_function("location.search.includes('story=Mary-went-to-the-office_Mary-moved')")
    assert [line.text for line in read_state(opened).lines] == texts(opened)


def test_keys_move_drop_and_restore_a_sentence_and_pin_a_pair(visit, url):
    opened = visit(f"{url}?{QUERY}")
    expect(opened.locator(".rn-truth")).to_have_text("Truth: office")
    row(opened, 1).focus()
    opened.keyboard.press("ArrowDown")
    opened.keyboard.press("ArrowDown")
    expect(row(opened, 3)).to_be_focused()
    opened.keyboard.press("Delete")
    expect(opened.locator(".rn-truth")).to_have_text("Truth: bathroom")
    expect(row(opened, 3).locator(".chip")).to_have_text("dropped")
    row(opened, 3).hover()
    row(opened, 3).get_by_role("button", name="Restore sentence 3").click()
    expect(opened.locator(".rn-truth")).to_have_text("Truth: office")
    row(opened, 3).focus()
    opened.keyboard.press("Alt+ArrowUp")
    opened.keyboard.press("Alt+ArrowUp")
    expect(row(opened, 1)).to_be_focused()
    expect(opened.locator(".rn-truth")).to_have_text("Truth: bathroom")
    opened.keyboard.press("Enter")
    opened.keyboard.press("ArrowDown")
    opened.keyboard.press("Enter")
    opened.wait_for_function("location.search.includes('pair=s1-s2')")
    assert read_state(opened).pair == ("s1", "s2")


def test_a_story_is_written_and_untrusted_text_stays_text(visit, url):
    opened = visit(f"{url}?{QUERY}&show=text")
    box = opened.locator("textarea")
    box.fill("Mary moved to the <b>garden</b>.")
    box.press("Control+Enter")
    opened.wait_for_selector("[data-testid=stAlert]:has-text('is not among')")
    assert box.input_value() == "Mary moved to the <b>garden</b>."
    box.fill("mary moved to the garden\njohn went to the office")
    box.press("Control+Enter")
    expect(opened.locator(".rn-truth")).to_have_text("Truth: garden")
    opened.get_by_text("Sentences", exact=True).click()
    expect(opened.locator(".story .sentence .text")).to_have_text(
        ["Mary moved to the garden.", "John went to the office."]
    )


def test_the_saved_page_works_without_a_server(visit, page, url, tmp_path):
    opened = visit(f"{url}?{QUERY}")
    opened.wait_for_selector(".rn-said")
    opened.get_by_role("button", name="Save & share").click()
    with opened.expect_download() as download:
        opened.get_by_role("button", name="Page that works offline (HTML)").click()
    saved = tmp_path / "saved.html"
    download.value.save_as(saved)
    alone = page(saved.as_uri())
    expect(alone.locator(".story .sentence")).to_have_count(4)
    row(alone, 1).click()
    row(alone, 3).click()
    expect(alone.locator(".story .arc.pinned")).to_have_count(1)
    assert alone.locator(".rn-said").first.inner_text() == opened.locator(".rn-said").first.inner_text()
