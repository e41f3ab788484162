"""Small pieces of HTML and the one style sheet that the pages share; no Streamlit.

All text that goes into HTML is escaped. Colors come from the page's own text color, so light and dark both work.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

from pages._lab.glossary import explain
from pages._lab.plain import escape, plain
from rn_core.common.records import Accuracy, Answer
from rn_core.tasks.sort_of_clevr.scene import DEFAULT_MARGIN
from rn_core.weights.card import Card
from rn_core.weights.store import NOT_PUBLISHED

if TYPE_CHECKING:
    from pages._lab.pairs.what_if import WhatIf

#: An answer nearer to its boundary than this, in pixels, gets the meter: training never went below half of it.
NEAR = 2 * DEFAULT_MARGIN

#: Bars shown for an answer: the likeliest ones above this probability, at most so many.
_LOWEST, _MOST = 0.005, 3
#: An answer of more letters is written smaller.
_LONG = 9
STYLE = """
<style>
.rn-title {position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap}
[data-testid="stElementContainer"]:has(> [data-testid="stHtml"] > .rn-title) {position: absolute; width: 1px;
  overflow: hidden}
.rn-question {font-size: 1.55rem; font-weight: 650; line-height: 1.25; margin: 0; padding: 0; text-wrap: balance}
.rn-answers {display: flex; flex-wrap: wrap; gap: 1rem; margin: .25rem 0}
.rn-many {gap: .7rem} .rn-many .rn-card {flex-basis: 7rem}
.rn-card {flex: 1 1 8rem; box-sizing: border-box; padding: .7rem .9rem; border-radius: .6rem;
  border: 1px solid color-mix(in srgb, currentColor 22%, transparent)}
.rn-card h3 {font-size: .95rem; font-weight: 600; margin: 0; padding: 0;
  color: color-mix(in srgb, currentColor 80%, transparent)}
.rn-card:has(.rn-word:is(:hover, :focus)) {position: relative; z-index: 9}
.rn-card {container-type: inline-size}
.rn-card .rn-said {font-size: clamp(1.1rem, 20cqi, 2.6rem); font-weight: 700; line-height: 1.15; margin: .1rem 0;
  overflow-wrap: anywhere}
.rn-many .rn-said {font-size: clamp(1.1rem, 20cqi, 1.8rem)}
.rn-card .rn-said small {display: block; font-size: 1.5rem; line-height: 1.15}
.rn-mark {font-size: 1.05rem; font-weight: 600; white-space: nowrap}
.rn-right {color: light-dark(#146c43, #5fd39a)} .rn-wrong {color: light-dark(#b02a37, #ff8d98)}
.rn-bar {margin-top: .3rem; font-variant-numeric: tabular-nums}
.rn-bar div {display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0 .5rem}
.rn-bar span:first-child {overflow-wrap: anywhere} .rn-bar span + span {white-space: nowrap; margin-left: auto}
.rn-bar i {display: block; height: .55rem; border-radius: .3rem; min-width: 2px;
  background: light-dark(#0072b2, #5cb3ea)}
.rn-hops ol {margin: .2rem 0 .5rem; padding-left: 1.4rem} .rn-hops .rn-mark {font-size: .85rem}
.rn-truth {font-size: 1.15rem; margin: .4rem 0} .rn-truth b {font-size: 1.5rem}
.rn-truth meter {width: 7rem; vertical-align: middle; margin: 0 .4rem 0 .8rem}
.rn-old {filter: grayscale(1); opacity: .7} .rn-old h3 {color: inherit} .rn-note {margin: .4rem 0; font-weight: 600}
.rn-text {margin: 0; font-size: .95rem}
.rn-aside {font-size: 1rem; opacity: .75; margin: 0 0 .15rem}
.rn-word {text-decoration: underline dotted; text-underline-offset: .2em; cursor: help; position: relative}
.rn-word [role="tooltip"] {display: none; position: absolute; left: 0; top: 1.5em; z-index: 9; width: min(20rem, 70vw);
  padding: .5rem .7rem; border-radius: .4rem; font-size: .9rem; font-weight: 400;
  background: light-dark(#1f2933, #e8edf3); color: light-dark(#ffffff, #111111)}
.rn-word:hover [role="tooltip"], .rn-word:focus [role="tooltip"] {display: block}
.rn-glossary {margin: 0; font-size: .9rem} .rn-glossary dt {font-weight: 600} .rn-glossary dd {margin: 0 0 .5rem}
.rn-qr {display: block; width: min(100%, 62vh); height: auto; background: #fff; border-radius: .5rem}
[data-testid="stPopoverBody"] .rn-qr {width: 13rem}
.rn-warnings p {margin: .5rem 0; padding: .4rem .8rem; border-left: 4px solid light-dark(#b8860b, #e0b040)}
.rn-table {border-collapse: collapse; width: 100%; font-size: 1.05rem}
.rn-table th, .rn-table td {text-align: left; padding: .4rem .6rem;
  border-bottom: 1px solid color-mix(in srgb, currentColor 18%, transparent)}
[data-testid="stHtml"]:has(> .rn-table) {overflow-x: auto}
@media (max-width: 640px) {.rn-table td {min-width: 4.6rem}}
.st-key-results-chart {overflow-x: auto} .st-key-results-chart > div {min-width: 31rem}
[data-testid="stSidebar"][data-collapsed="true"] * {visibility: hidden !important}
[data-testid="stStatusWidget"] button {display: none}
[data-testid="stTopNavLink"]:focus-visible, [data-testid="stPageLink-NavLink"]:focus-visible {
  outline: 2px solid currentColor; outline-offset: 2px}
[data-testid="stCaptionContainer"], [data-testid="stCaptionContainer"] p {
  color: light-dark(#53575c, #b7bdc4); opacity: 1}
[data-selected="true"] [data-testid="stMarkdownContainer"] p, [data-testid="stSliderThumbValue"] p {
  color: light-dark(#00507d, #8cc4f0)}
@media (max-width: 1250px) {[data-testid="stTopNavLink"] > :first-child:not(:last-child) {display: none}}
@media (prefers-reduced-motion: reduce) {
  *, ::before, ::after {animation-duration: 1ms !important; animation-iteration-count: 1 !important;
    transition-duration: 1ms !important; scroll-behavior: auto !important}
}
[data-testid="stMainBlockContainer"] {padding: 3.9rem 2.5rem 2rem}
[data-testid="stElementContainer"]:has(> [data-testid="stHtml"] > .rn-fit) {display: none}
[data-testid="stButtonGroup"] button {min-height: 2.5rem}
.st-key-areas {display: grid; grid-template: "picture answers" auto "picture controls" 1fr / 6fr 5fr;
  gap: 1rem 4rem; align-items: start}
.st-key-areas > * {min-width: 0}
.st-key-areas > :has(> .st-key-areas-picture) {grid-area: picture}
.st-key-areas > :has(> .st-key-areas-answers) {grid-area: answers}
.st-key-areas > :has(> .st-key-areas-controls) {grid-area: controls}
[data-testid="stCode"] .token:is(.keyword, .number, .comment) {color: inherit !important}
[data-testid="stCode"] .token.keyword {font-weight: 600} [data-testid="stCode"] .token.comment {font-style: italic}
@media (max-width: 1200px) {
  .st-key-areas {grid-template: "picture answers" auto "controls controls" auto / 6fr 5fr; column-gap: 2.5rem}
}
@media (max-width: 640px) {
  .st-key-areas {grid-template: "picture" auto "answers" auto "controls" auto / 1fr}
  [data-testid="stMainBlockContainer"] {padding-inline: 16px}
  [data-testid="stColumn"]:has(.st-key-babi-line) {order: -1}
  .rn-table {font-size: .95rem} .rn-table th, .rn-table td {padding: .35rem .4rem}
}
</style>
"""
MODEL_NAMES = MappingProxyType(
    {
        "rn-pixels": "the image, with a head start",
        "rn-pixels-end-to-end": "the image, answers only",
        "rn-pixels-styles": "the image, in many styles",
        "rn-objects": "object rows",
        "rn-objects-2to10": "object rows, 2 to 10 objects",
        "rn-slots": "objects found in the image",
    }
)
#: Large type leaves no room for controls beside the picture below this width, nor for the icons of the bar's links.
PROJECTOR_STYLE = """
<style>
html {font-size: 22px !important}
.st-key-results-chart > div {min-width: 38rem}
@media (min-width: 641px) and (max-width: 1600px) {
  .st-key-areas {grid-template: "picture answers" auto "controls controls" auto / 6fr 5fr; column-gap: 2.5rem}
}
[data-testid="stElementContainer"]:has(> [data-testid="stNumberInput"]) {min-width: 9.5rem}
@media (max-width: 1700px) {[data-testid="stTopNavLink"] > :first-child:not(:last-child) {display: none}}
@media (max-width: 1250px) {
  [data-testid="stTopNavLink"] * {font-size: .78rem} [data-testid="stTopNavLink"] {padding-inline: .4rem}
}
</style>
"""


def scheme_style(dark: bool) -> str:
    """Return the rule that tells `light-dark()` which of its colors to take outside Streamlit's own app element.

    That one says so itself, and at once when a browser changes to its other theme; menus and popovers stand beside it.
    """
    return f"<style>:root {{color-scheme: {'dark' if dark else 'light'}}}</style>"


def answers_html(answer: Answer, other: Answer | None, truth: str | None) -> str:
    """Return the two models' answers side by side, each with its mark and its probabilities.

    Args:
        answer: the Relation Network's.
        other: the MLP's; None if its weights cannot be used.
        truth: what both are compared with, as in `cards_html`.
    """
    return cards_html({"Relation Network": answer, "MLP, same input": other}, truth)


def cards_html(answers: Mapping[str, Answer | None], truth: str | None) -> str:
    """Return answers side by side.

    Args:
        answers: title -> answer; None for a model whose weights cannot be used.
        truth: what each is compared with; None if unknown, then no answer has a mark.
    """
    cards = "".join(_card(title, answer, truth) for title, answer in answers.items())
    name = "rn-answers rn-many" if len(answers) > 2 else "rn-answers"
    return f'<div class="rn-scheme {name}">{cards}</div>{warnings_html(answers.values())}'


def warnings_html(answers: Iterable[Answer | None]) -> str:
    """Return the warnings of answers, each once; empty where there is none."""
    lines = "".join(f"<p>{escape(sentence)}</p>" for sentence in list_warnings(answers))
    return f'<div class="rn-scheme rn-warnings" role="note">{lines}</div>' if lines else ""


def list_warnings(answers: Iterable[Answer | None]) -> list[str]:
    """Return the warnings of answers, each once, in their order."""
    return list(dict.fromkeys(sentence for said in answers if said is not None for sentence in said.warnings))


def _card(title: str, answer: Answer | None, truth: str | None) -> str:
    """Return one model's answer."""
    if answer is None:
        return f'<section class="rn-card"><h3>{escape(title)}</h3><p>No usable weights.</p></section>'
    mark = "" if truth is None else mark_html(answer.text == truth)
    said = _breakable(answer.text) if len(answer.text) <= _LONG else f"<small>{_breakable(answer.text)}</small>"
    return (
        f'<section class="rn-card"><h3>{explain(title)[0]}</h3>'
        f'<div class="rn-said">{said}</div>{mark}'
        f"{''.join(_bar(name, share) for name, share in likeliest(answer))}</section>"
    )


def likeliest(answer: Answer) -> list[tuple[str, float]]:
    """Return the likeliest answers with their probabilities, the first whatever it is."""
    ranked = sorted(answer.probabilities.items(), key=lambda item: -item[1])
    return [item for rank, item in enumerate(ranked[:_MOST]) if rank == 0 or item[1] >= _LOWEST]


def _bar(name: str, share: float) -> str:
    """Return one probability as a number over a bar."""
    return share_bar(_breakable(name), share)


def share_bar(html: str, share: float) -> str:
    """Return a share 0..1 as a number over a bar, behind what it is of, which is HTML."""
    return (
        f'<div class="rn-bar"><div><span>{html}</span><span>{format_share(share)}</span></div>'
        f'<i style="width:{100 * share:.1f}%"></i></div>'
    )


def _breakable(name: str) -> str:
    """Return an answer that can go on in the next line behind a comma, as a list of things can."""
    return escape(name).replace(",", ",<wbr>")


def question_html(question: str, is_old: bool = False) -> str:
    """Return a question in English, large; gray where another one was typed since that could not be read."""
    return f'<h2 class="rn-question{" rn-old" * is_old}">{escape(question)}</h2>'


def old_html(html: str, question: str) -> str:
    """Return answers in gray and without marks, for a page on which stands a text that was not read.

    Args:
        html: truth and answers as the page shows them.
        question: what they belong to.
    """
    unmarked = html.replace(mark_html(right=True), "").replace(mark_html(right=False), "")
    note = f'<p class="rn-note">Not read. Below, the earlier answer to “{escape(question)}”</p>'
    return f'{note}<div class="rn-old">{unmarked}</div>'


def format_share(share: float) -> str:
    """Return a share 0..1 in percent, never rounded up to a certainty that it is not."""
    if 0.999 <= share < 1:
        return "> 99.9 %"
    return f"{100 * share:.1f} %"


def mark_html(right: bool) -> str:
    """Return a tick or a cross with its word."""
    return '<span class="rn-mark rn-right">✓ right</span>' if right else '<span class="rn-mark rn-wrong">✗ wrong</span>'


def truth_html(truth: str, margin: float) -> str:
    """Return the true answer and, near a boundary, how many pixels there are to it.

    Args:
        truth: the true answer.
        margin: pixels to the answer's boundary; infinite where there is none.
    """
    line = f"Truth: <b>{escape(truth)}</b>"
    if margin < NEAR:
        words = f"{margin:.1f} px from a different answer"
        line += f' <meter min="0" max="{NEAR:g}" value="{margin:.2f}" title="{words}"></meter>{words}'
    return f'<div class="rn-scheme rn-truth">{line}</div>'


def what_ifs_html(cases: Sequence[WhatIf]) -> str:
    """Return a table of answers after something is removed."""
    rows = "".join(
        f"<tr><td>{escape(case.label)}</td><td><b>{escape(case.answer)}</b></td><td>{format_share(case.probability)}</td>"
        f"<td>{_kept(case)}</td><td>{escape(case.truth or 'unknown')}</td></tr>"
        for case in cases
    )
    head = "".join(f"<th>{name}</th>" for name in ("With", "Answer", "Probability", "Answer kept?", "Truth"))
    return f'<table class="rn-scheme rn-table"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'


def _kept(case: WhatIf) -> str:
    """Return whether the answer is still the same, as a mark with its word."""
    name, sign, word = ("rn-right", "✓", "kept") if case.survives else ("rn-wrong", "✗", "changed")
    return f'<span class="rn-mark {name}">{sign} {word}</span>'


def card_text(card: Card) -> str:
    """Return a model card in Markdown: size, accuracy with its 95 % interval, seed and minutes, where it has them."""
    lines = [f"**{plain(card.name)}**", f"{card.parameters:,} parameters, {card.n_bytes / 1e6:.1f} MB"]
    groups = card.claims if card.metrics is None else card.metrics.groups
    lines += [f"{plain(name.replace('_', '-'))} {_accuracy(found)}" for name, found in groups.items()]
    if card.metrics is not None:
        lines.append(f"on {card.metrics.n:,} scenes kept out of training")
    if card.is_other_file:
        lines.append(NOT_PUBLISHED)
    if card.training is not None:
        lines.append(f"trained for {card.training.minutes:.0f} minutes, seed {card.training.settings.get('seed')}")
    return "  \n".join(lines)


def _accuracy(found: Accuracy) -> str:
    """Return an accuracy and its interval in percent."""
    return f"{100 * found.accuracy:.2f} % ({100 * found.low:.2f}–{100 * found.high:.2f})"
