"""A slow sign of life from every page to the runs of its session, so that a run goes on while its person reads on."""

from __future__ import annotations

import streamlit as st

from pages._ui.cache import cached_board

_TOKENS = "runs.kept"
#: Seconds between two signs; a browser slows the timers of a hidden page down to one a minute.
_EVERY = 20.0


def keep_run(token: str) -> None:
    """Let this session keep a run alive, on whichever page it is."""
    st.session_state[_TOKENS] = {*st.session_state.get(_TOKENS, ()), token}


def draw_heartbeat() -> None:
    """Draw nothing; where this session keeps runs, tell them so every now and then."""
    if st.session_state.get(_TOKENS):
        _beat()


@st.fragment(run_every=_EVERY)
def _beat() -> None:
    """Touch the runs that are still there."""
    jobs = {token: cached_board().find(token) for token in st.session_state.get(_TOKENS, ())}
    for job in jobs.values():
        if job is not None:
            job.touch()
    st.session_state[_TOKENS] = {token for token, job in jobs.items() if job is not None}
