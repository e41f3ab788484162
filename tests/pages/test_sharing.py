"""Links lead to where others reach the app: the network's address and a QR code, or a sentence where there is none."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit import config
from streamlit.runtime.context import ContextProxy
from streamlit.testing.v1 import AppTest

from pages._lab.sharing import HERE_ALONE, MOST_SIGNS, is_here, qr_html, reach

pytestmark = pytest.mark.weights

ROOT = Path(__file__).resolve().parents[2]
LAN = "198.51.100.7"


@pytest.mark.parametrize(
    ("host", "here"),
    [
        ("127.0.0.1", True),
        ("127.0.1.1", True),
        ("localhost", True),
        ("::1", True),
        (LAN, False),
        ("lab.example", False),
    ],
)
def test_hosts_that_are_whatever_machine_asks_are_told_from_others(host, here):
    assert is_here(host) == here


@pytest.mark.parametrize(
    ("url", "network", "reached"),
    [
        ("http://127.0.0.1:8501/babi", LAN, f"http://{LAN}:8501/babi"),
        ("http://localhost/", "fd00::7", "http://[fd00::7]/"),
        ("http://localhost:8501/", "", "http://localhost:8501/"),
        ("http://localhost:8501/", "127.0.0.1", "http://localhost:8501/"),
        ("https://lab.example/rn/", LAN, "https://lab.example/rn/"),
        ("", LAN, ""),
    ],
)
def test_only_a_local_address_becomes_the_networks(url, network, reached):
    assert reach(url, network) == reached


def test_the_qr_code_is_of_the_address_and_long_ones_have_none():
    url = f"http://{LAN}:8501/?seed=3"
    assert f'alt="QR code of {url}"' in qr_html(url)
    assert qr_html(url + "0" * MOST_SIGNS) == ""


def shared(app: AppTest) -> tuple[str, list[str], bool]:
    """Return the link that a page offers, the captions, and whether a QR code stands there."""
    (link,) = {code.value for code in app.code if code.value.startswith("http")}
    has_code = any('<img class="rn-qr"' in element.proto.body for element in app.get("html"))
    return link, [caption.value for caption in app.caption], has_code


@pytest.mark.parametrize("page", ["explore", "how_it_works", "lessons", "results", "train"])
def test_a_class_gets_the_networks_address_and_one_machine_is_told(page, monkeypatch):
    monkeypatch.setattr(ContextProxy, "url", property(lambda _: "http://127.0.0.1:8501/"))
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120).switch_page(f"pages/{page}.py").run()
    link, captions, has_code = shared(app)
    assert link.startswith("http://127.0.0.1:8501/")
    assert HERE_ALONE in captions and not has_code
    options = {"server.address": "0.0.0.0", "browser.serverAddress": LAN}
    before = {name: config.get_option(name) for name in options}
    try:
        for name, value in options.items():
            config.set_option(name, value)
        link, captions, has_code = shared(app.run())
    finally:
        for name, value in before.items():
            config.set_option(name, value)
    assert link.startswith(f"http://{LAN}:8501/")
    assert HERE_ALONE not in captions and has_code
