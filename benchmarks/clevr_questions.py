"""CLEVR questions per second on one core: `python -m benchmarks.clevr_questions 500`."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence

import torch

from rn_core.common.seeding import make_rng
from rn_core.tasks.clevr import ClevrScene, QuestionGenerator, parse, sample_scenes


def measure_generation(scenes: Sequence[ClevrScene], seed: int) -> float:
    """Return questions per second of processor time: ten per scene, with text, program, answer and deciding objects."""
    generator = QuestionGenerator(make_rng(seed, "explore"))
    start = time.process_time()
    n_questions = sum(len(generator.ask(scene)) for scene in scenes)
    return n_questions / (time.process_time() - start)


def measure_parsing(texts: Sequence[str]) -> float:
    """Return questions parsed per second of processor time, once the grammar has been built."""
    parse(texts[0])
    start = time.process_time()
    for text in texts:
        parse(text)
    return len(texts) / (time.process_time() - start)


def _main(n_scenes: int) -> None:
    """Print both rates for that many sampled scenes."""
    torch.set_num_threads(1)
    scenes = sample_scenes(make_rng(0, "explore"), n_scenes)
    generator = QuestionGenerator(make_rng(1, "explore"))
    texts = [question.text for scene in scenes[:100] for question in generator.ask(scene)]
    print(f"generated {measure_generation(scenes, seed=0):,.0f} questions per second")
    print(f"parsed    {measure_parsing(texts):,.0f} questions per second")


if __name__ == "__main__":
    _main(int(sys.argv[1]) if len(sys.argv) > 1 else 500)
