"""Model configs written by earlier versions, converted to today's form.

Visitors' files and checkpoints hold them, and cards until `rn_core.weights.store.rewrite_cards` rewrites them.
"""

from __future__ import annotations

from typing import Any

from rn_core.models.paths import count_pair_features


def upgrade(values: dict[str, Any]) -> dict[str, Any]:
    """Return the plain values of a model's config with today's fields; current ones are returned unchanged."""
    return _move_comparison(values) if isinstance(values, dict) else values


def _move_comparison(values: dict[str, Any]) -> dict[str, Any]:
    """Return a config whose encoder compares paths; until 0.2 the core did, over `path_frames` frames."""
    encoder, core = (values.get(part) for part in ("encoder", "core"))
    if not isinstance(encoder, dict) or not isinstance(core, dict) or not core.get("path_frames"):
        return values
    n_frames = core["path_frames"]
    if encoder.get("n_frames") != n_frames or not isinstance(n_frames, int):
        return values  # no version wrote this; the field is then refused as unknown
    kept = {name: value for name, value in core.items() if name != "path_frames"}
    return {
        **values,
        "encoder": {**encoder, "compares": True},
        "core": {**kept, "d_pair": count_pair_features(n_frames)},
    }
