"""Every row of `python -m rn_core bench`."""

from __future__ import annotations

import statistics
import subprocess
from collections.abc import Callable
from functools import partial

import numpy as np
import torch

from rn_core.attribution.base import Target
from rn_core.attribution.pairs import attribute_pairs
from rn_core.common.seeding import make_rng
from rn_core.experiments.cost import Case, Measurement, Setup, time_side_by_side
from rn_core.experiments.memory import can_measure, measure_peak
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


def make_cases(setup: Setup, quick: bool) -> list[Case]:
    """Return the rows to measure, nothing measured yet.

    Args:
        setup: how they are measured.
        quick: 6 and 25 objects only.
    """
    sizes = QUICK_SIZES if quick else tuple(STEP_SIZES)
    return [
        Case("scenes with image and 36 answers", "scenes/s", partial(measure_scenes, setup)),
        Case("training, the small model for images", "questions/s", partial(measure_pixel_training, setup)),
        *(Case(f"training, {n} objects", "questions/s", partial(measure_training, n, setup)) for n in sizes),
        *(Case(f"one answer, {n} objects", "ms", partial(measure_answer, n, setup)) for n in sizes),
        *(Case(f"one attribution, {n} objects", "ms", partial(measure_attribution, n, setup)) for n in sizes),
        *(
            Case(f"peak memory of a training step, {n} objects", "MiB", partial(measure_memory, n, setup))
            for n in sizes
        ),
    ]


def measure_scenes(setup: Setup) -> Measurement:
    """Time drawing and answering fresh scenes: all at once against one by one, on the CPU."""
    many, few = 4000, 100

    def ours() -> None:
        scenes = sample_scenes(make_rng(setup.seed, "explore"), many, DEFAULT_MARGIN)
        render_scenes(scenes)
        solve(scenes)

    def plain() -> None:
        rng = np.random.default_rng(setup.seed)
        for _ in range(few):
            scene = sample_plain_scene(rng, DEFAULT_MARGIN)
            draw_plain_image(scene)
            answer_plainly(scene)

    seconds, plain_seconds = time_side_by_side([ours, plain], setup)
    note = f"{many} scenes; plain {few}, one by one{_mark_cpu(setup)}"
    return Measurement(many / seconds, few / plain_seconds, note)


def measure_pixel_training(setup: Setup) -> Measurement:
    """Time a training step on images, the convolutions included."""
    return _time_training(None, PIXEL_STEP_SIZE, setup)


def measure_training(n_objects: int, setup: Setup) -> Measurement:
    """Time a training step on object rows."""
    return _time_training(n_objects, STEP_SIZES[n_objects], setup)


def _time_training(n_objects: int | None, size: tuple[int, int], setup: Setup) -> Measurement:
    """Time our training step and the plain one on the same questions."""
    inputs = make_inputs(n_objects, *size, setup.seed, setup.device)
    total = len(inputs.question)
    return _time_with_compiled(
        [make_step(inputs, setup.seed), make_plain_step(inputs, setup.seed)],
        lambda backend: make_step(inputs, setup.seed, backend),
        lambda seconds: total / seconds,
        f"{size[0]} scenes with {size[1]} questions each; plain {total} scenes with one",
        setup,
    )


@torch.no_grad()
def measure_answer(n_objects: int, setup: Setup) -> Measurement:
    """Time the logits of one question about one scene, in 32 bits on all sides."""
    inputs = make_inputs(n_objects, 1, 1, setup.seed, setup.device)
    core = make_core(inputs.scenes.shape[2], setup.seed, setup.device).eval()
    plain = PlainRelationNetwork(core).eval()
    given = (inputs.scenes, None, inputs.question)
    return _time_with_compiled(
        [lambda: core(*given), lambda: plain(inputs.scenes, inputs.question)],
        lambda backend: partial(torch.compile(core, backend=backend, dynamic=False), *given),
        lambda seconds: _MILLISECONDS * seconds,
        f"{n_objects**2} pairs",
        setup,
    )


def _time_with_compiled(
    sides: list[Callable[[], object]],
    make_compiled: Callable[[str], Callable[[], object]],
    to_figure: Callable[[float], float],
    note: str,
    setup: Setup,
) -> Measurement:
    """Time ours and the plain side, and ours compiled where that is asked for and succeeds.

    Args:
        sides: ours and the plain one.
        make_compiled: takes the backend and returns what is ours, compiled by its first call.
        to_figure: turns seconds into the row's unit.
        note: how large the measured piece is.
        setup: how it is measured.
    """
    if setup.backend is not None:
        try:
            sides = [*sides, _compile(make_compiled, setup.backend)]
        except RuntimeError as err:  # torch's own errors are: no compiler, no Triton, a Python it does not know
            note += f"; torch.compile failed: {_first_line(err)}"
    value, plain, *compiled = [to_figure(seconds) for seconds in time_side_by_side(sides, setup)]
    return Measurement(value, plain, note, compiled[0] if compiled else None)


def _compile(make_compiled: Callable[[str], Callable[[], object]], backend: str) -> Callable[[], object]:
    """Return what was compiled by its first call; what other rows compiled is forgotten, as torch limits that."""
    torch.compiler.reset()
    compiled = make_compiled(backend)
    compiled()
    return compiled


def measure_attribution(n_objects: int, setup: Setup) -> Measurement:
    """Time the contributions of all pairs after the forward pass: the exact path against 50 steps per pair."""
    inputs = make_inputs(n_objects, 1, 1, setup.seed, setup.device)
    core = make_core(inputs.scenes.shape[2], setup.seed, setup.device).eval()
    plain = PlainRelationNetwork(core).eval()
    with torch.no_grad():
        relations = plain.relations(inputs.scenes, inputs.question)[0]  # (P, D_g)
    seconds, plain_seconds = time_side_by_side(
        [
            lambda: attribute_pairs(core.f_phi, relations, Target(_ANSWER)),
            lambda: attribute_plainly(plain.f_phi, relations, _ANSWER),
        ],
        setup,
    )
    note = f"{n_objects**2} pairs; exact path{_mark_cpu(setup)}, plain integrated gradients with 50 steps"
    return Measurement(_MILLISECONDS * seconds, _MILLISECONDS * plain_seconds, note)


def measure_memory(n_objects: int, setup: Setup) -> Measurement:
    """Measure what one training step needs above what the process held before, in processes of their own."""
    if not can_measure(setup.device):
        return Measurement(None, None, "not measured: the peak is known on CUDA, and from /proc, which only Linux has")
    ours = [measure_peak(n_objects, "ours", setup.seed, setup.device) for _ in range(setup.repeats)]
    value = statistics.median(peak["step"] for peak in ours)
    whole = max(peak["process"] for peak in ours)
    n_scenes, n_questions = STEP_SIZES[n_objects]
    note = f"{n_scenes} scenes with {n_questions} questions each; the whole process held {whole:.0f} MiB at most"
    try:
        plain = measure_peak(n_objects, "plain", setup.seed, setup.device)["step"]
    except subprocess.CalledProcessError as err:
        return Measurement(value, None, f"{note}; plain failed with exit status {err.returncode}, out of memory if -9")
    return Measurement(value, plain, note)


def _mark_cpu(setup: Setup) -> str:
    """Return what a row's note says of work that stays on the CPU where others do not."""
    return "" if setup.device.type == "cpu" else " on the CPU"


def _first_line(err: Exception) -> str:
    """Return the first line of an error's text, or its name where it has none."""
    lines = str(err).strip().splitlines()
    return lines[0] if lines else type(err).__name__
