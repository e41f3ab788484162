"""The benchmark of open sessions polls as browsers do, counts the answers, and fails when it cannot be believed."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import numpy as np
import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from benchmarks import churn
from benchmarks.churn import Reading
from benchmarks.sessions import __main__ as command
from benchmarks.sessions import polling, report
from benchmarks.sessions.actions import ACTIONS, Fresh, find_free_place, lesson_slugs
from benchmarks.sessions.client import Client, SessionError, polled
from benchmarks.sessions.polling import POLLING_COMPONENTS, Poll, PollCount, Tally, Timers, find_lost_polls, trigger_id
from benchmarks.sessions.runs import Request, Runs
from benchmarks.sessions.server import Usage, find_descendants, measure_usage
from benchmarks.sessions.situations import Row, measure_action
from pages._lab.lessons.file import FOLDER, find_files

pytestmark = pytest.mark.process

BROKEN_OFF = ForwardMsg.FINISHED_EARLY_FOR_RERUN


def begin(run: str, *fragments: str) -> ForwardMsg:
    """Return the message that a run begins with."""
    message = ForwardMsg()
    message.new_session.name = "app.py"
    message.metadata.run.script_run_id = run
    message.metadata.run.fragment_ids.extend(fragments)
    return message


def end(run: str, status: int = ForwardMsg.FINISHED_SUCCESSFULLY) -> ForwardMsg:
    """Return the message that a run ends with."""
    message = ForwardMsg(script_finished=status)
    message.metadata.run.script_run_id = run
    return message


def timer(fragment: str, every: float) -> ForwardMsg:
    """Return the message that sets a fragment's timer."""
    message = ForwardMsg()
    message.auto_rerun.fragment_id, message.auto_rerun.interval = fragment, every
    return message


class FakeServer:
    """A socket whose other end runs one full script and its fragment, and ignores fragments that are gone."""

    def __init__(self, deaf: bool = False) -> None:
        """Answer nothing if `deaf`."""
        self.deaf, self.fragment, self.n_runs, self.asked = deaf, "", 0, []
        self.queue: asyncio.Queue[bytes] = asyncio.Queue()

    async def send(self, content: bytes) -> None:
        """Take a request."""
        rerun = BackMsg.FromString(content).rerun_script
        self.asked.append(rerun)
        if self.deaf or (rerun.fragment_id and rerun.fragment_id != self.fragment):
            return  # as Streamlit does with a fragment that a full run dropped
        self.n_runs += 1
        run = str(self.n_runs)
        if not rerun.fragment_id:
            self.fragment = f"fragment {run}"
            self.put(begin(run), timer(self.fragment, 0.01), end(run))
        else:
            self.put(begin(run, rerun.fragment_id), end(run, ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY))

    def put(self, *messages: ForwardMsg) -> None:
        """Send messages."""
        for message in messages:
            self.queue.put_nowait(message.SerializeToString())

    def __aiter__(self) -> FakeServer:
        """Return the messages to the client."""
        return self

    async def __anext__(self) -> bytes:
        """Return the next one."""
        return await self.queue.get()


async def until(condition: Callable[[], bool]) -> None:
    """Wait for something; the time that it may take is generous, because cores are shared."""
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.01)


@contextlib.asynccontextmanager
async def connected(server: FakeServer) -> AsyncIterator[Client]:
    """Return a client of a server."""
    client = Client(server)
    listening = asyncio.create_task(client.listen())
    yield client
    listening.cancel()


def test_a_poll_is_answered_by_the_fragment_that_its_callback_chose_instead():
    runs = Runs(lambda: 0.0)
    poll, other = runs.ask("poll"), runs.ask("elsewhere")
    for message in (begin("1", "poll"), end("1", BROKEN_OFF), begin("2", "live"), end("2")):
        runs.take(message)
    assert poll.done.is_set()
    assert not other.done.is_set()


def test_polling_goes_on_after_the_page_has_renewed_its_fragments():
    server = FakeServer()

    async def visit() -> tuple[Tally, list[str]]:
        async with connected(server) as client:
            await client.run()
            async with polled([client]) as tally:
                await until(lambda: len(tally.requests) >= 2)
                server.fragment = "gone"  # polls on their way are for a fragment that the next full run drops
                n_asked = len(server.asked)
                await until(lambda: len(server.asked) > n_asked)
                await client.run("seed=1")
                n_asked = len(server.asked)
                await until(lambda: len(server.asked) >= n_asked + 3)
            return tally, [rerun.fragment_id for rerun in server.asked[n_asked:]]

    tally, later = asyncio.run(visit())
    assert {*later} == {server.fragment}
    assert tally.count().share == 1.0  # those for the lost fragment are answered by the run that replaced it


def test_a_server_that_answers_nothing_is_found_out(monkeypatch):
    monkeypatch.setattr(Tally.settle, "__defaults__", (0.1,))

    async def visit() -> Tally:
        async with connected(FakeServer(deaf=True)) as client:
            client.take(timer("a", 0.01))
            async with polled([client]) as tally:
                await until(lambda: len(tally.requests) >= 3)
            return tally

    count = asyncio.run(visit()).count()
    assert count.answered == 0
    assert f"0 of {count.asked} polls" in find_lost_polls([("race", count)])[0]


@pytest.mark.parametrize(
    ("messages", "answered"),
    [
        ([begin("1", "a"), end("1")], "a"),
        ([begin("1", "b"), end("1")], "b"),
        ([begin("1"), end("1")], "a b full"),  # a run of the whole script draws every fragment too
        ([begin("1", "a", "b"), end("1")], "a b"),
        ([begin("1", "a"), begin("2"), end("2")], "a b full"),  # replaced: the first one never ends
        ([begin("1", "a"), end("1", BROKEN_OFF)], ""),
        ([begin("1", "a"), end("1", BROKEN_OFF), begin("2"), end("2")], "a b full"),
        ([end("0")], ""),  # of a run that began before anything was asked
        ([begin("1", "gone"), end("1")], ""),
    ],
)
def test_an_answer_is_the_run_that_began_later_and_covers_the_request(messages, answered):
    runs = Runs()
    requests = {name: runs.ask("" if name == "full" else name) for name in ("a", "b", "full")}
    for message in messages:
        runs.take(message)
    assert [name for name, request in requests.items() if request.seconds is not None] == answered.split()


def test_a_poll_sent_during_a_run_waits_for_the_next_one():
    runs, ticks = Runs(iter(range(100)).__next__), []
    first = runs.ask("a")
    runs.take(begin("1", "a"))
    second = runs.ask("a")
    runs.take(end("1"))
    ticks += [first.seconds, second.seconds]
    runs.take(begin("2", "a"))
    runs.take(end("2"))
    assert ticks == [2, None]  # clock: asked at 0 and 1, ended at 2
    assert second.seconds == 2


def test_timers_are_those_of_a_browser():
    timers = Timers()
    timers.take(timer("a", 2), 0.0)
    timers.take(timer("b", 5), 0.0)
    assert timers.due(1.9) == []
    assert [poll.fragment for poll in timers.due(2.0)] == ["a"]
    timers.take(timer("a", 2), 3.5)  # the same interval again: the timer runs on
    assert [poll.fragment for poll in timers.due(4.0)] == ["a"]
    timers.take(timer("a", 1), 4.5)
    assert {poll.fragment for poll in timers.due(5.5)} == {"a", "b"}
    stop = ForwardMsg()
    stop.stop_auto_rerun.fragment_ids.append("a")
    timers.take(stop, 6.0)
    assert [poll.fragment for poll in timers.due(99.0)] == ["b"]
    timers.take(begin("1", "b"), 99.0)
    assert len(timers) == 1  # a fragment's run keeps the timers,
    timers.take(begin("2"), 99.0)
    assert len(timers) == 0  # one of the whole script clears them


def test_a_component_that_polls_sends_its_event_by_its_own_id():
    (name, (event, interval)), *_ = POLLING_COMPONENTS.items()
    message = ForwardMsg()
    message.delta.fragment_id = "part"
    component = message.delta.new_element.bidi_component
    component.component_name, component.id, component.json = name, "$$ID-1-train.poll", json.dumps({interval: 3})
    timers = Timers()
    timers.take(message, 0.0)
    (poll,) = timers.due(3.0)
    assert poll == Poll(component.id, 3.0, "part", event)
    rerun = BackMsg().rerun_script
    poll.fill(rerun)
    assert rerun.fragment_id == "part"
    assert rerun.widget_states.widgets[0].id == trigger_id(component.id)
    assert json.loads(rerun.widget_states.widgets[0].json_trigger_value)[0]["event"] == event
    for shown in (True, False):  # it keeps its timer through runs of the whole script that draw it
        timers.take(begin("1"), 5.0)
        if shown:
            timers.take(message, 5.5)
        timers.take(end("1"), 5.9)
        assert [poll.key for poll in timers.due(6.0)] == [component.id] * shown
    component.json = "{}"  # nothing to ask any more
    assert polling.find_poll(message) is None


def test_events_go_to_the_id_that_streamlit_listens_to():
    from streamlit.components.v2.bidi_component.main import _make_trigger_id

    assert trigger_id("$$ID-0a-table") == _make_trigger_id("$$ID-0a-table", "events")


def answered(*seconds: float | None) -> Tally:
    """Return polls that were answered after so many seconds."""
    return Tally([Request("a", 0.0, seconds=taken) for taken in seconds])


def test_late_and_missing_answers_do_not_count():
    assert answered(0.1, 9.9, 10.1, None).count() == PollCount(4, 2)
    assert PollCount().share is None


@pytest.mark.parametrize(("n_answered", "n_faults"), [(100, 0), (95, 0), (94, 1), (0, 1)])
def test_a_run_fails_below_the_share_of_answers_that_it_needs(n_answered, n_faults):
    row = Row("race", (0.1,), polls=PollCount(100, n_answered))
    assert len(report.find_faults([row], [])) == n_faults


def test_a_watched_race_that_nobody_polled_is_no_measurement():
    idle, race = Row("idle", (0.1,)), Row("race", (0.1,))
    (sentence,) = report.find_faults([idle, race], [])
    assert "Nothing polled in 'race'" in sentence


@pytest.mark.parametrize(
    ("taken", "failures", "limit", "verdict"),
    [
        ((1.0,) * 20, (), 1.5, "ok"),
        ((1.0,) * 18 + (2.0, 2.0), (), 1.5, "too slow"),
        ((1.0,) * 30 + (9.0,), (), 1.5, "ok"),  # p95, not the longest
        ((1.0,), ("broken",), 1.5, "fails"),
        ((), (), 1.5, "fails"),
        ((9.0,), (), None, "–"),
    ],
)
def test_a_row_says_whether_it_is_within_its_limit(taken, failures, limit, verdict):
    row = Row("an action", taken, failures, limit)
    assert report.judge(row) == verdict
    assert f" {verdict} |" in report.format_crowd(row)
    assert bool(report.find_faults([], [row])) == bool(failures)


def test_the_ratio_of_the_watched_race_has_a_verdict():
    idle = Row("idle", (0.2,) * 20)
    assert report.describe_slowdown(idle, Row("watched", (0.3,) * 20)).endswith("1.50 (limit 1.5): ok")
    assert report.describe_slowdown(idle, Row("watched", (0.31,) * 20)).endswith("too slow")
    assert report.describe_slowdown(idle, Row("watched", ())).endswith("not measured")


def test_tables_have_a_cell_for_each_head_and_json_has_no_nan():
    row = Row("idle", (0.1, 0.2), polls=PollCount(4, 4), cpu_seconds=1.25, rss_mb=500)
    for head, line in ((report.STEADY_HEAD, report.format_steady(row)), (report.CROWD_HEAD, report.format_crowd(row))):
        assert len({part.count("|") for part in (*head.splitlines(), line)}) == 1
    assert json.loads(json.dumps(report.to_json(Row("none", ())), allow_nan=False))["p95"] is None


def test_the_command_ends_with_one_and_a_sentence_when_polls_were_lost(monkeypatch, capsys):
    async def measure(options, say):
        return [Row("idle", (0.1,)), Row("race", (0.1,), polls=PollCount(20, 18))], []

    monkeypatch.setattr(command, "measure", measure)
    assert command.main([]) == 1
    assert "Only 18 of 20 polls were answered" in capsys.readouterr().err
    assert command.main(["--json"]) == 1
    assert len(json.loads(capsys.readouterr().out)["faults"]) == 1


def test_an_action_that_breaks_for_one_visitor_is_a_failure_not_a_time(monkeypatch):
    async def act(client, fresh):
        if client == "second":
            raise SessionError("The page shows an error: no.")
        return {"": 0.5, "part": 2.0}

    class Nobody:
        process = subprocess.Popen  # has no pid to read

    Nobody.process.pid = os.getpid()
    action = type(ACTIONS[0])("x", "An action", "", act, 1.5, parts=(("part", "Its part"),))
    monkeypatch.setattr("benchmarks.sessions.situations.polled", lambda clients: polled([]))
    rows = asyncio.run(measure_action(action, Nobody, ["first", "second"], None, [0.0, 0.0]))
    assert [(row.name, row.taken, len(row.failures)) for row in rows] == [
        ("An action", (0.5,), 1),
        ("Its part", (2.0,), 0),
    ]


def test_inputs_are_fresh_and_follow_the_seed():
    one, same = (Fresh(np.random.default_rng(3)) for _ in range(2))
    seeds = [one.seed() for _ in range(50)]
    assert seeds == [same.seed() for _ in range(50)]
    assert len({*seeds}) == 50
    assert lesson_slugs() == sorted(path.stem.partition("-")[2] for path in find_files(FOLDER))


def test_a_pulled_ball_touches_nothing_and_stays_on_the_table():
    rng = np.random.default_rng(0)
    places = [[0.0, 0.0], [0.3, 0.0], [-0.9, -0.9]]
    for _ in range(50):
        ball, to = find_free_place(places, 0.1, 1.0, rng)
        others = np.delete(np.array(places), ball, axis=0)
        assert np.linalg.norm(others - to, axis=1).min() > 0.2
        assert np.abs(to).max() <= 0.9
    with pytest.raises(SessionError, match="free room"):
        find_free_place([[0.0, 0.0], [0.21, 0.0]], 0.1, 0.1, rng)


def test_the_slope_is_least_squares_after_the_warm_up():
    growing = [Reading(10.0 * k, Usage(0, 100 + 10 * min(k, 6) + 2 * max(0, k - 6) / 6, 50)) for k in range(60)]
    verdict = churn.judge(growing, warm_up=60)
    assert verdict.slope == pytest.approx(2.0)  # MB per minute: what came in the first minute is left out
    assert verdict.total == pytest.approx(growing[-1].usage.rss_mb + 50)
    assert verdict.faults == []
    assert churn.judge(growing, warm_up=0).slope > 2.5
    rng = np.random.default_rng(0)
    noisy = [Reading(t, Usage(0, 500 + 4 * t / 60 + rng.normal())) for t in np.arange(0, 1500, 10.0)]
    loop = churn.judge(noisy, 300)
    late = [reading for reading in noisy if reading.seconds >= 300]
    x = np.array([reading.seconds / 60 for reading in late])
    y = np.array([reading.usage.total_mb for reading in late])
    assert loop.slope == pytest.approx(((x - x.mean()) * (y - y.mean())).sum() / ((x - x.mean()) ** 2).sum())
    assert "grows by" in loop.faults[0]


def test_a_churn_without_readings_or_above_the_limit_fails():
    assert churn.judge([Reading(0.0, Usage(0, 100))], 300).faults  # no slope was measured
    heavy = [Reading(10.0 * k, Usage(0, 900, 400)) for k in range(10)]
    (sentence,) = churn.judge(heavy, 0).faults
    assert "1300 MB" in sentence


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="only Linux has /proc")
def test_children_count_as_memory_of_the_server():
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        assert child.pid in find_descendants(os.getpid())
        usage = measure_usage(os.getpid())
    finally:
        child.kill()
        child.wait()
    assert usage.children_mb > 1
    assert usage.total_mb == usage.rss_mb + usage.children_mb
    assert usage.cpu_seconds > 0
    assert child.pid not in find_descendants(os.getpid())
