"""What the CLEVR page shows, computed from the state and the models; this module draws nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pages._lab.clevr import html
from pages._lab.clevr.models import title_of
from pages._lab.clevr.pictures import Picture
from pages._lab.clevr.state import ClevrState
from pages._lab.clevr.things import LETTERS, pixel_places
from pages._lab.clevr.truth import Truth
from pages._lab.layout import cards_html
from pages._lab.pairs.view import PairView
from pages._lab.words import join_words
from rn_core.common.records import Answer
from rn_core.tasks.clevr.camera import HEIGHT, WIDTH

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True)
class ClevrCase:
    """One question about one scene, or about an uploaded picture.

    Attributes:
        state: what was asked for.
        truth: what the question's program gives.
        picture: of the scene, or the uploaded one; None where there is none.
    """

    state: ClevrState
    truth: Truth
    picture: Picture | None = None

    @property
    def question(self) -> str:
        """Return the question in English."""
        return self.state.question

    @property
    def answer(self) -> str | None:
        """Return the true answer; None if unknown."""
        return self.truth.answer


@dataclass(frozen=True)
class ClevrView(PairView):
    """Everything that the page draws, apart from the models themselves."""

    case: ClevrCase

    @property
    def state(self) -> ClevrState:
        """Return what was asked for."""
        return self.case.state

    @property
    def truth(self) -> Truth:
        """Return what the question's program gives."""
        return self.case.truth

    @property
    def picture(self) -> Picture | None:
        """Return what pixel models see, or None where there is none."""
        return self.case.picture

    @property
    def scene_title(self) -> str:
        """Return what a saved picture calls the scene."""
        if self.state.source == "image":
            return "Uploaded picture"
        if self.state.camera is not None:
            return "Scene of a file"
        return f"Scene {self.state.seed}{', edited' if self.state.edited else ''}"

    @property
    def removed_text(self) -> str:
        """Return the objects that are removed under "What if", in words."""
        return join_words(self.state.without)

    def answers_html(self) -> str:
        """Return truth and answers as HTML."""
        cards = {title_of(name): self._leave_said(answer) for name, answer in self.model_answers.items()}
        return html.truth_html(self.truth) + cards_html(cards, self.truth.answer)

    def _leave_said(self, answer: Answer | None) -> Answer | None:
        """Return an answer without the warning that the truth's line gives already."""
        if answer is None:
            return None
        return replace(answer, warnings=tuple(each for each in answer.warnings if each != self.truth.warning))

    def scene_content(self) -> Any:
        """Return the scene as JSON values; None for an uploaded picture."""
        return None if self.state.scene is None else self.state.scene.to_dict()

    def draw_scene(self, axes: Axes) -> None:
        """Draw the picture with the objects' letters; without one, the plan."""
        scene = self.state.scene
        if self.picture is not None:
            extent = (0, WIDTH, HEIGHT, 0) if scene is not None else None
            axes.imshow(self.picture.pixels, extent=extent)
        if scene is None:
            return
        for letter, (x, y, _) in zip(LETTERS, pixel_places(scene), strict=False):
            box = {"boxstyle": "round,pad=0.15", "facecolor": "white", "alpha": 0.8, "linewidth": 0}
            axes.annotate(letter, (x, y), ha="center", va="center", fontsize=11, bbox=box)
        axes.set(xlim=(0, WIDTH), ylim=(HEIGHT, 0), aspect="equal")
