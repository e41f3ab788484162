"""Image networks on pictures that others drew: `python -m benchmarks.other_pictures [--scenes 1000] [--seed 0]`.

The pictures are drawn by Pillow, apart from the training pictures, in the colors of public Sort-of-CLEVR code, on
darker grounds, and compressed; scenes and truth come from the plain maker, object by object.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
import torch
from PIL import Image, ImageDraw

from rn_core.common.records import Batch, Evaluation
from rn_core.common.seeding import make_rng
from rn_core.evaluation.accuracy import evaluate_batches
from rn_core.evaluation.printing import format_accuracy
from rn_core.experiments.plain import answer_plainly, sample_plain_scene
from rn_core.models import QuestionAnsweringModel
from rn_core.tasks import TASKS
from rn_core.tasks.sort_of_clevr.questions import question_codes
from rn_core.tasks.sort_of_clevr.rendering import PALETTE
from rn_core.tasks.sort_of_clevr.scene import COLORS, IMAGE_SIZE, RADIUS
from rn_core.tasks.sort_of_clevr.styles import compress
from rn_core.weights.store import list_weights, load_weights

PIXELS = "sort-of-clevr/pixels"
#: The colors of public Sort-of-CLEVR code.
PUBLIC = MappingProxyType(
    {
        "red": (255, 0, 0),
        "green": (0, 255, 0),
        "blue": (0, 0, 255),
        "orange": (255, 156, 0),
        "gray": (128, 128, 128),
        "yellow": (255, 255, 0),
    }
)
_MARGIN = 3.0
_SCENES_AT_ONCE = 50
PlainScene = list[tuple[str, int, int]]
Colors = Mapping[str, tuple[int, int, int]]


def draw_picture(scene: PlainScene, colors: Colors, ground: int = 255, radius: int = RADIUS) -> np.ndarray:
    """Return the (75, 75, 3) uint8 picture of a scene, a color per object in the order of `COLORS`."""
    picture = Image.new("RGB", (IMAGE_SIZE, IMAGE_SIZE), (ground,) * 3)
    pen = ImageDraw.Draw(picture)
    for color, (shape, x, y) in zip(COLORS, scene, strict=True):
        box = (x - radius, y - radius, x + radius, y + radius)
        (pen.ellipse if shape == "circle" else pen.rectangle)(box, fill=colors[color])
    return np.asarray(picture)


#: Style -> what draws it.
STYLES: Mapping[str, Callable[[PlainScene], np.ndarray]] = MappingProxyType(
    {
        "own colors": lambda scene: draw_picture(scene, PALETTE),
        "public colors": lambda scene: draw_picture(scene, PUBLIC),
        "ground 245": lambda scene: draw_picture(scene, PALETTE, 245),
        "ground 225": lambda scene: draw_picture(scene, PALETTE, 225),
        "public colors, ground 235": lambda scene: draw_picture(scene, PUBLIC, 235),
        "JPEG, quality 70": lambda scene: compress(draw_picture(scene, PALETTE), 70),
        "public colors, JPEG 70": lambda scene: compress(draw_picture(scene, PUBLIC), 70),
        "radius 4": lambda scene: draw_picture(scene, PALETTE, radius=4),
    }
)


def measure(model: QuestionAnsweringModel, style: str, n_scenes: int, seed: int) -> Evaluation:
    """Return a network's accuracy on all 36 questions about pictures of a style."""
    task, rng, draw = TASKS[PIXELS], make_rng(seed, "test", 7), STYLES[style]
    codes = torch.from_numpy(question_codes())

    def sample() -> Batch:
        scenes = [sample_plain_scene(rng, _MARGIN) for _ in range(_SCENES_AT_ONCE)]
        answers = torch.tensor([answer_plainly(scene) for scene in scenes])
        return Batch(
            inputs=(torch.from_numpy(np.stack([draw(scene) for scene in scenes])),),
            question=codes.repeat(len(scenes), 1),
            scene_index=torch.arange(len(scenes)).repeat_interleave(len(codes)),
            answer=answers.flatten(),
            type_index=(torch.arange(len(codes)) // len(COLORS)).repeat(len(scenes)),
        )

    return evaluate_batches(model, task, (sample() for _ in range(max(1, n_scenes // _SCENES_AT_ONCE))), seed)


def format_row(name: str, style: str, found: Evaluation) -> str:
    """Return one line of the table, percent right with their 95 % intervals."""
    cells = (format_accuracy(each) for each in found.groups.values())
    return f"| {name} | {style} | {' | '.join(cells)} |"


def main() -> None:
    """Print a row for each network and style."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenes", type=int, default=1000, help="scenes per style")
    parser.add_argument("--seed", type=int, default=0, help="of the scenes")
    options = parser.parse_args()
    print(f"| network | pictures | {' | '.join(name.replace('_', '-') for name in TASKS[PIXELS].groups)} |")
    print("| --- " * 4 + "|")
    for name in [name for name, entry in list_weights().items() if entry.card.task == PIXELS]:
        model = load_weights(name).model
        for style in STYLES:
            print(format_row(name, style, measure(model, style, options.scenes, options.seed)), flush=True)


if __name__ == "__main__":
    main()
