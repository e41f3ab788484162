"""What a visitor uploads as weights on the CLEVR page stays that visitor's, unless it is the published file itself."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from streamlit.testing.v1 import AppTest

from pages._lab.public_weights import forget_public, held_public, hold_public
from pages._ui import cache, kept
from pages._ui.clevr import own_pixels as own
from pages._ui.own_answerers import find_own
from rn_core.common.errors import RNCoreError, WeightsError
from rn_core.models import QuestionAnsweringModel
from rn_core.weights import public as public_weights
from rn_core.weights.card import OriginalFile, count_only
from rn_core.weights.foreign import read_foreign
from rn_core.weights.public import PUBLIC
from tests.page_caches import clear_readings
from tests.shown_markdown import without_meanings

pytestmark = pytest.mark.weights

ROOT = Path(__file__).resolve().parents[3]
PRETRAINED = ROOT / "pretrained"
NAME = "clevr/rn-pixels-public"


def read_folder() -> dict[Path, tuple[int, str]]:
    """Return every file of `pretrained/` with when it was written and the hash of what it holds."""
    files = (path for path in PRETRAINED.rglob("*") if path.is_file())
    return {path: (path.stat().st_mtime_ns, hashlib.sha256(path.read_bytes()).hexdigest()) for path in files}


@pytest.fixture(autouse=True)
def server(monkeypatch, random_answerer) -> Iterator[None]:
    """Serve small random models, without public weights; what a failed test wrote is taken away again."""
    before, paper = read_folder(), PUBLIC[NAME].config
    core = replace(paper.core, g_widths=(8, 8, 8, 8), f_widths=(8, 8))
    small = replace(paper, core=core)

    def load(name: str) -> object:
        if "public" in name:
            raise WeightsError(f"The public weights '{name}' are not installed.")
        return random_answerer(name.removeprefix("clevr/"))

    monkeypatch.setattr(public_weights, "PUBLIC", {**PUBLIC, NAME: replace(PUBLIC[NAME], config=small)})
    monkeypatch.setattr(cache, "load", load)
    monkeypatch.setattr("pages._lab.clevr.models.PRETRAINED", ROOT / "nowhere")
    forget_public()
    clear_readings()
    yield
    forget_public()
    clear_readings()
    for path in read_folder().keys() - before.keys():
        path.unlink()


def make_file(seed: int) -> bytes:
    """Return a file of random weights by the names and in the shapes of the public one."""
    with torch.device("meta"):
        shapes = QuestionAnsweringModel(public_weights.PUBLIC[NAME].config).state_dict()
    numbers = torch.Generator().manual_seed(seed)
    names = PUBLIC[NAME].names.items()
    content = io.BytesIO()
    torch.save({key: 0.1 * torch.rand(shapes[own].shape, generator=numbers) for key, own in names}, content)
    return content.getvalue()


def open_page(**query: str) -> AppTest:
    """Open the page in a session of its own, with the public model chosen."""
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    app.query_params.update({"model": "rn-pixels-public", "section": "edit", **query})
    return app.switch_page("pages/clevr.py").run()


def upload(app: AppTest, content: bytes, name: str = "x.pth") -> AppTest:
    """Choose a file of weights."""
    app.get("file_uploader")[0].set_value((name, content, "application/octet-stream"))
    return app.run()


def said(app: AppTest) -> str:
    """Return the model's answer with its probabilities, or "" where it has none; a traceback fails the test."""
    assert [error.message for error in app.exception] == []
    bodies = (without_meanings(element.proto.body) for element in app.get("html"))
    return next((body for body in bodies if '<div class="rn-scheme rn-answers' in body), "")


def words(app: AppTest) -> str:
    """Return every sentence of page and sidebar."""
    blocks = (*app.error, *app.warning, *app.markdown, *app.caption)
    return "\n".join(block.value for block in blocks)


def test_an_uploaded_file_answers_in_its_own_session_alone_and_writes_nothing():
    before, other = read_folder(), open_page()
    shown = words(other)
    mine = upload(open_page(), make_file(1))
    assert read_folder() == before
    assert (said(other.run()), words(other)) == ("", shown)
    name = mine.session_state["clevr.state"].model
    assert name.startswith("own-pixels-")
    assert "Relation Network, your file" in said(mine)
    assert mine.segmented_control(key="clevr.model").options[-1] == "my RN · pixels"
    assert "'x.pth' is not the published file" in words(mine)
    assert "**my RN · pixels**" in words(mine) and "mesnico" not in words(mine)
    other = open_page(model=name)
    assert f"'{name}' is a .pth file of another session" in words(other)
    assert other.session_state["clevr.state"].model == "rn-states"


def test_the_published_file_serves_everybody_from_memory_and_writes_nothing(monkeypatch):
    before, published = read_folder(), make_file(2)
    served = public_weights.PUBLIC
    public = replace(served[NAME], sha256=hashlib.sha256(published).hexdigest())
    monkeypatch.setattr(public_weights, "PUBLIC", {**served, NAME: public})
    other, liar = open_page(), upload(open_page(), make_file(1))
    honest = upload(open_page(), published)
    assert said(honest) not in ("", said(liar))
    assert "`python -m rn_core weights fetch clevr/rn-pixels-public` keeps it." in words(honest)
    assert said(other.run()) == said(honest)
    liar.segmented_control(key="clevr.model").set_value("rn-pixels-public").run()
    assert said(liar) == said(honest)
    assert read_folder() == before


@pytest.fixture
def session(monkeypatch) -> dict[str, object]:
    """Stand in for a session's state."""
    state: dict[str, object] = {}
    monkeypatch.setattr(kept, "st", SimpleNamespace(session_state=state))
    return state


def test_a_session_keeps_a_few_files_and_each_once(session):
    names = [own.add_own(NAME, make_file(seed), "x.pth") for seed in (1, 1, 2, 3)]
    assert names[0] == names[1] and len({*names}) == len(own.own_labels()) == own.MAX_OWN
    with pytest.raises(RNCoreError, match=r"A session keeps at most 3 own \.pth files"):
        own.add_own(NAME, make_file(4), "x.pth")
    card = find_own(f"clevr/{names[0]}").card
    assert card == count_only(card, "my RN · pixels", original=OriginalFile(is_published_file=False))


def test_numbers_that_overflow_are_one_sentence(session):
    content = io.BytesIO()
    torch.save({key: value * 1e37 for key, value in read_foreign(make_file(1), "x.pth").items()}, content)
    with pytest.raises(WeightsError, match=r"'x\.pth' answers with numbers that are not finite"):
        own.add_own(NAME, content.getvalue(), "x.pth")
    assert session == {}


def test_only_the_published_file_is_held():
    with pytest.raises(WeightsError, match="is not the published file"):
        hold_public(NAME, make_file(1))
    assert held_public(NAME) is None
