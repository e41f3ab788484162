"""The app's server, and the address under which other machines reach it."""

from __future__ import annotations

import ipaddress
import os
import runpy
import socket
import sys
import urllib.request
from collections.abc import Sequence

from rn_core.common.app_folder import APP_FOLDER
from rn_core.common.errors import RNCoreError

#: The address at which a server hears every network that its machine is in, and that of this machine alone.
EVERYWHERE, HERE = "0.0.0.0", "127.0.0.1"
#: Port where nobody says another one.
PORT = 8501
#: Seconds that a server has to say that it runs.
_PATIENCE = 4
#: An address that nobody has (RFC 5737); asking for the way there sends nothing.
_NOBODY = ("192.0.2.1", 9)


def start(port: int | None = None, address: str | None = None, options: Sequence[str] = ()) -> None:
    """Serve the app from this process until it is stopped, which ends the process.

    What is left out is taken from Streamlit's environment variables, then from the app's own `config.toml`.

    Args:
        port: to listen at; None takes 8501, or the next free one.
        address: to listen at, such as `EVERYWHERE`; None is this machine alone.
        options: more of Streamlit's command line, such as "--server.baseUrlPath=lab".
    """
    chosen = {"--server.port": port, "--server.address": address}
    given = [f"{name}={value}" for name, value in chosen.items() if value is not None]
    sys.argv = ["streamlit", "run", str(APP_FOLDER / "app.py"), *given, *options]
    runpy.run_module("streamlit", run_name="__main__", alter_sys=True)


def is_serving(port: int | None = None) -> bool:
    """Return whether a server on this machine says that it runs.

    Args:
        port: where it listens; None is what Streamlit's environment variable says, or 8501. The prefix of its path is
            that of the environment, too.
    """
    place = port or os.environ.get("STREAMLIT_SERVER_PORT", PORT)
    prefix = os.environ.get("STREAMLIT_SERVER_BASE_URL_PATH", "").strip("/")
    url = f"http://127.0.0.1:{place}/{prefix}{'/' if prefix else ''}_stcore/health"
    try:
        with urllib.request.urlopen(url, timeout=_PATIENCE) as reply:
            return bool(reply.status == 200)
    except OSError:
        return False


def find_network_address(instead: str) -> str:
    """Return this machine's IPv4 address in the network that it is in; sends nothing.

    Args:
        instead: how a person can say which address visitors use, such as "--address ADDRESS".

    Raises:
        RNCoreError: if it is in none.
    """
    found = _route_address() or _host_address()
    if found is None:
        raise RNCoreError(
            f"This machine has no address in a network, only its own {HERE}; connect it to one, or say which address "
            f"visitors use with {instead}."
        )
    return found


def _route_address() -> str | None:
    """Return the address from which this machine would write to others, or None without a network."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(_NOBODY)
        except OSError:
            return None
        return _reachable(probe.getsockname()[0])


def _host_address() -> str | None:
    """Return the address that this machine's own name stands for, or None."""
    try:
        return _reachable(socket.gethostbyname(socket.gethostname()))
    except OSError:
        return None


def _reachable(address: str) -> str | None:
    """Return an address, or None for one that no other machine can reach."""
    parsed = ipaddress.ip_address(address)
    return None if parsed.is_loopback or parsed.is_unspecified else address
