"""The page Your data: it opens, explains what a network of a set does, and loses nothing by a bad file."""

from __future__ import annotations

import json
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pages._lab.domains.base import full_name
from pages._lab.domains.own import DOMAIN
from pages._lab.own.models import SetModels, list_answering, read_models
from pages._lab.own.sets import OwnSet, find_set, take_files
from pages._lab.own.state import OwnState
from rn_core.common.errors import RNCoreError
from rn_core.models import build_model
from rn_core.race.own_race import OwnRace, OwnRaceConfig
from rn_core.tasks.own.dataset import OwnData
from rn_core.tasks.own.files import find_files
from rn_core.tasks.registry import host
from rn_core.training.own_sets import make_config, write_set_bundle
from rn_core.training.processes import make_fabric
from rn_core.weights.card import CardFacts

pytestmark = pytest.mark.weights
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def models() -> SetModels:
    """Return networks of the capitals that have learned nothing."""
    return make_models(find_set("cities"))


def make_models(shown: OwnSet) -> SetModels:
    """Return networks of a set that have learned nothing."""
    data = OwnData(find_files(shown.path))
    task = host(data.task)
    made = {kind: build_model(make_config(data, kind).model, 0).eval() for kind in ("rn", "mlp")}
    facts = CardFacts(task=task.name)
    files = [write_set_bundle(kind, model, facts, data, 10) for kind, model in made.items()]
    return read_models([(f"{each.kind}.safetensors", each.content) for each in files])


def open_page(models: SetModels | None = None, **query: str) -> AppTest:
    """Return the page, opened by a link, in a session that has some networks."""
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    if models is not None:
        query["model"] = models.name
        app.session_state["own.models"] = {models.name: models}
        answerers = [models.answerer, models.baseline][: len(list_answering(models.name))]
        names = [full_name(DOMAIN, name) for name in list_answering(models.name)]
        app.session_state["own.answerers"] = dict(zip(names, answerers, strict=True))
    app.query_params.update(query)
    app.switch_page("pages/own.py").run()
    assert [error.message for error in app.exception] == []
    return app


def test_it_opens_on_a_set_that_comes_with_the_project():
    app = open_page()
    assert any("Which of two capitals" in each.value for each in app.caption)
    assert [each.label for each in app.button if each.label == "Train"]


@pytest.mark.parametrize("section", ["pairs", "pair", "what-if", "method", "many", "results"])
def test_every_section_is_drawn(models, section):
    extra = {"pair": "o1-o2"} if section in ("pair", "what-if") else {}
    app = open_page(models, section=section, scene="3", **extra)
    assert not app.error, [each.value for each in app.error]
    if section == "results":
        assert any("Without looking at a scene" in each.value for each in app.markdown)


def test_the_pairs_of_the_deciding_objects_are_marked(models):
    state = OwnState(model=models.name, seed=2)
    case = DOMAIN.ask(state)
    names = [thing.name for thing in case.scene.objects]
    wanted = {(names.index(a), names.index(b)) for a in case.deciding for b in case.deciding if a != b}
    assert {*DOMAIN.find_true_pairs(case)} == wanted and len(wanted) in (2, 6)


def test_a_relation_network_alone_is_shown_alone(models):
    alone = replace(models, name=f"{models.name}-alone", baseline=None)
    app = open_page(alone)
    assert not app.error and len(DOMAIN.list_models(DOMAIN.ask(OwnState(model=alone.name)))) == 1


def test_links_survive_and_a_set_that_is_gone_is_said():
    state = OwnState(data="bonds", seed=4, pair=("o1", "o2"), why="single")
    assert OwnState.from_query(state.to_query()) == (state, [])
    found, problems = OwnState.from_query({"set": f"set-{'0' * 32}", "scene": "3"})
    assert found == OwnState() and "choose its file again" in problems[0]
    found, problems = OwnState.from_query({"why": "maybe"})
    assert found == OwnState() and "'maybe' is no answer" in problems[0]


def test_a_question_that_networks_cannot_read_is_one_sentence(models):
    with pytest.raises(RNCoreError, match="'Who is it\\?' is not a question of this set"):
        DOMAIN.ask(OwnState(model=models.name, question="Who is it?"))
    found, problems = OwnState.from_query({"q": "Who is {nobody}?"})
    assert found == OwnState() and "'nobody', which scene '2' does not have" in problems[0] and len(problems) == 1


def test_a_question_in_words_that_the_set_does_not_ask_is_answered_with_a_warning():
    objects = [{"name": "a", "size": 1}, {"name": "b", "size": 2}]
    lines = [
        {"objects": objects, "questions": [{"question": f"In year {k}, is {{a}} big?", "answer": f"{k % 2}"}]}
        for k in range(100)
    ]
    held = take_files([("words.jsonl", "".join(json.dumps(line) + "\n" for line in lines).encode())])
    networks = make_models(held)
    known = held.records[0].questions[0].text
    for question, warns in ((known, False), (known.replace("{a} big", "big big {a}"), True)):
        app = open_page(networks, set=held.name, q=question)
        assert any("None of the scenes shown here" in each.value for each in app.get("html")) == warns


def test_a_file_with_a_fault_leaves_everything_as_it_was():
    with pytest.raises(RNCoreError, match=r"'bad.jsonl', line 1: objects must be a list"):
        take_files([("bad.jsonl", json.dumps({"objects": 3, "questions": []}).encode())])
    content = find_set("bonds").path.read_bytes()
    held = take_files([("mine.jsonl", content)])
    assert find_set(held.name) is held and held.path.read_bytes() == content
    name = held.name
    del held
    with pytest.raises(RNCoreError, match="choose its file again"):
        find_set(name)


def test_a_server_that_cannot_keep_files_says_so(monkeypatch):
    content = find_set("bonds").path.read_bytes()

    def refuse(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    for owner, name in ((tempfile, "mkdtemp"), (tempfile, "mkstemp")):
        with monkeypatch.context() as patch, pytest.raises(RNCoreError, match="No space left on device"):
            patch.setattr(owner, name, refuse)
            take_files([("full.jsonl", content)])


def test_a_race_on_a_set_asks_both_networks_the_same_and_keeps_its_place(tmp_path):
    config = OwnRaceConfig(data=str(find_set("bonds").path), steps=4)
    race = OwnRace(config, make_fabric("cpu", "32-true"))
    losses = [step.losses for step in race.train()]
    assert [{*each} for each in losses] == [{"rn", "mlp"}] * 4 and race.n_questions == 4 * 64
    assert {*race.look().accuracy["rn"]} == {"bonded", "order"}
    race.save(tmp_path)
    loaded = read_models([(path.name, path.read_bytes()) for path in tmp_path.iterdir()])
    assert loaded.weights.card.split == "test"
    assert "data" not in loaded.weights.card.trained.settings
    race.keep(tmp_path / "kept")
    other = OwnRace(config, make_fabric("cpu", "32-true"))
    assert other.go_on(tmp_path / "kept") and other.step == 4
