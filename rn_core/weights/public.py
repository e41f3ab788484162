"""The public Relation Networks for CLEVR from pixels: downloaded or given by hand, turned into this project's own.

A file is the published one if its SHA-256 is. Another one of the same names and shapes can be read, too, but its card
claims neither source nor license.

Source: https://github.com/mesnico/RelationNetworks-CLEVR (MIT), models "original" (the paper's) and "ir" (the question
enters g_theta at its third layer). Their words and answers were never published with them; `public_vocabulary.json`
has them. In ours, words and answers are in this project's order, so they stand beside its own models.
"""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

import torch
from safetensors.torch import save as save_tensors
from torch import Tensor
from torch.nn import functional

from rn_core.common.errors import WeightsError, lookup
from rn_core.common.files import sha256
from rn_core.models import ModelConfig, QuestionAnsweringModel, build_model
from rn_core.models.relation_network import RelationNetworkConfig
from rn_core.tasks.clevr.encoding import ANSWERS
from rn_core.tasks.clevr.spec import PIXELS, PUBLIC_NAMES
from rn_core.tasks.clevr.tokens import TOKENS
from rn_core.tasks.registry import model_config
from rn_core.weights.card import CardFacts, OriginalFile, make_card
from rn_core.weights.foreign import MAX_BYTES, read_foreign
from rn_core.weights.store import (
    NOT_PUBLISHED,
    PRETRAINED,
    LoadedWeights,
    WeightsEntry,
    collect_tensors,
    save_weights,
)

PAGE = "https://github.com/mesnico/RelationNetworks-CLEVR"
#: The folder that the files lie in, at their home.
HOME = "https://raw.githubusercontent.com/mesnico/RelationNetworks-CLEVR/master/pretrained_models/"
_SECONDS = 30
_VOCABULARY = Path(__file__).with_name("public_vocabulary.json")
#: Weights nearer to 0 than this are set to 0. Up to six in ten of a layer have decayed to numbers that processors
#: compute with in software: as they are, an answer takes ten times as long, and no logit differs.
_SMALLEST = 1e-30
#: The questions that they learned from were padded behind to their longest, 44 words or more, and then reversed.
_PADDED_LENGTH = 44


@dataclass(frozen=True)
class PublicWeights:
    """One public file.

    Attributes:
        file: its name at its home.
        sha256: its hash.
        question_layer: the layer of g_theta that the question enters, counted from 0.
    """

    file: str
    sha256: str
    question_layer: int

    @property
    def config(self) -> ModelConfig:
        """Return the model of these weights: the paper's, which reads questions padded and from their end."""
        paper = model_config(PIXELS, "rn", "paper")
        if paper.question is None or not isinstance(paper.core, RelationNetworkConfig):
            raise TypeError(f"The paper's model of '{PIXELS}' must read words and pairs.")
        question = replace(paper.question, reversed=True, padded_length=_PADDED_LENGTH)
        return ModelConfig(paper.encoder, replace(paper.core, question_layer=self.question_layer), question)


#: name -> file.
PUBLIC: Mapping[str, PublicWeights] = MappingProxyType(
    {
        PUBLIC_NAMES[0]: PublicWeights(
            "original_fp_epoch_493.pth", "0e1d1fcb0ed68de9f7fbf5fb0b280174ef043b281448af2e4f0ac4ac0e95b13d", 0
        ),
        PUBLIC_NAMES[1]: PublicWeights(
            "ir_fp_epoch_312.pth", "5961c61eec7f8e05384f999b8915e6bdd0339205c5b8edfa3feafe21ad833450", 2
        ),
    }
)


def fetch_public(name: str, folder: Path = PRETRAINED, home: str = HOME) -> WeightsEntry:
    """Download public weights as `download_public`, and save them as this project's own with their card.

    Args:
        name: a key of `PUBLIC`.
        folder: where the weights go.
        home: URL of the folder that the file lies in.

    Raises:
        UnknownNameError: if there are no such public weights.
        WeightsError: as `download_public`.
        RNCoreError: if the weights cannot be written.
    """
    return import_public(name, download_public(name, home), folder)


def download_public(name: str, home: str = HOME) -> bytes:
    """Return the published file of public weights; nothing is kept of another one.

    Args:
        name: a key of `PUBLIC`.
        home: URL of the folder that the file lies in.

    Raises:
        UnknownNameError: if there are no such public weights.
        WeightsError: if there is no network, or what came is not the file.
    """
    public = lookup(name, PUBLIC, "public weights")
    content = _download(home + public.file, name)
    if not is_published(name, content):
        raise WeightsError(
            f"What came from '{home + public.file}' is not the file of '{name}' (its SHA-256 differs) or was cut "
            "short; nothing was kept, try again."
        )
    return content


def is_published(name: str, content: bytes) -> bool:
    """Return whether a file is the published one of public weights, by its SHA-256."""
    return sha256(content) == lookup(name, PUBLIC, "public weights").sha256


def import_file(name: str, path: Path, folder: Path = PRETRAINED) -> WeightsEntry:
    """Read a `.pth` file by hand; arguments and errors as `import_public`, and WeightsError if it cannot be read."""
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
    """Return the tensors of a public model by this project's names, words and answers in its order.

    Numbers nearer to 0 than 1e-30 become 0.

    Raises:
        WeightsError: naming the first tensor that is missing, foreign, misshapen, of another kind or not finite.
    """
    found = {key.removeprefix("module."): value for key, value in tensors.items()}
    found = {key: value for key, value in found.items() if not key.endswith("num_batches_tracked")}
    with torch.device("meta"):
        wanted = QuestionAnsweringModel(PUBLIC[name].config).state_dict()
    _check_public(name, wanted, found, shown)
    names = _own_names()
    fresh = build_model(PUBLIC[name].config, seed=0).state_dict()
    converted = fresh | {names[key]: functional.hardshrink(value.detach(), _SMALLEST) for key, value in found.items()}
    words, answers = _orders()
    converted["question_encoder.words.weight"] = converted["question_encoder.words.weight"][words]
    for part in ("weight", "bias"):
        converted[f"core.f_phi.5.{part}"] = converted[f"core.f_phi.5.{part}"][answers]
    return converted


def _own_names() -> dict[str, str]:
    """Return the public name of every learned tensor -> its name here."""
    own = {"text.wembedding": "question_encoder.words"}
    own |= {f"conv.conv{k + 1}": f"encoder.layers.{3 * k}" for k in range(4)}
    own |= {f"rl.g_layers.{k}": f"core.g_theta.{k}" for k in range(4)}
    own |= {f"rl.f_fc{k + 1}": f"core.f_phi.{layer}" for k, layer in enumerate((0, 2, 5))}
    names = {f"{key}.{part}": f"{value}.{part}" for key, value in own.items() for part in ("weight", "bias")}
    del names["text.wembedding.bias"]
    for part in ("weight", "bias", "running_mean", "running_var"):
        names |= {f"conv.batchNorm{k + 1}.{part}": f"encoder.layers.{3 * k + 1}.{part}" for k in range(4)}
    for part in ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"):
        names[f"text.lstm.{part}"] = f"question_encoder.lstm.{part}"
    return names


def _orders() -> tuple[Tensor, Tensor]:
    """Return which row of the public word table, and which public logit, stands at each place here."""
    vocabulary = json.loads(_VOCABULARY.read_text(encoding="utf-8"))
    words = [0, *(1 + vocabulary["words"].index(word) for word in TOKENS)]
    return torch.tensor(words), torch.tensor([vocabulary["answers"].index(answer) for answer in ANSWERS])


def _check_public(name: str, wanted: Mapping[str, Tensor], found: Mapping[str, Tensor], shown: str) -> None:
    """Raise WeightsError unless the tensors are those of the model."""
    names = _own_names()
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
        is_plain = value.layout == torch.strided and value.device.type == "cpu" and value.dtype == torch.float32
        if not is_plain or not torch.isfinite(value).all():
            raise WeightsError(f"'{shown}': tensor '{key}' must hold finite 32-bit numbers; get the file again.")


def _make_facts(name: str, content: bytes) -> CardFacts:
    """Return what is said of the weights in a file, by whether it is the published one."""
    if is_published(name, content):
        original = OriginalFile(True, PUBLIC[name].file, len(content), sha256(content))
        return CardFacts(
            task=PIXELS,
            license="MIT, Copyright (c) 2018 Nicola Messina",
            source=f"{PAGE}, after Santoro et al. 2017, arXiv 1706.01427",
            recipe=f"python -m rn_core weights fetch {name}",
            data="trained by its author on the pictures and questions of CLEVR v1.0 (train); nothing was trained here",
            start="trained from answers alone, as in the paper",
            original=original,
            words=TOKENS,
            answers=ANSWERS,
        )
    return CardFacts(
        task=PIXELS,
        recipe=f"python -m rn_core weights import FILE --name {name}",
        data=f"unknown: {NOT_PUBLISHED}",
        original=OriginalFile(False, "", len(content), sha256(content)),
        words=TOKENS,
        answers=ANSWERS,
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
