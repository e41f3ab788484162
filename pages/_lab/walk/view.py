"""What the page "How it works" draws: a forward pass, and names for everything in it; this module draws nothing."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from pages._lab.models import sees_pixels
from pages._lab.sort_of_clevr.nodes import make_nodes
from pages._lab.sort_of_clevr.state import ExploreState
from pages._lab.sort_of_clevr.view import Reading, choose_target
from pages._lab.walk.forward import choose_stops, largest_change, rank_pairs
from pages._lab.walk.state import WalkState
from pages._lab.words import GRID, node_name
from rn_core.attribution.base import Target
from rn_core.attribution.tracing import (
    ForwardTrace,
    Growth,
    MLPTrace,
    PairSteps,
    follow_pair,
    follow_sum,
    grow_sum,
)
from rn_core.models.relation_network import RelationNetwork
from rn_core.tasks.sort_of_clevr import COLORS, Scene
from rn_core.tasks.sort_of_clevr.rendering import render_scene
from rn_core.tasks.sort_of_clevr.scene import MIDDLE

#: Pixels between the centers of two cells; 2 to the power of the convolutions.
STRIDE = 16
#: Stops of the growing sum at most.
MOST_STOPS = 58


@dataclass(frozen=True)
class WalkView:
    """Everything that the page draws.

    Attributes:
        state: what was asked for.
        core: the Relation Network behind the encoder; read only.
        walk: its forward pass, objects in the order of the state's deal.
        plain: the same, objects as they are.
        reading: both models' answers, objects as they are.
        target: the model's answer, above the next best one that the question allows.
        contributions: (P,) what each pair adds to it, objects as they are.
        thought: the MLP's forward pass in the order of the deal; None if its weights cannot be used.
        plain_thought: the same, objects as they are.
    """

    state: WalkState
    core: RelationNetwork
    walk: ForwardTrace
    plain: ForwardTrace
    reading: Reading
    target: Target
    contributions: np.ndarray
    thought: MLPTrace | None
    plain_thought: MLPTrace | None

    @property
    def figure_key(self) -> tuple[object, ...]:
        """Return what tells figures of two views apart: what was asked for, and what the networks made of it."""
        thought = None if self.thought is None else self.thought.logits
        return self.state, self.walk.logits, self.contributions, thought

    @property
    def has_cells(self) -> bool:
        """Return whether the model's objects are cells of a feature map."""
        return sees_pixels(self.state.model)

    @cached_property
    def image(self) -> np.ndarray:
        """Return the scene's image (75, 75, 3) uint8."""
        return render_scene(self.state.scene)

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """Return the objects' names, in the order in which the network gets them: cell numbers or colors.

        Of objects that a network found with the same color, all but the first have a number, too.
        """
        if self.has_cells:
            return tuple(map(str, self.walk.slots.tolist()))
        if self.walk.found is None:
            return tuple(COLORS[slot] for slot in self.walk.slots.tolist())
        colors = [COLORS[color] for color in self.walk.objects[:, : len(COLORS)].argmax(axis=1)]
        earlier = [colors[:k].count(color) for k, color in enumerate(colors)]
        return tuple(f"{color} {n + 1}" if n else color for color, n in zip(colors, earlier, strict=True))

    @cached_property
    def places(self) -> np.ndarray:
        """Return (n, 2) pixels, x then y: the middle of each object, or of each cell's field of view."""
        if self.has_cells:
            return np.array([divmod(int(label), GRID)[::-1] for label in self.labels]) * STRIDE
        if self.walk.found is not None:
            found: np.ndarray = np.rint(MIDDLE * (self.walk.objects[:, -2:] + 1)).astype(int)
            return found
        return np.array([_place(self.state.scene, label) for label in self.labels])

    @cached_property
    def pair(self) -> tuple[int, int]:
        """Return the pair (i, j) that is followed, as places among `labels`; the strongest unless one was chosen."""
        wanted = None if self.state.pair is None else [self._to_node(label) for label in self.state.pair]
        if wanted is not None and {*wanted} <= {*self.labels}:  # a network may miss an object of the scene
            first, second = map(self.labels.index, wanted)
            return first, second
        strongest = int(self.ranked_strengths.argmax())
        return divmod(strongest, len(self.labels))

    @property
    def pair_labels(self) -> tuple[str, str]:
        """Return the names of the pair's two objects."""
        return self.labels[self.pair[0]], self.labels[self.pair[1]]

    @cached_property
    def ranked_strengths(self) -> np.ndarray:
        """Return (n * n,) the contributions in the order in which the objects were dealt."""
        n_slots = round(len(self.contributions) ** 0.5)
        slots = self.walk.slots
        strengths: np.ndarray = self.contributions.reshape(n_slots, n_slots)[np.ix_(slots, slots)].ravel()
        return strengths

    @cached_property
    def steps(self) -> PairSteps:
        """Return the pair's way through g_theta."""
        return follow_pair(self.core, self.walk, *self.pair)

    @cached_property
    def growth(self) -> Growth:
        """Return the sum as pairs join it in the state's order."""
        ranking = rank_pairs(self.state.order, self.ranked_strengths, self.state.deal)
        counts = choose_stops(len(ranking), MOST_STOPS, min(self.state.added, len(ranking)))
        return grow_sum(self.core.f_phi, self.walk.relations, ranking, counts)

    @cached_property
    def readout(self) -> tuple[np.ndarray, ...]:
        """Return f_phi's hidden units layer by layer, and the logits at the end."""
        return follow_sum(self.core.f_phi, self.walk.aggregate)

    @property
    def answer(self) -> int:
        """Return the index of the answer with the largest logit."""
        return int(self.walk.logits.argmax())

    @property
    def change(self) -> float:
        """Return how far the deal moves a logit of the Relation Network."""
        return largest_change(self.walk.logits, self.plain.logits)

    @property
    def thought_change(self) -> float | None:
        """Return how far the deal moves a logit of the MLP; None without an MLP."""
        if self.thought is None or self.plain_thought is None:
            return None
        return largest_change(self.thought.logits, self.plain_thought.logits)

    def tag(self, node: int) -> str:
        """Return what pictures call an object: its color; for a cell its number in the order of the deal."""
        return str(node) if self.has_cells else self.labels[node]

    def name(self, node: int) -> str:
        """Return an object in words; a cell by where it lies and what is in it."""
        label = self.labels[node]
        return f"{node_name(label)} · {self.contents[node]}" if self.has_cells else label

    @cached_property
    def contents(self) -> tuple[str, ...]:
        """Return what each object is made of: its color; for a cell the color that fills most of it, or "ground"."""
        if not self.has_cells:
            return self.labels
        nodes = make_nodes(ExploreState(edited=self.state.scene, model=self.state.model, view="objects"))
        most = nodes.membership.argmax(dim=1).tolist()
        return tuple(nodes.labels[most[int(label)]] for label in self.labels)

    def _to_node(self, label: str) -> str:
        """Return the node that a label of the state means: for a color among cells, the cell that it lies in."""
        if not self.has_cells or label.isdigit():
            return label
        x, y = _place(self.state.scene, label)
        column, row = (min((value + STRIDE // 2) // STRIDE, GRID - 1) for value in (x, y))
        return str(row * GRID + column)


def _place(scene: Scene, color: str) -> tuple[int, int]:
    """Return the middle of an object in pixels, x then y."""
    thing = scene.get(color)
    return thing.x, thing.y


def choose_walk_target(state: WalkState, reading: Reading) -> Target:
    """Return what makes a pair strong: as on Explore, the model's answer against the next best one."""
    return choose_target(ExploreState(question=state.question), reading.answer)
