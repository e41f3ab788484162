"""The Explore page's own parts, and what the sections of all pages about pairs need to know of it."""

from __future__ import annotations

import streamlit as st

from pages._lab.domains.sort_of_clevr import DOMAIN
from pages._lab.plain import plain
from pages._lab.sort_of_clevr.chain import installed_chains
from pages._lab.sort_of_clevr.state import FAMILIES, ExploreState
from pages._lab.sort_of_clevr.view import ExploreView
from pages._ui.classroom.seats import is_following
from pages._ui.components.paste import draw_paste
from pages._ui.explore import session
from pages._ui.kept import widget_event
from pages._ui.options import named
from pages._ui.pairs.sections import PairPage
from rn_core.tasks.sort_of_clevr import COLORS
from rn_core.tasks.sort_of_clevr.scene import HIGHEST, LOWEST, SHAPES

EXPLORE_PAGE = PairPage[ExploreView](DOMAIN, session.EXPLORE)


def draw_family() -> None:
    """Draw the switch between questions about two objects, about three, and about chains where networks answer them."""
    shown = [family for family in FAMILIES if family != "chain" or installed_chains()]
    bound = session.EXPLORE.bind("family", session.EXPLORE.state.family, session.choose_family)
    st.segmented_control("Questions that relate", shown, format_func=named(FAMILIES), wrap=True, **bound)


def draw_own_picture(state: ExploreState) -> None:
    """Draw where a person's own picture is chosen or pasted, and left."""
    if state.picture is not None:
        st.button("Back to the scene", icon=":material/undo:", on_click=session.leave_picture)
    if is_following():
        return
    with st.popover("Own picture", icon=":material/image:"):
        st.file_uploader(
            "Squares and circles in the six colors, PNG or JPEG of any size", type=["png", "jpg", "jpeg"],
            key=session.upload_key(), on_change=session.take_file,
        )  # fmt: skip
        draw_paste(key="explore.paste", on_paste=session.take_pasted)
        st.caption("Its middle square is brought to the 75 × 75 pixels that networks see.")


def draw_found(state: ExploreState) -> None:
    """Draw how an own picture came to its size, and the table of the objects found in it, which can be corrected."""
    picture = session.find_picture(state)
    if picture is None:
        return
    st.caption(plain(picture.caption))
    st.markdown("The truth is that of the objects that `rn-slots` found. **Correct them here**, or drag their rings.")
    rows = {name: [getattr(thing, name) for thing in state.scene.objects] for name in session.COLUMNS}
    choices = {"color": COLORS, "shape": SHAPES}
    numbers = {name: st.column_config.NumberColumn(min_value=LOWEST, max_value=HIGHEST, step=1) for name in ("x", "y")}
    options = {name: st.column_config.SelectboxColumn(options=list(known)) for name, known in choices.items()}
    key = f"explore.table.{hash(state.scene)}"
    st.data_editor(
        rows, key=key, column_config={**options, **numbers}, num_rows="dynamic", hide_index=True,
        on_change=lambda: session.take_table(widget_event(key)),
    )  # fmt: skip
