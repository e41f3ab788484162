"""What a person can do to the bAbI page's state."""

from __future__ import annotations

from typing import Any

from pages._lab.babi.files import read_story_file
from pages._lab.babi.state import LABELS, BabiState
from pages._lab.babi.stories import read_written, suggest_questions, tidy_question
from pages._lab.components.stage import SceneEvent
from pages._ui.kept import Kept, uploaded_file, widget_number
from pages._ui.session import PageSession
from rn_core.common.errors import RNCoreError
from rn_core.common.seeding import MAX_SEED, make_rng, uniform_integers

BABI = PageSession("babi", BabiState.from_query)
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
    BABI.update(seed=(BABI.state.seed + 1) % (MAX_SEED + 1))


def turn_by(step: int) -> None:
    """Go on to a later question of the drawn story, or back."""
    BABI.update(turn=BABI.state.turn + step)


def read_typed(text: str) -> dict[str, Any]:
    """Return the change of state that a typed question asks for; raises QuestionError."""
    return {"question": tidy_question(text)}


def read_told(text: str) -> dict[str, Any]:
    """Return the change of state that a written story asks for; raises SceneError."""
    return {"told": read_written(text)}


def read_suggested(question: str | None) -> dict[str, Any]:
    """Return the change of state that a chosen question asks for."""
    BABI.set_problem(None)
    return {} if question is None else {"question": question}


def draw_anew() -> None:
    """Ask one of the questions that the story answers, another one each time."""
    state = BABI.state
    asked = [text for text in suggest_questions(state.task, state.seed, state.statements) if text != state.text]
    if not asked:
        BABI.notify("No other question of this task has an answer in this story; write one, or draw another story.")
        return
    turn = _DRAWN.get()
    _DRAWN.set(turn + 1)
    chosen = int(uniform_integers(make_rng(turn, "explore", state.task), len(asked), (1,))[0])
    BABI.update(**read_suggested(asked[chosen]))


def take_file() -> None:
    """Take the chosen story of the file that was opened; if it cannot be read, say why and keep what there is."""
    file = uploaded_file(FILE)
    if file is None:
        return
    try:
        story = read_story_file(file.getvalue(), file.name, widget_number(NUMBER), BABI.state.task)
    except RNCoreError as err:
        BABI.notify(str(err))
        return
    BABI.update(task=story.task, told=story.told, question=story.question)
    BABI.set_problem(None, STORY_BOX)
    BABI.set_problem(None)
