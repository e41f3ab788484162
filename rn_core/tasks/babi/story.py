"""Stories: statements and questions in order, in bAbI's published format.

Source: Weston et al. 2015, "Towards AI-complete question answering" (https://arxiv.org/abs/1502.05698), data v1-2.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass

from rn_core.common.errors import RNCoreError

#: Number of a task -> its name, in the paper's words.
TASK_NAMES = {
    1: "single supporting fact",
    2: "two supporting facts",
    3: "three supporting facts",
    4: "two argument relations",
    5: "three argument relations",
    6: "yes/no questions",
    7: "counting",
    8: "lists/sets",
    9: "simple negation",
    10: "indefinite knowledge",
    11: "basic coreference",
    12: "conjunction",
    13: "compound coreference",
    14: "time reasoning",
    15: "basic deduction",
    16: "basic induction",
    17: "positional reasoning",
    18: "size reasoning",
    19: "path finding",
    20: "agent's motivations",
}
#: Tasks whose questions have a space between "?" and the tab in the published files.
_SPACED = frozenset({1, 2, 3, *range(5, 15)})


@dataclass(frozen=True)
class StoryQuestion:
    """One question and all statements before it.

    Attributes:
        task: 1 to 20.
        statements: such as "Mary moved to the bathroom.", the oldest first, without questions.
        text: such as "Where is Mary?".
        answer: one word, or several joined by commas ("apple,football", "s,w").
        support: the statements that the answer follows from, as indices into `statements`, in the file's order.
    """

    task: int
    statements: tuple[str, ...]
    text: str
    answer: str
    support: tuple[int, ...]

    def to_json(self) -> str:
        """Return the question with its story as JSON."""
        return json.dumps(asdict(self))

    @staticmethod
    def from_json(text: str) -> StoryQuestion:
        """Read what `to_json` wrote."""
        values = json.loads(text)
        return StoryQuestion(**{**values, **{name: tuple(values[name]) for name in ("statements", "support")}})


@dataclass(frozen=True)
class QuestionLine:
    """A question in a story.

    Attributes:
        text: such as "Where is Mary?".
        answer: as `StoryQuestion.answer`.
        support: as `StoryQuestion.support`.
    """

    text: str
    answer: str
    support: tuple[int, ...]


@dataclass(frozen=True)
class Story:
    """Statements and questions in order.

    Attributes:
        task: 1 to 20.
        lines: a statement is its text.
    """

    task: int
    lines: tuple[str | QuestionLine, ...]

    def questions(self) -> Iterator[StoryQuestion]:
        """Yield each question with the statements before it."""
        told: list[str] = []
        for line in self.lines:
            if isinstance(line, str):
                told.append(line)
            else:
                yield StoryQuestion(self.task, tuple(told), line.text, line.answer, line.support)

    def to_text(self) -> str:
        """Return the story as the published files have it; `files.parse_stories` reads it back."""
        numbers = [number for number, line in enumerate(self.lines, start=1) if isinstance(line, str)]
        gap = " " if self.task in _SPACED else ""
        written = []
        for number, line in enumerate(self.lines, start=1):
            if isinstance(line, str):
                written.append(f"{number} {line}\n")
            else:
                support = " ".join(str(numbers[index]) for index in line.support)
                written.append(f"{number} {line.text}{gap}\t{line.answer}\t{support}\n")
        return "".join(written)


def check_task(task: int) -> int:
    """Return the number of a task; raises RNCoreError unless it is 1 to 20."""
    if not isinstance(task, int) or isinstance(task, bool) or task not in TASK_NAMES:
        raise RNCoreError(f"bAbI's tasks are numbered 1 to 20, got {task!r}; choose one of them.")
    return task
