"""Lessons as files: `NN-name.md` in `pages/lessons/`, fields at the head and the text below. Knows no Streamlit.

Whoever adds such a file adds a lesson. A file that cannot be used says why in one sentence, and the others stay.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qsl

from pages._lab.domains import babi, clevr, physics, sort_of_clevr
from pages._lab.domains.base import Domain
from pages._lab.lessons.front import Group, LessonError, read_head
from pages._lab.links import one_of, parse_scene
from pages._lab.models import MODELS
from pages._lab.pairs.state import PairState
from pages._lab.sort_of_clevr.state import ExploreState
from rn_core.common.errors import RNCoreError, did_you_mean
from rn_core.common.seeding import MAX_SEED
from rn_core.tasks.sort_of_clevr.asking import check_answerable
from rn_core.tasks.sort_of_clevr.language import parse
from rn_core.weights.file_set import find_cards
from rn_core.weights.store import PRETRAINED

FOLDER = Path(__file__).parents[2] / "lessons"
MAX_BYTES = 100_000
_NAME = re.compile(r"[0-9]{2}-([a-z0-9]+(?:-[a-z0-9]+)*)\.md")
#: Page that a lesson's question stands on -> its domain. Lessons of Explore may also name scene and question.
PAGES: MappingProxyType[str, Domain[Any, Any, Any]] = MappingProxyType(
    {"explore": sort_of_clevr.DOMAIN, "clevr": clevr.DOMAIN, "babi": babi.DOMAIN, "physics": physics.DOMAIN}
)
_EXPLORE = "explore"
#: View -> what a lesson shows beside the scene once its question is answered.
VIEWS = MappingProxyType(
    {
        "scene": "the pairs over the scene",
        "sum": "the sum of the pairs in several orders",
        "redeal": "how answers change when all other objects are replaced",
        "floors": "accuracy of both networks, the blind floor, and guessing the commoner shape",
        "matrix": "the pair matrix, shown before the question is answered; the scene is shown after it",
        "diagonal": "accuracy without the diagonal and with the diagonal only",
        "baseline": "the pair matrix relative to no pairs and to the mean scene",
        "counterfactual": "the answer after each object's shape is changed",
        "crowds": "accuracy with more and fewer objects, and near ties",
        "cost": "time per answer against the number of objects, measured here",
        "without": "the answer after each object is removed",
        "sights": "the pair matrices of cells and of objects found in the image",
        "learning": "how both networks learned from answers only, question by question",
        "triples": "the triples over the scene, for a link to a question about three objects",
        "chain": "accuracy against the number of jumps, for a link to a question about a chain of jumps",
    }
)
#: Views that lessons of every page can have.
SHARED_VIEWS = ("scene", "matrix", "without")
#: Views that measure on many scenes; for pixels that would take too long before a class.
_MEASURED = ("redeal", "floors", "diagonal", "crowds")
#: Fields that say what Explore shows; a link says it in one.
_SCENE = ("scene", "question", "objects", "model")
#: Views that show questions about more than pairs, each with the question family of the same name.
FAMILY_VIEWS = ("triples", "chain")
_FIELDS = MappingProxyType(
    {
        "title": "Why pairs",
        "minutes": "3",
        "page": "explore",
        "link": "seed=6 (what the page's address ends with, behind the question mark)",
        "scene": "6",
        "objects": "r20.30s_b50.12c",
        "question": "Is the red object on the left?",
        "model": "rn-objects",
        "view": "scene",
        "needs": "sort-of-clevr/rn-chain (weights without which the lesson is left out)",
        "quiz": "(and below it, indented: ask, choices, answer, why)",
    }
)
_QUIZ_FIELDS = MappingProxyType(
    {
        "ask": "Which object decides?",
        "choices": "(and below it, each on a line that starts with '- ')",
        "answer": "the blue one",
        "why": "It is the nearest one.",
    }
)


@dataclass(frozen=True)
class Quiz:
    """The question that a lesson puts to the class.

    Attributes:
        ask: the question.
        choices: two to four answers.
        answer: index of the right one.
        why: one or two sentences shown after an answer, in Markdown.
    """

    ask: str
    choices: tuple[str, ...]
    answer: int
    why: str

    @property
    def right(self) -> str:
        """Return the right choice."""
        return self.choices[self.answer]


@dataclass(frozen=True)
class Lesson:
    """One lesson.

    Attributes:
        slug: its name in links, from the file's name.
        title: a few words.
        minutes: how long it takes, 1 to 30.
        page: key of `PAGES`.
        state: scene, question and model, as that page shows them.
        view: key of `VIEWS`.
        quiz: what is asked before anything is told.
        body: the text, in Markdown.
        needs: full names of weights without which it has nothing to show.
    """

    slug: str
    title: str
    minutes: int
    page: str
    state: PairState
    view: str
    quiz: Quiz
    body: str
    needs: tuple[str, ...] = ()

    @property
    def domain(self) -> Domain[Any, Any, Any]:
        """Return the domain of its question."""
        return PAGES[self.page]

    @property
    def explore(self) -> ExploreState:
        """Return the state of a lesson on Explore; raises LessonError for any other."""
        if not isinstance(self.state, ExploreState):
            raise LessonError(f"The lesson '{self.slug}' is about the page '{self.page}', not about Explore.")
        return self.state


@dataclass(frozen=True)
class Lessons:
    """What the folder holds: lessons in the order of the files' names, and a sentence for each bad file."""

    lessons: tuple[Lesson, ...]
    problems: tuple[str, ...]


def describe_format() -> str:
    """Return in a few sentences how a teacher adds a lesson, in Markdown."""
    fields = ", ".join(f"`{name}`" for name in _FIELDS)
    quiz = ", ".join(f"`{name}`" for name in _QUIZ_FIELDS)
    views = ", ".join(f"`{name}`" for name in VIEWS)
    return (
        "**Add a lesson:** copy a file of `pages/lessons` to a new name such as `30-my-lesson.md` and change it. "
        f"Fields: {fields}; under `quiz`: {quiz}. Views: {views}."
    )


def find_files(folder: Path) -> list[Path]:
    """Return the lesson files of a folder by name."""
    return sorted(path for path in folder.glob("*.md") if path.is_file())


def list_slugs(folder: Path) -> list[str]:
    """Return the lessons' names in links, each once, without opening the files."""
    matches = (_NAME.fullmatch(path.name) for path in find_files(folder))
    return list(dict.fromkeys(match[1] for match in matches if match))


def read_folder(folder: Path) -> Lessons:
    """Read all lessons of a folder whose weights are installed; a file that cannot be used becomes a sentence."""
    installed = find_cards(PRETRAINED).keys()
    lessons: dict[str, Lesson] = {}
    files: dict[str, str] = {}
    problems = []
    for path in find_files(folder):
        try:
            lesson = read_lesson(path)
            if lesson.slug in files:
                raise LessonError(
                    f"{path.name}, line 1: {files[lesson.slug]} has the name '{lesson.slug}' already; rename one."
                )
            files[lesson.slug] = path.name
            if installed >= {*lesson.needs}:
                lessons[lesson.slug] = lesson
        except LessonError as err:
            problems.append(str(err))
    return Lessons(tuple(lessons.values()), tuple(problems))


def read_lesson(path: Path) -> Lesson:
    """Read one file.

    Raises:
        LessonError: if it cannot be used; the sentence names file, line and field.
    """
    match = _NAME.fullmatch(path.name)
    if match is None:
        raise LessonError(
            f"{path.name[:80]}, line 1: a lesson's file must be named like 03-why-pairs.md: two digits, then lowercase "
            "letters, digits and dashes; rename it."
        )
    head = read_head(path.name, _read_text(path))
    fields = head.group
    fields.check_names(_FIELDS, optional=("page", "link", "needs", *_SCENE))
    if not head.body:
        raise LessonError(f"{path.name}, line {head.body_line}: the lesson's text is missing; write it below '---'.")
    page = fields.read("page", one_of(PAGES, "page")) if "page" in fields.fields else _EXPLORE
    state, view = _read_state(fields, page), fields.read("view", one_of(VIEWS, "view"))
    if page != _EXPLORE and view not in SHARED_VIEWS:
        raise fields.error("view", f"'{view}' needs 'page: explore'; use {', '.join(SHARED_VIEWS)}.")
    family = state.family if isinstance(state, ExploreState) and state.family in FAMILY_VIEWS else None
    if family != (view if view in FAMILY_VIEWS else None):
        raise fields.error("view", f"'{family or view}' needs a link to such a question, and no other view; give both.")
    if view in _MEASURED and state.model != "rn-objects":
        raise fields.error("view", f"'{view}' measures on many scenes and needs 'model: rn-objects'.")
    return Lesson(
        slug=match[1],
        title=fields.text("title", longest=40),
        minutes=fields.whole("minutes", 1, 30),
        page=page,
        state=state,
        view=view,
        quiz=_read_quiz(fields.group("quiz")),
        body=head.body,
        needs=tuple(fields.text("needs", longest=200).split()) if "needs" in fields.fields else (),
    )


def _read_text(path: Path) -> str:
    """Return a file's text, without a byte order mark."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise LessonError(f"{path.name}, line 1: a lesson may have at most {MAX_BYTES // 1000} kB; shorten it.")
        content = path.read_bytes()
    except OSError as err:
        raise LessonError(f"{path.name}, line 1: the file cannot be read ({err.strerror}); check its rights.") from err
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as err:
        line = content[: err.start].count(b"\n") + 1
        raise LessonError(f"{path.name}, line {line}: this is not UTF-8 text; save the file as UTF-8.") from err


def _read_state(fields: Group, page: str) -> PairState:
    """Return what a lesson's page shows: that of its link, or of scene and question."""
    named = [name for name in _SCENE if name in fields.fields]
    if "link" in fields.fields and named:
        raise fields.error(named[0], "the link says it already; remove one of the two.")
    if "link" in fields.fields:
        return _read_link(fields, page)
    if page != _EXPLORE:
        raise fields.error("link", "it is missing; copy what the page's address has behind the question mark.")
    fields.check_names(_FIELDS, optional=("page", "link", "objects", "model", "needs"))
    return _read_explore(fields)


def _read_link(fields: Group, page: str) -> PairState:
    """Return the state that a page's address opens."""
    query = dict(parse_qsl(fields.text("link", longest=1500).removeprefix("?"), keep_blank_values=True))
    state, problems = PAGES[page].read_query(query)
    if problems:
        raise fields.error("link", problems[0])
    if not isinstance(state, PairState):
        raise fields.error("link", f"the page '{page}' has no pairs; use another one.")
    return state


def _read_explore(fields: Group) -> ExploreState:
    """Return the scene, question and model of a lesson."""
    state = ExploreState(seed=fields.whole("scene", 0, MAX_SEED), question=fields.read("question", parse))
    if "model" in fields.fields:
        state = state.change(model=fields.read("model", one_of(MODELS, "model")))
    if "objects" in fields.fields:
        state = state.edit(fields.read("objects", parse_scene))
    try:
        check_answerable(state.scene, state.question)
    except RNCoreError as err:
        raise fields.error("question", str(err)) from err
    return state


def _read_quiz(fields: Group) -> Quiz:
    """Return a lesson's quiz."""
    fields.check_names(_QUIZ_FIELDS)
    choices = fields.texts("choices", fewest=2, most=4, longest=80)
    answer = fields.text("answer", longest=80)
    if answer not in choices:
        near = did_you_mean(answer, list(choices))
        raise fields.error("answer", f"it must be one of the choices, word for word, got '{answer}'.{near}")
    return Quiz(fields.text("ask", longest=160), choices, choices.index(answer), fields.text("why", longest=600))
