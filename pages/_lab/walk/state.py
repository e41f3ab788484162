"""What the page "How it works" shows, as one value that fits in a URL.

Scene, question and model have the names that Explore gives them, so a link from there opens the same question here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Self

from pages._lab.links import (
    Field,
    PageState,
    format_question,
    format_scene,
    format_switch,
    one_of,
    parse_question,
    parse_scene,
    parse_seed,
    parse_switch,
    whole_number,
)
from pages._lab.models import N_CELLS, parse_model, sees_pixels, view_of
from pages._lab.pairs.state import pair_parser
from pages._lab.sort_of_clevr.state import DEFAULT_QUESTION, sampled_scene, write_shared
from rn_core.common.seeding import MAX_SEED
from rn_core.tasks.sort_of_clevr import COLORS, Question, Scene

#: What a network sees, as `view_of` -> the steps from there to the answer; the last ones, from the pairs on, are alike.
N_STEPS = MappingProxyType({"pixels": 8, "objects": 8, "slots": 9})
N_SHARED = 5
#: Every label that an object of any scene can have.
_LABELS = (*COLORS, *map(str, range(N_CELLS)))
#: Order in which pairs join the sum -> its name on the page.
ORDERS = MappingProxyType(
    {"strongest": "Strongest first", "weakest": "Weakest first", "rows": "Row by row", "random": "At random"}
)


@dataclass(frozen=True)
class WalkState(PageState):
    """Everything that decides what the page shows.

    Attributes:
        seed: the sampled scene, 0 to 2**32 - 1.
        edited: the scene after edits on Explore; None while it is the sampled one.
        question: what is asked.
        model: a shipped Relation Network, or one of the session's own.
        step: 1 to `count_steps` of the model.
        pair: the pair that is followed, as two labels of `node_labels` or colors of objects; None is the strongest.
        order: key of `ORDERS`.
        added: pairs in the sum when the picture opens, 0 or more.
        deal: seed of the order that the objects were shuffled in; 0 leaves them as they are.
        mlp: whether the MLP's way is shown beside.
        projector: large type.
    """

    seed: int = 0
    edited: Scene | None = None
    question: Question = DEFAULT_QUESTION
    model: str = "rn-pixels"
    step: int = 1
    pair: tuple[str, str] | None = None
    order: str = "strongest"
    added: int = 0
    deal: int = 0
    mlp: bool = False
    projector: bool = False

    @property
    def scene(self) -> Scene:
        """Return the scene on the page: the edited one, or the one that `seed` samples."""
        return self.edited or sampled_scene(self.seed)

    def change(self, **changes: Any) -> Self:
        """Return the state with new values, and without what they make meaningless.

        A new seed drops the edits and what only the old scene had, a new model the pair and the count of the old one,
        and the step becomes the new model's that is most like it.
        """
        if changes.get("seed", self.seed) != self.seed:
            changes = {"edited": None, "pair": None, "added": 0, **changes}
        if changes.get("model", self.model) != self.model:
            changes = {"pair": None, "added": 0, "step": _move_step(self, changes["model"]), **changes}
        return super().change(**changes)

    @staticmethod
    def fields() -> tuple[Field, ...]:
        """Return the page's only table of URL parameters."""
        return FIELDS

    def to_shared_query(self) -> dict[str, str]:
        """Return what is asked of which model, as URL parameters that Explore reads too; defaults included."""
        return write_shared(self, FIELDS)

    def drop_misfits(self, problems: list[str]) -> tuple[Self, list[str]]:
        """Drop what does not fit the other parameters, with a sentence each."""
        state = self
        if state.edited == sampled_scene(state.seed):
            state = replace(state, edited=None)
        present = tuple(thing.color for thing in state.scene.objects)
        if state.pair is not None and not {*state.pair} <= {*node_labels(state), *present}:
            cells = f", or two cells from 0 to {N_CELLS - 1}" if sees_pixels(state.model) else ""
            problems.append(
                f"The link's 'pair' was left out: it must be two of {', '.join(present)}{cells}, "
                f"got {'-'.join(state.pair)}."
            )
            state = replace(state, pair=None)
        if state.step > count_steps(state.model):
            problems.append(
                f"The link's 'step' was left out: this network has {count_steps(state.model)} steps, got {state.step}."
            )
            state = replace(state, step=1)
        if state.added > count_pairs(state):
            problems.append(
                f"The link's 'added' was left out: there are {count_pairs(state)} pairs here, got {state.added}."
            )
            state = replace(state, added=0)
        return state, problems


def count_steps(model: str) -> int:
    """Return the steps of a model's forward pass."""
    return N_STEPS[view_of(model)]


def _move_step(state: WalkState, model: str) -> int:
    """Return the step of another model that is the state's, or the last one before the pairs."""
    before, others = (count_steps(name) - N_SHARED for name in (state.model, model))
    return min(state.step, others) if state.step <= before else state.step - before + others


def node_labels(state: WalkState) -> tuple[str, ...]:
    """Return what the model's objects are called: cell numbers, or the colors of the scene's objects."""
    if sees_pixels(state.model):
        return tuple(map(str, range(N_CELLS)))
    return tuple(thing.color for thing in state.scene.objects)


def count_pairs(state: WalkState) -> int:
    """Return the ordered pairs of the model's objects in this scene."""
    return len(node_labels(state)) ** 2


FIELDS = (
    Field("seed", "seed", parse_seed),
    Field("scene", "edited", parse_scene, format_scene),
    Field("q", "question", parse_question, format_question),
    Field("model", "model", parse_model),
    Field("step", "step", whole_number(1, max(N_STEPS.values()), "A step")),
    Field("pair", "pair", pair_parser(_LABELS, "red-blue or, for cells, 3-17"), "-".join),
    Field("order", "order", one_of(ORDERS, "order")),
    Field("added", "added", whole_number(0, N_CELLS**2, "The number of pairs added")),
    Field("deal", "deal", whole_number(0, MAX_SEED, "The deal of the objects")),
    Field("mlp", "mlp", parse_switch, format_switch),
    Field("projector", "projector", parse_switch, format_switch),
)
