"""How far back bAbI's supporting facts lie: `python -m benchmarks.babi_reach [--questions 5000]`.

One row per task of generated stories: the share of questions with a supporting statement before the last 20, which is
all that a network sees, and before the last 30 and 40, with 95 % intervals. What a network cannot see it can only
guess, so 100 % minus the share, plus what guesses get right, is the most that it can reach.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import numpy as np

from rn_core.common.errors import RNCoreError
from rn_core.common.records import Accuracy
from rn_core.common.seeding import make_rng
from rn_core.evaluation.accuracy import accuracy_interval
from rn_core.tasks.babi.encoding import WINDOW
from rn_core.tasks.babi.story import TASK_NAMES, Story
from rn_core.tasks.babi.worlds import sample_story

WINDOWS = (WINDOW, 30, 40)
N_QUESTIONS = 5_000


def draw_stories(seed: int, task: int, n_questions: int) -> list[Story]:
    """Return validation stories of a task with at least so many questions."""
    rng, stories, asked = make_rng(seed, "validation", task), [], 0
    while asked < n_questions:
        stories.append(sample_story(rng, task))
        asked += sum(1 for _ in stories[-1].questions())
    return stories


def measure_reach(stories: Sequence[Story], windows: Sequence[int] = WINDOWS) -> dict[int, Accuracy]:
    """Return window -> the share of questions with a supporting statement before the last so many.

    Args:
        stories: one or more, whose questions count together in the interval.
        windows: numbers of statements.
    """
    back = [np.array([len(asked.statements) - min(asked.support) for asked in story.questions()]) for story in stories]
    n_asked = np.array([len(asked) for asked in back])
    return {
        window: accuracy_interval(np.array([(asked > window).sum() for asked in back]), n_asked) for window in windows
    }


def format_reach(task: int, found: dict[int, Accuracy]) -> str:
    """Return one row of the table, in percent."""
    cells = (f"{100 * one.accuracy:.2f} ({100 * one.low:.2f} to {100 * one.high:.2f})" for one in found.values())
    return f"| {task} {TASK_NAMES[task]} | " + " | ".join(cells) + " |"


def _main() -> None:
    """Print the table of all tasks."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.babi_reach", description="How far back bAbI's supporting facts lie."
    )
    parser.add_argument("--questions", type=int, default=N_QUESTIONS, help="per task (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of the generated stories (default: %(default)s)")
    options = parser.parse_args()
    if options.questions < 1:
        parser.error(f"--questions must be 1 or more, got {options.questions}.")
    try:
        print("| task | " + " | ".join(f"before the last {window}, %" for window in WINDOWS) + " |")
        print("| --- " * (len(WINDOWS) + 1) + "|")
        for task in TASK_NAMES:
            print(format_reach(task, measure_reach(draw_stories(options.seed, task, options.questions))))
    except RNCoreError as err:
        parser.error(str(err))


if __name__ == "__main__":
    _main()
