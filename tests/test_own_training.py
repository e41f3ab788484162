"""A set of anybody's becomes tensors as its documentation says, and a Relation Network learns what pairs tell."""

from __future__ import annotations

import copy
import json
import math
import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from benchmarks.own_data import make_records
from pages._lab.own.models import read_models
from pages._lab.own.sets import find_set, take_weights
from rn_core.cli import main
from rn_core.common.errors import QuestionError, RNCoreError, SceneError
from rn_core.models import build_model
from rn_core.tasks.own.bundled.making import write_csv_files
from rn_core.tasks.own.dataset import OwnData, split_of
from rn_core.tasks.own.encoding import encode_scene
from rn_core.tasks.own.files import find_files, take_uploads
from rn_core.tasks.own.reader import read_scenes
from rn_core.tasks.own.scene import OwnObject, find_about
from rn_core.tasks.own.schema import Schema
from rn_core.tasks.own.spec import make_models

N_SCENES = 240


def make_lines(n_scenes: int = N_SCENES) -> list[dict[str, object]]:
    """Return scenes of three dice: whether two of them are alike is a matter of their pair alone."""
    rng, lines = random.Random(0), []
    for number in range(n_scenes):
        faces = [rng.choice("abcd") for _ in range(3)]
        things = [{"name": f"o{k}", "face": face, "size": rng.gauss(50, 9)} for k, face in enumerate(faces)]
        pairs = [{"first": "o0", "second": "o2", "near": rng.randint(1, 3)}]
        asked = [
            {"question": f"Are {{o{i}}} and {{o{j}}} alike?", "answer": "yes" if faces[i] == faces[j] else "no",
             "type": "alike", "deciding": [f"o{i}", f"o{j}"]}
            for i, j in ((0, 1), (2, 0), (1, 2))
        ]  # fmt: skip
        asked.append({"question": "Is there an a?", "answer": "yes" if "a" in faces else "no", "type": "any"})
        lines.append({"scene": f"s{number}", "objects": things, "pairs": pairs, "questions": asked})
    return lines


def write_lines(lines: list[dict[str, object]]) -> bytes:
    return "".join(json.dumps(line) + "\n" for line in lines).encode()


@pytest.fixture(scope="module")
def dice() -> OwnData:
    return OwnData(take_uploads([("dice.jsonl", write_lines(make_lines()))]))


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> tuple[Path, list[str], dict[str, object]]:
    """Return the folder of a run on the dice in CSV files, its command, and what that printed."""
    folder = tmp_path_factory.mktemp("own")
    rows = {"objects": ["scene,name,face,size"], "questions": ["scene,question,answer,type,deciding"]}
    for line in make_lines():
        rows["objects"] += [f"{line['scene']},{o['name']},{o['face']},{o['size']}" for o in line["objects"]]
        rows["questions"] += [
            f"{line['scene']},{q['question']},{q['answer']},{q['type']},{';'.join(q.get('deciding', []))}"
            for q in line["questions"]
        ]
    for name, lines in rows.items():
        (folder / f"dice.{name}.csv").write_text("\n".join(lines) + "\n")
    command = ["train", "own", "--data", str(folder / "dice.objects.csv"), "--folder", str(folder / "run"), "--json"]
    return folder / "run", [*command, "--device", "cpu", "--steps", "300"], {}


def run(capsys, command: list[str]) -> dict[str, object]:
    assert main(command) == 0
    return json.loads(capsys.readouterr().out)


@pytest.mark.weights
def test_a_relation_network_learns_what_pairs_tell_and_its_file_opens(trained, capsys):
    folder, command, _ = trained
    said = run(capsys, command)
    alike = said["rn"]["types"]["alike"]
    assert alike["low"] > max(said["floors"].values()) and alike["accuracy"] > 0.9
    assert alike["accuracy"] > said["mlp"]["types"]["alike"]["accuracy"]
    assert said["ds"]["types"]["any"]["low"] > max(said["floors"].values()), (
        "each object alone tells whether it is an a"
    )
    assert said["rn"]["n"] == N_SCENES // 5

    again = run(capsys, command)
    assert again["rn"] == said["rn"], "a run at its end is not trained again"

    files = [(name, (folder / name).read_bytes()) for name in ("mlp.safetensors", "rn.safetensors")]
    models = read_models(files)
    rn, mlp = models.answerer.card, models.baseline.card
    assert (rn.kind, mlp.kind) == ("rn", "mlp") and mlp.parameters >= rn.parameters
    assert rn.measured.overall.accuracy == said["rn"]["overall"]["accuracy"]
    shown = take_weights(models.weights)
    assert find_set(shown.name) is shown and shown.floors.blind == said["floors"]["blind"]
    asked = [(record.scene.asked(each.text), each) for record in shown.records for each in record.questions]
    answers = models.answerer.answer_many([scene for scene, _ in asked], [each.text for _, each in asked])
    right = [answer.text == each.answer for answer, (_, each) in zip(answers, asked, strict=True)]
    assert np.mean(right) == pytest.approx(said["rn"]["overall"]["accuracy"], abs=0.1)
    assert max(answer.completeness_gap for answer in answers) < 1e-3


def test_train_own_without_a_file_says_what_is_needed(capsys):
    assert main(["train", "own"]) == 1
    assert "--data FILE" in capsys.readouterr().err


def test_numbers_are_z_scores_of_the_training_scenes_and_categories_one_hot(dice):
    records = [*read_scenes(take_uploads([("dice.jsonl", write_lines(make_lines()))]))]
    trains = [each for place, each in enumerate(records) if split_of(0, place) == "train"]
    sizes = np.array([thing.features["size"] for each in trains for thing in each.scene.objects])
    scene = records[0].scene.asked("Are {o2} and {o0} alike?")
    rows = encode_scene(dice.schema, scene)
    assert dice.schema.d_object == rows.shape[1] == 4 + 1 + 2 + 3 + 3
    for thing, row in zip(scene.objects, rows, strict=True):
        assert row["abcd".index(thing.features["face"])] == 1 and row[:4].sum() == 1
        assert row[4] == pytest.approx((thing.features["size"] - sizes.mean()) / sizes.std(), abs=1e-4)
    assert rows[:, 5:7].tolist() == [[0, 1], [0, 0], [1, 0]]


def test_pair_features_reach_the_pair_that_the_file_names(dice):
    model = build_model(make_models(dice.schema)["rn"], 0)
    for record in dice.shown[:5]:
        inputs = dice.task.encode_scenes([record.scene])
        found = model.compare_pairs(model.encoder(*inputs)[0])[0, :, :, 0] * dice.schema.pair_columns[0].scale
        wanted = torch.zeros(3, 3)
        wanted[0, 2] = record.scene.pairs[0].features["near"]
        assert torch.allclose(found, wanted, atol=1e-5)


def test_every_scene_is_in_one_split_and_an_epoch_asks_each_training_question_once(dice):
    splits = {split: dice.find_questions(split) for split in ("train", "validation", "test")}
    assert [len(rows) for rows in splits.values()] == [4 * 168, 4 * 24, 4 * 48]
    whole = dice.take_batch(3, 0, dice.n_questions, 1)
    parts = [dice.take_batch(3, first, 96, 1) for first in range(0, dice.n_questions, 96)]
    assert torch.equal(whole.inputs[0], torch.cat([part.inputs[0] for part in parts]))
    counts = torch.bincount(whole.answer)
    answers = torch.cat([batch.answer for batch in dice.read_batches("train")])
    assert torch.equal(counts, torch.bincount(answers))
    test = [*dice.read_batches("test")]
    assert sum(len(batch) for batch in test) == 4 * 48 and sum(int(b.cluster.max()) + 1 for b in test) == 48
    assert [split_of(0, place) for place in range(10)] != [split_of(1, place) for place in range(10)]


def test_floors_are_the_commonest_answers_of_training(dice):
    records = [*read_scenes(take_uploads([("dice.jsonl", write_lines(make_lines()))]))]
    asked = {"train": [], "validation": [], "test": []}
    for place, record in enumerate(records):
        asked[split_of(0, place)] += record.questions
    answers = [each.answer for each in asked["train"]]
    best = max(("no", "yes"), key=answers.count)
    blind = {}
    for kind in ("alike", "any"):
        given = [each.answer for each in asked["train"] if each.type == kind]
        blind[kind] = max(("no", "yes"), key=given.count)
    floors = dice.measure_floors()
    assert floors.majority == pytest.approx(np.mean([each.answer == best for each in asked["test"]]))
    assert floors.blind == pytest.approx(np.mean([each.answer == blind[each.type] for each in asked["test"]]))


def test_what_was_not_seen_in_training_is_one_sentence(dice):
    line = {**make_lines(1)[0], "scene": "new"}
    line["objects"][1]["face"] = "z"
    lines = [line, *make_lines(9)]
    record = next(read_scenes(take_uploads([("new.jsonl", write_lines(lines))])))
    with pytest.raises(SceneError, match="'face' must be one of the categories seen in training, a, b, c, d, got 'z'"):
        dice.task.encode_scenes([record.scene])
    with pytest.raises(QuestionError, match="not a question of this set"):
        dice.task.encode_questions(["Are {o0} and {o1} equal?"])
    with pytest.raises(SceneError, match="'o7', which scene 's"):
        dice.shown[0].scene.asked("Are {o7} and {o1} alike?")


def test_what_no_training_scene_has_is_said_beside_the_answer(dice):
    assert all(dice.task.find_warnings(one.scene, one.questions[0].text) == () for one in dice.shown)
    lines = make_lines(40)
    held = next(place for place in range(40) if split_of(0, place) == "test")
    lines[held]["objects"][1]["face"] = "z"
    lines[held]["questions"][3]["question"] = "Is any of them an a?"
    data = OwnData(take_uploads([("few.jsonl", write_lines(lines))]))
    task, record = data.task, next(one for one in data.shown if one.scene.name == f"s{held}")
    assert Schema.from_dict(json.loads(json.dumps(data.schema.to_dict()))) == data.schema
    first, second = (task.find_warnings(record.scene, record.questions[place].text) for place in (0, 3))
    assert first == ("No training scene has a face of 'z', so the networks have learned nothing of it.",)
    assert second == (
        "No training scene has 'Is any of them an a?', so the networks have learned nothing of it.",
        *first,
    )
    far = replace(record.scene.objects[0], features={"face": "a", "size": 1e6})
    scene = replace(record.scene, objects=(far, *record.scene.objects[2:]))
    (said,) = task.find_warnings(scene, record.questions[0].text)
    assert "a size of 1e+06" in said
    common = next(one for one in data.shown if one.scene.name != f"s{held}")
    assert task.find_warnings(common.scene, common.questions[3].text) == ()


def test_many_different_questions_are_read_as_words():
    lines = make_lines(100)
    for number, line in enumerate(lines):
        line["questions"][3]["question"] = f"In year {number}, is there an a?"
    data = OwnData(take_uploads([("words.jsonl", write_lines(lines))]))
    assert not data.schema.templates and "year" in data.schema.words
    batch = data.take_batch(0, 0, 16, 1)
    assert batch.question.dtype == torch.int64 and batch.question.max() <= len(data.schema.words)
    logits = build_model(make_models(data.schema)["rn"], 0)(batch.inputs, batch.question, batch.scene_index)
    assert logits.shape == (16, 2)
    with pytest.raises(QuestionError, match="The word 'century'"):
        data.task.encode_questions(["In century 3, is there an a?"])


def test_a_schema_survives_json_and_spoiled_ones_are_refused(dice):
    values = json.loads(json.dumps(dice.schema.to_dict()))
    assert Schema.from_dict(values) == dice.schema
    rng = random.Random(0)
    junk = [None, -1, 10**9, "", [], {}, True, float("nan"), ["a", "a"], [{}], "x" * 999]
    for _ in range(200):
        spoiled = copy.deepcopy(values)
        table = spoiled if rng.random() < 0.6 else rng.choice(spoiled["columns"])
        table[rng.choice([*table])] = rng.choice(junk)
        try:
            Schema.from_dict(spoiled)
        except RNCoreError as err:
            assert str(err).endswith(".")


def test_the_new_set_of_the_benchmark_is_true_and_is_read_back(tmp_path):
    records = [*make_records(0, 60)]
    assert len(records) == 10 and sum(len(record.questions) for record in records) == 60
    for record in records:
        things = {thing.name: thing for thing in record.scene.objects}

        def measure(first: str, second: str, known: dict[str, OwnObject] = things) -> float:
            return math.dist(known[first].place, known[second].place)

        for asked in record.questions:
            first, second = asked.deciding
            others = [name for name in things if name != first]
            answer = {
                "near": "yes" if measure(first, second) < 5 else "no",
                "heavier": "yes"
                if things[first].features["kilograms"] > things[second].features["kilograms"]
                else "no",
                "nearest metal": things[min(others, key=lambda name: measure(first, name))].features["metal"],
            }
            assert asked.answer == answer[asked.type] and find_about(asked.text)[0] == first
    for name, content in write_csv_files("weights", records):
        (tmp_path / name).write_bytes(content)
    assert [*read_scenes(find_files(tmp_path / "weights.objects.csv"))] == records


def test_sets_on_disk_have_the_name_of_their_files(tmp_path):
    (tmp_path / "dice.jsonl").write_bytes(write_lines(make_lines(20)))
    assert OwnData(find_files(tmp_path / "dice.jsonl")).schema.name == "dice"
