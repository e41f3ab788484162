"""A model of one's own in a browser: its file is uploaded and used, and a link to it works in this session alone."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import expect

from rn_core.models import build_model
from rn_core.tasks.registry import model_config
from rn_core.weights.bundles import write_bundle
from rn_core.weights.card import CardFacts

pytestmark = pytest.mark.browser

APP = Path(__file__).resolve().parents[2] / "app.py"
TASK = "sort-of-clevr/objects"


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> dict[str, Path]:
    """Return the files of two models that were never trained, and of none."""
    folder = tmp_path_factory.mktemp("models")
    for kind in ("rn", "mlp"):
        content = write_bundle(f"live {kind}", build_model(model_config(TASK, kind), 0), CardFacts(task=TASK))
        (folder / f"{kind}.safetensors").write_bytes(content)
    (folder / "garbage.safetensors").write_bytes(b"garbage" * 100)
    return {path.stem: path for path in folder.iterdir()}


def upload(opened, *paths: Path) -> None:
    """Upload some files at once, when the place of those before has gone."""
    place = opened.get_by_test_id("stFileUploaderDropzoneInput")
    expect(place).to_have_count(1)
    place.set_input_files(paths)


def test_an_uploaded_model_is_used_by_its_session_alone(page, elsewhere, serve, files):
    url = serve(APP)
    opened = page(f"{url}?seed=4")
    opened.get_by_test_id("stExpandSidebarButton").click()
    upload(opened, files["garbage"])
    expect(opened.get_by_text("'garbage.safetensors' is not a complete safetensors file")).to_be_visible()
    upload(opened, files["rn"], files["mlp"])
    opened.wait_for_function("location.search.includes('model=own-objects-')")
    expect(opened.get_by_role("radio", name="my RN · objects")).to_be_checked()
    expect(opened.get_by_text("garbage.safetensors")).to_have_count(0)
    said = opened.locator(".rn-answers").inner_text()

    other = elsewhere(opened.url)
    expect(other.get_by_text("is a model of another session")).to_be_visible()
    assert other.locator(".rn-answers").inner_text() != said
    other.wait_for_function("!location.search.includes('model=')")
    assert parse_qs(urlsplit(other.url).query) == {"seed": ["4"]}
