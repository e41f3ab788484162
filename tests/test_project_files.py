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
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from packaging.requirements import Requirement

pytestmark = pytest.mark.process

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

#: Contract, a module, what it must not import, and what is said of it instead of the import itself.
PLANTED = (
    ("layers of the core", "rn_core.models.encoders", "rn_core.tasks", ""),
    ("layers of the core", "rn_core.attribution.pairs", "rn_core.training.trainer", ""),
    ("the core draws nothing and knows nobody who uses it", "rn_core.common.errors", "streamlit", ""),
    (
        "the core draws nothing and knows nobody who uses it",
        "rn_core.common.records",
        "pages._lab.sort_of_clevr.state",
        "",
    ),
    ("what pages say knows nothing that draws", "pages._lab.plain", "streamlit", ""),
    ("what pages say knows nothing that draws", "pages._lab.plain", "pages._ui.frame", ""),
    ("no circles", "rn_core.common.errors", "rn_core.common.files", "No cycles are allowed in rn_core.common."),
    ("no domain knows another one, nor what registers it", "rn_core.tasks.physics.world", "rn_core.tasks.babi", ""),
    ("no domain knows another one, nor what registers it", "rn_core.tasks.babi.words", "rn_core.tasks.registry", ""),
    ("attribution and models work on tensors of any task", "rn_core.attribution.pairs", "rn_core.tasks", ""),
    ("no page knows another one", "pages._ui.walk.passes", "pages._ui.explore.session", ""),
    ("what domains share knows none of them", "pages._ui.pairs.reading", "pages._lab.domains.babi", ""),
    ("no domain of the pages knows another one", "pages._lab.babi.view", "pages._lab.domains.clevr", ""),
)


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
    """Return the WCAG 2 contrast of two colors, 1 to 21."""
    low, high = sorted(float(_XYZ[1] @ linear_rgb(color)) for color in (one, other))
    return (high + 0.05) / (low + 0.05)


def lightness(colors: list[str]) -> np.ndarray:
    """Return L* of each color."""
    return np.array([cielab(linear_rgb(color))[0] for color in colors])


def read_requirements(name: str) -> list[Requirement]:
    """Return the packages of a requirements file that this system needs."""
    lines = [line.partition("#")[0].strip() for line in (ROOT / name).read_text().splitlines()]
    found = [Requirement(line) for line in lines if line and not line.startswith("-r")]
    return [requirement for requirement in found if requirement.marker is None or requirement.marker.evaluate()]


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


CheckScripts = Callable[[str, Path], subprocess.CompletedProcess[str]]


@pytest.fixture
def check_scripts(monkeypatch, tmp_path_factory) -> CheckScripts:
    """Return `check_scripts("lint" or "check", folder)`: Deno on the JavaScript of a folder, by the project's rules."""
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("DENO_DIR", str(tmp_path_factory.mktemp("deno")))
    settings = str(ROOT / "deno.json")
    return lambda command, folder: call("-m", "deno", command, "--config", settings, str(folder))


@pytest.mark.parametrize(("command", "entry"), [("lint", r"Checked (\d+) files"), ("check", r"Check pages/")])
def test_deno_finds_nothing(check_scripts, command, entry):
    done = check_scripts(command, ROOT / "pages")
    assert done.returncode == 0, done.stdout + done.stderr
    entries = re.findall(entry, done.stderr)
    n_checked = int(entries[0]) if command == "lint" else len(entries)
    assert n_checked == len([*(ROOT / "pages").rglob("*.js")]) >= 20


@pytest.mark.parametrize(
    ("source", "rule"),
    [
        ("export const a = ;", "Expression expected"),
        ("const unused = 1;", "no-unused-vars"),
        ("export const same = (a, b) => a == b;", "eqeqeq"),
        ("export var old = 1;", "no-var"),
        ("export const run = (text) => eval(text);", "no-eval"),
    ],
)
def test_deno_lint_finds_planted_faults(check_scripts, tmp_path, source, rule):
    (tmp_path / "planted.js").write_text(f"{source}\n")
    done = check_scripts("lint", tmp_path)
    assert done.returncode == 1
    assert rule in done.stderr, done.stderr


def test_deno_check_finds_planted_faults(check_scripts, tmp_path):
    faults = {
        "export const a = undeclared;": "Cannot find name 'undeclared'",
        'import { missing } from "./other.js";\nexport const a = missing;': "has no exported member 'missing'",
        'import { wide } from "./other.js";\nexport const a = wide(1, 2);': "Expected 0-1 arguments, but got 2",
        "export const a = document.querySelectr('p');": "Property 'querySelectr' does not exist",
    }
    for k, source in enumerate(faults):
        (tmp_path / f"planted_{k}.js").write_text(f"{source}\n")
    (tmp_path / "other.js").write_text("export const wide = (a) => a;\n")
    done = check_scripts("check", tmp_path)
    assert done.returncode == 1
    assert [fault for fault in faults.values() if fault not in done.stderr] == [], done.stderr


def test_imports_keep_the_layers():
    done = lint_imports(ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def broken_contracts(tmp_path_factory) -> dict[str, str]:
    """Return contract -> what is said of it, for a copy of the tree with every import of `PLANTED`."""
    folder = tmp_path_factory.mktemp("planted")
    for name in ("rn_core", "pages", "benchmarks"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    for _, module, imported, _ in PLANTED:
        with (folder / f"{module.replace('.', '/')}.py").open("a") as opened:
            opened.write(f"import {imported}\n")
    done = lint_imports(folder)
    assert done.returncode == 1
    _, *parts = re.split(r"^(.+)\n-+$", done.stdout.partition("Broken contracts")[2], flags=re.M)
    return dict(zip(parts[::2], parts[1::2], strict=True))


def test_an_import_is_planted_for_every_contract(broken_contracts):
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    contracts = {contract["name"] for contract in settings["contracts"]}
    assert {contract for contract, *_ in PLANTED} == contracts == broken_contracts.keys()


@pytest.mark.parametrize(("contract", "module", "imported", "says"), PLANTED)
def test_a_planted_import_is_found(broken_contracts, contract, module, imported, says):
    assert (says or f"{module} -> {imported} (l.") in broken_contracts[contract]


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_every_requirement_has_an_upper_end_and_is_met(name):
    requirements = read_requirements(name)
    assert requirements
    for requirement in requirements:
        assert {spec.operator for spec in requirement.specifier} & {"==", "<"}, f"{requirement} has no upper end"
        assert importlib.metadata.version(requirement.name) in requirement.specifier


def test_a_wheel_asks_for_the_requirements_its_extras_for_those_that_pages_can_do_without():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    (engine,) = extras.pop("dask")  # for the command line alone
    assert Requirement(engine) in read_requirements("requirements-dev.txt")
    assert extras.pop("all") == [f"{project['name']}[{','.join(sorted(extras))}]"]
    named = [*project["dependencies"], *itertools.chain.from_iterable(extras.values())]
    assert sorted(map(str, map(Requirement, named))) == sorted(map(str, read_requirements("requirements.txt")))
    assert {Requirement(line).name for lines in extras.values() for line in lines} == {
        "mitsuba", "mitsuba-oidn", "mujoco",
    }  # fmt: skip


def test_ci_runs_the_line_that_readme_opens_with():
    readme = (ROOT / "README.md").read_text().splitlines()
    commands = [line for line in readme if line.startswith("python -m ")]
    assert commands[:2] == [RUN_APP, RUN_TESTS]
    assert RUN_TESTS in (ROOT / ".ci" / "run").read_text().splitlines()
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


def test_streamlit_knows_every_setting_but_one_that_is_none(tmp_path):
    (tmp_path / ".streamlit").mkdir()
    settings = (ROOT / ".streamlit" / "config.toml").read_text()
    (tmp_path / ".streamlit" / "config.toml").write_text(settings + "\n[theme.dim]\nnoSuchThing = 1\n")
    said = call("-m", "streamlit", "config", "show", folder=tmp_path).stderr
    assert re.findall(r'"(\S+)" is not a valid config option', said) == ["theme.dim"]


def test_the_app_listens_to_this_machine_alone_and_reports_to_nobody():
    assert SETTINGS["server"]["address"] == "127.0.0.1"
    assert SETTINGS["server"]["maxUploadSize"] == 10
    assert SETTINGS["server"]["showEmailPrompt"] is False
    assert SETTINGS["browser"]["gatherUsageStats"] is False


@pytest.mark.parametrize("sight", SIGHT)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_chart_colours_are_told_apart_with_color_blindness(theme, sight):
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
    assert contrast("#ffffff", colors["primaryColor"]) >= 4.5  # the words on a primary button


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
    assert {"rn_core/tasks/clevr/templates/", "rn_core/tasks/clevr/public_vocabulary.json"} <= {*named}
    for words in ("Redistributions of source code must retain", "CC BY 4.0", "CC BY 3.0", "Nicola Messina"):
        assert words in text
