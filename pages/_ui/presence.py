"""Whose browser is still connected, so that no work goes on for a session that has closed."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from urllib.parse import urlencode

import streamlit as st
from streamlit import runtime
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.runtime.scriptrunner import get_script_run_ctx


def current_session() -> str | None:
    """Return the id of the session whose script runs in this thread; None outside of one."""
    context = get_script_run_ctx(suppress_warning=True)
    return None if context is None else context.session_id


def is_connected(session: str | None) -> bool:
    """Return whether a session's browser holds a connection; True where no server runs, as in tests of pages.

    Args:
        session: as `current_session` gives it; None, which is nobody's, counts as connected.
    """
    if session is None or not runtime.exists():
        return True
    try:
        return bool(runtime.get_instance().is_active_session(session))
    except RuntimeError:  # the server has just stopped
        return True


def find_redraw() -> Callable[[], bool] | None:
    """Return what draws this session's page again when it is called, in any thread; None where no server runs.

    It is what the browser would ask for now. Called, it returns whether a browser still holds a connection.
    """
    context = get_script_run_ctx(suppress_warning=True)
    if context is None or not runtime.exists():
        return None
    asked = ClientState(
        page_script_hash=context.page_script_hash, query_string=urlencode(st.query_params.to_dict(), doseq=True)
    )
    if context.context_info is not None:
        asked.context_info.CopyFrom(context.context_info)
    return partial(_redraw, context.session_id, asked)


def _redraw(session: str, asked: ClientState) -> bool:
    """Run a session's script, as Streamlit does where a source file has changed; return whether it is connected."""
    try:
        found = runtime.get_instance().get_app_session(session)
    except RuntimeError:  # the server has just stopped
        return False
    if found is None:
        return False
    found.request_rerun(asked)
    return True
