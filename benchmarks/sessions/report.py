"""The tables of what was measured, as Markdown and as JSON, and whether it is within the limits."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from benchmarks.sessions.polling import find_lost_polls
from benchmarks.sessions.situations import Row

#: What a watched race may cost: a new scene's 95 % quantile with it, divided by the one without.
MOST_SLOWER = 1.5
STEADY_HEAD = (
    "| situation | interactions | p50, ms | p95, ms | longest, ms | polls asked | answered "
    "| server CPU, s | server and children, MB |\n" + "| --- " * 9 + "|"
)
CROWD_HEAD = (
    "| action | done | failed | p50, s | p95, s | longest, s | limit, s | verdict "
    "| server CPU, s | server and children, MB |\n" + "| --- " * 10 + "|"
)


def format_steady(row: Row) -> str:
    """Return a situation's row."""
    times = (f"{1000 * row.quantile(share):.0f}" for share in (0.5, 0.95, 1))
    share = "–" if row.polls.share is None else f"{100 * row.polls.share:.1f} %"
    cells = (row.name, len(row.taken), *times, row.polls.asked, share, *_usage(row))
    return "| " + " | ".join(map(str, cells)) + " |"


def format_crowd(row: Row) -> str:
    """Return an action's row."""
    times = (f"{row.quantile(share):.2f}" for share in (0.5, 0.95, 1))
    limit = "–" if row.limit is None else f"{row.limit:g}"
    cells = (row.name, len(row.taken), len(row.failures), *times, limit, judge(row), *_usage(row))
    return "| " + " | ".join(map(str, cells)) + " |"


def _usage(row: Row) -> tuple[str, str]:
    """Return processor time and memory; dashes for a part of an action, whose own row has them."""
    return (f"{row.cpu_seconds:.1f}", f"{row.rss_mb:.0f}") if row.rss_mb else ("–", "–")


def judge(row: Row) -> str:
    """Return whether an action is within its limit; one that failed for anybody is not."""
    if row.failures or not row.taken:
        return "fails"
    if row.limit is None:
        return "–"
    return "ok" if row.quantile(0.95) <= row.limit else "too slow"


def slowdown(idle: Row, watched: Row) -> float:
    """Return how much longer the 95 % quantile is with watchers; nan if either has nothing."""
    return watched.quantile(0.95) / idle.quantile(0.95)


def describe_slowdown(idle: Row, watched: Row) -> str:
    """Return the ratio with its verdict, in one sentence."""
    ratio = slowdown(idle, watched)
    verdict = "ok" if ratio <= MOST_SLOWER else "too slow" if not math.isnan(ratio) else "not measured"
    return f"p95 of '{watched.name}' / p95 of 'idle': {ratio:.2f} (limit {MOST_SLOWER:g}): {verdict}"


def find_faults(steady: Sequence[Row], crowd: Sequence[Row]) -> list[str]:
    """Return why the figures cannot be trusted, a sentence each; none if they can.

    Args:
        steady: rows of situations; all but the idle one must have been polled.
        crowd: rows of actions.
    """
    counts = [(row.name, row.polls) for row in (*steady, *crowd)]
    faults = find_lost_polls(counts, must_poll=[row.name for row in steady if row.name != "idle"])
    for row in (*steady, *crowd):
        if row.failures:
            n_all = len(row.failures) + len(row.taken)
            faults.append(f"{len(row.failures)} of {n_all} failed in '{row.name}', the first: {row.failures[0]}")
    return faults


def to_json(row: Row) -> dict[str, Any]:
    """Return a row as JSON values; figures that do not exist are None."""
    quantiles = {name: row.quantile(share) for name, share in (("p50", 0.5), ("p95", 0.95), ("longest", 1.0))}
    return {
        "name": row.name,
        "interactions": len(row.taken),
        **{name: None if math.isnan(value) else round(value, 4) for name, value in quantiles.items()},
        "failures": list(row.failures),
        "limit": row.limit,
        "verdict": judge(row),
        "polls_asked": row.polls.asked,
        "polls_answered": row.polls.answered,
        "server_cpu_seconds": round(row.cpu_seconds, 2),
        "rss_mb": round(row.rss_mb, 1),
    }
