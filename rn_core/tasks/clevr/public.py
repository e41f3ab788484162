"""The public Relation Networks for CLEVR from pixels: where they are, and how they become this project's own.

Source: https://github.com/mesnico/RelationNetworks-CLEVR (MIT), models "original" (the paper's) and "ir" (the question
enters g_theta at its third layer). Their words and answers were never published with them; `public_vocabulary.json`
has them. In ours, words and answers are in this project's order, so they stand beside its own models.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from rn_core.models import ModelConfig
from rn_core.models.relation_network import RelationNetworkConfig
from rn_core.tasks.clevr.encoding import ANSWERS
from rn_core.tasks.clevr.tokens import TOKENS
from rn_core.tasks.domain import PublicWeights

_PAGE = "https://github.com/mesnico/RelationNetworks-CLEVR"
_HOME = "https://raw.githubusercontent.com/mesnico/RelationNetworks-CLEVR/master/pretrained_models/"
VOCABULARY = Path(__file__).with_name("public_vocabulary.json")
#: The questions that they learned from were padded behind to their longest, 44 words or more, and then reversed.
_PADDED_LENGTH = 44


def make_public(task: str, paper: ModelConfig) -> dict[str, PublicWeights]:
    """Return name -> published file.

    Args:
        task: CLEVR from pixels.
        paper: the paper's model of it.

    Raises:
        TypeError: if that model does not read words and pairs.
    """
    return {
        "clevr/rn-pixels-public": _make_one(
            "original_fp_epoch_493.pth",
            "0e1d1fcb0ed68de9f7fbf5fb0b280174ef043b281448af2e4f0ac4ac0e95b13d",
            task,
            _adapt_config(paper, question_layer=0),
        ),
        "clevr/rn-pixels-public-ir": _make_one(
            "ir_fp_epoch_312.pth",
            "5961c61eec7f8e05384f999b8915e6bdd0339205c5b8edfa3feafe21ad833450",
            task,
            _adapt_config(paper, question_layer=2),
        ),
    }


def _make_one(file: str, sha256: str, task: str, config: ModelConfig) -> PublicWeights:
    """Return one of the two files; what they share is the same author's."""
    return PublicWeights(
        home=_HOME,
        file=file,
        sha256=sha256,
        task=task,
        config=config,
        names=_own_names(),
        reorder=_reorder,
        license="MIT, Copyright (c) 2018 Nicola Messina",
        source=f"{_PAGE}, after Santoro et al. 2017, arXiv 1706.01427",
        data="trained by its author on the pictures and questions of CLEVR v1.0 (train); nothing was trained here",
        start="trained from answers alone, as in the paper",
        words=TOKENS,
        answers=ANSWERS,
    )


def _adapt_config(paper: ModelConfig, question_layer: int) -> ModelConfig:
    """Return the paper's model as they are, which read questions padded and from their end.

    Args:
        paper: the paper's model.
        question_layer: the layer of g_theta that the question enters, counted from 0.
    """
    if paper.question is None or not isinstance(paper.core, RelationNetworkConfig):
        raise TypeError("The paper's model of CLEVR from pixels must read words and pairs.")
    question = replace(paper.question, reversed=True, padded_length=_PADDED_LENGTH)
    return ModelConfig(paper.encoder, replace(paper.core, question_layer=question_layer), question)


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


def _reorder(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the model's tensors with the rows of words and the logits of answers in this project's order."""
    vocabulary = json.loads(VOCABULARY.read_text(encoding="utf-8"))
    words = torch.tensor([0, *(1 + vocabulary["words"].index(word) for word in TOKENS)])
    answers = torch.tensor([vocabulary["answers"].index(answer) for answer in ANSWERS])
    rows = {"question_encoder.words.weight": words, "core.f_phi.5.weight": answers, "core.f_phi.5.bias": answers}
    return {**tensors, **{name: tensors[name][order] for name, order in rows.items()}}
