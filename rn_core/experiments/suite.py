"""Every row of `python -m rn_core bench`."""

from __future__ import annotations

import platform
import statistics
import subprocess
from functools import partial

import numpy as np
import torch

from rn_core.attribution.base import Target
from rn_core.attribution.pairs import attribute_pairs
from rn_core.common.seeding import make_rng
from rn_core.experiments.cost import Case, Measurement, time_side_by_side
from rn_core.experiments.memory import measure_peak
from rn_core.experiments.plain import (
    PlainRelationNetwork,
    answer_plainly,
    attribute_plainly,
    draw_plain_image,
    sample_plain_scene,
)
from rn_core.experiments.steps import (
    PIXEL_STEP_SIZE,
    STEP_SIZES,
    Inputs,
    make_core,
    make_inputs,
    make_plain_step,
    make_step,
)
from rn_core.tasks.sort_of_clevr.questions import solve
from rn_core.tasks.sort_of_clevr.rendering import render_scenes
from rn_core.tasks.sort_of_clevr.scene import DEFAULT_MARGIN, sample_scenes

QUICK_SIZES = (6, 25)
_MILLISECONDS = 1000
_ANSWER = 0


def make_cases(seed: int, quick: bool) -> list[Case]:
    """Return the rows to measure, nothing measured yet.

    Args:
        seed: of scenes, weights and inputs.
        quick: 6 and 25 objects only, one or two repeats.
    """
    sizes = QUICK_SIZES if quick else tuple(STEP_SIZES)
    repeats = 1 if quick else 3
    return [
        Case("scenes with image and 36 answers", "scenes/s", lambda: measure_scenes(seed, repeats)),
        Case("training, the small model for images", "questions/s", lambda: measure_pixel_training(seed, repeats)),
        *(Case(f"training, {n} objects", "questions/s", partial(measure_training, n, seed, repeats)) for n in sizes),
        *(Case(f"one answer, {n} objects", "ms", partial(measure_answer, n, seed, 3 * repeats)) for n in sizes),
        *(Case(f"one attribution, {n} objects", "ms", partial(measure_attribution, n, seed, repeats)) for n in sizes),
        *(
            Case(f"peak memory of a training step, {n} objects", "MiB", partial(measure_memory, n, seed, repeats))
            for n in sizes
        ),
    ]


def measure_scenes(seed: int, repeats: int) -> Measurement:
    """Time drawing and answering fresh scenes: all at once against one by one."""
    many, few = 4000, 100

    def ours() -> None:
        scenes = sample_scenes(make_rng(seed, "explore"), many, DEFAULT_MARGIN)
        render_scenes(scenes)
        solve(scenes)

    def plain() -> None:
        rng = np.random.default_rng(seed)
        for _ in range(few):
            scene = sample_plain_scene(rng, DEFAULT_MARGIN)
            draw_plain_image(scene)
            answer_plainly(scene)

    seconds, plain_seconds = time_side_by_side(ours, plain, repeats)
    return Measurement(many / seconds, few / plain_seconds, f"{many} scenes; plain {few}, one by one")


def measure_pixel_training(seed: int, repeats: int) -> Measurement:
    """Time a training step on images, the convolutions included."""
    return _time_training(make_inputs(None, *PIXEL_STEP_SIZE, seed), PIXEL_STEP_SIZE, seed, repeats)


def measure_training(n_objects: int, seed: int, repeats: int) -> Measurement:
    """Time a training step on object rows."""
    size = STEP_SIZES[n_objects]
    return _time_training(make_inputs(n_objects, *size, seed), size, seed, repeats)


def _time_training(inputs: Inputs, size: tuple[int, int], seed: int, repeats: int) -> Measurement:
    """Time our training step and the plain one on the same questions."""
    total = len(inputs.question)
    seconds, plain_seconds = time_side_by_side(make_step(inputs, seed), make_plain_step(inputs, seed), repeats)
    note = f"{size[0]} scenes with {size[1]} questions each; plain {total} scenes with one"
    return Measurement(total / seconds, total / plain_seconds, note)


@torch.no_grad()
def measure_answer(n_objects: int, seed: int, repeats: int) -> Measurement:
    """Time the logits of one question about one scene, in 32 bits on both sides."""
    inputs = make_inputs(n_objects, 1, 1, seed)
    core = make_core(inputs.scenes.shape[2], seed).eval()
    plain = PlainRelationNetwork(core).eval()
    seconds, plain_seconds = time_side_by_side(
        lambda: core(inputs.scenes, None, inputs.question), lambda: plain(inputs.scenes, inputs.question), repeats
    )
    return Measurement(_MILLISECONDS * seconds, _MILLISECONDS * plain_seconds, f"{n_objects**2} pairs")


def measure_attribution(n_objects: int, seed: int, repeats: int) -> Measurement:
    """Time the contributions of all pairs after the forward pass: the exact path against 50 steps a pair."""
    inputs = make_inputs(n_objects, 1, 1, seed)
    core = make_core(inputs.scenes.shape[2], seed).eval()
    plain = PlainRelationNetwork(core).eval()
    with torch.no_grad():
        relations = plain.relations(inputs.scenes, inputs.question)[0]  # (P, D_g)
    seconds, plain_seconds = time_side_by_side(
        lambda: attribute_pairs(core.f_phi, relations, Target(_ANSWER)),
        lambda: attribute_plainly(plain.f_phi, relations, _ANSWER),
        repeats,
    )
    note = f"{n_objects**2} pairs; exact path, plain integrated gradients with 50 steps"
    return Measurement(_MILLISECONDS * seconds, _MILLISECONDS * plain_seconds, note)


def measure_memory(n_objects: int, seed: int, repeats: int) -> Measurement:
    """Measure what one training step needs above what the process held before, in processes of their own."""
    if platform.system() != "Linux":
        return Measurement(None, None, "not measured: the peak is read from /proc, which only Linux has")
    ours = [measure_peak(n_objects, "ours", seed) for _ in range(repeats)]
    value = statistics.median(peak["step"] for peak in ours)
    whole = max(peak["process"] for peak in ours)
    n_scenes, n_questions = STEP_SIZES[n_objects]
    note = f"{n_scenes} scenes with {n_questions} questions each; the whole process held {whole:.0f} MiB at most"
    try:
        plain = measure_peak(n_objects, "plain", seed)["step"]
    except subprocess.CalledProcessError as err:
        return Measurement(value, None, f"{note}; plain failed with exit status {err.returncode}, out of memory if -9")
    return Measurement(value, plain, note)
