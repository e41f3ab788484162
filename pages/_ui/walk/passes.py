"""Forward passes taken apart, kept by the caches."""

from __future__ import annotations

from pages._lab.domains.base import full_name
from pages._lab.domains.sort_of_clevr import DOMAIN
from pages._lab.walk.forward import make_thought, make_walk
from pages._lab.walk.state import WalkState
from pages._ui.cache import find_answerer, keep_values
from rn_core.attribution.tracing import ForwardTrace, MLPTrace


def find_walk(state: WalkState, deal: int) -> ForwardTrace:
    """Return the Relation Network's forward pass with its objects in the order of a deal; errors as `make_walk`."""
    scene, question, name = state.scene, state.question, full_name(DOMAIN, state.model)
    key = ("walk", name, scene.to_json(), question.index, deal)
    return keep_values(key, lambda: make_walk(find_answerer(name), scene, question, deal))


def find_thought(state: WalkState, model: str, deal: int) -> MLPTrace:
    """Return an MLP's forward pass; arguments and errors as `find_walk`, `model` is the MLP's short name."""
    scene, question, name = state.scene, state.question, full_name(DOMAIN, model)
    key = ("thought", name, scene.to_json(), question.index, deal)
    return keep_values(key, lambda: make_thought(find_answerer(name), scene, question, deal))
