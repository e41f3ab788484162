"""Published weights that came while the server runs: in its memory alone, for all sessions; no Streamlit.

Nothing is written into `pretrained/` while serving. A file is held only if it is the published one, so it does not
matter who brought it; there are as many as `PUBLIC` has names, and they go when the server ends.
"""

from __future__ import annotations

from rn_core.answering import Answerer, make_answerer
from rn_core.common.errors import WeightsError
from rn_core.weights.public import is_published, read_public
from rn_core.weights.store import NOT_PUBLISHED

_HELD: dict[str, Answerer] = {}


def hold_public(name: str, content: bytes) -> None:
    """Hold a published file's model for all sessions of this server.

    Args:
        name: a key of `PUBLIC`.
        content: the file.

    Raises:
        UnknownNameError: if there are no such public weights.
        WeightsError: if it is not the published file.
    """
    if not is_published(name, content):
        raise WeightsError(f"The file given for '{name}' is {NOT_PUBLISHED} (its SHA-256 differs); get it again.")
    if name not in _HELD:
        _HELD[name] = make_answerer(name, read_public(name, content))


def held_public(name: str) -> Answerer | None:
    """Return the model of a published file that this server holds, read only, or None."""
    return _HELD.get(name)


def forget_public() -> None:
    """Let all go, as the end of the server does."""
    _HELD.clear()
