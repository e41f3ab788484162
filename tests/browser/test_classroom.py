"""A teacher and a student, each with a browser: the student follows and votes, the teacher sees it and shows all."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect
from streamlit.proto.Element_pb2 import Element
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from benchmarks.classroom import serve_class
from benchmarks.sessions.client import open_session
from rn_core.serving.invitation import Invitation
from tests.browser.visiting import go_on

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def invitation() -> Iterator[Invitation]:
    """Return what opens a class that this machine serves."""
    with serve_class() as (server, code, key):
        address, _, port = server.address.partition(":")
        yield Invitation(address, int(port), code, key)


async def read_lessons(invitation: Invitation, query: str) -> list[Element]:
    """Return all that a new session is sent for the Lessons page at a link."""
    sent: list[Element] = []

    def note(message: ForwardMsg) -> bool:
        sent.append(message.delta.new_element)
        return False

    async with open_session(urlsplit(invitation.base).netloc) as client:
        await client.run()
        client.open_page("lessons")
        client.watch(note)
        await client.run(query)
    return sent


def test_without_a_code_or_with_a_wrong_one_a_class_shows_nothing(page: Callable[..., Page], invitation: Invitation):
    stranger = page(f"{invitation.base}/lessons")
    expect(stranger.get_by_label("Room code")).to_be_visible()
    expect(stranger.get_by_role("heading", name="Why pairs")).to_have_count(0)
    expect(stranger.get_by_test_id("stAlert")).to_have_count(0)
    with ThreadPoolExecutor(1) as thread:  # Playwright's event loop runs in this one
        for query in ("room=AAAAAA", "teacher_key=x", "teacher=on&lesson=why-pairs"):
            sent = thread.submit(asyncio.run, read_lessons(invitation, query)).result()
            assert [one.text_input.label for one in sent if one.HasField("text_input")] == ["Room code"]
            assert "Why pairs" not in str(sent)
            assert sum(one.HasField("alert") for one in sent) == int("room" in query or "key" in query)


def test_a_student_follows_votes_and_has_no_controls(page: Callable[..., Page], invitation: Invitation):
    teacher = page(invitation.teacher_url)
    expect(teacher.get_by_role("heading", name="Class", exact=True)).to_be_visible()
    expect(teacher.get_by_text(invitation.code)).to_be_visible()
    assert "teacher_key" not in teacher.url
    expect(teacher.get_by_role("img", name=re.compile("QR code"))).to_be_visible()
    student = page(invitation.student_url, first=True, viewport={"width": 390, "height": 844})
    expect(student.get_by_text("You are in.")).to_be_visible()
    expect(teacher.get_by_text("1 student joined")).to_be_visible()

    go_on(teacher, "/lessons?lesson=why-pairs")
    expect(student.get_by_role("heading", name="Why pairs")).to_be_visible()
    student.get_by_role("button", name=re.compile("^B ·")).click()
    expect(teacher.get_by_text("1 vote", exact=True)).to_be_visible()
    expect(student.locator(".rn-verdict")).to_have_count(0)
    for name in ("Show the answer", "Teacher view", "Students see this page"):
        expect(student.get_by_text(name)).to_have_count(0)

    # The browser remembers who it is, and the vote. From here on it asks nothing, like a hidden tab, and is called.
    student.add_init_script("Object.defineProperty(document, 'visibilityState', { get: () => 'hidden' })")
    student.reload()
    expect(student.get_by_text("Your vote counts")).to_be_visible()
    teacher.get_by_role("button", name="Show the answer").click()
    expect(student.locator(".rn-verdict").first).to_be_visible()

    teacher.get_by_test_id("stTopNavLink").filter(has_text="Explore").click()
    expect(student.get_by_role("heading", name="Explore", exact=True)).to_be_visible()
    expect(student.get_by_text("A Relation Network in one minute")).to_have_count(0)

    student.get_by_text("Follow the teacher").click()  # who does not follow stays where they are, and steers nobody
    teacher.get_by_test_id("stTopNavLink").filter(has_text="Physics").click()
    expect(teacher.get_by_role("heading", name="Physics", exact=True)).to_be_visible()
    expect(student.get_by_role("heading", name="Explore", exact=True)).to_be_visible()
    student.get_by_text("Follow the teacher").click()
    expect(student.get_by_role("heading", name="Physics", exact=True)).to_be_visible()

    teacher.get_by_test_id("stTopNavLink").filter(has_text="Explore").click()
    expect(student.get_by_role("heading", name="Explore", exact=True)).to_be_visible()
    expect(student).to_have_url(re.compile(rf"{re.escape(invitation.base)}/(\?.*)?$"))
    go_on(student, "/results")  # a student's own ways steer nobody
    expect(teacher.get_by_role("heading", name="Explore", exact=True)).to_be_visible()
