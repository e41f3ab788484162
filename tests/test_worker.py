"""The worker as a real process: it reports, obeys, saves, ends with its owner, and says what is wrong."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from rn_core.race.records import RaceConfig
from rn_core.weights.bundles import read_bundle
from tests import forked

pytestmark = pytest.mark.process

ROOT = Path(__file__).resolve().parents[1]
CONFIG = RaceConfig(size="tiny", n_scenes=2, n_questions=2, steps=1_000_000).to_dict()
PATIENCE = 60


class Worker:
    """A running worker and what it has said."""

    def __init__(self, folder: Path, begin: Callable[..., Any] = forked.start, **changes: object) -> None:
        self.process = begin(
            [sys.executable, "-m", "rn_core.race.worker"],
            cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        self.say({"config": {**CONFIG, **changes}, "folder": str(folder)})
        self.events = (json.loads(line) for line in self.process.stdout)

    def say(self, values: dict[str, Any]) -> None:
        self.process.stdin.write(json.dumps(values) + "\n")
        self.process.stdin.flush()

    def hear(self, kind: str, **values: object) -> dict[str, Any]:
        """Return the next event of that kind with those values."""
        wanted = {"kind": kind, **values}
        return next(event for event in self.events if wanted.items() <= event.items())


@pytest.fixture
def start(tmp_path) -> Iterator[Any]:
    workers: list[Worker] = []

    def make(folder: Path = tmp_path, **changes: object) -> Worker:
        workers.append(Worker(folder, **changes))
        return workers[-1]

    yield make
    for worker in workers:
        worker.process.kill()
        worker.process.wait()
        for pipe in (worker.process.stdin, worker.process.stdout, worker.process.stderr):
            pipe.close()


def test_a_short_race_reports_saves_and_ends(start, tmp_path):
    worker = start(begin=subprocess.Popen, steps=3)
    hello = worker.hear("hello")
    assert hello["n_validation"] == 100 and len(hello["examples"]) == 8
    assert worker.hear("snapshot")["step"] == 0
    assert worker.hear("snapshot")["step"] == 3
    worker.hear("status", status="finished")
    assert worker.process.wait(PATIENCE) == 0
    for kind in ("rn", "mlp"):
        assert read_bundle((tmp_path / f"{kind}.safetensors").read_bytes(), kind).card.trained.settings["step"] == 3


def test_it_pauses_steps_resumes_and_stops(start, tmp_path):
    worker = start()
    worker.hear("status", status="running")
    worker.say({"do": "pause"})
    worker.hear("status", status="paused")
    paused_at = worker.hear("progress")["step"]
    for k in (1, 2):
        worker.say({"do": "step"})
        worker.hear("status", status="paused")
        assert worker.hear("progress")["step"] == paused_at + k
        assert worker.hear("snapshot")["step"] == paused_at + k
    worker.say({"do": "resume"})
    worker.hear("status", status="running")
    assert worker.hear("progress")["step"] > paused_at + 2
    worker.say({"do": "stop"})
    last = worker.hear("snapshot")["step"]
    worker.hear("status", status="stopped")
    assert worker.process.wait(PATIENCE) == 0
    assert read_bundle((tmp_path / "rn.safetensors").read_bytes(), "rn").card.trained.settings["step"] >= last


def test_it_makes_way_and_goes_on_to_the_same_end(start, tmp_path):
    steps = 6
    unbroken = start(tmp_path / "unbroken", steps=steps)
    unbroken.hear("status", status="finished")
    first = start(tmp_path / "broken", steps=steps)
    first.say({"do": "pause"})
    first.hear("status", status="paused")
    stopped_at = first.hear("progress")["step"]
    first.say({"do": "make way"})
    first.hear("status", status="kept")
    assert first.process.wait(PATIENCE) == 0 and stopped_at == 1
    second = start(tmp_path / "broken", steps=steps)
    second.hear("status", status="running")
    assert second.hear("snapshot")["step"] > stopped_at, "the look of the step it stopped at was sent already"
    second.hear("status", status="finished")
    models = [
        read_bundle((tmp_path / folder / "rn.safetensors").read_bytes(), "rn").model.state_dict()
        for folder in ("unbroken", "broken")
    ]
    assert all(torch.equal(value, models[1][name]) for name, value in models[0].items())


@pytest.mark.parametrize("paused", [False, True])
def test_it_steps_aside_for_others_and_ends_when_its_owner_is_gone(start, paused):
    worker = start()
    worker.hear("status", status="running")
    nicest = 19
    assert os.getpriority(os.PRIO_PROCESS, worker.process.pid) == min(os.nice(0) + 10, nicest)
    first_to_go = Path(f"/proc/{worker.process.pid}/oom_score_adj")
    assert not first_to_go.exists() or first_to_go.read_text().strip() == "1000"
    if paused:
        worker.say({"do": "pause"})
        worker.hear("status", status="paused")
    worker.process.stdin.close()
    assert worker.process.wait(PATIENCE) == 0


def test_a_bad_config_is_one_sentence(start):
    worker = start(learning_rate=7)
    assert "learning_rate must be above 0" in worker.hear("problem")["sentence"]
    assert worker.process.wait(PATIENCE) == 1


def test_weights_that_cannot_be_written_are_one_sentence(start, tmp_path):
    (tmp_path / "rn.safetensors").mkdir()
    worker = start(steps=1)
    assert "Could not write 'rn.safetensors'" in worker.hear("problem")["sentence"]
    assert worker.process.wait(PATIENCE) == 1
