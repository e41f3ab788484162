"""Whose browser is still connected, so that no work goes on for a session that has closed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import urlencode

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


#: Opens a page by its path with parameters; returns whether a browser still holds a connection.
OpenPage = Callable[[str, Mapping[str, str]], bool]


def find_opener() -> OpenPage | None:
    """Return what opens a page in this session when it is called, in any thread; None where no server runs.

    It asks for what the browser would ask for; the page that is open is drawn again.
    """
    context = get_script_run_ctx(suppress_warning=True)
    if context is None or not runtime.exists():
        return None
    session, browser = context.session_id, context.context_info
    hashes = {page["url_pathname"]: key for key, page in context.pages_manager.get_pages().items()}

    def open_page(path: str, query: Mapping[str, str]) -> bool:
        asked = ClientState(page_script_hash=hashes.get(path, ""), query_string=urlencode(query))
        if browser is not None:
            asked.context_info.CopyFrom(browser)
        return _run(session, asked)

    return open_page


def _run(session: str, asked: ClientState) -> bool:
    """Let a session's script run; return whether the session is connected.

    The request is made in the server's own thread, as those of browsers are: made in this one beside a browser's, each
    could start a run, and Streamlit would drop all that one of the two draws. It has no public name for that.
    """
    try:
        found = runtime.get_instance().get_app_session(session)
    except RuntimeError:  # the server has just stopped
        return False
    if found is None:
        return False
    found._call_soon_on_event_loop(lambda: found.request_rerun(asked))
    return True
