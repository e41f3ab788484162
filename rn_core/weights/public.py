"""Weights that others published: downloaded or given by hand, turned into this project's own.

A file is the published one if its SHA-256 is. Another one of the same names and shapes can be read, too, but its card
claims neither source nor license. What is published, and how it becomes a model of a domain, its `Domain.public` says.
"""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import save as save_tensors
from torch import Tensor
from torch.nn import functional

from rn_core.common.errors import WeightsError, lookup
from rn_core.common.files import sha256
from rn_core.models import QuestionAnsweringModel, build_model
from rn_core.tasks.registry import PUBLIC
from rn_core.weights.card import CardFacts, OriginalFile, make_card
from rn_core.weights.foreign import MAX_BYTES, read_foreign, tidy_names
from rn_core.weights.store import (
    NOT_PUBLISHED,
    PRETRAINED,
    LoadedWeights,
    WeightsEntry,
    collect_tensors,
    save_weights,
)

_SECONDS = 30
#: Weights nearer to 0 than this are set to 0. Up to six in ten of a layer have decayed to numbers that processors
#: compute with in software: as they are, an answer takes ten times as long, and no logit differs.
_SMALLEST = 1e-30
#: Kinds of numbers that are read.
_KINDS = (torch.float16, torch.bfloat16, torch.float32, torch.float64)
#: How tensors are called that count batches in training.
_UNUSED = "num_batches_tracked"


def fetch_public(name: str, folder: Path = PRETRAINED, home: str | None = None) -> WeightsEntry:
    """Download public weights as `download_public`, and save them as this project's own with their card.

    Args:
        name: a key of `PUBLIC`.
        folder: where the weights go.
        home: URL of the folder that the file lies in; None takes its home.

    Raises:
        UnknownNameError: if there are no such public weights.
        WeightsError: as `download_public`.
        RNCoreError: if the weights cannot be written.
    """
    return import_public(name, download_public(name, home), folder)


def download_public(name: str, home: str | None = None) -> bytes:
    """Return the published file of public weights; nothing is kept of another one.

    Args:
        name: a key of `PUBLIC`.
        home: URL of the folder that the file lies in; None takes its home.

    Raises:
        UnknownNameError: if there are no such public weights.
        WeightsError: if there is no network, or what came is not the file.
    """
    public = lookup(name, PUBLIC, "public weights")
    url = (home or public.home) + public.file
    content = _download(url, name)
    if not is_published(name, content):
        raise WeightsError(
            f"What came from '{url}' is not the file of '{name}' (its SHA-256 differs) or was cut "
            "short; nothing was kept, try again."
        )
    return content


def is_published(name: str, content: bytes) -> bool:
    """Return whether a file is the published one of public weights, by its SHA-256."""
    return sha256(content) == lookup(name, PUBLIC, "public weights").sha256


def import_file(name: str | None, path: Path, folder: Path = PRETRAINED) -> WeightsEntry:
    """Read a `.pth` file by hand; arguments and errors as `import_public`, and WeightsError if it cannot be read."""
    if name is None:
        raise WeightsError(f"Say which weights '{path.name}' holds: give --name, one of {', '.join(PUBLIC)}.")
    public = lookup(name, PUBLIC, "public weights")
    if not path.is_file():
        raise WeightsError(f"There is no file '{path}'; give the file {public.file} of '{name}'.")
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as err:
        raise WeightsError(f"Could not read '{path}': {err.strerror}; give {public.file} of '{name}'.") from err
    return import_public(name, content, folder, path.name)


def import_public(name: str, content: bytes, folder: Path = PRETRAINED, shown: str | None = None) -> WeightsEntry:
    """Save a `.pth` file of one of the public models as this project's own, with its card; arguments as `read_public`.

    Args:
        name: a key of `PUBLIC`.
        content: the file.
        folder: where the weights go.
        shown: what sentences call the file.

    Raises:
        UnknownNameError: if there are no such public weights.
        WeightsError: as `read_public`.
        RNCoreError: if the weights cannot be written.
    """
    read = read_public(name, content, shown)
    return save_weights(name, read.model, read.card, folder=folder)


def read_public(name: str, content: bytes, shown: str | None = None) -> LoadedWeights:
    """Check a `.pth` file of one of the public models and turn it into this project's own, in memory.

    Args:
        name: a key of `PUBLIC`.
        content: the file; others than the published one are taken if names and shapes are those of its model, and
            their card says "not the published file" instead of a source and a license.
        shown: what sentences call the file; None calls it as it is called at its home.

    Raises:
        UnknownNameError: if there are no such public weights.
        WeightsError: in one sentence, if the file is none of this model; nothing in it is run.
    """
    public = lookup(name, PUBLIC, "public weights")
    shown = shown or public.file
    model = build_model(public.config, seed=0)
    model.load_state_dict(convert_public(name, read_foreign(content, shown), shown))
    model.eval().requires_grad_(False)
    card = make_card(name, _make_facts(name, content), model, save_tensors(collect_tensors(model, None)))
    return LoadedWeights(model, card, None)


def convert_public(name: str, tensors: Mapping[str, Tensor], shown: str) -> dict[str, Tensor]:
    """Return the tensors of a public model by this project's names, in its order of words and answers.

    Numbers of 16 or 64 bits are converted, and those nearer to 0 than 1e-30 become 0.

    Raises:
        WeightsError: naming the first tensor that is missing, foreign, misshapen, of another kind or not finite.
    """
    public = PUBLIC[name]
    found = {key: value for key, value in tidy_names(tensors, shown).items() if not key.endswith(_UNUSED)}
    with torch.device("meta"):
        wanted = QuestionAnsweringModel(public.config).state_dict()
    _check_public(name, wanted, found, shown)
    own = {public.names[key]: functional.hardshrink(value.detach().float(), _SMALLEST) for key, value in found.items()}
    return public.reorder(build_model(public.config, seed=0).state_dict() | own)


def _check_public(name: str, wanted: Mapping[str, Tensor], found: Mapping[str, Tensor], shown: str) -> None:
    """Raise WeightsError unless the tensors are those of the model."""
    names = PUBLIC[name].names
    for key in sorted(names.keys() ^ found.keys()):
        trouble = "lacks" if key in names else "has the unknown"
        raise WeightsError(f"'{shown}' {trouble} tensor {key[:60]!r}; it is not the file of '{name}'.")
    for key, own in names.items():
        value, shape = found[key], wanted[own].shape
        if value.shape != shape:
            raise WeightsError(
                f"'{shown}': tensor '{key}' has shape {tuple(value.shape)[:6]} instead of {tuple(shape)}; it is not "
                f"the file of '{name}', which is {PUBLIC[name].file}."
            )
        is_plain = value.layout == torch.strided and value.device.type == "cpu" and value.dtype in _KINDS
        if not is_plain or not torch.isfinite(value.float()).all():
            raise WeightsError(
                f"'{shown}': tensor '{key}' must hold finite numbers of 16, 32 or 64 bits, got {value.dtype}; convert "
                "it with .float(), or get the file again."
            )


def _make_facts(name: str, content: bytes) -> CardFacts:
    """Return what is said of the weights in a file, by whether it is the published one."""
    public = PUBLIC[name]
    if is_published(name, content):
        original = OriginalFile(True, public.file, len(content), sha256(content))
        return CardFacts(
            task=public.task,
            license=public.license,
            source=public.source,
            recipe=f"python -m rn_core weights fetch {name}",
            data=public.data,
            start=public.start,
            original=original,
            words=public.words,
            answers=public.answers,
        )
    return CardFacts(
        task=public.task,
        recipe=f"python -m rn_core weights import FILE --name {name}",
        data=f"unknown: {NOT_PUBLISHED}",
        original=OriginalFile(False, "", len(content), sha256(content)),
        words=public.words,
        answers=public.answers,
    )


def _download(url: str, name: str) -> bytes:
    """Return a file; raises WeightsError, saying how to do without a network, if it does not come."""
    try:
        with urllib.request.urlopen(url, timeout=_SECONDS) as response:
            content: bytes = response.read(MAX_BYTES)
            return content
    except urllib.error.HTTPError as err:
        with err:
            raise _no_download(url, name, str(err)) from err
    except (OSError, http.client.HTTPException, ValueError) as err:
        raise _no_download(url, name, str(err.reason if isinstance(err, urllib.error.URLError) else err)) from err


def _no_download(url: str, name: str, reason: str) -> WeightsError:
    """Return the one sentence for a file that did not come."""
    return WeightsError(
        f"Could not download '{url}' ({reason[:200]}); connect to the network, or get the file elsewhere and give it "
        f"to `python -m rn_core weights import FILE --name {name}`."
    )
