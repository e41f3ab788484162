"""`serve`: this machine alone by default, the network on purpose; what it says and what it refuses."""

from __future__ import annotations

import json
import socket
from urllib.parse import parse_qs, urlsplit

import pytest

from rn_core.cli import main
from rn_core.serving import command, server
from rn_core.serving.invitation import Invitation, describe, find_class, hold_class, invite


@pytest.fixture(autouse=True)
def no_class():
    """Let no test leave a class behind."""
    yield
    hold_class(None)


@pytest.fixture
def started(monkeypatch) -> list[tuple[object, ...]]:
    """Return what the app was started with, which it is not."""
    calls: list[tuple[object, ...]] = []
    monkeypatch.setattr(command, "start", lambda *given: calls.append(given))
    return calls


@pytest.fixture
def port() -> int:
    """Return a port that is free."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_without_a_class_the_app_listens_to_this_machine_alone(started, port, capsys):
    assert main(["serve", "--port", str(port)]) == 0
    assert started == [(port, "127.0.0.1")]
    assert find_class() is None
    assert capsys.readouterr().out == ""


def test_a_class_is_on_the_network_and_says_where(started, port, capsys):
    assert main(["serve", "--class", "--port", str(port), "--address", "192.0.2.7", "--json"]) == 0
    said, held = json.loads(capsys.readouterr().out), find_class()
    assert held is not None
    assert started == [(port, "0.0.0.0", ["--browser.serverAddress=192.0.2.7", "--server.headless=true"])]
    student, teacher = urlsplit(said["student_url"]), urlsplit(said["teacher_url"])
    assert (student.netloc, parse_qs(student.query)) == (f"192.0.2.7:{port}", {"room": [held.code]})
    assert (teacher.hostname, parse_qs(teacher.query)) == ("127.0.0.1", {"teacher_key": [held.key]})
    assert held.key not in said["student_url"] and held.key not in str(started)


def test_the_terminal_shows_code_addresses_and_a_qr_code():
    invitation = Invitation("192.0.2.7", 8501, "K7QM4P", "key")
    text = describe(invitation)
    for part in ("http://192.0.2.7:8501/?room=K7QM4P", "K7QM4P", "http://127.0.0.1:8501/?teacher_key=key"):
        assert part in text
    assert sum("█" in line for line in text.splitlines()) >= 12


def test_what_cannot_be_started_is_one_sentence(started, port, capsys, monkeypatch):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        assert main(["serve", "--port", str(port)]) == 1
    assert main(["serve", "--port", "0"]) == 1
    assert main(["serve", "--address", "192.0.2.7", "--port", str(port)]) == 1

    monkeypatch.setattr(server, "_route_address", lambda: None)
    monkeypatch.setattr(server, "_host_address", lambda: None)
    assert main(["serve", "--class", "--port", str(port)]) == 1
    told = capsys.readouterr().err.splitlines()
    assert [any(word in line for word in ("in use", "1 to 65535", "--class too", "no address")) for line in told] == [
        True
    ] * 4
    assert started == []


def test_each_class_has_its_own_room():
    one, other = invite("192.0.2.7"), invite("192.0.2.7")
    assert one.code != other.code and one.key != other.key
