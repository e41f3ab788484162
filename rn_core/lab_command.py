"""`rn-lab`: starts the app's server, for this machine alone or for everybody in its network."""

from __future__ import annotations

import argparse
import ipaddress
import os
import runpy
import socket
import sys
import urllib.request
from collections.abc import Sequence

from rn_core import __version__
from rn_core.common.app_folder import APP_FOLDER
from rn_core.common.errors import RNCoreError

#: The address at which a server hears every network that its machine is in.
EVERYWHERE = "0.0.0.0"
#: Port where nobody says another one, and the seconds that a server has to say that it runs.
_PORT, _PATIENCE = 8501, 4
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
    runpy.run_module("streamlit", run_name="__main__")


def is_serving(port: int | None = None) -> bool:
    """Return whether a server on this machine says that it runs.

    Args:
        port: where it listens; None is what Streamlit's environment variable says, or 8501. The prefix of its path is
            that of the environment, too.
    """
    place = port or os.environ.get("STREAMLIT_SERVER_PORT", _PORT)
    prefix = os.environ.get("STREAMLIT_SERVER_BASE_URL_PATH", "").strip("/")
    url = f"http://127.0.0.1:{place}/{prefix}{'/' if prefix else ''}_stcore/health"
    try:
        with urllib.request.urlopen(url, timeout=_PATIENCE) as reply:
            return bool(reply.status == 200)
    except OSError:
        return False


def find_network_address() -> str:
    """Return this machine's IPv4 address in the network that it is in; sends nothing.

    Raises:
        RNCoreError: if it is in none.
    """
    found = _route_address() or _host_address()
    if found is None:
        raise RNCoreError(
            "This machine has no address in a network, only its own 127.0.0.1; connect it to one, or say which "
            "address visitors use with --browser.serverAddress=ADDRESS instead of --lan."
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


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of `rn-lab`."""
    parser = argparse.ArgumentParser(
        prog="rn-lab",
        description="See, question and train a Relation Network in the browser.",
        epilog="Other options go to Streamlit, such as --server.baseUrlPath=lab.",
        allow_abbrev=False,
    )
    parser.add_argument("--lan", action="store_true", help="let everybody in this network open the app")
    parser.add_argument("--check", action="store_true", help="only ask whether the app runs here: ends with 0 or 1")
    parser.add_argument("--port", type=int, default=None, help="to listen at (default: 8501, or the next free one)")
    parser.add_argument("--version", action="version", version=f"rn-lab {__version__}")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve the app as `rn-lab` does.

    Args:
        arguments: without the program's name; None uses `sys.argv`.

    Returns:
        1 after bad input (one sentence on standard error), or if nothing runs that was asked for with `--check`;
        otherwise 0. A server that was started ends the process itself.
    """
    asked, options = build_parser().parse_known_args(arguments)
    if asked.check:
        return 0 if is_serving(asked.port) else 1
    if not asked.lan:
        start(asked.port, options=options)
        return 0
    try:
        visited = find_network_address()
    except RNCoreError as err:
        print(err, file=sys.stderr)
        return 1
    print("Everybody in this network can open the address below. There are no passwords; Ctrl-C ends it.", flush=True)
    start(asked.port, EVERYWHERE, [f"--browser.serverAddress={visited}", *options])
    return 0


if __name__ == "__main__":
    sys.exit(main())
