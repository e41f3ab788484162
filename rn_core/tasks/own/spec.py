"""The networks that learn a set, and how they are trained; sizes follow the set."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from itertools import pairwise
from types import MappingProxyType
from typing import Any, TypeVar

from rn_core.models import ModelConfig
from rn_core.models.baselines import MLPConfig
from rn_core.models.deep_sets import DeepSetConfig
from rn_core.models.encoders import RowEncoderConfig
from rn_core.models.questions import QuestionEncoderConfig
from rn_core.models.relation_network import RelationNetworkConfig
from rn_core.tasks.domain import Domain, Models, Titles
from rn_core.tasks.own.schema import Schema

_Core = TypeVar("_Core")
NAME, TITLE = "own", "Your data"
#: Hidden units of g_theta and f_phi.
_G, _F = (64, 64, 64), (64,)
_D_WORD, _D_QUESTION = 16, 32
#: A baseline's layers are widened in steps of so many units until it has as many parameters as the Relation Network.
_STEP = 8
#: How both networks are trained, unless a command says otherwise.
TRAINING: Mapping[str, Any] = MappingProxyType(
    {
        "steps": 1_500,
        "n_scenes": 64,
        "n_questions": 1,
        "learning_rate": 2e-3,
        "warmup_steps": 100,
        "weight_decay": 0.05,
        "validate_every": 500,
        "validation_scenes": 200,
        "precision": "32-true",
    }
)


def make_domain(task: str, schema: Schema) -> Domain:
    """Return the domain of one set's task."""
    return Domain(NAME, TITLE, {task: {"small": make_models(schema)}}, titles=Titles(measures={"all": "all questions"}))


def make_models(schema: Schema) -> Models:
    """Return the Relation Network, and an MLP over all objects and deep sets with at least as many parameters."""
    encoder = RowEncoderConfig(schema.d_object, schema.n_objects, len(schema.pair_columns))
    question, d_question = None, len(schema.templates)
    if schema.words:
        question, d_question = QuestionEncoderConfig(len(schema.words), _D_WORD, _D_QUESTION), _D_QUESTION
    sizes = (schema.d_object, d_question, len(schema.answers))
    core = RelationNetworkConfig(*sizes, _G, _F, d_pair=encoder.d_pair, pair_chunk=None)
    wanted = _count(core)
    mlp = _widen(lambda width: MLPConfig(schema.n_objects, *sizes, (width, width)), _count_mlp, wanted)
    deep_set = _widen(lambda width: DeepSetConfig(*sizes, (width, width), (width,)), _count_deep_set, wanted)
    rows = RowEncoderConfig(schema.d_object)  # the same rows: they hold the pair features, too
    baselines = {"mlp": ModelConfig(rows, mlp, question), "ds": ModelConfig(rows, deep_set, question)}
    return {"rn": ModelConfig(encoder, core, question), **baselines}


def _widen(make: Callable[[int], _Core], count: Callable[[_Core], int], wanted: int) -> _Core:
    """Return the narrowest of the cores that `make` makes of a width which has at least so many parameters."""
    return next(core for core in map(make, itertools.count(_STEP, _STEP)) if count(core) >= wanted)


def _count(core: RelationNetworkConfig) -> int:
    """Return the parameters of a Relation Network."""
    layers = (2 * core.d_object + core.d_question + core.d_pair, *core.g_widths)
    return _count_layers(layers) + _count_layers((core.g_widths[-1], *core.f_widths, core.n_answers))


def _count_mlp(core: MLPConfig) -> int:
    """Return the parameters of an MLP."""
    return _count_layers((core.n_objects * core.d_object + core.d_question, *core.widths, core.n_answers))


def _count_deep_set(core: DeepSetConfig) -> int:
    """Return the parameters of a deep set."""
    phi = (core.d_object + core.d_question, *core.phi_widths)
    return _count_layers(phi) + _count_layers((core.phi_widths[-1], *core.rho_widths, core.n_answers))


def _count_layers(sizes: tuple[int, ...]) -> int:
    """Return the parameters of linear layers from size to size."""
    return sum((d_in + 1) * d_out for d_in, d_out in pairwise(sizes))
