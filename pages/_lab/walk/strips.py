"""Vectors on their way through layers, as strips of units, and answers as bars; no Streamlit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from pages._lab.figures import Look, finish_figure
from pages._lab.layout import format_share
from pages._lab.walk.view import WalkView
from pages._lab.words import format_signed, node_name
from rn_core.attribution.tracing import MLPTrace, PairSteps
from rn_core.tasks.sort_of_clevr.questions import ANSWERS

#: Pixels of a strip with its title.
_STRIP = 74
_SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


@dataclass(frozen=True)
class Strip:
    """One vector.

    Attributes:
        name: what it is.
        values: (D,) its units.
        parts: name and length of the pieces that it is laid together from; none for one piece.
    """

    name: str
    values: np.ndarray
    parts: tuple[tuple[str, int], ...] = ()

    @property
    def summary(self) -> str:
        """Return its name, and what it is laid together from or how many of its units are active."""
        if self.parts:
            return f"{self.name}: {', '.join(f'{name}, {length} numbers' for name, length in self.parts)}"
        active = int((self.values > 0).sum())
        return f"{self.name} · {active} of {len(self.values)} units active, up to {self.values.max():.2f}"


def plot_strips(strips: Sequence[Strip], look: Look) -> go.Figure:
    """Draw vectors one under the other, each on its own scale: blue above zero, orange below.

    Args:
        strips: from the first to the last.
        look: colors and type size.
    """
    figure = make_subplots(len(strips), 1, subplot_titles=["" if strip.parts else strip.summary for strip in strips])
    for row, strip in enumerate(strips, start=1):
        limit = max(float(np.abs(strip.values).max()), 1e-9)
        figure.add_heatmap(
            z=strip.values[None], zmin=-limit, zmax=limit, colorscale=look.colorscale, showscale=False,
            hovertemplate="unit %{x}: %{z:.3f}<extra></extra>", row=row, col=1,
        )  # fmt: skip
        _add_parts(figure, strip, row, look)
    bare = {"showticklabels": False, "ticks": "", "fixedrange": True, "showgrid": False}
    figure.update_xaxes(showline=True, linecolor=look.faint, **bare)
    figure.update_yaxes(range=[-0.5, 0.5], **bare)
    height = len(strips) * (_STRIP + (22 if look.large else 0))
    finish_figure(figure, look, f"{'; '.join(strip.summary for strip in strips)}.", height)
    figure.update_annotations(font={"size": look.font_size, "color": look.ink})
    figure.update_annotations(x=0, xanchor="left", selector=_is_title)
    return figure.update_layout(margin={"t": 30 if look.large else 24, "b": 4})


def pair_strips(view: WalkView) -> list[Strip]:
    """Return the followed pair laid end to end, then the hidden units after each layer of g_theta."""
    steps: PairSteps = view.steps
    return [pair_input(view), *(Strip(f"layer {k}", layer) for k, layer in enumerate(steps.layers, start=1))]


def pair_input(view: WalkView) -> Strip:
    """Return what the followed pair is made of, with the borders of its parts."""
    length = view.walk.objects.shape[1]
    parts = [(_object_name(view, place), length) for place in (0, 1)]
    if len(view.steps.inputs) > 2 * length:
        parts += [("q", len(view.walk.question))]
    return Strip("the pair", view.steps.inputs, tuple(parts))


def object_strip(view: WalkView) -> Strip:
    """Return the first object of the followed pair, its coordinates apart."""
    values = view.walk.objects[view.pair[0]]
    return Strip("the object", values, ((_object_name(view, 0), len(values) - 2), ("x, y", 2)))


def readout_strips(view: WalkView) -> list[Strip]:
    """Return the sum, then the hidden units after each layer of f_phi."""
    hidden = (Strip(f"layer {k}", layer) for k, layer in enumerate(view.readout[:-1], start=1))
    return [Strip("the sum S", view.walk.aggregate), *hidden]


def thought_strips(view: WalkView, thought: MLPTrace) -> list[Strip]:
    """Return what an MLP is given, then its hidden units after each layer."""
    d_question = len(view.walk.question)
    parts = (("all objects, slot by slot", len(thought.inputs) - d_question), ("q", d_question))
    hidden = (Strip(f"layer {k}", layer) for k, layer in enumerate(thought.layers, start=1))
    return [Strip("one long row", thought.inputs, parts), *hidden]


def plot_logits(logits: np.ndarray, truth: str, look: Look) -> go.Figure:
    """Draw the logits (A,) of all answers as bars from zero; the true answer is named."""
    figure = go.Figure(
        go.Bar(
            x=logits, y=answer_names(truth), orientation="h", text=[format_signed(value) for value in logits],
            textposition="outside", cliponaxis=False, hoverinfo="skip",
            marker={"color": [look.color(value) for value in logits]},
        )
    )  # fmt: skip
    figure.update_layout(bargap=0.25)
    room = 0.18 * float(np.ptp(logits))
    ends = [min(float(logits.min()), 0) - room, max(float(logits.max()), 0) + room]
    figure.update_xaxes(title="logit z", range=ends, fixedrange=True)
    figure.update_yaxes(autorange="reversed", type="category", fixedrange=True)
    alt = f"Logits: the largest is {ANSWERS[int(logits.argmax())]} with {format_signed(logits.max())}."
    return finish_figure(figure, look, alt, 400 if look.large else 330)


def plot_probabilities(probabilities: np.ndarray, truth: str, look: Look) -> go.Figure:
    """Draw the probabilities (A,) of all answers, 0 to 1, as bars; the true answer is named."""
    figure = go.Figure(
        go.Bar(
            x=probabilities, y=answer_names(truth), orientation="h", text=share_texts(probabilities),
            textposition="outside", cliponaxis=False, marker={"color": look.color(1)}, hoverinfo="skip",
        )
    )  # fmt: skip
    figure.update_layout(bargap=0.25)
    figure.update_xaxes(title="probability", range=[0, 1.25], tickvals=[0, 0.5, 1], tickformat=".0%", fixedrange=True)
    figure.update_yaxes(autorange="reversed", type="category", fixedrange=True)
    best = int(probabilities.argmax())
    alt = f"Probabilities: the likeliest answer is {ANSWERS[best]} with {format_share(float(probabilities[best]))}."
    return finish_figure(figure, look, alt, 560 if look.large else 460)


def answer_names(truth: str) -> list[str]:
    """Return the names of all answers; the true one says so."""
    return [f"✓ true · {name}" if name == truth else name for name in ANSWERS]


def share_texts(probabilities: np.ndarray) -> list[str]:
    """Return probabilities in percent; nothing for those that would read as none."""
    return [format_share(share) if share >= 0.0005 else "" for share in probabilities.tolist()]


def _object_name(view: WalkView, place: int) -> str:
    """Return one of the pair's objects as formulas call it, with its name."""
    number = str(view.pair[place]).translate(_SUBSCRIPTS)
    return f"o{number} {node_name(view.pair_labels[place])}"


def _add_parts(figure: go.Figure, strip: Strip, row: int, look: Look) -> None:
    """Add the borders of a strip's parts, and over each its name and length; a last short one ends with the strip."""
    start, total = 0, len(strip.values)
    for name, length in strip.parts:
        if start:
            figure.add_vline(x=start - 0.5, line={"color": look.ink, "width": 3}, row=row, col=1)
        at_end = start > 0 and length < total / 4
        figure.add_annotation(
            x=(total if at_end else start) - 0.5, y=0.5, text=f"{name} · {length}", showarrow=False, row=row, col=1,
            name="part", xanchor="right" if at_end else "left", yanchor="bottom", font={"color": look.ink},
        )  # fmt: skip
        start += length


def _is_title(annotation: go.layout.Annotation) -> bool:
    """Return whether an annotation is the title of a strip."""
    return bool(annotation.name != "part")
