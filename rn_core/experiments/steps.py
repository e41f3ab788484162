"""One training step of the Relation Network and of the plain implementation, on the same numbers of objects.

A step computes where its inputs lie.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from torch.nn import functional

from rn_core.common.device import fast_autocast
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

_CPU = torch.device("cpu")
#: Pairs computed at once, on a CPU and on an accelerator, which needs larger products to be busy. Fewer cost time,
#: more cost memory.
PAIR_CHUNK, ACCELERATOR_PAIR_CHUNK = 5000, 1_000_000
#: Number of objects -> scenes and questions per scene in one training step: from 25 objects on about 160,000 pairs.
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

    @property
    def device(self) -> torch.device:
        """Return where they lie."""
        return self.scenes.device


def choose_pair_chunk(device: torch.device) -> int:
    """Return how many pairs are computed at once there."""
    return PAIR_CHUNK if device.type == "cpu" else ACCELERATOR_PAIR_CHUNK


def make_core(n_features: int, seed: int, device: torch.device = _CPU) -> RelationNetwork:
    """Return a Relation Network with the paper's g (four layers of 256) and two hidden layers of 256 in f."""
    config = RelationNetworkConfig(
        d_object=n_features, d_question=D_QUESTION, n_answers=len(ANSWERS), pair_chunk=choose_pair_chunk(device)
    )
    with fork_torch_rng(seed):
        return RelationNetwork(config).to(device)


def make_inputs(
    n_objects: int | None, n_scenes: int, n_questions: int, seed: int, device: torch.device = _CPU
) -> Inputs:
    """Return random scenes and `n_questions` questions about each; images where `n_objects` is None.

    Their values are the same on every device.
    """
    generator = torch.Generator().manual_seed(seed)
    if n_objects is None:
        shape = (n_scenes, IMAGE_SIZE, IMAGE_SIZE, 3)
        scenes = torch.randint(0, 256, shape, dtype=torch.uint8, generator=generator)
    else:
        scenes = torch.randn(n_scenes, n_objects, D_ROW, generator=generator)
    total = n_scenes * n_questions
    question = torch.randn(total, D_QUESTION, generator=generator)
    scene_index = torch.arange(n_scenes).repeat_interleave(n_questions)
    answer = torch.randint(0, len(ANSWERS), (total,), generator=generator)
    return Inputs(*(part.to(device) for part in (scenes, question, scene_index, answer)))


def make_step(inputs: Inputs, seed: int, backend: str | None = None) -> Callable[[], Tensor]:
    """Return our training step: a scene encoded once for all its questions, pairs in chunks, bf16 where native.

    Args:
        inputs: what is learned.
        seed: of the weights.
        backend: of `torch.compile`, which then does the forward and the backward pass; None for neither.

    Returns:
        what does one step and returns the loss () before it.
    """
    encoder, core = _make_parts(inputs, seed)
    optimizer = torch.optim.Adam([*encoder.parameters(), *core.parameters()])

    def find_logits() -> Tensor:
        return core(_encode(encoder, inputs.scenes), None, inputs.question, inputs.scene_index)

    answer = find_logits if backend is None else torch.compile(find_logits, backend=backend, dynamic=False)

    def step() -> Tensor:
        with fast_autocast(inputs.device):
            logits = answer()
        return _descend(optimizer, logits, inputs.answer)

    return step


def make_plain_step(inputs: Inputs, seed: int) -> Callable[[], Tensor]:
    """Return the plain training step: the same questions, each with a scene of its own, in 32 bits."""
    encoder, core = _make_parts(inputs, seed)
    plain = PlainRelationNetwork(core)
    optimizer = torch.optim.Adam([*encoder.parameters(), *plain.parameters()])
    scenes = inputs.scenes[inputs.scene_index]  # (M, ...)

    def step() -> Tensor:
        return _descend(optimizer, plain(_encode(encoder, scenes), inputs.question), inputs.answer)

    return step


def _make_parts(inputs: Inputs, seed: int) -> tuple[nn.Module, RelationNetwork]:
    """Return an encoder that fits the scenes, and the core behind it; for images, the model that ships."""
    if inputs.scenes.dtype != torch.uint8:
        return nn.Identity(), make_core(D_ROW, seed, inputs.device)
    config = model_config(PIXELS, "rn")
    assert isinstance(config.core, RelationNetworkConfig)
    chunked = replace(config.core, pair_chunk=choose_pair_chunk(inputs.device))
    model = build_model(replace(config, core=chunked), seed).to(inputs.device)
    assert isinstance(model.core, RelationNetwork)
    return model.encoder, model.core


def _encode(encoder: nn.Module, scenes: Tensor) -> Tensor:
    """Return the objects (S, N, D_o)."""
    return encoder(scenes)[0] if isinstance(encoder, ImageEncoder) else scenes


def _descend(optimizer: torch.optim.Optimizer, logits: Tensor, answer: Tensor) -> Tensor:
    """Do one step of gradient descent on the cross-entropy, and return it ()."""
    optimizer.zero_grad()
    loss = functional.cross_entropy(logits.float(), answer)
    torch.autograd.backward(loss)
    optimizer.step()
    return loss.detach()
