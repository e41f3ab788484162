"""Read bAbI's published files, in all three layouts: en, en-10k and en-valid-10k."""

from __future__ import annotations

import re
from pathlib import Path

from rn_core.common.errors import RNCoreError
from rn_core.common.reading import Reading
from rn_core.tasks.babi.encoding import encode_sentence
from rn_core.tasks.babi.story import QuestionLine, Story, check_task
from rn_core.tasks.babi.words import ANSWERS

#: Most bytes of a file; the largest published one has 10 MB.
MAX_BYTES = 50_000_000
#: qa1_single-supporting-fact_train.txt (en, en-10k) or qa1_train.txt (en-valid-10k).
_NAME = re.compile(r"qa(?P<task>[1-9]|1\d|20)_(?:[a-z0-9-]+_)?(?P<split>train|valid|test)\.txt")
_LINE = re.compile(r"(?P<number>[1-9]\d{0,5}) (?P<rest>.+)")
_ANSWER = re.compile(r"[^\s,]+(,[^\s,]+)*")
#: Characters that no published line has: non-ASCII letters and invisible characters.
_FOREIGN = re.compile(r"[^\t\x20-\x7e]")
#: Blanks at both ends of a line that do not count; the last is the mark that some editors begin a file with.
_BLANKS = " \t\xa0\ufeff"


def find_files(root: Path, split: str) -> dict[int, Path]:
    """Return task -> file of a split, in the order of tasks.

    Args:
        root: a folder of one layout, such as tasks_1-20_v1-2/en-valid-10k.
        split: "train", "valid" or "test".

    Raises:
        RNCoreError: if it is not a folder, has no file of that split, or two of one task.
    """
    if not root.is_dir():
        raise RNCoreError(f"'{root}' is not a folder; give one with bAbI's files, such as tasks_1-20_v1-2/en-10k.")
    found: dict[int, Path] = {}
    splits = set()
    try:
        paths = sorted(root.iterdir())
    except OSError as err:
        raise RNCoreError(f"'{root}' cannot be read ({err.strerror}); check its permissions.") from err
    for path in paths:
        if not (match := _NAME.fullmatch(path.name)):
            continue
        splits.add(match["split"])
        if match["split"] != split:
            continue
        task = int(match["task"])
        if task in found:
            raise RNCoreError(
                f"'{root}' has two files of task {task}, '{found[task].name}' and '{path.name}'; keep one."
            )
        found[task] = path
    if not found:
        others = f"; it has {', '.join(sorted(splits))}, choose one with --split" if splits else ""
        raise RNCoreError(f"'{root}' has no bAbI files of split {split}, such as qa1_{split}.txt{others}.")
    return dict(sorted(found.items()))


def load_stories(path: Path, task: int, reading: Reading | None = None) -> list[Story]:
    """Return the stories of one file; `reading` as in `parse_stories`.

    Raises:
        RNCoreError: with the file, if it cannot be read or is too large, and the line, if it breaks the format.
    """
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise RNCoreError(f"'{path.name}' has {size:,} bytes, and the limit is {MAX_BYTES:,}; split it.")
        content = path.read_bytes()
    except OSError as err:
        raise RNCoreError(f"'{path.name}' cannot be read ({err.strerror}); check its name and rights.") from err
    return parse_stories(content.decode("utf-8", errors="replace"), task, path.name, reading=reading)


def parse_stories(
    text: str, task: int, name: str = "story", first_line: int = 1, reading: Reading | None = None
) -> list[Story]:
    """Return the stories of text in the published format; a line numbered 1 begins one.

    Lines may end as on Windows, and blanks at their ends and empty lines do not count; the last one may lack its end.

    Args:
        text: lines "ID statement." or "ID question?<TAB>answer<TAB>support IDs"; support may be missing.
        task: 1 to 20.
        name: the name of the text in messages.
        first_line: number of the first line in messages, for a part of a file.
        reading: leaves out questions that cannot be evaluated, unknown words and answers among them; None refuses
            what breaks the format, and does not look at words.

    Raises:
        RNCoreError: with `name` and the line, for the first one that breaks the format.
    """
    reader = _StoryReader(check_task(task), name, reading)
    for row, line in enumerate(_split_lines(text), start=first_line):
        if stripped := line.strip(_BLANKS):
            reader.take(row, stripped)
    return reader.finish()


class _StoryReader:
    """Takes the lines of a text one after the other; a question after a statement that cannot be read is left out."""

    def __init__(self, task: int, name: str, reading: Reading | None) -> None:
        self._task, self._name = task, name
        self._reading = reading or Reading(strict=True)
        self._n_before = len(self._reading.skipped)
        self._checks_words = reading is not None
        self._stories: list[list[str | QuestionLine]] = []
        self._number = 0
        self._places: dict[str, int] = {}  # ID of a statement -> its index among the story's statements
        self._problem: RNCoreError | None = None

    def take(self, row: int, line: str) -> None:
        """Read one line that is not empty."""
        is_question = "\t" in line or line.endswith("?")
        try:
            text = self._begin(line)
            if is_question:
                self._stories[-1].append(self._read_question(text))
            else:
                self._places[str(self._number)] = len(self._places)
                self._stories[-1].append(self._read_statement(text))
        except RNCoreError as err:
            if is_question or self._reading.strict:
                self._reading.skip(self._name, "line", row, err)
            if not is_question and self._problem is None:
                self._problem = RNCoreError(f"its story cannot be read from line {row} on: {err}")

    def finish(self) -> list[Story]:
        """Return the stories; raises RNCoreError if there is none."""
        if not self._stories and len(self._reading.skipped) == self._n_before:
            raise RNCoreError(f"'{self._name}' holds no story; its first line must be number 1.")
        return [Story(self._task, tuple(lines)) for lines in self._stories]

    def _begin(self, line: str) -> str:
        """Return a line without its number, which begins a story if it is 1."""
        wanted, self._number = self._number + 1, self._number + 1
        match = _match_line(line)
        number = int(match["number"])
        if number == 1:
            self._stories.append([])
            self._places, self._problem = {}, None
        elif not self._stories or number != wanted:
            allowed = f"{wanted}, or 1 for a new story" if self._stories else "1"
            problem = RNCoreError(f"the number must be {allowed}, got {number}; number lines in order.")
            raise self._problem or problem
        self._number = number
        return match["rest"].strip(_BLANKS)

    def _read_statement(self, text: str) -> str:
        """Return a statement; raises RNCoreError unless it ends with a full stop, and its words are known."""
        if not text.endswith("."):
            raise RNCoreError(
                f"a statement ends with '.', and a question has a tab and its answer after it, got {text[:60]!r}."
            )
        if self._checks_words:
            encode_sentence(text)
        return text

    def _read_question(self, text: str) -> QuestionLine:
        """Return a question; raises RNCoreError unless it can be asked of the story, and has an answer."""
        if self._problem is not None:
            raise self._problem
        question = _parse_question(text, self._places, self._checks_words and not self._reading.strict)
        if self._checks_words:
            encode_sentence(question.text)
            if question.answer not in ANSWERS:
                raise RNCoreError(f"'{question.answer[:30]}' is not one of bAbI's {len(ANSWERS)} answers; fix it.")
        return question


def _split_lines(text: str) -> list[str]:
    """Return the lines; not `str.splitlines`, which also splits at characters that the format does not use."""
    return text.replace("\r\n", "\n").removesuffix("\n").split("\n") if text else []


def _match_line(line: str) -> re.Match[str]:
    """Return the number and the rest of a line; raises RNCoreError unless it has both, in ASCII."""
    if foreign := _FOREIGN.search(line):
        raise RNCoreError(f"stories are plain ASCII text, got {foreign[0]!r}; remove it.")
    if match := _LINE.fullmatch(line):
        return match
    raise RNCoreError(f"a line must be a number from 1, a space and text, got {line[:60]!r}; fix it.")


def _parse_question(text: str, places: dict[str, int], ignores_support: bool) -> QuestionLine:
    """Return a question; raises RNCoreError unless it is a question, an answer and numbers of earlier statements.

    Args:
        text: question, answer and support between tabs.
        places: ID of each earlier statement -> its index.
        ignores_support: take support that is no such numbers for missing.
    """
    asked, *rest = [part.strip(_BLANKS) for part in text.split("\t")]
    if not rest:
        raise RNCoreError(f"a question has a tab and its answer after it, got {asked[:60]!r}; add its answer.")
    if len(rest) > 2:
        raise RNCoreError(f"a question has 3 parts between tabs, got {len(rest) + 1}; give answer and support.")
    answer, support = rest[0], rest[1].split() if len(rest) > 1 else []
    if not asked.endswith("?"):
        raise RNCoreError(f"a question ends with '?' before its first tab, got {asked[:60]!r}; fix it.")
    if not _ANSWER.fullmatch(answer):
        raise RNCoreError(f"an answer is a word, or some joined by commas, got {answer[:60]!r}; fix it.")
    if not places:
        raise RNCoreError("a question needs a statement before it; add one.")
    wrong = next((number for number in support if number not in places), None)
    if wrong is not None and not ignores_support:
        raise RNCoreError(f"support must be numbers of earlier statements, got {wrong[:20]!r}; fix it.")
    return QuestionLine(asked, answer, () if wrong is not None else tuple(places[number] for number in support))
