"""The top of a page: its picture, the answers beside it, and the controls where there is room; see `layout.STYLE`."""

from __future__ import annotations

from typing import NamedTuple

import streamlit as st
from streamlit.delta_generator import DeltaGenerator


class Areas(NamedTuple):
    """Where the parts of a page's top are drawn; in this order they follow each other on a phone.

    Attributes:
        picture: to the left.
        answers: question and answers, to the right.
        controls: below the answers on a wide screen, and below both on a narrower one.
    """

    picture: DeltaGenerator
    answers: DeltaGenerator
    controls: DeltaGenerator


def make_areas() -> Areas:
    """Return the empty areas of a page, which has them once."""
    with st.container(key="areas"):
        return Areas(*(st.container(key=f"areas-{name}") for name in Areas._fields))
