"""Tables and pictures as the bytes of files; no Streamlit."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def write_csv(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """Return a CSV file's content: the names of its columns, then one line per row."""
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(rows)
    return lines.getvalue().encode()


def write_figure(figure: Figure, kind: str = "png", dpi: int = 160) -> bytes:
    """Return a Matplotlib figure on white as "png" or "svg"."""
    content = io.BytesIO()
    figure.savefig(content, format=kind, dpi=dpi, facecolor="white")
    return content.getvalue()
