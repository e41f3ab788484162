"""How often image networks warn of strange pictures: `python -m benchmarks.strange_inputs [--scenes 500] [--seed 0]`.

Ordinary pictures should bring a warning in at most 1 % of cases, strange ones in at least 95 %. Photographs are crops
of the three that ship with Matplotlib and scikit-learn and, for networks of Sort-of-CLEVR, of CLEVR's pictures in a
folder. With `--clevr FOLDER`, a folder in CLEVR's layout with pictures in `images/test`, the networks for CLEVR's
pictures in `--weights` are measured, too.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from matplotlib import cbook
from PIL import Image, ImageDraw

from benchmarks.other_pictures import PUBLIC, Colors, draw_picture
from rn_core.answering import Answerer, load
from rn_core.common.records import Accuracy
from rn_core.common.seeding import make_rng
from rn_core.evaluation.accuracy import accuracy_interval
from rn_core.evaluation.printing import format_accuracy
from rn_core.evaluation.strange_inputs import find_strange
from rn_core.experiments.plain import sample_plain_scene
from rn_core.tasks.sort_of_clevr import sample_scenes
from rn_core.tasks.sort_of_clevr.rendering import PALETTE, render_scenes
from rn_core.tasks.sort_of_clevr.scene import CLEARANCE, COLORS, DEFAULT_MARGIN, HIGHEST, IMAGE_SIZE, LOWEST, RADIUS
from rn_core.tasks.sort_of_clevr.styles import sample_styled
from rn_core.training.profiling import knows_styles
from rn_core.weights.store import PRETRAINED, list_weights

#: Tasks of networks that take CLEVR's pictures.
_CLEVR = ("clevr/pixels", "clevr/cells", "clevr/slots")
_MARGIN = 3.0
_CROWD = 12
#: Draws one picture (H, W, 3) uint8.
Draw = Callable[[np.random.Generator], np.ndarray]


@dataclass(frozen=True)
class Kind:
    """One kind of pictures.

    Attributes:
        draw: draws one.
        known_to: the networks to which these are ordinary: "all", "styles" (those that learned from many styles; to
            the others they are strange), "some" (as "styles", and to the others it is open) or "none".
    """

    draw: Draw
    known_to: str = "none"


@dataclass(frozen=True)
class Photographs:
    """Crops of photographs.

    Attributes:
        paths: of PNG or JPEG files.
        shape: height and width of a crop, to which it is resized.
    """

    paths: Sequence[Path]
    shape: tuple[int, int] = (IMAGE_SIZE, IMAGE_SIZE)
    _kept: dict[Path, Image.Image] = field(default_factory=dict)

    def __call__(self, rng: np.random.Generator) -> np.ndarray:
        """Return a crop of a picture, between two fifths and all of its shorter side wide."""
        path = self.paths[int(rng.integers(len(self.paths)))]
        if path not in self._kept:
            with Image.open(path) as file:
                self._kept[path] = file.convert("RGB")
        photo = self._kept[path]
        side = int(rng.uniform(0.4, 1) * min(photo.size))
        x, y = (int(rng.integers(0, whole - side + 1)) for whole in photo.size)
        crop = photo.crop((x, y, x + side, y + side))
        return np.asarray(crop.resize(self.shape[::-1], Image.Resampling.BILINEAR))


def list_photographs() -> list[Path]:
    """Return the photographs that ship with Matplotlib and scikit-learn: a portrait, a temple and a flower."""
    from sklearn import datasets  # here: it imports much, and only its folder is wanted

    folder = Path(datasets.__file__).parent / "images"
    return [Path(cbook.get_sample_data("grace_hopper.jpg", asfileobj=False)), *sorted(folder.glob("*.jpg"))]


def draw_gradient(rng: np.random.Generator, shape: tuple[int, int] = (IMAGE_SIZE, IMAGE_SIZE)) -> np.ndarray:
    """Return a picture that goes from one color to another one in some direction."""
    first, last = rng.integers(0, 256, (2, 3))
    angle = rng.uniform(0, 2 * np.pi)
    y, x = np.mgrid[: shape[0], : shape[1]]
    along = x * np.cos(angle) + y * np.sin(angle)
    share = (along - along.min()) / np.ptp(along)
    picture: np.ndarray = np.rint(first + (last - first) * share[..., None]).astype(np.uint8)
    return picture


def draw_crowd(rng: np.random.Generator, n_objects: int = _CROWD) -> np.ndarray:
    """Return a picture of a scene with more objects than there are colors, in this project's style."""
    places: list[tuple[int, int]] = []
    while len(places) < n_objects:
        x, y = (int(value) for value in rng.integers(LOWEST, HIGHEST + 1, 2))
        if all(max(abs(x - a), abs(y - b)) >= CLEARANCE for a, b in places):
            places.append((x, y))
        elif rng.random() < 0.01:
            places.clear()
    picture = Image.new("RGB", (IMAGE_SIZE, IMAGE_SIZE), (255,) * 3)
    pen = ImageDraw.Draw(picture)
    for x, y in places:
        box = (x - RADIUS, y - RADIUS, x + RADIUS, y + RADIUS)
        (pen.ellipse if rng.random() < 0.5 else pen.rectangle)(box, fill=PALETTE[COLORS[rng.integers(len(COLORS))]])
    return np.asarray(picture)


def _redrawn(colors: Colors, ground: int = 255) -> Draw:
    """Return what draws a scene in some colors on a ground."""
    return lambda rng: draw_picture(sample_plain_scene(rng, _MARGIN), colors, ground)


def list_shapes(photos: Sequence[Path]) -> dict[str, Kind]:
    """Return the kinds of pictures that networks of Sort-of-CLEVR are shown."""
    return {
        "own": Kind(lambda rng: render_scenes(sample_scenes(rng, 1))[0], "all"),
        "own colors, drawn by Pillow": Kind(_redrawn(PALETTE), "some"),
        "many styles": Kind(lambda rng: sample_styled(rng, 1, DEFAULT_MARGIN)[1][0], "some"),
        "public colors": Kind(_redrawn(PUBLIC), "styles"),
        "ground 245": Kind(_redrawn(PALETTE, 245), "styles"),
        "ground 200": Kind(_redrawn(PALETTE, 200), "styles"),
        "ground 0": Kind(_redrawn(PALETTE, 0), "styles"),
        f"{_CROWD} objects": Kind(draw_crowd),
        "gradients": Kind(draw_gradient),
        "photographs": Kind(Photographs(photos)),
    }


def list_clevr(folder: Path, real: Sequence[Path], photos: Sequence[Path]) -> dict[str, tuple[int | None, Kind]]:
    """Return the kinds of pictures that networks of CLEVR are shown, and how many there are; None if they are drawn."""
    own, shape = sorted((folder / "images" / "test").glob("*.png")), (320, 480)
    kinds: dict[str, tuple[int | None, Kind]] = {
        "own (rendered)": (len(own), Kind(_each(own), "all")),
        "CLEVR's own": (len(real), Kind(_each(real), "some")),
        "gradients": (None, Kind(lambda rng: draw_gradient(rng, shape))),
        "photographs": (None, Kind(Photographs(photos, shape))),
        "shapes of Sort-of-CLEVR": (None, Kind(lambda rng: render_scenes(sample_scenes(rng, 1))[0])),
    }
    return {name: kind for name, kind in kinds.items() if kind[0] != 0}


def _each(paths: Sequence[Path]) -> Draw:
    """Return what reads one picture after the other."""
    left: Iterator[Path] = iter(paths)
    return lambda _: np.asarray(Image.open(next(left)).convert("RGB"))


def measure(answerer: Answerer, draw: Draw, n_pictures: int, seed: int, branch: int) -> Accuracy:
    """Return the share of pictures of a kind that bring a warning, with its 95 % interval."""
    rng = make_rng(seed, "test", branch)
    parts = answerer.name, answerer.model, answerer.task, answerer.profile
    warned = [bool(find_strange(*parts, draw(rng))) for _ in range(n_pictures)]
    return accuracy_interval(np.array(warned, dtype=float), np.ones(n_pictures))


def format_row(name: str, kind: str, wanted: str, found: Accuracy) -> str:
    """Return one line of the table, in percent."""
    return f"| {name} | {kind} | {wanted} | {format_accuracy(found)} | {found.n} |"


def _print_rows(
    answerer: Answerer, many: bool, kinds: Mapping[str, tuple[int | None, Kind]], n_pictures: int, seed: int
) -> None:
    """Print a line per kind of pictures for one network, which has learned from one style or from many."""
    wanted = {"all": "≤ 1", "styles": "≤ 1" if many else "≥ 95", "some": "≤ 1" if many else "–", "none": "≥ 95"}
    for branch, (name, (there_are, kind)) in enumerate(kinds.items()):
        found = measure(answerer, kind.draw, there_are or n_pictures, seed, 20 + branch)
        print(format_row(answerer.name, name, wanted[kind.known_to], found), flush=True)


def main(arguments: list[str] | None = None) -> None:
    """Print a line per network and kind of pictures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--scenes", type=int, default=500, help="pictures of each kind")
    parser.add_argument("--seed", type=int, default=0, help="of the pictures")
    parser.add_argument(
        "--photos", type=Path, default=Path("../shared/data/clevr"), help="folder with pictures of CLEVR"
    )
    parser.add_argument("--clevr", type=Path, default=None, help="folder of rendered pictures in CLEVR's layout")
    parser.add_argument("--weights", type=Path, default=PRETRAINED, help="folder of all weights")
    options = parser.parse_args(arguments)
    photos = list_photographs()
    real = sorted(options.photos.rglob("*.png"))
    print("| network | pictures | wanted | with a warning, % | pictures |\n" + "| --- " * 5 + "|")
    for name, entry in list_weights(options.weights).items():
        if entry.card.task == "sort-of-clevr/pixels":
            shapes = {kind: (None, one) for kind, one in list_shapes([*real, *photos]).items()}
            answerer = load(name, folder=options.weights)
            _print_rows(answerer, knows_styles(answerer.card, answerer.model), shapes, options.scenes, options.seed)
        elif entry.card.task in _CLEVR and options.clevr is not None:
            answerer = load(name, folder=options.weights)
            kinds = list_clevr(options.clevr, real, photos)
            _print_rows(answerer, False, kinds, options.scenes, options.seed)


if __name__ == "__main__":
    main()
