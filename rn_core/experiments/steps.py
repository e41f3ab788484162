"""One training step of the Relation Network and of the plain implementation, on the same numbers of objects."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from rn_core.common.device import has_fast_bf16
from rn_core.common.seeding import fork_torch_rng
from rn_core.experiments.plain import PlainRelationNetwork
from rn_core.models import build_model
from rn_core.models.encoders import ImageEncoder
from rn_core.models.relation_network import RelationNetwork, RelationNetworkConfig
from rn_core.tasks.registry import model_config
from rn_core.tasks.sort_of_clevr.encoding import D_ROW
from rn_core.tasks.sort_of_clevr.questions import ANSWERS, D_QUESTION
from rn_core.tasks.sort_of_clevr.scene import IMAGE_SIZE
from rn_core.tasks.sort_of_clevr.spec import PIXELS

#: Pairs computed at once. Fewer cost time (more, smaller products), more cost memory.
PAIR_CHUNK = 5000
#: Number of objects -> scenes and questions a scene in one training step: from 25 objects on about 160,000 pairs.
STEP_SIZES = {6: (64, 16), 25: (32, 8), 64: (5, 8), 100: (2, 8), 200: (1, 4)}
#: The same for images, which the encoder turns into 25 cells.
PIXEL_STEP_SIZE = (32, 8)


@dataclass(frozen=True)
class Inputs:
    """Random inputs of one training step; speed and memory do not depend on their values.

    Attributes:
        scenes: (S, N, D_o) object rows or (S, 75, 75, 3) uint8 images.
        question: (M, D_q) float32, those of one scene side by side.
        scene_index: (M,) int64.
        answer: (M,) int64.
    """

    scenes: Tensor
    question: Tensor
    scene_index: Tensor
    answer: Tensor


def make_core(n_features: int, seed: int) -> RelationNetwork:
    """Return a Relation Network with the paper's g (four layers of 256) and two hidden layers of 256 in f."""
    with fork_torch_rng(seed):
        return RelationNetwork(
            RelationNetworkConfig(
                d_object=n_features, d_question=D_QUESTION, n_answers=len(ANSWERS), pair_chunk=PAIR_CHUNK
            )
        )


def make_inputs(n_objects: int | None, n_scenes: int, n_questions: int, seed: int) -> Inputs:
    """Return random scenes and `n_questions` questions about each; images where `n_objects` is None."""
    generator = torch.Generator().manual_seed(seed)
    if n_objects is None:
        shape = (n_scenes, IMAGE_SIZE, IMAGE_SIZE, 3)
        scenes = torch.randint(0, 256, shape, dtype=torch.uint8, generator=generator)
    else:
        scenes = torch.randn(n_scenes, n_objects, D_ROW, generator=generator)
    total = n_scenes * n_questions
    return Inputs(
        scenes,
        torch.randn(total, D_QUESTION, generator=generator),
        torch.arange(n_scenes).repeat_interleave(n_questions),
        torch.randint(0, len(ANSWERS), (total,), generator=generator),
    )


def make_step(inputs: Inputs, seed: int) -> Callable[[], None]:
    """Return our training step: a scene encoded once for all its questions, pairs in chunks, bf16 where native."""
    encoder, core = _make_parts(inputs, seed)
    optimizer = torch.optim.Adam([*encoder.parameters(), *core.parameters()])
    bf16 = has_fast_bf16(torch.device("cpu"))

    def step() -> None:
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=bf16):
            logits = core(_encode(encoder, inputs.scenes), None, inputs.question, inputs.scene_index)
        _descend(optimizer, logits, inputs.answer)

    return step


def make_plain_step(inputs: Inputs, seed: int) -> Callable[[], None]:
    """Return the plain training step: the same questions, each with a scene of its own, in 32 bits."""
    encoder, core = _make_parts(inputs, seed)
    plain = PlainRelationNetwork(core)
    optimizer = torch.optim.Adam([*encoder.parameters(), *plain.parameters()])
    scenes = inputs.scenes[inputs.scene_index]  # (M, ...)

    def step() -> None:
        _descend(optimizer, plain(_encode(encoder, scenes), inputs.question), inputs.answer)

    return step


def _make_parts(inputs: Inputs, seed: int) -> tuple[nn.Module, RelationNetwork]:
    """Return an encoder that fits the scenes, and the core behind it; for images, the model that ships."""
    if inputs.scenes.dtype != torch.uint8:
        return nn.Identity(), make_core(D_ROW, seed)
    model = build_model(model_config(PIXELS, "rn"), seed)
    assert isinstance(model.core, RelationNetwork)
    return model.encoder, model.core


def _encode(encoder: nn.Module, scenes: Tensor) -> Tensor:
    """Return the objects (S, N, D_o)."""
    return encoder(scenes)[0] if isinstance(encoder, ImageEncoder) else scenes


def _descend(optimizer: torch.optim.Optimizer, logits: Tensor, answer: Tensor) -> None:
    """Do one step of gradient descent on the cross-entropy."""
    optimizer.zero_grad()
    torch.autograd.backward(functional.cross_entropy(logits.float(), answer))
    optimizer.step()
