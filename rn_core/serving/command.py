"""`python -m rn_core serve`: starts the app for this machine alone, or with `--class` for the local network."""

from __future__ import annotations

import argparse
import json
import socket
from typing import TYPE_CHECKING, TypeAlias

from rn_core.common.errors import RNCoreError
from rn_core.serving.invitation import Invitation, describe, hold_class, invite
from rn_core.serving.server import EVERYWHERE, HERE, PORT, find_network_address, start

if TYPE_CHECKING:
    Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def check_port(port: int) -> int:
    """Return a port of 1 to 65535 that is free; raises RNCoreError for any other."""
    if not 1 <= port <= 65535:
        raise RNCoreError(f"A port must be 1 to 65535, got {port}; leave --port out for {PORT}.")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HERE, port))
        except OSError as err:
            raise RNCoreError(f"Port {port} is in use; end what uses it, or give another one with --port.") from err
    return port


def add_serve(commands: Commands) -> None:
    """Add `serve` to the commands."""
    text = "start the app; with --class for a class on the local network"
    parser = commands.add_parser("serve", help=text, description=text)
    parser.set_defaults(command=serve, threads=None)
    parser.add_argument("--class", dest="has_class", action="store_true", help="let students follow from their devices")
    parser.add_argument("--port", type=int, default=PORT, help=f"of the app (default: {PORT})")
    parser.add_argument("--address", default=None, help="with --class: name or address of this machine for students")
    parser.add_argument("--json", action="store_true", help="print one JSON object for machines")


def serve(options: argparse.Namespace) -> None:
    """Start the app and stay until it ends.

    Raises:
        RNCoreError: if the port or the address cannot be used.
    """
    if options.address is not None and not options.has_class:
        raise RNCoreError("--address is what students open; give --class too, or leave it out.")
    port = check_port(options.port)
    if not options.has_class:
        hold_class(None)
        start(port, HERE)
        return
    invitation = invite(options.address or find_network_address("--address ADDRESS"), port)
    hold_class(invitation)
    print(_as_json(invitation) if options.json else describe(invitation), flush=True)
    start(port, EVERYWHERE, [f"--browser.serverAddress={invitation.address}", "--server.headless=true"])


def _as_json(invitation: Invitation) -> str:
    """Return an invitation for machines."""
    return json.dumps(
        {"code": invitation.code, "student_url": invitation.student_url, "teacher_url": invitation.teacher_url}
    )
