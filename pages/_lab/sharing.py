"""Under which address others open what a page shows, and its QR code; no Streamlit."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import ip_address
from urllib.parse import urlsplit, urlunsplit

from pages._lab.plain import escape

#: Most characters of an address whose QR code a phone still reads from a projector's picture.
MOST_SIGNS = 300
HERE_ALONE = "This address opens on this machine alone; `rn-lab --lan` starts the app for others in its network."


def is_here(host: str) -> bool:
    """Return whether a host's name or address is that of the machine that asks, whichever it is."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def reach(url: str, network_host: str) -> str:
    """Return the address under which others reach a page.

    Args:
        url: as this browser has it.
        network_host: name or address of the server for others; empty where it hears this machine alone.
    """
    parts = urlsplit(url)
    if parts.hostname is None or not is_here(parts.hostname) or not network_host or is_here(network_host):
        return url
    place = f"[{network_host}]" if ":" in network_host else network_host
    return urlunsplit(parts._replace(netloc=place if parts.port is None else f"{place}:{parts.port}"))


@lru_cache(maxsize=64)
def qr_html(url: str) -> str:
    """Return the QR code of an address as an image; empty where it is too long to be read."""
    if len(url) > MOST_SIGNS:
        return ""
    import segno  # only who shares needs it

    drawn = segno.make(url, error="m", micro=False).svg_data_uri(scale=10, border=3, light="#fff")
    return f'<img class="rn-qr" src="{escape(drawn)}" alt="QR code of {escape(url)}">'
