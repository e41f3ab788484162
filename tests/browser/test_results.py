"""The Results page in a browser: a measurement runs, shows how far it is, and stops when it is asked to."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

APP = Path(__file__).resolve().parents[2] / "app.py"


@pytest.fixture(scope="module")
def url(serve) -> str:
    return f"{serve(APP)}/results"


def test_weights_are_measured_again_and_a_measurement_can_be_stopped(visit, url):
    opened = visit(f"{url}?section=measure&model=rn-pixels&scenes=2000")
    opened.get_by_role("button", name="Measure now").click()
    expect(opened.get_by_text("of 2000 scenes").first).to_be_visible()
    opened.get_by_role("button", name="Stop measuring").click()
    expect(opened.get_by_role("button", name="Stop measuring")).to_have_count(0)
    expect(opened.get_by_text("measured here on")).to_have_count(0)
    visit(f"{url}?section=measure&model=mlp-objects&scenes=100")
    opened.get_by_role("button", name="Measure now").click()
    expect(opened.get_by_text("measured here on 100 new scenes of seed 1")).to_be_visible()
    expect(opened.get_by_text("✓ agree")).to_have_count(8)


def test_a_card_opens_with_one_click(visit, url):
    opened = visit(url)
    opened.get_by_role("button", name="RN · object rows", exact=True).click()
    dialog = opened.get_by_role("dialog")
    expect(dialog.get_by_text("python -m rn_core train sort-of-clevr/rn-objects").first).to_be_visible()
    with opened.expect_download() as download:
        dialog.get_by_role("button", name="Card (JSON)").click()
    assert download.value.suggested_filename == "sort-of-clevr-rn-objects.json"
