"""What pages keep of models, to be forgotten where a test answers by other ones."""

from __future__ import annotations

from pages._ui import cache


def clear_readings() -> None:
    """Forget all models and what they said."""
    for cached in (
        cache.shared_answerer,
        cache._cached_pass,
        cache.cached_answer,
        cache.cached_attribution,
        cache.cached_ranking,
        cache.keep_values,
        cache.keep_view,
    ):
        cached.clear()
