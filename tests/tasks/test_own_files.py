"""Files of anybody's: what is written is what is read, and what cannot be read is one sentence with file and line."""

from __future__ import annotations

import csv
import io
import json
import random
import re

import pytest

from rn_core.common.errors import RNCoreError
from rn_core.tasks.own.bundled import BUNDLED
from rn_core.tasks.own.bundled.making import make_files
from rn_core.tasks.own.dataset import OwnData
from rn_core.tasks.own.files import find_files, take_uploads
from rn_core.tasks.own.reader import read_scenes
from rn_core.tasks.own.scene import OwnObject, OwnPair, OwnQuestion, OwnScene, SceneRecord, make_template


def make_record(rng: random.Random, number: int) -> SceneRecord:
    """Return a random scene with all that files can hold."""
    names = [f"o{k}, no" if k == 99 else f"o{k}" for k in range(rng.randint(2, 5))]
    objects = tuple(
        OwnObject(
            name, {"size": round(rng.uniform(-9, 9), 3), "kind": rng.choice(["a b", 'q"c', "ü"])}, (1.5, float(k))
        )
        for k, name in enumerate(names)
    )
    pairs = tuple(OwnPair(names[0], name, {"near": rng.random()}) for name in names[1:])
    asked = tuple(
        OwnQuestion(f"Is {{{names[0]}}}, so to say, {word}?", rng.choice(["yes", "no"]), word, tuple(names[:2]))
        for word in ("big", "red; or so")
    )
    return SceneRecord(OwnScene(f"scene {number}", objects, pairs), asked)


RECORDS = [make_record(random.Random(k), k) for k in range(12)]


def write_json(records: list[SceneRecord]) -> bytes:
    return "".join(json.dumps(each.to_dict(), ensure_ascii=False) + "\n" for each in records).encode()


def write_csv(records: list[SceneRecord]) -> dict[str, bytes]:
    tables: dict[str, list[dict[str, object]]] = {"objects": [], "questions": [], "pairs": []}
    for record in records:
        for key, rows in tables.items():
            for row in record.to_dict()[key]:
                if "deciding" in row:
                    row["deciding"] = ";".join(row["deciding"])
                rows.append({"scene": record.scene.name, **row})
    found = {}
    for key, rows in tables.items():
        text = io.StringIO()
        writer = csv.DictWriter(text, [*rows[0]])
        writer.writeheader()
        writer.writerows(rows)
        found[f"set.{key}.csv"] = text.getvalue().encode()
    return found


def read(files: dict[str, bytes]) -> list[SceneRecord]:
    return [*read_scenes(take_uploads([*files.items()]))]


def test_both_forms_are_read_as_they_were_written():
    assert read({"set.jsonl": write_json(RECORDS)}) == RECORDS
    assert read(write_csv(RECORDS)) == RECORDS


def test_files_on_disk_are_found_by_any_of_their_names(tmp_path):
    for name, content in write_csv(RECORDS).items():
        (tmp_path / name).write_bytes(content)
    for name in ("set.objects.csv", "set.questions.csv", "set.pairs.csv"):
        found = find_files(tmp_path / name)
        assert found.name == "set" and [*read_scenes(found)] == RECORDS


def count_plainly(files: dict[str, bytes]) -> tuple[int, int, int]:
    """Return scenes, objects and questions, counted without the reader."""
    if "set.jsonl" in files:
        rows = [json.loads(line) for line in files["set.jsonl"].decode("utf-8-sig").split("\n") if line.strip()]
        return len(rows), sum(len(row["objects"]) for row in rows), sum(len(row["questions"]) for row in rows)
    texts = {key: files[f"set.{key}.csv"].decode("utf-8-sig").lstrip() for key in ("objects", "questions")}
    tables = {key: [*csv.DictReader(io.StringIO(text, newline=""))] for key, text in texts.items()}
    return len({row["scene"] for row in tables["objects"]}), len(tables["objects"]), len(tables["questions"])


def spoil(rng: random.Random, content: bytes) -> bytes:
    """Return a file with some bytes, or a line, changed, lost, doubled or moved."""
    lines = content.split(b"\n")
    if rng.random() < 0.4:
        a, b = rng.randrange(len(lines)), rng.randrange(len(lines))
        lines[a:a] = [lines.pop(b)] if rng.random() < 0.5 else [lines[b]]
        return b"\n".join(lines)
    at, some = (
        rng.randrange(len(content)),
        rng.choice([b"", b"\x00", b"\xff", b'"', b",", b"{", b"}", b"1e999", b"\n", b"x"]),
    )
    return content[:at] + some + content[at + rng.randint(0, 3) :]


@pytest.mark.parametrize("form", ["json", "csv"])
def test_spoiled_files_are_read_whole_or_refused_in_one_sentence(form):
    whole = {"set.jsonl": write_json(RECORDS)} if form == "json" else write_csv(RECORDS)
    refused = 0
    for seed in range(150):
        rng = random.Random(seed)
        name = rng.choice([*whole])
        files = {**whole, name: spoil(rng, whole[name])}
        try:
            found = read(files)
        except RNCoreError as err:
            refused += 1
            assert str(err).startswith("'set.") and ", line " in str(err) and "\n" not in str(err), str(err)
            assert len(str(err)) < 700 and str(err).endswith("."), str(err)
            continue
        counts = len(found), sum(len(one.scene.objects) for one in found), sum(len(one.questions) for one in found)
        assert counts == count_plainly(files), seed
    assert 50 < refused < 150


def scene(**changes: object) -> dict[str, object]:
    """Return a small scene's table with some values changed."""
    return {
        "objects": [{"name": "a", "size": 1}, {"name": "b", "size": 2}],
        "questions": [{"question": "Is {a} big?", "answer": "yes"}],
        **changes,
    }


FAULTS = {
    "a number beside a text": (scene(objects=[{"name": "a", "size": "big"}]), ["'size'", "a text", "a number before"]),
    "a feature more": (scene(objects=[{"name": "a", "size": 1, "color": "red"}]), ["further feature 'color'"]),
    "no objects": (scene(objects=[]), ["objects must be a list of tables, at least one"]),
    "too many objects": (scene(objects=[{"name": f"o{k}", "size": 1} for k in range(51)]), ["1 to 50 objects, got 51"]),
    "one name twice": (scene(objects=[{"name": "a", "size": 1}] * 2), ["called 'a'"]),
    "a number too large": (scene(objects=[{"name": "a", "size": 1e12}]), ["from -1e9 to 1e9, got 1000000000000.0"]),
    "null": (scene(objects=[{"name": "a", "size": None}]), ["'size'", "a number or a text, got None"]),
    "x alone": (scene(objects=[{"name": "a", "size": 1, "x": 2}]), ["both x and y or none"]),
    "an unknown object": (scene(questions=[{"question": "Is {c} big?", "answer": "no"}]), ["names 'c'", "'a', 'b'"]),
    "an open brace": (scene(questions=[{"question": "Is {a big?", "answer": "no"}]), ["Braces must open and close"]),
    "no answer": (scene(questions=[{"question": "Is {a} big?"}]), ["question and answer", "add answer"]),
    "a list as answer": (scene(questions=[{"question": "Is it?", "answer": ["no"]}]), ["An answer must be text"]),
    "an unknown key": (scene(question=[]), ["unknown key 'question'", "Did you mean 'questions'?"]),
    "an unknown decider": (
        scene(questions=[{"question": "Is it?", "answer": "no", "deciding": ["z"]}]), ["deciding names 'z'"],
    ),
    "a pair of nobody": (scene(pairs=[{"first": "a", "second": "z", "w": 1}]), ["A pair names 'z'"]),
    "a pair twice": (scene(pairs=[{"first": "a", "second": "b", "w": 1}] * 2), ["'a', 'b' came already"]),
    "a typed question": (
        scene(questions=[{"question": "Is it?", "answer": "no", "type": "t"}]), ["give all a type, or none"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_named_with_its_line_and_what_is_allowed(fault):
    spoiled, said = FAULTS[fault]
    lines = [json.dumps(each) for each in (*[scene()] * 3, spoiled, *[scene()] * 8)]
    with pytest.raises(RNCoreError) as caught:
        read({"set.jsonl": "\n".join(lines).encode()})
    assert str(caught.value).startswith("'set.jsonl', line 4: ")
    assert all(each in str(caught.value) for each in said), str(caught.value)


AS_OTHERS_SAVE_IT = {
    "semicolons": lambda text: text.replace(",", ";"),
    "tabs": lambda text: text.replace(",", "\t"),
    "Windows": lambda text: "\ufeff" + text.replace("\n", "\r\n"),
    "quotes and blanks": lambda text: re.sub(r"[^,\n]+", r'"\g<0> "', text),
    "rows of blanks": lambda text: "\n" + text + ",,\n \n",
}


@pytest.mark.parametrize("save", AS_OTHERS_SAVE_IT.values(), ids=AS_OTHERS_SAVE_IT)
def test_csv_is_read_as_other_programs_save_it(save):
    plain = {
        "set.objects.csv": "scene,name,size\n" + "".join(f"{k},a,{k}.5\n{k},b,7\n" for k in range(12)),
        "set.questions.csv": "scene,question,answer\n" + "".join(f"{k},Is {{a}} big?,{k % 2}\n" for k in range(12)),
    }
    found = read({name: save(text).encode() for name, text in plain.items()})
    assert found == read({name: text.encode() for name, text in plain.items()}) and len(found) == 12
    assert found[3].scene.objects[0].features == {"size": 3.5}


@pytest.mark.parametrize("cell", ["nan", "inf", '"3,5"', "n/a", "1 000", "٣"])
def test_a_mistyped_number_does_not_turn_its_column_into_categories(cell):
    rows = [f"{k},a,{k}" for k in range(12)]
    asked = "scene,question,answer\n" + "".join(f"{k},Is {{a}} big?,{k % 2}\n" for k in range(12))
    for spoiled in ([*rows[:7], f"7,a,{cell}", *rows[8:]], [f"0,a,{cell}", *rows[1:]]):
        objects = "\n".join(["scene,name,size", *spoiled])
        with pytest.raises(RNCoreError, match=rf"'size' must be all numbers or all texts, got .*{cell[1:3]}"):
            read({"set.objects.csv": objects.encode(), "set.questions.csv": asked.encode()})
        marked = objects.replace("size", "size:category")
        assert len(read({"set.objects.csv": marked.encode(), "set.questions.csv": asked.encode()})) == 12


def test_numbers_can_be_names():
    numbered = scene(
        scene=3,
        objects=[{"name": 1, "size": 1}, {"name": 2, "size": 2}],
        questions=[{"question": "Is {1} big?", "answer": 0, "deciding": [1]}],
        pairs=[{"first": 1, "second": 2, "near": 1}],
    )
    lines = [json.dumps({**numbered, "scene": k}) for k in range(12)]
    named = json.dumps(numbered).replace('"name": 1', '"name": "1"').replace('"name": 2', '"name": "2"')
    named = named.replace('"first": 1, "second": 2', '"first": "1", "second": "2"').replace("[1]", '["1"]')
    named = named.replace('"answer": 0', '"answer": "0"')
    texts = [named.replace('"scene": 3', f'"scene": "{k}"') for k in range(12)]
    assert read({"set.jsonl": "\n".join(lines).encode()}) == read({"set.jsonl": "\n".join(texts).encode()})


def test_csv_files_must_list_the_same_scenes_in_the_same_order():
    whole = write_csv(RECORDS)
    swapped = write_csv([RECORDS[1], RECORDS[0], *RECORDS[2:]])
    with pytest.raises(
        RNCoreError, match=r"'set.objects.csv', line \d+: scene 'scene 0' has no question where it is due"
    ):
        read({**whole, "set.questions.csv": swapped["set.questions.csv"]})
    fewer = write_csv(RECORDS[:-1])
    with pytest.raises(RNCoreError, match=r"'set.questions.csv', line \d+: scene 'scene 11' is not due here"):
        read({**whole, "set.objects.csv": fewer["set.objects.csv"]})


def test_a_key_that_comes_twice_is_not_dropped():
    line = json.dumps(scene()).replace('"size": 1', '"size": 1, "size": 3')
    with pytest.raises(RNCoreError, match=r"'set.jsonl', line 1: the key 'size' comes twice"):
        read({"set.jsonl": line.encode()})


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"set.txt": b""}, "'set.txt' is no file of a set"),
        ({"objects.csv": b""}, "The file of questions is missing"),
        ({"a.jsonl": b"", "b.jsonl": b""}, "are both scenes"),
        ({"a.jsonl": b" " * 10_000_001}, "the limit is 10,000,000"),
        ({"a.jsonl": b"\n\n"}, "must have 10 scenes or more, got 0"),
        (
            {**write_csv(RECORDS), "set.objects.csv": b"scene,name,size\n\n"},
            "'set.objects.csv', line 1: the file names columns and has no objects below; add a row",
        ),
    ],
)
def test_files_of_other_kinds_are_refused(files, said):
    with pytest.raises(RNCoreError, match=said):
        read(files)


@pytest.mark.parametrize(
    ("question", "allowed"),
    [
        ({"question": "Is it?", "answer": 1}, "2 to 200 different answers, got more than 200"),
        ({"question": "Is it?", "answer": "no", "type": 1}, "1 to 40 question types, got more than 40"),
        ({"question": "Is it w1?", "answer": "no"}, "0 to 2,000 words of questions, got more than 2,000"),
    ],
)
def test_what_is_counted_up_to_a_limit_is_said_to_be_more(question, allowed):
    numbered = [{key: str(value).replace("1", str(k)) for key, value in question.items()} for k in range(2_100)]
    others = [{**numbered[0], "answer": "yes"}]
    lines = [json.dumps(scene(questions=numbered if k == 3 else others)) for k in range(12)]
    with pytest.raises(RNCoreError, match=f"The set 'set' must have {allowed}; change it."):
        OwnData(take_uploads([("set.jsonl", "\n".join(lines).encode())]))


def test_a_column_of_numbers_can_be_a_category():
    files = write_csv(RECORDS)
    files["set.objects.csv"] = files["set.objects.csv"].replace(b"size", b"size:category", 1)
    found = read(files)[0].scene.objects[0].features
    assert found["size"] == str(RECORDS[0].scene.objects[0].features["size"])


def test_the_sets_that_ship_are_what_the_script_makes_and_are_read():
    for name, content in make_files():
        path = BUNDLED["cities"].path.with_name(name)
        assert path.read_bytes() == content, "run python -m rn_core.tasks.own.bundled"
        assert len(content) < 300_000
    for known in BUNDLED.values():
        records = [*read_scenes(find_files(known.path))]
        assert len(records) >= 40 and sum(len(each.questions) for each in records) >= 900


def test_braces_in_a_question_become_gaps():
    assert make_template("Is {a b} near {c}?") == "Is {} near {}?"
