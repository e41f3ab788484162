"""The situations that are measured: nothing else, a race with its own tab, a race that many tabs watch, all at once."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from benchmarks.sessions.actions import LONG_RACE, Action, Fresh, expect_seed, start_training
from benchmarks.sessions.client import Client, SessionError, open_sessions, polled
from benchmarks.sessions.polling import PollCount
from benchmarks.sessions.server import Server, measure_usage

IDLE, RACE, WATCHED = "idle", "one race training, watched by its own tab", "the same, with {} more Train tabs"
#: Seconds over which the arrivals of "all at once" are drawn.
ARRIVALS = 10.0


@dataclass(frozen=True)
class Plan:
    """How much is measured.

    Attributes:
        sessions: open sessions, those on Train not counted.
        seconds: how long a situation is measured.
        period: seconds between two interactions of one session.
        settle: seconds between the start of a race and measuring.
        watchers: Train tabs beside the one that trains; half watch its run, half wait in line with one of their own.
        seed: of inputs and arrivals.
    """

    sessions: int = 30
    seconds: float = 60.0
    period: float = 10.0
    settle: float = 8.0
    watchers: int = 20
    seed: int = 0


@dataclass(frozen=True)
class Row:
    """What was measured in one situation.

    Attributes:
        name: of the situation or action.
        taken: seconds of every interaction that worked.
        failures: a sentence for each that did not.
        limit: most seconds of the 95 % quantile; None where none is set.
        polls: of the tabs meanwhile.
        cpu_seconds: of the server's process meanwhile.
        rss_mb: of server and children at the end, in MB.
    """

    name: str
    taken: tuple[float, ...]
    failures: tuple[str, ...] = ()
    limit: float | None = None
    polls: PollCount = field(default_factory=PollCount)
    cpu_seconds: float = 0.0
    rss_mb: float = 0.0

    def quantile(self, share: float) -> float:
        """Return the seconds within which a share 0 to 1 of the interactions was done; nan without any."""
        return float(np.quantile(self.taken, share)) if self.taken else float("nan")


async def attempt(doing: Awaitable[dict[str, float]], times: dict[str, list[float]], failures: list[str]) -> None:
    """Do something and note its seconds by part, or why it failed."""
    try:
        for part, seconds in (await doing).items():
            times.setdefault(part, []).append(seconds)
    except SessionError as err:
        failures.append(str(err))


async def measure_steady(
    name: str, server: Server, clients: Sequence[Client], tabs: Sequence[Client], plan: Plan, fresh: Fresh
) -> Row:
    """Let every session on Explore ask for a scene once a period, spread evenly, while the other tabs poll."""
    times: dict[str, list[float]] = {}
    failures: list[str] = []
    rounds = max(1, round(plan.seconds / plan.period))
    loop, before = asyncio.get_running_loop(), measure_usage(server.process.pid)
    started = loop.time()

    async def act(number: int, client: Client) -> None:
        for turn in range(rounds):
            due = started + plan.period * (turn + number / len(clients))
            await asyncio.sleep(max(0.0, due - loop.time()))
            await attempt(_ask_scene(client, fresh), times, failures)

    async with polled([*clients, *tabs]) as tally:
        await asyncio.gather(*(act(number, client) for number, client in enumerate(clients)))
        after = measure_usage(server.process.pid)
    taken, cpu = tuple(times.get("", ())), after.cpu_seconds - before.cpu_seconds
    return Row(name, taken, tuple(failures), None, tally.count(), cpu, after.total_mb)


async def _ask_scene(client: Client, fresh: Fresh) -> dict[str, float]:
    """Ask for a scene that no session has used."""
    query = f"seed={fresh.seed()}"
    taken = await client.run(query)
    expect_seed(client, query)
    return {"": taken}


@contextlib.asynccontextmanager
async def no_tabs() -> AsyncIterator[list[Client]]:
    """Start nothing."""
    yield []


@contextlib.asynccontextmanager
async def racing(server: Server, plan: Plan, n_tabs: int) -> AsyncIterator[list[Client]]:
    """Start a long race in a tab of its own and open more tabs: half watch it, half press Start and wait in line."""
    fresh = Fresh(np.random.default_rng(plan.seed))
    async with open_sessions(server.address, 1 + n_tabs) as tabs:
        trainer, *others = tabs
        await open_and_start(trainer, fresh)
        watched = trainer.screen.query
        for number, tab in enumerate(others):
            if number % 2 == 0:
                tab.open_page("train")
                await tab.run(watched)
            else:
                await open_and_start(tab, fresh)
        yield tabs


async def open_and_start(tab: Client, fresh: Fresh) -> None:
    """Open the Train page and start a long race there."""
    tab.open_page("train")
    await tab.run(LONG_RACE)
    await start_training(tab, fresh)


async def measure_watching(server: Server, plan: Plan, report: Callable[[Row], None], chosen: Sequence[str]) -> None:
    """Measure a new Explore scene with no race, with one that its own tab watches, and with many more tabs."""
    fresh = Fresh(np.random.default_rng(plan.seed))
    cases = (("idle", IDLE, None), ("race", RACE, 0), ("watched", WATCHED.format(plan.watchers), plan.watchers))
    async with open_sessions(server.address, plan.sessions) as clients:
        for key, name, n_tabs in cases:
            if key not in chosen:
                continue
            async with no_tabs() if n_tabs is None else racing(server, plan, n_tabs) as tabs:
                async with polled(tabs):
                    await asyncio.sleep(plan.settle)
                report(await measure_steady(name, server, clients, tabs, plan, fresh))
                for tab in tabs:
                    await stop_training(tab)


async def stop_training(tab: Client) -> None:
    """Clear the tab of its run, so that the next situation begins without it."""
    with contextlib.suppress(SessionError):
        await tab.press("Reset")


async def measure_crowd(server: Server, plan: Plan, actions: Sequence[Action], report: Callable[[Row], None]) -> None:
    """Let all sessions do one page's main action within ten seconds, page by page."""
    rng = np.random.default_rng([plan.seed, 1])
    fresh = Fresh(rng)
    async with open_sessions(server.address, plan.sessions) as clients:
        for action in actions:
            some = clients[: action.most]
            arrivals = sorted(rng.uniform(0, ARRIVALS, len(some)).tolist())
            for row in await measure_action(action, server, some, fresh, arrivals):
                report(row)


async def measure_action(
    action: Action, server: Server, clients: Sequence[Client], fresh: Fresh, arrivals: Sequence[float]
) -> list[Row]:
    """Return a row for an action, and one for each part of it that has its own.

    Args:
        action: what all do.
        server: where.
        clients: who; each opens the page first.
        fresh: gives the inputs.
        arrivals: when each begins, in seconds from now.
    """
    times: dict[str, list[float]] = {}
    failures: list[str] = []
    unready: list[str] = []
    if action.prepare is not None:
        for client in clients:
            await attempt(action.prepare(client, fresh), {}, unready)

    async def arrive(client: Client, at: float) -> None:
        await asyncio.sleep(at)
        await attempt(action.act(client, fresh), times, failures)

    before = measure_usage(server.process.pid)
    async with polled(list(clients)) as tally:
        await asyncio.gather(*map(arrive, clients, arrivals))
        after = measure_usage(server.process.pid)
    cpu, polls = after.cpu_seconds - before.cpu_seconds, tally.count()
    rows = [
        Row(action.title, tuple(times.get("", ())), (*unready, *failures), action.limit, polls, cpu, after.total_mb)
    ]
    return rows + [Row(title, tuple(times.get(part, ()))) for part, title in action.parts]
