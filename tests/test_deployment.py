"""What docs/deploy.md says of networks, proxies and several processes, tried with real servers and a small proxy."""

from __future__ import annotations

import asyncio
import contextlib
import re
import shlex
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.exceptions import InvalidStatus

from benchmarks.sessions.actions import LONG_RACE
from benchmarks.sessions.client import Client, open_session
from benchmarks.sessions.server import ROOT, Server, serve
from tests.sticky_proxy import COOKIE, fetch, run_proxy

pytestmark = pytest.mark.process

DOCS = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
#: Notes every attempt to reach or to look up anything but this machine, and keeps it from being made.
HOOK = """
import os, sys

def note(event, args):
    if event not in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname"):
        return
    host = args[1][0] if event == "socket.connect" and isinstance(args[1], tuple) else args[0]
    if event == "socket.connect" and not isinstance(args[1], tuple):
        return
    host = host.decode() if isinstance(host, bytes) else host
    if host in (None, "", "localhost", "0.0.0.0", "::") or host.startswith(("127.", "::1")):
        return
    with open(os.environ["CONNECTIONS"], "a") as log:
        log.write(f"{event} {host}\\n")
    raise OSError("kept inside by the test")

sys.addaudithook(note)
"""
VISITOR = {"Host": "school.example", "Origin": "http://school.example"}


def documented_options(word: str) -> list[str]:
    """Return Streamlit's options of the first command line in the documentation that has this word."""
    lines = [line for line in DOCS.splitlines() if line.startswith("python -m streamlit run app.py") and word in line]
    return [part for part in shlex.split(lines[0]) if part.startswith("--")]


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return the environment in which a server's attempts to leave this machine are noted."""
    folder = tmp_path_factory.mktemp("hook")
    (folder / "sitecustomize.py").write_text(HOOK)
    return {"PYTHONPATH": str(folder), "CONNECTIONS": str(folder / "connections.txt")}


@contextlib.contextmanager
def noting(watched: dict[str, str]) -> Iterator[list[str]]:
    """Return what was noted inside, complete at the end."""
    log, found = Path(watched["CONNECTIONS"]), []
    log.write_text("")
    yield found
    found += log.read_text().splitlines()


def test_the_documented_line_for_a_local_network_looks_nothing_up(watched):
    options = documented_options("0.0.0.0")
    with noting(watched) as noted, serve(options=options, env=watched):
        pass
    assert noted == []


@pytest.fixture
def page(tmp_path: Path) -> Path:
    """Return a page that costs nothing to run."""
    path = tmp_path / "page.py"
    path.write_text("import streamlit as st\nst.button('Here')\n")
    return path


async def open_and_run(port: int, path: str) -> set[str]:
    """Open the page as a visitor of school.example does; return its buttons. Raises InvalidStatus if refused."""
    there = {"host": "127.0.0.1", "port": port}
    async with open_session(VISITOR["Host"], path, origin=VISITOR["Origin"], **there) as client:
        await client.run()
        return {*client.screen.buttons}


def test_a_proxy_with_a_path_prefix_passes_host_on_and_one_that_rewrites_it_needs_the_documented_option(page, watched):
    (prefix,) = [option for option in documented_options("baseUrlPath") if "baseUrlPath" in option]
    path = "/" + prefix.partition("=")[2]
    (known,) = [option for option in documented_options("school.example") if "serverAddress" in option]

    async def visit(server: Server, host: str | None) -> set[str]:
        async with run_proxy([server.address], host) as proxy:
            found = await fetch(proxy.port, f"{path}/", {"Host": VISITOR["Host"]})
            assert found.status == 200
            script = re.search(rb'src="\./(static/js/[^"]+)"', found.body)[1].decode()
            assert (await fetch(proxy.port, f"{path}/{script}")).status == 200  # the address of the page holds
            return await open_and_run(proxy.port, path)

    log = Path(watched["CONNECTIONS"])
    log.write_text("")
    with serve(page, [prefix, "--server.address=0.0.0.0"], watched, path) as server:
        assert "checkip" in log.read_text()  # without the documented address Streamlit asks who this machine is
        log.write_text("")
        assert asyncio.run(visit(server, None)) == {"Here"}
        assert log.read_text() == ""
        with pytest.raises(InvalidStatus, match="403"):  # the page stays blank,
            asyncio.run(visit(server, "inside:8501"))
        assert "checkip" in log.read_text()  # and the server asks whether it is school.example
    with noting(watched) as noted, serve(page, [prefix, known], watched, path) as server:
        assert asyncio.run(visit(server, "inside:8501")) == {"Here"}
    assert noted == []


async def upload(port: int, client: Client, cookies: dict[str, str], name: str, content: bytes) -> tuple[int, object]:
    """Upload a file as a browser does; return the status and where it lies."""
    asking = BackMsg()
    asking.file_urls_request.request_id = "1"
    asking.file_urls_request.file_names.append(name)
    asking.file_urls_request.session_id = client.screen.session_id
    place = (await ask(client, asking, "file_urls_response")).file_urls[0]
    body = (
        f'--cut\r\nContent-Disposition: form-data; name="{name}"; filename="{name}"\r\n'
        "Content-Type: application/json\r\n\r\n"
    ).encode() + content + b"\r\n--cut--\r\n"  # fmt: skip
    headers = {
        "Content-Type": "multipart/form-data; boundary=cut",
        "Cookie": "; ".join(f"{key}={value}" for key, value in cookies.items()),
        "X-Xsrftoken": cookies["_streamlit_xsrf"],
    }
    return (await fetch(port, place.upload_url, headers, "PUT", body)).status, place


async def show_upload(client: Client, widget: str, name: str, place: object, size: int) -> None:
    """Tell the page's uploader which file it has, and run."""
    message = BackMsg()
    state = message.rerun_script.widget_states.widgets.add()
    state.id = widget
    info = state.file_uploader_state_value.uploaded_file_info.add()
    info.file_id, info.name, info.size = place.file_id, name, size
    info.file_urls.CopyFrom(place)
    message.rerun_script.query_string, message.rerun_script.page_script_hash = client.screen.query, client.page_hash
    request = client.runs.ask()
    await client.socket.send(message.SerializeToString())
    await asyncio.wait_for(request.done.wait(), 120)


def find_uploader(found: list[str], message: ForwardMsg) -> bool:
    """Note the id of the page's uploader; return whether the message has it."""
    element = message.delta.new_element if message.WhichOneof("type") == "delta" else None
    if element is None or element.WhichOneof("type") != "file_uploader":
        return False
    found.append(element.file_uploader.id)
    return True


def find_download(found: list[str], message: ForwardMsg) -> bool:
    """Note the id of a file that the page offers to make; return whether the message has one."""
    if message.WhichOneof("type") != "delta" or not message.delta.new_element.download_button.deferred_file_id:
        return False
    found.append(message.delta.new_element.download_button.deferred_file_id)
    return True


async def make_file(client: Client, file_id: str) -> str:
    """Ask for a file as a click on its button does; return its address."""
    asking = BackMsg()
    asking.backend_operation_request.request_id = "1"
    asking.backend_operation_request.session_id = client.screen.session_id
    asking.backend_operation_request.deferred_file.file_id = file_id
    return (await ask(client, asking, "backend_operation_response")).deferred_file.url


async def ask(client: Client, asking: BackMsg, kind: str):
    """Send a request that runs no script; return the answer of this kind."""
    replies: list[ForwardMsg] = []

    def is_reply(message: ForwardMsg) -> bool:
        if message.WhichOneof("type") != kind:
            return False
        replies.append(message)
        return True

    seen = client.watch(is_reply)
    await client.socket.send(asking.SerializeToString())
    await asyncio.wait_for(seen.wait(), 120)
    return getattr(replies[0], kind)


async def check_two_processes(servers: list[Server]) -> None:
    """Visit two servers behind one proxy: everything of one visitor must stay on one."""
    async with contextlib.AsyncExitStack() as stack:
        proxy = await stack.enter_async_context(run_proxy([server.address for server in servers]))
        address = f"127.0.0.1:{proxy.port}"

        async def arrive() -> dict[str, str]:
            """Return the cookies that a new visitor's browser has."""
            first = await fetch(proxy.port, "/")
            home = {"Cookie": f"{COOKIE}={first.cookies[COOKIE]}"}
            return {**first.cookies, **(await fetch(proxy.port, "/_stcore/health", home)).cookies}

        def connect(cookies: dict[str, str], session: str = ""):
            """Open a tab of a visitor; with a session it is a connection that was lost."""
            names = ["streamlit", "PLACEHOLDER_AUTH_TOKEN", session] if session else ["streamlit"]
            return open_session(
                address, subprotocols=names, additional_headers={"Cookie": f"{COOKIE}={cookies[COOKIE]}"}
            )

        one, two = await arrive(), await arrive()
        assert [one[COOKIE], two[COOKIE]] == ["0", "1"]  # the proxy spreads visitors
        proxy.log.clear()
        uploaders: list[str] = []
        downloads: list[str] = []
        async with connect(one) as tab:
            await tab.run()
            tab.open_page("physics")
            tab.watch(partial(find_uploader, uploaders))
            tab.watch(partial(find_download, downloads))
            await tab.run()
            url = await make_file(tab, downloads[0])
            assert b"positions" in (await fetch(proxy.port, url, {"Cookie": f"{COOKIE}=0"})).body
            assert (await fetch(proxy.port, url, {"Cookie": f"{COOKIE}=1"})).status == 404  # it lies in one process
            status, place = await upload(proxy.port, tab, one, "stick.json", b"no scene")
            assert status == 204
            told = tab.watch(lambda message: b"stick.json" in message.SerializeToString())
            await show_upload(tab, uploaders[0], "stick.json", place, 8)
            assert told.is_set()  # the page has read the file and says what is wrong with it
            assert (await upload(proxy.port, tab, {**one, COOKIE: "1"}, "stray.json", b"{}"))[0] == 400
            tab.open_page("train")
            await tab.run(f"models=mlp&{LONG_RACE}")
            await tab.press("Start")
            link, session = tab.screen.query, tab.screen.session_id
        assert "run=" in link
        await asyncio.sleep(1)  # until the server has seen that the connection is gone
        async with connect(one, session) as again:  # it comes back to its session
            again.page_hash = tab.page_hash
            await again.run(link)
            assert again.screen.session_id == session
            assert "Stop" in again.screen.buttons
        async with connect(one) as reloaded:
            await reloaded.run()
            reloaded.open_page("train")
            await reloaded.run(link)
            assert reloaded.screen.session_id != session
            assert "Stop" in reloaded.screen.buttons  # a reload finds the run
            await reloaded.press("Reset")
        assert {number for number, path in proxy.log if "stick" in path or path.startswith("/_stcore/stream")} == {0}
        async with connect(two, session) as other:
            await other.run()
            assert other.screen.session_id != session  # without the cookie there is another session,
            other.open_page("train")
            await other.run(link)
            assert any(label.startswith("Start") for label in other.screen.buttons)  # and no such run


def test_two_processes_behind_one_address_keep_a_visitor_on_one():
    with serve() as first, serve() as second:
        asyncio.run(check_two_processes([first, second]))
