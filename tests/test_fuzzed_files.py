"""Other people's files, spoiled at random: each is read, or refused with one sentence; nothing else ever happens."""

from __future__ import annotations

import copy
import io
import json
import random
import zipfile
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from pages._lab.babi.files import read_story_file
from pages._lab.babi.stories import read_written
from pages._lab.own.models import read_models
from pages._lab.own.sets import take_weights
from pages._lab.physics.scenes import read_scene_file, sampled_scene
from rn_core.common.errors import RNCoreError
from rn_core.common.reading import Reading
from rn_core.common.seeding import make_rng
from rn_core.evaluation.asked_files import read_asked
from rn_core.models import build_model
from rn_core.tasks import TASKS
from rn_core.tasks.babi.files import parse_stories
from rn_core.tasks.clevr import sample_scene
from rn_core.tasks.clevr.folder import open_split
from rn_core.tasks.own.dataset import OwnData
from rn_core.tasks.own.files import take_uploads
from rn_core.tasks.own.spec import make_models
from rn_core.tasks.registry import host
from rn_core.tasks.sort_of_clevr import sample_scene as sample_shapes
from rn_core.tasks.sort_of_clevr.archives import load_archive
from rn_core.training.own_sets import write_set_bundle
from rn_core.weights.card import CardFacts
from rn_core.weights.foreign import read_foreign, tidy_names

Read = Callable[[bytes, Path], Any]
#: Spoiled files per kind of file.
N_FILES = 50
#: Longest sentence about a file.
MOST_LETTERS = 900
JUNK = (
    None, True, False, 0, -1, 0.5, 3, 10**9, 10**30, 10**400, 1e308, float("nan"), float("inf"), "", " ", "x", "é",
    "\0", "\ud800", "a\nb", "{", "{}", "1", "NaN", "x" * 2000, [], {}, [[]], [None], [0, 0], {"": None},
    {"x": {"x": []}},
)  # fmt: skip
SIGNS = (b"1e999", b"-Infinity", b"\\ud800", b'"', b"\t", b",", b"{", b"\x00")
STORY = (
    "1 Mary moved to the bathroom.\n2 John went to the hallway.\n3 Where is Mary? \tbathroom\t1\n"
    "4 Daniel went back to the hallway.\n5 Where is Daniel? \thallway\t4\n1 Sandra moved to the garden.\n"
    "2 Where is Sandra? \tgarden\t1\n"
)


def make_set() -> list[dict[str, Any]]:
    """Return twelve scenes of three objects with places, pairs and two questions."""
    things = [{"name": f"o{k}", "face": "ab"[k % 2], "size": k + 0.5, "x": k, "y": 1} for k in range(3)]
    asked = [{"question": "Are {o0} and {o1} alike?", "type": "alike", "deciding": ["o0"]},
             {"question": "Is there an a?", "type": "any"}]  # fmt: skip
    return [
        {"scene": f"s{number}", "objects": things, "pairs": [{"first": "o0", "second": "o2", "near": 1}],
         "questions": [{**each, "answer": "yes" if number % 2 else "no"} for each in asked]}
        for number in range(12)
    ]  # fmt: skip


def write_lines(lines: list[Any]) -> bytes:
    return "".join(json.dumps(line) + "\n" for line in lines).encode()


@cache
def make_csv() -> tuple[bytes, bytes]:
    """Return the same scenes as CSV files of objects and questions."""
    objects, asked = "scene,name,face,size,x,y\n", "scene,question,answer,type,deciding\n"
    for line in make_set():
        for each in line["objects"]:
            objects += f"{line['scene']},{each['name']},{each['face']},{each['size']},{each['x']},1\n"
        for each in line["questions"]:
            row = (each["question"], each["answer"], each["type"], ";".join(each.get("deciding", [])))
            asked += f"{line['scene']},{','.join(row)}\n"
    return objects.encode(), asked.encode()


@cache
def make_weights() -> bytes:
    """Return a small network of the set as a file with its card."""
    data = OwnData(take_uploads([("s.jsonl", write_lines(make_set()))]))
    host(data.task)
    model = build_model(make_models(data.schema)["rn"], 0).eval()
    return write_set_bundle("rn", model, CardFacts(task=data.task.name), data).content


@cache
def make_archive() -> bytes:
    """Return two images with all questions."""
    stream = io.BytesIO()
    codes = np.zeros((2, 3, 11), dtype=np.uint8)
    codes[:, :, [0, 6, 8]] = 1
    images, answers = np.zeros((2, 75, 75, 3), dtype=np.uint8), np.ones((2, 3), dtype=np.int64)
    np.savez_compressed(stream, images=images, questions=codes, answers=answers)
    return stream.getvalue()


@cache
def make_checkpoint() -> bytes:
    """Return a checkpoint with a table of tensors."""
    stream = io.BytesIO()
    tensors = {"module.a.weight": torch.ones(2, 3), "module.a.bias": torch.zeros(2)}
    torch.save({"epoch": 3, "state_dict": tensors}, stream)
    return stream.getvalue()


@cache
def make_clevr() -> dict[str, Any]:
    """Return a scene as CLEVR's files have it."""
    return dict(json.loads(sample_scene(make_rng(2, "test")).to_json()))


@cache
def make_shapes() -> dict[str, Any]:
    """Return a scene of Sort-of-CLEVR as its files have it."""
    return dict(json.loads(sample_shapes(make_rng(1, "test")).to_json()))


def make_questions() -> dict[str, Any]:
    """Return questions as CLEVR's files have them."""
    program = [{"type": "scene", "inputs": []}, {"type": "count", "inputs": [0]}]
    asked = {"image_filename": "CLEVR_val_000000.png", "image_index": 0, "question": "How many cubes are there?",
             "answer": "3", "program": program}  # fmt: skip
    return {"info": {"split": "val"}, "questions": [asked, dict(asked)]}


def read_folder(content: bytes, folder: Path) -> None:
    (folder / "questions").mkdir(exist_ok=True)
    (folder / "questions" / "CLEVR_val_questions.json").write_bytes(content)
    for reading in (None, Reading()):
        try:
            open_split(folder, "val", with_pictures=False, reading=reading)
        except RNCoreError as err:
            check_sentence(err)
    open_split(folder, "val", with_pictures=False, reading=Reading(strict=True))


def read_scene(content: bytes, folder: Path, task: str, question: str) -> None:
    (folder / "scene.json").write_bytes(content)
    _, seen = read_asked(TASKS[task], None, folder / "scene.json", np.random.default_rng(0))
    if question:
        TASKS[task].check_answerable(seen, question)
    TASKS[task].encode_scenes([seen])


def read_archive(content: bytes, folder: Path) -> None:
    (folder / "set.npz").write_bytes(content)
    load_archive(folder / "set.npz", Reading())


def read_stories(content: bytes, folder: Path) -> None:
    text = content.decode(errors="replace")
    for reading in (None, Reading(), Reading(strict=True)):
        try:
            parse_stories(text, 1, "qa1.txt", reading=reading)
        except RNCoreError as err:
            check_sentence(err)
    read_written(text)


def spoil_values(value: Any, rng: random.Random) -> Any:
    """Return JSON values with one thing dropped, doubled, renamed or replaced somewhere inside."""
    value = copy.deepcopy(value)
    table = value
    while True:
        places = [*table] if isinstance(table, dict) else [*range(len(table))]
        if not places:
            return value
        place = rng.choice(places)
        if isinstance(table[place], dict | list) and table[place] and rng.random() < 0.75:
            table = table[place]
            continue
        how = rng.randrange(5)
        if how == 0:
            del table[place]
        elif how == 1 and isinstance(table, dict):
            table[rng.choice(("", "x", "name", "\ud800", str(place).upper()))] = table.pop(place)
        elif how == 1:
            table.append(copy.deepcopy(table[place]))
        else:
            table[place] = copy.deepcopy(rng.choice(JUNK))
        return value


def spoil_bytes(content: bytes, rng: random.Random) -> bytes:
    """Return a file that is cut, has bytes changed, or is written in another encoding or with other ends of lines."""
    at, end = (rng.randrange(len(content) + 1) for _ in range(2))
    text = content.decode("latin-1")
    spoiled: list[Callable[[], bytes]] = [
        lambda: content[:at],
        lambda: content[at:],
        lambda: content[:at] + rng.randbytes(3) + content[at + 3 :],
        lambda: content[: min(at, end)] + content[max(at, end) :],
        lambda: content[:at] + content[min(at, end) : max(at, end)] + content[at:],
        lambda: b"\xef\xbb\xbf" + content,
        lambda: content.replace(b"\n", rng.choice((b"\r\n", b"\r", b"\n\n", b" \n", b"\x0b", b"\x00"))),
        lambda: text.encode(rng.choice(("utf-16", "utf-16-le", "utf-32", "utf-7"))),
        lambda: content[:at] + rng.choice(("é", "→", "\u2028")).encode(rng.choice(("utf-8", "utf-16"))) + content[at:],
        lambda: content[:at] + rng.choice((b"[", b'{"x":')) * 20_000 + content[at:],
        lambda: content[:at] + b"9" * 6_000 + content[at:],
        lambda: content[:at] + rng.choice(SIGNS) + content[at:],
        lambda: b"",
    ]  # fmt: skip
    return rng.choice(spoiled)()


def spoil_lines(lines: list[Any], rng: random.Random) -> bytes:
    """Return JSON Lines of which some values or bytes are spoiled."""
    return write_lines(spoil_values(lines, rng)) if rng.random() < 0.7 else spoil_bytes(write_lines(lines), rng)


def spoil_json(values: Any, rng: random.Random) -> bytes:
    """Return JSON of which some values or bytes are spoiled."""
    whole = json.dumps(values).encode()
    return json.dumps(spoil_values(values, rng)).encode() if rng.random() < 0.7 else spoil_bytes(whole, rng)


def spoil_card(content: bytes, rng: random.Random) -> bytes:
    """Return weights of which the card, the header or some bytes are spoiled."""
    if rng.random() < 0.2:
        return spoil_bytes(content, rng)
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    if rng.random() < 0.2:
        header = spoil_values(header, rng)
    else:
        header["__metadata__"]["card"] = json.dumps(spoil_values(json.loads(header["__metadata__"]["card"]), rng))
    written = json.dumps(header).encode()
    return len(written).to_bytes(8, "little") + written + content[8 + length :]


def spoil_arrays(content: bytes, rng: random.Random) -> bytes:
    """Return an archive of which one array has another shape, type or content, or some bytes are spoiled."""
    how = rng.random()
    if how < 0.2:
        return spoil_bytes(content, rng)
    if how < 0.5:
        return spoil_member(content, rng)
    with np.load(io.BytesIO(content)) as opened:
        arrays = {name: opened[name] for name in opened.files}
    name = rng.choice([*arrays])
    one = arrays.pop(name)
    others = [
        one[:0], one[..., :0], one.ravel(), one[None], one.astype(float) * np.nan, one.astype(float) * 1e300,
        *map(one.astype, (complex, bool, str, "S", "datetime64[s]")), one - np.int64(2**40), -one.astype(np.uint64),
        np.array(3), np.array("x"), np.zeros(2, dtype=[("a", int)]),
    ]  # fmt: skip
    if rng.random() < 0.8:
        arrays[name] = rng.choice(others)
    if rng.random() < 0.4:
        arrays[rng.choice(("colors", "answer_names", "made_with"))] = rng.choice(others)
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    return stream.getvalue()


def spoil_member(content: bytes, rng: random.Random) -> bytes:
    """Return an archive of sound parts, the beginning of one of which is spoiled."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as whole, zipfile.ZipFile(stream, "w") as made:
        spoiled = rng.choice(whole.namelist())
        for name in whole.namelist():
            part = whole.read(name)
            made.writestr(name, spoil_bytes(part[:120], rng) + part[120:] if name == spoiled else part)
    return stream.getvalue()


def spoil_checkpoint(content: bytes, rng: random.Random) -> bytes:
    """Return a checkpoint of other things than named tensors, or with some bytes spoiled."""
    if rng.random() < 0.6:
        return spoil_bytes(content, rng)
    tensor = torch.ones(2)
    things = (tensor, tensor.to_sparse(), tensor.double(), 3, "x", [tensor], {"a": tensor}, {1: tensor}, {}, None)
    names = rng.sample(("a", "module.a", "state_dict", "model"), 3)
    tables = [{name: rng.choice(things) for name in names}, rng.choice(things)]
    stream = io.BytesIO()
    torch.save(rng.choice(tables), stream)
    return stream.getvalue()


def read_csv(content: bytes, _: Path, place: int) -> None:
    files = [("objects.csv", make_csv()[0]), ("questions.csv", make_csv()[1])]
    files[place] = (files[place][0], content)
    OwnData(take_uploads(files))


#: Kind of file -> what spoils it, what reads it.
KINDS: dict[str, tuple[Callable[[random.Random], bytes], Read]] = {
    "own JSON Lines": (
        lambda rng: spoil_lines(make_set(), rng),
        lambda content, _: OwnData(take_uploads([("s.jsonl", content)])),
    ),
    "own CSV objects": (lambda rng: spoil_bytes(make_csv()[0], rng), partial(read_csv, place=0)),
    "own CSV questions": (lambda rng: spoil_bytes(make_csv()[1], rng), partial(read_csv, place=1)),
    "own weights": (
        lambda rng: spoil_card(make_weights(), rng),
        lambda content, _: take_weights(read_models([("rn.safetensors", content)]).weights),
    ),
    "checkpoint": (
        lambda rng: spoil_checkpoint(make_checkpoint(), rng),
        lambda content, _: tidy_names(read_foreign(content, "a.pth"), "a.pth"),
    ),
    "Sort-of-CLEVR archive": (lambda rng: spoil_arrays(make_archive(), rng), read_archive),
    "Sort-of-CLEVR scene": (
        lambda rng: spoil_json(make_shapes(), rng),
        partial(read_scene, task="sort-of-clevr/objects", question="Is the red object on the left?"),
    ),
    "CLEVR scene": (
        lambda rng: spoil_json(make_clevr(), rng),
        partial(read_scene, task="clevr/states", question=""),
    ),
    "CLEVR questions": (lambda rng: spoil_json(make_questions(), rng), read_folder),
    "bAbI stories": (lambda rng: spoil_bytes(STORY.encode(), rng), read_stories),
    "bAbI story on the page": (
        lambda rng: spoil_bytes(STORY.encode(), rng),
        lambda content, _: read_story_file(content, "qa1_train.txt", 2, 1),
    ),
    "bAbI story asked": (
        lambda rng: spoil_bytes(b"Mary moved to the bathroom.\nJohn went to the hallway.\n", rng),
        partial(read_scene, task="babi", question="Where is Mary?"),
    ),
    "physics scene": (
        lambda rng: spoil_json(json.loads(sampled_scene(5, 3).to_json()), rng),
        lambda content, _: read_scene_file(content, "scene.json"),
    ),
}


def check_sentence(err: RNCoreError) -> None:
    """Assert that a refusal is one short sentence that can be written anywhere."""
    said = str(err)
    assert said and "\n" not in said and len(said) <= MOST_LETTERS, repr(said)
    said.encode()


@pytest.mark.parametrize("kind", KINDS)
def test_a_spoiled_file_is_read_or_refused_with_one_sentence(kind, tmp_path):
    spoil, read = KINDS[kind]
    refused = 0
    for seed in range(N_FILES):
        content = spoil(random.Random(f"{kind} {seed}"))
        try:
            read(content, tmp_path)
        except RNCoreError as err:
            check_sentence(err)
            refused += 1
        except Exception as err:
            pytest.fail(f"seed {seed}: {type(err).__name__}: {err!r:.300} for {content[:300]!r}")
    assert refused > N_FILES / 10, "hardly anything was spoiled"
