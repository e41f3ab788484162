"""A race: both runners see the same batches, and what a look says is what the models do."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from rn_core.common.errors import RNCoreError
from rn_core.race import race as racing
from rn_core.race.race import N_EXAMPLES, Race
from rn_core.race.records import Progress, RaceConfig, usual_config
from rn_core.tasks.babi.pool import StoryPool
from rn_core.tasks.babi.solvers import solve as solve_story
from rn_core.tasks.babi.story import StoryQuestion
from rn_core.tasks.sort_of_clevr import Scene, solve, stack_scenes
from rn_core.tasks.sort_of_clevr.language import parse
from rn_core.training.checkpoints import save_checkpoint
from rn_core.training.processes import make_fabric
from rn_core.training.trainer import Trainer
from rn_core.weights.bundles import read_bundle

pytestmark = pytest.mark.weights

TINY = RaceConfig(size="tiny", n_scenes=2, n_questions=3, steps=4)


def make_race(**changes: object) -> Race:
    config = RaceConfig(**{**TINY.to_dict(), **changes})
    return Race(config, make_fabric("cpu", "32-true"))


def make_stories(**changes: object) -> Race:
    return make_race(**{**usual_config("babi").to_dict(), "n_scenes": 4, "steps": 4, "head_start": 0, **changes})


@pytest.fixture
def seen(monkeypatch) -> list[torch.Tensor]:
    """Return the list that fills with the questions of every batch that any runner learns from."""
    batches: list[torch.Tensor] = []
    step = Trainer.step

    def note(trainer: Trainer, batch):
        batches.append(torch.cat([batch.inputs[0].flatten(1).repeat_interleave(3, 0).float(), batch.question], dim=1))
        return step(trainer, batch)

    monkeypatch.setattr(Trainer, "step", note)
    return batches


def test_both_runners_learn_from_the_same_batches(seen):
    race = make_race()
    race.trainers["rn"].run.accuracy[:] = [1, 1, 1, 0, 0, 0]
    race.trainers["mlp"].run.accuracy[:] = [0, 0, 0, 1, 1, 1]
    for _ in race.train():
        pass
    assert len(seen) == 8
    for rn, mlp in zip(seen[::2], seen[1::2], strict=True):
        assert torch.equal(rn, mlp)
    assert not torch.equal(seen[0], seen[2]), "each step has a batch of its own"


def test_a_runner_alone_learns_what_it_learns_in_a_race_of_types_asked_alike(monkeypatch):
    # With fixed weights of the types, batches do not depend on who else runs.
    monkeypatch.setattr(Trainer, "_watch", lambda *_: None)
    together, alone = make_race(), make_race(models=("rn",))
    for race in (together, alone):
        for _ in race.train():
            pass
    for one, other in zip(together.models["rn"].parameters(), alone.models["rn"].parameters(), strict=True):
        assert torch.equal(one, other)


def test_progress_counts_steps_and_questions():
    last = [*make_race().train()][-1]
    assert (last.step, last.n_questions, last.head_start) == (4, 4 * 2 * 3, None)
    assert set(last.losses) == {"rn", "mlp"} and all(np.isfinite([*last.losses.values()]))
    assert last.seconds > 0


def test_only_the_chosen_question_types_are_asked():
    race = make_race(question_types=("left", "closest_shape"))
    kinds = [race.task.question_types.index(kind) for kind in race.config.question_types]
    trainer = race.trainers["rn"]
    for step in range(20):
        trainer.run.step = step
        assert set(trainer.sample().type_index.tolist()) <= set(kinds)


def test_a_look_says_what_the_models_do():
    race = make_race()
    next(race.train())
    shown = race.look()
    for kind, model in race.models.items():
        batch = race.validation
        with torch.no_grad():
            right = model.eval()(batch.inputs, batch.question, batch.scene_index).argmax(dim=1) == batch.answer
        relational = batch.type_index >= 3
        assert shown.groups[kind]["relational"] == pytest.approx(right[relational].float().mean().item(), abs=0.01)
        left = batch.type_index == 1
        assert shown.accuracy[kind]["left"] == pytest.approx(right[left].float().mean().item(), abs=0.02)
        assert np.allclose(np.sum(shown.probabilities[kind], axis=1), 1)
    counts = torch.bincount(race.validation.answer[left])
    assert shown.blind_floor["left"] == pytest.approx((counts.max() / counts.sum()).item())


def test_the_pairs_add_up_to_the_true_answer_above_its_rival():
    race = make_race()
    shown = race.look()
    answers, batch, model = race.task.answers, race._examples[0], race.models["rn"].eval()
    with torch.no_grad():
        logits = model(batch.inputs, batch.question, batch.scene_index)[0].double()
        nothing = model.core.f_phi(torch.zeros(1, model.core.config.g_widths[-1]))[0].double()
    true, rival = int(batch.answer[0]), answers.index(shown.rival)
    assert {race.examples[0].answer, shown.rival} == {"square", "circle"}
    reach = (logits[true] - logits[rival]) - (nothing[true] - nothing[rival])
    assert sum(shown.contributions) == pytest.approx(reach.item(), abs=1e-4)


def test_examples_are_true_questions_one_of_each_type_first():
    race = make_race()
    assert len(race.examples) == N_EXAMPLES
    assert {example.type for example in race.examples[:6]} == set(race.task.question_types)
    assert race.examples[0].type == "closest_shape"
    for row, example in enumerate(race.examples):
        scene = Scene.from_json(example.scene)
        answer = solve(stack_scenes([scene])).answers[0, parse(example.question).index]
        assert race.task.answers[answer] == example.answer
        assert race._examples[0].answer[row] == answer


def test_without_a_relation_network_there_are_no_pairs():
    shown = make_race(models=("mlp",)).look()
    assert (shown.contributions, shown.rival) == (None, None)


def test_a_head_start_gives_all_runners_the_same_encoder():
    race = make_race(task="sort-of-clevr/pixels", head_start=2, steps=1)
    steps = race.train()
    first, second = next(steps), next(steps)
    assert [first.head_start, second.head_start] == [0.5, 1.0]
    assert first == Progress(0, 0, 0.0, {}, 0.5)
    next(steps)
    encoders = [model.encoder for model in race.models.values()]
    names = [name for name, _ in encoders[0].named_buffers() if "frozen" in name]
    assert all(encoder.get_buffer(name).all() for encoder in encoders for name in names) and names


def test_in_stories_only_what_has_pairs_has_a_head_start():
    race, before = make_stories(head_start=2), make_stories(head_start=0)
    steps = race.train()
    assert [next(steps), next(steps)] == [Progress(0, 0, 0.0, {}, 0.5), Progress(0, 0, 0.0, {}, 1.0)]
    changed = {
        kind: [name for name, value in model.state_dict().items() if not torch.equal(value, start[name])]
        for kind, model in race.models.items()
        for start in [before.models[kind].state_dict()]
    }
    assert changed["lstm"] == []
    assert {name.split(".")[0] for name in changed["rn"]} == {"encoder", "question_encoder", "core"}
    assert not any("f_phi" in name for name in changed["rn"]), "what reads the sum learns from answers only"
    assert next(steps).step == 1


def test_the_lessons_of_a_race_are_about_the_question_types_that_are_asked(monkeypatch):
    drawn = []
    sample = StoryPool.sample_pair_batch

    def note(pool, *arguments):
        drawn.append(sample(pool, *arguments))
        return drawn[-1]

    monkeypatch.setattr(StoryPool, "sample_pair_batch", note)
    next(make_stories(head_start=1).train())
    assert set(drawn[-1].type_index.tolist()) == {0, 3, 11, 14}


def test_saved_runners_can_be_loaded_again(tmp_path):
    race = make_race()
    next(race.train())
    race.save(tmp_path)
    batch = race.validation
    for kind, model in race.models.items():
        again = read_bundle((tmp_path / f"{kind}.safetensors").read_bytes(), "mine")
        with torch.no_grad():
            wanted = model.eval()(batch.inputs, batch.question, batch.scene_index)
            assert torch.equal(again.model(batch.inputs, batch.question, batch.scene_index), wanted)
        assert again.card.trained.settings["step"] == 1
        assert again.card.measured.groups["relational"].accuracy == race.look().groups[kind]["relational"]


def test_stories_are_asked_only_the_chosen_types_and_each_as_often():
    race = make_stories()
    counts = torch.bincount(race.validation.type_index, minlength=20)
    assert counts.nonzero().flatten().tolist() == [0, 3, 11, 14]
    assert len({*counts[counts > 0].tolist()}) == 1
    for _ in range(4):
        assert {*race.trainers["rn"].sample().type_index.tolist()} <= {0, 3, 11, 14}
    look = race.look()
    assert {*look.blind_floor} == {*look.groups["rn"]} == {*look.accuracy["lstm"]} == {*race.config.question_types}


def test_a_look_at_all_types_of_stories_asks_no_more():
    few, many = make_stories(question_types=("qa1",)), make_stories(question_types=())
    assert len(few.validation) <= len(many.validation) <= len(make_stories().validation)
    assert torch.bincount(many.validation.type_index, minlength=20).min() > 0


def test_story_examples_are_true_and_those_of_two_facts_come_first():
    race = make_stories()
    asked = [StoryQuestion.from_json(example.scene) for example in race.examples]
    assert len(asked) == N_EXAMPLES
    assert {question.task for question in asked} == {1, 4, 12, 15}
    needs = [len(question.support) >= 2 for question in asked]
    assert needs == sorted(needs, reverse=True) and needs[0] and not needs[-1]
    batch = race._examples[0]
    for row, (question, example) in enumerate(zip(asked, race.examples, strict=True)):
        assert (question.text, question.answer) == (example.question, example.answer)
        found = solve_story(question.task, question.statements, question.text)
        assert found.answer == example.answer == race.task.answers[batch.answer[row]]
        assert batch.inputs[1][row].sum() == len(question.statements)


def test_the_pairs_of_a_story_are_those_of_its_sentences_and_add_up():
    race = make_stories(question_types=("qa4", "qa12"))
    # The first story among longer ones: what pads it is no sentence.
    assert race._examples[0].inputs[1].sum(dim=1).max() > (n_told := race._examples[0].inputs[1][0].sum())
    shown, batch, model = race.look(), race._examples[0], race.models["rn"].eval()
    with torch.no_grad():
        logits = model(batch.inputs, batch.question, batch.scene_index)[0].double()
        nothing = model.core.f_phi(torch.zeros(1, model.core.config.g_widths[-1]))[0].double()
    assert len(shown.contributions) == n_told**2
    true, rival = int(batch.answer[0]), race.task.answers.index(shown.rival)
    reach = (logits[true] - logits[rival]) - (nothing[true] - nothing[rival])
    assert sum(shown.contributions) == pytest.approx(reach.item(), abs=1e-4)


def test_what_heard_stories_can_be_loaded_again(tmp_path):
    race = make_stories()
    next(race.train())
    race.save(tmp_path)
    batch = race.validation
    for kind, model in race.models.items():
        again = read_bundle((tmp_path / f"{kind}.safetensors").read_bytes(), "mine")
        assert (again.card.name, again.card.task) == (f"babi/{kind}-live", "babi")
        with torch.no_grad():
            wanted = model.eval()(batch.inputs, batch.question, batch.scene_index)
            assert torch.equal(again.model(batch.inputs, batch.question, batch.scene_index), wanted)


@pytest.mark.parametrize("stopped_at", [1, 3])
def test_a_race_that_was_kept_goes_on_as_if_it_had_never_stopped(tmp_path, stopped_at):
    unbroken, first, second = make_race(), make_race(), make_race()
    losses = [progress.losses for progress in unbroken.train()]
    for progress in first.train():
        if progress.step == stopped_at:
            break
    first.look()
    first.keep(tmp_path)
    torch.manual_seed(99)
    assert second.go_on(tmp_path) and second.step == stopped_at
    assert [progress.losses for progress in second.train()] == losses[stopped_at:]
    for kind, trainer in unbroken.trainers.items():
        other = second.trainers[kind]
        assert np.array_equal(trainer.run.accuracy, other.run.accuracy)
        for name, value in trainer.run.model.state_dict().items():
            assert torch.equal(value, other.run.model.state_dict()[name]), name
        moments = other.optimizer.optimizer.state_dict()["state"]
        for index, values in trainer.optimizer.optimizer.state_dict()["state"].items():
            assert all(torch.equal(value, moments[index][name]) for name, value in values.items())


def test_keeping_half_leaves_what_was_kept_before(tmp_path, monkeypatch):
    race, again = make_race(), make_race()
    steps = race.train()
    next(steps)
    race.keep(tmp_path)
    next(steps)
    written = []

    def break_off(path, *values):
        if written:
            raise RNCoreError("The disk is full.")
        written.append(path)
        save_checkpoint(path, *values)

    monkeypatch.setattr(racing, "save_checkpoint", break_off)
    with pytest.raises(RNCoreError, match="full"):
        race.keep(tmp_path)
    assert again.go_on(tmp_path) and again.step == 1
    assert not make_race().go_on(tmp_path / "elsewhere")


@pytest.mark.parametrize("stopped_at", [1, 2])
@pytest.mark.parametrize("make", [make_stories, lambda **changes: make_race(task="sort-of-clevr/pixels", **changes)])
def test_a_head_start_goes_on_as_if_it_had_never_stopped(tmp_path, make, stopped_at):
    unbroken, first, second = (make(head_start=2, steps=1) for _ in range(3))
    *_, last = unbroken.train()
    steps = first.train()
    for _ in range(stopped_at):
        next(steps)
    first.keep(tmp_path)
    torch.manual_seed(99)
    assert second.go_on(tmp_path)
    progress = [*second.train()]
    assert [one.head_start for one in progress] == [1.0, None][stopped_at - 1 :]
    assert progress[-1].losses == last.losses
    for kind, model in unbroken.models.items():
        other = second.models[kind].state_dict()
        assert all(torch.equal(value, other[name]) for name, value in model.state_dict().items()), kind


def test_triples_race_pairs_on_the_same_questions_and_have_no_pair_picture(seen, tmp_path):
    usual = usual_config("sort-of-clevr/triples").to_dict()
    race = make_race(**{**usual, "n_scenes": 2, "n_questions": 3, "steps": 2})
    for _ in race.train():
        pass
    assert len(seen) == 4 and all(torch.equal(*both) for both in zip(seen[::2], seen[1::2], strict=True))
    look = race.look()
    assert (look.contributions, look.rival) == (None, None)
    assert [*look.groups] == ["rn", "rn-pairs"] and [*look.groups["rn-pairs"]] == ["ternary"]
    assert len(look.probabilities["rn"]) == N_EXAMPLES == len(race.examples)
    race.save(tmp_path)
    card = read_bundle((tmp_path / "rn-pairs.safetensors").read_bytes(), "rn-pairs").card
    assert (card.task, card.model.core.order) == ("sort-of-clevr/triples", 2)
