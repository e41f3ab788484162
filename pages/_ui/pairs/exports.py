"""What a page about pairs shows as files: PNG, SVG, CSV, JSON, and one HTML page that works without a network.

Nothing here knows Streamlit; Matplotlib is loaded when a picture is asked for.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import partial
from math import isqrt
from textwrap import fill
from typing import TYPE_CHECKING, Any, TypeVar

from pages._lab import layout
from pages._lab.components.stage import Stage
from pages._lab.figures import AGAINST, FOR, MOST_NUMBERS
from pages._lab.pairs.view import PairView, describe_sum
from pages._lab.plain import escape, escape_math
from pages._lab.saving import write_csv, write_figure
from pages._lab.scale import full_logits
from pages._lab.words import format_signed
from pages._ui.components.sources import read_sources

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

View = TypeVar("View", bound=PairView)
#: Title, file name, media type, and what makes its content.
SavedFile = tuple[str, str, str, Callable[[], bytes]]
#: Letters of a scene, question or model in a file's name.
_MOST_LETTERS = 50
#: Version of the JSON file; it rises when a field changes its meaning.
SCHEMA = 1


def export_json(view: PairView) -> bytes:
    """Return scene, question, answers and contributions; `contributions[p]` is the model pair `pair_index[p]`."""
    state, reading, parts = view.state, view.reading, view.attribution
    n_objects = len(view.nodes.membership)
    content: dict[str, Any] = {
        "schema": SCHEMA,
        "scene": view.scene_content(),
        "question": view.question_text,
        "truth": reading.truth,
        "answers": {name: None if said is None else said.probabilities for name, said in view.model_answers.items()},
        "warnings": layout.list_warnings(view.model_answers.values()),
        "attribution": {
            "method": parts.method,
            "baseline": state.baseline,
            "why": view.why,
            "why_not": view.why_not,
            "value": parts.value,
            "baseline_value": parts.baseline_value,
            "completeness_gap": parts.completeness_gap,
            "pair_index": [list(divmod(p, n_objects)) for p in range(n_objects**2)],
            "contributions": parts.contributions.tolist(),
        },
        "view": {"labels": list(view.nodes.labels), "matrix": view.matrix.tolist(), "link": state.to_query()},
    }
    return (json.dumps(content, indent=1) + "\n").encode()


def export_csv(view: PairView) -> bytes:
    """Return one line per pair of the matrix: first, second, contribution, whether it decides the answer."""
    labels = view.nodes.labels
    rows = (
        [first, second, repr(float(view.matrix[i, j])), int((i, j) in view.true_pairs)]
        for i, first in enumerate(labels)
        for j, second in enumerate(labels)
    )
    return write_csv(["first", "second", "contribution", "decides"], rows)


def export_png(view: PairView) -> bytes:
    """Return scene, question, answers and pair matrix as a picture."""
    return write_figure(make_figure(view))


def export_svg(view: PairView) -> bytes:
    """Return the same picture as vectors."""
    return write_figure(make_figure(view), "svg")


def make_figure(view: PairView) -> Figure:
    """Return a Matplotlib figure: the scene, the question with its answers, the pair matrix."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12, 6.2), layout="constrained")
    said = [f"{name}: {answer.text}" for name, answer in view.model_answers.items() if answer is not None]
    truth = [] if view.reading.truth is None else [f"truth: {view.reading.truth}"]
    figure.suptitle(escape_math(f"{fill(view.question_text, 90)}\n{'     '.join([*said, *truth])}"), fontsize=15)
    scene_axes, matrix_axes = figure.subplots(1, 2)
    view.draw_scene(scene_axes)
    scene_axes.set(xticks=[], yticks=[], title=view.scene_title)
    _draw_matrix(figure, matrix_axes, view)
    return figure


def _draw_matrix(figure: Figure, axes: Axes, view: PairView) -> None:
    """Draw the pair matrix, pairs that decide the answer framed."""
    from matplotlib.colors import LinearSegmentedColormap
    from matplotlib.patches import Rectangle

    n, labels = len(view.matrix), view.nodes.labels
    limit = full_logits(list(labels))
    scale = LinearSegmentedColormap.from_list("against-for", [AGAINST[False], "#ffffff", FOR[False]])
    image = axes.imshow(view.matrix, cmap=scale, vmin=-limit, vmax=limit)
    for i, j in view.true_pairs_shown:
        axes.add_patch(Rectangle((j - 0.46, i - 0.46), 0.92, 0.92, fill=False, linewidth=1.6, edgecolor="#1f2933"))
    if n <= MOST_NUMBERS:
        for i in range(n):
            for j in range(n):
                ink = "white" if abs(view.matrix[i, j]) > 0.6 * limit else "black"
                axes.text(j, i, format_signed(view.matrix[i, j]), ha="center", va="center", fontsize=9, color=ink)
    step = range(0, n, isqrt(n)) if labels[0].isdigit() and n > MOST_NUMBERS else range(n)
    names = [labels[k] for k in step]
    axes.set(xticks=list(step), yticks=list(step), xticklabels=names, yticklabels=names)
    noun = view.nodes.noun
    axes.set(
        xlabel=f"second {noun}, j",
        ylabel=f"first {noun}, i",
        title=escape_math(f"What each pair adds to {view.target_text}"),
    )
    figure.colorbar(image, ax=axes, label="logit", shrink=0.8)


def export_html(view: View, make_stage: Callable[[View], Stage]) -> bytes:
    """Return one page with the interactive scene, the answers and the strongest pairs; it asks no network.

    Args:
        view: what the page shows.
        make_stage: view -> its interactive scene, where nothing can be moved.
    """
    stage = make_stage(view)
    sources = read_sources(stage.component, "const draw =")
    data = json.dumps(stage.to_data()).replace("</", "<\\/")
    question = escape(view.question_text)
    page = _PAGE.format(
        title=question, style=sources["css"], layout=layout.STYLE, body=sources["html"],
        script=sources["js"], data=data,
        answers=view.answers_html(), rows=_rows_html(view),
        total=escape(describe_sum(view)),
    )  # fmt: skip
    return page.encode()


def _rows_html(view: PairView) -> str:
    """Return the table of the strongest pairs."""
    rows = "".join(
        f"<tr><td>{escape(view.name_pair(row.first, row.second))}</td><td>{format_signed(row.contribution)}</td>"
        f"<td>{'✓ decides' if row.decides else ''}</td></tr>"
        for row in view.rows
    )
    return f'<table class="rn-table"><thead><tr><th>Pair</th><th>Logit</th><th></th></tr></thead>{rows}</table>'


#: The component tells the page of pins; here the page is this script, which hands them straight back.
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>:root {{color-scheme: light dark; --st-text-color: light-dark(#1f2933, #e8edf3);
  --st-secondary-background-color: light-dark(#f0f2f6, #262b35)}}
body {{font: 17px/1.4 system-ui, sans-serif; max-width: 1200px; margin: 1.5rem auto; padding: 0 1rem;
  color: light-dark(#1f2933, #e8edf3); background: light-dark(#fff, #0e1117)}}
main {{display: grid; grid-template-columns: repeat(auto-fit, minmax(20rem, 1fr)); gap: 2rem}}
{style}</style>{layout}</head>
<body><h1>{title}</h1><main><div id="picture">{body}</div><div>{answers}{rows}<p>{total}</p></div></main>
<script type="module">
{script}
let data = {data};
const parentElement = document.getElementById("picture");
function show() {{
  draw({{ parentElement, data, setTriggerValue(name, event) {{
    const pinned = event.kind === "pin" ? [event.i, event.j] : null;
    data = {{ ...data, pinned, answered: event.number }};
    setTimeout(show);
  }} }});
}}
show();
</script></body></html>
"""


def list_files(view: View, make_stage: Callable[[View], Stage]) -> list[SavedFile]:
    """Return the files that keep a view, each made when it is asked for; arguments as those of `export_html`."""
    page = partial(export_html, view, make_stage)
    stem = name_files(view)
    return [
        *((title, f"{stem}{end}", mime, partial(make, view)) for title, end, mime, make in _FORMATS),
        ("Page that works offline (HTML)", f"{stem}.html", "text/html", page),
    ]


def name_files(view: PairView) -> str:
    """Return what a view's files are called: scene, question and model, in lower-case letters, digits and hyphens."""
    parts = (view.scene_title, view.question_text, view.state.model)
    return "-".join(re.sub(r"[^a-z0-9]+", "-", part.lower()).strip("-")[:_MOST_LETTERS] for part in parts)


#: Title, end of the file's name, media type, view -> bytes.
_FORMATS: tuple[tuple[str, str, str, Callable[[PairView], bytes]], ...] = (
    ("Picture (PNG)", ".png", "image/png", export_png),
    ("Picture (SVG)", ".svg", "image/svg+xml", export_svg),
    ("Pairs (CSV)", ".csv", "text/csv", export_csv),
    ("Everything (JSON)", ".json", "application/json", export_json),
)
