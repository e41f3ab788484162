"""All tasks by name, and what their domains say of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from typing import Generic, TypeVar
from weakref import WeakValueDictionary

from rn_core.common.errors import RNCoreError, lookup
from rn_core.models import ModelConfig
from rn_core.tasks.base import Task
from rn_core.tasks.domain import Domain, Models, PublicWeights, Recipe

#: The folders of domains beside this file, in the order of their tasks; races begin with the first task that has them.
FOLDERS = (
    "sort_of_clevr",
    "clevr",
    "babi",
    "physics",
    "own",
)

#: Those of them whose tasks come from files: `make_task` makes one from what a card says.
MADE = ("own",)
_Value = TypeVar("_Value")

_ALL: dict[str, Task] = {}
#: Tasks made from files, while somebody uses them: found by name, listed nowhere.
_HOSTED: WeakValueDictionary[str, Task] = WeakValueDictionary()
#: Domain -> makes a task from what a card says of it, for domains whose tasks come from files.
_MAKERS: dict[str, Callable[[Mapping[str, object]], Task]] = {}


class _Tasks(Mapping[str, Task]):
    """The registered tasks; a hosted one is found by its name, too."""

    def __getitem__(self, name: str) -> Task:
        """Return one task; raises KeyError if it is neither registered nor hosted."""
        return _ALL[name] if name in _ALL else _HOSTED[name]

    def __iter__(self) -> Iterator[str]:
        """Yield the names of the registered tasks."""
        return iter(_ALL)

    def __len__(self) -> int:
        """Return the number of registered tasks."""
        return len(_ALL)


TASKS: Mapping[str, Task] = _Tasks()


def host(task: Task) -> Task:
    """Make a task that came from a file known by its name for as long as somebody holds what is returned.

    Returns:
        the task, or the one of the same name that is hosted already: equal names mean equal tasks.
    """
    return _HOSTED.setdefault(task.name, task)


def host_from_card(name: str, said: Mapping[str, object]) -> Task | None:
    """Return the task that a card describes, hosted as by `host`; None where its domain makes none from cards.

    Args:
        name: of the task, as the card says.
        said: what the card says of it.

    Raises:
        RNCoreError: if that describes no task, or another one than the name says.
    """
    make = _MAKERS.get(name.partition("/")[0])
    if make is None:
        return None
    task = make(said)
    if task.name != name:
        raise RNCoreError(f"The card describes the task '{task.name}', but names '{name}'; export the weights again.")
    return host(task)


def register(*tasks: Task) -> None:
    """Add the tasks of a domain, so that weights, recipes, the command line and the pages know them.

    Raises:
        RNCoreError: if a task of that name is there, or its domain has no models for it.
    """
    for task in tasks:
        if task.name in _ALL:
            raise RNCoreError(f"There is a task '{task.name}' already; give the new one another name.")
        lookup(task.name, task.domain.models, "task with models")
    _ALL.update({task.name: task for task in tasks})


@contextmanager
def registered(*tasks: Task) -> Iterator[None]:
    """Add the tasks of a domain while the block runs: one that is tried out, or a test's; errors as `register`."""
    register(*tasks)
    try:
        yield
    finally:
        for task in tasks:
            _ALL.pop(task.name, None)


for _folder in FOLDERS:
    _module = import_module(f"{__package__}.{_folder}.task")
    register(*_module.TASKS)
    if _folder in MADE:
        _MAKERS[_folder] = _module.make_task


class Derived(Mapping[str, _Value], Generic[_Value]):
    """A table made from the registered tasks, which always has what is registered now."""

    def __init__(self, make: Callable[[], Mapping[str, _Value]]) -> None:
        """Keep the function that makes the table; it is made when it is first read."""
        self._make = make
        self._made: tuple[tuple[Task, ...], Mapping[str, _Value]] = (), {}

    def _read(self) -> Mapping[str, _Value]:
        """Return the table, made anew where other tasks are registered than when it was made."""
        tasks, table = tuple(_ALL.values()), self._made
        if tasks != table[0]:
            table = self._made = tasks, self._make()
        return table[1]

    def __getitem__(self, name: str) -> _Value:
        """Return one value; raises KeyError if it is not there."""
        return self._read()[name]

    def __iter__(self) -> Iterator[str]:
        """Yield the names."""
        return iter(self._read())

    def __len__(self) -> int:
        """Return the number of names."""
        return len(self._read())


#: Name of a domain -> what its tasks share.
DOMAINS: Mapping[str, Domain] = Derived(lambda: {task.domain.name: task.domain for task in TASKS.values()})


class _Configs(Derived[Mapping[str, Models]]):
    """The models of the registered tasks; those of a hosted one are found by its name, too."""

    def __getitem__(self, name: str) -> Mapping[str, Models]:
        """Return the models of one task; raises KeyError if it is neither registered nor hosted."""
        return TASKS[name].domain.models[name]


#: Task -> size -> model -> config.
CONFIGS: Mapping[str, Mapping[str, Models]] = _Configs(
    lambda: {name: task.domain.models[name] for name, task in TASKS.items()}
)
#: Name of weights -> how they are trained.
RECIPES: Mapping[str, Recipe] = Derived(
    lambda: {name: recipe for domain in DOMAINS.values() for name, recipe in domain.recipes.items()}
)
#: Name of weights that others published -> how they become a model of this project.
PUBLIC: Mapping[str, PublicWeights] = Derived(
    lambda: {name: public for domain in DOMAINS.values() for name, public in domain.public.items()}
)


def model_config(task: str, model: str, size: str = "small") -> ModelConfig:
    """Return the config of a named model.

    Args:
        task: such as "clevr/states".
        model: its kind, a key of `rn_core.models.KINDS` such as "rn" or "mlp"; for a task with a second one of a kind,
            that with a word more, such as "rn-2hop".
        size: "small", and where the domain has them "paper" or "tiny".

    Raises:
        UnknownNameError: on a name that is not in the table.
    """
    sizes = lookup(size, lookup(task, CONFIGS, "task"), "model size")
    return lookup(model, sizes, "model kind")
