"""`python -m rn_core.tasks.own.bundled`: writes the files of the sets that come with the project."""

from __future__ import annotations

from rn_core.common.files import write_whole
from rn_core.tasks.own.bundled import FOLDER
from rn_core.tasks.own.bundled.making import make_files

if __name__ == "__main__":
    for name, content in make_files():
        write_whole(FOLDER / name, content)
        print(f"{name}: {len(content):,} bytes")
