"""The files of weights under one name: where they are stored, and how a new set replaces an old one as a whole.

The new files are written beside their final paths, the card last: once it exists, the set is complete, and readers use
it where it is. Then the files are moved. So a writer that is killed at any time leaves the old set or the new one, and
a reader never needs to write.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path

from rn_core.common.errors import WeightsError
from rn_core.common.files import clear_leftovers, write_whole
from rn_core.common.locks import hold

#: Suffixes of a set's files.
WEIGHTS, GOLDEN, CARD = ".safetensors", ".golden.safetensors", ".json"
#: Suffix of a file that may stand beside a set and names it by its hash; see `profiles`.
PROFILE = ".profile.safetensors"
#: In the order in which they are written; the card, which holds the others' hashes, last.
_PARTS = (WEIGHTS, GOLDEN, CARD)
_NEW = ".new"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}(/[A-Za-z0-9][A-Za-z0-9_-]{0,63}){0,2}")


def check_name(name: str) -> str:
    """Check and return a name of weights.

    Raises:
        WeightsError: unless it is one to three plain words joined by "/", so that no name leads out of a folder.
    """
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise WeightsError(
            f"A weights name must be one to three words of letters, digits, '-' and '_', joined by '/', "
            f"got {name!r:.80}; "
            "choose one such as 'sort-of-clevr/rn-pixels'."
        )
    return name


def place(name: str, folder: Path, part: str) -> Path:
    """Return the final path of a file of a set; raises WeightsError as `check_name`.

    Args:
        name: of the weights.
        folder: of all weights.
        part: `WEIGHTS`, `GOLDEN`, `CARD` or `PROFILE`.
    """
    return folder / f"{check_name(name)}{part}"


def find_file(path: Path) -> Path:
    """Return the current path of a file, given its final path: beside it while a complete new set is not yet moved."""
    new = _beside(path)
    return new if is_moving(path) and new.exists() else path


def is_moving(path: Path) -> bool:
    """Return whether a complete new set of a file's name exists and is not yet moved to its final path."""
    return _beside(path.with_name(_stem(path) + CARD)).exists()


def find_cards(folder: Path) -> dict[str, Path]:
    """Return name -> where its card is, sorted by name."""
    cards = {path.relative_to(folder).with_suffix("").as_posix(): path for path in folder.rglob("*.json")}
    for path in folder.rglob(f".*{CARD}{_NEW}"):
        cards[(path.parent.relative_to(folder) / path.name[1 : -len(CARD + _NEW)]).as_posix()] = path
    return dict(sorted(cards.items()))


def has_card(name: str, folder: Path) -> bool:
    """Return whether there are weights of a name, as `find_cards` does without looking through the folder."""
    return find_file(place(name, folder, CARD)).exists()


def find_without_card(folder: Path) -> list[str]:
    """Return the names with weights or golden logits but no card."""
    paths = (path for path in folder.rglob(f"*{WEIGHTS}") if not path.name.endswith(PROFILE))
    stems = {path.with_name(_stem(path)).relative_to(folder).as_posix() for path in paths}
    return sorted(stems - find_cards(folder).keys())


def hold_name(name: str, folder: Path) -> AbstractContextManager[None]:
    """Return a context that keeps others from writing weights of a name; raises as `check_name` and `hold` do."""
    path = place(name, folder, "")
    return hold(path.with_name(f".{path.name}.lock"), "name", name)


def replace_set(name: str, folder: Path, contents: Mapping[str, bytes]) -> None:
    """Replace a set by a new one; the caller holds the name.

    Args:
        name: of the weights.
        folder: of all weights.
        contents: `WEIGHTS` and `CARD`, and `GOLDEN` where there is one, -> the file.

    Raises:
        WeightsError: as `check_name`.
        RNCoreError: if a file cannot be written; then the old set remains.
    """
    _finish(name, folder)
    for part in _PARTS:
        if part in contents:
            write_whole(_beside(place(name, folder, part)), contents[part])
    _finish(name, folder)


def _finish(name: str, folder: Path) -> None:
    """Move a complete new set to its final path, and delete the remains of an incomplete one."""
    paths = {part: place(name, folder, part) for part in _PARTS}
    whole = is_moving(paths[CARD])
    if whole and not _beside(paths[GOLDEN]).exists() and not _names_golden(paths[CARD]):
        paths[GOLDEN].unlink(missing_ok=True)
    for path in paths.values():
        new = _beside(path)
        if whole and new.exists():
            new.replace(path)
        new.unlink(missing_ok=True)
    clear_leftovers(paths[CARD].parent, f"*{paths[CARD].stem}.*")


def _names_golden(card: Path) -> bool:
    """Return whether the new card for a path refers to golden logits."""
    return b'"golden_sha256"' in _beside(card).read_bytes()


def _stem(path: Path) -> str:
    """Return a file's name without its suffix; names of weights have no dots."""
    return path.name.partition(".")[0]


def _beside(path: Path) -> Path:
    """Return the path of a file of a new set until it is moved."""
    return path.with_name(f".{path.name}{_NEW}")
