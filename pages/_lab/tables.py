"""Tables as HTML; no Streamlit."""

from __future__ import annotations

from collections.abc import Iterable

from pages._lab.plain import escape

#: Stands for an unknown figure.
NONE = "–"


def make_table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a table of cells that are already HTML."""
    top = "".join(f"<th>{escape(name)}</th>" for name in head)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>" for cells in rows)
    return f'<table class="rn-scheme rn-table"><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>'
