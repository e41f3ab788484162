"""Files that a person opens on a page about pairs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from pages._ui.kept import uploaded_file
from pages._ui.session import PageControls
from rn_core.common.errors import RNCoreError

File = TypeVar("File")


def open_upload(session: PageControls, key: str, read: Callable[[bytes, str], File]) -> File | None:
    """Return what the file of an uploader holds; None without one, or with a notice if it cannot be read.

    Args:
        session: the page's.
        key: of the uploader.
        read: content and name of the file -> what it holds, such as `FileBacked.read_file`; raises RNCoreError.
    """
    file = uploaded_file(key)
    if file is None:
        return None
    try:
        return read(file.getvalue(), file.name)
    except RNCoreError as err:
        session.notify(str(err))
        return None
