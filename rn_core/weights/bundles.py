"""Weights as one file to share: safetensors bytes with the card in their header.

Published weights have their card beside them; a model that a user trains, downloads and uploads again has it inside.
Uploaded files are validated before use: nothing is built that the file has no bytes for, and nothing pickled is
read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

import torch
from safetensors.torch import save as save_tensors
from torch import Tensor

from rn_core.common.errors import RNCoreError, WeightsError, lookup
from rn_core.common.files import sha256
from rn_core.common.seeding import make_rng
from rn_core.models import ModelConfig, QuestionAnsweringModel
from rn_core.models.encoders import ImageEncoderConfig
from rn_core.models.layers import plain_fields
from rn_core.models.relation_network import RelationNetworkConfig
from rn_core.models.slots import SlotEncoderConfig
from rn_core.tasks import TASKS
from rn_core.tasks.base import FewQuestions
from rn_core.tasks.registry import CONFIGS, host_from_card
from rn_core.weights.card import Card, CardFacts, make_card
from rn_core.weights.packing import pack_tensors, unpack_tensors
from rn_core.weights.store import (
    MEAN_AGGREGATE,
    LoadedWeights,
    check_tensors,
    collect_tensors,
    make_loaded,
    parse_tensors,
)

#: Largest file that is read, in bytes.
MAX_BYTES = 10_000_000
#: Largest header and largest card within it, in bytes; what ships has cards of about 10,000.
_MAX_HEADER, _MAX_CARD = 400_000, 200_000
#: Units of the widest layer; the paper's widest has 2000.
_MAX_WIDTH = 4096
#: Required fields of a card and their types; the rest is for people to read.
_CARD_FIELDS: Mapping[str, type] = {"name": str, "task": str, "model": dict, "sha256": str}
_MAX_NAME = 100
_AGAIN = "export it again with this app"


def write_bundle(
    name: str, model: QuestionAnsweringModel, facts: CardFacts, mean_aggregate: Tensor | None = None
) -> bytes:
    """Return a model with its card as one safetensors file.

    Args:
        name: of the weights.
        model: on any device.
        facts: its card facts; parameters, size and hash of the file without its card are computed here.
        mean_aggregate: (Q, D_g), or None.
    """
    tensors = pack_tensors(collect_tensors(model, mean_aggregate))
    card = make_card(name, facts, model, save_tensors(tensors))
    return save_tensors(tensors, metadata={"card": json.dumps(card.to_dict())})


def read_bundle(content: bytes, file_name: str, max_bytes: int = MAX_BYTES) -> LoadedWeights:
    """Check what `write_bundle` wrote, then load it.

    Args:
        content: the file.
        file_name: its name in messages.
        max_bytes: largest size.

    Raises:
        WeightsError: in one sentence, if the file is too large, not such a file, damaged, changed, of a task or model
            that this project does not have, or larger once unpacked than as a file.
    """
    try:
        return _read_bundle(content, _plain(file_name, _MAX_NAME), max_bytes)
    except WeightsError as err:
        raise WeightsError(_plain(str(err))) from err


def _read_bundle(content: bytes, shown: str, max_bytes: int) -> LoadedWeights:
    """Do the work of `read_bundle`; messages may still quote the file unescaped."""
    values = _read_card(content, shown, max_bytes)
    try:
        config = ModelConfig.from_dict(values["model"])
        said = values.get("data_set")
        hosted = host_from_card(values["task"], said if isinstance(said, dict) else {})
        task = lookup(values["task"], TASKS, "task").name
    except (RNCoreError, TypeError, ValueError, OverflowError) as err:
        raise WeightsError(f"'{shown}': its card cannot be used ({_plain(str(err), 200)}); {_AGAIN}.") from err
    tensors = parse_tensors(content, shown)
    whole = save_tensors(tensors)
    if sha256(whole) != values["sha256"]:
        raise WeightsError(f"'{shown}' was changed: the SHA-256 of its tensors is not its card's; {_AGAIN}.")
    tensors = unpack_tensors(tensors, shown)
    _check_task(config, task, shown)
    _check_sizes(config, tensors, shown)
    loaded = make_loaded(_read_claims(values), tensors, shown)
    _check_answers(loaded, task, shown)
    card = replace(loaded.card, parameters=loaded.model.count_parameters(), n_bytes=len(whole))
    return replace(loaded, card=card, hosted=hosted)


def _read_claims(values: dict[str, Any]) -> Card:
    """Return the card; if an optional part of it is invalid, without all that loading does not need."""
    needed = {**{name: values[name] for name in _CARD_FIELDS}, "parameters": 0, "bytes": 0}
    try:
        return Card.from_dict({**needed, **values})
    except RNCoreError:
        return Card.from_dict(needed)


def _read_card(content: bytes, shown: str, max_bytes: int) -> dict[str, Any]:
    """Return the card in the header, as a dict with the fields that loading needs."""
    if len(content) > max_bytes:
        raise WeightsError(
            f"'{shown}' has {len(content):,} bytes, and the limit is {max_bytes:,}; choose a smaller model."
        )
    length = int.from_bytes(content[:8], "little")
    if not 2 <= length <= min(_MAX_HEADER, len(content) - 8):
        raise WeightsError(
            f"'{shown}' is not a complete safetensors file; pickled and cut files are not read; choose "
            "one that this app wrote."
        )
    try:
        text = json.loads(content[8 : 8 + length])["__metadata__"]["card"]
        card = json.loads(text) if len(text) <= _MAX_CARD else None
    except (ValueError, LookupError, TypeError, RecursionError) as err:
        raise WeightsError(f"'{shown}' has no readable card in its header; choose a file that this app wrote.") from err
    if not isinstance(card, dict) or any(not isinstance(card.get(key), kind) for key, kind in _CARD_FIELDS.items()):
        fields = ", ".join(_CARD_FIELDS)
        raise WeightsError(f"'{shown}': its card must have {fields}, in at most {_MAX_CARD:,} letters; {_AGAIN}.")
    return {**card, "name": _plain(card["name"], _MAX_NAME)}


def _check_task(config: ModelConfig, task: str, shown: str) -> None:
    """Raise WeightsError unless a model takes the task's scenes and questions and gives its answers."""
    known = CONFIGS[task]["small"]
    same = [other for other in known.values() if type(other.core) is type(config.core)]
    alike = [other for other in same if type(other.encoder) is type(config.encoder)]
    like = next(iter(alike or same), known.get("mlp", [*known.values()][-1]))
    given, wanted = _signature(config), _signature(like)
    for name in wanted:
        if given.get(name) != wanted[name]:
            raise WeightsError(
                f"'{shown}': its model has {name} {given.get(name)!r} but {task} needs {wanted[name]!r}; "
                "choose a model of this task."
            )


def _signature(config: ModelConfig) -> dict[str, Any]:
    """Return the properties that all models of one task and kind share."""
    encoder, core = config.encoder, config.core
    seen, asked = plain_fields(encoder), plain_fields(core)
    sizes = {f"encoder's {name}": seen[name] for name in ("image_size", "n_words", "n_positions") if name in seen}
    if isinstance(encoder, ImageEncoderConfig):
        sizes["encoder's n_objects"] = encoder.n_objects
    if isinstance(encoder, SlotEncoderConfig):
        sizes["encoder's picture_shape"] = encoder.picture_shape
    if not sizes:
        sizes["encoder's d_object"] = encoder.d_object
    if "n_objects" in asked:
        sizes["n_objects"] = asked["n_objects"]
    words = {"d_question": core.d_question} if config.question is None else {"words": config.question.n_words}
    # A network that predicts paths has frames ahead instead of answers.
    given: dict[str, Any] = {name: asked[name] for name in ("n_answers", "n_ahead") if name in asked}
    return {"encoder": type(encoder).__name__, **sizes, **words, **given}


def _check_sizes(config: ModelConfig, tensors: dict[str, Tensor], shown: str) -> None:
    """Raise WeightsError unless the tensors match the model in names, shapes and types.

    The model is built on torch's "meta" device, so a card that asks for too much costs nothing.
    """
    parts = (value for part in (config.encoder, config.core) for value in asdict(part).values())
    widths = [width for value in parts if isinstance(value, tuple) for width in value]
    if len(widths) > len(tensors):
        raise WeightsError(f"'{shown}': its card has {len(widths)} layers, more than its tensors; {_AGAIN}.")
    widths += [] if config.question is None else map(int, asdict(config.question).values())
    if max(widths) > _MAX_WIDTH:
        raise WeightsError(
            f"'{shown}': its card has a layer of {max(widths):,} units, and the limit is {_MAX_WIDTH:,}; "
            "choose a smaller model."
        )
    with torch.device("meta"):
        sketch = QuestionAnsweringModel(config).state_dict()
    asked, held = (sum(value.numel() for value in part.values()) for part in (sketch, tensors))
    if asked > held:
        raise WeightsError(f"'{shown}': its card needs {asked:,} numbers, but the file holds {held:,}; {_AGAIN}.")
    check_tensors(sketch, {name: value for name, value in tensors.items() if name != MEAN_AGGREGATE}, shown)
    for name, value in tensors.items():
        kind = sketch[name].dtype if name in sketch else torch.float32
        if value.dtype != kind and not (kind == torch.float32 and value.dtype == torch.float16):
            raise WeightsError(f"'{shown}': tensor '{name}' is {value.dtype} instead of {kind}; {_AGAIN}.")


def _check_answers(loaded: LoadedWeights, task: str, shown: str) -> None:
    """Raise WeightsError unless the model answers a scene of its task and its mean aggregate fits."""
    n_scenes, asked = 2, slice(0, 2)
    try:
        batch = TASKS[task].sample_batch(make_rng(0, "test"), n_scenes)
    except RNCoreError as err:
        raise WeightsError(
            f"'{shown}' is of {task}, whose networks cannot be tried here; evaluate it by `python -m rn_core evaluate`."
        ) from err
    try:
        with torch.inference_mode():
            logits = loaded.model(batch.inputs, batch.question[asked], batch.scene_index[asked])
    except RuntimeError as err:
        raise WeightsError(f"'{shown}' cannot answer a question of {task} ({err}); choose another file.") from err
    if not torch.isfinite(logits).all():
        raise WeightsError(f"'{shown}' answers with numbers that are not finite; train it again.")
    mean, core = loaded.mean_aggregate, loaded.model.config.core
    if mean is None:
        return
    known, n_questions = TASKS[task], len(batch) // n_scenes
    if isinstance(known, FewQuestions):
        n_questions = len(known.sample_every_question(make_rng(0, "test"))[1])
    fits = isinstance(core, RelationNetworkConfig) and mean.shape == (n_questions, core.g_widths[-1])
    if not fits or not torch.isfinite(mean).all():
        raise WeightsError(
            f"'{shown}': its mean aggregate, of shape {tuple(mean.shape)}, does not fit its model; {_AGAIN}."
        )


def _plain(text: str, length: int = 600) -> str:
    """Return text from an uploaded file, fit for a message: one line, limited length, no markup."""
    plain = "".join(letter if letter.isprintable() and letter not in "[]<>`$\\" else " " for letter in text[:length])
    return plain if len(text) <= length else f"{plain}…"
