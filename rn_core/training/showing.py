"""Training as a terminal shows it: a bar, and the accuracies of each validation."""

from __future__ import annotations

import contextlib
from pathlib import Path

from tqdm import tqdm

from rn_core.evaluation.printing import format_percentages
from rn_core.training.processes import catch_interrupt
from rn_core.training.trainer import Trainer


def take_steps(trainer: Trainer, title: str, folder: Path, quiet: bool) -> None:
    """Take the remaining steps of a run, showing progress.

    Args:
        trainer: of the run.
        title: what is trained.
        folder: of the run.
        quiet: show nothing.

    Raises:
        KeyboardInterrupt: after Ctrl-C, when the run has been saved.
    """
    config = trainer.run.config
    bar = tqdm(total=config.steps, initial=trainer.run.step, unit="step", disable=quiet, smoothing=0.05)
    if not quiet:
        bar.write(f"{title}: {trainer.run.model.count_parameters():,} parameters, in {folder}")
    with catch_interrupt(trainer.stop), contextlib.closing(bar):
        for metrics in trainer.train():
            bar.update(metrics.step - bar.n)
            bar.set_postfix_str(f"loss {metrics.loss:.3f}")
            if metrics.accuracy and not quiet:
                bar.write(f"step {metrics.step}  " + format_percentages(metrics.accuracy))
    if trainer.stopped:
        trainer.save()
        raise KeyboardInterrupt
