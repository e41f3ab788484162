"""The files around the code: lint, import rules, pins, and the app's settings."""

from __future__ import annotations

import importlib.metadata
import itertools
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[1]
SETTINGS = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())
RUN_APP = "python -m pip install -r requirements.txt && python -m streamlit run app.py"
RUN_TESTS = "python -m pip install -r requirements-dev.txt && python -m pytest"

#: Linear RGB as people see it who lack one kind of cone (Machado et al. 2009, severity 1).
SIGHT = {
    "common": [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
    "protanopia": [[0.1523, 1.0526, -0.2049], [0.1145, 0.7863, 0.0992], [-0.0039, -0.0481, 1.0520]],
    "deuteranopia": [[0.3673, 0.8606, -0.2280], [0.2801, 0.6725, 0.0474], [-0.0118, 0.0429, 0.9689]],
    "tritanopia": [[1.2555, -0.0767, -0.1788], [-0.0784, 0.9308, 0.1476], [0.0047, 0.6914, 0.3039]],
}
_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
_LINT_IMPORTS = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
_WHITE = np.array([0.9505, 1.0, 1.089])


def call(*command: str, folder: Path = ROOT, text: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run a Python module or script in a process of its own."""
    return subprocess.run(
        [sys.executable, *command], cwd=folder, input=text, capture_output=True, text=True, check=False
    )


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    """Check the import rules of the tree in `folder`."""
    return call("-c", _LINT_IMPORTS, folder=folder)


def linear_rgb(color: str) -> np.ndarray:
    """Return the (3,) linear RGB, 0 to 1, of "#rrggbb"."""
    values = np.array([int(color[k : k + 2], 16) / 255 for k in (1, 3, 5)])
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def cielab(linear: np.ndarray) -> np.ndarray:
    """Return CIE L*a*b* (3,) of linear RGB under D65."""
    ratio = _XYZ @ np.clip(linear, 0, 1) / _WHITE
    x, y, z = np.where(ratio > 0.008856, np.cbrt(ratio), 7.787 * ratio + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def contrast(one: str, other: str) -> float:
    """Return the WCAG 2 contrast of two colours, 1 to 21."""
    low, high = sorted(float(_XYZ[1] @ linear_rgb(color)) for color in (one, other))
    return (high + 0.05) / (low + 0.05)


def lightness(colors: list[str]) -> np.ndarray:
    """Return L* of each colour."""
    return np.array([cielab(linear_rgb(color))[0] for color in colors])


def read_requirements(name: str) -> list[Requirement]:
    """Return the packages of a requirements file."""
    lines = [line.partition("#")[0].strip() for line in (ROOT / name).read_text().splitlines()]
    return [Requirement(line) for line in lines if line and not line.startswith("-r")]


@pytest.mark.parametrize("command", [("check", "."), ("format", "--check", ".")])
def test_ruff_finds_nothing(command):
    done = call("-m", "ruff", *command)
    assert done.returncode == 0, done.stdout + done.stderr


def test_ruff_finds_streamlit_in_the_core_but_not_on_a_page():
    source = '"""Planted."""\n\nimport streamlit\n\nstreamlit.write(1)\n'
    planted = call("-m", "ruff", "check", "--stdin-filename", "rn_core/planted.py", "-", text=source)
    assert planted.returncode == 1
    assert "TID251" in planted.stdout
    page = call("-m", "ruff", "check", "--stdin-filename", "pages/planted.py", "-", text=source)
    assert page.returncode == 0, page.stdout


def test_imports_keep_the_layers():
    done = lint_imports(ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("file", "line", "contract"),
    [
        ("rn_core/models/encoders.py", "import rn_core.tasks", "layers of the core"),
        ("rn_core/attribution/pairs.py", "import rn_core.training.trainer", "layers of the core"),
        ("rn_core/common/errors.py", "import streamlit", "the core draws nothing"),
        ("rn_core/common/records.py", "import pages._lab.sort_of_clevr.state", "the core draws nothing"),
        ("rn_core/attribution/pairs.py", "import rn_core.tasks", "attribution and models work on tensors"),
        ("pages/_ui/walk/passes.py", "import pages._ui.explore.session", "no page knows another one"),
        ("pages/_ui/pairs/reading.py", "import pages._lab.domains.babi", "what domains share knows none of them"),
        ("pages/_lab/babi/view.py", "import pages._lab.domains.clevr", "no domain of the pages knows another one"),
    ],
)
def test_a_planted_import_is_found(tmp_path, file, line, contract):
    for name in ("rn_core", "pages", "benchmarks"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    with (tmp_path / file).open("a") as opened:
        opened.write(f"{line}\n")
    done = lint_imports(tmp_path)
    assert done.returncode == 1
    assert re.search(f"{contract}.* BROKEN", done.stdout), done.stdout


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_every_requirement_has_an_upper_end_and_is_met(name):
    requirements = read_requirements(name)
    assert requirements
    for requirement in requirements:
        assert {spec.operator for spec in requirement.specifier} & {"==", "<"}, f"{requirement} has no upper end"
        assert importlib.metadata.version(requirement.name) in requirement.specifier


def test_ci_runs_the_line_that_readme_opens_with():
    readme = (ROOT / "README.md").read_text().splitlines()
    commands = [line for line in readme if line.startswith("python -m ")]
    assert commands[:2] == [RUN_APP, RUN_TESTS]
    assert RUN_TESTS in (ROOT / ".ci" / "run").read_text().splitlines()
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


def test_streamlit_knows_every_setting(tmp_path):
    (tmp_path / ".streamlit").mkdir()
    copy = tmp_path / ".streamlit" / "config.toml"
    shutil.copy(ROOT / ".streamlit" / "config.toml", copy)
    show = ("-m", "streamlit", "config", "show")
    assert "not a valid config option" not in call(*show, folder=tmp_path).stderr
    copy.write_text(copy.read_text() + "\n[theme.dim]\nnoSuchThing = 1\n")
    assert "not a valid config option" in call(*show, folder=tmp_path).stderr


def test_the_app_listens_to_this_machine_alone_and_reports_to_nobody():
    assert SETTINGS["server"]["address"] == "127.0.0.1"
    assert SETTINGS["server"]["maxUploadSize"] == 10
    assert SETTINGS["server"]["showEmailPrompt"] is False
    assert SETTINGS["browser"]["gatherUsageStats"] is False


@pytest.mark.parametrize("sight", SIGHT)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_chart_colours_are_told_apart_with_colour_blindness(theme, sight):
    seen = [
        cielab(np.array(SIGHT[sight]) @ linear_rgb(color))
        for color in SETTINGS["theme"][theme]["chartCategoricalColors"]
    ]
    nearest = min(np.linalg.norm(one - other) for one, other in itertools.combinations(seen, 2))
    assert nearest >= 15  # CIE76; 2.3 is just noticeable


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_and_controls_stand_out(theme):
    colors = SETTINGS["theme"][theme]
    for ground in ("backgroundColor", "secondaryBackgroundColor"):
        assert contrast(colors["textColor"], colors[ground]) >= 7
        assert contrast(colors["primaryColor"], colors[ground]) >= 3.5
    assert contrast("#ffffff", colors["primaryColor"]) >= 4  # the words on a primary button


def test_scales_order_values_by_lightness():
    sequential = lightness(SETTINGS["theme"]["chartSequentialColors"])
    diverging = lightness(SETTINGS["theme"]["chartDivergingColors"])
    assert len(sequential) == len(diverging) == 10
    assert (np.diff(sequential) > 0).all()
    assert (np.diff(diverging[:5]) > 0).all()
    assert (np.diff(diverging[5:]) < 0).all()
    assert np.abs(diverging - diverging[::-1]).max() < 10  # neither end looks stronger


def test_every_material_that_follows_others_is_where_the_licenses_say():
    text = (ROOT / "LICENSES.md").read_text(encoding="utf-8")
    named = [part for part in re.findall(r"`([^`]+)`", text) if "/" in part]
    assert {part for part in named if not (ROOT / part).exists()} == set()
    assert {"rn_core/tasks/clevr/templates/", "rn_core/public_vocabulary.json"} <= {*named}
    for words in ("Redistributions of source code must retain", "CC BY 4.0", "CC BY 3.0", "Nicola Messina"):
        assert words in text
