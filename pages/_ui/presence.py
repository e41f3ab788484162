"""Whose browser is still connected, so that no work goes on for a session that has closed."""

from __future__ import annotations

from streamlit import runtime
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
