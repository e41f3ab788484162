"""The process that draws pictures: it draws what the core does, dies in one sentence, and ends with its owner."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from pages._lab.clevr.pictures import bundled_picture, bundled_scene
from pages._lab.clevr.renderer import ROOT, Renderer
from pages._lab.clevr.state import DEFAULT_SEED
from pages._lab.clevr.things import sampled_scene
from pages._lab.desk import Desk
from pages._lab.lines import Line
from pages._ui import cache
from pages._ui.clevr import drawing
from rn_core.common.errors import RNCoreError

pytestmark = pytest.mark.process

LONG = 120
#: Replies with one pixel of the seed's value; ends in the middle of a reply at 13, cannot draw 14.
WORKER = """
import json, sys
for line in sys.stdin:
    seed = json.loads(line)["seed"]
    reply = {"problem": "No."} if seed == 14 else {"shape": [1, 1, 3]}
    sys.stdout.buffer.write(json.dumps(reply).encode() + b"\\n" + bytes([seed] * (seed < 13)))
    if seed == 13:
        sys.exit(3)
    sys.stdout.buffer.write(bytes([seed] * 2 * (seed < 13)))
    sys.stdout.buffer.flush()
"""
#: Starts a worker that writes where this process does, and sends it one request.
OWNER = """
import subprocess, sys, time
worker = subprocess.Popen([sys.executable, "-m", "rn_core.tasks.clevr.render_worker"], stdin=subprocess.PIPE)
worker.stdin.write(sys.stdin.buffer.readline())
worker.stdin.flush()
time.sleep(600)
"""


@pytest.fixture
def renderer():
    made = Renderer(command=(sys.executable, "-c", WORKER))
    yield made
    made.close()


def test_one_process_draws_one_picture_after_another(renderer):
    scene = sampled_scene(3)
    assert renderer.render(scene, 7).tolist() == [[[7, 7, 7]]]
    pid = renderer.pid
    assert renderer.render(scene, 8).tolist() == [[[8, 8, 8]]]
    with pytest.raises(RNCoreError, match=r"^No\.$"):
        renderer.render(scene, 14)
    assert renderer.pid == pid


def test_a_process_that_dies_is_one_sentence_and_the_next_request_starts_another(renderer):
    scene = sampled_scene(3)
    with pytest.raises(RNCoreError, match=r"ended unexpectedly \(status 3\); ask for it again\.$"):
        renderer.render(scene, 13)
    assert renderer.render(scene, 7).tolist() == [[[7, 7, 7]]]
    renderer._process.kill()
    renderer._process.wait()
    assert renderer.render(scene, 9).tolist() == [[[9, 9, 9]]]


def test_an_idle_process_ends():
    renderer = Renderer(idle_seconds=0.05, command=(sys.executable, "-c", WORKER))
    renderer.render(sampled_scene(3), 7)
    deadline = time.monotonic() + LONG
    while renderer.pid is not None and time.monotonic() < deadline:
        time.sleep(0.02)
    assert renderer.pid is None
    assert renderer.render(sampled_scene(3), 8).tolist() == [[[8, 8, 8]]]
    renderer.close()


@pytest.fixture
def owner():
    with subprocess.Popen(
        [sys.executable, "-c", OWNER], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        yield process
        process.kill()


def test_the_real_process_draws_the_bundled_picture_and_ends_when_its_owner_is_killed(owner):
    pytest.importorskip("mitsuba")
    request = {"scene": json.loads(bundled_scene()), "seed": DEFAULT_SEED}
    owner.stdin.write(json.dumps(request).encode() + b"\n")
    owner.stdin.flush()
    shape, wanted = json.loads(owner.stdout.readline())["shape"], bundled_picture().pixels.astype(int)
    drawn = np.frombuffer(owner.stdout.read(wanted.size), dtype=np.uint8).reshape(shape)
    assert np.abs(drawn - wanted).max() <= 8  # processors round differently
    owner.send_signal(signal.SIGKILL)
    assert owner.stdout.read() == b""  # all who could write there are gone


def test_a_measurement_in_progress_does_not_delay_a_picture(monkeypatch, renderer):
    measuring, desk = cache.measuring_desk(), Desk(Line(1), 1000, lambda picture: 1)
    begun, go = threading.Semaphore(0), threading.Event()

    def measure(report) -> str:
        begun.release()
        go.wait(LONG)
        return ""

    works = [measuring.ask(("held", k), str(k), measure, keeps=False) for k in range(measuring.line.size + 1)]
    for _ in range(measuring.line.size):
        assert begun.acquire(timeout=LONG)
    monkeypatch.setattr(drawing, "find_renderer", lambda: renderer)
    picture = desk.ask("scene", "visitor", lambda report: drawing.draw_picture(sampled_scene(3), 7))
    assert picture.is_over.wait(LONG)
    assert picture.result().pixels.tolist() == [[[7, 7, 7]]]
    assert not any(work.is_over.is_set() for work in works)
    go.set()
    for work in works:
        assert work.is_over.wait(LONG)


def test_the_process_that_draws_does_without_pytorch():
    code = "import sys, rn_core.tasks.clevr.render_worker; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
