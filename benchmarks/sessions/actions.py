"""What a visitor does on each page, each time with an input that no session has used, so that no cache has it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from benchmarks.sessions.client import LONGEST, Client, SessionError
from benchmarks.sessions.server import ROOT

START = "Start"
#: Settings of a race that is still running when everything is measured.
LONG_RACE = "steps=1000000"
_LESSONS = ROOT / "pages" / "lessons"
_TASKS = 20
_WALK_STEPS = 8
#: Seeds below this may be cached or bundled.
_FIRST_SEED = 100_000
_LAST_SEED = 2**32 - 1


class Fresh:
    """Inputs that nobody has asked for: random seeds, each once."""

    def __init__(self, rng: np.random.Generator) -> None:
        """Draw from a generator."""
        self.rng = rng
        self._seen: set[int] = set()

    def seed(self) -> int:
        """Return the seed of a scene or story that has not been given before."""
        while (seed := int(self.rng.integers(_FIRST_SEED, _LAST_SEED))) in self._seen:
            pass
        self._seen.add(seed)
        return seed


#: Does the action; returns seconds by the part of it that they are about ("" for the action itself).
Act = Callable[[Client, Fresh], Awaitable[dict[str, float]]]


@dataclass(frozen=True)
class Action:
    """A page's main action.

    Attributes:
        name: what options call it.
        title: the row of the table.
        page: the page's path.
        act: does it.
        limit: most seconds of the 95 % quantile; None where none is set.
        prepare: opens the page first, unmeasured; None where opening is the action.
        parts: more rows: a part that `act` returns, and its title.
        most: most sessions that do it, None for all.
    """

    name: str
    title: str
    page: str
    act: Act
    limit: float | None = None
    prepare: Act | None = None
    parts: tuple[tuple[str, str], ...] = ()
    most: int | None = None


async def open_page(client: Client, fresh: Fresh, page: str, query: str = "") -> dict[str, float]:
    """Open a page."""
    client.open_page(page)
    return {"": await client.run(query)}


def ask_by_link(make_query: Callable[[Fresh], str]) -> Act:
    """Return the action of asking for another input of the page that is open."""

    async def act(client: Client, fresh: Fresh) -> dict[str, float]:
        query = make_query(fresh)
        taken = await client.run(query)
        expect_seed(client, query)
        return {"": taken}

    return act


def expect_seed(client: Client, query: str) -> None:
    """Raise SessionError unless the page's URL kept the seed asked for; a page drops what it refuses."""
    (seed,) = (part for part in query.split("&") if part.startswith("seed="))
    if seed not in client.screen.query.split("&"):
        raise SessionError(f"The page was asked for '{query}' and shows '{client.screen.query}'.")


async def show_physics(client: Client, fresh: Fresh) -> dict[str, float]:
    """Open a physics scene that no session has used."""
    return await open_page(client, fresh, "physics", f"seed={fresh.seed()}")


async def pull_ball(client: Client, fresh: Fresh) -> dict[str, float]:
    """Pull one ball a little, to a free place."""
    table = client.screen.components.get("physics.table")
    if table is None:
        raise SessionError("The physics page shows no table.")
    frame = len(table.data["seen"]) - 1
    ball, to = find_free_place(table.data["seen"][frame], table.data["radius"], table.data["halfSide"], fresh.rng)
    taken = await client.send_event(
        "physics.table", {"kind": "pull", "ball": ball, "frame": frame, "to": to, "number": 1}
    )
    if "pulls=" not in client.screen.query:
        raise SessionError("The physics page refused a pull.")
    return {"": taken}


def find_free_place(
    places: list[list[float]], radius: float, half_side: float, rng: np.random.Generator
) -> tuple[int, list[float]]:
    """Return a ball and a place near its own where it touches nothing.

    Args:
        places: (N, 2) centers in meters.
        radius: of a ball, in meters.
        half_side: of the table, in meters.
        rng: draws ball and place.
    """
    centers = np.array(places)
    for _ in range(1000):
        ball = int(rng.integers(len(centers)))
        to = centers[ball] + rng.uniform(-0.5, 0.5, 2) * radius
        gaps = np.linalg.norm(np.delete(centers, ball, axis=0) - to, axis=1)
        if gaps.min() > 2.2 * radius and np.abs(to).max() < half_side - 1.1 * radius:
            return ball, [round(float(part), 3) for part in to]
    raise SessionError("No ball of the scene has free room around it.")


def lesson_slugs(folder: Path = _LESSONS) -> list[str]:
    """Return the lessons' names in links."""
    return sorted(path.stem.partition("-")[2] for path in folder.glob("[0-9]*.md"))


def _draw_lesson(fresh: Fresh) -> str:
    """Return the link of one lesson; there are ten, so that this input, for once, is not fresh."""
    return f"lesson={fresh.rng.choice(lesson_slugs())}"


async def show_lesson(client: Client, fresh: Fresh) -> dict[str, float]:
    """Open a lesson, as a class does with a link."""
    return await open_page(client, fresh, "lessons", _draw_lesson(fresh))


async def ask_clevr(client: Client, fresh: Fresh) -> dict[str, float]:
    """Ask for another CLEVR scene; wait for the answer from its state, then for its picture."""
    before = find_picture_url(client)
    answered = client.watch(_shows_answers)
    pictured = client.watch(lambda message: _shows_picture(message, before))
    started = time.perf_counter()
    running = asyncio.create_task(client.run(f"seed={fresh.seed()}"))
    seconds = {}
    for part, seen in (("", answered), ("picture", pictured)):
        waiting = asyncio.create_task(seen.wait())
        await asyncio.wait({waiting}, timeout=LONGEST)
        waiting.cancel()
        if not seen.is_set():
            await running
            raise SessionError(f"No {part or 'answer'} came within {LONGEST:g} s.")
        seconds[part] = time.perf_counter() - started
    await running
    return seconds


def _shows_answers(message: ForwardMsg) -> bool:
    """Return whether a message draws the networks' answers."""
    return message.WhichOneof("type") == "delta" and "rn-answers" in message.delta.new_element.html.body


def _shows_picture(message: ForwardMsg, before: str) -> bool:
    """Return whether a message draws a picture that was not there before."""
    if message.WhichOneof("type") != "delta" or message.delta.new_element.WhichOneof("type") != "bidi_component":
        return False
    component = message.delta.new_element.bidi_component
    found = _picture_in(component.json or component.mixed.json)
    return found not in ("", before)


def _picture_in(content: str) -> str:
    """Return the end of the first picture in a component's data, which tells it from others; "" without one."""
    picture = content.partition("data:image/jpeg;base64,")[2].partition('"')[0]
    return picture[-2000:]


def find_picture_url(client: Client) -> str:
    """Return what tells the picture on the page from others; "" without one."""
    found = (_picture_in(str(widget.data).replace("'", '"')) for widget in client.screen.components.values())
    return next(filter(None, found), "")


async def start_training(client: Client, fresh: Fresh) -> dict[str, float]:
    """Press the button that starts a race."""
    taken = await client.press(START)
    if "run=" not in client.screen.query:
        raise SessionError("The Train page did not take the race.")
    return {"": taken}


def open_fresh(page: str) -> Act:
    """Return the preparation that opens a page on a scene or story that no session has used."""
    return lambda client, fresh: open_page(client, fresh, page, f"seed={fresh.seed()}")


def _draw_story(fresh: Fresh) -> str:
    """Return the link of a story of any task."""
    task = int(fresh.rng.integers(2, _TASKS + 1))
    return f"task={task}&seed={fresh.seed()}"


def _draw_step(fresh: Fresh) -> str:
    """Return the link of a step of the walk through a fresh scene."""
    return f"seed={fresh.seed()}&step={int(fresh.rng.integers(2, _WALK_STEPS + 1))}"


def _draw_seed(fresh: Fresh) -> str:
    """Return the link of a fresh scene."""
    return f"seed={fresh.seed()}"


async def answer_lesson(client: Client, fresh: Fresh) -> dict[str, float]:
    """Choose the first answer of the lesson's quiz, which reveals what the networks say."""
    return {"": await client.press("**A**")}


ACTIONS = (
    Action("explore", "Explore: new scene", "", ask_by_link(_draw_seed), 1.5, open_fresh("")),
    Action("babi", "bAbI: another story", "babi", ask_by_link(_draw_story), 1.5, open_fresh("babi")),
    Action("physics", "Physics: new scene", "physics", ask_by_link(_draw_seed), 1.5, show_physics),
    Action("pull", "Physics: pull a ball", "physics", pull_ball, 1.5, show_physics),
    Action("lesson", "Lessons: open one", "lessons", show_lesson, 1.5),
    Action("reveal", "Lessons: answer one", "lessons", answer_lesson, 1.5, show_lesson),
    Action(
        "clevr", "CLEVR: new scene, answer from its state", "clevr", ask_clevr, 3.0,
        lambda client, fresh: open_page(client, fresh, "clevr"), (("picture", "CLEVR: new scene, its picture"),),
    ),
    Action(
        "walk", "How it works: a step, new scene", "how_it_works", ask_by_link(_draw_step), None,
        open_fresh("how_it_works"),
    ),
    Action("results", "Results: open", "results", lambda client, fresh: open_page(client, fresh, "results")),
    Action(
        "train", "Train: start a race", "train", start_training, None,
        lambda client, fresh: open_page(client, fresh, "train"), most=10,
    ),
)  # fmt: skip
