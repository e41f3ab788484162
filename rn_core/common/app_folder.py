"""Where `app.py`, `pages/` and `pretrained/` are: beside the core in a checkout, in the package `rn_lab` of a wheel."""

from __future__ import annotations

from pathlib import Path


def find_app_folder(root: Path) -> Path:
    """Return the folder of `app.py`, `pages/` and `pretrained/`.

    Args:
        root: the folder of `rn_core`. An installed wheel has the app in the package `rn_lab` beside it, so that no file
            of another package in the same environment can stand for it.
    """
    installed = root / "rn_lab"
    return installed if (installed / "app.py").is_file() else root


#: The folder of the app that belongs to this core.
APP_FOLDER = find_app_folder(Path(__file__).resolve().parents[2])
