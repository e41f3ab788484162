"""What is strange about a model's input: the number of its objects, or a picture unlike those learned from."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from rn_core.models import QuestionAnsweringModel
from rn_core.models.encoders import ConvolutionalEncoder
from rn_core.models.profile import InputProfile, find_uneven
from rn_core.models.slots import SlotEncoder
from rn_core.tasks import Task
from rn_core.tasks.base import ObjectsCounted, PatchesCounted


def find_strange(
    name: str, model: QuestionAnsweringModel, task: Task, profile: InputProfile | None, scene: Any
) -> tuple[str, ...]:
    """Return a sentence for each strange thing about a scene; usually none.

    Args:
        name: of the weights.
        model: that is asked about the scene.
        task: that the model answers.
        profile: of the pictures that it learned from; None where that is unknown.
        scene: one that `check_answerable` accepts.
    """
    images = _encode_picture(model, task, scene)
    sentences = (_check_count(model, task, scene, images), _check_picture(name, model, profile, images))
    return tuple(sentence for sentence in sentences if sentence)


def _encode_picture(model: QuestionAnsweringModel, task: Task, scene: Any) -> Tensor | None:
    """Return the picture (1, H, W, 3) that the encoder takes of a scene, on its device; None if it takes none."""
    if not isinstance(model.encoder, ConvolutionalEncoder):
        return None
    return task.encode_scenes([scene])[0].to(next(model.encoder.parameters()).device)


def _check_count(model: QuestionAnsweringModel, task: Task, scene: Any, images: Tensor | None) -> str:
    """Return a sentence if the scene has, or the encoder finds, more or fewer objects than training scenes have."""
    if not isinstance(task, ObjectsCounted):
        return ""
    n_objects = task.count_objects(scene)
    if n_objects is not None:
        return describe_count(task, n_objects, found=False)
    if images is None:
        return ""
    n_found = _count_found(model, images)
    return _check_patches(task, images) if n_found is None else describe_count(task, n_found, found=True)


def _check_patches(task: ObjectsCounted, images: Tensor) -> str:
    """Return a sentence if a picture (1, H, W, 3) shows more patches than training scenes have objects.

    Fewer are no reason for one, since objects that touch are one patch.
    """
    highest = task.trained_counts[1]
    if not isinstance(task, PatchesCounted) or (n_patches := task.count_patches(images[0].cpu().numpy())) <= highest:
        return ""
    return (
        f"The picture shows {n_patches} separate patches, and training scenes have {highest} {task.objects_name}, so "
        "the answer may be wrong however sure it looks."
    )


@torch.inference_mode()
def _count_found(model: QuestionAnsweringModel, images: Tensor) -> int | None:
    """Return how many objects the encoder finds in a picture (1, H, W, 3); None for one that only sees cells."""
    if not isinstance(model.encoder, SlotEncoder):
        return None  # an object may show in two cells
    _, mask = model.encoder(images)
    return None if mask is None else int(mask.sum())


def describe_count(task: ObjectsCounted, n_objects: int, found: bool) -> str:
    """Return a sentence if scenes of this many objects are not what models of the task learned from, else nothing.

    Args:
        task: whose scene it is.
        n_objects: of the scene.
        found: whether a network found them in a picture, instead of their being known.
    """
    lowest, highest = task.trained_counts
    if lowest <= n_objects <= highest:
        return ""
    noun = task.objects_name if n_objects != 1 else task.objects_name.removesuffix("s")
    scene = f"The network found {n_objects} {noun} in the picture" if found else f"The scene has {n_objects} {noun}"
    trained = f"{lowest}" if lowest == highest else f"{lowest} to {highest}"
    return f"{scene}, and training scenes have {trained}, so the answer may be wrong however sure it looks."


@torch.inference_mode()
def _check_picture(
    name: str, model: QuestionAnsweringModel, profile: InputProfile | None, images: Tensor | None
) -> str:
    """Return a sentence if a picture (1, H, W, 3) is unlike those that the encoder learned from."""
    if profile is None or images is None or not isinstance(model.encoder, ConvolutionalEncoder):
        return ""
    distance = float(profile.measure(model.encoder.summarize(images), find_uneven(images)))
    if distance <= 1:
        return ""
    return (
        f"This picture is unlike those that {name} learned from (distance {distance:.1f}, ordinary up to 1), so its "
        "answer may be wrong however sure it looks."
    )
