"""Draws for CLEVR's questions, which take many."""

from __future__ import annotations

from collections.abc import Sequence

from rn_core.common.draws import Item, RandomDraws


class Draws(RandomDraws):
    """A `RandomDraws` that fetches larger blocks, and no number where there is no choice."""

    block = 4096

    def choice(self, items: Sequence[Item]) -> Item:
        """Return one of the items, each as likely."""
        return super().choice(items) if len(items) > 1 else items[0]
