"""Saved files: each opens again and holds what the page showed."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from pages._lab.sort_of_clevr.picture import make_saved_stage
from pages._lab.sort_of_clevr.state import ExploreState, sampled_scene
from pages._ui.pairs import exports
from rn_core.tasks.sort_of_clevr import Question, Scene


@pytest.fixture(
    params=[{"pair": ("red", "blue")}, {"model": "rn-pixels"}, {"model": "rn-pixels", "view": "cells"}], ids=str
)
def view(request, make_view):
    return make_view(**request.param)


def test_png(view):
    image = Image.open(io.BytesIO(exports.export_png(view)))
    image.load()
    assert image.format == "PNG"
    assert image.size[0] > image.size[1] > 800
    assert np.asarray(image.convert("RGB")).std() > 10


def test_svg(view):
    root = ElementTree.fromstring(exports.export_svg(view))
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert len(list(root.iter("{http://www.w3.org/2000/svg}path"))) > 20


def test_csv_holds_the_matrix(view):
    rows = list(csv.DictReader(io.StringIO(exports.export_csv(view).decode())))
    labels = view.nodes.labels
    matrix = np.zeros((len(labels), len(labels)))
    for row in rows:
        matrix[labels.index(row["first"]), labels.index(row["second"])] = float(row["contribution"])
    np.testing.assert_array_equal(matrix, view.matrix)
    decides = {(labels.index(row["first"]), labels.index(row["second"])) for row in rows if row["decides"] == "1"}
    assert decides == {*view.true_pairs}


def test_json_holds_scene_question_answer_and_contributions(view):
    content = json.loads(exports.export_json(view))
    assert {*content} == {"schema", "scene", "question", "truth", "answers", "warnings", "attribution", "view"}
    assert Scene.from_json(json.dumps(content["scene"])) == view.state.scene
    assert content["question"] == "What is the shape of the object closest to the red object?"
    assert content["truth"] == view.reading.truth
    assert content["answers"][view.state.model] == view.reading.answer.probabilities
    parts = content["attribution"]
    assert parts["contributions"] == view.attribution.contributions.tolist()
    assert sum(parts["contributions"]) + parts["completeness_gap"] == pytest.approx(
        parts["value"] - parts["baseline_value"]
    )
    n_objects = len(view.nodes.membership)
    assert parts["pair_index"] == [[i, j] for i in range(n_objects) for j in range(n_objects)]
    assert ExploreState.from_query(content["view"]["link"]) == (view.state, [])


def test_html_asks_no_network(view):
    page = exports.export_html(view, make_saved_stage).decode()
    addresses = {*re.findall(r"https?://[^\s\"'`<>)]+", page)}
    assert addresses <= {"http://www.w3.org/2000/svg"}
    assert not re.search(r"\b(src|href)\s*=", page)
    assert not re.search(r"\b(import|fetch|XMLHttpRequest|@import)\b\s*[(\"']", page)


def test_html_holds_the_scene_and_the_answers(view):
    page = exports.export_html(view, make_saved_stage).decode()
    data = json.loads(re.search(r"^let data = (.*);$", page, re.MULTILINE)[1])
    assert [thing["id"] for thing in data["objects"]] == [thing.color for thing in view.state.scene.objects]
    assert data["editable"] is False
    assert "export default" not in page
    assert f"<b>{view.reading.truth}</b>" in page
    assert "What is the shape of the object closest to the red object?" in page
    assert len(page) < 200_000


def test_a_scene_of_two_objects_is_saved_too(make_view):
    scene = sampled_scene(0)
    for color in ("green", "orange", "gray", "yellow"):
        scene = scene.remove(color)
    small = make_view(model="rn-objects", edited=scene)
    for _, _, _, make in exports.list_files(small, make_saved_stage):
        assert len(make()) > 50


def test_file_names_are_different(make_view):
    names = [name for _, name, _, _ in exports.list_files(make_view(), make_saved_stage)]
    assert len({*names}) == len(names) == 5


def test_warnings_are_beside_the_answers_once_and_in_the_files(make_view):
    view = make_view()
    sentence = "Only <b>some</b> of it was read."
    answer = replace(view.reading.answer, warnings=(sentence,))
    view = replace(view, reading=replace(view.reading, answer=answer, others={"mlp": answer}))
    assert view.answers_html().count("Only &lt;b&gt;some&lt;/b&gt; of it was read.") == 1
    assert "Only &lt;b&gt;some" in exports.export_html(view, make_saved_stage).decode()
    assert json.loads(exports.export_json(view))["warnings"] == [sentence]


def test_files_are_named_by_scene_question_and_model(make_view):
    views = [make_view(), make_view(seed=3), make_view(model="rn-pixels"), make_view(question=Question("left", "blue"))]
    names = [exports.name_files(view) for view in views]
    assert len({*names}) == len(names)
    assert names[0] == "scene-0-what-is-the-shape-of-the-object-closest-to-the-red-rn-objects"
    assert all(re.fullmatch(r"[a-z0-9-]+", name) for name in names)
    files = exports.list_files(views[0], make_saved_stage)
    assert len({name for _, name, _, _ in files}) == len(files)


def test_every_objects_name_is_inside_a_saved_picture(make_view):
    edge = next(scene for scene in map(sampled_scene, range(200)) if max(thing.y for thing in scene.objects) > 66)
    axes = exports.make_figure(make_view(edited=edge)).axes[0]
    assert {text.get_text() for text in axes.texts} == {thing.color for thing in edge.objects}
    assert all(0 <= text.xy[1] < 74 for text in axes.texts)


def test_a_question_about_one_object_rings_that_object_alone(make_view):
    for question, rings in ((Question("left", "red"), [0]), (Question("closest_shape", "red"), None)):
        data = make_saved_stage(make_view(question=question)).to_data()
        labels = [data["nodes"][k]["label"] for k in data["deciding"]]
        assert labels == ["red"] if rings else (len(labels) == 2 and "red" in labels)
