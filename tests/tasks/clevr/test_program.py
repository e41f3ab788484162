"""Programs: what is one, its type, and the sentence for everything that is none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rn_core.common.errors import QuestionError
from rn_core.tasks.clevr import VALUES
from rn_core.tasks.clevr.program import FUNCTIONS, GROUPS, QUESTION_TYPES, Node, check_program, question_type
from tests.tasks.clevr.conftest import read_list

SCENE = {"type": "scene", "inputs": []}
RED = {"type": "filter_color", "inputs": [0], "value_inputs": ["red"]}
ONE = {"type": "unique", "inputs": [1]}


def test_the_functions_are_those_of_the_oracle(shared_data):
    questions = read_list(shared_data / "clevr-oracle/questions_synthetic0-299.json", "questions")
    assert {node["type"] for question in questions for node in question["program"]} == set(FUNCTIONS)
    assert {question["program"][-1]["type"] for question in questions} == set(QUESTION_TYPES)


def test_groups_split_the_question_types():
    assert sorted(kind for kinds in GROUPS.values() for kind in kinds) == sorted(QUESTION_TYPES)
    assert list(GROUPS) == ["count", "exist", "compare_integer", "query_attribute", "compare_attribute"]
    assert len(QUESTION_TYPES) == 13


def test_every_spelling_of_a_node_is_read():
    spellings = [
        [SCENE, RED, {"type": "count", "inputs": [1], "value_inputs": [], "_output": 3}],
        [{"function": "scene"}, {"function": "filter_color", "inputs": [0], "side_inputs": ["red"]},
         {"function": "count", "inputs": [1], "side_inputs": []}],
        ({"type": "scene", "function": "scene", "inputs": (), "value_inputs": None},
         {"type": "filter_color", "inputs": (0,), "value_inputs": ("red",), "side_inputs": []},
         {"type": "count", "inputs": [1]}),
    ]  # fmt: skip
    nodes = (Node("scene", (), ""), Node("filter_color", (0,), "red"), Node("count", (1,), ""))
    assert [check_program(program) for program in spellings] == [nodes] * 3
    assert question_type(spellings[0]) == "count"


@pytest.mark.parametrize(
    ("program", "sentence"),
    [
        (None, r"^A program must be a list of nodes, got None; see CLEVR's questions\.$"),
        ("scene", r"^A program must be a list of nodes, got 'scene'; see"),
        ({"type": "scene"}, r"^A program must be a list of nodes, got \{'type': 'scene'\}; see"),
        ([], r"^A program must have 1 to 100 nodes, got 0; shorten it\.$"),
        ([SCENE] * 1_000_000, r"^A program must have 1 to 100 nodes, got 1000000; shorten it\.$"),
        ([7], r"^Node 0 must be a JSON object with a function and inputs, got 7\.$"),
        ([{}], r"^Node 0 must have a function of CLEVR such as filter_color or count, got None\.$"),
        ([{"type": "filter_colour"}], r"got 'filter_colour'\. Did you mean 'filter_color'\?$"),
        ([{"type": ["scene"]}], r"^Node 0 must have a function of CLEVR .*, got \['scene'\]\.$"),
        ([{"type": "x" * 10**6}], r"^Node 0 must have a function of CLEVR .*, got 'x+\.\.\.x+'\.$"),
        ([{"type": "scene", "function": "count"}], r"^Node 0 must have one function, got \['scene', 'count'\]; keep"),
        ([SCENE, {"type": "count"}], r'^Node 1 \(count\) must have 1 "inputs", indices of earlier nodes, got \[\]\.$'),
        ([SCENE, {"type": "count", "inputs": 0}], r'^Node 1 \(count\) must have 1 "inputs", .*, got 0\.$'),
        ([SCENE, {"type": "count", "inputs": None}], r'^Node 1 \(count\) must have 1 "inputs", .*, got None\.$'),
        ([SCENE, {"type": "count", "inputs": [0, 0]}], r'must have 1 "inputs", .*, got \[0, 0\]\.$'),
        ([SCENE, {"type": "scene", "inputs": [0]}], r'must have 0 "inputs", .*, got \[0\]\.$'),
        ([SCENE, {"type": "count", "inputs": [1]}], r"^Node 1 \(count\) must take its inputs from earlier nodes"),
        ([SCENE, {"type": "count", "inputs": [2]}, SCENE], r"must take its inputs from earlier nodes, 0 to 0, got 2"),
        ([SCENE, {"type": "count", "inputs": [-1]}], r"from earlier nodes, 0 to 0, got -1\.$"),
        ([SCENE, {"type": "count", "inputs": [True]}], r"from earlier nodes, 0 to 0, got True\.$"),
        ([SCENE, {"type": "count", "inputs": ["0"]}], r"from earlier nodes, 0 to 0, got '0'\.$"),
        ([SCENE, {"type": "count", "inputs": [10**5000]}], r"from earlier nodes, 0 to 0, got a huge int\.$"),
        ([SCENE, {"type": "query_color", "inputs": [0]}],
         r"^Node 1 \(query_color\) must take one object, but its input, node 0 \(scene\), gives a set of objects\.$"),
        ([SCENE, RED, ONE, {"type": "count", "inputs": [2]}],
         r"^Node 3 \(count\) must take a set of objects, but its input, node 2 \(unique\), gives one object\.$"),
        ([SCENE, RED, ONE, {"type": "query_size", "inputs": [2]}, {"type": "equal_color", "inputs": [3, 3]}],
         r"^Node 4 \(equal_color\) must take a color, but its input, node 3 \(query_size\), gives a size\.$"),
        ([SCENE, {"type": "exist", "inputs": [0]}, {"type": "less_than", "inputs": [1, 1]}],
         r"^Node 2 \(less_than\) must take a number, but its input, node 1 \(exist\), gives yes or no\.$"),
        ([SCENE, {"type": "relate", "inputs": [0]}], r"^Node 1 \(relate\) must take one object, but its input, node 0"),
        ([SCENE, RED | {"value_inputs": []}], r'^Node 1 \(filter_color\) must have 1 "value_inputs", got \[\]\.$'),
        ([SCENE, RED | {"value_inputs": ["red", "blue"]}], r'must have 1 "value_inputs", got \[\'red\', \'blue\'\]\.$'),
        ([SCENE, RED | {"value_inputs": "red"}], r'must have 1 "value_inputs", got \'red\'\.$'),
        ([SCENE, RED | {"value_inputs": ["cube"]}], r"must have one of gray, .*, yellow as its value, got 'cube'\.$"),
        ([SCENE, RED | {"value_inputs": [["red"]]}], r"as its value, got \['red'\]\.$"),
        ([SCENE | {"value_inputs": ["red"]}], r'^Node 0 \(scene\) must have 0 "value_inputs", got \[\'red\'\]\.$'),
    ],
)  # fmt: skip
def test_what_is_no_program_is_one_sentence(program, sentence):
    with pytest.raises(QuestionError, match=sentence) as caught:
        check_program(program)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from(sorted(FUNCTIONS)),
    lambda parts: st.lists(parts, max_size=3) | st.dictionaries(st.text(max_size=5), parts, max_size=3),
    max_leaves=6,
)
WORDS = sorted({word for values in VALUES.values() for word in values} | {"left", "behind", "", "big"})
NODE = st.fixed_dictionaries(
    {"type": st.sampled_from(sorted(FUNCTIONS))},
    optional={
        "inputs": st.lists(st.integers(-1, 4), max_size=2) | ANY_JSON,
        "value_inputs": st.lists(st.sampled_from(WORDS), max_size=1) | ANY_JSON,
    },
)


@given(program=st.lists(NODE | ANY_JSON, max_size=5) | ANY_JSON)
def test_any_json_is_a_program_or_refused_in_a_sentence(program):
    try:
        nodes = check_program([SCENE, *program] if isinstance(program, list) else program)
    except QuestionError as err:
        assert str(err).endswith((".", "?"))
        assert "\n" not in str(err)
    else:
        for index, node in enumerate(nodes):
            signature = FUNCTIONS[node.function]
            assert [FUNCTIONS[nodes[source].function].returns for source in node.inputs] == list(signature.takes)
            assert all(source < index for source in node.inputs)
            assert node.value in (signature.values or ("",))
