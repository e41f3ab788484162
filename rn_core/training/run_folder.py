"""The folder of a training run: one run at a time, all its processes together."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from rn_core.common.errors import RNCoreError
from rn_core.common.files import check_writable, clear_leftovers
from rn_core.common.locks import hold_folder
from rn_core.training.checkpoints import FILE_NAME

if TYPE_CHECKING:
    from lightning_fabric import Fabric


@contextlib.contextmanager
def hold_run(folder: Path, fabric: Fabric) -> Iterator[None]:
    """Keep other runs out of a folder while the block runs; half-written files of killed runs are deleted first.

    The first process holds the lock for all processes of the run.

    Args:
        folder: of the run; created if needed.
        fabric: launched.

    Raises:
        RNCoreError: in every process, if another run has the folder, naming its process, or if the checkpoint cannot
            be written there.
    """
    with contextlib.ExitStack() as held:
        trouble = None
        if fabric.is_global_zero:
            try:
                held.enter_context(hold_folder(folder))
                check_writable(folder / FILE_NAME)
                clear_leftovers(folder, FILE_NAME)
            except RNCoreError as err:
                trouble = err
        said = fabric.broadcast(None if trouble is None else str(trouble))
        if said is not None:
            raise RNCoreError(said) from trouble
        yield
