"""Many examples at once: how often networks are right, by slices, how sure they are, and which pairs are strongest.

An example is one question about one scene, answered by one or several networks side by side. Nothing here asks a
network: `rn_core.answering.Answerer.passes` does so in batches.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from rn_core.attribution.faithfulness import rank_pairs
from rn_core.attribution.ground_truth import pointing_game
from rn_core.common.errors import RNCoreError
from rn_core.common.records import Accuracy
from rn_core.evaluation.accuracy import accuracy_interval

#: A value of a fact: a number, a text, or None where nobody knows it.
Fact = float | str | None
#: Slices of a number at most.
_MOST_SLICES = 6
#: Ends of the bins of confidence: trained networks are nearly always very sure, so the upper ones are narrow.
CONFIDENCE_EDGES = (0.0, 0.5, 0.8, 0.95, 0.99, 0.999, 1.0)


@dataclass(frozen=True)
class ExampleAnswer:
    """One network's answer to one example.

    Attributes:
        text: the answer.
        confidence: its probability, 0 to 1.
        is_right: whether it is the true one; None where nobody knows that.
        strongest: the pair of nodes that adds most to the answer, in words; None for a network without pairs.
        decides: whether that pair is one of those that decide; None where nobody knows them, or without pairs.
    """

    text: str
    confidence: float
    is_right: bool | None
    strongest: str | None = None
    decides: bool | None = None


@dataclass(frozen=True)
class AskedExample:
    """One question about one scene, and what networks said.

    Attributes:
        question: in English.
        truth: the true answer; None where nobody knows it.
        facts: name -> value, by which examples can be sliced; the same names in all examples of a kind.
        answers: one per network, in the same order in all examples.
    """

    question: str
    truth: str | None
    facts: Mapping[str, Fact]
    answers: tuple[ExampleAnswer, ...]


@dataclass(frozen=True)
class Slice:
    """The examples in which a fact has one value, or one in a range.

    Attributes:
        name: in words, such as "2 to 4.5" or "square".
        members: indices of the examples, ascending.
    """

    name: str
    members: tuple[int, ...]


@dataclass(frozen=True)
class ConfidenceBin:
    """The examples in which a network gave its answer a probability in one range.

    Attributes:
        low: lower end, inside the range.
        high: upper end, outside it; the last range holds 1.
        confidence: mean probability of the answers.
        accuracy: share of right ones.
    """

    low: float
    high: float
    confidence: float
    accuracy: Accuracy


def point_at(contributions: np.ndarray, true_pairs: Sequence[tuple[int, int]]) -> tuple[tuple[int, int], bool | None]:
    """Return the pair that adds most, and whether it is a true one (`pointing_game`); None where none is known.

    Args:
        contributions: (n, n), what each pair of nodes adds.
        true_pairs: pairs of nodes that decide the answer.
    """
    flat = torch.from_numpy(np.ascontiguousarray(contributions, dtype=np.float64)).flatten()
    first, second = divmod(int(rank_pairs(flat)[0]), len(contributions))
    return (first, second), pointing_game(flat, _mark(len(contributions), true_pairs)) if true_pairs else None


def _mark(n_nodes: int, pairs: Sequence[tuple[int, int]]) -> Tensor:
    """Return (n * n,) bool, True for some pairs of n nodes."""
    marked = torch.zeros(n_nodes, n_nodes, dtype=torch.bool)
    for first, second in pairs:
        marked[first, second] = True
    return marked.flatten()


def measure_accuracy(examples: Sequence[AskedExample], network: int) -> Accuracy:
    """Return how often a network is right, among the examples whose truth is known."""
    return _share(examples, lambda example: example.answers[network].is_right)


def measure_pointing(examples: Sequence[AskedExample], network: int) -> Accuracy | None:
    """Return how often the strongest pair is a deciding one; None for a network without pairs, or none known."""
    found = _share(examples, lambda example: example.answers[network].decides)
    return found if found.n else None


def _share(examples: Sequence[AskedExample], mark: Callable[[AskedExample], bool | None]) -> Accuracy:
    """Return the share of True among the marks that are not None, with its 95 % interval; each scene stands alone."""
    marks = np.array([found for example in examples if (found := mark(example)) is not None], dtype=np.int64)
    return accuracy_interval(marks, np.ones_like(marks))


def list_facts(examples: Sequence[AskedExample]) -> tuple[str, ...]:
    """Return the facts that divide the examples: those with at least two slices."""
    names = dict.fromkeys(name for example in examples for name in example.facts)
    return tuple(name for name in names if len(slice_by(examples, name)) > 1)


def slice_by(examples: Sequence[AskedExample], fact: str) -> tuple[Slice, ...]:
    """Return slices that hold each example once: by value, or for many different numbers by ranges of equal shares.

    Args:
        examples: to divide.
        fact: a name in `AskedExample.facts`; where an example lacks it, it is in a last slice "unknown".

    Raises:
        RNCoreError: if no example has the fact.
    """
    values = list(enumerate(example.facts.get(fact) for example in examples))
    known = [(k, value) for k, value in values if value is not None]
    if not known:
        raise RNCoreError(f"The examples can be divided by what they have, got '{fact}', which none has.")
    numbers = [(k, value) for k, value in known if not isinstance(value, str)]
    different = {value for _, value in known}
    if len(numbers) == len(known) and len(different) > _MOST_SLICES:
        slices = _slice_ranges(numbers)
    else:
        slices = _slice_values(known, sorted(different, key=_order))
    rest = tuple(k for k, value in values if value is None)
    name = _distinct("unknown", [each.name for each in slices])
    return (*slices, Slice(name, rest)) if rest else slices


def _slice_values(known: Sequence[tuple[int, float | str]], different: Sequence[float | str]) -> tuple[Slice, ...]:
    """Return one slice per value, of places and values."""
    named = zip(_name_all(different), different, strict=True)
    return tuple(Slice(name, tuple(k for k, each in known if each == value)) for name, value in named)


def _slice_ranges(numbers: Sequence[tuple[int, float]]) -> tuple[Slice, ...]:
    """Return ranges of about equally many of the numbers, with their places; the upper end belongs to the next one."""
    spread = np.linspace(0, 1, _MOST_SLICES)
    ends = np.unique(np.quantile([value for _, value in numbers], spread, method="closest_observation")).tolist()
    slices = []
    for (low, high), (start, end) in zip(pairwise(ends), pairwise(_name_all(ends)), strict=True):
        inside = tuple(k for k, value in numbers if low <= value < high or value == high == ends[-1])
        slices.append(Slice(f"{start} to {end}", inside))
    return tuple(slices)


def _order(value: float | str) -> tuple[bool, float, str]:
    """Return by what values are sorted: numbers, also those in words, before texts."""
    try:
        return False, float(value), ""
    except ValueError:
        return True, 0.0, str(value)


def _name_all(values: Sequence[float | str]) -> list[str]:
    """Return values in words, no two alike: numbers with three digits, or as many as tell all of them apart."""
    numbers = [value for value in values if not isinstance(value, str)]
    digits = next((n for n in range(3, 17) if len({f"{value:.{n}g}" for value in numbers}) == len(numbers)), 17)
    names: list[str] = []
    for value in values:
        names.append(_distinct(value if isinstance(value, str) else f"{value:.{digits}g}", names))
    return names


def _distinct(name: str, taken: Sequence[str]) -> str:
    """Return a name, in brackets where another one is called so."""
    while name in taken:
        name = f"({name})"
    return name


def measure_slices(examples: Sequence[AskedExample], fact: str, network: int) -> dict[str, Accuracy]:
    """Return slice of `slice_by` -> how often a network is right in it."""
    parts = slice_by(examples, fact)
    return {part.name: measure_accuracy([examples[k] for k in part.members], network) for part in parts}


def measure_confidence(examples: Sequence[AskedExample], network: int) -> tuple[ConfidenceBin, ...]:
    """Return, for each range of confidence that occurs, how sure a network was and how often it was right.

    A network is calibrated where both agree. Source: Guo et al. 2017 (arXiv 1706.04599), section 2; here with ranges
    that get narrower toward 1 instead of equally wide ones.
    """
    said = [example.answers[network].confidence for example in examples]
    bins = []
    for low, high in pairwise(CONFIDENCE_EDGES):
        inside = [k for k, share in enumerate(said) if low <= share < high or (share >= high == CONFIDENCE_EDGES[-1])]
        if inside:
            mean = float(np.mean([said[k] for k in inside]))
            bins.append(ConfidenceBin(low, high, mean, measure_accuracy([examples[k] for k in inside], network)))
    return tuple(bins)


def find_failures(examples: Sequence[AskedExample]) -> tuple[int, ...]:
    """Return the examples in which at least one network is wrong."""
    return tuple(k for k, each in enumerate(examples) if any(said.is_right is False for said in each.answers))


def find_disagreements(examples: Sequence[AskedExample]) -> tuple[int, ...]:
    """Return the examples to which networks give different answers."""
    return tuple(k for k, each in enumerate(examples) if len({said.text for said in each.answers}) > 1)
