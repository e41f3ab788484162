"""What a reader sees of a text that Streamlit takes for Markdown, by a Markdown parser that is not the page's own."""

from __future__ import annotations

import re

from markdown_it import MarkdownIt

JOINER = "\u2060"
_PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
#: What Streamlit's page (1.67) makes of text after Markdown has been parsed and escapes are resolved.
_REPLACED = {
    "address": r"(https?://|www(?=\.))([-.\w]+)",
    "mail": r"[-.\w+]+@[-\w]+(?:\.[-\w]+)+",
    "icon": r":material[_/]\w+:",
    "logo": r":streamlit:",
    "emoji": r":\+1:|:-1:|:[\w-]+:",
    "arrow": r"(^|\s)(<->|->|<-|--|>=|<=|~=)(\s|$)",
}
#: What Streamlit reads beside Markdown: directives such as `:red[..]`, and math. A backslash turns them off.
_READ = {"directive": r"(?<!\\)(?:\\\\)*:\w", "math": r"(?<!\\)(?:\\\\)*\$"}


def read_markdown(markdown: str) -> tuple[str, set[str]]:
    """Return the text that is seen, and the kinds of what is more than text: token types, replacements, directives."""
    text, kinds = "", set()
    for block in _PARSER.parse(markdown):
        if block.type not in ("paragraph_open", "paragraph_close", "inline"):
            kinds.add(block.type)
        for token in block.children or ():
            text += token.content
            if token.type != "text":
                kinds.add(token.type)
    kinds |= {kind for kind, pattern in _REPLACED.items() if re.search(pattern, text, re.IGNORECASE)}
    kinds |= {kind for kind, pattern in _READ.items() if re.search(pattern, markdown)}
    return text, kinds


def without_meanings(html: str) -> str:
    """Return HTML in which the words of the glossary stand as plain text."""
    return re.sub(r'<span class="rn-word" tabindex="0">(.*?)<span role="tooltip">.*?</span></span>', r"\1", html)


def seen(markdown: str) -> str:
    """Return the text that is seen, without what takes no room."""
    return read_markdown(markdown)[0].replace(JOINER, "")
