"""A reverse proxy for tests: passes requests and WebSockets on, keeps a visitor on one server by a cookie."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field

COOKIE = "server"
_END = b"\r\n\r\n"


@dataclass
class Proxy:
    """A proxy on this machine.

    Attributes:
        servers: "host:port" of each server behind it.
        host: what it writes into the Host header; None passes the visitor's on.
        port: its own.
        log: number of the server and path of every request.
    """

    servers: Sequence[str]
    host: str | None = None
    port: int = 0
    log: list[tuple[int, str]] = field(default_factory=list)
    turn: itertools.count = field(default_factory=itertools.count)

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection: one request, or one WebSocket."""
        with contextlib.suppress(OSError, asyncio.IncompleteReadError), contextlib.closing(writer):
            head = (await reader.readuntil(_END)).decode("latin-1")
            known = re.search(rf"(?im)^cookie:.*\b{COOKIE}=(\d+)", head)
            number = int(known[1]) if known else next(self.turn) % len(self.servers)
            self.log.append((number, head.split(" ")[1]))
            host, port = self.servers[number].split(":")
            up_reader, up_writer = await asyncio.open_connection(host, int(port))
            with contextlib.closing(up_writer):
                up_writer.write(self._rewrite(head).encode("latin-1"))
                copying = asyncio.create_task(_copy(reader, up_writer))
                answer = await up_reader.readuntil(_END)
                writer.write(answer if known else _add_cookie(answer, number))
                await _copy(up_reader, writer)
                copying.cancel()

    def _rewrite(self, head: str) -> str:
        """Return a request's head as the server gets it."""
        if self.host is not None:
            head = re.sub(r"(?im)^host:[^\r]*", f"Host: {self.host}", head)
        if not re.search(r"(?im)^upgrade: *websocket", head):
            head = re.sub(r"(?im)^connection:[^\r]*\r\n", "", head).replace("\r\n", "\r\nConnection: close\r\n", 1)
        return head


def _add_cookie(answer: bytes, number: int) -> bytes:
    """Return an answer's head that tells the visitor's browser to which server it belongs."""
    return answer[:-2] + f"Set-Cookie: {COOKIE}={number}; Path=/\r\n\r\n".encode()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Pass bytes on until one side ends."""
    with contextlib.suppress(OSError):
        while content := await reader.read(65536):
            writer.write(content)
            await writer.drain()


@contextlib.asynccontextmanager
async def run_proxy(servers: Sequence[str], host: str | None = None) -> AsyncIterator[Proxy]:
    """Run a proxy in front of servers."""
    proxy = Proxy(servers, host)
    listening = await asyncio.start_server(proxy.take, "127.0.0.1", 0)
    proxy.port = listening.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        listening.close()


@dataclass(frozen=True)
class Reply:
    """An answer to a request: status, cookies that it sets, and body."""

    status: int
    cookies: Mapping[str, str]
    body: bytes


async def fetch(
    port: int, path: str, headers: Mapping[str, str] | None = None, method: str = "GET", body: bytes = b""
) -> Reply:
    """Ask a server on this machine as a browser would."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    sent = {"Host": "127.0.0.1", "Connection": "close", "Content-Length": str(len(body)), **(headers or {})}
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in sent.items()), "", ""]
    with contextlib.closing(writer):
        writer.write("\r\n".join(lines).encode() + body)
        content = await reader.read()
    head, _, rest = content.partition(_END)
    cookies = dict(re.findall(rb"(?im)^set-cookie: ([^=]+)=([^;\r]*)", head))
    return Reply(int(head.split(b" ")[1]), {k.decode(): v.decode() for k, v in cookies.items()}, rest)
