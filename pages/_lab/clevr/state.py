"""What the CLEVR page shows, as one value that fits in a URL; `FIELDS` is its only table of parameters."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Self

from pages._lab.clevr.models import (
    MODELS,
    N_CELLS,
    count_pairs,
    parse_model,
    picture_default,
    sees_picture,
    sees_pixels,
)
from pages._lab.clevr.questions import format_question, parse_question
from pages._lab.clevr.things import (
    LETTERS,
    Camera,
    Part,
    Thing,
    edited_scene,
    format_camera,
    format_parts,
    make_parts,
    parse_camera,
    parse_parts,
    sampled_scene,
    things_of,
)
from pages._lab.clevr.uploaded import uploaded_scene
from pages._lab.links import Field, one_of, parse_seed, some_of
from pages._lab.pairs import state as pair_state
from pages._lab.pairs.state import GROUND, PairState, drop_pair_misfits, pair_fields
from rn_core.common.errors import RNCoreError, SceneError
from rn_core.tasks.clevr import ClevrScene
from rn_core.tasks.clevr.encoding import ANSWERS

#: The scene whose picture comes with the project, and a question about it.
DEFAULT_SEED = 2
DEFAULT_QUESTION = "How many spheres are left of the red cube?"
#: Where the scene comes from.
SOURCES = ("scene", "image")
#: How it is shown.
STAGES = MappingProxyType({"picture": "Picture", "plan": "Plan, from above"})
SECTIONS = MappingProxyType({**pair_state.SECTIONS, "edit": "Edit the scene", "saw": "What the network saw"})
#: CLEVR's questions cannot be counted, so no mean aggregate is kept for them.
BASELINES = ("zero",)


@dataclass(frozen=True)
class ClevrState(PairState):
    """Everything that decides what the CLEVR page shows; fields that are not named here are those of `PairState`.

    Attributes:
        question: in English, as `tidy_question` writes it.
        model: key of `MODELS`, or one of the session's own.
        pair: the pinned pair as two labels, letters or "ground" in the object view, cell numbers in the other.
        without: letters removed under "What if".
        section: key of `SECTIONS`.
        seed: the sampled scene, 0 to 2**32 - 1.
        edited: the scene's objects after edits; None while it is the sampled one. Of an uploaded picture, the objects
            that were found in it and corrected; None where none are known.
        camera: the place from which a scene out of a file is seen, or an uploaded picture was probably taken; None for
            the sampled scene's.
        source: of `SOURCES`; "image" is the picture that this session uploaded.
        stage: key of `STAGES`.
    """

    question: str = DEFAULT_QUESTION
    model: str = next(iter(MODELS))
    seed: int = DEFAULT_SEED
    edited: tuple[Part, ...] | None = None
    camera: Camera | None = None
    source: str = SOURCES[0]
    stage: str = next(iter(STAGES))

    @property
    def scene(self) -> ClevrScene | None:
        """Return the scene on the page; None for an uploaded picture whose objects are not known."""
        if self.source == "image":
            return None if self.edited is None else uploaded_scene(self.edited, self.camera)
        return sampled_scene(self.seed) if self.edited is None else edited_scene(self.seed, self.edited, self.camera)

    @property
    def known_scene(self) -> ClevrScene:
        """Return the scene on the page; raises SceneError for an uploaded picture whose objects are not known."""
        scene = self.scene
        if scene is None:
            raise SceneError("An uploaded picture has no scene graph; go back to the scene first.")
        return scene

    @property
    def things(self) -> tuple[Thing, ...]:
        """Return the scene's objects; none where they are not known."""
        scene = self.scene
        return () if scene is None else things_of(scene)

    @property
    def letters(self) -> tuple[str, ...]:
        """Return what the scene's objects are called."""
        return LETTERS[: len(self.things)]

    def edit(self, things: tuple[Thing, ...]) -> Self:
        """Return the state with other objects; raises SceneError if they break a rule."""
        parts: tuple[Part, ...] | None = things
        camera = self.camera
        if self.source == "image":
            uploaded_scene(things, camera)
        elif (parts := make_parts(self.seed, things)) is None:
            camera = None
        else:
            edited_scene(self.seed, parts, camera)
        return replace(self, edited=parts, camera=camera).let_go(LETTERS[: len(things)])

    def open(self, things: tuple[Thing, ...], camera: Camera) -> Self:
        """Return the state with the objects of a file, seen by a camera; raises SceneError if they break a rule."""
        started = self.change(source=SOURCES[0], pair=None, without=())
        return replace(started, camera=camera).edit(things)

    def change(self, **changes: Any) -> Self:
        """Return the state with new values, and without what they make meaningless.

        As `PairState.change`; besides, a new seed drops edits and picture, another source what belonged to the one
        before, and an uploaded picture asks for a model that sees pictures, of which some have cells alone.
        """
        if changes.get("seed", self.seed) != self.seed:
            changes = {"source": "scene", "pair": None, "without": (), "edited": None, "camera": None, **changes}
        if changes.get("source", self.source) != self.source:
            changes = {"edited": None, "camera": None, "pair": None, "without": (), **changes}
        if changes.get("source", self.source) == "image":
            changes = self._see_picture(changes)
        elif "view" not in changes and not sees_pixels(changes.get("model", self.model)):
            changes["view"] = "objects"
        return super().change(**changes)

    def _see_picture(self, changes: dict[str, Any]) -> dict[str, Any]:
        """Return changes of a state that shows an uploaded picture, with what follows from that."""
        model = changes.get("model", self.model)
        model = model if sees_picture(model) else picture_default()
        seen: dict[str, Any] = {"model": model, "stage": "picture"}
        if not sees_pixels(model):
            return {**changes, **seen, "view": "objects"}
        if changes.get("edited", self.edited) is None:
            seen["view"] = "cells"
        return {**changes, **seen, "without": ()}

    @staticmethod
    def fields() -> tuple[Field, ...]:
        """Return the page's only table of URL parameters."""
        return FIELDS

    def drop_misfits(self, problems: list[str]) -> tuple[Self, list[str]]:
        """Drop what does not fit the other parameters, with a sentence each."""
        state = self
        try:
            if state.edited is not None:
                things = state.things
                state = state if state.source == "image" else state.change(edited=make_parts(state.seed, things))
        except RNCoreError as err:
            problems.append(f"The link's 'scene' was left out: {err}")
            state = replace(state, edited=None)
        state = state if state.edited is not None else replace(state, camera=None)
        if state.source == "image":
            state = state.change()
        pixels = sees_pixels(state.model)
        return drop_pair_misfits(
            state, problems, pair_labels, state.letters, count_pairs(state.model, state.scene), pixels
        )


def pair_labels(state: ClevrState) -> tuple[str, ...]:
    """Return what a pair can be made of: cell numbers, or the objects' letters and, for pixels, the ground."""
    if state.view == "cells":
        return tuple(map(str, range(N_CELLS)))
    return (*state.letters, GROUND) if sees_picture(state.model) else state.letters


FIELDS = (
    Field("seed", "seed", parse_seed),
    Field("scene", "edited", parse_parts, format_parts),
    Field("camera", "camera", parse_camera, format_camera),
    Field("source", "source", one_of(SOURCES, "source")),
    Field("show", "stage", one_of(STAGES, "stage")),
    Field("q", "question", parse_question, format_question),
    Field("model", "model", parse_model),
    *pair_fields(
        ANSWERS,
        (*LETTERS, GROUND, *map(str, range(N_CELLS))),
        "A-C or, for cells, 3-17",
        N_CELLS**2,
        some_of(LETTERS, "object"),
        sections=tuple(SECTIONS),
        baselines=BASELINES,
    ),
)
