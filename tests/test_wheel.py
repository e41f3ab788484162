"""The wheel: what it holds, and that its `rn-lab` serves an app that answers, far from this folder."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import tomllib
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.sessions.client import open_session
from benchmarks.sessions.server import find_port, is_healthy
from rn_core import lab_command
from rn_core.common.app_folder import APP_FOLDER, find_app_folder
from rn_core.common.errors import RNCoreError

pytestmark = pytest.mark.process

ROOT = Path(__file__).resolve().parents[1]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
START_SECONDS = 120
#: Where a wheel has what lies at the top of this folder.
INSIDE = {
    "app.py": "rn_lab/app.py",
    ".streamlit/": "rn_lab/.streamlit/",
    "pages/": "rn_lab/pages/",
    "pretrained/": "rn_lab/pretrained/",
    "rn_core/": "rn_core/",
}


def run_pip(*arguments: str | Path) -> None:
    """Run pip without a network."""
    command = [sys.executable, "-m", "pip", *map(str, arguments), "--no-deps", "--no-index", "--quiet"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a wheel built from this tree."""
    folder = tmp_path_factory.mktemp("wheel")
    run_pip("wheel", ROOT, "--no-build-isolation", "--wheel-dir", folder)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path) -> Path:
    """Return the folder into which that wheel is installed."""
    folder = wheel.parent / "installed"
    run_pip("install", wheel, "--no-compile", "--target", folder)
    return folder


@pytest.fixture(scope="module")
def served(installed: Path) -> Iterator[str]:
    """Return "host:port" where the `rn-lab` of the installed wheel serves, started from an empty folder."""
    port, empty = find_port(), installed.parent / "empty"
    empty.mkdir()
    command = [sys.executable, str(installed / "bin" / "rn-lab"), f"--port={port}", "--server.headless=true"]
    log = empty.parent / "log"
    with log.open("wb") as stream:
        process = subprocess.Popen(
            command, cwd=empty, env={**os.environ, "PYTHONPATH": str(installed)}, stdout=stream, stderr=stream
        )
    try:
        end = time.monotonic() + START_SECONDS
        while not is_healthy(f"http://127.0.0.1:{port}"):
            assert process.poll() is None and time.monotonic() < end, log.read_text()
            time.sleep(0.1)
        yield f"127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def list_shipped() -> set[str]:
    """Return the files that an installation needs, as a wheel names them."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    tracked = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout
    if not tracked:
        pytest.skip("the files of a checkout are known by git, and this is none")
    moved = {path: next((top for top in INSIDE if path.startswith(top)), None) for path in tracked.splitlines()}
    return {path.replace(top, INSIDE[top], 1) for path, top in moved.items() if top and (ROOT / path).exists()}


def test_a_wheel_holds_every_file_of_the_app_and_nothing_else(wheel):
    held = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    needed = list_shipped()
    assert {"rn_lab/app.py", "rn_lab/.streamlit/config.toml", "rn_core/py.typed"} <= needed
    assert held == needed


def test_a_wheel_carries_the_licenses_of_what_follows_others(wheel):
    names = {name.rpartition("/")[2] for name in zipfile.ZipFile(wheel).namelist() if "/licenses/" in name}
    assert names == {"LICENSE", "LICENSES.md"}


def test_the_installed_command_serves_the_page(served):
    with urllib.request.urlopen(f"http://{served}/", timeout=START_SECONDS) as reply:
        assert reply.status == 200
        assert b'<div id="root">' in reply.read()


def test_the_installed_app_answers_from_the_weights_inside(served):
    async def read_answers() -> bool:
        async with open_session(served) as client:
            answers = client.watch(lambda message: "rn-said" in str(message.delta))
            await client.run()
            return answers.is_set()

    assert asyncio.run(read_answers())


def test_the_containers_health_check_tells_a_server_that_runs_from_none(served, installed):
    (check,) = re.findall(r"^HEALTHCHECK .*\\\n +CMD (\[.+\])$", DOCKERFILE, flags=re.MULTILINE)
    name, *options = json.loads(check)
    for port, code in ((served.partition(":")[2], 0), (str(find_port()), 1)):
        environment = {**os.environ, "PYTHONPATH": str(installed), "STREAMLIT_SERVER_PORT": port}
        command = [sys.executable, str(installed / "bin" / name), *options]
        assert subprocess.run(command, env=environment, check=False).returncode == code


def test_the_container_is_built_as_its_linter_wants():
    beside = Path(sys.executable).with_name("hadolint")
    linter = str(beside) if beside.exists() else shutil.which("hadolint")
    if linter is None:
        pytest.skip("hadolint has no wheel for this system")
    done = subprocess.run([linter, "Dockerfile"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_container_runs_as_user_1000_with_torch_for_cpus():
    lines = DOCKERFILE.splitlines()
    assert [line for line in lines if line.startswith("USER ")] == ["USER 1000"]
    torch = next(line for line in (ROOT / "requirements.txt").read_text().splitlines() if line.startswith("torch"))
    assert f"{torch} --index-url https://download.pytorch.org/whl/cpu" in DOCKERFILE
    assert lines[-1] == 'CMD ["rn-lab"]'


def test_the_container_gets_what_a_wheel_is_built_from_and_nothing_else():
    lines = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if not line.startswith("#")]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    needed = {*INSIDE, project["readme"], *project["license-files"], "pyproject.toml", ".gitignore"}
    assert lines[0] == "*"
    assert {line.removeprefix("!") for line in lines if line.startswith("!")} == {name.rstrip("/") for name in needed}


def test_the_app_is_found_in_both_layouts_and_not_among_the_files_of_others(tmp_path):
    assert find_app_folder(ROOT) == APP_FOLDER == ROOT
    (tmp_path / "rn_lab").mkdir()
    (tmp_path / "app.py").touch()  # some other package's
    (tmp_path / "rn_lab" / "app.py").touch()
    assert find_app_folder(tmp_path) == tmp_path / "rn_lab"


def find_own_address() -> str:
    """Return this machine's address in its network; skips where there is none."""
    try:
        return lab_command.find_network_address()
    except RNCoreError:
        pytest.skip("this machine is in no network")


def test_the_networks_address_is_one_of_this_machine_that_others_reach():
    address = find_own_address()
    assert not address.startswith("127.")
    with socket.socket() as probe:
        probe.bind((address, 0))  # only a machine's own addresses can be bound


@pytest.fixture
def started(monkeypatch) -> list[list[str]]:
    """Return the command lines with which Streamlit is started, instead of starting it."""
    found: list[list[str]] = []
    monkeypatch.setattr(sys, "argv", sys.argv)
    monkeypatch.setattr(lab_command.runpy, "run_module", lambda name, run_name: found.append([name, *sys.argv[1:]]))
    return found


def test_for_a_class_the_server_hears_the_network_and_names_its_address(started, monkeypatch, capsys):
    monkeypatch.setattr(lab_command, "find_network_address", lambda: "198.51.100.7")
    assert lab_command.main(["--lan", "--port", "9000", "--server.baseUrlPath=lab"]) == 0
    (command,) = started
    assert command[:3] == ["streamlit", "run", str(ROOT / "app.py")]
    assert command[3:] == [
        "--server.port=9000",
        "--server.address=0.0.0.0",
        "--browser.serverAddress=198.51.100.7",
        "--server.baseUrlPath=lab",
    ]
    assert "network" in capsys.readouterr().out


def test_otherwise_the_settings_of_the_app_hold(started):
    assert lab_command.main([]) == 0
    assert started == [["streamlit", "run", str(ROOT / "app.py")]]


def test_without_a_network_a_class_is_told_so_in_one_sentence(started, monkeypatch, capsys):
    monkeypatch.setattr(lab_command, "_route_address", lambda: None)
    monkeypatch.setattr(lab_command, "_host_address", lambda: None)
    assert lab_command.main(["--lan"]) == 1
    assert started == []
    assert capsys.readouterr().err.count("\n") == 1
