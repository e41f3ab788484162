"""What cannot be understood is refused with one sentence, by the API, the command line and the pages alike."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pages._lab.babi.stories import read_written
from pages._lab.babi.stories import tidy_question as tidy_babi
from pages._lab.clevr.questions import tidy_question as tidy_clevr
from pages._lab.clevr.things import build_scene, camera_of, sampled_things
from pages._lab.links import parse_scene
from pages._lab.physics.scenes import name_balls, read_scene_file
from pages._lab.sort_of_clevr.view import find_truth
from pages._ui.explore.session import read_typed
from rn_core import cli
from rn_core.answering import Answerer, load
from rn_core.common.errors import QuestionError, RNCoreError, SceneError
from rn_core.common.seeding import make_rng
from rn_core.models import build_model
from rn_core.tasks import TASKS
from rn_core.tasks.babi.encoding import WINDOW
from rn_core.tasks.babi.words import WORDS as BABI_WORDS
from rn_core.tasks.clevr import sample_scene as sample_clevr
from rn_core.tasks.clevr.vocabulary import WORDS as CLEVR_WORDS
from rn_core.tasks.physics.bundled import load_bundled_scenes
from rn_core.tasks.physics.encoding import encode_rows as encode_balls
from rn_core.tasks.registry import model_config
from rn_core.tasks.sort_of_clevr import Question, sample_scene, stack_scenes
from rn_core.tasks.sort_of_clevr.encoding import encode_rows
from rn_core.tasks.sort_of_clevr.language import ALL_TEXTS
from tests.cards import make_card

SORT, CLEVR, BABI, BALLS = "sort-of-clevr/rn-objects", "clevr/rn-states", "babi/rn-joint", "physics/rn-connections"
SCENE = sample_scene(make_rng(1, "test"))
ROWS = encode_rows(stack_scenes([SCENE]))[0][0].numpy()
LEFT = "Is the red object on the left?"
CLEVR_SCENE = sample_clevr(make_rng(2, "explore"))
STORY = "Mary moved to the bathroom.\nJohn went to the hallway."
WHERE = "Where is Mary?"
TABLE = load_bundled_scenes().frames(0, 16)
BALL_ROWS = encode_balls(TABLE[:1])[0][0]
CONNECTED = "Which balls are connected?"


@dataclass(frozen=True)
class Case:
    """What is asked of which model, and what the page does with the same; it raises what it says."""

    model: str
    scene: Any
    question: str
    error: type[RNCoreError]
    words: str
    page: Callable[[], Any] | None = None


def without(thing: str, rows: np.ndarray = ROWS) -> np.ndarray:
    """Object rows without the one of a color."""
    return np.delete(rows, [each.color for each in SCENE.objects].index(thing), axis=0)


def changed(rows: np.ndarray, row: int, column: int | slice, value: Any) -> np.ndarray:
    """Rows with a part of one replaced."""
    rows = rows.copy()
    rows[row, column] = value
    return rows


def clevr_record(**changes: Any) -> dict[str, Any]:
    """CLEVR's scene JSON with the first object changed."""
    record = CLEVR_SCENE.to_dict()
    del record["relationships"]
    record["objects"][0] |= changes
    return record


def doubled_record() -> dict[str, Any]:
    """CLEVR's scene JSON with the first object twice."""
    record = CLEVR_SCENE.to_dict()
    del record["relationships"]
    record["objects"].insert(1, record["objects"][0])
    record["objects"] = record["objects"][:10]
    return record


def lone_thing_twice() -> None:
    """Put the scene's first object twice on the CLEVR page."""
    first, *rest = sampled_things(2)
    build_scene((first, first, *rest), camera_of(2))


def ball_record(**changes: Any) -> dict[str, Any]:
    """The JSON of a scene of balls, with some of it changed."""
    return {**json.loads(TABLE.scene(0).to_json()), **changes}


def open_balls(record: dict[str, Any]) -> None:
    """Open a scene of balls on the physics page."""
    read_scene_file(json.dumps(record).encode(), "scene.json")


TOO_LONG = "\n".join(["Mary moved to the bathroom."] * 401)
EARLY = "\n".join(["Mary moved to the lounge.", *["John went to the hallway."] * WINDOW])
PARAGRAPH = STORY.replace("\n", " ")
SAME_PLACE = ball_record()
SAME_PLACE["positions"][3][1] = SAME_PLACE["positions"][3][0]
CASES = {
    # questions that are none
    "sort-hello": Case(SORT, SCENE, "hello", QuestionError, "'hello' is not in", lambda: read_typed("hello")),
    "sort-empty": Case(SORT, SCENE, " ", QuestionError, "Type a question", lambda: read_typed(" ")),
    **{
        f"clevr-{text}": Case(
            CLEVR, CLEVR_SCENE, text, QuestionError, words, lambda text=text: tidy_clevr(text)
        )
        for text, words in {
            "hello": "'hello' is not understood",
            "red red red": "'red' is not understood",
            "There is a cube.": "breaks off",
            "Is there a pyramid?": "pyramid",
            "Are there? How many cubes?": "not understood",
            "How many cubes are there? How many spheres?": "leave it out",
            "": "Type a question",
        }.items()
    },
    **{
        f"babi-{text}": Case(BABI, STORY, text, QuestionError, words, lambda text=text: tidy_babi(text))
        for text, words in {
            "Where is Marie?": "'marie' is not among",
            "": "got 0",
            "Where is Mary? Where is John?": "one sentence, got 2",
        }.items()
    },
    "balls-hello": Case(BALLS, BALL_ROWS, "hello", QuestionError, "asks only"),
    "balls-itself": Case(BALLS, BALL_ROWS, "Is red connected to red?", QuestionError, "two different balls"),
    # objects that are missing or doubled, or out of range
    "sort-missing": Case(
        SORT, SCENE.remove("red"), LEFT, SceneError, "no red object",
        lambda: find_truth(SCENE.remove("red"), Question("left", "red")),
    ),
    "sort-missing-row": Case(
        SORT, without("red"), LEFT, SceneError, "no red object",
        lambda: find_truth(SCENE.remove("red"), Question("left", "red")),
    ),
    "sort-lone-row": Case(SORT, ROWS[:1], ALL_TEXTS[18], SceneError, "needs at least two objects"),
    "sort-doubled-row": Case(
        SORT, changed(ROWS, 1, slice(0, 6), ROWS[0, :6]), LEFT, SceneError, "its own color, got red, red, blue",
    ),
    "sort-same-place": Case(SORT, changed(ROWS, 1, slice(8, 10), ROWS[0, 8:]), LEFT, SceneError, "0 pixels apart"),
    "sort-no-color": Case(SORT, changed(ROWS, 1, slice(0, 6), 0), LEFT, SceneError, "Row 1's color must be a 1"),
    "sort-two-shapes": Case(SORT, changed(ROWS, 1, slice(6, 8), 1), LEFT, SceneError, "Row 1's shape must be a 1"),
    "sort-outside": Case(SORT, changed(ROWS, 1, 8, 3.0), LEFT, SceneError, "move it inside"),
    "clevr-doubled": Case(
        CLEVR, doubled_record(), "Is there a cube?", SceneError, "Objects 0 and 1", lone_thing_twice
    ),
    "clevr-none": Case(CLEVR, {"objects": []}, "Is there a cube?", SceneError, "1 to 10 objects, got 0"),
    "clevr-color": Case(CLEVR, clevr_record(color="pink"), "Is there a cube?", SceneError, "got 'pink'"),
    "clevr-far": Case(CLEVR, clevr_record(**{"3d_coords": [9, 9, 0.7]}), "Is there a cube?", SceneError, "-3 to 3"),
    "balls-missing": Case(
        BALLS, BALL_ROWS[1:], "Is red connected to blue?", SceneError, "no red ball"
    ),
    "balls-doubled": Case(
        BALLS, changed(BALL_ROWS, 1, slice(0, 3), BALL_ROWS[0, :3]), CONNECTED, SceneError, "its own color"
    ),
    "balls-color": Case(BALLS, changed(BALL_ROWS, 1, slice(0, 3), 0.123), CONNECTED, SceneError, "one of `COLORS`"),
    "balls-same-place": Case(
        BALLS, SAME_PLACE, CONNECTED, SceneError, "0.000 m apart in frame 3", lambda: open_balls(SAME_PLACE)
    ),
    "balls-same-place-rows": Case(
        BALLS, changed(BALL_ROWS, 1, slice(3, None), BALL_ROWS[0, 3:]), CONNECTED, SceneError, "apart in frame 0"
    ),
    "balls-outside": Case(BALLS, changed(BALL_ROWS, 1, 3, 2.0), CONNECTED, SceneError, "from -1.1 to 1.1"),
    # stories
    "babi-question": Case(
        BABI, f"{STORY} {WHERE}", WHERE, SceneError, "A story holds statements only, got the question",
        lambda: read_written(f"{STORY} {WHERE}"),
    ),
    "babi-paragraph-in-a-list": Case(BABI, [PARAGRAPH], WHERE, SceneError, "one sentence, got 2"),
    "babi-numbered": Case(
        BABI, f"1 2 {STORY}", WHERE, SceneError, "leave line numbers out", lambda: read_written(f"1 2 {STORY}")
    ),
    "babi-early": Case(BABI, EARLY, WHERE, SceneError, "Sentence 1 cannot be read", lambda: read_written(EARLY)),
    "babi-long": Case(BABI, TOO_LONG, WHERE, SceneError, "got 401", lambda: read_written(TOO_LONG)),
    "babi-none": Case(BABI, "", WHERE, SceneError, "write one sentence per line", lambda: read_written("")),
}  # fmt: skip


@pytest.fixture(scope="module")
def answerer() -> Callable[[str], Answerer]:
    """Return a small model that was never trained, by a shipped one's name."""
    made: dict[str, Answerer] = {}

    def make(name: str) -> Answerer:
        if name not in made:
            task = {SORT: "sort-of-clevr/objects", CLEVR: "clevr/states", BABI: "babi"}.get(name, "physics/connections")
            made[name] = Answerer(
                name, make_card(name, task), build_model(model_config(task, "rn"), 0).eval(), TASKS[task], None
            )
        return made[name]

    return make


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_api_refuses_what_the_page_refuses_with_its_sentence(case, answerer):
    model, said = answerer(case.model), set()
    for ask in (model.answer, model.trace, model.logits):
        with pytest.raises(case.error) as caught:
            ask(case.scene, case.question)
        said.add(str(caught.value))
    (sentence,) = said
    assert case.words in sentence and "\n" not in sentence
    if case.page is not None:
        with pytest.raises(RNCoreError) as caught:
            case.page()
        # Pages call objects and balls by their letters and colors.
        shown = str(caught.value).replace("Objects A and B", "Objects 0 and 1")
        assert shown == sentence or shown.endswith(f": {name_balls(sentence)}")


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.error is QuestionError])
def test_the_command_line_refuses_such_questions_with_the_same_sentence(name, answerer, monkeypatch, capsys):
    case = CASES[name]
    monkeypatch.setattr(cli, "load", lambda name, *_: answerer(name))
    with pytest.raises(QuestionError) as caught:
        answerer(case.model).answer(case.scene, case.question)
    if case.model == BALLS:
        pytest.importorskip("mujoco")
    assert cli.main(["explain", case.model, case.question, "--json"]) == 1
    assert capsys.readouterr().err == f"{caught.value}\n"


def test_a_doubled_color_on_explore_and_in_rows_is_one_sentence(answerer):
    with pytest.raises(SceneError) as page:
        parse_scene("r20.20s_r50.50s")
    assert "own color" in str(page.value)
    rows = changed(ROWS[:2], 1, slice(0, 6), ROWS[0, :6])
    with pytest.raises(SceneError) as api:
        answerer(SORT).answer(rows, LEFT)
    assert str(api.value) == str(page.value)


@pytest.mark.parametrize(("name", "scene", "question"), [(SORT, SCENE, LEFT), (BABI, STORY, WHERE)])
def test_of_many_the_bad_one_is_named_by_its_index(name, scene, question, answerer):
    with pytest.raises(QuestionError, match=r"^At index 18: "):
        answerer(name).answer_many([scene] * 20, [question] * 18 + ["Where is Waldo?"] + [question])
    with pytest.raises(QuestionError, match=r"^A question must be text, got NoneType; ask in English\.$"):
        answerer(name).answer(scene, None)


def test_many_answers_have_each_their_own_warnings(answerer):
    long = [STORY.splitlines()[0]] * 22
    plain, warned = answerer(BABI).answer_many([STORY, long], [WHERE, WHERE])
    assert plain.warnings == ()
    assert warned.warnings == ("Only the last 20 of the story's 22 sentences count; the first 2 were not read.",)
    exact, one_more = answerer(BABI).answer_many([long[:20], long[:21]], [WHERE, WHERE])
    assert exact.warnings == ()
    assert one_more.warnings == ("Only the last 20 of the story's 21 sentences count; the first one was not read.",)


def test_a_question_without_a_single_answer_is_answered_with_a_warning(answerer):
    ask = answerer(CLEVR).answer
    assert CLEVR_SCENE.words["shape"].count("sphere") == 4
    (warning,) = ask(CLEVR_SCENE, "What color is the sphere?").warnings
    assert warning == ("4 objects fit (0, 2, 4 and 5), so this question has no single answer.")
    assert [place for place, shape in enumerate(CLEVR_SCENE.words["shape"]) if shape == "sphere"] == [0, 2, 4, 5]
    (warning,) = ask(CLEVR_SCENE.to_json(), "What color is the gray cube?").warnings
    assert warning == "No object fits, so this question has no answer in this scene."
    assert ask(CLEVR_SCENE, "How many spheres are there?").warnings == ()


def test_the_command_line_prints_warnings_and_json_has_them(answerer, monkeypatch, capsys):
    monkeypatch.setattr(cli, "load", lambda name, *_: answerer(name))
    ask = ["explain", CLEVR, "What color is the sphere?", "--seed", "2"]
    assert cli.main(ask) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].startswith("Warning: 4 objects fit (0, 2, 4 and 5)")
    assert cli.main([*ask, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["warnings"] == [lines[1].removeprefix("Warning: ")]
    assert cli.main(["explain", CLEVR, "Is there a cube?", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["warnings"] == []


def test_shipped_weights_refuse_as_well():
    with pytest.raises(QuestionError, match="'hello' is not understood"):
        load(CLEVR).answer(CLEVR_SCENE, "hello")


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["objects", "positions"]), inner),
    max_leaves=8,
)
_ARRAYS = arrays(
    st.sampled_from([np.float32, np.float64, np.uint8, np.int64, np.bool_, np.complex64, np.dtype("U3"), object]),
    st.sampled_from([(), (3,), (2, 10), (1, 10), (2, 35), (1, 35), (4, 4, 3), (75, 75, 3)]),
    elements=st.just(0) | st.just(1),
)


def _texts(model: str) -> st.SearchStrategy[Any]:
    """Return anything, or texts of words that a model knows, with marks and line ends among them."""
    words = {SORT: " ".join(ALL_TEXTS).split(), CLEVR: CLEVR_WORDS, BABI: BABI_WORDS, BALLS: CONNECTED.split()}[model]
    known = st.lists(st.sampled_from([*words, ";", "?", ".", "\n"]), max_size=12).map(" ".join)
    return known | st.text(max_size=20) | st.none() | st.integers()


@pytest.mark.parametrize("name", [SORT, CLEVR, BABI, BALLS])
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_whatever_is_asked_is_answered_or_refused_with_a_sentence(name, answerer, data):
    good = {SORT: SCENE, CLEVR: CLEVR_SCENE, BABI: STORY, BALLS: BALL_ROWS}[name]
    scene = data.draw(st.just(good) | _JSON | _JSON.map(json.dumps) | _ARRAYS | _texts(name))
    question = data.draw(st.sampled_from([LEFT, "Is there a cube?", WHERE, CONNECTED]) | _texts(name))
    try:
        answer = answerer(name).answer(scene, question)
    except RNCoreError as err:
        assert "\n" not in str(err) and len(str(err)) < 700
    else:
        assert np.isfinite(answer.logits).all()
