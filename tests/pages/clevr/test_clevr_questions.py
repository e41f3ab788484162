"""Questions on the page: what is drawn survives the URL, and a program's steps are all there."""

from __future__ import annotations

import json

import pytest
import torch

from pages._lab.clevr import html
from pages._lab.clevr.program import make_lanes
from pages._lab.clevr.questions import (
    ANY_FAMILY,
    family_names,
    format_question,
    parse_question,
    sample_question,
    tidy_question,
)
from pages._lab.clevr.state import DEFAULT_QUESTION
from pages._lab.clevr.things import edited_scene, sampled_scene
from pages._lab.clevr.truth import allowed_answers, find_truth
from rn_core.common.errors import QuestionError
from rn_core.tasks.clevr import execute, execute_nodes, parse
from rn_core.tasks.clevr.templates import load_templates
from rn_core.tasks.clevr.tokens import encode_tokens


@pytest.mark.parametrize("family", range(0, 90, 7))
def test_a_drawn_question_survives_the_url_for_people_and_models(family):
    scene = sampled_scene(11)
    text = sample_question(scene, family, 0)
    again = parse_question(format_question(text))
    assert again == tidy_question(text) == text
    assert parse(again) == parse(text)
    assert torch.equal(encode_tokens([text]), encode_tokens([again]))
    assert execute(parse(text), scene) in allowed_answers(parse(text)[-1]["type"])


def test_turns_draw_different_questions_of_one_family():
    drawn = {sample_question(sampled_scene(11), 84, turn) for turn in range(6)}
    assert len(drawn) > 2
    assert all(parse(text)[-1]["type"] == "count" for text in drawn)
    assert sample_question(sampled_scene(11), ANY_FAMILY, 1) == sample_question(sampled_scene(11), ANY_FAMILY, 1)


def test_a_scene_that_carries_no_such_question_is_one_sentence():
    with pytest.raises(QuestionError, match="allows no question of that kind"):
        sample_question(edited_scene(2, ("A",)), 83, 0)


def test_all_families_are_offered_by_what_they_ask():
    names = family_names()
    assert {*names} == {ANY_FAMILY, *(template.family for template in load_templates())}
    assert all("{" not in name and "[" not in name and "(" not in name for name in names.values())


@pytest.mark.parametrize("text", ["what COLOUR is  the small ball", "There is a cube ;what color is it?"])
def test_tidying_keeps_what_is_asked(text):
    assert parse(tidy_question(text)) == parse(text)
    assert tidy_question(text)[0].isupper()
    assert tidy_question(tidy_question(text)) == tidy_question(text)


def test_every_step_is_in_one_lane_with_what_it_gives(shared_data):
    folder = shared_data / "clevr-oracle"
    scenes = json.loads((folder / "scenes_synthetic0-299.json").read_text())["scenes"]
    scenes = {scene["image_index"]: scene for scene in scenes}
    questions = json.loads((folder / "questions_synthetic0-299.json").read_text())["questions"][:400]
    for question in questions:
        program, scene = question["program"], scenes[question["image_index"]]
        lanes = make_lanes(program, execute_nodes(program, scene))
        assert sum(len(lane.steps) for lane in lanes) == len(program)
        assert lanes[-1].steps[-1].gives == question["answer_text"]
        assert all(joined < number for number, lane in enumerate(lanes) for joined in lane.joins)


def test_lanes_part_where_a_question_does():
    text = "Are there more spheres than cubes?"
    first, second, last = make_lanes(parse(text), execute_nodes(parse(text), sampled_scene(2)))
    assert [step.asks for step in first.steps] == ["all objects", "sphere", "how many?"]
    assert [step.gives for step in first.steps] == ["A B C D E F G", "A C E F", "4"]
    assert [step.gives for step in second.steps] == ["A B C D E F G", "D", "1"]
    assert (last.joins, [(step.asks, step.gives) for step in last.steps]) == ((0, 1), [("more?", "yes")])


def test_a_program_that_stops_shows_how_far_it_came():
    truth = find_truth("What color is the sphere?", sampled_scene(2))
    (lane,) = make_lanes(truth.program, truth.outputs)
    assert [step.gives for step in lane.steps] == ["A B C D E F G", "A C E F", None, None]
    assert (truth.answer, truth.deciding) == (None, ())
    assert "4 objects fit (A, C, E and F)" in truth.trouble
    nothing = find_truth("What color is the gray cube?", sampled_scene(2))
    assert "No object fits" in nothing.trouble


def test_nobody_knows_the_truth_of_an_uploaded_picture():
    truth = find_truth(DEFAULT_QUESTION, None)
    assert (truth.answer, truth.outputs, truth.deciding) == (None, (), ())
    assert "no scene graph" in html.truth_html(truth)
    assert "<b>" not in html.steps_html(make_lanes(truth.program, truth.outputs))


def test_steps_name_lanes_only_where_there_are_several():
    one, two = (
        html.steps_html(make_lanes(parse(text), execute_nodes(parse(text), sampled_scene(2))))
        for text in (DEFAULT_QUESTION, "Are there more spheres than cubes?")
    )
    assert "from 1 and 2" in two
    assert "from" not in one.partition("</style>")[2]
    assert one.count("rn-step last") == two.count("rn-step last") == 1
