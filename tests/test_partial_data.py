"""Data sets of others with a detail amiss: what can be evaluated is evaluated, the rest is counted and named."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from rn_core import cli
from rn_core.common.errors import RNCoreError
from rn_core.common.reading import Reading
from rn_core.common.seeding import make_rng
from rn_core.tasks import TASKS
from rn_core.tasks.clevr import sample_scenes
from rn_core.tasks.clevr.generation import QuestionGenerator

pytestmark = pytest.mark.weights

STATES, PIXELS, BABI = TASKS["clevr/states"], TASKS["clevr/pixels"], TASKS["babi"]
N_SCENES, N_QUESTIONS = 3, 4
Change = Callable[[list[dict[str, Any]], list[dict[str, Any]]], Any]


def make_records() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the records of questions and scenes of three pictures with four questions each."""
    rng = make_rng(5, "test")
    scenes = sample_scenes(rng, N_SCENES)
    generator, questions = QuestionGenerator(rng), []
    for index, scene in enumerate(scenes):
        for asked in generator.ask(scene, N_QUESTIONS):
            about = {"image_filename": f"CLEVR_val_{index:06d}.png", "image_index": index}
            questions.append({**about, "question": asked.text, "answer": asked.answer, "program": asked.program})
    named = [{**scene.to_dict(), "image_filename": f"CLEVR_val_{index:06d}.png"} for index, scene in enumerate(scenes)]
    return json.loads(json.dumps(questions)), json.loads(json.dumps(named))


def write_folder(root: Path, change: Change = lambda questions, scenes: None, start: str = "") -> Path:
    """Write the records as a folder in CLEVR's layout, after a change; `start` begins both files."""
    questions, scenes = make_records()
    change(questions, scenes)
    for part, records in (("questions", questions), ("scenes", scenes)):
        (root / part).mkdir(parents=True)
        text = start + json.dumps({part: records})
        (root / part / f"CLEVR_val_{part}.json").write_text(text, encoding="utf-8")
    return root


def draw_pictures(root: Path) -> Path:
    """Give a folder pictures that show nothing."""
    (root / "images/val").mkdir(parents=True)
    for index in range(N_SCENES):
        Image.fromarray(np.full((4, 6, 3), index, np.uint8)).save(root / f"images/val/CLEVR_val_{index:06d}.png")
    return root


def run(capsys: pytest.CaptureFixture[str], *arguments: Any) -> dict[str, Any]:
    """Return what `evaluate` prints for machines."""
    assert cli.main(["evaluate", *map(str, arguments), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def evaluate(capsys: pytest.CaptureFixture[str], root: Path, *options: Any) -> dict[str, Any]:
    """Return the evaluation of CLEVR's scene graphs."""
    return run(capsys, "clevr/rn-states", "--data", root, *options)


def refuse(capsys: pytest.CaptureFixture[str], *arguments: Any) -> str:
    """Return the one sentence of a refused `evaluate`."""
    assert cli.main(["evaluate", *map(str, arguments), "--json"]) == 1
    sentence = capsys.readouterr().err
    assert sentence.count("\n") == 1
    return sentence


def drop(*rows: int) -> Change:
    """Return a change that removes questions."""
    return lambda questions, scenes: [questions.pop(row) for row in sorted(rows, reverse=True)]


def edit(row: int, **values: Any) -> Change:
    """Return a change of one question."""
    return lambda questions, scenes: questions[row].update(values)


SPOILED: dict[str, tuple[Change, tuple[int, ...], str]] = {
    "an unknown word": (edit(1, question="How many cubes are in the picture?"), (1,), "'picture' is not one of CLEVR"),
    "an empty question": (edit(2, question=""), (2,), 'must have a "question" of 1 to 1000 characters'),
    "a question of marks": (edit(2, question="?!"), (2,), "Type a question"),
    "no question": (lambda questions, scenes: questions[2].pop("question"), (2,), 'must have a "question"'),
    "no answer": (lambda questions, scenes: questions[0].pop("answer"), (0,), "has no answer"),
    "another answer": (edit(3, answer="maybe"), (3,), "answer must be one of"),
    "no record": (lambda questions, scenes: questions.__setitem__(5, 7), (5,), "must be a JSON object, got 7"),
    "a path for a picture": (edit(4, image_filename="../x.png"), (4,), "got '../x.png'"),
    "no scene": (lambda questions, scenes: scenes.pop(1), (4, 5, 6, 7), "no scene of CLEVR_val_000001.png"),
    "a broken scene": (
        lambda questions, scenes: scenes[2]["objects"][0].update(color="pink"),
        (8, 9, 10, 11),
        "color must be one of",
    ),
    "a scene that is none": (lambda questions, scenes: scenes.__setitem__(0, []), (0, 1, 2, 3), "no scene of"),
}


@pytest.mark.parametrize(("change", "rows", "reason"), SPOILED.values(), ids=SPOILED.keys())
def test_the_rest_is_evaluated_as_if_the_spoiled_questions_were_not_there(tmp_path, capsys, change, rows, reason):
    wanted = evaluate(capsys, write_folder(tmp_path / "without", drop(*rows)))
    root = write_folder(tmp_path / "spoiled", change)
    found = evaluate(capsys, root)
    skipped = found.pop("skipped")
    assert wanted.pop("skipped") == {"count": 0, "first": []}
    assert found == wanted
    assert skipped["count"] == len(rows)
    assert [each["index"] for each in skipped["first"]] == list(rows)
    assert all(each["file"] == "CLEVR_val_questions.json" for each in skipped["first"])
    assert reason in skipped["first"][0]["reason"]
    sentence = refuse(capsys, "clevr/rn-states", "--data", root, "--strict")
    assert sentence.startswith(f"'CLEVR_val_questions.json', question {rows[0]} (from 0): ")
    assert reason in sentence


def test_a_second_reading_says_the_same_and_a_mended_file_is_read_anew(tmp_path, capsys):
    root = write_folder(tmp_path, edit(1, question="What?  Where?"))
    assert evaluate(capsys, root) == evaluate(capsys, root)
    (root / "questions/CLEVR_val_questions.json").write_text(json.dumps({"questions": make_records()[0]}))
    assert evaluate(capsys, root)["skipped"]["count"] == 0


def test_five_are_named_and_the_rest_counted(tmp_path, capsys):
    def spoil(questions, scenes):
        for question in questions[:7]:
            question["question"] = "Why?"

    root = write_folder(tmp_path, spoil)
    assert len(evaluate(capsys, root)["skipped"]["first"]) == 5
    assert cli.main(["evaluate", "clevr/rn-states", "--data", str(root)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-7:][0] == "7 skipped:"
    assert lines[-1] == "  and 2 more"
    assert lines[-2].startswith("  'CLEVR_val_questions.json', question 4 (from 0): The word 'why' is not one of")


def test_where_nothing_is_left_the_first_reason_is_the_sentence(tmp_path, capsys):
    def spoil(questions, scenes):
        for question in questions:
            question["question"] = "Why?"

    root = write_folder(tmp_path, spoil)
    sentence = refuse(capsys, "clevr/rn-states", "--data", root)
    assert sentence.startswith("No question of 'CLEVR_val_questions.json' can be evaluated; the first is")
    assert "'why' is not one of" in sentence


@pytest.mark.parametrize("program", [None, [], [{"type": "relate_3d"}], "count"], ids=str)
def test_without_programs_the_overall_accuracy_remains(tmp_path, capsys, program):
    def spoil(questions, scenes):
        for question in questions[: 2 * N_QUESTIONS]:
            question["program"] = program

    whole = evaluate(capsys, write_folder(tmp_path / "whole"))
    rest = evaluate(capsys, write_folder(tmp_path / "rest", drop(*range(2 * N_QUESTIONS))))
    root = write_folder(tmp_path / "spoiled", spoil)
    found = evaluate(capsys, root)
    assert found["overall"] == whole["overall"]
    for part in ("groups", "types", "blind_floor"):
        assert found[part] == rest[part]
    assert found["skipped"]["count"] == 0
    assert evaluate(capsys, root) == found


def test_a_mark_at_the_start_of_the_files_does_not_count(tmp_path, capsys):
    wanted = evaluate(capsys, write_folder(tmp_path / "plain"))
    assert evaluate(capsys, write_folder(tmp_path / "marked", start="\ufeff")) == wanted


def test_predictions_are_one_line_per_question_in_the_files_order(tmp_path, capsys):
    def spoil(questions, scenes):
        questions.reverse()  # not in the order of pictures
        questions[3]["question"] = "Why?"
        for question in questions:
            del question["answer"], question["program"]

    answers = [record["answer"] for record in reversed(make_records()[0])]
    root, file = write_folder(tmp_path / "data", spoil), tmp_path / "deep" / "answers.txt"
    assert "give --predictions FILE" in refuse(capsys, "clevr/rn-states", "--data", root)
    found = evaluate(capsys, root, "--predictions", file)
    assert found["skipped"]["count"] == 1
    assert "overall" not in found
    lines = file.read_text().split("\n")
    assert lines.pop() == ""
    assert lines[3] == ""
    right = sum(one == other for one, other in zip(lines, answers, strict=True))
    known = evaluate(capsys, write_folder(tmp_path / "known", drop(len(answers) - 1 - 3)))
    assert right == round(known["overall"]["accuracy"] * 11) > 5


def test_predictions_beside_some_answers_leave_the_accuracy_as_it_is(tmp_path, capsys):
    root = write_folder(tmp_path / "data", lambda questions, scenes: questions[2].pop("answer"))
    found, file = evaluate(capsys, root), tmp_path / "answers.txt"
    beside = evaluate(capsys, root, "--predictions", file)
    assert found["skipped"]["count"] == 1 and beside["skipped"]["count"] == 0
    assert {**beside, "skipped": 0} == {**found, "skipped": 0}
    assert all(line for line in file.read_text().splitlines())


def test_pictures_that_are_missing_or_damaged_take_their_questions_with_them(tmp_path):
    root = draw_pictures(write_folder(tmp_path))
    (root / "images/val/CLEVR_val_000000.png").unlink()
    (root / "images/val/CLEVR_val_000002.png").write_bytes(b"none")
    reading = Reading()
    (batch,) = PIXELS.read_batches(root, reading=reading)
    assert batch.number.tolist() == [4, 5, 6, 7]
    assert (batch.inputs[0] == 1).all()
    assert sorted(each.index for each in reading.skipped) == [0, 1, 2, 3, 8, 9, 10, 11]
    with pytest.raises(RNCoreError, match=r"question 0 \(from 0\): '.*val' lacks CLEVR_val_000000\.png\.$"):
        list(PIXELS.read_batches(root, reading=Reading(strict=True)))


def test_caches_go_where_they_are_sent(tmp_path):
    root = draw_pictures(write_folder(tmp_path / "data"))
    (root / "cache").write_text("no folder")
    with pytest.raises(RNCoreError, match=r"Could not write the picture cache .* give another folder with --cache\.$"):
        list(PIXELS.read_batches(root, reading=Reading()))
    (batch,) = PIXELS.read_batches(root, reading=Reading(cache=tmp_path / "elsewhere"))
    assert len(batch) == 12
    assert {path.suffix for path in (tmp_path / "elsewhere").iterdir()} == {".npy", ".npz"}


# bAbI.

MARY = "1 Mary moved to the bathroom.\n2 John went to the hallway.\n"
STORY = MARY + "3 Where is Mary? \tbathroom\t1\n4 Daniel went back to the garden.\n5 Where is John? \thallway\t2\n"

BABI_SPOILED = {
    "an unknown word in a question": (STORY.replace("is Mary", "was Mary hiding"), [3], "'hiding' is not among"),
    "an unknown word in a statement": (STORY.replace("4 Daniel", "4 Zaphod"), [5], "from line 4 on: 'zaphod' is not"),
    "another answer": (STORY.replace("\tbathroom", "\tattic"), [3], "'attic' is not one of bAbI's 60 answers"),
    "no answer": (STORY.replace(" \tbathroom\t1", ""), [3], "a tab and its answer after it"),
    "an empty answer": (STORY.replace("\tbathroom\t", "\t\t"), [3], "an answer is a word"),
    "no full stop": (STORY.replace("hallway.", "hallway"), [3, 5], "from line 2 on: a statement ends with"),
    "a number left out": (STORY.replace("4 Daniel", "5 Daniel"), [5], "from line 4 on: the number must be 4"),
    "another alphabet": (STORY.replace("Daniel", "Dani\u00ebl"), [5], "plain ASCII text"),
}


def read_babi(folder: Path, text: str, reading: Reading) -> list[int]:
    """Return the answers of the questions that are kept, as their index."""
    (folder / "qa1_test.txt").write_text(text, encoding="utf-8")
    return [answer for batch in BABI.read_batches(folder, reading=reading) for answer in batch.answer.tolist()]


@pytest.mark.parametrize(("text", "lines", "reason"), BABI_SPOILED.values(), ids=BABI_SPOILED.keys())
def test_a_spoiled_line_costs_the_questions_that_need_it(tmp_path, text, lines, reason):
    bathroom, hallway = (BABI.answers.index(answer) for answer in ("bathroom", "hallway"))
    reading = Reading()
    kept = read_babi(tmp_path, text + STORY, reading)
    assert kept == [answer for line, answer in ((3, bathroom), (5, hallway)) if line not in lines] + [bathroom, hallway]
    assert [(each.file, each.unit, each.index) for each in reading.skipped] == [
        ("qa1_test.txt", "line", line) for line in lines
    ]
    assert all(reason in each.reason for each in reading.skipped)
    with pytest.raises(RNCoreError, match=r"^'qa1_test\.txt', line \d: "):
        read_babi(tmp_path, text + STORY, Reading(strict=True))


def test_support_is_not_needed_for_accuracy(tmp_path, capsys):
    found = []
    for name, text in {
        "published": STORY,
        "none": STORY.replace("\t1\n", "\n").replace("\t2\n", "\n"),
        "of other numbers": STORY.replace("\t1\n", "\t7\n"),
        "blanks, a mark and line ends of others": "\ufeff" + STORY.replace("\n", "  \r\n"),
    }.items():
        folder = tmp_path / name
        folder.mkdir()
        (folder / "qa1_test.txt").write_text(text, encoding="utf-8", newline="")
        found.append(run(capsys, "babi/rn-joint", "--data", folder))
    assert found == [found[0]] * len(found)
    assert found[0]["overall"]["accuracy"] == 1
    assert found[0]["overall"]["n"] == 2


def test_a_file_that_is_none_costs_its_task_alone(tmp_path):
    (tmp_path / "qa2_test.txt").write_bytes(b"\x89PNG\r\n\x1a\n")
    (tmp_path / "qa3_test.txt").write_bytes(b"")
    reading = Reading()
    assert len(read_babi(tmp_path, STORY, reading)) == 2
    assert [each.file for each in reading.skipped] == ["qa2_test.txt", "qa3_test.txt"]


def test_predictions_of_several_files_are_refused(tmp_path, capsys):
    (tmp_path / "qa1_test.txt").write_text(STORY)
    sentence = refuse(capsys, "babi/rn-joint", "--data", tmp_path, "--predictions", tmp_path / "answers.txt")
    assert "data sets with one file of questions" in sentence
    assert "about a data set; give one with --data" in refuse(capsys, "babi/rn-joint", "--strict")
