"""What a network that finds objects gets wrong in CLEVR's pictures: `python -m benchmarks.clevr_perception`.

It takes published weights or the folder of a run, also of one that is still learning, and folders of pictures with
scene graphs: rendered ones in CLEVR's layout, or real ones.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from rn_core.common.errors import RNCoreError
from rn_core.evaluation.perception import PerceptionErrors, measure_perception
from rn_core.evaluation.printing import format_accuracy
from rn_core.models import QuestionAnsweringModel
from rn_core.tasks.clevr.encoding import BIT_ORDER
from rn_core.tasks.clevr.image_cache import PICTURE_SHAPES
from rn_core.tasks.clevr.labels import read_labeled
from rn_core.tasks.clevr.placement import EXTENT
from rn_core.training.checkpoints import FILE_NAME
from rn_core.training.publishing import load_run
from rn_core.weights.store import load_weights


def load_model(name: str) -> QuestionAnsweringModel:
    """Return the model of published weights, or of the run in a folder."""
    folder = Path(name)
    return load_run(folder)[0] if (folder / FILE_NAME).exists() else load_weights(name).model


def format_errors(found: dict[str, PerceptionErrors]) -> str:
    """Return the errors in percent with 95 % intervals, one column per folder."""
    lines = [f"| errors, % | {' | '.join(found)} |", "| --- " * (len(found) + 1) + "|"]
    for name in next(iter(found.values())).shares:
        cells = [one.shares[name] for one in found.values()]
        texts = [f"{format_accuracy(v, 2)}, n {v.n}" for v in cells]
        lines.append(f"| {name} | {' | '.join(texts)} |")
    for name, text in (("pixels", "place, pixels at 240x160"), ("space", "place on the ground, units")):
        places = [one.distances.get(name) for one in found.values()]
        texts = ["-" if v is None else f"{v.mean:.3f} [{v.low:.3f}, {v.high:.3f}]" for v in places]
        lines.append(f"| {text} | {' | '.join(texts)} |")
    lines.append(f"| pictures | {' | '.join(str(one.n_pictures) for one in found.values())} |")
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("name", help="weights such as clevr/rn-slots, or the folder of a run")
    parser.add_argument("folders", type=Path, nargs="+", help="pictures with scene graphs")
    parser.add_argument("--split", default="val", help="of folders in CLEVR's layout")
    parser.add_argument("--pictures", type=int, default=None, help="of each folder (default: all)")
    options = parser.parse_args(arguments)
    try:
        model = load_model(options.name)
        found = {}
        for folder in options.folders:
            pictures = read_labeled(folder, options.split, PICTURE_SHAPES["slots"], options.pictures)
            found[folder.name] = measure_perception(model.encoder, pictures, BIT_ORDER, unit=EXTENT)
    except RNCoreError as err:
        print(err)
        return 1
    print(format_errors(found))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
