"""Published weights: a safetensors file, a JSON card beside it, golden logits; the hash is checked before loading.

Files are `pretrained/<name>.safetensors`, `<name>.json` and `<name>.golden.safetensors`; see `file_set`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from torch import Tensor

from rn_core.common.app_folder import APP_FOLDER
from rn_core.common.errors import RNCoreError, WeightsError, did_you_mean
from rn_core.common.files import sha256, write_whole
from rn_core.models import QuestionAnsweringModel, build_model
from rn_core.tasks.base import Task
from rn_core.tasks.registry import PUBLIC
from rn_core.weights.card import Card, CardFacts, make_card
from rn_core.weights.file_set import (
    CARD,
    GOLDEN,
    WEIGHTS,
    check_name,
    find_cards,
    find_file,
    find_without_card,
    hold_name,
    is_moving,
    place,
    replace_set,
)
from rn_core.weights.packing import pack_tensors, unpack_tensors

PRETRAINED = APP_FOLDER / "pretrained"
#: Note on weights by a public name that came from a file with another hash.
NOT_PUBLISHED = "not the published file"
#: Name of the mean aggregate among a file's tensors.
MEAN_AGGREGATE = "attribution.mean_aggregate"
#: Beginnings of the names of encoders' tensors.
_ENCODERS = ("encoder.", "question_encoder.")


@dataclass(frozen=True)
class WeightsEntry:
    """One weights file and its card.

    Attributes:
        name: such as "sort-of-clevr/rn-pixels".
        card: the facts about it.
        path: final path of the safetensors file.
    """

    name: str
    card: Card
    path: Path

    @property
    def folder(self) -> Path:
        """Return the folder of all weights that it lies in."""
        return self.path.parents[self.name.count("/")]


@dataclass(frozen=True)
class LoadedWeights:
    """A model with its weights, ready to answer.

    Attributes:
        model: in eval mode, on the CPU.
        card: the facts about them.
        mean_aggregate: (Q, D_g) mean aggregate over scenes, per question, a baseline for attribution;
            None for models without pairs.
        hosted: the task that the card describes, which is known while this is held; None for a registered one.
    """

    model: QuestionAnsweringModel
    card: Card
    mean_aggregate: Tensor | None
    hosted: Task | None = None


def list_weights(folder: Path = PRETRAINED) -> dict[str, WeightsEntry]:
    """Return every card in the folder as name -> entry, sorted by name."""
    cards = find_cards(folder)
    return {name: WeightsEntry(name, _read_card(path), folder / f"{name}{WEIGHTS}") for name, path in cards.items()}


def find_weights(name: str, folder: Path = PRETRAINED) -> WeightsEntry:
    """Return one entry.

    Raises:
        WeightsError: if there is no card of that name, listing the existing ones, or the name is invalid.
    """
    check_name(name)
    entries = list_weights(folder)
    if name not in entries and name in PUBLIC:
        raise WeightsError(
            f"The public weights '{name}' are not installed; get them with `python -m rn_core weights fetch {name}`, "
            f"or from a file by hand with `python -m rn_core weights import FILE --name {name}`."
        )
    if name not in entries:
        allowed = ", ".join(entries) or "none yet; train one with `python -m rn_core train`"
        raise WeightsError(f"No weights named '{name}'.{did_you_mean(name, list(entries))} Installed: {allowed}.")
    return entries[name]


def check_weights(entry: WeightsEntry) -> bytes:
    """Return the file's bytes after checking its size and hash against the card.

    Raises:
        WeightsError: if the file is missing, cut short or changed.
    """
    try:
        content = find_file(entry.path).read_bytes()
    except FileNotFoundError as err:
        raise WeightsError(f"The weights file '{entry.path.name}' is missing; get it again from the project.") from err
    if len(content) != entry.card.n_bytes:
        raise WeightsError(
            f"The weights file '{entry.path.name}' has {len(content)} bytes instead of {entry.card.n_bytes}; "
            "get it again from the project."
        )
    if sha256(content) != entry.card.sha256:
        raise WeightsError(
            f"The weights file '{entry.path.name}' was changed: its SHA-256 differs from the card's; "
            "get it again from the project."
        )
    return content


def load_weights(name: str, folder: Path = PRETRAINED) -> LoadedWeights:
    """Check a file's hash, then load it.

    Raises:
        WeightsError: if the name is unknown, or the file missing, changed or does not fit the card's model.
    """
    entry = find_weights(name, folder)
    try:
        tensors = _read_tensors(entry)
    except WeightsError:
        read, entry = entry, find_weights(name, folder)
        if entry == read:
            raise
        tensors = _read_tensors(entry)  # a new set replaced the old one between reading card and weights
    return make_loaded(entry.card, tensors | _borrow_encoders(entry.card, tensors, folder), entry.path.name)


def _borrow_encoders(card: Card, own: Mapping[str, Tensor], folder: Path) -> dict[str, Tensor]:
    """Return the tensors that weights have in the file of those that their encoders are taken from.

    Raises:
        WeightsError: if that file is missing or changed, or holds other encoders than it did.
    """
    if not card.encoders_sha256:
        return {}
    with torch.device("meta"):
        wanted = QuestionAnsweringModel(card.model).state_dict().keys()
    others = _read_tensors(find_weights(card.encoders_from, folder))
    shared = {name: others[name] for name in sorted(wanted - own.keys()) if name in others}
    if sha256(save_tensors(shared)) != card.encoders_sha256:
        raise WeightsError(
            f"'{card.name}' has its encoders in the file of '{card.encoders_from}', which holds others now; get both "
            "again from the project."
        )
    return shared


def _read_tensors(entry: WeightsEntry) -> dict[str, Tensor]:
    """Return the tensors of a weights file after checking its hash; errors as `load_weights`."""
    return unpack_tensors(parse_tensors(check_weights(entry), entry.path.name), entry.path.name)


def _leave_out_encoders(
    tensors: dict[str, Tensor], facts: CardFacts, folder: Path
) -> tuple[dict[str, Tensor], CardFacts]:
    """Return the tensors that a file needs, and facts with the hash of the others.

    Encoders that another file in the same folder holds unchanged are left to it.
    """
    if facts.encoders_from not in list_weights(folder):
        return tensors, replace(facts, encoders_sha256="")
    others = _read_tensors(find_weights(facts.encoders_from, folder))
    encoders = {name for name in tensors if name.startswith(_ENCODERS) and name in others}
    shared = {name: others[name] for name in sorted(encoders) if _is_same(tensors[name], others[name])}
    left = {name: value for name, value in tensors.items() if name not in shared}
    return left, replace(facts, encoders_sha256=sha256(save_tensors(shared)))


def _is_same(one: Tensor, other: Tensor) -> bool:
    """Return whether two tensors hold the same numbers, in 16 bits or in 32."""
    return one.shape == other.shape and torch.equal(one.double(), other.double())


def make_loaded(card: Card, tensors: dict[str, Tensor], file_name: str) -> LoadedWeights:
    """Build the model of a card and fill it with a file's tensors.

    Raises:
        WeightsError: as `fill_model`.
    """
    learned = {name: value for name, value in tensors.items() if name != MEAN_AGGREGATE}
    model = build_model(card.model, seed=0)
    fill_model(model, learned, file_name)
    return LoadedWeights(model.eval().requires_grad_(False), card, tensors.get(MEAN_AGGREGATE))


def parse_tensors(content: bytes, file_name: str) -> dict[str, Tensor]:
    """Read safetensors bytes; raises WeightsError for anything else, pickles included."""
    try:
        return load_tensors(content)
    except (SafetensorError, ValueError, LookupError, AssertionError, RuntimeError) as err:
        raise WeightsError(
            f"'{file_name}' is not a safetensors file ({err}); pickled or cut files are not read; export it again."
        ) from err


def fill_model(model: QuestionAnsweringModel, tensors: dict[str, Tensor], file_name: str) -> None:
    """Copy tensors into a model whose names and shapes must match exactly.

    Raises:
        WeightsError: naming the first tensor that is missing, unknown, misshapen or not finite.
    """
    check_tensors(model.state_dict(), tensors, file_name)
    model.load_state_dict(tensors)


def check_tensors(wanted: Mapping[str, Tensor], tensors: Mapping[str, Tensor], file_name: str) -> None:
    """Check tensors against those of a model, whose values do not matter; errors as `fill_model`."""
    for name in sorted(wanted.keys() ^ tensors.keys()):
        trouble = "lacks" if name in wanted else "has the unknown"
        raise WeightsError(f"'{file_name}' {trouble} tensor '{name}'; it does not belong to the model on its card.")
    for name, value in wanted.items():
        if tensors[name].shape != value.shape:
            raise WeightsError(
                f"'{file_name}': tensor '{name}' has shape {tuple(tensors[name].shape)} instead of "
                f"{tuple(value.shape)}; it does not belong to the model on its card."
            )
        if tensors[name].is_floating_point() and not torch.isfinite(tensors[name]).all():
            raise WeightsError(f"'{file_name}': tensor '{name}' holds numbers that are not finite; train it again.")


def save_weights(
    name: str,
    model: QuestionAnsweringModel,
    facts: CardFacts,
    mean_aggregate: Tensor | None = None,
    folder: Path = PRETRAINED,
    golden: Mapping[str, Tensor] | None = None,
) -> WeightsEntry:
    """Write weights, card and golden logits as one: a writer that is killed leaves the old set or the new one.

    Args:
        name: such as "sort-of-clevr/rn-pixels".
        model: the model with these weights.
        facts: the given facts; sizes, hashes and parameters are computed here.
        mean_aggregate: as `LoadedWeights.mean_aggregate`.
        folder: of all weights.
        golden: inputs and the logits they gave; None for none.

    Raises:
        WeightsError: if the name is invalid.
        RNCoreError: if a file cannot be written, or another process writes weights of that name.
    """
    with hold_name(name, folder):
        return write_set(name, model, facts, mean_aggregate, folder, golden)


def write_set(
    name: str,
    model: QuestionAnsweringModel,
    facts: CardFacts,
    mean_aggregate: Tensor | None,
    folder: Path,
    golden: Mapping[str, Tensor] | None,
) -> WeightsEntry:
    """Do the work of `save_weights` for a caller that holds the name."""
    tensors, facts = _leave_out_encoders(collect_tensors(model, mean_aggregate), facts, folder)
    content = save_tensors(pack_tensors(tensors))
    contents = {WEIGHTS: content}
    if golden is not None:
        contents[GOLDEN] = _golden_content(golden)
    card = make_card(name, facts, model, content, contents.get(GOLDEN))
    replace_set(name, folder, {**contents, CARD: write_card(card)})
    return WeightsEntry(name, card, place(name, folder, WEIGHTS))


def collect_tensors(model: QuestionAnsweringModel, mean_aggregate: Tensor | None) -> dict[str, Tensor]:
    """Return the content of a weights file before it is packed, by name, on the CPU.

    A parameter is float16 if that loses nothing of it, which is so after `round_parameters`.
    """
    extra = {} if mean_aggregate is None else {MEAN_AGGREGATE: mean_aggregate}
    found = {key: value.detach().cpu().contiguous() for key, value in (model.state_dict() | extra).items()}
    halved = {key: found[key].half() for key, _ in model.named_parameters()}
    return found | {key: half for key, half in halved.items() if torch.equal(half.to(found[key].dtype), found[key])}


def write_card(card: Card) -> bytes:
    """Return the content of a card's file."""
    return (json.dumps(card.to_dict(), indent=1) + "\n").encode()


def rewrite_cards(folder: Path = PRETRAINED) -> None:
    """Write every card again, after a change of their format; weights and figures stay."""
    for path in find_cards(folder).values():
        write_whole(path, write_card(_read_card(path)))


def load_golden(entry: WeightsEntry) -> dict[str, Tensor]:
    """Return inputs and their logits; raises WeightsError if they are missing, changed or damaged."""
    path = entry.path.with_suffix(GOLDEN)
    return parse_tensors(_check_golden(entry), path.name)


def replace_golden(entry: WeightsEntry, golden: Mapping[str, Tensor]) -> None:
    """Write other golden logits beside weights, for a caller that holds the name; weights and figures stay."""
    content = _golden_content(golden)
    card = write_card(replace(entry.card, golden_sha256=sha256(content)))
    replace_set(entry.name, entry.folder, {WEIGHTS: check_weights(entry), GOLDEN: content, CARD: card})


def _golden_content(golden: Mapping[str, Tensor]) -> bytes:
    """Return the file of inputs and their logits."""
    return save_tensors({key: value.detach().cpu().contiguous() for key, value in golden.items()})


def _check_golden(entry: WeightsEntry) -> bytes:
    """Return the golden logits' bytes; raises WeightsError if they are missing or do not match the card."""
    path, wanted = entry.path.with_suffix(GOLDEN), entry.card.golden_sha256
    try:
        content = find_file(path).read_bytes()
    except FileNotFoundError as err:
        raise WeightsError(f"The golden logits '{path.name}' are missing; get them again from the project.") from err
    if sha256(content) != wanted:
        raise WeightsError(
            f"The golden logits '{path.name}' do not match the card, which has another SHA-256 or none; "
            "get all files again from the project, or publish the run again."
        )
    return content


def _read_card(path: Path) -> Card:
    """Read one card; raises WeightsError if it is not JSON or lacks a field that loading needs."""
    try:
        return Card.from_dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as err:
        raise WeightsError(
            f"The card '{path.name}' cannot be read ({str(err).rstrip('.')}); get it again from the project."
        ) from err


def weights_status(entry: WeightsEntry) -> str:
    """Return "sound", or a sentence with all that is wrong with weights and golden logits."""
    golden = entry.path.with_suffix(GOLDEN)
    try:
        _borrow_encoders(entry.card, _read_tensors(entry), entry.folder)
        if entry.card.golden_sha256 is not None or (golden.exists() and not is_moving(golden)):
            _check_golden(entry)
    except RNCoreError as err:
        return str(err)
    return "sound"


def describe_loose(folder: Path = PRETRAINED) -> dict[str, str]:
    """Return name -> a sentence, for weights files without a card."""
    sentence = "There is no card for the files of '{}'; delete them, or get all again from the project."
    return {name: sentence.format(name) for name in find_without_card(folder)}
