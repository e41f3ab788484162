"""Weights that ship: a safetensors file, a JSON card beside it, golden logits; the hash is checked before loading.

Files lie in `pretrained/<name>.safetensors`, `<name>.json` and `<name>.golden.safetensors`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from torch import Tensor

from rn_core.errors import RNCoreError, WeightsError, did_you_mean
from rn_core.files import sha256, write_whole
from rn_core.models import ModelConfig, QuestionAnsweringModel, build_model

PRETRAINED = Path(__file__).resolve().parent.parent / "pretrained"
#: Weights that do not ship: a person downloads them (`rn_core.public_weights.PUBLIC`).
PUBLIC_NAMES = ("clevr/rn-pixels-public", "clevr/rn-pixels-public-ir")
#: What is said of weights by such a name that came from a file of another hash.
NOT_PUBLISHED = "not the published file"
#: Name of the mean aggregate among a file's tensors.
MEAN_AGGREGATE = "attribution.mean_aggregate"


@dataclass(frozen=True)
class WeightsEntry:
    """One weights file and what its card says.

    Attributes:
        name: such as "sort-of-clevr/rn-pixels".
        card: the JSON card.
        path: the safetensors file.
    """

    name: str
    card: dict[str, Any]
    path: Path


@dataclass(frozen=True)
class LoadedWeights:
    """A model with its weights, ready to answer.

    Attributes:
        model: in eval mode, on the CPU.
        card: the JSON card.
        mean_aggregate: (Q, D_g) mean aggregate over scenes of each question, a baseline for attribution;
            None for models without pairs.
    """

    model: QuestionAnsweringModel
    card: dict[str, Any]
    mean_aggregate: Tensor | None


def list_weights(folder: Path = PRETRAINED) -> dict[str, WeightsEntry]:
    """Return every card in the folder as name -> entry, sorted by name."""
    entries = {}
    for path in sorted(folder.rglob("*.json")):
        name = path.relative_to(folder).with_suffix("").as_posix()
        entries[name] = WeightsEntry(name, _read_card(path), path.with_suffix(".safetensors"))
    return entries


def find_weights(name: str, folder: Path = PRETRAINED) -> WeightsEntry:
    """Return one entry.

    Raises:
        WeightsError: if there is no card of that name, listing those that there are.
    """
    entries = list_weights(folder)
    if name not in entries and name in PUBLIC_NAMES:
        raise WeightsError(
            f"The public weights '{name}' are not here yet; get them with `python -m rn_core weights fetch {name}`, "
            f"or from a file by hand with `python -m rn_core weights import FILE --name {name}`."
        )
    if name not in entries:
        allowed = ", ".join(entries) or "none yet; train one with `python -m rn_core train`"
        raise WeightsError(f"No weights named '{name}'.{did_you_mean(name, list(entries))} There are: {allowed}.")
    return entries[name]


def check_weights(entry: WeightsEntry) -> bytes:
    """Return the file's bytes after checking its size and hash against the card.

    Raises:
        WeightsError: if the file is missing, cut short or changed.
    """
    if not entry.path.exists():
        raise WeightsError(f"The weights file '{entry.path.name}' is missing; get it again from the project.")
    content = entry.path.read_bytes()
    if len(content) != entry.card["bytes"]:
        raise WeightsError(
            f"The weights file '{entry.path.name}' has {len(content)} bytes instead of {entry.card['bytes']}; "
            "get it again from the project."
        )
    if sha256(content) != entry.card["sha256"]:
        raise WeightsError(
            f"The weights file '{entry.path.name}' was changed: its SHA-256 is not the card's; "
            "get it again from the project."
        )
    return content


def load_weights(name: str, folder: Path = PRETRAINED) -> LoadedWeights:
    """Check a file's hash, then load it.

    Raises:
        WeightsError: if the name is unknown, or the file missing, changed or unfit for the card's model.
    """
    entry = find_weights(name, folder)
    config = ModelConfig.from_dict(entry.card["model"])
    return make_loaded(config, entry.card, parse_tensors(check_weights(entry), entry.path.name), entry.path.name)


def make_loaded(config: ModelConfig, card: dict[str, Any], tensors: dict[str, Tensor], file_name: str) -> LoadedWeights:
    """Build the model of `config` and fill it with a file's tensors.

    Raises:
        WeightsError: as `fill_model`.
    """
    learned = {name: value for name, value in tensors.items() if name != MEAN_AGGREGATE}
    model = build_model(config, seed=0)
    fill_model(model, learned, file_name)
    return LoadedWeights(model.eval().requires_grad_(False), card, tensors.get(MEAN_AGGREGATE))


def parse_tensors(content: bytes, file_name: str) -> dict[str, Tensor]:
    """Read safetensors bytes; raises WeightsError for anything else, pickles included."""
    try:
        return load_tensors(content)
    except (SafetensorError, ValueError, LookupError, AssertionError, RuntimeError) as err:
        raise WeightsError(
            f"'{file_name}' is not a safetensors file ({err}); pickled or cut files are not read, export it again."
        ) from err


def fill_model(model: QuestionAnsweringModel, tensors: dict[str, Tensor], file_name: str) -> None:
    """Copy tensors into a model whose names and shapes must match exactly.

    Raises:
        WeightsError: naming the first tensor that is missing, foreign, misshapen or not finite.
    """
    check_tensors(model.state_dict(), tensors, file_name)
    model.load_state_dict(tensors)


def check_tensors(wanted: Mapping[str, Tensor], tensors: Mapping[str, Tensor], file_name: str) -> None:
    """Hold tensors against those of a model, whose values do not matter; errors as `fill_model`."""
    for name in sorted(wanted.keys() ^ tensors.keys()):
        trouble = "lacks" if name in wanted else "has the unknown"
        raise WeightsError(f"'{file_name}' {trouble} tensor '{name}'; it belongs to another model than its card says.")
    for name, value in wanted.items():
        if tensors[name].shape != value.shape:
            raise WeightsError(
                f"'{file_name}': tensor '{name}' has shape {tuple(tensors[name].shape)} instead of "
                f"{tuple(value.shape)}; it belongs to another model than its card says."
            )
        if tensors[name].is_floating_point() and not torch.isfinite(tensors[name]).all():
            raise WeightsError(f"'{file_name}': tensor '{name}' holds numbers that are not finite; train it again.")


def save_weights(
    name: str,
    model: QuestionAnsweringModel,
    card: dict[str, Any],
    mean_aggregate: Tensor | None = None,
    folder: Path = PRETRAINED,
) -> WeightsEntry:
    """Write weights and card; size, hash, parameter count and model sizes are put into the card here.

    Raises:
        RNCoreError: if a file cannot be written.
    """
    content = save_tensors(collect_tensors(model, mean_aggregate))
    card = complete_card({"name": name, **card}, model, content)
    path = folder / f"{name}.safetensors"
    write_whole(path, content)
    write_whole(path.with_suffix(".json"), (json.dumps(card, indent=1) + "\n").encode())
    return WeightsEntry(name, card, path)


def collect_tensors(model: QuestionAnsweringModel, mean_aggregate: Tensor | None) -> dict[str, Tensor]:
    """Return what a weights file holds, by name, on the CPU."""
    extra = {} if mean_aggregate is None else {MEAN_AGGREGATE: mean_aggregate}
    return {key: value.detach().cpu().contiguous() for key, value in (model.state_dict() | extra).items()}


def complete_card(card: dict[str, Any], model: QuestionAnsweringModel, content: bytes) -> dict[str, Any]:
    """Return the card with what can be read off the model and its safetensors bytes."""
    return {
        **card,
        "model": model.config.to_dict(),
        "parameters": model.count_parameters(),
        "bytes": len(content),
        "sha256": sha256(content),
    }


def save_golden(entry: WeightsEntry, tensors: dict[str, Tensor]) -> None:
    """Write inputs and the logits they gave beside a weights file; raises RNCoreError if it cannot."""
    content = {key: value.detach().cpu().contiguous() for key, value in tensors.items()}
    write_whole(entry.path.with_suffix(".golden.safetensors"), save_tensors(content))


def load_golden(entry: WeightsEntry) -> dict[str, Tensor]:
    """Return what `save_golden` wrote; raises WeightsError if it is missing or damaged."""
    path = entry.path.with_suffix(".golden.safetensors")
    if not path.exists():
        raise WeightsError(f"The golden logits '{path.name}' are missing; get them again from the project.")
    return parse_tensors(path.read_bytes(), path.name)


def _read_card(path: Path) -> dict[str, Any]:
    """Read one card; raises WeightsError if it is not JSON or lacks a field that loading needs."""
    try:
        card = json.loads(path.read_text(encoding="utf-8"))
        missing = [key for key in ("model", "bytes", "sha256", "task") if key not in card]
    except (OSError, ValueError, TypeError) as err:
        raise WeightsError(f"The card '{path.name}' cannot be read ({err}); get it again from the project.") from err
    if missing:
        raise WeightsError(f"The card '{path.name}' lacks {', '.join(missing)}; get it again from the project.")
    return card


def is_other_file(card: Mapping[str, Any]) -> bool:
    """Return whether a card says that its weights, by the name of public ones, are not the published file."""
    return not card.get("original", {}).get("is_published_file", True)


def weights_status(entry: WeightsEntry) -> str:
    """Return "sound", or the sentence that says what is wrong with the file."""
    try:
        check_weights(entry)
    except RNCoreError as err:
        return str(err)
    return "sound"
