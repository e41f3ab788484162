"""The executor against CLEVR's own engine, node by node, and the objects that decide an answer."""

from __future__ import annotations

import pytest

from rn_core.common.errors import QuestionError, SceneError
from rn_core.tasks.clevr import ClevrScene, deciding_objects, execute, execute_nodes, last_links, parse
from rn_core.tasks.clevr.encoding import ANSWERS
from rn_core.tasks.clevr.execution import answer_text
from tests.tasks.clevr.conftest import read_list


def chain(*steps: str) -> list[dict]:
    """Return a program from "function value? @inputs?" lines; without @ a node takes the one before it."""
    nodes = []
    for index, step in enumerate(steps):
        words = [word for word in step.split() if not word.startswith("@")]
        inputs = [int(word[1:]) for word in step.split() if word.startswith("@")]
        if not inputs and words[0] != "scene":
            inputs = [index - 1]
        nodes.append({"type": words[0], "inputs": inputs, "value_inputs": words[1:]})
    return nodes


def check_all(questions: list[dict], records: list[dict]) -> tuple[int, int]:
    """Compare every answer, and every node's output where the file has it; return how many of both there were."""
    scenes = {record["image_index"]: ClevrScene.from_json(record) for record in records}
    n_nodes = 0
    for question in questions:
        scene = scenes[question["image_index"]]
        outputs = execute_nodes(question["program"], scene)
        for output, node in zip(outputs, question["program"], strict=True):
            if "_output" in node:
                assert output == node["_output"]
                assert type(output) is type(node["_output"])
                n_nodes += 1
        answer = execute(question["program"], scene)
        assert answer == question.get("answer_text", question["answer"])
        assert answer == answer_text(question["answer"])
        assert answer in ANSWERS
    return len(questions), n_nodes


def test_every_node_of_the_synthetic_oracle(shared_data, synthetic_records):
    questions = read_list(shared_data / "clevr-oracle/questions_synthetic0-299.json", "questions")
    assert check_all(questions, synthetic_records) == (3000, 33_399)


def test_every_node_of_the_oracle_on_real_scenes(shared_data, train_records):
    questions = read_list(shared_data / "clevr-oracle/questions_real_train_scenes0-199.json", "questions")
    assert check_all(questions, train_records) == (2000, 22_207)


def test_every_reference_question_on_real_scenes(shared_data, val_records):
    questions = read_list(shared_data / "clevr/questions/reference_questions_val0-9.json", "questions")
    assert check_all(questions, val_records) == (100, 1162)


def test_every_official_question(shared_data, train_records):
    """The official spelling of nodes: "function" and no outputs."""
    questions = read_list(shared_data / "clevr/questions/official_train_questions_images0-3.json", "questions")
    assert check_all(questions, train_records) == (40, 0)


def test_a_scene_may_be_json_or_text(four_things):
    program = chain("scene", "filter_color red", "count")
    scene = ClevrScene.from_json(four_things())
    assert {execute(program, given) for given in (four_things(), scene.to_json(), scene)} == {"2"}


@pytest.mark.parametrize(
    ("program", "answer", "deciding"),
    [
        # Query: the object asked about.
        (chain("scene", "filter_size small", "filter_color red", "unique", "query_shape"), "sphere", (1,)),
        (chain("scene", "filter_shape cube", "unique", "same_color", "unique", "query_size"), "small", (1,)),
        # Compare attributes: both objects, or the one that is compared with itself.
        (
            chain(
                "scene", "filter_shape cube", "unique", "query_color",
                "scene", "filter_shape cylinder", "unique", "query_color", "equal_color @3 @7",
            ),
            "no",
            (0, 3),
        ),
        (chain("scene", "filter_shape cube", "unique", "query_color", "equal_color @3 @3"), "yes", (0,)),
        # Count and exist: the set.
        (chain("scene", "count"), "4", (0, 1, 2, 3)),
        (chain("scene", "filter_shape sphere", "count"), "2", (1, 2)),
        (chain("scene", "filter_color gray", "exist"), "yes", (3,)),
        # An empty set: what was filtered, and through several empty filters the last set that had objects.
        (chain("scene", "filter_color green", "count"), "0", (0, 1, 2, 3)),
        (chain("scene", "filter_shape sphere", "filter_color green", "filter_size large", "exist"), "no", (1, 2)),
        # An empty relation or sameness: the object that it starts from.
        (chain("scene", "filter_shape cylinder", "unique", "relate behind", "count"), "0", (3,)),
        (chain("scene", "filter_shape cylinder", "unique", "same_color", "exist"), "no", (3,)),
        (
            chain(
                "scene", "filter_shape cylinder", "unique", "relate behind",
                "filter_color red", "filter_size small", "exist",
            ),
            "no",
            (3,),
        ),
        # A relation with objects, filtered to none: those objects.
        (chain("scene", "filter_shape cube", "unique", "relate behind", "filter_color green", "count"), "0", (1, 2, 3)),
        # Both sides of a union and of an intersection without objects.
        (chain("scene", "filter_color red", "scene", "filter_color blue", "union @1 @3", "count"), "3", (0, 1, 2)),
        (chain("scene", "filter_color red", "scene", "filter_color blue", "intersect @1 @3", "count"), "0", (0, 1, 2)),
        # Comparisons of numbers: both sets, and for an empty one what it was looked for from.
        (
            chain("scene", "filter_color red", "count", "scene", "filter_color blue", "count", "greater_than @2 @5"),
            "yes",
            (0, 1, 2),
        ),
        (
            chain("scene", "filter_color red", "count", "scene", "filter_color blue", "count", "less_than @2 @5"),
            "no",
            (0, 1, 2),
        ),
        (
            chain(
                "scene", "filter_shape sphere", "filter_color green", "count",
                "scene", "filter_shape cube", "count", "equal_integer @3 @6",
            ),
            "no",
            (0, 1, 2),
        ),
    ],
)  # fmt: skip
def test_answers_and_deciding_objects_by_hand(four_things, program, answer, deciding):
    assert execute(program, four_things()) == answer
    assert deciding_objects(program, four_things()) == deciding


def test_every_question_of_the_oracle_has_deciding_objects(shared_data, synthetic_records):
    """They are the object of a query, or the counted set, as the engine's own outputs say."""
    questions = read_list(shared_data / "clevr-oracle/questions_synthetic0-299.json", "questions")
    for question in questions:
        program = question["program"]
        found = deciding_objects(program, synthetic_records[question["image_index"]])
        assert found == tuple(sorted(set(found)))
        assert len(found) >= 1
        source = program[program[-1]["inputs"][0]]["_output"]
        if program[-1]["type"].startswith("query"):
            assert found == (source,)
        elif program[-1]["type"] in ("count", "exist") and source:
            assert found == tuple(source)
        elif program[-1]["type"].startswith("equal") and program[-1]["type"] != "equal_integer":
            assert found == tuple(sorted({program[program[k]["inputs"][0]]["_output"] for k in program[-1]["inputs"]}))


def test_a_set_without_nodes_that_answer_can_be_looked_at(four_things):
    assert execute_nodes(chain("scene", "filter_color red"), four_things()) == [[0, 1, 2, 3], [0, 1]]
    with pytest.raises(QuestionError, match=r"^A program's last node must give an answer, got 'filter_color', which"):
        execute(chain("scene", "filter_color red"), four_things())


@pytest.mark.parametrize(
    ("color", "sentence"),
    [
        ("red", r"^Node 2 \(unique\) asks for the one object .*, but this scene has 2 \(objects 0, 1\); describe one"),
        (
            "green",
            r"^Node 2 \(unique\) asks for the one object .*, but this scene has none; describe one object only\.$",
        ),
    ],
)
def test_not_exactly_one_object_is_one_sentence(four_things, color, sentence):
    for run in (execute, execute_nodes, deciding_objects):
        with pytest.raises(QuestionError, match=sentence):
            run(chain("scene", f"filter_color {color}", "unique", "query_shape"), four_things())


def test_a_bad_scene_is_one_sentence():
    with pytest.raises(SceneError, match="1 to 10 objects, got 0"):
        execute(chain("scene", "count"), {"objects": []})


def test_a_program_whose_paths_double_at_every_node_is_no_trouble(four_things):
    """97 unions of an empty set with itself: 2 ** 97 ways back to the scene, too many to walk."""
    doubled = [f"union @{k} @{k}" for k in range(1, 98)]
    assert deciding_objects(chain("scene", "filter_color green", *doubled, "count"), four_things()) == (0, 1, 2, 3)


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("How many things are right of the large red cube?", ((1, 0), (2, 0), (3, 0))),
        ("What size is the sphere that is right of the small red ball?", ((2, 1),)),
        ("What number of things are behind the red sphere that is right of the cube?", ((2, 1), (3, 1))),
        ("What shape is the thing that is both right of the cube and left of the blue sphere?", ((1, 0), (1, 2))),
        ("How many things are either blue spheres or red things right of the cube?", ((1, 0),)),
        ("Is the red sphere the same size as the thing that is behind the blue sphere?", ((3, 2),)),
        ("How many other things are the same color as the cube?", ((1, 0),)),
        ("Are there any things left of the cube?", ()),
        ("How many red things are there?", ()),
    ],
)
def test_the_last_links_of_questions_about_four_things(four_things, text, links):
    assert last_links(parse(text), four_things()) == links
