"""A model on a data set of others: accuracy where answers are known, and its own answers as a file."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from rn_core.common.errors import RNCoreError
from rn_core.common.files import check_writable, write_whole
from rn_core.common.reading import Reading
from rn_core.common.records import Batch, Evaluation
from rn_core.evaluation.accuracy import evaluate_batches
from rn_core.tasks.base import FolderBacked


class Predictions:
    """A model's answers to the questions of one file, by their index in it."""

    def __init__(self, answers: tuple[str, ...]) -> None:
        """Take the task's answers; nothing is predicted yet."""
        self._answers = answers
        self._said: dict[int, str] = {}
        self.n_known = 0

    def listen(self, batch: Batch, logits: Tensor) -> None:
        """Keep the answers that logits (M, A) give to a batch with numbers; see `evaluate_batches`."""
        assert batch.number is not None
        self._said.update(zip(batch.number.tolist(), map(self._answers.__getitem__, logits.argmax(dim=1)), strict=True))
        self.n_known += int((batch.answer >= 0).sum())

    def to_text(self, skipped: Iterable[int]) -> str:
        """Return one line per question in the file's order; that of a question that was left out is empty.

        Source: https://github.com/facebookresearch/clevr-dataset-gen/issues/2, for CLEVR's test split.
        """
        said = {**dict.fromkeys(skipped, ""), **self._said}
        return "".join(f"{said[number]}\n" for number in sorted(said))


def measure_data(
    model: nn.Module,
    task: FolderBacked,
    root: Path,
    split: str | None,
    reading: Reading,
    predictions: Path | None = None,
    progress: Callable[[Iterable[Any]], Iterable[Any]] = iter,
) -> Evaluation | None:
    """Return accuracies on what can be used of a data set; None if it has no answers and predictions are written.

    Args:
        model: as `evaluate_batches`.
        task: reads the data set.
        root: its folder or file.
        split: as `FolderBacked.read_batches`.
        reading: takes what is left out.
        predictions: file for the model's answers, one per line; None writes none.
        progress: wraps the iteration over what is read (a progress bar).

    Raises:
        RNCoreError: in one sentence, if nothing can be used, or the file cannot be written.
    """
    batches = task.read_batches(root, split, progress, reading)
    if predictions is None:
        return evaluate_batches(model, task, batches)
    check_writable(predictions)
    said = Predictions(task.answers)
    numbered = (_check_numbered(batch, task.name) for batch in batches)
    found = evaluate_batches(model, task, numbered, listen=said.listen)
    write_whole(predictions, said.to_text(each.index for each in reading.skipped).encode())
    return found if said.n_known else None


def _check_numbered(batch: Batch, name: str) -> Batch:
    """Return a batch; raises RNCoreError if its questions have no numbers in one file."""
    if batch.number is None:
        raise RNCoreError(f"Predictions are written for data sets with one file of questions, not for '{name}'.")
    return batch
