"""The Explore page in a browser: it answers, follows the mouse, and its link opens the same picture elsewhere."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from playwright.sync_api import expect

from benchmarks.other_pictures import PUBLIC, draw_picture
from pages._lab.sort_of_clevr.own_picture import read_own
from pages._lab.sort_of_clevr.state import ExploreState, sampled_scene
from tests.pages.test_own_picture import PLAIN, png

pytestmark = pytest.mark.browser

APP = Path(__file__).resolve().parents[2] / "app.py"
SAID = ".rn-said"
SQUARE = ".js-plotly-plot .nsewdrag"


@pytest.fixture(scope="module")
def url(serve) -> str:
    return serve(APP)


def expect_state(opened, expected: ExploreState) -> None:
    """Wait until the URL holds a state."""
    query = urlencode(expected.to_query())
    opened.wait_for_function("query => location.search === query", arg=f"?{query}" if query else "")


def read_state(opened) -> ExploreState:
    """Return the state in the URL."""
    state, problems = ExploreState.from_query(dict(parse_qsl(urlsplit(opened.url).query)))
    assert problems == []
    return state


def picture_of(opened) -> tuple:
    """Return what a page shows: answers, truth, arrows and matrix."""
    opened.wait_for_selector(f"{SQUARE}")
    matrix = opened.evaluate("Array.from(document.querySelector('.js-plotly-plot').data[0].text.flat())")
    return (
        opened.locator(".rn-answers").inner_text(),
        opened.locator(".rn-truth").inner_text(),
        opened.locator(".scene .tags").text_content(),
        matrix,
    )


def place_of(opened, color: str) -> dict[str, float]:
    """Return the middle of an object on the screen."""
    box = opened.locator(f'.object[data-object="{color}"] .shape').bounding_box()
    return {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}


def drag(opened, color: str, dx: float, dy: float) -> None:
    """Drag an object by a way on the screen, in pixels of the screen."""
    start = place_of(opened, color)
    opened.mouse.move(start["x"], start["y"])
    opened.mouse.down()
    opened.mouse.move(start["x"] + dx / 2, start["y"] + dy / 2)
    opened.mouse.move(start["x"] + dx, start["y"] + dy)
    opened.mouse.up()


def click_square(opened, i: int, j: int) -> None:
    """Click a square of the matrix, once a rerun has taken its old copy away."""
    expect(opened.locator(SQUARE)).to_have_count(1)
    opened.locator(SQUARE).scroll_into_view_if_needed()
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


def test_it_opens_on_an_answer_without_a_click_and_asks_nothing_of_the_network(page, url):
    opened = page("about:blank")
    asked = []
    opened.on("request", lambda request: asked.append(request.url))
    opened.goto(url)
    opened.wait_for_selector(SAID)
    assert opened.locator(SAID).first.inner_text() in ("square", "circle")
    assert opened.locator(".rn-bar").count() >= 2
    opened.wait_for_selector(".scene .object")
    assert opened.locator(".scene .object").count() == 6
    assert opened.locator("[data-testid=stException]").count() == 0
    opened.wait_for_selector(SQUARE)
    assert {urlsplit(address).hostname for address in asked if address.startswith("http")} == {"127.0.0.1"}


def test_dragging_an_object_changes_url_and_answer(visit, url):
    scene = sampled_scene(0)
    opened = visit(f"{url}/?model=rn-objects&q=left-red")
    opened.wait_for_selector(".scene .object")
    side = "yes" if scene.get("red").x < 37 else "no"
    assert f"Truth: {side}" in opened.locator(".rn-truth").inner_text()
    width = opened.locator(".scene .ground").bounding_box()["width"]
    drag(opened, "red", 0, 10 * width / 75)
    opened.wait_for_function("location.search.includes('scene=')")
    moved = read_state(opened).scene.get("red")
    assert (moved.x, moved.y) == pytest.approx((scene.get("red").x, scene.get("red").y + 10), abs=1)
    other_half = 15 if side == "no" else 66
    drag(opened, "red", (other_half - moved.x) * width / 75, (60 - moved.y) * width / 75)
    flipped = {"yes": "no", "no": "yes"}[side]
    opened.wait_for_selector(f".rn-truth:has-text('Truth: {flipped}')")


def test_the_answer_follows_while_an_object_is_held(visit, url):
    scene = sampled_scene(0)
    opened = visit(f"{url}/?model=rn-objects&q=left-red")
    opened.wait_for_selector(".scene .tags .tag")
    width = opened.locator(".scene .ground").bounding_box()["width"]
    red = scene.get("red")
    side = "yes" if red.x < 37 else "no"
    before = opened.locator(".scene .tags").text_content()
    start = place_of(opened, "red")
    opened.mouse.move(start["x"], start["y"])
    opened.mouse.down()
    for share in (0.5, 1):
        dx, dy = (15 if side == "no" else 66) - red.x, 60 - red.y
        opened.mouse.move(start["x"] + share * dx * width / 75, start["y"] + share * dy * width / 75)
    opened.wait_for_selector(f".rn-truth:has-text('Truth: {'no' if side == 'yes' else 'yes'}')")
    opened.wait_for_function("before => !document.querySelector('.stale')", arg=before)
    expect(opened.locator(".scene .tags")).not_to_have_text(before)
    assert opened.locator(".scene .tag:visible").count() >= 5
    assert read_state(opened).edited is None  # the link changes at the release
    opened.keyboard.press("Escape")
    opened.wait_for_selector(f".rn-truth:has-text('Truth: {side}')")
    opened.mouse.up()


def test_a_double_click_turns_the_shape(visit, url):
    opened = visit(f"{url}/?model=rn-objects&q=shape-red")
    opened.wait_for_selector(".scene .object")
    before = sampled_scene(0).get("red").shape
    spot = place_of(opened, "red")
    opened.mouse.dblclick(spot["x"], spot["y"])
    after = {"square": "circle", "circle": "square"}[before]
    opened.wait_for_function("location.search.includes('scene=')")
    opened.wait_for_selector(f".rn-truth:has-text('Truth: {after}')")
    assert read_state(opened).scene.get("red").shape == after
    opened.get_by_role("button", name="Undo edits").click()
    opened.wait_for_selector(f".rn-truth:has-text('Truth: {before}')")
    expect_state(opened, read_state(opened).edit(sampled_scene(0)))


def test_a_link_opens_the_same_picture_in_a_fresh_browser(visit, page, url):
    first = visit(f"{url}/?model=rn-objects&seed=4&q=furthest_shape-blue&pair=blue-gray&top=6")
    first.wait_for_selector(".scene .object")
    width = first.locator(".scene .ground").bounding_box()["width"]
    drag(first, "green", 2 * width / 75, 2 * width / 75)
    first.wait_for_function("location.search.includes('scene=')")
    first.get_by_role("button", name="Save & share").click()
    link = first.locator("[data-testid=stPopoverBody] [data-testid=stCode]").inner_text().strip()
    first.keyboard.press("Escape")
    second = page(link)
    second.wait_for_selector(".scene .tags")
    assert read_state(second) == read_state(first)
    assert read_state(second).edited is not None
    assert picture_of(second) == picture_of(first)


def test_a_click_on_the_matrix_pins_the_pair_everywhere(visit, url):
    opened = visit(f"{url}/?model=rn-objects")
    click_square(opened, 0, 4)
    expect_state(opened, ExploreState(model="rn-objects", pair=("red", "gray")))
    opened.wait_for_selector(".scene .tag.pinned")
    click_square(opened, 5, 1)
    expect_state(opened, ExploreState(model="rn-objects", pair=("yellow", "green")))
    click_square(opened, 5, 1)
    expect_state(opened, ExploreState(model="rn-objects"))


def test_a_click_on_a_cell_of_the_large_matrix_pins_it(visit, url):
    opened = visit(f"{url}/?model=rn-pixels&view=cells")
    click_square(opened, 3, 17)
    expect_state(opened, ExploreState(model="rn-pixels", view="cells", pair=("3", "17")))


def test_a_pair_pinned_in_the_scene_is_framed_in_the_matrix(visit, url):
    opened = visit(f"{url}/?model=rn-objects&truth=off")
    opened.wait_for_selector(".scene .object")
    for color in ("red", "blue"):
        opened.locator(f'.object[data-object="{color}"]').click()
    opened.wait_for_function("location.search.includes('pair=')")
    assert {*read_state(opened).pair} == {"red", "blue"}
    opened.wait_for_function("document.querySelector('.js-plotly-plot')?.layout?.shapes?.length === 1")


def test_a_typed_question_is_answered(visit, url):
    opened = visit(url)
    box = opened.get_by_role("combobox", name="or type it")
    box.fill("how many other objects have the same shape as the green object")
    box.press("Enter")
    opened.wait_for_selector("h2:has-text('How many other objects')")
    box.fill("how many pink objects are there")
    box.press("Enter")
    opened.wait_for_selector("[data-testid=stAlert]:has-text('pink')")
    assert opened.locator("h2:has-text('How many other objects')").count() == 1


def test_the_saved_page_works_without_a_server(visit, page, url, tmp_path):
    opened = visit(f"{url}/?model=rn-objects")
    opened.wait_for_selector(SAID)
    opened.get_by_role("button", name="Save & share").click()
    with opened.expect_download() as download:
        opened.get_by_role("button", name=re.compile("offline")).click()
    saved = tmp_path / "saved.html"
    download.value.save_as(saved)
    alone = page("about:blank", offline=True)
    alone.goto(saved.as_uri())
    alone.wait_for_selector(".scene .object")
    assert alone.locator(SAID).first.inner_text() == opened.locator(SAID).first.inner_text()
    for color in ("red", "blue"):
        alone.locator(f'.object[data-object="{color}"]').click()
    alone.wait_for_selector(".scene .tag.pinned")


def test_files_are_downloaded(visit, url):
    opened = visit(f"{url}/?model=rn-objects")
    opened.wait_for_selector(SAID)
    opened.get_by_role("button", name="Save & share").click()
    contents = {}
    for label in ("PNG", "SVG", "CSV", "JSON"):
        with opened.expect_download() as download:
            opened.get_by_role("button", name=re.compile(rf"\({label}\)")).click()
        contents[label] = Path(download.value.path()).read_bytes()
    assert contents["PNG"].startswith(b"\x89PNG")
    assert contents["SVG"].startswith(b"<?xml")
    assert contents["CSV"].startswith(b"first,")
    assert json.loads(contents["JSON"])["question"].startswith("What is the shape")


PASTE = """async (spot, [size, drawn]) => {
    const transfer = new DataTransfer();
    if (drawn === null) transfer.setData('text/plain', 'no picture');
    else {
        const bytes = Uint8Array.from(atob(drawn), (letter) => letter.charCodeAt(0));
        const canvas = new OffscreenCanvas(...size);
        const pen = canvas.getContext('2d');
        pen.imageSmoothingEnabled = false;
        pen.drawImage(await createImageBitmap(new Blob([bytes], { type: 'image/png' })), 0, 0, ...size);
        transfer.items.add(new File([await canvas.convertToBlob()], 'image.png', { type: 'image/png' }));
    }
    spot.dispatchEvent(new ClipboardEvent('paste', { clipboardData: transfer, bubbles: true, cancelable: true }));
}"""


def paste(opened, size: tuple[int, int], drawn: str | None) -> None:
    """Paste a picture, drawn at some size, into the place for it; None pastes a text."""
    opened.locator(".paste .spot").evaluate(PASTE, [size, drawn])


def test_a_pasted_picture_is_made_smaller_and_shown_like_an_uploaded_one(visit, url):
    pixels = draw_picture(PLAIN, PUBLIC)
    opened = visit(url)
    opened.get_by_role("button", name="Own picture").click()
    spot = opened.get_by_role("group", name="Paste a picture here")
    expect(spot).to_be_visible()
    paste(opened, (0, 0), None)
    expect(opened.locator(".paste .said")).to_have_text("There is no picture on the clipboard; copy one first.")
    drawn = base64.b64encode(png(pixels)).decode()
    paste(opened, (3000, 1500), drawn)
    expect(opened.get_by_text("Pasted picture, 1200 × 600 pixels: its middle 600 × 600 pixels")).to_be_visible()
    opened.get_by_role("button", name="Own picture").click()
    paste(opened, (75, 75), drawn)
    expect(opened.get_by_text("Pasted picture, 75 × 75 pixels: brought to the 75 × 75")).to_be_visible()
    opened.wait_for_url(re.compile(f"picture={read_own(png(pixels), 'mine.png').digest}"))
    expect(opened.locator(".rn-truth").first).to_contain_text("circle")


def test_the_clipboard_is_read_by_a_button_that_the_keyboard_reaches(visit, url):
    opened = visit(url)
    opened.context.grant_permissions(["clipboard-read", "clipboard-write"])
    opened.get_by_role("button", name="Own picture").click()
    button = opened.locator(".paste button")
    expect(button).to_be_visible()
    drawn = base64.b64encode(png(draw_picture(PLAIN, PUBLIC))).decode()
    opened.evaluate(
        """async (drawn) => {
            const bytes = Uint8Array.from(atob(drawn), (letter) => letter.charCodeAt(0));
            const picture = new Blob([bytes], { type: 'image/png' });
            await navigator.clipboard.write([new ClipboardItem({ 'image/png': picture })]);
        }""",
        drawn,
    )
    button.focus()
    button.press("Enter")
    expect(opened.get_by_text("Pasted picture, 75 × 75 pixels: brought to the 75 × 75")).to_be_visible()
