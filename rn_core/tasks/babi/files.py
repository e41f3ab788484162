"""Read bAbI's published files, in all three layouts: en, en-10k and en-valid-10k."""

from __future__ import annotations

import re
from pathlib import Path

from rn_core.common.errors import RNCoreError
from rn_core.tasks.babi.story import QuestionLine, Story, check_task

#: Most bytes of a file; the largest published one has 10 MB.
MAX_BYTES = 50_000_000
#: qa1_single-supporting-fact_train.txt (en, en-10k) or qa1_train.txt (en-valid-10k).
_NAME = re.compile(r"qa(?P<task>[1-9]|1\d|20)_(?:[a-z0-9-]+_)?(?P<split>train|valid|test)\.txt")
_LINE = re.compile(r"(?P<number>[1-9]\d{0,5}) (?P<rest>.+)")
_ANSWER = re.compile(r"[^\s,]+(,[^\s,]+)*")
#: Characters that no published line has: non-ASCII letters and invisible characters.
_FOREIGN = re.compile(r"[^\t\x20-\x7e]")


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


def load_stories(path: Path, task: int) -> list[Story]:
    """Return the stories of one file.

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
    return parse_stories(content.decode("utf-8", errors="replace"), task, path.name)


def parse_stories(text: str, task: int, name: str = "story", first_line: int = 1) -> list[Story]:
    """Return the stories of text in the published format; a line numbered 1 begins one.

    Lines may end as on Windows; the last one may lack its end.

    Args:
        text: lines "ID statement." or "ID question?<TAB>answer<TAB>support IDs".
        task: 1 to 20.
        name: the name of the text in messages.
        first_line: number of the first line in messages, for a part of a file.

    Raises:
        RNCoreError: with `name` and the line, for the first one that breaks the format.
    """
    check_task(task)
    stories: list[list[str | QuestionLine]] = []
    places: dict[str, int] = {}  # ID of a statement -> its index among the story's statements
    for row, line in enumerate(_split_lines(text), start=first_line):
        where = f"'{name}', line {row}"
        match = _match_line(line, where)
        number = int(match["number"])
        if number == 1:
            stories.append([])
            places = {}
        if not stories or number != len(stories[-1]) + 1:
            wanted = f"{len(stories[-1]) + 1}, or 1 for a new story" if stories else "1"
            raise RNCoreError(f"{where}: the number must be {wanted}, got {number}; number lines in order.")
        if "\t" in match["rest"]:
            stories[-1].append(_parse_question(match["rest"], places, where))
        else:
            stories[-1].append(_parse_statement(match["rest"], where))
            places[match["number"]] = len(places)
    if not stories:
        raise RNCoreError(f"'{name}' holds no story; its first line must be number 1.")
    return [Story(task, tuple(lines)) for lines in stories]


def _split_lines(text: str) -> list[str]:
    """Return the lines; not `str.splitlines`, which also splits at characters that the format does not use."""
    return text.replace("\r\n", "\n").removesuffix("\n").split("\n") if text else []


def _match_line(line: str, where: str) -> re.Match[str]:
    """Return the number and the rest of a line; raises RNCoreError unless it has both, in ASCII."""
    if foreign := _FOREIGN.search(line):
        raise RNCoreError(f"{where}: stories are plain ASCII text, got {foreign[0]!r}; remove it.")
    if match := _LINE.fullmatch(line):
        return match
    raise RNCoreError(f"{where}: a line must be a number from 1, a space and text, got {line[:60]!r}; fix it.")


def _parse_statement(text: str, where: str) -> str:
    """Return a statement; raises RNCoreError unless it ends with a full stop."""
    if not text.endswith("."):
        raise RNCoreError(
            f"{where}: a statement ends with '.', and a question has a tab and its answer after it, got {text[:60]!r}."
        )
    return text


def _parse_question(text: str, places: dict[str, int], where: str) -> QuestionLine:
    """Return a question; raises RNCoreError unless it is a question, an answer and numbers of earlier statements."""
    parts = text.split("\t")
    if len(parts) != 3:
        raise RNCoreError(f"{where}: a question has 3 parts between tabs, got {len(parts)}; give answer and support.")
    asked, answer, support = parts[0].rstrip(" "), parts[1], parts[2].split()
    if not asked.endswith("?"):
        raise RNCoreError(f"{where}: a question ends with '?' before its first tab, got {asked[:60]!r}; fix it.")
    if not _ANSWER.fullmatch(answer):
        raise RNCoreError(f"{where}: an answer is a word, or some joined by commas, got {answer[:60]!r}; fix it.")
    if not places:
        raise RNCoreError(f"{where}: a question needs a statement before it; add one.")
    if wrong := next((number for number in support if number not in places), None):
        raise RNCoreError(f"{where}: support must be numbers of earlier statements, got {wrong[:20]!r}; fix it.")
    return QuestionLine(asked, answer, tuple(places[number] for number in support))
