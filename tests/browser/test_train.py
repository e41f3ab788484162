"""The Train page in a browser, with real runs: steered, found again after a reload, downloaded and used."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

pytestmark = pytest.mark.browser

APP = Path(__file__).resolve().parents[2] / "app.py"
#: Small enough to learn while the test watches, long enough not to end meanwhile.
RACE = "size=tiny&scenes=2&questions=2&steps=1000000"
STATUS = ".rn-status"


@pytest.fixture(scope="module")
def url(serve) -> str:
    return serve(APP)


@pytest.fixture
def train(page, url):
    """Return `train(query, sent) -> Page`: the page, in a fresh browser; runs that it starts are stopped.

    What the page sends to its server is appended to `sent`.
    """
    opened: list[Page] = []

    def open_page(query: str = RACE, sent: list[object] | None = None) -> Page:
        opened.append(page("about:blank"))
        if sent is not None:
            opened[-1].on("websocket", lambda socket: socket.on("framesent", lambda frame: sent.append(frame)))
        opened[-1].goto(f"{url}/train?{query}")
        return opened[-1]

    yield open_page
    for one in opened:
        if press(one, "Stop").count():
            press(one, "Stop").click()
            expect(press(one, "Start again")).to_be_visible()


def press(opened: Page, label: str) -> Locator:
    """Return a button of the page by its label; Streamlit's own bar has a "Stop" too."""
    name = re.compile(rf"{re.escape(label)}$")
    return opened.get_by_test_id("stMain").get_by_role("button", name=name).last


def step_of(opened: Page) -> int:
    """Return the step that the page shows."""
    opened.wait_for_selector(f"{STATUS}:has-text('step')")
    return int(re.search(r"step ([\d,]+)", opened.locator(STATUS).inner_text())[1].replace(",", ""))


def start(opened: Page) -> str:
    """Start the race and wait until it learns; return the address with the run."""
    press(opened, "Start the race").click()
    expect(opened.locator(STATUS)).to_contain_text("steps/s")
    opened.wait_for_function("location.search.includes('run=')")
    return opened.evaluate("location.href")


def test_a_race_is_steered_and_what_it_learned_is_downloaded_loaded_back_and_used(train, tmp_path):
    opened = train()
    address = start(opened)
    expect(opened.locator(".rn-score b")).to_have_count(2)
    press(opened, "Pause").click()
    expect(press(opened, "Resume")).to_be_visible()
    expect(opened.locator(STATUS)).to_contain_text("Paused")
    paused = step_of(opened)
    press(opened, "One step").click()
    expect(opened.locator(STATUS)).to_contain_text(f"step {paused + 1:,} ")
    opened.reload()
    expect(press(opened, "Resume")).to_be_visible()
    assert step_of(opened) == paused + 1
    assert opened.evaluate("location.href") == address
    with opened.expect_download() as download:
        press(opened, "Download RN (.safetensors)").click()
    saved = tmp_path / download.value.suggested_filename
    download.value.save_as(saved)
    press(opened, "Resume").click()
    expect(opened.locator(STATUS)).to_contain_text("steps/s")
    press(opened, "Stop").click()
    expect(press(opened, "Start again")).to_be_visible()
    assert step_of(opened) > paused + 1
    use_in_explore(opened, saved)
    opened.get_by_test_id("stTopNavLink").filter(has_text="Train").click()
    press(opened, "Reset").click()
    expect(press(opened, "Start the race")).to_be_visible()
    expect(opened.locator(".rn-table")).to_contain_text("tiny")


def use_in_explore(opened: Page, saved: Path) -> None:
    """Load a downloaded network into the page and go on with it to Explore."""
    press(opened, "Load a model").click()
    opened.locator("[data-testid=stFileUploaderDropzoneInput]").set_input_files(saved)
    link = opened.get_by_role("link", name=re.compile("in Explore"))
    expect(link).to_be_visible()
    opened.keyboard.press("Escape")
    link.click()
    opened.wait_for_selector(".rn-said")
    model = parse_qs(urlsplit(opened.evaluate("location.href")).query)["model"][0]
    assert model.startswith("own-objects-")
    expect(opened.get_by_text("my RN").filter(visible=True).first).to_be_visible()


def test_a_second_browser_gets_the_settings_or_the_run_and_a_hidden_tab_asks_nothing(train, elsewhere, url):
    sent: list[object] = []
    first = train(f"{RACE}&seed=5", sent)
    address = start(first)
    press(first, "Share").click()
    link = first.locator("[data-testid=stPopoverBody] [data-testid=stCode]").inner_text().strip()
    first.keyboard.press("Escape")
    assert "run=" not in link

    show_tab(first, "hidden")
    first.wait_for_timeout(1_000)  # what was asked before is answered
    asked, step = len(sent), step_of(first)
    first.wait_for_timeout(4_000)
    assert (len(sent), step_of(first)) == (asked, step)
    show_tab(first, "visible")
    expect(first.locator(STATUS)).not_to_contain_text(f"step {step:,} ")
    assert len(sent) > asked and step_of(first) > step

    other = elsewhere(f"{url}/train?{urlsplit(link).query}")
    expect(press(other, "Start the race")).to_be_visible()
    expect(other.locator(".rn-race")).to_contain_text("seed 5")
    elsewhere(address)
    expect(other.locator(STATUS)).to_contain_text("step")
    press(other, "Stop").click()
    expect(press(other, "Start again")).to_be_visible()
    expect(press(first, "Start again")).to_be_visible()


def show_tab(opened: Page, state: str) -> None:
    """Let a tab believe that it is hidden or visible."""
    opened.evaluate(
        """state => {
            Object.defineProperty(document, "visibilityState", { value: state, configurable: true });
            document.dispatchEvent(new Event("visibilitychange"));
        }""",
        state,
    )
