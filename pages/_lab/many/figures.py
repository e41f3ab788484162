"""Many examples as figures: accuracy in slices, and confidence beside accuracy; on the page and as a file."""

from __future__ import annotations

from collections.abc import Mapping

import plotly.graph_objects as go

from pages._lab.figures import Look
from pages._lab.many.asking import ManyExamples
from pages._lab.plain import escape, escape_math
from pages._lab.saving import write_figure
from pages._lab.shares import error_bars, plot_accuracies
from rn_core.common.records import Accuracy
from rn_core.evaluation.examples import measure_confidence, measure_slices

#: What bars show: name -> part -> share.
Series = Mapping[str, Mapping[str, Accuracy]]
#: Names of the bars of confidence.
_SURE, _RIGHT = "how sure, on average", "how often right"


def list_slices(many: ManyExamples, by: str) -> Series:
    """Return network -> slice -> how often it is right there."""
    titles = many.networks.values()
    return {title: measure_slices(many.examples, by, network) for network, title in enumerate(titles)}


def list_confidence(many: ManyExamples, network: int) -> Series:
    """Return how sure a network is, and how often right -> range of confidence -> share."""
    bins = measure_confidence(many.examples, network)
    names = [f"{100 * each.low:g}–{100 * each.high:g} %" for each in bins]
    means = [Accuracy(each.confidence, each.confidence, each.confidence, each.accuracy.n) for each in bins]
    return {
        _SURE: dict(zip(names, means, strict=True)),
        _RIGHT: {name: each.accuracy for name, each in zip(names, bins, strict=True)},
    }


def plot_series(series: Series, below: str, look: Look) -> go.Figure:
    """Draw shares as bars; `below` is the title of the axis below them."""
    title = "share, %" if _SURE in series else "accuracy, %"
    names = {name: f"{escape(name)}<br>n = {share.n}" for name, share in next(iter(series.values())).items()}
    return plot_accuracies(series, look, title=title, names=names, below=below)


def export_png(series: Series, title: str, below: str) -> bytes:
    """Return the same bars as a picture, with their intervals."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 4.8), layout="constrained")
    axes, look = figure.subplots(), Look()
    width = 0.8 / len(series)
    for place, (name, shares) in enumerate(series.items()):
        found, shift = list(shares.values()), (place - (len(series) - 1) / 2) * width
        ends = error_bars(found, look)
        axes.bar(
            [k + shift for k in range(len(found))], [100 * share.accuracy for share in found], width,
            yerr=[ends["arrayminus"], ends["array"]], label=escape_math(name), color=look.color(1 - 2 * place),
            hatch="//" * place, edgecolor=look.ink, capsize=3,
        )  # fmt: skip
    names = [escape_math(f"{name}\nn = {share.n}") for name, share in next(iter(series.values())).items()]
    axes.set(xticks=range(len(names)), xticklabels=names, ylim=(0, 104), ylabel="%", xlabel=escape_math(below))
    axes.tick_params(axis="x", labelrotation=20 if len(names) > 4 else 0)
    axes.set_title(escape_math(title))
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, frameon=False)
    axes.title.set_position((0.5, 1.1))
    return write_figure(figure)
