"""The words that pages and docs explain; `python -m pages._lab.glossary` writes the page of the docs."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

from pages._lab.plain import escape
from pages._lab.scale import FULL_LOGITS

#: Pieces of Markdown: a formula, code, a break between lines.
_PIECES = re.compile(r"(\$\$.*?\$\$|`[^`]*`|\s*\n\s*)", re.DOTALL)
PAGE = Path(__file__).resolve().parents[2] / "docs" / "glossary.md"
#: Word -> what it means. A page explains a word in its singular or plural, in this order where it finds several.
GLOSSARY: Mapping[str, str] = MappingProxyType(
    {
        "Relation Network": "A network that computes one vector for every ordered pair of objects by the same function "
        "g_theta, adds all vectors, and reads the answer from the sum by a second function, f_phi.",
        "MLP": "A multilayer perceptron: layers of weighted sums. Here the baseline, which sees the same input in one "
        "piece and no pairs.",
        "LSTM": "A recurrent network that reads words one by one; the baseline for stories and questions.",
        "baseline": "What a result is compared with: a simpler network with the same input, or for shares the input "
        "that counts as “nothing”.",
        "object": "What pairs are formed of: a shape, a ball, a sentence, or a cell of a picture's grid.",
        "cell": "One square of the grid that a network divides a picture into; for a network that sees pixels, its "
        "objects.",
        "pair": "Two objects in order, (first, second). With n objects there are n × n pairs, each object with itself "
        "included.",
        "g_theta": "The function that turns one pair and the question into a vector; the same for all pairs.",
        "f_phi": "The function that turns the sum of all vectors into logits.",
        "relation": "The vector that g_theta computes for one pair.",
        "aggregate": "The sum (or mean) of the relations of all pairs; their order does not change it.",
        "logit": "A network's score for one answer, of any size and sign. The answer with the largest logit is given; "
        "softmax turns all logits into probabilities.",
        "softmax": "The function that turns logits into probabilities that are positive and add up to 1.",
        "share": "What one pair adds to the explained logit: positive for the answer, negative against it. Colors and "
        f"widths are full from ±{FULL_LOGITS['objects']:g} logits per pair of objects and ±{FULL_LOGITS['cells']:g} "
        "per pair of cells, on all pages.",
        "residual": "What the shares miss of the difference between the logit with all pairs and that without; near 0 "
        "for an exact method.",
        "attribution": "Dividing a network's output among its inputs, here among pairs.",
        "path integral": "An attribution that adds up gradients while all pairs come in together, from none to all.",
        "margin": "How far a scene is from one with another answer, in pixels; near 0 the question is hard.",
        "blind floor": "The accuracy of always giving the most frequent answer of a question type, without looking.",
        "relational question": "A question whose answer takes two objects or more, such as “closest to red”.",
        "deciding pair": "A pair that the true answer follows from, known from the scene, not from the network.",
        "what-if": "The answer after something is removed; it tests whether what seemed to decide does decide.",
        "seed": "The number from which all random choices follow; the same seed gives the same scene everywhere.",
    }
)
#: Word -> where it stands in a text, the longest word first.
_PATTERNS: Mapping[str, re.Pattern[str]] = MappingProxyType(
    {
        word: re.compile(rf"(?<![\w-]){re.escape(word)}s?(?![\w-])", re.IGNORECASE)
        for word in sorted(GLOSSARY, key=len, reverse=True)
    }
)


def explain(text: str, explained: Collection[str] = ()) -> tuple[str, set[str]]:
    """Return a text as HTML in which the first place of each word of the glossary is underlined and says its meaning.

    Args:
        text: plain text, of one paragraph.
        explained: words that the page has explained already.

    Returns:
        the HTML, and the words that are explained in it.
    """
    found: dict[int, tuple[int, str]] = {}
    for word, pattern in _PATTERNS.items():
        match = None if word in explained else pattern.search(text)
        if match and not _overlaps(match, found):
            found[match.start()] = match.end(), word
    parts: list[str] = []
    end = 0
    for start, (stop, word) in sorted(found.items()):
        parts += [escape(text[end:start]), _mark(text[start:stop], word)]
        end = stop
    return "".join([*parts, escape(text[end:])]), {word for _, word in found.values()}


def explain_markdown(text: str) -> tuple[str, set[str]]:
    """Return Markdown with HTML in it, in which the first place of each word of the glossary says its meaning.

    Args:
        text: Markdown without HTML; what looks like it is shown as text. Formulas stay as they are.

    Returns:
        the Markdown, and the words that are explained in it.
    """
    explained: set[str] = set()
    parts: list[str] = []
    for piece in _PIECES.split(text):
        html, found = piece, {piece.strip("`")} & {*GLOSSARY} - explained
        if piece.startswith("`"):
            html = "".join(_mark(piece, word) for word in found) or piece
        elif piece.strip() and not piece.startswith("$$"):
            html, found = explain(piece, explained)
        parts.append(html)
        explained |= found
    return "".join(parts), explained


@cache
def glossary_html() -> str:
    """Return all words with their meanings, in alphabetical order."""
    words = sorted(GLOSSARY, key=str.lower)
    rows = "".join(f"<dt>{escape(word)}</dt><dd>{escape(GLOSSARY[word])}</dd>" for word in words)
    return f'<dl class="rn-glossary">{rows}</dl>'


def _overlaps(match: re.Match[str], found: Mapping[int, tuple[int, str]]) -> bool:
    """Return whether a place shares letters with one that was found before."""
    return any(match.start() < end and start < match.end() for start, (end, _) in found.items())


def _mark(said: str, word: str) -> str:
    """Return a word that shows its meaning to those who point at it or reach it by keys."""
    meaning = escape(GLOSSARY[word])
    return f'<span class="rn-word" tabindex="0">{escape(said)}<span role="tooltip">{meaning}</span></span>'


def format_page() -> str:
    """Return the docs page."""
    head = "# Glossary\n\nThe words that pages underline with dots, in alphabetical order.\n\n"
    words = sorted(GLOSSARY, key=str.lower)
    return head + "\n".join(f"**{word}**\n: {GLOSSARY[word]}\n" for word in words)


if __name__ == "__main__":
    PAGE.write_text(format_page(), encoding="utf-8")
