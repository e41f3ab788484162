"""A small folder in CLEVR's layout without a renderer: flat shapes where the camera sees the objects."""

from __future__ import annotations

import json
from pathlib import Path

from PIL import Image, ImageDraw

from rn_core.common.seeding import make_rng
from rn_core.tasks.clevr import ClevrScene, QuestionGenerator, sample_scenes
from rn_core.tasks.clevr.bodies import TINTS
from rn_core.tasks.clevr.world import COLORS

_SIZE = (120, 80)
_RGB = dict(zip(COLORS, TINTS, strict=True))


def paint_scene(scene: ClevrScene) -> Image.Image:
    """Return a picture: squares, discs and triangles for cubes, spheres and cylinders; what is metal has a rim."""
    image = Image.new("RGB", _SIZE, (200, 200, 200))
    draw = ImageDraw.Draw(image)
    for item in sorted(scene.to_dict()["objects"], key=lambda item: -item["pixel_coords"][2]):
        x, y, depth = item["pixel_coords"]
        x, y, r = x / 4, y / 4, (90 if item["size"] == "large" else 45) / depth
        rim = "white" if item["material"] == "metal" else None
        if item["shape"] == "cylinder":
            draw.polygon([(x - r, y + r), (x + r, y + r), (x, y - r)], _RGB[item["color"]], rim)
        else:
            shape = draw.rectangle if item["shape"] == "cube" else draw.ellipse
            shape([x - r, y - r, x + r, y + r], _RGB[item["color"]], rim)
    return image


def paint_split(root: Path, split: str, n_scenes: int, seed: int, n_questions: int = 10) -> None:
    """Write pictures, scene graphs and questions with their programs and answers."""
    rng = make_rng(seed, "explore")
    scenes, generator = sample_scenes(rng, n_scenes), QuestionGenerator(rng)
    for folder in (f"images/{split}", "questions", "scenes"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    questions, records = [], []
    for index, scene in enumerate(scenes):
        image = {"image_index": index, "image_filename": f"CLEVR_{split}_{index:06d}.png", "split": split}
        paint_scene(scene).save(root / "images" / split / image["image_filename"])
        records.append({**scene.to_dict(), **image})
        asked = generator.ask(scene, n_questions)
        questions += [{**image, "question": q.text, "program": q.program, "answer": q.answer} for q in asked]
    for kind, rows in (("questions", questions), ("scenes", records)):
        path = root / kind / f"CLEVR_{split}_{kind}.json"
        path.write_text(json.dumps({"info": {"split": split}, kind: rows}))


def paint_folder(root: Path, n_train: int, n_validation: int, n_questions: int = 10) -> Path:
    """Write splits train and val and return the folder."""
    paint_split(root, "train", n_train, 1, n_questions)
    paint_split(root, "val", n_validation, 2, n_questions)
    return root
