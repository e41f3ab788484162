"""A lesson of 45 minutes through the app: what a teacher opens, says and may expect; no Streamlit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pages._lab.lessons.file import Lesson
from pages._lab.plain import escape

#: What each part of the table is headed by.
HEADS = ("Minutes", "Open", "Aim", "Say", "Expect")
_LESSONS = "lessons"


@dataclass(frozen=True)
class Stop:
    """One part of the way.

    Attributes:
        minutes: how long it takes.
        page: name of the page that is opened.
        lesson: name of the lesson on it; empty on other pages.
        aim: what the class understands then.
        say: what the teacher asks or says.
        expect: what the class answers or sees.
    """

    minutes: int
    page: str
    lesson: str
    aim: str
    say: str
    expect: str


PATH = (
    Stop(
        4, "explore", "",
        "An answer about a relation needs two objects.",
        "Read the question aloud. Which objects did you look at to answer it?",
        "Most name two: the one that is asked about, and the one that holds the answer.",
    ),
    Stop(
        4, _LESSONS, "how-to-read-a-share",
        "A share is a part of the winning score, not a percentage.",
        "Which pair has the largest number? Is it the pair you named?",
        "The row is the object that is asked about, the column the one that holds the answer.",
    ),
    Stop(
        4, _LESSONS, "why-pairs",
        "A Relation Network looks at all pairs, also at those that do not matter.",
        "How many pairs do six objects have? Count each with itself, and both orders.",
        "36. All but a few have shares near zero.",
    ),
    Stop(
        5, _LESSONS, "relational-or-not",
        "Some questions are about one object only.",
        "Cover all objects but blue. Which question can you still answer?",
        "Shape, left and top; no closest, no furthest, no count.",
    ),
    Stop(
        2, "train", "",
        "A race is started now and looked at later.",
        "Both networks get the same questions. Press Start. Which will be better at relations? Hands up.",
        "A vote; write it on the board.",
    ),
    Stop(
        6, "how_it_works", "",
        "Objects, pairs, g, sum, f, answer: the formula is the picture.",
        "At which step do the pairs come together? Could their order matter?",
        "At the sum; a sum has no order.",
    ),
    Stop(
        5, _LESSONS, "counterfactuals",
        "An explanation can be tested by changing the scene.",
        "Which shape must change for the answer to change?",
        "That of the object in the strongest pair, and of no other.",
    ),
    Stop(
        5, _LESSONS, "two-facts-one-answer",
        "Objects can be sentences: the same network reads a story.",
        "Find the two sentences first, with your finger.",
        "3 and 7; neither alone holds the answer.",
    ),
    Stop(
        5, _LESSONS, "when-it-fails",
        "A network answers also where it was never trained.",
        "There are ten objects now. Do you trust the count?",
        "It is wrong: the network learned to count among six.",
    ),
    Stop(
        5, "train", "",
        "Pairs, not size, made the difference.",
        "Who was right? The MLP has more parameters. What does it lack?",
        "The Relation Network is ahead on relational questions and level on the others.",
    ),
)  # fmt: skip


def name_stop(stop: Stop, lessons: Sequence[Lesson]) -> str:
    """Return what a stop opens, in words: a page, or a lesson by number and title."""
    for number, lesson in enumerate(lessons, start=1):
        if stop.page == _LESSONS and lesson.slug == stop.lesson:
            return f"Lesson {number}, {lesson.title}"
    return stop.page.replace("_", " ").capitalize()


def list_rows(lessons: Sequence[Lesson]) -> list[tuple[str, ...]]:
    """Return the table's rows, each with a text per `HEADS`; minutes as the span of the clock."""
    begun = 0
    rows: list[tuple[str, ...]] = []
    for stop in PATH:
        span = f"{begun}–{begun + stop.minutes}"
        rows.append((span, name_stop(stop, lessons), stop.aim, stop.say, stop.expect))
        begun += stop.minutes
    return rows


def path_html(lessons: Sequence[Lesson]) -> str:
    """Return the way as a table."""
    head = "".join(f"<th>{name}</th>" for name in HEADS)
    rows = "".join(f"<tr>{''.join(f'<td>{escape(text)}</td>' for text in row)}</tr>" for row in list_rows(lessons))
    return (
        f'<table class="rn-scheme rn-table"><caption>A lesson of {sum(stop.minutes for stop in PATH)} minutes</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    )


def path_markdown(lessons: Sequence[Lesson]) -> str:
    """Return the way as a Markdown table, as the teachers' page of the docs has it."""
    lines = [HEADS, ("---",) * len(HEADS), *list_rows(lessons)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
