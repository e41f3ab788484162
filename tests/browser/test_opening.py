"""A browser that was never here is told the first minute once."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.weights]


APP = Path(__file__).resolve().parents[2] / "app.py"


def test_the_first_visit_begins_with_it_and_the_second_does_not(page, serve):
    url = serve(APP)
    opened = page(url, first=True)
    expect(opened.get_by_text("A Relation Network in one minute")).to_be_visible()
    opened.get_by_role("button", name="Next").click()
    expect(opened.get_by_role("heading", name="Objects", exact=True)).to_be_visible()
    opened.get_by_role("button", name="Skip").click()
    expect(opened.get_by_label("or type it")).to_be_visible()
    opened.wait_for_function("document.cookie.includes('rn_opening=seen')")
    opened.goto(url)
    expect(opened.get_by_label("or type it")).to_be_visible()
    expect(opened.get_by_text("in one minute")).to_have_count(0)
