"""The benchmark of a class times the moment at which a student shows what the teacher shows, and no other."""

from __future__ import annotations

import pytest
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from benchmarks.classroom import HEAD, Follower, Row, quantile
from benchmarks.sessions.client import Client


def messages(page: str, query: str) -> list[ForwardMsg]:
    """Return what a server sends for one full run of a page."""
    begun, address, ended = ForwardMsg(), ForwardMsg(), ForwardMsg(script_finished=ForwardMsg.FINISHED_SUCCESSFULLY)
    begun.new_session.page_script_hash = page
    address.page_info_changed.query_string = query
    return [begun, address, ended]


def test_a_student_has_arrived_once_page_and_shared_parameters_are_the_teachers():
    client = Client(None)
    follower = Follower(client)
    follower.want("lessons", "lesson=a&teacher=on")
    for page, query, is_there in (
        ("explore", "lesson=a", False),
        ("lessons", "lesson=b", False),
        ("lessons", "lesson=a&projector=on", True),
    ):
        *before, ended = messages(page, query)
        for message in before:
            client.take(message)
        assert not follower.arrived.is_set()  # a page counts when it is drawn to its end
        client.take(ended)
        assert follower.arrived.is_set() == is_there
    assert client.page_hash == "lessons"
    follower.want("lessons", "lesson=a")
    assert follower.arrived.is_set()  # it was there already
    follower.want("lessons", "lesson=c")
    assert not follower.arrived.is_set()


def test_a_row_has_a_cell_for_each_column_and_the_quantiles_of_what_was_taken():
    row = Row("explore", [0.1, 0.2, 0.3], [0.1], wanted=4, moves=2, cpu_seconds=1.0)
    assert row.format().count("|") == HEAD.splitlines()[0].count("|")
    assert "3 of 4" in row.format()
    assert quantile(row.taken, 0.5) == pytest.approx(0.2)
