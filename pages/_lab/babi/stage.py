"""The interactive story: its sentences in order, with the pairs among them; plain data, no Streamlit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from pages._lab.babi.nodes import sum_by_sentence
from pages._lab.babi.state import LABELS, BabiState
from pages._lab.babi.truth import Truth
from pages._lab.babi.view import BabiView
from pages._lab.components.nodes import check_pair, check_weights, is_whole
from pages._lab.components.stage import Edit, PairLayer, SceneEvent
from pages._lab.scale import FULL_LOGITS
from rn_core.tasks.babi.encoding import WINDOW
from rn_core.tasks.babi.story import TASK_NAMES


@dataclass(frozen=True)
class StoryStage:
    """One picture of a story and of what its pairs contribute.

    Attributes:
        state: the story.
        layer: what the pairs of the sentences say that the networks see.
        support: places of the sentences that the true answer follows from.
        picked: place of the sentence that each hop picked; none for a network without hops.
        editable: whether sentences can be moved and dropped.
        dark: whether it lies on a dark page; None takes the colors of the page around it.
    """

    state: BabiState
    layer: PairLayer
    support: tuple[int, ...] = ()
    picked: tuple[int, ...] = ()
    editable: bool = True
    dark: bool | None = None
    component: ClassVar[str] = "story"

    @property
    def n_nodes(self) -> int:
        """Return the number of sentences that the networks see."""
        return len(self.state.seen)

    def to_data(self) -> dict[str, Any]:
        """Return the JSON that the browser draws; its keys are read by the scripts of `components`.

        Raises:
            RNCoreError: if a pair or a contribution does not fit.
        """
        state, layer, n_nodes = self.state, self.layer, self.n_nodes
        weights = check_weights(layer.weights, (n_nodes,), "story")
        return {
            "lines": [self._make_line(place) for place in range(len(state.lines))],
            "nodes": [{"label": str(place + 1)} for place in state.seen],
            "weights": [[round(value, 6) for value in row] for row in weights.tolist()],
            "sums": [round(value, 6) for value in sum_by_sentence(weights).tolist()],
            "pinned": None if layer.pinned is None else check_pair(layer.pinned, n_nodes),
            "truePairs": [check_pair(pair, n_nodes) for pair in layer.true_pairs],
            "showTruth": bool(layer.show_truth),
            "full": FULL_LOGITS["objects"],
            "target": str(layer.target),
            "against": str(layer.against),
            "editable": bool(self.editable),
            "projector": bool(state.projector),
            "dark": self.dark,
            "alt": f"Story of {len(state.lines)} sentences, task {state.task}, {TASK_NAMES[state.task]}",
            "window": WINDOW,
        }

    def _make_line(self, place: int) -> dict[str, Any]:
        """Return one sentence as the browser draws it."""
        line, seen = self.state.lines[place], self.state.seen
        node = seen.index(place) if place in seen else None
        kind = "dropped" if line.dropped else "early" if node is None else "seen"
        return {
            "id": LABELS[place],
            "number": str(place + 1),
            "text": line.text,
            "state": kind,
            "node": node,
            "supports": place in self.support,
            "hops": [hop for hop, picked in enumerate(self.picked, start=1) if picked == place],
        }

    def make_fixed(self) -> StoryStage:
        """Return the same picture where nothing can be moved."""
        return replace(self, editable=False)

    def read_edit(self, kind: Edit, state: Mapping[str, object]) -> SceneEvent | None:
        """Read a move, a drop or a restoring; None if it names no sentence here, or no place for it."""
        present = LABELS[: len(self.state.lines)]
        thing, place = state.get("id"), state.get("place")
        if not isinstance(thing, str) or thing not in present:
            return None
        if kind == "drop" or kind == "restore":
            return SceneEvent(kind, thing=thing)
        if kind != "move" or not is_whole(place) or not 0 <= place < len(present):
            return None
        return SceneEvent("move", thing=thing, place=place)


def make_story_stage(
    state: BabiState, truth: Truth, view: BabiView | None, editable: bool = True, dark: bool | None = None
) -> StoryStage:
    """Return the story with its pairs; without an answer, the sentences alone."""
    n_nodes = len(state.seen)
    layer = PairLayer(np.zeros((n_nodes, n_nodes)), show_truth=state.truth)
    if view is not None:
        # Where one sentence is enough, every pair that holds it decides, and none of them has an arc of its own.
        several = len(truth.support) > 1
        layer = replace(view.layer, true_pairs=[(i, j) for i, j in view.true_pairs if several and i > j])
    picked = () if view is None else tuple(picks[0].place for picks in view.hops)
    return StoryStage(state, layer, truth.support, picked, editable, dark)


def make_saved_stage(view: BabiView) -> StoryStage:
    """Return the interactive story for a saved page, where nothing can be moved."""
    return make_story_stage(view.state, view.truth, view, editable=False)
