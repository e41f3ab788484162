"""The real data that tests of CLEVR read, and small scenes made by hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rn_core.tasks.clevr import ClevrScene

Records = list[dict[str, Any]]


def read_list(path: Path, key: str) -> Records:
    """Return the list under `key` of a JSON file."""
    return json.loads(path.read_text())[key]


@pytest.fixture(scope="session")
def train_records(shared_data: Path) -> Records:
    """The first 200 scene graphs of CLEVR's train split."""
    return read_list(shared_data / "clevr/scenes/CLEVR_train_scenes_first200.json", "scenes")


@pytest.fixture(scope="session")
def val_records(shared_data: Path) -> Records:
    """The first 10 scene graphs of CLEVR's val split."""
    return read_list(shared_data / "clevr/scenes/CLEVR_val_scenes_first10.json", "scenes")


@pytest.fixture(scope="session")
def synthetic_records(shared_data: Path) -> Records:
    """The 300 synthetic scene graphs of the oracle."""
    return read_list(shared_data / "clevr-oracle/scenes_synthetic0-299.json", "scenes")


@pytest.fixture(scope="session")
def real_scenes(train_records: Records, val_records: Records) -> list[ClevrScene]:
    """All real scene graphs."""
    return [ClevrScene.from_json(record) for record in (*train_records, *val_records)]


@pytest.fixture
def four_things() -> Callable[..., dict[str, Any]]:
    """Makes the JSON of one scene: a row from left to right, each thing a little further back.

    0 large red metal cube, 1 small red rubber sphere, 2 small blue metal sphere, 3 large gray rubber cylinder.
    """

    def make() -> dict[str, Any]:
        kinds = ["large red metal cube", "small red rubber sphere", "small blue metal sphere"]
        things = []
        for index, kind in enumerate([*kinds, "large gray rubber cylinder"]):
            size, color, material, shape = kind.split()
            place = [-1.5 + 0.5 * index, -2.0 + 1.5 * index, 0.7 if size == "large" else 0.35]
            things.append({"size": size, "color": color, "material": material, "shape": shape, "3d_coords": place})
        return {"objects": things}

    return make
