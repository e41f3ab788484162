"""Compare generated stories with published ones: `python -m benchmarks.babi_data --data FOLDER`.

One row per task, real / generated: statements before a question (median, most), words in the vocabulary, share of the
commonest answer, and the share of questions for which the solver gives the answer and, in brackets, the support too.
"""

from __future__ import annotations

import argparse
import statistics
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rn_core.common.errors import RNCoreError
from rn_core.common.seeding import make_rng
from rn_core.tasks.babi.files import find_files, load_stories
from rn_core.tasks.babi.solvers import Solution, solve
from rn_core.tasks.babi.story import Story, StoryQuestion
from rn_core.tasks.babi.worlds import WORLDS, sample_story

N_STORIES = 400


@dataclass(frozen=True)
class StoryStatistics:
    """What one row compares.

    Attributes:
        median, most: statements before a question.
        words: of statements, questions and answers, in lower case; a list answer is as many words.
        majority: share of the commonest answer, 0 to 1.
        answered: share of questions to which the solver gives their answer, 0 to 1.
        supported: share of questions for which it gives their support, too.
    """

    median: float
    most: int
    words: frozenset[str]
    majority: float
    answered: float
    supported: float


def measure_stories(stories: Sequence[Story]) -> StoryStatistics:
    """Return the statistics of one task's stories, at least one of them."""
    questions = [question for story in stories for question in story.questions()]
    lengths = [len(question.statements) for question in questions]
    answers = Counter(question.answer for question in questions)
    solutions = [_solve(question) for question in questions]
    pairs = list(zip(questions, solutions, strict=True))
    return StoryStatistics(
        median=statistics.median(lengths),
        most=max(lengths),
        words=frozenset(_words(stories)),
        majority=max(answers.values()) / len(questions),
        answered=statistics.fmean(found is not None and found.answer == asked.answer for asked, found in pairs),
        supported=statistics.fmean(
            found is not None and (found.answer, found.support) == (asked.answer, asked.support)
            for asked, found in pairs
        ),
    )


def format_comparison(task: int, real: StoryStatistics | None, generated: StoryStatistics) -> str:
    """Return one row of the table; a task without real stories has the generated figures alone."""
    both = [generated] if real is None else [real, generated]
    cells = [
        " / ".join(f"{one.median:.0f}, {one.most}" for one in both),
        " / ".join(str(len(one.words)) for one in both),
        " / ".join(f"{one.majority:.3f}" for one in both),
        " / ".join(f"{100 * one.answered:.2f} ({100 * one.supported:.2f})" for one in both),
    ]
    return f"| {task} | " + " | ".join(cells) + " |"


def _solve(question: StoryQuestion) -> Solution | None:
    """Return the solver's solution; none if the story does not say."""
    try:
        return solve(question.task, question.statements, question.text)
    except RNCoreError:
        return None


def _words(stories: Iterable[Story]) -> Iterable[str]:
    """Yield all words of the stories."""
    for story in stories:
        for line in story.lines:
            text = line if isinstance(line, str) else f"{line.text} {line.answer}"
            yield from text.lower().replace(",", " ").translate({ord("."): None, ord("?"): None}).split()


def _main() -> None:
    """Print the table of all tasks that the folder has."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.babi_data", description="Compare generated stories with published ones."
    )
    parser.add_argument("--data", type=Path, required=True, help="folder of one layout, such as .../en-valid-10k")
    parser.add_argument("--split", default="train", choices=("train", "valid", "test"), help="default: %(default)s")
    parser.add_argument("--stories", type=int, default=N_STORIES, help="generated per task (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of the generated stories (default: %(default)s)")
    options = parser.parse_args()
    try:
        files = find_files(options.data, options.split)
        print(
            "| task | statements before a question: median, most | words | majority | solver's answers (support), % |"
        )
        print("| --- " * 5 + "|")
        for task in WORLDS:
            rng = make_rng(options.seed, "explore", task)
            generated = measure_stories([sample_story(rng, task) for _ in range(options.stories)])
            real = measure_stories(load_stories(files[task], task)) if task in files else None
            print(format_comparison(task, real, generated))
    except RNCoreError as err:
        parser.error(str(err))


if __name__ == "__main__":
    _main()
