"""The CLEVR page in a browser: it answers, follows hands, and its link opens the same view elsewhere."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
from playwright.sync_api import expect

from pages._lab.clevr.state import DEFAULT_QUESTION, ClevrState
from rn_core.weights.public import import_file
from rn_core.weights.store import PRETRAINED

pytestmark = pytest.mark.browser

ROOT = Path(__file__).resolve().parents[2]
APP = ROOT / "app.py"
SAID, TRUTH = ".rn-said", ".rn-truth"
PUBLIC = "clevr/rn-pixels-public"


@pytest.fixture(scope="module")
def url(serve) -> str:
    return f"{serve(APP)}/clevr"


@pytest.fixture
def public_weights(shared_data):
    """Lay the public weights where the server finds them, and take them away again if they were not there."""
    path = PRETRAINED / f"{PUBLIC}.json"
    was_there = path.exists()
    if not was_there:
        import_file(PUBLIC, shared_data / "clevr-public-weights" / "original_fp_epoch_493.pth")
    yield shared_data
    if not was_there:
        path.unlink()
        path.with_suffix(".safetensors").unlink()


def read_state(opened) -> ClevrState:
    """Return the state in the URL."""
    state, problems = ClevrState.from_query(dict(parse_qsl(urlsplit(opened.url).query)))
    assert problems == []
    return state


def place_of(opened, letter: str) -> tuple[float, float]:
    """Return the middle of an object on the screen."""
    return middle_of(opened.locator(f'.object[data-object="{letter}"] .shape'))


def middle_of(drawn) -> tuple[float, float]:
    """Return the middle of what is drawn; it may be drawn again in the same moment, as answers come in."""
    box = next(box for box in iter(drawn.bounding_box, "never") if box is not None)
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def view_of(opened) -> tuple:
    """Return what a page shows: answers, truth, arrows, steps and matrix."""
    opened.wait_for_selector(".js-plotly-plot .nsewdrag")
    matrix = opened.evaluate("Array.from(document.querySelector('.js-plotly-plot').data[0].text.flat())")
    texts = [opened.locator(name).inner_text() for name in (".rn-answers", TRUTH, ".rn-steps")]
    return (*texts, opened.locator(".scene .tags").text_content(), matrix)


def test_it_opens_on_an_answer_and_hovering_lights_up_partners(visit, url):
    opened = visit(url)
    opened.wait_for_selector(f"h2:has-text('{DEFAULT_QUESTION}')")
    expect(opened.locator(SAID)).to_have_count(3)
    assert opened.locator(TRUTH).inner_text() == "Truth: 3"
    opened.wait_for_selector(".scene .picture")
    assert opened.locator(".scene .object").count() == 7
    opened.mouse.move(*place_of(opened, "C"))
    expect(opened.locator(".arc.strong")).to_have_count(5)
    expect(opened.locator(".scene .tag.strong")).to_have_count(5)
    for letter in ("C", "D"):
        opened.locator(f'.object[data-object="{letter}"]').click()
    opened.wait_for_function("location.search.includes('pair=')")
    assert read_state(opened).pair == ("C", "D")


def test_dragging_on_the_plan_changes_truth_and_link(visit, elsewhere, url):
    opened = visit(f"{url}?show=plan")
    opened.wait_for_selector(".scene .object")
    unit = opened.locator(".scene .ground").bounding_box()["width"]
    right_of_cube = place_of(opened, "D")[0]
    start = place_of(opened, "C")
    end = (right_of_cube + 0.14 * unit, start[1] - 0.19 * unit)
    opened.mouse.move(*start)
    opened.mouse.down()
    opened.mouse.move((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
    opened.mouse.move(*end)
    opened.mouse.up()
    opened.wait_for_selector(f"{TRUTH}:has-text('Truth: 2')")
    opened.wait_for_function("location.search.includes('scene=A_B_')")
    assert [thing.words for thing in read_state(opened).things] == [thing.words for thing in ClevrState().things]
    opened.wait_for_selector("text=older scene")
    opened.mouse.move(5, 5)
    expect(opened.locator(".arc.subtle")).to_have_count(3)
    second = elsewhere(opened.url)
    second.wait_for_selector(f"{TRUTH}:has-text('Truth: 2')")
    assert view_of(second) == view_of(opened)


def test_an_object_that_is_put_onto_another_one_goes_to_the_nearest_free_place(visit, url):
    opened = visit(f"{url}?show=plan")
    opened.wait_for_selector(".scene .object")
    opened.mouse.move(*place_of(opened, "C"))
    opened.mouse.down()
    onto = place_of(opened, "E")
    opened.mouse.move(*onto, steps=4)
    expect(opened.locator(".object.overlapping")).to_have_count(2)
    expect(opened.locator(".zones circle")).to_have_count(6)
    landing = middle_of(opened.locator(".landing path"))
    opened.mouse.up()
    opened.wait_for_selector(".status:has-text('the nearest place where it may stand')")
    opened.wait_for_function("location.search.includes('scene=A_B_')")
    expect(opened.locator(".zones > *, .landing > *")).to_have_count(0)
    landed = place_of(opened, "C")
    assert landed == pytest.approx(landing, abs=1)
    assert landed != pytest.approx(onto, abs=5)
    assert read_state(opened).things[2].words == ClevrState().things[2].words


def test_words_are_suggested_and_a_typed_question_is_answered(visit, url):
    opened = visit(url)
    line = opened.locator(".asking input")
    line.fill("")
    line.press_sequentially("How many cyl")
    expect(opened.locator(".asking li")).to_have_text(["cylinder", "cylinders"])
    line.press("ArrowDown")
    line.press("Tab")
    assert line.input_value() == "How many cylinders "
    line.press_sequentially("are there")
    line.press("Enter")
    opened.wait_for_selector("h2:has-text('How many cylinders are there?')")
    assert opened.locator(TRUTH).inner_text() == "Truth: 2"
    line.fill("how many pink cubes are there")
    line.press("Enter")
    opened.wait_for_selector("[data-testid=stAlert]:has-text('pink')")
    assert line.input_value() == "how many pink cubes are there"
    assert opened.locator("h2:has-text('How many cylinders are there?')").count() == 1


#: Notes that a picture was waited for, however short a time.
NOTE_WAITING = """() => new MutationObserver(() => {
  window.waited ||= document.body.textContent.includes("Picture: ");
}).observe(document.body, {subtree: true, childList: true, characterData: true})"""


def test_a_new_scene_is_answered_at_once_and_its_picture_follows_by_itself(visit, url):
    pytest.importorskip("mitsuba")
    opened = visit(url)
    expect(opened.locator(SAID)).to_have_count(3)
    opened.evaluate(NOTE_WAITING)
    opened.get_by_role("button", name="New scene").click()
    opened.wait_for_function("window.waited")
    expect(opened.locator(".scene .side")).to_have_text("The picture is being rendered")
    blank = opened.locator(".scene .stage").bounding_box()
    expect(opened.locator(".scene .side")).to_have_count(0, timeout=120_000)
    expect(opened.locator(".scene .picture")).to_have_attribute("href", re.compile("^data:image/jpeg"))
    assert opened.locator(".scene .stage").bounding_box() == blank
    expect(opened.get_by_text("Picture: ")).to_have_count(0)


def test_an_uploaded_picture_is_answered_by_the_public_weights(visit, url, public_weights):
    opened = visit(f"{url}?q=what-color-is-the-sphere")
    opened.get_by_role("button", name="Own picture").click()
    opened.set_input_files("input[type=file]", public_weights / "clevr/images/CLEVR_val_000000.png")
    opened.wait_for_selector(f"{TRUTH}:has-text('purple')")  # by the objects that our network found
    opened.keyboard.press("Escape")
    opened.get_by_text("pixels (public)", exact=True).click()
    opened.get_by_text("Cells", exact=True).click()
    expect(opened.locator(".scene .node")).to_have_count(64)
    expect(opened.locator(SAID).first).to_have_text("purple")
    opened.locator('.scene [data-node="27"]').hover()
    opened.wait_for_selector('.scene .heat[style*="fill-opacity: 0."]')  # its partners, however weak


def test_the_saved_page_works_without_a_server(visit, page, url, tmp_path):
    opened = visit(url)
    opened.wait_for_selector(SAID)
    opened.get_by_role("button", name="Save & share").click()
    with opened.expect_download() as download:
        opened.get_by_role("button", name="Page that works offline (HTML)").click()
    saved = tmp_path / "saved.html"
    download.value.save_as(saved)
    alone = page("about:blank", offline=True)
    alone.goto(saved.as_uri())
    alone.wait_for_selector(".scene .picture")
    for letter in ("A", "D"):
        alone.locator(f'.object[data-object="{letter}"]').click()
    alone.wait_for_selector(".scene .tag.pinned")
    assert alone.locator(SAID).first.inner_text() == opened.locator(SAID).first.inner_text()
