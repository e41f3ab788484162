"""Renders the picture that the CLEVR page opens on: `python -m pages._lab.clevr.bundle`."""

from __future__ import annotations

import io

from PIL import Image

from pages._lab.clevr.pictures import BUNDLED_PICTURE, BUNDLED_SCENE
from pages._lab.clevr.state import DEFAULT_SEED
from pages._lab.clevr.things import sampled_scene
from rn_core.common.files import write_whole
from rn_core.tasks.clevr.rendering import render_scene


def main() -> None:
    """Write picture and scene beside this file."""
    scene = sampled_scene(DEFAULT_SEED)
    content = io.BytesIO()
    Image.fromarray(render_scene(scene, DEFAULT_SEED)).save(content, format="PNG", optimize=True)
    write_whole(BUNDLED_PICTURE, content.getvalue())
    write_whole(BUNDLED_SCENE, (scene.to_json() + "\n").encode())


if __name__ == "__main__":
    main()
