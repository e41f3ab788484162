"""Draw the link to what a page shows, as others open it."""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit

import streamlit as st

from pages._lab.sharing import HERE_ALONE, is_here, qr_html, reach

#: What a server listens at that hears this machine alone.
_ALONE = ("127.0.0.1", "localhost", "::1")


def make_link(query: dict[str, str]) -> str:
    """Return the address of the page that is open with other parameters; in a network, the one that others reach."""
    base = (st.context.url or "").partition("?")[0]
    heard = str(st.get_option("server.address") or "")
    others = "" if heard in _ALONE else str(st.get_option("browser.serverAddress") or "")
    base = reach(base, others)
    return f"{base}?{urlencode(query)}" if query else base


def draw_link(url: str, about: str) -> None:
    """Draw an address to copy, with a QR code where other devices reach it, or a sentence where they do not.

    Args:
        url: as `make_link` makes it.
        about: what it leads to.
    """
    st.caption(about)
    st.code(url, language=None, wrap_lines=True)
    host = urlsplit(url).hostname
    if host is not None and is_here(host):
        st.caption(HERE_ALONE)
    elif code := qr_html(url):
        st.html(code)
