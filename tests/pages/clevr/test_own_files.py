"""What a visitor uploads as weights on the CLEVR page stays that visitor's, unless it is the published file itself."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pytest
import torch
from streamlit.testing.v1 import AppTest

from pages._ui import cache
from rn_core import public_weights
from rn_core.errors import WeightsError
from rn_core.models import QuestionAnsweringModel
from rn_core.public_weights import PUBLIC

ROOT = Path(__file__).resolve().parents[3]
PRETRAINED = ROOT / "pretrained"
NAME = "clevr/rn-pixels-public"
CACHED = (cache.domain_answerer, cache.cached_group_reading, cache.cached_answer_beside)


def read_folder() -> dict[Path, tuple[int, str]]:
    """Return every file of `pretrained/` with when it was written and the hash of what it holds."""
    files = (path for path in PRETRAINED.rglob("*") if path.is_file())
    return {path: (path.stat().st_mtime_ns, hashlib.sha256(path.read_bytes()).hexdigest()) for path in files}


@pytest.fixture(autouse=True)
def server(monkeypatch, random_answerer) -> Iterator[None]:
    """Serve small random models, and no public weights yet; what a failed test wrote is taken away again."""
    before = read_folder()

    def load(name: str) -> object:
        if "public" in name:
            raise WeightsError(f"The public weights '{name}' are not here yet.")
        return random_answerer(name.removeprefix("clevr/"))

    monkeypatch.setattr(cache, "load", load)
    monkeypatch.setattr("pages._ui.clevr.models.PRETRAINED", ROOT / "nowhere")
    for cached in CACHED:
        cached.clear()
    yield
    for cached in CACHED:
        cached.clear()
    for path in read_folder().keys() - before.keys():
        path.unlink()


@pytest.fixture
def memory() -> Iterator[None]:
    """Empty the server's memory of published weights before and after a test."""
    from pages._ui.clevr.public import forget_public

    forget_public()
    yield
    forget_public()


def make_file(seed: int) -> bytes:
    """Return a file of random weights by the names and in the shapes of the public one."""
    with torch.device("meta"):
        shapes = QuestionAnsweringModel(PUBLIC[NAME].config).state_dict()
    numbers = torch.Generator().manual_seed(seed)
    names = public_weights._own_names().items()
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
    bodies = (element.proto.body for element in app.get("html"))
    return next((body for body in bodies if '<div class="rn-scheme rn-answers' in body), "")


def words(app: AppTest) -> str:
    """Return every sentence of page and sidebar."""
    blocks = (*app.error, *app.warning, *app.markdown, *app.caption)
    return "\n".join(block.value for block in blocks)


def publish(monkeypatch, content: bytes) -> None:
    """Have a file be the published one."""
    public = replace(PUBLIC[NAME], sha256=hashlib.sha256(content).hexdigest())
    monkeypatch.setattr(public_weights, "PUBLIC", MappingProxyType({**PUBLIC, NAME: public}))


def test_an_uploaded_file_answers_in_its_own_session_alone_and_writes_nothing():
    before, other = read_folder(), open_page()
    shown = words(other.run())
    mine = upload(open_page(), make_file(1))
    assert read_folder() == before
    assert (said(other.run()), words(other)) == ("", shown)
    assert "are not here yet" in words(open_page())
    assert "Relation Network, your file" in said(mine)
    assert "'x.pth' is not the published file" in words(mine)


def test_its_card_and_its_name_claim_nothing(memory):
    mine = upload(open_page(), make_file(1))
    name = mine.session_state["clevr.state"].model
    assert name.startswith("own-pixels-")
    assert mine.segmented_control(key="clevr.model").options[-1] == "my RN · pixels"
    card = mine.session_state["clevr.own"][name].answerer.card
    assert card.keys() == {"name", "task", "parameters", "bytes", "original"}
    assert (card["name"], card["original"]) == ("my RN · pixels", {"is_published_file": False})
    assert "**my RN · pixels**" in words(mine) and "not the published file" in words(mine)
    assert "mesnico" not in words(mine) and "MIT" not in words(mine)
    other = open_page(model=name)
    assert f"'{name}' is a .pth file of another session" in words(other)
    assert other.session_state["clevr.state"].model == "rn-states"


def test_the_published_file_serves_everybody_from_memory_and_writes_nothing(memory, monkeypatch):
    before, published = read_folder(), make_file(2)
    publish(monkeypatch, published)
    liar = upload(open_page(), make_file(1))
    assert "are not here yet" in words(open_page())
    honest = upload(open_page(), published)
    assert said(honest) not in ("", said(liar))
    assert said(open_page()) == said(honest)
    assert "Held until the server ends; `python -m rn_core weights fetch clevr/rn-pixels-public` keeps it." in words(
        honest
    )
    liar.segmented_control(key="clevr.model").set_value("rn-pixels-public").run()
    assert said(liar) == said(honest)
    assert read_folder() == before


def test_a_download_is_held_in_memory_too(memory, monkeypatch):
    before, published = read_folder(), make_file(2)
    publish(monkeypatch, published)
    monkeypatch.setattr(public_weights, "_download", lambda url, name: published)
    app = open_page()
    next(button for button in app.button if button.label == "Download them").click().run()
    assert said(app) == said(open_page()) != ""
    assert read_folder() == before


def test_a_session_keeps_a_few_files_and_each_once(memory):
    app = open_page()
    for seed in (1, 1, 2, 3, 4):
        app.session_state["clevr.state"] = app.session_state["clevr.state"].change(model="rn-pixels-public")
        upload(app.run(), make_file(seed))
    assert len(app.session_state["clevr.own"]) == 3
    assert "A session keeps 3 own .pth files at most" in words(app)


def test_numbers_that_overflow_are_one_sentence(memory):
    state = torch.load(io.BytesIO(make_file(1)), weights_only=True)
    content = io.BytesIO()
    torch.save({key: value * 1e37 for key, value in state.items()}, content)
    app = upload(open_page(), content.getvalue())
    assert "'x.pth' answers with numbers that are not finite" in words(app)
    assert "clevr.own" not in app.session_state
