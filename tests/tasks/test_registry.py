"""A domain in the core is one folder and one line: every folder is registered, and its tasks are typed."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest

import rn_core.tasks
from rn_core.tasks.registry import DOMAINS, FOLDERS, PUBLIC, TASKS

FOUND = sorted(path.name for path in Path(rn_core.tasks.__path__[0]).iterdir() if (path / "__init__.py").is_file())


def test_every_folder_is_registered_and_nothing_else():
    assert sorted(FOLDERS) == FOUND
    from_files = {folder for folder in FOUND if hasattr(import_module(f"rn_core.tasks.{folder}.task"), "make_task")}
    assert {task.domain.name.replace("-", "_") for task in TASKS.values()} == {*FOUND} - from_files
    assert from_files == {"own"}


@pytest.mark.parametrize("folder", FOUND)
def test_a_folders_tasks_are_declared_so_that_types_are_checked(folder):
    module = import_module(f"rn_core.tasks.{folder}.task")
    assert module.__annotations__["TASKS"] == "tuple[Task, ...]"
    assert [TASKS[task.name] for task in module.TASKS] == [*module.TASKS]


def test_public_weights_are_those_that_domains_name():
    named = {name: public for domain in DOMAINS.values() for name, public in domain.public.items()}
    assert dict(PUBLIC) == named and {public.task for public in named.values()} <= TASKS.keys()
