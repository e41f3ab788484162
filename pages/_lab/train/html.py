"""The Train page's pieces of HTML; no Streamlit. All text that goes in is escaped."""

from __future__ import annotations

import base64
from collections.abc import Sequence

from pages._lab.figures import Look
from pages._lab.layout import format_share, mark_html
from pages._lab.plain import escape
from pages._lab.sort_of_clevr.picture import describe_scene
from pages._lab.train.figures import runner_color
from pages._lab.train.runs import RunRecord, table_rows
from pages._lab.train.view import Card, Curve, Reply, minutes_to_target
from pages._lab.train.words import format_clock
from rn_core.common.records import Example
from rn_core.race.records import RUNNERS
from rn_core.tasks.babi.encoding import WINDOW
from rn_core.tasks.babi.story import StoryQuestion
from rn_core.tasks.sort_of_clevr import Scene
from rn_core.tasks.sort_of_clevr.rendering import PALETTE
from rn_core.tasks.sort_of_clevr.scene import IMAGE_SIZE, RADIUS

STYLE = """
<style>
.rn-race {font-size: 1.35rem; font-weight: 650; line-height: 1.3; margin: 0; padding: 0; text-wrap: balance}
.rn-race small {display: block; font-size: 1rem; font-weight: 400; opacity: .85}
.rn-status, .rn-line {font-size: 1.15rem; font-variant-numeric: tabular-nums; margin: 0; display: flex; gap: 1rem;
  align-items: center; flex-wrap: wrap}
.rn-status progress {flex: 1 1 8rem; max-width: 22rem; height: .7rem; accent-color: light-dark(#0072b2, #5cb3ea)}
.rn-score {display: grid; gap: .8rem}
.rn-score section {padding: .5rem .9rem; border-left: .45rem solid var(--rn-line)}
.rn-score h3 {font-size: 1.05rem; font-weight: 600; margin: 0; padding: 0}
.rn-score b {display: block; font-size: 3rem; white-space: nowrap; line-height: 1.1; font-variant-numeric: tabular-nums}
.rn-score .rn-mlp {border-left-style: dashed}
.rn-examples {display: grid; grid-template-columns: repeat(auto-fill, minmax(16.5rem, 1fr)); gap: .9rem}
.rn-examples article {display: grid; grid-template-columns: 7rem 1fr; gap: .3rem .8rem; align-content: start}
.rn-examples img {width: 7rem; height: 7rem; grid-row: 1 / 3; outline: 1px solid #8888}
.rn-examples h4 {font-size: 1rem; font-weight: 600; line-height: 1.25; margin: 0; padding: 0}
.rn-examples p {margin: 0; align-self: end}
.rn-examples .rn-story, .rn-examples .rn-story ~ h4, .rn-examples .rn-story ~ p {grid-column: 1 / 3; grid-row: auto}
.rn-story {margin: 0; padding: 0 0 0 1.6rem; line-height: 1.45; font-variant-numeric: tabular-nums}
.rn-story li {margin: 0; padding: 0; font-size: 1rem}
.rn-story mark {background: none; color: inherit; font-weight: 650; border-bottom: 3px solid
  light-dark(#0072b2, #5cb3ea)}
.rn-reply {grid-column: 1 / 3; display: grid; grid-template-columns: 3.4rem 1fr auto; gap: 0 .5rem;
  font-variant-numeric: tabular-nums}
.rn-reply i {grid-column: 1 / 4; height: .5rem; border-radius: .3rem; min-width: 2px; background: var(--rn-line)}
</style>
"""


def race_html(words: str, note: str = "") -> str:
    """Return what races, in one line of words, and a note under it."""
    small = f"<small>{escape(note)}</small>" if note else ""
    return f'<h2 class="rn-race">{escape(words)}{small}</h2>'


def status_html(words: str, share: float | None) -> str:
    """Return the state of a run, with a bar of the share 0 to 1 that is done; None draws no bar."""
    bar = "" if share is None else f'<progress max="1" value="{share:.4f}" aria-label="Done"></progress>'
    return f'<p class="rn-scheme rn-status"><span>{escape(words)}</span>{bar}</p>'


def score_html(curves: Sequence[Curve], look: Look) -> str:
    """Return each runner's last accuracy, large, and when it reached the target."""
    parts = []
    for curve in curves:
        reached = minutes_to_target(curve)
        when = "" if reached is None else f"{curve.target:.0f} % after {format_clock(60 * reached)}"
        parts.append(
            f'<section class="rn-{curve.model}" style="--rn-line:{runner_color(curve.model, look)}">'
            f"<h3>{escape(RUNNERS[curve.model].title)}</h3><b>{curve.values[-1]:.0f} %</b>{when}</section>"
        )
    return f'<div class="rn-score">{"".join(parts)}</div>'


def examples_html(cards: Sequence[Card], look: Look) -> str:
    """Return the examples, each with its picture, question, truth and the runners' answers."""
    return f'<div class="rn-scheme rn-examples">{"".join(_card_html(card, look) for card in cards)}</div>'


def _card_html(card: Card, look: Look) -> str:
    """Return one example."""
    example = card.example
    replies = "".join(_reply_html(reply, look) for reply in card.replies)
    return (
        f'<article class="rn-card">{_seen_html(example)}'
        f"<h4>{escape(example.question)}</h4><p>Truth: <b>{escape(example.answer)}</b></p>{replies}</article>"
    )


def _seen_html(example: Example) -> str:
    """Return what an example's question is about: the sentences of a story, or a picture."""
    if example.type.startswith("qa"):
        return story_html(StoryQuestion.from_json(example.scene))
    alt = escape(describe_scene(Scene.from_json(example.scene)))
    return f'<img src="{scene_uri(example.scene)}" alt="{alt}">'


def story_html(question: StoryQuestion) -> str:
    """Return the sentences that the networks read, numbered; those that the answer follows from are marked."""
    first = max(0, len(question.statements) - WINDOW)
    rows = "".join(
        f"<li><mark>{escape(text)}</mark></li>" if row in question.support else f"<li>{escape(text)}</li>"
        for row, text in enumerate(question.statements[first:], start=first)
    )
    return f'<ol class="rn-story">{rows}</ol>'


def _reply_html(reply: Reply, look: Look) -> str:
    """Return one runner's answer as a mark over a bar."""
    return (
        f'<div class="rn-reply" style="--rn-line:{runner_color(reply.model, look)}"><b>{escape(reply.name)}</b>'
        f"<span>{escape(reply.answer)}, {format_share(reply.probability)}</span>{mark_html(reply.is_right)}"
        f'<i style="width:{100 * reply.probability:.1f}%"></i></div>'
    )


def watched_html(example: Example, reply: Reply, moment: str) -> str:
    """Return the watched example's question with the network's answer at a moment."""
    return (
        f'<div class="rn-scheme"><h2 class="rn-question">{escape(example.question)}</h2>'
        f'<p class="rn-line"><span>{escape(reply.name)} {escape(moment)}: <b>{escape(reply.answer)}</b>, '
        f"{format_share(reply.probability)}</span>{mark_html(reply.is_right)}</p></div>"
    )


def scene_uri(scene_json: str) -> str:
    """Return a picture of a scene as a data URI; drawn as vectors, so that it is sharp at every size."""
    parts = [f'<rect width="{IMAGE_SIZE}" height="{IMAGE_SIZE}" fill="white"/>']
    for thing in Scene.from_json(scene_json).objects:
        paint = f'fill="rgb{PALETTE[thing.color]}"'
        if thing.shape == "circle":
            parts.append(f'<circle cx="{thing.x}" cy="{thing.y}" r="{RADIUS}" {paint}/>')
        else:
            side, left, top = 2 * RADIUS, thing.x - RADIUS, thing.y - RADIUS
            parts.append(f'<rect x="{left}" y="{top}" width="{side}" height="{side}" {paint}/>')
    picture = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {IMAGE_SIZE} {IMAGE_SIZE}">{"".join(parts)}</svg>'
    return f"data:image/svg+xml;base64,{base64.b64encode(picture.encode()).decode()}"


def runs_html(runs: Sequence[RunRecord]) -> str:
    """Return the table of a session's runs."""
    rows = table_rows(runs)
    head = "".join(f"<th>{escape(name)}</th>" for name in rows[0])
    body = "".join(f"<tr>{''.join(f'<td>{escape(value)}</td>' for value in row.values())}</tr>" for row in rows)
    return f'<table class="rn-scheme rn-table"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
