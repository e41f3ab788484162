"""What the bAbI page shows, computed from the state and the models; this module draws nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pages._lab.babi.hops import Pick, list_hops
from pages._lab.babi.html import truth_html
from pages._lab.babi.models import TITLES
from pages._lab.babi.nodes import sum_by_sentence
from pages._lab.babi.state import BabiState
from pages._lab.babi.truth import Truth
from pages._lab.layout import cards_html
from pages._lab.pairs.view import PairView
from pages._lab.words import format_signed, join_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True)
class BabiCase:
    """One question about one story.

    Attributes:
        state: what was asked for.
        truth: what the task's rules say.
    """

    state: BabiState
    truth: Truth

    @property
    def question(self) -> str:
        """Return the question in English."""
        return self.state.text

    @property
    def answer(self) -> str | None:
        """Return the true answer; None where the rules know none."""
        return self.truth.answer


@dataclass(frozen=True)
class BabiView(PairView):
    """Everything that the page draws, apart from the models themselves."""

    case: BabiCase

    @property
    def state(self) -> BabiState:
        """Return what was asked for."""
        return self.case.state

    @property
    def truth(self) -> Truth:
        """Return what the task's rules say."""
        return self.case.truth

    @property
    def scene_title(self) -> str:
        """Return what a saved picture calls the story."""
        return f"Task {self.state.task}, story {self.state.seed}{', edited' if self.state.told else ''}"

    @property
    def removed_text(self) -> str:
        """Return the sentences that are removed under "What if", in words."""
        numbers = [label[1:] for label in self.state.without]
        return f"sentence{'s' * (len(numbers) > 1)} {join_words(numbers)}"

    @property
    def hops(self) -> tuple[tuple[Pick, ...], ...]:
        """Return the sentences that each hop picked; none for a network without hops."""
        return list_hops(self.state, self.reading.picks)

    def answers_html(self) -> str:
        """Return truth and answers as HTML."""
        cards = {TITLES[name]: answer for name, answer in self.model_answers.items()}
        return truth_html(self.truth) + cards_html(cards, self.truth.answer)

    def scene_content(self) -> dict[str, Any]:
        """Return the story as JSON values; support and what is seen are counted from 0."""
        state = self.state
        told = [place for place, line in enumerate(state.lines) if not line.dropped]
        return {
            "task": state.task,
            "statements": list(state.statements),
            "support": [told.index(place) for place in self.truth.support],
            "seen": [told.index(place) for place in state.seen],
        }

    def draw_scene(self, axes: Axes) -> None:
        """Draw the sentences that the networks see, each with what it adds."""
        state, sums = self.state, sum_by_sentence(self.matrix)
        axes.axis("off")
        step = 1 / max(len(state.seen), 8)
        for row, place in enumerate(state.seen):
            mark = "✓" if place in self.truth.support and state.truth else ""
            y = 1 - (row + 0.5) * step
            parts = (
                (0.03, mark, "right"),
                (0.1, str(place + 1), "right"),
                (0.13, state.lines[place].text, "left"),
                (1, format_signed(sums[row]), "right"),
            )
            for x, text, side in parts:
                axes.text(x, y, text, ha=side, va="center", fontsize=10, fontweight="bold" if mark else "normal")
