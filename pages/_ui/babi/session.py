"""What a person can do to the bAbI page's state."""

from __future__ import annotations

from functools import partial
from typing import Any

from pages._lab.babi.state import LABELS
from pages._lab.babi.stories import read_written
from pages._lab.components.stage import SceneEvent
from pages._lab.domains.babi import DOMAIN
from pages._ui.kept import Kept, widget_number
from pages._ui.pairs.uploads import open_upload
from pages._ui.session import PageSession
from rn_core.common.errors import RNCoreError

BABI = PageSession("babi", DOMAIN.read_query)
#: Widgets that take a file, and which of its stories.
FILE, NUMBER = "babi.file", "babi.file.number"
#: Box of the page in which a story is written.
STORY_BOX = "story"
#: Questions that were drawn so far.
_DRAWN = Kept("babi.drawn", int)


def take_edit(event: SceneEvent) -> None:
    """Move, drop or restore a sentence; an event about no sentence changes nothing."""
    if event.thing is None:
        return
    place, state = LABELS.index(event.thing), BABI.state
    if event.place is not None:
        BABI.set(state.move(place, event.place))
    else:
        BABI.set(state.mark(place, event.kind == "drop"))


def reset_story() -> None:
    """Go back to the drawn story and its question."""
    BABI.update(told=None, question=None)


def next_story() -> None:
    """Go on to the story of the next seed."""
    BABI.set(DOMAIN.sample(BABI.state))


def turn_by(step: int) -> None:
    """Go on to a later question of the drawn story, or back."""
    BABI.update(turn=BABI.state.turn + step)


def read_typed(text: str) -> dict[str, Any]:
    """Return the change of state that a typed question asks for; raises QuestionError."""
    return DOMAIN.parse(text)


def read_told(text: str) -> dict[str, Any]:
    """Return the change of state that a written story asks for; raises SceneError."""
    return {"told": read_written(text)}


def read_suggested(question: str | None) -> dict[str, Any]:
    """Return the change of state that a chosen question asks for."""
    BABI.set_problem(None)
    return {} if question is None else {"question": question}


def draw_anew() -> None:
    """Ask one of the questions that the story answers, another one each time."""
    turn = _DRAWN.get()
    try:
        question = DOMAIN.suggest(BABI.state, turn)
    except RNCoreError as err:
        BABI.notify(str(err))
        return
    _DRAWN.set(turn + 1)
    BABI.update(**read_suggested(question))


def take_file() -> None:
    """Take the chosen story of the file that was opened; if it cannot be read, say why and keep what there is."""
    read = partial(DOMAIN.read_file, number=widget_number(NUMBER), task=BABI.state.task)
    story = open_upload(BABI, FILE, read)
    if story is None:
        return
    BABI.update(task=story.task, told=story.told, question=story.question, given=story.answer)
    BABI.set_problem(None, STORY_BOX)
    BABI.set_problem(None)
