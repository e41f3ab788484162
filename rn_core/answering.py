"""Load a model by name and ask it a question: `rn_core.load(name).answer(scene, "Is the red object on the left?")`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from rn_core.attribution import Target, attribute_pairs
from rn_core.common.device import choose_device
from rn_core.common.errors import QuestionError, RNCoreError
from rn_core.common.records import Answer
from rn_core.evaluation.strange_inputs import find_strange
from rn_core.models import QuestionAnsweringModel
from rn_core.models.layers import read_alone, split_logit
from rn_core.models.profile import InputProfile
from rn_core.models.relation_network import RelationTrace, make_pair_index
from rn_core.tasks import TASKS, Task
from rn_core.tasks.base import MultiLabel
from rn_core.tasks.scoring import NO_YES, OneAnswer
from rn_core.weights.card import Card
from rn_core.weights.profiles import load_profile
from rn_core.weights.store import PRETRAINED, LoadedWeights, load_weights

#: Questions that go through a network at once, so that memory does not grow with their number.
_BLOCK = 16


@dataclass(frozen=True)
class ForwardPass:
    """What a network computes of a scene and its input for a question.

    Attributes:
        logits: (A,).
        relations: (P, D_g) float32, row `i * N + j` is g_theta(o_i, o_j); None for a network without pairs.
        places: (N, 2), where it found its objects, in pixels, NaN for padding; None for a network that finds none.
        picks: (T, N), the weight of each object in each hop; None for a network without hops.
    """

    logits: Tensor
    relations: Tensor | None = None
    places: Tensor | None = None
    picks: Tensor | None = None


@dataclass(frozen=True)
class Answerer:
    """A trained model that answers English questions. Read-only, so sessions and threads can share it.

    Attributes:
        name: such as "sort-of-clevr/rn-pixels".
        card: the card of the weights.
        model: in eval mode.
        task: what it was trained on.
        mean_aggregates: (Q, D_g) mean aggregate over scenes, per question; None for models without pairs and for
            tasks with too many questions.
        profile: what ordinary pictures are to its encoder; None where it takes none, or where that was not measured.
    """

    name: str
    card: Card
    model: QuestionAnsweringModel
    task: Task
    mean_aggregates: Tensor | None
    profile: InputProfile | None = None

    def answer(self, scene: Any, question: str) -> Answer:
        """Answer one question.

        Args:
            scene: what the task's `encode_scenes` reads. Sort-of-CLEVR: a `Scene`, or the model's input for one: a
                uint8 image (75, 75, 3) or object rows (N, 10). CLEVR: a uint8 picture (H, W, 3) of any size for a
                pixel model, scene JSON for a state model.
            question: English, such as "Is the red object on the left?". A multi-label model can be asked about a single
                label, such as "Is red connected to blue?", with the answers no and yes.

        Returns:
            the answer, its probabilities and, for a Relation Network, each pair's share of its logit; in `warnings`,
            its limits: that a long story's first sentences were left out, that the question has no single answer, that
            the scene has another number of objects than in training, or that the picture is unlike those learned from.

        Raises:
            QuestionError: if the question is not in the task's language.
            SceneError: if the scene breaks a rule of the task, is not what this model takes, or lacks the object asked
                about.
        """
        return self.answer_many([scene], [question])[0]

    def answer_many(self, scenes: list[Any], questions: list[str]) -> list[Answer]:
        """Answer one question per scene in one batch; as `answer`, but errors give the index of the invalid one."""
        if len(scenes) != len(questions):
            raise RNCoreError(f"Give one question per scene: got {len(scenes)} scenes and {len(questions)} questions.")
        if not scenes:
            return []
        self._check(scenes, questions)
        answers = self._answer_checked(scenes, questions)
        warnings = map(self.find_warnings, scenes, questions)
        return [replace(answer, warnings=found) for answer, found in zip(answers, warnings, strict=True)]

    def _answer_checked(self, scenes: Sequence[Any], questions: Sequence[str]) -> list[Answer]:
        """Return the answers to checked questions, without warnings."""
        if not self.model.has_pairs:
            logits = self._ask_block(scenes, questions).double()
            return [self._read(*each) for each in zip(logits, questions, strict=True)]
        return [self._explain(*each) for each in zip(self._traces(scenes, questions), questions, strict=True)]

    def trace(self, scene: Any, question: str) -> RelationTrace:
        """Return objects, relations, aggregate and logits of one question (M = 1); errors as `answer`.

        Raises:
            RNCoreError: if the model has no pairs.
        """
        if not self.model.has_pairs:
            raise RNCoreError(f"'{self.name}' has no pairs to examine; choose a Relation Network.")
        self._check([scene], [question])
        return self._traces([scene], [question])[0]

    def passes(self, scenes: Sequence[Any], questions: Sequence[str]) -> Iterator[ForwardPass]:
        """Yield the forward pass of one question per scene, several at a time; errors as `answer_many`.

        Where scenes have different numbers of objects, those of one block are padded to the largest of them.
        """
        self._check(scenes, questions)
        for first in range(0, len(scenes), _BLOCK):
            block = slice(first, first + _BLOCK)
            yield from self._pass_block(scenes[block], questions[block])

    def _pass_block(self, scenes: Sequence[Any], questions: Sequence[str]) -> list[ForwardPass]:
        """Return the forward passes of some checked questions, on the CPU, each with memory of its own."""
        if not self.model.has_pairs:
            return [ForwardPass(row.clone()) for row in self._ask_block(scenes, questions)]
        return [self._keep_pass(trace) for trace in self._traces(scenes, questions)]

    def _keep_pass(self, trace: RelationTrace) -> ForwardPass:
        """Return what is kept of a trace."""
        found = self.model.encoder.locate(trace.objects[0])
        places = None if found is None else found.where(trace.object_mask[0][:, None], torch.nan).cpu()
        picks = None if trace.picks is None else trace.picks[0].cpu().clone()
        return ForwardPass(trace.logits[0].cpu().clone(), trace.relations[0].cpu().clone(), places, picks)

    def question_code(self, question: str) -> tuple[tuple[int, ...], bytes]:
        """Return the network's input for a question, as a key: questions with the same key share a forward pass.

        Raises:
            QuestionError: if the question is not in the task's language.
        """
        asked = self.task.encode_questions([question])
        return tuple(asked.shape), asked.numpy().tobytes()

    def read(self, scene: Any, question: str, logits: Tensor) -> Answer:
        """Return the answer given by the logits of a forward pass, without each pair's share; errors as `answer`.

        Args:
            scene: the scene of the forward pass.
            question: one whose `question_code` was the input of the forward pass.
            logits: (A,), from `trace` or `logits`.
        """
        self._check([scene], [question])
        return replace(self.read_logits(logits, question), warnings=self.find_warnings(scene, question))

    def read_logits(self, logits: Tensor, question: str) -> Answer:
        """Return the answer given by the logits (A,) of a forward pass, without pairs' shares and without warnings."""
        return self._read(logits.cpu().double(), question)

    def find_warnings(self, scene: Any, question: str) -> tuple[str, ...]:
        """Return `Answer.warnings` of a question that can be asked about a scene; usually empty."""
        strange = find_strange(self.name, self.model, self.task, self.profile, scene)
        return (*self.task.find_warnings(scene, question), *strange)

    def logits(self, scene: Any, question: str) -> Tensor:
        """Return the logits (A,) of one question, also where they are no answer, such as paths; errors as `answer`."""
        self._check([scene], [question])
        return self._ask_block([scene], [question])[0]

    @torch.inference_mode()
    def _ask_block(self, scenes: Sequence[Any], questions: Sequence[str]) -> Tensor:
        """Return the logits (M, A) of checked questions, one per scene, on the CPU."""
        inputs, asked = self._encode(scenes, questions)
        logits: Tensor = self.model(inputs, asked)
        return logits.cpu()

    def f_phi(self, question: str) -> nn.Sequential:
        """Return the f_phi of a Relation Network for a question: see `read_alone` for a question about one label."""
        thing = self._find_label(question)
        return self.model.pair_core.f_phi if thing is None else read_alone(self.model.pair_core.f_phi, thing)

    def mean_aggregate(self, question: str) -> Tensor:
        """Return (D_g,), the mean aggregate of this question over scenes."""
        if self.mean_aggregates is None:
            raise RNCoreError(f"'{self.name}' has no mean aggregate; choose zero as the baseline, or another model.")
        return self.mean_aggregates[self.task.question_index(question)]

    @torch.inference_mode()
    def _traces(self, scenes: Sequence[Any], questions: Sequence[str]) -> list[RelationTrace]:
        """Trace questions a few at a time, so that memory does not grow with their number."""
        traces = []
        for first in range(0, len(scenes), _BLOCK):
            block = slice(first, first + _BLOCK)
            inputs, asked = self._encode(scenes[block], questions[block])
            whole = self.model.trace(inputs, asked)
            traces += [whole.take(row) for row in range(len(asked))]
        return traces

    def _explain(self, trace: RelationTrace, question: str) -> Answer:
        """Return the answer of a trace with each pair's share."""
        plain = self._read(trace.logits[0].cpu().double(), question)
        target = Target(int(plain.logits.argmax()))
        shares = attribute_pairs(self.f_phi(question), trace.relations[0], target)
        index = make_pair_index(trace.objects.shape[1]).numpy()
        return Answer(
            plain.text, plain.probabilities, plain.logits, shares.contributions.numpy(), index, shares.completeness_gap
        )

    def _read(self, logits: Tensor, question: str) -> Answer:
        """Return the answer given by (A,) logits."""
        thing = self._find_label(question)
        if thing is None:
            return Answer(*self.task.scoring.read(logits, self.task.answers), logits.numpy())
        both = split_logit(logits[thing])
        return Answer(*OneAnswer(1, len(NO_YES)).read(both, NO_YES), both.numpy())

    def _find_label(self, question: str) -> int | None:
        """Return which label alone a question is about, as the task says, or None."""
        return self.task.find_label(question) if isinstance(self.task, MultiLabel) else None

    def _check(self, scenes: Sequence[Any], questions: Sequence[str]) -> None:
        """Raise the error of the first question that cannot be answered; if there are several, it gives the index."""
        for index, (scene, question) in enumerate(zip(scenes, questions, strict=True)):
            try:
                if not isinstance(question, str):
                    raise QuestionError(f"A question must be text, got {type(question).__name__}; ask in English.")
                self.task.check_answerable(scene, question)
            except RNCoreError as err:
                if len(scenes) == 1:
                    raise
                raise type(err)(f"At index {index}: {err}") from err

    def _encode(self, scenes: Sequence[Any], questions: Sequence[str]) -> tuple[tuple[Tensor, ...], Tensor]:
        """Return the encoder's inputs and the questions, as in `Batch`, on the model's device."""
        inputs, asked = self.task.encode_scenes(scenes), self.task.encode_questions(questions)
        device = next(self.model.parameters()).device
        return tuple(part.to(device) for part in inputs), asked.to(device)


def describe_answer(answer: Answer) -> str:
    """Return an answer with its probability; for a multi-label answer, with the probability of each label."""
    names = [answer.text] if answer.text in answer.probabilities else answer.text.split(", ")
    known = answer.probabilities
    return ", ".join(f"{name}  ({known[name]:.1%})" if name in known else name for name in names)


def strongest_pairs(answer: Answer, top: int) -> list[dict[str, float]]:
    """Return the `top` pairs {i, j, contribution} with the largest contributions; none for models without pairs."""
    if answer.contributions is None or answer.pair_index is None:
        return []
    order = np.argsort(-answer.contributions)[:top]
    pairs = answer.pair_index[order]
    return [
        {"i": int(i), "j": int(j), "contribution": float(answer.contributions[row])}
        for row, (i, j) in zip(order, pairs, strict=True)
    ]


def list_facts(answer: Answer, top: int) -> dict[str, Any]:
    """Return an answer as JSON values, with its `top` strongest pairs."""
    return {
        "answer": answer.text,
        "probabilities": answer.probabilities,
        "warnings": list(answer.warnings),
        "completeness_gap": answer.completeness_gap,
        "pairs": strongest_pairs(answer, top),
    }


def load(name: str, device: str = "auto", folder: Path = PRETRAINED) -> Answerer:
    """Load weights by name after checking their hash.

    Args:
        name: such as "sort-of-clevr/rn-pixels"; `python -m rn_core weights` lists all.
        device: "auto", "cpu", "cuda" or "mps".
        folder: where the weights are stored.

    Raises:
        WeightsError: if the name is unknown or the file is missing, changed or damaged.
        RNCoreError: if this machine has no such device.
    """
    return make_answerer(name, load_weights(name, folder), device, folder)


def make_answerer(name: str, weights: LoadedWeights, device: str = "auto", folder: Path = PRETRAINED) -> Answerer:
    """Return loaded weights as an `Answerer` on a device; the model is moved there.

    Args:
        name: of the weights.
        weights: model and card.
        device: as `load`.
        folder: where their profile is stored, if there is one.

    Raises:
        WeightsError: if the profile's file is damaged.
        RNCoreError: if this machine has no such device.
    """
    target = choose_device(device)
    mean = None if weights.mean_aggregate is None else weights.mean_aggregate.to(target)
    profile = load_profile(name, weights.card, folder)
    return Answerer(name, weights.card, weights.model.to(target), TASKS[weights.card.task], mean, profile)
