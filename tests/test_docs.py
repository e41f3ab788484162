"""README and the documentation's site: they build, and every figure is that of the cards."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from benchmarks import results
from rn_core.tasks.sort_of_clevr.chain_spec import CHAIN_TITLES
from rn_core.weights.store import list_weights

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
#: Row of README's table -> weights, and where their card has the figure.
FIGURES = {
    "Sort-of-CLEVR, pixels, relational, answers only": (
        "sort-of-clevr/rn-pixels-end-to-end",
        ("groups", "relational"),
    ),
    "Sort-of-CLEVR, pixels, relational, answers only, CNN+MLP": (
        "sort-of-clevr/mlp-pixels-end-to-end",
        ("groups", "relational"),
    ),
    "Sort-of-CLEVR, pixels, relational, after a head start": ("sort-of-clevr/rn-pixels", ("groups", "relational")),
    "Sort-of-CLEVR, pixels, relational, found objects": ("sort-of-clevr/rn-slots", ("groups", "relational")),
    "Sort-of-CLEVR, pixels, relational, after a head start, CNN+MLP": (
        "sort-of-clevr/mlp-pixels",
        ("groups", "relational"),
    ),
    "Sort-of-CLEVR, three objects at once (obtuse triangles), triples": (
        "sort-of-clevr/rn-triples",
        ("types", "obtuse"),
    ),
    "Sort-of-CLEVR, three objects at once (obtuse triangles), pairs": (
        "sort-of-clevr/rn-triples-pairs",
        ("types", "obtuse"),
    ),
    "CLEVR from states": ("clevr/rn-states", ("overall",)),
    "CLEVR from pixels, found objects": ("clevr/rn-slots", ("overall",)),
    "CLEVR from pixels, cells, frozen convolution, relations that began on objects": ("clevr/rn-pixels", ("overall",)),
    "CLEVR from pixels, cells, frozen convolution, CNN+LSTM+SA": ("clevr/sa-pixels", ("overall",)),
    "CLEVR from pixels, cells, frozen convolution, CNN+LSTM": ("clevr/mlp-pixels", ("overall",)),
    "physics, scenes with all connections right": ("physics/rn-connections", ("types", "whole_scene")),
    "physics, number of connected groups": ("physics/rn-count", ("types", "whole_scene")),
}
FIGURES |= {
    f"Sort-of-CLEVR, a chain of 4 jumps, {CHAIN_TITLES[name]}": (f"sort-of-clevr/{name}", ("types", "jumps_4"))
    for name in ("rn-chain", "rn-chain-4-steps")
}


def test_the_results_page_is_what_cards_and_records_say():
    assert results.PAGE.read_text(encoding="utf-8") == results.format_page()


@pytest.mark.parametrize("row", FIGURES)
def test_readmes_figures_are_the_cards(row):
    name, path = FIGURES[row]
    found = list_weights()[name].card.to_dict()["metrics"]
    for key in path:
        found = found[key]
    low, high = 100 * found["low"], 100 * found["high"]
    printed = next(line for line in README.splitlines() if line.startswith(f"| {row} |")).split("|")[4].strip()
    assert printed == f"{100 * found['accuracy']:.2f} [{low:.2f}, {high:.2f}]"


def test_readme_is_short():
    assert len(README.splitlines()) <= 150


def test_every_link_of_readme_leads_somewhere():
    targets = re.findall(r"\]\(([^)#]+)", README)
    assert targets
    missing = [target for target in targets if not target.startswith("http") and not (ROOT / target).exists()]
    assert not missing


@pytest.mark.check
def test_the_site_builds_without_a_warning(tmp_path):
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(tmp_path / "site")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    api = (tmp_path / "site" / "api" / "index.html").read_text(encoding="utf-8")
    assert "Answer one question." in api
    assert (tmp_path / "site" / "domains" / "physics" / "index.html").exists()


def test_the_lock_file_holds_every_requirement_with_hashes():
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    wanted = [Requirement(line) for line in lines if line and not line.startswith("#")]
    locked = dict(re.findall(r"^([\w.-]+)==([^ \n;]+)", (ROOT / "requirements.lock").read_text(), flags=re.MULTILINE))
    for requirement in wanted:
        assert locked[requirement.name.lower()] in requirement.specifier, requirement
    blocks = re.split(r"^(?=[\w.-]+==)", (ROOT / "requirements.lock").read_text(), flags=re.MULTILINE)[1:]
    assert all("--hash=sha256:" in block for block in blocks)
