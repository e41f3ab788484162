"""`python -m rn_core serve`: starts the app for this machine alone, or with `--class` for the local network."""

from __future__ import annotations

import argparse
import json
import runpy
import secrets
import socket
import sys
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import urlencode

from rn_core.common.errors import RNCoreError, quote

if TYPE_CHECKING:
    Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"

APP = Path(__file__).resolve().parents[1] / "app.py"
PORT = 8501
#: Parameters of an address: the code of a room, and what proves that a teacher opened it.
ROOM, TEACHER = "room", "teacher_key"
#: Letters and digits that nobody mixes up, and how many of them are a code: one in 900 million.
ALPHABET, N_SIGNS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ", 6
_KEY_BYTES = 24
_HERE = "127.0.0.1"
#: An address of the documentation's network; a datagram socket that connects there sends nothing.
_ELSEWHERE = ("192.0.2.1", 9)


@dataclass(frozen=True)
class Invitation:
    """What opens a class's room.

    Attributes:
        address: name or address under which students reach this machine.
        port: of the app.
        code: what students enter; `N_SIGNS` of `ALPHABET`.
        key: what only the teacher has.
    """

    address: str
    port: int
    code: str
    key: str

    @property
    def base(self) -> str:
        """Return the app's address for students, without the code."""
        return f"http://{self.address}:{self.port}"

    @property
    def student_url(self) -> str:
        """Return the address that the QR code holds."""
        return f"{self.base}/?{urlencode({ROOM: self.code})}"

    @property
    def teacher_url(self) -> str:
        """Return the teacher's address; it leads to this machine, so that the key stays on it."""
        return f"http://{_HERE}:{self.port}/?{urlencode({TEACHER: self.key})}"


def invite(address: str, port: int = PORT) -> Invitation:
    """Return an invitation with a new code and a new key.

    Args:
        address: name or address under which students reach this machine.
        port: of the app.
    """
    code = "".join(secrets.choice(ALPHABET) for _ in range(N_SIGNS))
    return Invitation(address, port, code, secrets.token_urlsafe(_KEY_BYTES))


_held: list[Invitation] = []


def hold_class(invitation: Invitation | None) -> None:
    """Make this process serve a class, or nobody in particular."""
    _held[:] = [] if invitation is None else [invitation]


def find_class() -> Invitation | None:
    """Return the invitation of the class that this process serves; None where it serves none."""
    return next(iter(_held), None)


def find_address() -> str:
    """Return this machine's address on the local network; nothing is sent.

    Raises:
        RNCoreError: if there is no network.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(_ELSEWHERE)
            return str(probe.getsockname()[0])
        except OSError as err:
            raise RNCoreError(
                "This machine's address on the local network was not found; give it with --address, such as "
                "--address 192.168.1.5."
            ) from err


def check_port(port: int) -> int:
    """Return a port of 1 to 65535 that is free; raises RNCoreError for any other."""
    if not 1 <= port <= 65535:
        raise RNCoreError(f"A port must be 1 to 65535, got {port}; leave --port out for {PORT}.")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_HERE, port))
        except OSError as err:
            raise RNCoreError(f"Port {port} is in use; end what uses it, or give another one with --port.") from err
    return port


def list_options(port: int, invitation: Invitation | None) -> list[str]:
    """Return Streamlit's options: this machine alone, unless there is an invitation."""
    if invitation is None:
        return [f"--server.port={port}", f"--server.address={_HERE}"]
    return [
        f"--server.port={port}",
        "--server.address=0.0.0.0",
        f"--browser.serverAddress={invitation.address}",
        "--server.headless=true",
    ]


def describe(invitation: Invitation) -> str:
    """Return what the terminal shows: QR code, address, code, and the teacher's own address."""
    import segno  # no other command needs it

    drawn = StringIO()
    segno.make(invitation.student_url, error="m", micro=False).terminal(drawn, border=2, compact=True)
    return (
        f"{drawn.getvalue()}\n"
        f"Students  {invitation.student_url}\n"
        f"Room code {invitation.code}, on {invitation.base}\n"
        f"Teacher   {invitation.teacher_url}\n"
        "Keep the teacher's address to yourself: whoever has it steers the class. Ctrl-C ends it; nothing is kept.\n"
    )


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
        RNCoreError: if the app, the port or the address cannot be used.
    """
    if not APP.is_file():
        raise RNCoreError(f"The app was not found: {quote(str(APP))} is missing; start it from a checkout.")
    if options.address is not None and not options.has_class:
        raise RNCoreError("--address is what students open; give --class too, or leave it out.")
    port = check_port(options.port)
    invitation = invite(options.address or find_address(), port) if options.has_class else None
    hold_class(invitation)
    if invitation is not None:
        print(_as_json(invitation) if options.json else describe(invitation), flush=True)
    run_app(list_options(port, invitation))


def _as_json(invitation: Invitation) -> str:
    """Return an invitation for machines."""
    return json.dumps(
        {"code": invitation.code, "student_url": invitation.student_url, "teacher_url": invitation.teacher_url}
    )


def run_app(options: list[str]) -> None:
    """Run Streamlit on the app in this process, which holds the class; it ends with the process's exit."""
    sys.argv = ["streamlit", "run", str(APP), *options]
    runpy.run_module("streamlit", run_name="__main__", alter_sys=True)
