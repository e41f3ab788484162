"""Links and typed texts full of markup, in a browser: they are shown as text and nothing is fetched from elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

from pages._lab.plain import JOINER, clean, shorten
from pages._ui.babi.session import read_told
from pages._ui.explore.session import read_typed
from rn_core.common.errors import RNCoreError
from tests.browser.visiting import go_on
from tests.pages.test_plain import HOSTILE, PAGES, hostile_query, session_of

pytestmark = pytest.mark.browser

APP = Path(__file__).resolve().parents[2] / "app.py"
NOTICES = "[data-testid=stAlert] [data-testid=stMarkdownContainer]"
#: What markup would make of a notice: all but its one paragraph.
MADE = "*:not(p)"
#: Milliseconds: the first page of a server that has just started imports everything.
PATIENCE = 180_000


def expect_text(opened: Page, sentences: list[str]) -> None:
    """Wait for notices that begin with these sentences, letter by letter, and hold nothing but text."""
    expected = [shorten(clean(sentence)).strip() for sentence in sentences]
    opened.wait_for_function(
        """([selector, joiner, expected]) => {
          const shown = Array.from(document.querySelectorAll(selector), (each) => each.textContent);
          const texts = shown.map((text) => text.replaceAll(joiner, "").trim());
          return JSON.stringify(texts.slice(0, expected.length)) === JSON.stringify(expected);
        }""",
        arg=[NOTICES, JOINER, expected],
    )
    expect(opened.locator(NOTICES).locator(MADE)).to_have_count(0)


def type_markup(opened: Page, box: Locator, read: Callable[[str], Any], keys: str) -> None:
    """Type texts with markup into a box, and expect each sentence about one that cannot be read."""
    for text in HOSTILE[:9:2]:
        with pytest.raises(RNCoreError) as told:
            read(text)
        box.fill(text)
        box.press(keys)
        expect_text(opened, [str(told.value)])
        assert box.input_value() == text


def test_markup_in_links_and_typed_texts_is_shown_as_text(page, serve):
    url = serve(APP)
    opened = page("about:blank")
    opened.set_default_timeout(PATIENCE)
    asked: list[str] = []
    opened.on("request", lambda request: asked.append(request.url))
    for number, name in enumerate(PAGES):
        query = hostile_query(name)
        (go_on if number else Page.goto)(opened, f"{url}/{name.removeprefix('explore')}?{urlencode(query)}")
        expect_text(opened, session_of(name).read(query)[1])
    go_on(opened, f"{url}/babi?show=text&projector=off")
    type_markup(opened, opened.locator("textarea"), read_told, "Control+Enter")
    go_on(opened, f"{url}/?projector=off")
    type_markup(opened, opened.get_by_role("combobox", name="or type it"), read_typed, "Enter")
    assert len(asked) > 50
    elsewhere = {address for address in asked if urlsplit(address).netloc not in (urlsplit(url).netloc, "")}
    assert elsewhere == set()
