"""Text that a person or a link brings, made ready to be shown as text; no Streamlit.

Streamlit reads Markdown in notices, labels and captions: links, pictures, LaTeX, colors, icons and emoji would take
effect. `plain` is what such text goes through on its way there, `escape` on its way into HTML and Plotly figures, and
`escape_math` into Matplotlib ones. A test holds every page to it.
"""

from __future__ import annotations

import html
import re
import unicodedata

#: Most characters that one notice or label shows; of a longer text the middle is left out.
LONGEST = 600
_HEAD = 2 * LONGEST // 3
#: Takes no room and breaks what Streamlit replaces after escapes are resolved: addresses, `:names:`, arrows.
JOINER = "\u2060"
_BREAKS = re.compile(r"[\t-\r\x1c-\x20\x85\u2028\u2029]+")
#: Join the parts of emoji and of letters in several scripts, and change nothing else.
_KEPT_FORMATS = "\u200c\u200d"
_ARROW = r"(?<!\S)(?:<->|->|<-|--|>=|<=|~=)(?!\S)"
_LIST_START = r"^ ?(?:[-+=]|[0-9]+[.)])"
_MARKUP = re.compile(rf"{_ARROW}|{_LIST_START}|www(?=\.)|:(?!\s)|@|[\\`*_{{}}\[\]<>#|~$&]", re.IGNORECASE)


def plain(text: object) -> str:
    """Return the Markdown that Streamlit shows as this very text, on one line.

    Args:
        text: of any length and content, or an error whose sentence is shown.

    Returns:
        the text escaped, control characters as signs or left out as in `clean`, cut to about `LONGEST` characters.
    """
    return _MARKUP.sub(_disarm, shorten(clean(text)))


def _disarm(match: re.Match[str]) -> str:
    """Return one piece of markup that reads as text."""
    piece = match[0]
    if piece.lower() == "www" or piece == "@":
        return piece + JOINER
    if piece == ":":
        return rf"\:{JOINER}"
    if piece[-1] in ".)":  # a number that would begin a list
        return rf"{piece[:-1]}\{piece[-1]}"
    return JOINER.join(sign if sign == " " else rf"\{sign}" for sign in piece)


def escape(text: object) -> str:
    """Return the HTML, also that of a Plotly figure, that shows this very text, quotes escaped too; see `clean`."""
    return html.escape(clean(text))


def escape_math(text: object) -> str:
    """Return what Matplotlib draws as this very text, line by line: no `$` begins a formula."""
    return "\n".join(map(clean, str(text).split("\n"))).replace("$", r"\$")


def clean(text: object) -> str:
    """Return a text on one line without characters that act on their surroundings.

    White space becomes single blanks, a control character the sign that stands for it, half of a surrogate pair the
    replacement character; formatting characters, such as those that turn the direction of writing, are left out.
    """
    line = _BREAKS.sub(" ", str(text))
    return line if line.isprintable() else "".join(map(_show, line))  # what is printable is shown as it is


def _show(sign: str) -> str:
    """Return one character as it is shown."""
    match unicodedata.category(sign):
        case "Cc":
            return "␡" if sign == "\x7f" else chr(0x2400 + ord(sign)) if sign < " " else "\ufffd"
        case "Cs":
            return "\ufffd"
        case "Cf":
            return sign if sign in _KEPT_FORMATS else ""
    return sign


def shorten(text: str) -> str:
    """Return a text of more than `LONGEST` characters with "…" for its middle: its end says how to fix it."""
    return text if len(text) <= LONGEST else f"{text[:_HEAD]}…{text[len(text) - LONGEST + _HEAD + 1 :]}"
