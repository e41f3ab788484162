"""From a finished run to published weights: evaluated on held-out scenes, with card and golden logits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from rn_core.common.device import choose_device, describe_device, fast_autocast, processor_name
from rn_core.common.errors import RNCoreError, WeightsError
from rn_core.common.records import Batch, Evaluation
from rn_core.common.seeding import make_rng
from rn_core.evaluation.accuracy import evaluate_batches, sample_batches
from rn_core.evaluation.reporting import mean_aggregates
from rn_core.models import QuestionAnsweringModel, build_model
from rn_core.models.hops import HopRelationNetworkConfig
from rn_core.models.relation_network import RelationNetworkConfig
from rn_core.models.slots import SlotEncoderConfig
from rn_core.tasks import TASKS, Task
from rn_core.tasks.base import FewQuestions, FolderBacked, Pooled
from rn_core.tasks.registry import CONFIGS, model_config
from rn_core.training.checkpoints import FILE_NAME
from rn_core.training.config import TrainConfig
from rn_core.training.recipes import RECIPES
from rn_core.training.run_state import RunState, read_run
from rn_core.weights.card import CardFacts, CurvePoint, FolderEvaluation, TrainingRecord
from rn_core.weights.file_set import check_name, hold_name
from rn_core.weights.packing import round_parameters
from rn_core.weights.store import PRETRAINED, WeightsEntry, fill_model, write_set

#: Scenes for the mean aggregate.
MEAN_SCENES = 200
#: Scenes for the golden logits; of large ones, such as pictures, as many as have these bytes, at least one.
_GOLDEN_SCENES, _GOLDEN_BYTES = 3, 20_000
Progress = Callable[[Iterable[int]], Iterable[int]]


@dataclass(frozen=True)
class EvaluationSpec:
    """What a run is evaluated on: new test scenes or, if it was trained on a data folder, one split of a folder.

    Attributes:
        n_scenes: test scenes, all questions each.
        seed: root seed of the test scenes.
        data: the folder, all questions of the split; a run on generated scenes is evaluated on it in addition to the
            test scenes. None for test scenes alone.
        split: of that folder.
    """

    n_scenes: int = 10_000
    seed: int = 0
    data: Path | None = None
    split: str = "val"

    def check(self, name: str, config: TrainConfig) -> None:
        """Raise RNCoreError unless the run can be evaluated on it and was not trained on it."""
        if self.data is not None and not isinstance(TASKS[config.task], FolderBacked):
            raise RNCoreError(f"'{name}' was trained on generated scenes and reads no folder; leave --data out.")
        if config.data is not None and self.data is None:
            raise RNCoreError(f"'{name}' was trained on a data folder; give the one to evaluate it on with --data.")
        if config.data is not None and self.split == "train":
            raise RNCoreError(f"'{name}' was trained on split train; evaluate it on another, such as --split val.")

    def measure(
        self, model: QuestionAnsweringModel, task: Task, sets: Iterable[Iterable[Batch]]
    ) -> tuple[Evaluation, FolderEvaluation | None]:
        """Return a model's accuracies for its card, and those on published files, if `sets` has two parts."""
        found, *beside = (evaluate_batches(model, task, batches, self.seed) for batches in sets)
        return found, FolderEvaluation(**vars(beside[0]), split=self.split) if beside else None

    def read_sets(self, task: Task, trained_on_folder: bool, progress: Progress = iter) -> list[Iterator[Batch]]:
        """Return the questions of a card's accuracies: the folder's for a run on it, otherwise new test scenes.

        The folder's are a second part for other runs, if there is a folder.

        Raises:
            RNCoreError: if there is no scene, or the folder is missing or cannot be read.
        """
        if trained_on_folder:
            return [self._read_folder(task, progress)]
        drawn = sample_batches(task, self.seed, self.n_scenes, progress=progress)
        return [drawn] if self.data is None else [drawn, self._read_folder(task, progress)]

    def sample(self, task: Task, config: TrainConfig) -> Batch:
        """Return a few of the scenes that a run is evaluated on."""
        if config.data is None:
            return task.sample_batch(make_rng(self.seed, "test", 3), _GOLDEN_SCENES)
        return next(self._read_folder(task)).select(slice(_GOLDEN_SCENES))

    def _read_folder(self, task: Task, progress: Progress = iter) -> Iterator[Batch]:
        """Yield the questions of the folder's split, whose presence `check` has required."""
        if self.data is None or not isinstance(task, FolderBacked):
            raise RNCoreError(f"Task '{task.name}' is evaluated on a data folder only if one is given; give --data.")
        return task.read_batches(self.data, self.split, progress)


def publish(
    name: str,
    folder: Path,
    spec: EvaluationSpec | None = None,
    progress: Progress = iter,
    into: Path = PRETRAINED,
    in_16_bits: bool = False,
) -> WeightsEntry:
    """Evaluate a finished run on held-out scenes and write it into `pretrained/`.

    Args:
        name: name of the weights: the recipe of that task, kind and size, or a name that is no recipe's.
        folder: the run's folder.
        spec: what it is evaluated on; None for 10,000 test scenes.
        progress: wraps the iteration over test batches.
        into: folder of all weights.
        in_16_bits: whether parameters are rounded to float16 before they are measured.

    Raises:
        RNCoreError: if there is no finished run in the folder, or one of another recipe than the name's, the spec
            does not fit it, a file cannot be written, or another process publishes under this name.
    """
    spec = spec or EvaluationSpec()
    check_name(name)
    model, state = load_run(folder)
    config = state.config
    if state.step < config.steps:
        raise RNCoreError(f"The run in '{folder}' is at step {state.step} of {config.steps}; train it to its end.")
    check_recipe(name, config)
    spec.check(name, config)
    if in_16_bits:
        round_parameters(model)
    with hold_name(name, into):
        facts, mean, place, golden = _measure(name, model, state, spec, progress, into)
        facts = replace(facts, recipe=f"{facts.recipe} --in-16-bits") if in_16_bits else facts
        return write_set(name, model, facts, mean, place, golden)


def _measure(
    name: str, model: QuestionAnsweringModel, state: RunState, spec: EvaluationSpec, progress: Progress, into: Path
) -> tuple[CardFacts, torch.Tensor | None, Path, dict[str, torch.Tensor]]:
    """Return the files beside a model: card facts, mean aggregate, folder, and golden logits."""
    config, task, device = state.config, TASKS[state.config.task], choose_device()
    with fast_autocast(device):
        sets = spec.read_sets(task, config.data is not None, progress)
        found, beside = spec.measure(model.to(device), task, sets)
    model.cpu()
    countable = isinstance(task, FewQuestions) or config.model.core.d_question == 0
    counted = model.has_pairs and config.data is None and countable
    mean = mean_aggregates(model, task, spec.seed, MEAN_SCENES) if counted else None
    facts = _describe_folder(name, config, spec, make_facts(name, state, found))
    few = spec.sample(task, config)
    golden = make_golden(model, few.inputs, few.question, few.scene_index)
    return replace(facts, published_files=beside), mean, into, golden


def check_recipe(name: str, config: TrainConfig) -> None:
    """Raise WeightsError unless a run may have a name.

    The name of a recipe needs its task and its model at the published size; any other name, the task's family.
    """
    family = config.task.partition("/")[0]
    if name not in RECIPES:
        if name.count("/") != 1 or not name.startswith(f"{family}/"):
            raise WeightsError(
                f"Weights of task '{config.task}' must be named '{family}/NAME', got '{name}'; rename them."
            )
        return
    recipe = RECIPES[name]
    if config.task != recipe.task:
        raise WeightsError(
            f"'{name}' is for task '{recipe.task}', but this run is for '{config.task}'; choose another name."
        )
    if config.model != model_config(recipe.task, recipe.model, recipe.size):
        raise WeightsError(
            f"'{name}' is model '{recipe.model}' at size {recipe.size}, but this run's is {_describe_model(config)}; "
            f"choose another name, such as '{name}-own'."
        )


def _describe_model(config: TrainConfig) -> str:
    """Return a description of a run's model: kind and size, if it is one that has a name."""
    sizes = CONFIGS[config.task].items()
    known = (f"'{kind}' at size {size}" for size, kinds in sizes for kind in kinds if kinds[kind] == config.model)
    return next(known, "an unnamed one")


def load_run(folder: Path) -> tuple[QuestionAnsweringModel, RunState]:
    """Return a run's model in eval mode and its state.

    Raises:
        RNCoreError: if the folder holds no run, or a damaged one.
    """
    path = folder / FILE_NAME
    if not path.exists():
        raise RNCoreError(f"There is no run in '{folder}'; start one with `python -m rn_core train`.")
    tensors, state = read_run(path)
    model = build_model(state.config.model, state.config.seed)
    learned = {key.removeprefix("model."): value for key, value in tensors.items() if key.startswith("model.")}
    fill_model(model, learned, path.name)
    return model.eval(), state


def make_facts(name: str, state: RunState, metrics: Evaluation | None = None) -> CardFacts:
    """Return the card facts of a run on generated scenes."""
    config = state.config
    recipe, options = _find_recipe(name, config)
    where = "" if recipe == name else f" --folder runs/{recipe}"
    return CardFacts(
        task=config.task,
        license="MIT",
        source="Santoro et al. 2017, arXiv 1706.01427",
        recipe=f"python -m rn_core train {recipe}{options} --seed {config.seed} && "
        f"python -m rn_core weights publish {name}{where}",
        data=f"{_describe_scenes(config)}; test seeds cannot overlap training seeds",
        start=_describe_start(config),
        encoders_from=config.encoders_from or "",
        training=TrainingRecord(
            settings={key: value for key, value in config.to_dict().items() if key != "model"},
            questions=state.history[-1].n_questions,
            minutes=round(state.seconds / 60, 1),
            machine=f"{processor_name()}, {describe_device(choose_device())}",
            torch=torch.__version__,
        ),
        curve=tuple(
            CurvePoint(
                round(row.seconds / 60, 2),
                row.n_questions,
                {kind: round(value, 4) for kind, value in row.accuracy.items()},
            )
            for row in state.history
        ),
        metrics=metrics,
    )


def _find_recipe(name: str, config: TrainConfig) -> tuple[str, str]:
    """Return the recipe by which a run is trained, its own name if no recipe has its model, and its size."""
    found = (
        (known, "" if size == recipe.size else f" --size {size}")
        for known, recipe in RECIPES.items()
        for size, models in CONFIGS[config.task].items()
        if name not in RECIPES and recipe.task == config.task and models.get(recipe.model) == config.model
    )
    return next(found, (name, ""))


def _describe_folder(name: str, config: TrainConfig, spec: EvaluationSpec, facts: CardFacts) -> CardFacts:
    """Return the card facts of a run on a data folder: its command, its data, and what it was evaluated on."""
    found = facts.metrics
    if config.data is None or found is None:
        return facts
    sizes = CONFIGS[config.task].items()
    size = next((size for size, kinds in sizes if config.model in kinds.values()), "small")
    options = f"--size {size} --steps {config.steps} --scenes {config.n_scenes} --seed {config.seed}"
    recipe, moved = _find_recipe(name, config)[0], "; pictures shifted and rotated slightly" if config.augment else ""
    where = "" if recipe == name else f" --folder runs/{recipe}"
    return replace(
        facts,
        recipe=f"python -m rn_core train {recipe} --data FOLDER {options} && "
        f"python -m rn_core weights publish {name}{where} --data FOLDER --split {spec.split}",
        data=f"split train of the data folder with fingerprint {config.data}, all questions once per epoch{moved}",
        measured_on=f"all {found.overall.n} questions about the {found.n} pictures of split {spec.split}, from "
        f"which nothing was learned; up to {config.validation_scenes} pictures of split val were used for validation",
    )


def _describe_scenes(config: TrainConfig) -> str:
    """Return the source of the scenes of a run without a data folder."""
    if not config.pool_scenes:
        return "scenes generated on the fly, never repeated"
    each = f", {config.n_questions} questions each" if config.n_questions > 1 else ""
    return f"{config.pool_scenes:,} scenes generated once{each}, used repeatedly"


def _describe_start(config: TrainConfig) -> str:
    """Return one phrase on what the network knew before it was trained on questions."""
    if config.encoders_from:
        relations = f"its relations start from {config.core_from}" if config.core_from else "the rest is new"
        return (
            "its convolution, which has learned from labels to find objects, and its reading of words are those of "
            f"{config.encoders_from}, frozen; {relations}, trained on answers only"
        )
    if not config.warm_start and config.core_from:
        if isinstance(config.model.core, RelationNetworkConfig):
            if config.keep_answers:
                return f"starts from {config.core_from}, with logits for more answers"
            return f"its relations start from {config.core_from}; f_phi starts from new weights"
        return f"starts from {config.core_from}, with a hop of relations before its own"
    if not config.warm_start:
        first = f"; only about {', '.join(config.first_types)} for the first {config.first_steps:,} steps"
        return f"trained end-to-end on answers only, as in the paper{first if config.first_types else ''}"
    if isinstance(config.model.core, HopRelationNetworkConfig):
        begun = f"; all else starts from {config.core_from}" if config.core_from else ""
        return f"its hops were pretrained for {config.warm_start:,} steps on the chains that answer{begun}"
    if config.pool_scenes:
        pairs = "the facts about pairs" if isinstance(config.model.core, RelationNetworkConfig) else ""
        task = TASKS[config.task]
        pretrained_on = task.pretrained_on if isinstance(task, Pooled) else ""
        learned = " and ".join(filter(None, (pretrained_on, pairs)))
        begun = f"; the relations start from {config.core_from}" if config.core_from else ""
        return f"pretrained for {config.warm_start} steps, unlike in the paper, on {learned}{begun}"
    learned = "name the contents of its cells"
    if isinstance(config.model.encoder, SlotEncoderConfig):
        where = "the folder's pictures, in changed light and colors" if config.data else "pictures of many styles"
        closer = f", and for {config.window_steps} to read the window around each" if config.window_steps else ""
        learned = f"find objects in {where} (supervised perception){closer}"
    encoder = f"the encoder for {config.warm_start} steps to {learned}"
    relations = f"; the relations start from {config.core_from}" if config.core_from else ""
    return f"pretrained, unlike in the paper: {encoder}{relations}"


@torch.inference_mode()
def make_golden(
    model: QuestionAnsweringModel, inputs: tuple[torch.Tensor, ...], question: torch.Tensor, scene_index: torch.Tensor
) -> dict[str, torch.Tensor]:
    """Return a few inputs and questions and the logits they give; arguments as the fields of `Batch`."""
    size = sum(part[0].numel() * part.element_size() for part in inputs)  # bytes per scene
    n_scenes = min(_GOLDEN_SCENES, max(1, _GOLDEN_BYTES // size))
    asked = scene_index < n_scenes
    few, question, scene_index = tuple(part[:n_scenes] for part in inputs), question[asked], scene_index[asked]
    logits = model(few, question, scene_index)
    given = {f"inputs.{index}": part for index, part in enumerate(few)}
    return {**given, "question": question, "scene_index": scene_index, "logits": logits}
