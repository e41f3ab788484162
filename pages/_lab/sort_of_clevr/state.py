"""What the Explore page shows, as one value that fits in a URL.

`FIELDS` is the only table of parameters: name in the URL, field of `ExploreState`, parser, formatter.
A value at its default is left out of the URL, so the plain address is the default picture.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Self

from pages._lab.links import (
    Field,
    format_chain_scene,
    format_question,
    format_scene,
    one_of,
    parse_chain_scene,
    parse_question,
    parse_scene,
    parse_seed,
    some_of,
)
from pages._lab.models import MODELS, N_CELLS, count_pairs, finds_objects, parse_model, sees_pixels
from pages._lab.pairs import state as pair_state
from pages._lab.pairs.state import GROUND, PairState, drop_pair_misfits, pair_fields
from pages._lab.sort_of_clevr.own_picture import N_DIGITS
from rn_core.common.errors import RNCoreError, quote
from rn_core.common.seeding import make_rng
from rn_core.tasks.sort_of_clevr import COLORS, Question, Scene, sample_scene
from rn_core.tasks.sort_of_clevr.chain import ChainQuestion
from rn_core.tasks.sort_of_clevr.chain_scene import ChainScene, sample_chains
from rn_core.tasks.sort_of_clevr.chain_spec import CHAIN_RECIPES
from rn_core.tasks.sort_of_clevr.questions import ANSWERS
from rn_core.tasks.sort_of_clevr.triples import TripleQuestion

_DIGEST = re.compile(rf"[0-9a-f]{{{N_DIGITS}}}")
DEFAULT_QUESTION = Question("closest_shape", "red")
DEFAULT_TRIPLE = TripleQuestion("between", "red", "green")
DEFAULT_CHAIN = ChainQuestion(3, "red")
#: What a question relates -> its name on the page.
FAMILIES = MappingProxyType({"pairs": "Two objects", "triples": "Three objects", "chain": "A chain of jumps"})
#: Networks that answer about chains, as recipes name them.
CHAIN_NETWORKS = tuple(name.partition("/")[2] for name in CHAIN_RECIPES)
SECTIONS = MappingProxyType({**pair_state.SECTIONS, "orders": "How many at once?"})
#: URL parameters that mean the same on every page about one question.
SHARED = ("seed", "scene", "q", "model")


@dataclass(frozen=True)
class ExploreState(PairState):
    """Everything that decides what the Explore page shows; fields that are not named here are those of `PairState`.

    Attributes:
        seed: the sampled scene, 0 to 2**32 - 1.
        edited: the scene after edits; None while it is the sampled one.
        picture: digest of the person's own picture, which image networks see instead of the scene; the scene's objects
            then are those found in it. None without one.
        question: what is asked.
        model: key of `MODELS`, or one of the session's own.
        pair: the pinned pair as two labels, colors or "ground" in the object view, cell numbers in the other.
        without: colors removed under "What if".
        section: key of `SECTIONS`.
        family: key of `FAMILIES`.
        triple: what is asked about three objects.
        chain: what is asked about a chain of jumps.
        chain_model: the network that is asked about it, one of `CHAIN_NETWORKS`.
        moved: the scene of the chain after moves; None while it is the sampled one.
    """

    question: Question = DEFAULT_QUESTION
    family: str = "pairs"
    triple: TripleQuestion = DEFAULT_TRIPLE
    chain: ChainQuestion = DEFAULT_CHAIN
    chain_model: str = "rn-chain-4-steps"
    moved: ChainScene | None = None
    model: str = next(iter(MODELS))
    seed: int = 0
    edited: Scene | None = None
    picture: str | None = None

    @property
    def scene(self) -> Scene:
        """Return the scene on the page: the edited one, or the one that `seed` samples."""
        return self.edited or sampled_scene(self.seed)

    @property
    def chain_scene(self) -> ChainScene:
        """Return the scene of the chain on the page: the one with moves, or the one that `seed` samples."""
        return self.moved or sampled_chain(self.seed)

    def move(self, color: str, x: int, y: int) -> ExploreState:
        """Return the state with an object of the chain's scene elsewhere; errors as `ChainScene.move`."""
        scene = self.chain_scene.move(color, x, y)
        return replace(self, moved=None if scene == sampled_chain(self.seed) else scene)

    def edit(self, scene: Scene) -> ExploreState:
        """Return the state with another scene; the sampled scene counts as no edit, gone colors are let go."""
        state = replace(self, edited=None if scene == sampled_scene(self.seed) else scene)
        return state.let_go([thing.color for thing in scene.objects])

    def change(self, **changes: Any) -> ExploreState:
        """Return the state with new values, and without what they make meaningless.

        As `PairState.change`; besides, a new seed drops the edits and the person's own picture.
        """
        if not sees_pixels(changes.get("model", self.model)) and "view" not in changes:
            changes["view"] = "objects"
        if "seed" in changes and changes["seed"] != self.seed:
            changes = {"edited": None, "picture": None, "moved": None, "pair": None, "without": (), **changes}
        return super().change(**changes)

    @staticmethod
    def fields() -> tuple[Field, ...]:
        """Return the page's only table of URL parameters."""
        return FIELDS

    def to_shared_query(self) -> dict[str, str]:
        """Return what is asked of which model, as URL parameters that other pages read too; defaults included."""
        return write_shared(self, FIELDS)

    def drop_misfits(self, problems: list[str]) -> tuple[Self, list[str]]:
        """Drop what does not fit the other parameters, with a sentence each."""
        state = self
        if state.edited == sampled_scene(state.seed):
            state = replace(state, edited=None)
        if state.moved == sampled_chain(state.seed):
            state = replace(state, moved=None)
        present = tuple(thing.color for thing in state.scene.objects)
        return drop_pair_misfits(
            state, problems, pair_labels, present, count_pairs(state.model), sees_pixels(state.model)
        )


def parse_digest(text: str) -> str:
    """Read the digest of an own picture; whether this session has that picture is seen later."""
    if not _DIGEST.fullmatch(text):
        raise RNCoreError(
            f"A picture's name must be {N_DIGITS} hexadecimal digits, got {quote(text)}; choose the file again."
        )
    return text


def parse_triple(text: str) -> TripleQuestion:
    """Read what `format_triple` wrote; raises RNCoreError."""
    parts = text.split("-")
    if len(parts) != 3:
        raise RNCoreError(f"A question about three objects must read like between-red-green, got {quote(text)}.")
    return TripleQuestion(*parts)


def format_triple(question: TripleQuestion) -> str:
    """Return a question about three objects as URL text, such as `between-red-green`."""
    return f"{question.type}-{question.first}-{question.second}"


def parse_chain_question(text: str) -> ChainQuestion:
    """Read what `format_chain_question` wrote; raises RNCoreError."""
    jumps, _, start = text.partition("-")
    if not re.fullmatch(r"[0-9]", jumps):
        raise RNCoreError(f"A question about a chain must read like 3-red, jumps and start, got {quote(text)}.")
    return ChainQuestion(int(jumps), start)


def format_chain_question(question: ChainQuestion) -> str:
    """Return a question about a chain as URL text, such as `3-red`."""
    return f"{question.jumps}-{question.start}"


@functools.lru_cache(maxsize=256)
def sampled_chain(seed: int) -> ChainScene:
    """Return the scene of the chain that the page shows for a seed."""
    return sample_chains(make_rng(seed, "explore"), 1).scene(0)


@functools.lru_cache(maxsize=256)
def sampled_scene(seed: int) -> Scene:
    """Return the scene that the page shows for a seed."""
    return sample_scene(make_rng(seed, "explore"))


def write_shared(state: Any, fields: Sequence[Field]) -> dict[str, str]:
    """Return the URL parameters of a page's state that mean the same on other pages, defaults included."""
    shared = (field for field in fields if field.key in SHARED and getattr(state, field.name) is not None)
    return {field.key: field.format(getattr(state, field.name)) for field in shared}


def pair_labels(state: ExploreState) -> tuple[str, ...]:
    """Return what a pair can be made of: cell numbers, or the scene's colors and, for images, the ground."""
    if state.view == "cells":
        return tuple(map(str, range(N_CELLS)))
    colors = tuple(thing.color for thing in state.scene.objects)
    return (*colors, GROUND) if sees_pixels(state.model) or finds_objects(state.model) else colors


FIELDS = (
    Field("seed", "seed", parse_seed),
    Field("scene", "edited", parse_scene, format_scene),
    Field("q", "question", parse_question, format_question),
    Field("model", "model", parse_model),
    Field("picture", "picture", parse_digest),
    Field("family", "family", one_of(FAMILIES, "question family")),
    Field("triple", "triple", parse_triple, format_triple),
    Field("chain", "chain", parse_chain_question, format_chain_question),
    Field("chain-model", "chain_model", one_of(CHAIN_NETWORKS, "network")),
    Field("chain-scene", "moved", parse_chain_scene, format_chain_scene),
    *pair_fields(
        ANSWERS,
        (*COLORS, GROUND, *map(str, range(N_CELLS))),
        "red-blue or, for cells, 3-17",
        N_CELLS**2,
        some_of(COLORS, "color"),
        sections=tuple(SECTIONS),
    ),
)
