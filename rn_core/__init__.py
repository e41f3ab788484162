"""The Relation Network of Santoro et al. 2017 (arXiv 1706.01427): scenes, models, attribution, weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rn_core.common.version import __version__

if TYPE_CHECKING:
    from pathlib import Path

    from rn_core.answering import Answerer

__all__ = ["__version__", "load"]


def load(name: str, device: str = "auto", folder: Path | None = None) -> Answerer:
    """Load weights by name after checking their hash; see `rn_core.answering.load`.

    Imported on first use, so that `import rn_core` stays quick.
    """
    from rn_core import answering

    return answering.load(name, device) if folder is None else answering.load(name, device, folder)
