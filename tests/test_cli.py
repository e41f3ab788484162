"""The commands: what they print for machines, what they say to people, what they leave behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from rn_core import cli
from rn_core.common.seeding import make_rng
from rn_core.tasks import TASKS
from rn_core.tasks.sort_of_clevr import sample_scenes, solve
from rn_core.training.checkpoints import read_checkpoint
from tests.forked import start

pytestmark = pytest.mark.process

ROOT = Path(__file__).resolve().parent.parent
MAIN = str(ROOT / "rn_core" / "__main__.py")
TRAIN = ["train", "sort-of-clevr/rn-objects", "--threads", "1", "--precision", "32-true"]


def run(capsys, *arguments: str) -> tuple[int, str, str]:
    code = cli.main(list(arguments))
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_help_names_every_command():
    found = subprocess.run([sys.executable, "-m", "rn_core", "--help"], cwd=ROOT, capture_output=True, text=True)
    assert found.returncode == 0
    for command in ("train", "evaluate", "explain", "generate", "weights", "bench"):
        assert command in found.stdout


def test_generate_writes_the_scenes_of_its_seed(tmp_path, capsys):
    path = tmp_path / "scenes.npz"
    code, out, _ = run(capsys, "generate", str(path), "--scenes", "7", "--seed", "5", "--json")
    assert code == 0
    made = json.loads(out)
    assert (made["output"], made["scenes"], made["seed"], made["margin"]) == (str(path), 7, 5, 2.0)
    assert made["blind_floor"]["left"] == max(made["answer_shares"]["left"].values())
    arrays = np.load(path)
    scenes = sample_scenes(make_rng(5, "train"), 7)
    np.testing.assert_array_equal(arrays["centers"], scenes.centers)
    np.testing.assert_array_equal(arrays["answers"], solve(scenes).answers)
    assert arrays["images"].shape == (7, 75, 75, 3)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["generate", "x.npz", "--scenes", "0"], "The number of scenes must be 1 or more, got 0."),
        (["generate", "x.npz", "--seed", "-1"], "A seed must be a whole number from 0 to 4294967295, got -1"),
        (["generate", "x.npz", "--margin", "9"], "margin must be from 0 to 4"),
        (["evaluate", "sort-of-clevr/rm-pixels"], "No weights named 'sort-of-clevr/rm-pixels'."),
        (["train", "sort-of-clevr/rn-pixel"], "Did you mean 'sort-of-clevr/rn-pixels'?"),
        (["train", "sort-of-clevr/rn-objects", "--steps", "0"], "steps must be 1 or more, got 0."),
        (["weights", "publish", "sort-of-clevr/rn-objects", "--folder", "nowhere"], "There is no run in 'nowhere'"),
        (["generate", "x.npz", "--threads", "0"], "threads must be 1 or more, got 0."),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_one(arguments, sentence, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    if arguments[0] == "generate":
        arguments = [*arguments, "--json"]
    code, out, err = run(capsys, *arguments)
    assert code == 1
    assert sentence in err
    assert "Traceback" not in err
    assert out == ""
    assert not list(tmp_path.glob("*.npz"))


def test_training_prints_json_and_ends_with_a_checkpoint(tmp_path, capsys):
    arguments = [*TRAIN, "--steps", "30", "--folder", str(tmp_path / "run"), "--json"]
    code, out, _ = run(capsys, *arguments)
    assert code == 0
    last = json.loads(out.splitlines()[-1])
    assert last["step"] == 30
    assert set(last["accuracy"]) >= {"shape", "closest_shape"}
    again, out, _ = run(capsys, *arguments)
    assert again == 0, "a finished run has nothing left to do"
    assert json.loads(out.splitlines()[-1])["accuracy"] == last["accuracy"]


def train_sixty_steps(folder: Path) -> list[str]:
    """The arguments of a run in a folder."""
    sizes = ["--steps", "60", "--validate-every", "20", "--validation-scenes", "50"]
    return [*TRAIN, *sizes, "--folder", str(folder), "--json"]


@pytest.fixture(scope="module")
def unbroken_run(tmp_path_factory):
    """What an unbroken run ends with."""
    folder = tmp_path_factory.mktemp("whole")
    assert cli.main(train_sixty_steps(folder)) == 0
    return read_checkpoint(folder / "checkpoint.safetensors")[0]


@pytest.mark.usefixtures("heeds_interrupts")
@pytest.mark.parametrize("kill", [signal.SIGINT, signal.SIGKILL])
def test_a_killed_run_resumes_with_the_result_of_an_unbroken_one(kill, tmp_path, unbroken_run):
    arguments = train_sixty_steps(tmp_path / "broken")
    command = [sys.executable, "-m", "rn_core", *arguments]
    broken = start(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    path = tmp_path / "broken" / "checkpoint.safetensors"
    deadline = time.monotonic() + 120
    while not path.exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    broken.send_signal(kill)
    broken.wait(60)
    assert cli.main(arguments) == 0
    resumed, _ = read_checkpoint(path)
    assert unbroken_run.keys() == resumed.keys()
    for name, value in unbroken_run.items():
        np.testing.assert_array_equal(value.numpy(), resumed[name].numpy(), err_msg=name)
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_fabric_run_joins_two_processes(tmp_path):
    """`test_folder_training.py` does the same by torchrun."""
    start = [*"-m lightning_fabric.cli --accelerator cpu --devices 2 --strategy ddp".split(), MAIN]
    command = [sys.executable, *start, *TRAIN, "--steps", "4", "--folder", str(tmp_path), "--json", "--device", "cpu"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=environment)
    assert found.returncode == 0, found.stderr
    assert "world_size=2" in found.stderr or "2 processes" in found.stderr
    _, state = read_checkpoint(tmp_path / "checkpoint.safetensors")
    assert state["step"] == 4


def test_explain_asks_about_a_scene_of_the_models_own_world(capsys):
    assert cli.main(["explain", "clevr/rn-states", "How many objects are there?", "--json", "--seed", "3"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["answer"] == str(len(found["scene"]["objects"]))
    assert abs(found["completeness_gap"]) < 1e-6
    assert len(found["pairs"]) == 5


def test_explain_says_every_tie_with_its_probability(capsys):
    assert cli.main(["explain", "physics/rn-connections", "Which balls are connected?", "--seed", "3"]) == 0
    first, *pairs = capsys.readouterr().out.splitlines()
    named = [part.rpartition("  (")[0] for part in first.split(", ")]
    assert len(pairs) == 5
    assert {*named} <= {*TASKS["physics/connections"].answers} or named == ["none"]
    for name in named:
        question = f"Is {' connected to '.join(name.split('-'))}?"
        assert cli.main(["explain", "physics/rn-connections", question, "--seed", "3"]) == 0
        assert capsys.readouterr().out.startswith("yes  (")
    assert cli.main(["explain", "physics/rn-connections", "Is red connected to red?"]) == 1
    assert "name two of them" in capsys.readouterr().err
