"""What opens a class's room: the address, the code for students, and the key of the teacher."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from io import StringIO
from urllib.parse import urlencode

from rn_core.serving.server import HERE, PORT

#: Parameters of an address: the code of a room, and what proves that a teacher opened it.
ROOM, TEACHER = "room", "teacher_key"
#: Letters and digits that nobody mixes up, and how many of them are a code: one in 900 million.
ALPHABET, N_SIGNS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ", 6
_KEY_BYTES = 24


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
        return f"http://{HERE}:{self.port}/?{urlencode({TEACHER: self.key})}"


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
