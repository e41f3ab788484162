"""Generated data is never mixed: what lies there is compared with the arguments, for every task."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from rn_core import cli
from rn_core.common import files
from rn_core.tasks.clevr import dataset
from tests.tasks.clevr.test_dataset import draw_fast

pytestmark = pytest.mark.process

#: Task -> its arguments, and others that one of them can be changed to.
CASES = {
    "sort-of-clevr": (
        {"--scenes": "2", "--seed": "3", "--split": "train", "--margin": "2.0"},
        {"--scenes": "3", "--seed": "4", "--split": "test", "--margin": "1.0"},
    ),
    "babi": ({"--scenes": "1", "--seed": "3"}, {"--scenes": "2", "--seed": "4"}),
    "clevr": (
        {"--scenes": "2", "--seed": "3", "--samples": "1", "--size": "240x160"},
        {"--scenes": "1", "--seed": "4", "--samples": "2", "--size": "480x320"},
    ),
}


@pytest.fixture(autouse=True)
def fast(monkeypatch) -> None:
    """Let pictures take no time."""
    monkeypatch.setattr(dataset, "render_guided", draw_fast)


def generate(task: str, path: Path, options: dict[str, str]) -> int:
    """Run the command."""
    words = [word for pair in options.items() for word in pair]
    return cli.main(["generate", str(path), "--task", task, *words, "--json"])


def read_all(path: Path) -> dict[str, bytes]:
    """Return every file at or below a path."""
    found = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    return {str(file): file.read_bytes() for file in found}


@pytest.mark.parametrize("task", CASES)
def test_other_arguments_are_refused_and_the_same_ones_give_the_same(task, tmp_path, capsys):
    given, others = CASES[task]
    path = tmp_path / ("made.npz" if task == "sort-of-clevr" else "made")
    assert generate(task, path, given) == 0
    before = read_all(path)
    for name, value in others.items():
        capsys.readouterr()
        assert generate(task, path, {**given, name: value}) == 1, name
        error = capsys.readouterr().err
        assert (error.count("\n") == 1 and str(path.name) in error) or "CLEVR_" in error
        assert value in error and given[name] in error, "what it was made with, and what was asked for"
        assert read_all(path) == before
    assert generate(task, path, given) == 0
    assert read_all(path).keys() == before.keys()


def test_an_interrupted_telling_goes_on_with_the_same_arguments_alone(tmp_path, capsys):
    given = CASES["babi"][0]
    assert generate("babi", tmp_path / "whole", given) == 0
    assert generate("babi", tmp_path / "broken", given) == 0
    for task in range(7, 21):
        (tmp_path / f"broken/qa{task}_train.txt").unlink()
    assert generate("babi", tmp_path / "broken", {**given, "--seed": "4"}) == 1
    assert "was made with seed 3, not seed 4" in capsys.readouterr().err
    assert generate("babi", tmp_path / "broken", given) == 0
    whole, broken = (read_all(tmp_path / name) for name in ("whole", "broken"))
    assert sorted(whole.values()) == sorted(broken.values())
    assert generate("babi", tmp_path / "whole", {**given, "--split": "test", "--seed": "9"}) == 0, "another split"


def test_what_was_not_made_here_is_left_alone(tmp_path, capsys):
    stories, array = tmp_path / "stories", tmp_path / "made.npz"
    stories.mkdir()
    (stories / "qa1_train.txt").write_text("1 Mary left.\n")
    np.savez(array, images=np.zeros(3))
    (tmp_path / "text.npz").write_text("my notes")
    for task, path in (("babi", stories), ("sort-of-clevr", array), ("sort-of-clevr", tmp_path / "text.npz")):
        before = read_all(path)
        assert generate(task, path, {"--scenes": "1"}) == 1
        assert "was not made by this command" in capsys.readouterr().err
        assert read_all(path) == before


def test_stories_and_pictures_do_not_share_a_folder(tmp_path, capsys):
    for first, second in (("babi", "clevr"), ("clevr", "babi")):
        assert generate(first, tmp_path / first, CASES[first][0]) == 0
        assert generate(second, tmp_path / first, CASES[second][0]) == 1
        assert f"of task {first}; choose another folder" in capsys.readouterr().err


@pytest.mark.parametrize("kept", [0, 5, 20, 0.1, 0.6, 0.999])
def test_a_truncated_picture_is_named_and_rendered_again(kept, tmp_path, caplog):
    given = CASES["clevr"][0]
    assert generate("clevr", tmp_path, given) == 0
    before, path = read_all(tmp_path), tmp_path / "images/train/CLEVR_train_000001.png"
    whole = path.read_bytes()
    path.write_bytes(whole[: kept if isinstance(kept, int) else int(kept * len(whole))])
    (tmp_path / "scenes/CLEVR_train_scenes.json").write_text('{"info"')
    assert generate("clevr", tmp_path, given) == 0
    assert caplog.messages == [f"'{path}' is truncated or damaged; it is rendered again."]
    assert read_all(tmp_path) == before


def test_zeroed_bytes_in_a_picture_are_found(tmp_path, caplog):
    given = CASES["clevr"][0]
    assert generate("clevr", tmp_path, given) == 0
    path = tmp_path / "images/train/CLEVR_train_000000.png"
    whole = path.read_bytes()
    path.write_bytes(whole[:-60] + bytes(40) + whole[-20:])
    assert generate("clevr", tmp_path, given) == 0
    assert path.read_bytes() == whole
    assert len(caplog.messages) == 1


def test_another_picture_is_not_rendered_over(tmp_path, capsys):
    path = tmp_path / "images/train/CLEVR_train_000000.png"
    path.parent.mkdir(parents=True)
    Image.new("RGB", (3, 3)).save(path)
    before = path.read_bytes()
    assert generate("clevr", tmp_path, CASES["clevr"][0]) == 1
    assert "was not made by this command; choose an empty folder" in capsys.readouterr().err
    assert path.read_bytes() == before


@pytest.mark.parametrize("task", CASES)
def test_leftovers_of_a_killed_command_are_cleared(task, tmp_path):
    ended = subprocess.Popen(["true"])
    ended.wait()
    path = tmp_path / ("made.npz" if task == "sort-of-clevr" else "made")
    assert generate(task, path, CASES[task][0]) == 0
    before = read_all(tmp_path)
    for file in before:
        half = Path(file).with_name(f".{Path(file).name}.abcdefgh.{ended.pid}@{files._HOST}.tmp")
        half.write_bytes(b"half")
    assert generate(task, path, CASES[task][0]) == 0
    assert read_all(tmp_path).keys() == before.keys()
