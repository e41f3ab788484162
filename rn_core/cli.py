"""`python -m rn_core train | evaluate | explain | generate | weights | serve | bench`: builds configs and prints."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeAlias

import torch
from tqdm import tqdm

from rn_core.answering import Answerer, describe_answer, list_facts, load
from rn_core.common.children import keep_freed_memory
from rn_core.common.device import DEVICES, choose_device, fast_autocast, has_fast_bf16
from rn_core.common.errors import RNCoreError
from rn_core.common.reading import Reading
from rn_core.common.records import Evaluation
from rn_core.common.seeding import MAX_SEED, SPLITS, make_rng
from rn_core.evaluation.accuracy import count_solved, evaluate
from rn_core.evaluation.asked_files import read_asked
from rn_core.evaluation.data_set import measure_data
from rn_core.evaluation.printing import print_attribution, print_evaluation
from rn_core.evaluation.profiling import N_PICTURES
from rn_core.evaluation.reporting import attribution_table
from rn_core.experiments import bench, cost
from rn_core.serving.command import add_serve
from rn_core.tasks.base import FolderBacked
from rn_core.tasks.domain import DataOrder, DataWriter
from rn_core.tasks.own.spec import NAME as OWN
from rn_core.tasks.registry import CONFIGS, DOMAINS, PUBLIC, Derived
from rn_core.training import publishing
from rn_core.training.config import SCHEDULES
from rn_core.training.own_command import RUNS, SetOrder, train_set
from rn_core.training.processes import leave_processes, make_fabric
from rn_core.training.profiling import profile_weights
from rn_core.training.recipes import RECIPES, make_recipe
from rn_core.training.run_folder import hold_run
from rn_core.training.showing import take_steps
from rn_core.training.shrinking import shrink_weights
from rn_core.training.sources import no_folder, open_source
from rn_core.training.trainer import Trainer
from rn_core.weights import public as public_weights
from rn_core.weights.packing import BITS
from rn_core.weights.store import NOT_PUBLISHED, PRETRAINED, describe_loose, list_weights, weights_status

#: Domain -> writer of its scenes, for domains that have one.
_WRITERS: Mapping[str, DataWriter] = Derived(
    lambda: {name: domain.data for name, domain in DOMAINS.items() if domain.data is not None}
)
#: Action of `weights` -> an example of it.
_WEIGHTS_ACTIONS = {
    "publish": "weights publish sort-of-clevr/rn-pixels",
    "fetch": "weights fetch clevr/rn-pixels-public",
    "import": "weights import original_fp_epoch_493.pth --name clevr/rn-pixels-public",
    "profile": "weights profile sort-of-clevr/rn-pixels",
    "shrink": "weights shrink sort-of-clevr/mlp-pixels",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: without the program's name; None uses `sys.argv`.

    Returns:
        0, or 1 after bad input (one sentence on standard error), or 130 after Ctrl-C.
    """
    options = build_parser().parse_args(arguments)
    try:
        _set_threads(options)
        options.command(options)
    except RNCoreError as err:
        print(err, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return 130
    return 0


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    parser = argparse.ArgumentParser(prog="python -m rn_core", description="Relation Networks, from the command line.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_train(commands)
    _add_evaluate(commands)
    _add_explain(commands)
    _add_generate(commands)
    _add_weights(commands)
    add_serve(commands)
    bench = _add(commands, "bench", _bench, "measure speed and memory against a plain implementation")
    bench.add_argument("--quick", action="store_true", help="fewer repeats")
    bench.add_argument(
        "--compile",
        action=argparse.BooleanOptionalAction,
        help="measure training and answers through torch.compile, too (default: on CUDA)",
    )
    return parser


#: The commands that a parser is added to.
_Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def _add(
    commands: _Commands, name: str, command: Callable[[argparse.Namespace], None], text: str
) -> argparse.ArgumentParser:
    """Add one command with the options that all share."""
    parser = commands.add_parser(
        name, help=text, description=text, formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    parser.set_defaults(command=command)
    parser.add_argument("--json", action="store_true", help="print one JSON object for machines")
    parser.add_argument("--seed", type=int, default=0, help=f"root seed, 0 to {MAX_SEED}")
    parser.add_argument("--device", default="auto", choices=DEVICES, help="where to compute")
    parser.add_argument("--threads", type=int, default=None, help="CPU threads (default: all)")
    return parser


def _list_sizes() -> list[str]:
    """Return the sizes that models of any task have."""
    return sorted({size for sizes in CONFIGS.values() for size in sizes})


def _add_train(commands: _Commands) -> None:
    """Add `train`."""
    train = _add(commands, "train", _train, "train a recipe; resumes a run with the same options where it stopped")
    train.add_argument("name", help=f"recipe: {', '.join(RECIPES)}; or {OWN}, for a file of your own data")
    train.add_argument("--data", type=Path, default=None, help="data folder, or file of your own data, to train on")
    train.add_argument("--cache", type=Path, default=None, help="folder for what is read of it (default: in the data)")
    train.add_argument(
        "--size", default=None, choices=_list_sizes(), help="of the network (default: the published size)"
    )
    train.add_argument("--steps", type=int, default=None, help="optimizer steps (default: the recipe's)")
    train.add_argument("--warm-start", type=int, default=None, help="pretraining steps (default: the recipe's)")
    train.add_argument(
        "--schedule", default=None, choices=SCHEDULES, help="of the learning rate (default: the recipe's)"
    )
    train.add_argument("--scenes", type=int, default=None, help="scenes per step and process (default: the recipe's)")
    train.add_argument("--validate-every", type=int, default=None, help="steps between validations")
    train.add_argument("--validation-scenes", type=int, default=None, help="scenes per validation")
    train.add_argument("--precision", default="auto", choices=("auto", "32-true", "bf16-mixed"), help="auto: bf16")
    train.add_argument("--processes", type=int, default=None, help="number of processes (default: torchrun's, or one)")
    train.add_argument("--folder", type=Path, default=None, help="folder of the run (default: runs/NAME)")


def _add_weights_name(parser: argparse.ArgumentParser) -> None:
    """Add the name of the weights and their folder."""
    parser.add_argument("name", help="weights, such as sort-of-clevr/rn-pixels")
    parser.add_argument("--weights", type=Path, default=PRETRAINED, help="folder of all weights")


def _add_evaluate(commands: _Commands) -> None:
    """Add `evaluate`."""
    parser = _add(commands, "evaluate", _evaluate, "accuracy per question type on new test scenes")
    _add_weights_name(parser)
    parser.add_argument("--scenes", type=int, default=1000, help="test scenes, with all questions each")
    parser.add_argument("--data", type=Path, default=None, help="data folder or file, for tasks that read one")
    parser.add_argument("--split", default=None, help="its split (default: the usual test split)")
    parser.add_argument("--strict", action="store_true", help="stop at the first question that cannot be used")
    parser.add_argument("--predictions", type=Path, default=None, help="file for the model's answers to the data")
    parser.add_argument("--cache", type=Path, default=None, help="folder for what is read of it (default: in the data)")
    parser.add_argument("--attribution", action="store_true", help="add the table of attribution methods")
    parser.add_argument("--attribution-scenes", type=int, default=200, help="test scenes for that table")


def _add_explain(commands: _Commands) -> None:
    """Add `explain`."""
    parser = _add(
        commands,
        "explain",
        _explain,
        "answer one question about a new scene or a file's, with warnings and the strongest pairs",
    )
    _add_weights_name(parser)
    parser.add_argument("question", help='English, such as "Is the red object on the left?"')
    parser.add_argument("--picture", type=Path, default=None, help="PNG or JPEG to ask about, of any size")
    parser.add_argument("--scene", type=Path, default=None, help="scene (JSON) or story to ask about (default: new)")
    parser.add_argument("--top", type=int, default=5, help="pairs to print")


def _add_generate(commands: _Commands) -> None:
    """Add `generate`."""
    parser = _add(commands, "generate", _generate, "write scenes with pictures, questions and answers")
    parser.add_argument("output", type=Path, help="file or folder to write; an interrupted folder is continued")
    parser.add_argument("--task", default=next(iter(_WRITERS)), choices=tuple(_WRITERS), help="whose scenes")
    parser.add_argument("--scenes", type=int, default=100, help="number of scenes, or of stories per task")
    parser.add_argument("--split", default="train", choices=tuple(SPLITS), help="whose seeds to use")
    for name, writer in _WRITERS.items():
        for option in writer.options:
            kind, text = type(option.default), f"{name}: {option.text}"
            parser.add_argument(f"--{option.name}", type=kind, default=option.default, help=text)


def _add_weights(commands: _Commands) -> None:
    """Add `weights`."""
    parser = _add(commands, "weights", _weights, "list the installed weights and check each file")
    actions = (
        "publish: a run; fetch: download public weights; import: from a file; profile: what is ordinary; "
        "shrink: store in 16 or 8 bits"
    )
    parser.add_argument("action", nargs="?", default="list", choices=("list", *_WEIGHTS_ACTIONS), help=actions)
    parser.add_argument("what", nargs="?", help="name of the weights, or the .pth file to import")
    parser.add_argument("--name", help=f"import: one of {', '.join(PUBLIC)}")
    parser.add_argument("--folder", type=Path, default=None, help="folder of the run (default: runs/NAME)")
    parser.add_argument("--scenes", type=int, default=10_000, help="test scenes for the card's figures")
    parser.add_argument("--data", type=Path, default=None, help="publish, shrink, profile: data folder to measure on")
    parser.add_argument("--pictures", type=int, default=N_PICTURES, help="profile: pictures drawn of each split")
    parser.add_argument("--split", default="val", help="publish, shrink: the split of that folder")
    parser.add_argument("--bits", type=int, default=BITS[0], choices=BITS, help="shrink: of each parameter")
    parser.add_argument("--mixed", action="store_true", help="shrink: leave what costs validation accuracy as it is")
    parser.add_argument("--in-16-bits", action="store_true", help="publish: round parameters before they are measured")


def _train(options: argparse.Namespace) -> None:
    """Train, showing progress, until the recipe's last step."""
    keep_freed_memory()
    if options.name == OWN:
        train_set(_set_order(options), options.json, lambda text: _bar(options, text))
        return
    config = make_recipe(
        options.name,
        options.size,
        seed=options.seed,
        precision=_precision(options),
        **_changes(options),
    )
    folder = options.folder or RUNS / options.name
    fabric = make_fabric(options.device, config.precision, options.processes)
    with hold_run(folder, fabric):
        source = open_source(options.name, config.task, options.data, options.cache, fabric, _bar(options, "read data"))
        trainer = Trainer(config, fabric, folder, source, _bar(options, "pretraining"))
        take_steps(trainer, f"{options.name}, {options.size}", folder, options.json)
    leave_processes()
    if options.json:
        print(json.dumps({"run": str(folder), **asdict(trainer.run.history[-1])}))


def _set_order(options: argparse.Namespace) -> SetOrder:
    """Return how the networks of a set of anybody's are trained."""
    if options.data is None:
        raise RNCoreError("Give the file of your data with --data FILE; docs/your-data.md says what it holds.")
    changes = {**_changes(options), "precision": None if options.precision == "auto" else options.precision}
    return SetOrder(
        options.data, options.folder, options.seed, options.device, options.processes, options.size, changes
    )


def _changes(options: argparse.Namespace) -> dict[str, Any]:
    """Return the fields of `TrainConfig` that a run may override; None leaves a field unchanged."""
    return {
        "steps": options.steps,
        "warm_start": options.warm_start,
        "schedule": options.schedule,
        "n_scenes": options.scenes,
        "validate_every": options.validate_every,
        "validation_scenes": options.validation_scenes,
    }


def _precision(options: argparse.Namespace) -> str:
    """Return the precision asked for; `fabric run` consumes `--precision` and passes it on in the environment."""
    given: str = options.precision
    if given != "auto":
        return given
    fast = has_fast_bf16(choose_device(options.device))
    return os.environ.get("LT_PRECISION", "bf16-mixed" if fast else "32-true")


def _evaluate(options: argparse.Namespace) -> None:
    """Print accuracies, and the attribution table if asked for."""
    answerer = load(options.name, options.device, options.weights)
    reading = Reading(options.strict, options.predictions is not None, options.cache)
    with fast_autocast(choose_device(options.device)):
        found = _measure(answerer, options, reading)
    result: dict[str, Any] = {"name": options.name, **(found.to_dict() if found else {})}
    if options.data is not None:
        result["skipped"] = reading.to_dict()
    mark = answerer.task.solved_above
    if mark is not None and found is not None:
        result["solved"] = count_solved(found, mark)
    if options.attribution:
        result["attribution"] = attribution_table(
            answerer.model, answerer.task, options.seed, options.attribution_scenes, _bar(options, "attribution")
        )
    if options.json:
        print(json.dumps(result))
        return
    print_evaluation(options.name, found, mark)
    print(*reading.describe(), sep="\n", end="\n" if reading.skipped else "")
    if options.attribution:
        print_attribution(result["attribution"])


def _measure(answerer: Answerer, options: argparse.Namespace, reading: Reading) -> Evaluation | None:
    """Return accuracies on a data set if one is given, else on new scenes; None where it has no answers."""
    model, task, bar = answerer.model, answerer.task, _bar(options, "evaluate")
    if options.data is None:
        if options.strict or options.predictions or options.cache:
            raise RNCoreError("--strict, --predictions and --cache are about a data set; give one with --data.")
        return evaluate(model, task, options.seed, options.scenes, progress=bar)
    if not isinstance(task, FolderBacked):
        raise no_folder(options.name)
    return measure_data(model, task, options.data, options.split, reading, options.predictions, bar)


def _explain(options: argparse.Namespace) -> None:
    """Answer one question and print its strongest pairs."""
    answerer = load(options.name, options.device, options.weights)
    scene, seen = read_asked(answerer.task, options.picture, options.scene, make_rng(options.seed, "explore"))
    answer = answerer.answer(seen, options.question)
    result = {"scene": scene, "question": options.question, **list_facts(answer, options.top)}
    if options.json:
        print(json.dumps(result))
        return
    print(describe_answer(answer))
    for sentence in answer.warnings:
        print(f"Warning: {sentence}")
    for pair in result["pairs"]:
        print(f"  {pair['i']:>2} -> {pair['j']:<2}  {pair['contribution']:+.3f}")


def _generate(options: argparse.Namespace) -> None:
    """Write scenes, each domain in its own format."""
    given = {option.name: vars(options)[option.name] for writer in _WRITERS.values() for option in writer.options}
    order = DataOrder(options.output, options.scenes, options.seed, options.split, given)
    written = _WRITERS[options.task].write(order, lambda text: _bar(options, text))
    if options.json:
        made = {"output": str(options.output), "scenes": options.scenes, "seed": options.seed}
        print(json.dumps({**made, **written.facts}))
        return
    print("\n".join(written.lines))


def _weights(options: argparse.Namespace) -> None:
    """Publish a run, or get public weights; then list the installed weights."""
    if options.action in _WEIGHTS_ACTIONS and options.what is None:
        raise RNCoreError(f"Say what to {options.action}, such as `{_WEIGHTS_ACTIONS[options.action]}`.")
    if options.action == "fetch":
        public_weights.fetch_public(options.what)
    elif options.action == "import":
        public_weights.import_file(options.name, Path(options.what))
    elif options.action in ("publish", "shrink"):
        spec = publishing.EvaluationSpec(options.scenes, options.seed, options.data, options.split)
        if options.action == "shrink":
            shrink_weights(options.what, spec, options.bits, _bar(options, "evaluate"), mixed=options.mixed)
        else:
            run, bar = options.folder or RUNS / options.what, _bar(options, "evaluate")
            publishing.publish(options.what, run, spec, bar, in_16_bits=options.in_16_bits)
    elif options.action == "profile":
        profile_weights(options.what, options.seed, options.pictures, options.data, _bar(options, "profile"))
    entries = list_weights().values()
    known = [(entry.name, weights_status(entry), entry.card) for entry in entries]
    loose = describe_loose()
    if options.json:
        every = [*known, *((name, status, None) for name, status in loose.items())]
        rows = ({"name": name, "status": status, "card": card and card.to_dict()} for name, status, card in every)
        print(json.dumps({"weights": [{**row, "sound": row["status"] == "sound"} for row in rows]}))
        return
    for name, status, card in known:
        status += f", {NOT_PUBLISHED}" if card.is_other_file else ""
        print(f"{name:28} {card.parameters:>9,} parameters  {card.n_bytes / 1e6:5.1f} MB  {status}")
    for name, status in loose.items():
        print(f"{name:28} {status}")


def _bench(options: argparse.Namespace) -> None:
    """Measure and print one table."""
    table = bench.run(
        options.seed,
        options.quick,
        lambda rows: tqdm(rows, disable=options.json),
        device=options.device,
        compiles=options.compile,
    )
    if options.json:
        print(json.dumps(table))
        return
    print(cost.format_table(table))


def _set_threads(options: argparse.Namespace) -> None:
    """Use the number of CPU threads asked for."""
    if options.threads is not None:
        if options.threads < 1:
            raise RNCoreError(f"threads must be 1 or more, got {options.threads}.")
        torch.set_num_threads(options.threads)


def _bar(options: argparse.Namespace, text: str) -> Any:
    """Return a wrapper that shows a progress bar, unless the output is for machines."""
    return lambda items: tqdm(items, desc=text, disable=options.json)
