"""What every page has around its idea: style, projector type, sentences about a bad link."""

from __future__ import annotations

import runpy
from pathlib import Path

import streamlit as st

from pages._lab import layout
from pages._lab.figures import Look
from pages._lab.plain import plain
from pages._ui.explained import begin_page, draw_glossary
from pages._ui.kept import Kept
from pages._ui.session import PageControls

_APP = Path(__file__).resolve().parents[2] / "app.py"
_ENTERED = Kept("entered", bool)


def mark_entry() -> None:
    """Note that this session came through the entry script."""
    _ENTERED.set(True)


def _enter() -> None:
    """Run the entry script, which runs this page again, where the session did not come through it.

    Because there is a folder called `pages`, a server that has not run the entry script yet takes a page's own
    address for a script to run alone: without navigation, title and status icons. Streamlit 1.67 has no cleaner way:

    - It chooses between folder and entry script (`PagesManager.uses_pages_directory`) before any code of the app runs.
      Only a call of `st.navigation` switches the folder off, for all sessions after it.
    - No option of `config.toml` does; `client.showSidebarNavigation` hides the folder's links alone.
    - `st.rerun` runs the same page alone again; `st.switch_page("app.py")` forgets which page was asked for.
    - `PagesManager` is private, and an import of ours that sets it comes too late for the first session.
    - `App` of `streamlit.web.server.starlette` starts a script in another folder, but then `app.py` is no entry script.
    """
    if not _ENTERED.is_set:
        runpy.run_path(str(_APP))
        st.stop()


def draw_frame(session: PageControls) -> Look:
    """Draw style, the projector switch and the page's notices; return how figures are to look."""
    _enter()
    begin_page()
    state = session.state
    look = Look(dark=st.context.theme.type == "dark", large=state.projector)
    st.html(layout.STYLE + layout.scheme_style(look.dark) + (layout.PROJECTOR_STYLE if look.large else ""))
    with st.sidebar:
        st.toggle("Projector: large type", **session.bind("projector"))
        draw_glossary()
    for sentence in session.notices():
        st.warning(plain(sentence))
    return look
