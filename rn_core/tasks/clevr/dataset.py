"""A rendered data set in CLEVR's layout, rendered by many processes or a cluster, resumed where it was interrupted.

Every picture carries its scene and how it was made in a text field of its PNG file, so that existing pictures can be
checked; an incomplete PNG file is rendered again. Scenes and questions are written when all pictures exist.
"""

from __future__ import annotations

import io
import json
import logging
import re
import signal
import struct
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, PngImagePlugin

from rn_core.common.checks import is_whole, shown
from rn_core.common.errors import RNCoreError, lookup
from rn_core.common.files import clear_leftovers, write_parts, write_whole
from rn_core.common.locks import hold_folder
from rn_core.common.seeding import SPLITS, check_seed, make_rng, uniform_integers
from rn_core.tasks.clevr.cluster import rendering_on_cluster
from rn_core.tasks.clevr.generation import QUESTIONS_PER_SCENE, SCENES_PER_ROUND, ClevrQuestion, QuestionGenerator
from rn_core.tasks.clevr.marking import describe_marked
from rn_core.tasks.clevr.picture_size import CLEVR_SIZE, PictureSize, read_size
from rn_core.tasks.clevr.rendering import DEFAULT_SAMPLES, Guide, check_samples, render_guided, use_threads
from rn_core.tasks.clevr.sampling import MIN_PIXELS, sample_scene
from rn_core.tasks.clevr.scene import ClevrScene
from rn_core.tasks.clevr.templates import load_templates

MAX_SCENES = 1_000_000
MAX_PROCESSES = 256
#: Splits that CLEVR calls otherwise.
_NAMES = {"validation": "val"}
_FIELD = "rn_core"
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
#: Branch of a split's seeds that questions are drawn from; scenes have the branches 0, index.
_SCENES, _QUESTIONS = 0, 1
Progress = Callable[[Iterable[Any]], Iterable[Any]]


@dataclass(frozen=True)
class PictureRecipe:
    """What decides all pictures of a split, beside their index.

    Attributes:
        split: a key of `SPLITS`; no scene of one split is drawn from the seeds of another.
        seed: root seed, 0 to 2**32 - 1.
        samples: paths per pixel and group of lights.
        size: width and height of every picture.
    """

    split: str = "train"
    seed: int = 0
    samples: int = DEFAULT_SAMPLES
    size: PictureSize = CLEVR_SIZE

    def __post_init__(self) -> None:
        """Raise RNCoreError for an unknown split, a bad seed, number of samples or size."""
        lookup(self.split, SPLITS, "split")
        check_seed(self.seed)
        check_samples(self.samples)
        read_size(str(self.size))

    @classmethod
    def from_dict(cls, record: dict[str, Any]) -> PictureRecipe:
        """Return the recipe of a `to_dict`."""
        return cls(**{**record, "size": read_size(record.get("size", str(CLEVR_SIZE)))})

    def to_dict(self) -> dict[str, Any]:
        """Return the recipe as JSON values; CLEVR's own size is not named."""
        size = {} if self.size == CLEVR_SIZE else {"size": str(self.size)}
        return {"split": self.split, "seed": self.seed, "samples": self.samples, **size}

    @property
    def folder(self) -> str:
        """Return the split's name in CLEVR's layout."""
        return _NAMES.get(self.split, self.split)

    def file_name(self, index: int) -> str:
        """Return the name of a picture's file."""
        return f"CLEVR_{self.folder}_{index:06d}.png"


def write_dataset(
    root: Path,
    recipe: PictureRecipe,
    n_scenes: int,
    processes: int = 1,
    progress: Progress = iter,
    dask: str = "",
    n_questions: int = QUESTIONS_PER_SCENE,
) -> None:
    """Write pictures, scenes and questions about each, so that `folder.open_split` reads them.

    Existing pictures are kept: the same call resumes after an interruption, one with more scenes adds to them.
    Damaged ones are named in a warning of the log and rendered again.

    Args:
        root: the folder, new or begun before.
        recipe: split, seed and samples.
        n_scenes: 1 to 1,000,000.
        processes: 1 to 256, each on one core.
        progress: wraps the iteration over pictures that are missing (a progress bar).
        dask: address of the scheduler of a Dask cluster whose workers render instead of this machine; the folder is
            the same to the byte where all have the same kind of processor.
        n_questions: about each scene, 1 to 90; fewer where a scene allows fewer. CLEVR has ten.

    Raises:
        RNCoreError: in one sentence, on bad arguments, if the folder holds other pictures by these names, more of
            them, or another task's data, if something cannot be written, another process writes there, Mitsuba
            cannot be loaded, or the cluster cannot be reached, has no workers, or workers without the same renderer.
    """
    _check_count("The number of scenes", n_scenes, MAX_SCENES)
    _check_count("The number of processes", processes, MAX_PROCESSES)
    _check_count("The number of questions about a scene", n_questions, len(load_templates()))  # each family once
    if dask and processes != 1:
        raise RNCoreError(
            f"A Dask cluster renders with its own workers, but {processes} processes were asked for, too; choose one."
        )
    with hold_folder(root):
        _check_folder(root, recipe, n_scenes)
        _write_all(root, recipe, (n_scenes, n_questions), partial(_rendering, processes, dask), progress)


#: Folder, recipe and indices of pictures -> what renders and writes one at each step.
_Rendering = Callable[[Path, "PictureRecipe", list[int]], AbstractContextManager[Iterator[None]]]


def _write_all(
    root: Path, recipe: PictureRecipe, counts: tuple[int, int], rendering: _Rendering, progress: Progress
) -> None:
    """Write what is missing of a data set, and all scenes and questions; `counts` are of scenes, and questions each."""
    n_scenes, n_questions = counts
    folder, files = root / "images" / recipe.folder, f"CLEVR_{recipe.folder}_*"
    for place in (folder, root / "scenes", root / "questions"):
        clear_leftovers(place, files)
    missing = [index for index in range(n_scenes) if not _is_there(folder, recipe, index)]
    with rendering(folder, recipe, missing) as done:
        for _ in progress(missing):
            next(done)
    info = {"split": recipe.folder, **recipe.to_dict()}
    scenes = (_read_scene(folder / recipe.file_name(index), recipe) for index in range(n_scenes))
    write_parts(root / "scenes" / f"CLEVR_{recipe.folder}_scenes.json", _format("scenes", info, scenes))
    questions = _ask(folder, recipe, n_scenes, n_questions)
    write_parts(root / "questions" / f"CLEVR_{recipe.folder}_questions.json", _format("questions", info, questions))


def _check_folder(root: Path, recipe: PictureRecipe, n_scenes: int) -> None:
    """Raise RNCoreError if a folder holds more pictures of the split, or another task's data."""
    if any(root.glob("made_*.json")):
        raise RNCoreError(f"'{root}' holds stories of task babi; choose another folder for pictures.")
    names = re.compile(rf"CLEVR_{recipe.folder}_(\d{{6}})\.png")
    found = (names.fullmatch(path.name) for path in (root / "images" / recipe.folder).glob("CLEVR_*.png"))
    n_there = max((int(match[1]) + 1 for match in found if match), default=0)
    if n_there > n_scenes:
        raise RNCoreError(
            f"'{root}' holds {n_there} scenes of split {recipe.folder}, more than the {n_scenes} asked for; ask for "
            f"{n_there} or more, or choose another folder."
        )


def draw_picture(recipe: PictureRecipe, index: int) -> tuple[ClevrScene, np.ndarray]:
    """Return a scene of a split, with the pixel coordinates of a 480 x 320 picture, and its picture (H, W, 3) uint8.

    Drawn again until every object shows `MIN_PIXELS` in the picture itself, as CLEVR does, or the same share of it.
    """
    scene, picture, _ = _draw_guided(recipe, index)
    return scene, picture


def _draw_guided(recipe: PictureRecipe, index: int) -> tuple[ClevrScene, np.ndarray, Guide]:
    """Return a scene of a split, its picture, and what each pixel shows; see `draw_picture`."""
    rng = make_rng(recipe.seed, recipe.split, _SCENES, index)
    least = recipe.size.scale_area(MIN_PIXELS)
    while True:
        scene = sample_scene(rng)
        seed = int(uniform_integers(rng, 2**32, (1,))[0])
        picture, guide = render_guided(scene, seed, recipe.samples, recipe.size)
        pixels = np.bincount(guide.shown.ravel(), minlength=scene.n_objects + 1)[:-1]
        if pixels.min() >= least:
            return scene, picture, guide


def _check_count(what: str, count: int, most: int) -> None:
    """Raise RNCoreError unless a number is from 1 to `most`."""
    if not is_whole(count) or not 1 <= count <= most:
        raise RNCoreError(f"{what} must be a whole number from 1 to {most:,}, got {shown(count)}; change it.")


@contextmanager
def _rendering(
    processes: int, dask: str, folder: Path, recipe: PictureRecipe, indices: list[int]
) -> Iterator[Iterator[None]]:
    """Yield an iterator that has rendered and written one more picture at each step."""
    if dask and indices:
        with rendering_on_cluster(dask, partial(make_file, recipe), indices) as files:
            yield _write_files(folder, recipe, files)
    else:
        with _workers(min(processes, len(indices))) as run:
            yield run(partial(_write_picture, folder, recipe), indices)


def _write_files(folder: Path, recipe: PictureRecipe, files: Iterable[tuple[int, bytes]]) -> Iterator[None]:
    """Write the files of pictures as they come, one at each step."""
    for index, content in files:
        write_whole(folder / recipe.file_name(index), content)
        yield


@contextmanager
def _workers(processes: int) -> Iterator[Callable[[Callable[[int], None], list[int]], Iterator[None]]]:
    """Yield a `map` that runs in this process, or in several new ones."""
    if processes < 2:
        yield map
        return
    pool = ProcessPoolExecutor(processes, get_context("spawn"), _start_worker)
    try:
        yield pool.map
    except BrokenProcessPool as err:
        raise RNCoreError(
            f"One of {processes} processes was ended from outside, perhaps for lack of memory; its work is "
            "kept: start the same command again, with fewer processes."
        ) from err
    finally:
        pool.shutdown(cancel_futures=True)


def _start_worker() -> None:
    """Leave Ctrl-C to the process that started this one, and the other cores to its other processes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    use_threads(1)


def _write_picture(folder: Path, recipe: PictureRecipe, index: int) -> None:
    """Render one picture and write it with its scene."""
    write_whole(folder / recipe.file_name(index), make_file(recipe, index))


def make_file(recipe: PictureRecipe, index: int) -> bytes:
    """Return the PNG file of a picture, rendered now, which carries its scene; raises RNCoreError as `draw_picture`."""
    scene, picture, guide = _draw_guided(recipe, index)
    record = describe_marked(scene, guide.shown, recipe.size)
    known = {"image_index": index, "image_filename": recipe.file_name(index), "split": recipe.folder}
    text = PngImagePlugin.PngInfo()
    text.add_text(_FIELD, json.dumps({"recipe": recipe.to_dict(), "scene": {**known, **record}}))
    content = io.BytesIO()
    Image.fromarray(picture).save(content, "PNG", pnginfo=text)
    return content.getvalue()


def _is_there(folder: Path, recipe: PictureRecipe, index: int) -> bool:
    """Return whether a whole picture is there; raises RNCoreError if it is another one."""
    path = folder / recipe.file_name(index)
    if not path.exists():
        return False
    if _is_cut(path):
        logging.getLogger(__name__).warning("'%s' is truncated or damaged; it is rendered again.", path)
        return False
    return _read_scene(path, recipe) is not None


def _is_cut(path: Path) -> bool:
    """Return whether a file begins as a PNG file does, as far as it goes, and is no whole one."""
    try:
        with path.open("rb") as file:
            start = file.read(len(_SIGNATURE))
        if not _SIGNATURE.startswith(start):
            return False
        with Image.open(path, formats=["PNG"]) as image:
            image.verify()
    except Image.DecompressionBombError:
        return False
    except (OSError, SyntaxError, ValueError, struct.error):
        return True
    return False


def _read_scene(path: Path, recipe: PictureRecipe) -> dict[str, Any]:
    """Return the scene that a picture carries; raises RNCoreError if it was not made by the recipe."""
    try:
        with Image.open(path, formats=["PNG"]) as image:
            record = json.loads(image.info[_FIELD])
        found = PictureRecipe.from_dict(record["recipe"])
        scene: dict[str, Any] = record["scene"]
    except (OSError, SyntaxError, ValueError, KeyError, TypeError, Image.DecompressionBombError) as err:
        raise RNCoreError(f"'{path}' was not made by this command; choose an empty folder.") from err
    if found.size != recipe.size:
        raise RNCoreError(
            f"'{path.name}' is {found.size}, not {recipe.size}; give that size again, or choose an empty folder."
        )
    if found != recipe:
        raise RNCoreError(
            f"'{path.name}' was made with seed {found.seed} and {found.samples} samples, not seed {recipe.seed} and "
            f"{recipe.samples} samples; give those again, or choose an empty folder."
        )
    return scene


def _ask(folder: Path, recipe: PictureRecipe, n_scenes: int, n_questions: int) -> Iterator[dict[str, Any]]:
    """Yield the questions about all scenes, as CLEVR's records."""
    number = 0
    for index in range(n_scenes):
        if index % SCENES_PER_ROUND == 0:
            generator = QuestionGenerator(make_rng(recipe.seed, recipe.split, _QUESTIONS, index))
        record = _read_scene(folder / recipe.file_name(index), recipe)
        for question in generator.ask(ClevrScene.from_json(record), n_questions):
            yield _describe_question(question, record, number)
            number += 1


def _describe_question(question: ClevrQuestion, scene: dict[str, Any], number: int) -> dict[str, Any]:
    """Return a question as CLEVR writes it."""
    program = [
        {"inputs": node["inputs"], "function": node["type"], "value_inputs": node["value_inputs"]}
        for node in question.program
    ]
    return {
        "image_index": scene["image_index"],
        "program": program,
        "question_index": number,
        "image_filename": scene["image_filename"],
        "question_family_index": question.family,
        "split": scene["split"],
        "answer": question.answer,
        "question": question.text,
    }


def _format(key: str, info: dict[str, Any], records: Iterable[dict[str, Any]]) -> Iterator[bytes]:
    """Yield the parts of a JSON file that holds a list of records."""
    yield f'{{"info": {json.dumps(info)}, "{key}": ['.encode()
    for number, record in enumerate(records):
        yield ((",\n" if number else "\n") + json.dumps(record)).encode()
    yield b"\n]}\n"
