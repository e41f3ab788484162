"""Chunks change memory, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from rn_core.models.relation_network import RelationNetwork, RelationNetworkConfig

N_OBJECTS = 6
CONFIG = RelationNetworkConfig(5, 3, 4, g_widths=(8, 9, 10, 7), f_widths=(11, 6))
CHUNKS = (1, 7, N_OBJECTS, N_OBJECTS**2, 2 * N_OBJECTS**2 + 1, 10**9)


def answer_and_differentiate(
    config: RelationNetworkConfig, weights: dict[str, Tensor], masked: bool
) -> tuple[Tensor, tuple[Tensor, ...]]:
    """Return the logits (float64) of fixed scenes, and their gradients for objects, question and parameters."""
    network = RelationNetwork(config).double()
    network.load_state_dict(weights)
    generator = torch.Generator().manual_seed(1)
    objects = torch.randn(3, N_OBJECTS, 5, dtype=torch.float64, generator=generator).requires_grad_()
    question = torch.randn(7, 3, dtype=torch.float64, generator=generator).requires_grad_()
    mask = torch.rand(3, N_OBJECTS, generator=generator) > 0.3 if masked else None
    logits = network(objects, mask, question, torch.tensor([0, 0, 0, 1, 2, 2, 2]))
    return logits, torch.autograd.grad(logits.square().sum(), [objects, question, *network.parameters()])


@pytest.mark.parametrize("masked", [False, True], ids=["all objects", "masked"])
@pytest.mark.parametrize("aggregate", ["sum", "mean"])
@pytest.mark.parametrize("question_layer", [0, 1, 3])
def test_chunked_equals_unchunked_in_values_and_gradients(question_layer, aggregate, masked):
    config = replace(CONFIG, question_layer=question_layer, aggregate=aggregate)
    weights = RelationNetwork(config).double().state_dict()
    logits, gradients = answer_and_differentiate(config, weights, masked)
    assert all(gradient.any() for gradient in gradients)
    for chunk in CHUNKS:
        chunked, chunked_gradients = answer_and_differentiate(replace(config, pair_chunk=chunk), weights, masked)
        torch.testing.assert_close(chunked, logits, rtol=0, atol=1e-12)
        for one, other in zip(chunked_gradients, gradients, strict=True):
            torch.testing.assert_close(one, other, rtol=1e-10, atol=1e-11)


@pytest.mark.parametrize("chunk", CHUNKS)
def test_chunked_equals_unchunked_without_gradients(chunk):
    whole = RelationNetwork(CONFIG)
    parts = RelationNetwork(replace(CONFIG, pair_chunk=chunk))
    parts.load_state_dict(whole.state_dict())
    objects, question = torch.randn(2, N_OBJECTS, 5), torch.randn(2, 3)
    with torch.no_grad():
        torch.testing.assert_close(parts(objects, None, question), whole(objects, None, question))


def largest_layer_input(chunk: int | None, n_objects: int, n_questions: int) -> int:
    """Return the most rows (pairs) that g_theta's second layer sees at once."""
    network = RelationNetwork(replace(CONFIG, pair_chunk=chunk))
    rows: list[int] = []
    network.g_theta[1].register_forward_hook(lambda module, inputs, result: rows.append(len(inputs[0])))
    with torch.no_grad():
        network(torch.randn(1, n_objects, 5), None, torch.randn(n_questions, 3), torch.zeros(n_questions, dtype=int))
    assert sum(rows) == n_questions * n_objects**2
    return max(rows)


def test_a_chunk_holds_as_many_pairs_as_it_says():
    assert largest_layer_input(None, 10, 8) == 800
    assert largest_layer_input(250, 10, 8) == 200  # two whole questions
    assert largest_layer_input(100, 10, 8) == 100
    assert largest_layer_input(35, 10, 8) == 30  # three objects i of one question
    assert largest_layer_input(1, 10, 8) == 10  # the pairs of one object at least


def count_saved_bytes(chunk: int | None) -> int:
    """Return the bytes that autograd keeps for the backward pass of one question about 100 objects."""
    config = RelationNetworkConfig(8, 3, 4, g_widths=(32, 32, 32, 32), f_widths=(16,), pair_chunk=chunk)
    network = RelationNetwork(config)
    saved: dict[int, int] = {}

    def pack(tensor: Tensor) -> Tensor:
        saved[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        network(torch.randn(1, 100, 8, requires_grad=True), None, torch.randn(1, 3))
    return sum(saved.values())


def test_memory_kept_for_the_backward_pass_does_not_grow_with_the_pairs():
    pairs_bytes = 100 * 100 * 32 * 4
    assert count_saved_bytes(None) > 4 * pairs_bytes
    assert count_saved_bytes(1000) < 0.1 * pairs_bytes


def test_a_chunk_s_gradients_under_bf16_are_close_to_those_in_32_bits():
    config = replace(CONFIG, g_widths=(32, 32, 32), f_widths=(32,))
    network, chunked = RelationNetwork(config), RelationNetwork(replace(config, pair_chunk=12))
    chunked.load_state_dict(network.state_dict())
    objects, question = torch.randn(4, N_OBJECTS, 5), torch.randn(4, 3)
    exact = torch.autograd.grad(network(objects, None, question).square().sum(), network.parameters())
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = chunked(objects, None, question).square().sum()
    rounded = torch.autograd.grad(loss, chunked.parameters())
    for one, other in zip(rounded, exact, strict=True):
        assert (one - other).norm() < 0.05 * other.norm()
