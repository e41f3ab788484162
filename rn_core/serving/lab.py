"""`rn-lab`: starts the app's server, for this machine alone or for everybody in its network."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from rn_core import __version__
from rn_core.common.errors import RNCoreError
from rn_core.serving.server import EVERYWHERE, PORT, find_network_address, is_serving, start


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
    parser.add_argument("--port", type=int, default=None, help=f"to listen at (default: {PORT}, or the next free one)")
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
        visited = find_network_address("--browser.serverAddress=ADDRESS instead of --lan")
    except RNCoreError as err:
        print(err, file=sys.stderr)
        return 1
    print("Everybody in this network can open the address below. There are no passwords; Ctrl-C ends it.", flush=True)
    start(asked.port, EVERYWHERE, [f"--browser.serverAddress={visited}", *options])
    return 0


if __name__ == "__main__":
    sys.exit(main())
