"""Small pieces of HTML for lessons; no Streamlit. All text that goes into HTML is escaped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pages._lab import layout
from pages._lab.lessons.file import Lesson, Quiz
from pages._lab.lessons.work import Removal, Turn
from pages._lab.plain import escape
from rn_core.experiments.limits import CrowdAccuracy

LETTERS = "ABCD"
STYLE = """
<style>
.rn-lesson {font-size: 2rem; font-weight: 700; line-height: 1.15; margin: 0; padding: 0; text-wrap: balance}
.rn-verdict {font-size: 1.6rem; font-weight: 700; line-height: 1.25; margin: 0}
.rn-asked {font-size: 1.1rem; margin: 0} .rn-asked b {font-weight: 650}
.st-key-lessons-text p, .st-key-lessons-why p {font-size: 1.18rem; line-height: 1.5}
.rn-beside .rn-card {flex-basis: 9.5rem}
.st-key-lessons-choices button {text-align: left; padding: .55rem 1rem}
.st-key-lessons-choices button > div, .st-key-lessons-choices button > div > span {width: 100%; justify-content: start}
.st-key-lessons-choices button p {font-size: 1.2rem}
/* Short choices share a line. What can be chosen is always on the screen; text that scrolls behind it fades out. */
.st-key-lessons-choices {flex-flow: row wrap; gap: .5rem}
.st-key-lessons-choices > [data-testid="stElementContainer"] {flex: 1 1 auto; width: auto; max-width: 100%}
@media (min-width: 641px) {
  [data-testid="stLayoutWrapper"]:has(> .st-key-lessons-quiz) {position: sticky; bottom: 0; z-index: 2;
    padding: .3rem 0 .6rem; background: light-dark(#ffffff, #10151c)}
  [data-testid="stLayoutWrapper"]:has(> .st-key-lessons-quiz)::before {content: ""; position: absolute; bottom: 100%;
    width: 100%; height: 3rem; pointer-events: none;
    background: linear-gradient(to top, light-dark(#ffffff, #10151c) 15%, transparent)}
  .st-key-lessons-text {padding-bottom: 2rem}
}
/* On a phone the lesson comes first, then the list of all. */
@media (max-width: 640px) {[data-testid="stColumn"]:has(.st-key-lessons-menu) {order: 1}}
</style>
"""


def head_html(lesson: Lesson, number: int, total: int) -> str:
    """Return a lesson's title under its number and length."""
    minutes = f"{lesson.minutes} minute{'s' * (lesson.minutes > 1)}"
    return (
        f'<p class="rn-aside">Lesson {number} of {total} · {minutes}</p>'
        f'<h2 class="rn-lesson">{escape(lesson.title)}</h2>'
    )


def asked_html(sentence: str) -> str:
    """Return the question that the networks get."""
    return f'<p class="rn-asked">The networks are asked: <b>{escape(sentence)}</b></p>'


def ask_html(quiz: Quiz) -> str:
    """Return the question to the class, large."""
    return f'<h3 class="rn-question">{escape(quiz.ask)}</h3>'


def said_html(answers: str) -> str:
    """Return the truth and what the networks say, for a narrow column.

    Args:
        answers: HTML of a page's answers.
    """
    return f'<div class="rn-beside">{answers}</div>'


def verdict_html(quiz: Quiz, chosen: int) -> str:
    """Return whether a choice is right, with both in words."""
    if chosen == quiz.answer:
        return f'<div class="rn-scheme"><p class="rn-verdict rn-right">✓ Right: {escape(quiz.right)}</p></div>'
    return (
        f'<div class="rn-scheme"><p class="rn-verdict rn-wrong">✗ You said: {escape(quiz.choices[chosen])}</p>'
        f'<p class="rn-verdict">Right: {escape(quiz.right)}</p></div>'
    )


def mark(quiz: Quiz, chosen: int | None) -> str:
    """Return the sign behind a lesson in the list: nothing, a tick or a cross."""
    if chosen is None:
        return ""
    return " ✓" if chosen == quiz.answer else " ✗"


def describe_progress(lessons: Sequence[Lesson], answers: Mapping[str, int]) -> str:
    """Return how many quizzes are answered, and how many of them right."""
    done = [lesson for lesson in lessons if lesson.slug in answers]
    right = sum(answers[lesson.slug] == lesson.quiz.answer for lesson in done)
    return f"{len(done)} of {len(lessons)} answered" + (f", {right} right" if done else "")


def turns_html(turns: Sequence[Turn]) -> str:
    """Return a table of the answers after each object's shape is turned."""
    return _outcomes_html("If …", {f"{turn.color} becomes a {turn.shape}": turn for turn in turns})


def removals_html(removals: Sequence[Removal]) -> str:
    """Return a table of the answers after each object is removed."""
    return _outcomes_html("Without …", {removal.name: removal for removal in removals})


def _outcomes_html(head: str, outcomes: Mapping[str, Turn | Removal]) -> str:
    """Return a table of what was changed -> what the network says then, and the truth."""
    rows = "".join(
        f"<tr><td>{escape(change)}</td><td><b>{escape(found.answer)}</b></td>"
        f"<td>{escape(found.truth or '?')}</td><td>{'⇄ changes' if found.flips else 'stays'}</td></tr>"
        for change, found in outcomes.items()
    )
    return _table_html((head, "Network says", "Truth", "Answer"), rows)


def crowd_html(question: str, said: str, truth: str) -> str:
    """Return what the network says about a crowd, and the truth."""
    return (
        f'<div class="rn-scheme"><p class="rn-asked">The network is asked: <b>{escape(question)}</b></p>'
        f'<p class="rn-truth">It says <b>{escape(said)}</b> {layout.mark_html(said == truth)} · '
        f"Truth: <b>{escape(truth)}</b></p></div>"
    )


def counts_html(crowds: Sequence[CrowdAccuracy]) -> str:
    """Return a table of the errors of wrong counts, one row per number of objects that has any."""
    rows = "".join(
        f"<tr><td>{crowd.n_objects}</td><td>{crowd.off_by_one.n}</td>"
        f"<td>{100 * crowd.off_by_one.accuracy:.0f}\u00a0%</td><td>{100 * crowd.too_few.accuracy:.0f}\u00a0%</td></tr>"
        for crowd in crowds
        if crowd.off_by_one is not None and crowd.too_few is not None
    )
    return _table_html(("Objects", "Wrong counts", "Off by one", "Too low"), rows)


def _table_html(heads: Sequence[str], rows: str) -> str:
    """Return a table of finished rows."""
    head = "".join(f"<th>{name}</th>" for name in heads)
    return f'<table class="rn-scheme rn-table"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'


def key_html(lessons: Sequence[Lesson]) -> str:
    """Return a table of all quizzes with their answers."""
    rows = "".join(
        f"<tr><td>{number}</td><td>{escape(lesson.title)}</td><td>{escape(lesson.quiz.ask)}</td>"
        f"<td><b>{LETTERS[lesson.quiz.answer]} · {escape(lesson.quiz.right)}</b></td></tr>"
        for number, lesson in enumerate(lessons, start=1)
    )
    return _table_html(("", "Lesson", "Question", "Answer"), rows)
