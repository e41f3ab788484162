"""The reader on the published files, on all three layouts, and on everything that breaks the format."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rn_core.common.errors import RNCoreError
from rn_core.tasks.babi import files
from rn_core.tasks.babi.files import find_files, load_stories, parse_stories
from rn_core.tasks.babi.story import QuestionLine, Story, StoryQuestion

MARY = "1 Mary moved to the bathroom.\n2 John went to the hallway.\n"
WHERE = "3 Where is Mary? \tbathroom\t1\n"


def write(folder: Path, *names: str) -> Path:
    """Put a one-story file under each name."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).write_text(MARY + WHERE)
    return folder


# The published files.


@pytest.mark.parametrize("task", range(1, 21))
def test_published_files_come_back_byte_for_byte(babi_folder: Path, task: int) -> None:
    paths = sorted(babi_folder.glob(f"qa{task}_*.txt"))
    assert len(paths) == 2
    for path in paths:
        stories = load_stories(path, task)
        assert "".join(story.to_text() for story in stories).encode() == path.read_bytes()


def test_published_files_hold_as_many_questions_as_the_paper_says(babi_folder: Path) -> None:
    found = find_files(babi_folder, "valid")
    assert list(found) == list(range(1, 21))
    asked = {
        task: sum(1 for story in load_stories(path, task) for _ in story.questions()) for task, path in found.items()
    }
    # Cut by story where it came nearest to 1,000.
    assert all(995 <= n <= 1005 for n in asked.values()), asked
    assert 3 not in find_files(babi_folder, "train"), "task 3's training file could not be had"


# What a story says.


def test_support_counts_statements_and_files_count_lines() -> None:
    text = MARY + WHERE + "4 Mary went to the office.\n5 Where is Mary? \toffice\t4\n1 Sandra went to the office.\n"
    first, second = parse_stories(text, 1)
    assert list(first.questions()) == [
        StoryQuestion(1, (first.lines[0], first.lines[1]), "Where is Mary?", "bathroom", (0,)),
        StoryQuestion(1, (first.lines[0], first.lines[1], first.lines[3]), "Where is Mary?", "office", (2,)),
    ]
    assert second == Story(1, ("Sandra went to the office.",))
    assert first.to_text() + second.to_text() == text


@pytest.mark.parametrize("text", [MARY + WHERE, (MARY + WHERE).replace("\n", "\r\n"), (MARY + WHERE).rstrip("\n")])
def test_lines_end_as_on_any_system_and_the_last_need_not_end(text: str) -> None:
    assert [story.to_text() for story in parse_stories(text, 1)] == [MARY + WHERE]


@pytest.mark.parametrize("end", [" ", "  \t ", "\xa0"])
@pytest.mark.parametrize("start", ["", "\ufeff", "\n", " \n\n"])
def test_blanks_at_line_ends_empty_lines_and_the_mark_of_an_editor_do_not_count(
    tmp_path: Path, start: str, end: str
) -> None:
    text = start + "".join(f"{line}{end}\r\n\n" for line in (MARY + WHERE).splitlines())
    (tmp_path / "qa1_test.txt").write_text(text, encoding="utf-8", newline="")
    (story,) = load_stories(tmp_path / "qa1_test.txt", 1)
    assert story.to_text() == MARY + WHERE


def test_a_question_may_lack_support_and_its_blank_before_the_tab() -> None:
    for end in ("\t", ""):
        (story,) = parse_stories(MARY + f"3 Where is Mary?\tbathroom{end}\n", 1)
        assert story.lines[2] == QuestionLine("Where is Mary?", "bathroom", ())


def test_a_story_of_ten_thousand_lines_is_read() -> None:
    text = "".join(f"{number} Mary moved to the bathroom.\n" for number in range(1, 10_001))
    (story,) = parse_stories(text, 1)
    assert len(story.lines) == 10_000
    assert story.to_text() == text


# What breaks the format: each kind, the line that is named, and what the sentence says.

BROKEN = {
    "no number": (MARY + "Where is Mary?\tbathroom\t1\n", 3, "a line must be a number from 1"),
    "number 0": ("0 Mary moved to the bathroom.\n", 1, "a line must be a number from 1"),
    "number of another script": ("\u0661 Mary moved to the bathroom.\n", 1, "plain ASCII text, got '\u0661'"),
    "does not begin at 1": ("2 Mary moved to the bathroom.\n", 1, "the number must be 1, got 2"),
    "number left out": (MARY + "4 John went to the office.\n", 3, "the number must be 3, or 1 for a new story, got 4"),
    "number twice": (MARY + "2 John went to the office.\n", 3, "the number must be 3, or 1 for a new story, got 2"),
    "number of a million": (MARY + "1000000 John went to the office.\n", 3, "a line must be a number from 1"),
    "no text": (MARY + "3\n", 3, "a line must be a number from 1, a space and text, got '3'"),
    "a blank for a text": (MARY + "3  \n", 3, "a line must be a number from 1, a space and text, got '3'"),
    "statement without full stop": ("1 Mary moved to the bathroom\n", 1, "a statement ends with '.'"),
    "question without tab": (MARY + "3 Where is Mary?\n", 3, "a question has a tab and its answer after it"),
    "question without sign": (MARY + "3 Where is Mary\tbathroom\t1\n", 3, "a question ends with '?'"),
    "no answer": (MARY + "3 Where is Mary?\t\t1\n", 3, "an answer is a word, or some joined by commas, got ''"),
    "answer of blanks": (MARY + "3 Where is Mary?\t \t1\n", 3, "an answer is a word"),
    "answer of two words": (MARY + "3 Where is Mary?\tthe office\t1\n", 3, "an answer is a word"),
    "answer that ends in a comma": (MARY + "3 Where is Mary?\toffice,\t1\n", 3, "an answer is a word"),
    "tab without answer": (
        MARY + "3 Where is Mary?\t\n",
        3,
        "a question has a tab and its answer after it",
    ),
    "too many tabs": (MARY + "3 Where is Mary?\tbathroom\t1\t2\n", 3, "a question has 3 parts between tabs, got 4"),
    "question before any statement": ("1 Where is Mary?\tbathroom\t\n", 1, "a question needs a statement before it"),
    "support is itself": (MARY + "3 Where is Mary?\tbathroom\t3\n", 3, "numbers of earlier statements, got '3'"),
    "support is later": (MARY + "3 Where is Mary?\tbathroom\t4\n4 Mary left.\n", 3, "earlier statements, got '4'"),
    "support is a question": (MARY + WHERE + "4 Where is Mary?\tbathroom\t1 3\n", 4, "earlier statements, got '3'"),
    "support is of another story": (MARY + "1 John left.\n2 Where is John?\thome\t2\n", 4, "statements, got '2'"),
    "support is no number": (MARY + "3 Where is Mary?\tbathroom\tone\n", 3, "earlier statements, got 'one'"),
    "support of many digits": (MARY + f"3 Where is Mary?\tbathroom\t{'9' * 5000}\n", 3, f"got '{'9' * 20}'"),
    "letter beyond ASCII": (MARY + "3 Zo\u00eb went to the office.\n", 3, "plain ASCII text, got '\u00eb'"),
    "zero byte": ("1 Mary moved\0 to the bathroom.\n", 1, r"plain ASCII text, got '\x00'"),
    "line ended by an old Mac": ("1 Mary left.\r2 John left.\n", 1, r"plain ASCII text, got '\r'"),
    "empty": ("", None, "holds no story"),
} | {
    f"sign {ord(sign):#x} that ends lines elsewhere": (f"1 Mary left.{sign}2 John left.\n", 1, "plain ASCII text")
    for sign in "\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"
}


@pytest.mark.parametrize(("text", "line", "says"), BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_line_is_named_in_one_sentence(tmp_path: Path, text: str, line: int | None, says: str) -> None:
    path = tmp_path / "qa1_train.txt"
    path.write_text(text, encoding="utf-8", newline="")
    with pytest.raises(RNCoreError) as from_file:
        load_stories(path, 1)
    with pytest.raises(RNCoreError) as from_text:
        parse_stories(text, 1, "qa1_train.txt")
    sentence = str(from_file.value)
    assert sentence == str(from_text.value)
    assert sentence.startswith("'qa1_train.txt'" + (f", line {line}:" if line else " "))
    assert says in sentence
    assert sentence.endswith(".") and "\n" not in sentence and len(sentence) < 250


@pytest.mark.parametrize("task", [0, 21, True, "1", 1.0, None])
def test_a_task_is_a_number_from_1_to_20(task: object) -> None:
    with pytest.raises(RNCoreError, match=r"^bAbI's tasks are numbered 1 to 20, got .*; choose one of them\.$"):
        parse_stories(MARY, task)


# Files that are none of ours.


@pytest.mark.parametrize(
    "content", [b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", b"PK\x03\x04\x14\x00", b"\xff\xfe1\x00 \x00"]
)
def test_a_binary_file_is_no_story(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "qa1_train.txt").write_bytes(content)
    with pytest.raises(
        RNCoreError, match=r"^'qa1_train\.txt', line 1: stories are plain ASCII text, got '.+'; remove it"
    ):
        load_stories(tmp_path / "qa1_train.txt", 1)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "qa1_train.txt").mkdir()
    with pytest.raises(RNCoreError, match=r"^'qa1_train\.txt' cannot be read \(Is a directory\); check"):
        load_stories(tmp_path / "qa1_train.txt", 1)
    with pytest.raises(RNCoreError, match=r"^'qa2_train\.txt' cannot be read \(No such file or directory\); check"):
        load_stories(tmp_path / "qa2_train.txt", 2)


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MAX_BYTES", len(MARY))
    path = tmp_path / "qa1_train.txt"
    path.write_text(MARY)
    assert len(load_stories(path, 1)) == 1
    path.write_text(MARY + WHERE)
    with pytest.raises(RNCoreError, match=rf"^'qa1_train\.txt' has {len(MARY + WHERE)} bytes, and the limit is"):
        load_stories(path, 1)


# Folders.


@pytest.mark.parametrize(
    ("names", "splits"),
    [
        (("qa1_single-supporting-fact_{}.txt", "qa20_agents-motivations_{}.txt"), ("train", "test")),  # en and en-10k
        (("qa1_{}.txt", "qa20_{}.txt"), ("train", "valid", "test")),  # en-valid-10k
    ],
)
def test_each_layout_is_found(tmp_path: Path, names: tuple[str, str], splits: tuple[str, ...]) -> None:
    for split in splits:
        write(tmp_path, *(name.format(split) for name in names))
    write(
        tmp_path, "README.txt", "qa3_train.1k.txt", "qa0_train.txt", "qa21_train.txt", "qa01_train.txt", "qa1_train.bak"
    )
    for split in splits:
        expected = {task: tmp_path / name.format(split) for task, name in zip((1, 20), names, strict=True)}
        assert find_files(tmp_path, split) == expected


def test_tasks_come_in_the_order_of_numbers(tmp_path: Path) -> None:
    write(tmp_path, *(f"qa{task}_train.txt" for task in (10, 9, 2, 20, 1)))
    assert list(find_files(tmp_path, "train")) == [1, 2, 9, 10, 20]


def test_a_folder_without_the_split_names_those_it_has(tmp_path: Path) -> None:
    write(tmp_path, "qa1_train.txt", "qa1_valid.txt")
    with pytest.raises(RNCoreError, match=r"of split test, such as qa1_test\.txt; it has train, valid, choose one"):
        find_files(tmp_path, "test")


def test_a_folder_without_files_says_what_they_are_called(tmp_path: Path) -> None:
    with pytest.raises(RNCoreError, match=r"has no bAbI files of split test, such as qa1_test\.txt\.$"):
        find_files(tmp_path, "test")


def test_two_files_of_one_task_are_both_named(tmp_path: Path) -> None:
    write(tmp_path, "qa1_train.txt", "qa1_single-supporting-fact_train.txt")
    with pytest.raises(RNCoreError, match=r"has two files of task 1, 'qa1_single-.*_train\.txt' and 'qa1_train\.txt'"):
        find_files(tmp_path, "train")


def test_what_is_no_folder_is_named(tmp_path: Path) -> None:
    for root in (tmp_path / "missing", write(tmp_path, "qa1_train.txt") / "qa1_train.txt"):
        with pytest.raises(RNCoreError, match=rf"^'{re.escape(str(root))}' is not a folder; give one with "):
            find_files(root, "train")


def test_a_folder_that_may_not_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", refuse)
    with pytest.raises(RNCoreError, match=r"cannot be read \(Permission denied\); check its permissions\.$"):
        find_files(tmp_path, "train")
