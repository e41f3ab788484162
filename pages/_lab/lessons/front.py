"""Front matter: the YAML block between `---` lines at the head of a file, read with file, line and field in mind.

Only text, whole numbers, lists of text and one level of groups are read. YAML is parsed to its nodes and never to
objects, so a file can hold nothing but text: `yes` stays the word, and a tag does nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

import yaml

from rn_core.common.errors import RNCoreError, did_you_mean

Value = TypeVar("Value")
_FENCE = "---"
_KEY = re.compile(r"\s*([A-Za-z_]+)\s*:")


class LessonError(RNCoreError):
    """A lesson file that cannot be used; its sentence names the file, the line and the field."""


@dataclass(frozen=True)
class Group:
    """Fields of a file that belong together.

    Attributes:
        file: the file's name.
        line: where the group starts, from 1.
        fields: name -> (line, node).
        prefix: the group's own name and a dot, or nothing.
    """

    file: str
    line: int
    fields: Mapping[str, tuple[int, yaml.Node]]
    prefix: str = ""

    def error(self, name: str, sentence: str) -> LessonError:
        """Return the error that says `sentence` about a field, with file, line and field in front."""
        line = self.fields[name][0] if name in self.fields else self.line
        return LessonError(f"{self.file}, line {line}, field '{self.prefix}{name}': {sentence}")

    def check_names(self, examples: Mapping[str, str], optional: tuple[str, ...] = ()) -> None:
        """Raise LessonError for a field that does not exist, or one that is missing.

        Args:
            examples: every field there is -> how to write it, as an example.
            optional: those that may be left out.
        """
        for name in self.fields:
            if name not in examples:
                near = did_you_mean(name, list(examples))
                raise self.error(name, f"there is no such field.{near} Use {', '.join(examples)}.")
        for name, example in examples.items():
            if name not in self.fields and name not in optional:
                raise self.error(name, f"it is missing; write, for example, '{name}: {example}'.")

    def text(self, name: str, longest: int) -> str:
        """Return a field's text, 1 to `longest` characters; numbers and `yes` are taken as they are written."""
        return self._checked_text(name, *self.fields[name], longest)

    def texts(self, name: str, fewest: int, most: int, longest: int) -> tuple[str, ...]:
        """Return a list of `fewest` to `most` different texts."""
        node = self.fields[name][1]
        if not isinstance(node, yaml.SequenceNode) or not fewest <= len(node.value) <= most:
            raise self.error(name, f"it must be a list of {fewest} to {most} lines that start with '- '.")
        found = tuple(self._checked_text(name, _line_of(part), part, longest) for part in node.value)
        if len(set(found)) < len(found):
            raise self.error(name, "two of its lines are the same; make each one different.")
        return found

    def _checked_text(self, name: str, line: int, node: yaml.Node, longest: int) -> str:
        """Return the text of one node."""
        here = Group(self.file, line, {}, self.prefix)
        if not isinstance(node, yaml.ScalarNode):
            raise here.error(name, "it must be text; put it in quotes if it starts with a bracket or a brace.")
        value = " ".join(node.value.split())
        if not 1 <= len(value) <= longest:
            raise here.error(name, f"it must have 1 to {longest} characters, got {len(value)}.")
        return value

    def whole(self, name: str, lowest: int, highest: int) -> int:
        """Return a whole number in a range."""
        node = self.fields[name][1]
        value = node.value if isinstance(node, yaml.ScalarNode) else ""
        if not re.fullmatch(r"[0-9]{1,10}", value) or not lowest <= int(value) <= highest:
            shown = f"'{value[:40]}'" if value else "something else"
            raise self.error(name, f"it must be a whole number from {lowest} to {highest}, got {shown}.")
        return int(value)

    def read(self, name: str, parse: Callable[[str], Value]) -> Value:
        """Return what `parse` makes of a field's text; its RNCoreError gets file, line and field."""
        value = self.text(name, longest=400)
        try:
            return parse(value)
        except RNCoreError as err:
            raise self.error(name, str(err)) from err

    def group(self, name: str) -> Group:
        """Return the fields under a field."""
        line, node = self.fields[name]
        return make_group(self.file, line, node, f"{self.prefix}{name}.")


@dataclass(frozen=True)
class Head:
    """A file taken apart.

    Attributes:
        group: the fields of its front matter.
        body: the text below, without space around it.
        body_line: the line where the body starts.
    """

    group: Group
    body: str = field(repr=False)
    body_line: int


def read_head(file: str, text: str) -> Head:
    """Take a file's text apart.

    Raises:
        LessonError: if the front matter is missing or is not YAML of the kind above.
    """
    lines = text.splitlines()
    if not lines or lines[0].rstrip() != _FENCE:
        raise LessonError(f"{file}, line 1: a lesson must start with a line of three dashes, '---'; put one there.")
    end = next((k for k, line in enumerate(lines[1:], start=1) if line.rstrip() == _FENCE), None)
    if end is None:
        raise LessonError(f"{file}, line {len(lines)}: the fields must end with a line '---'; put one below them.")
    # An empty line stands for the first fence, so that YAML counts lines as the file does.
    node = _compose(file, ["", *lines[1:end]])
    return Head(make_group(file, 1, node, ""), "\n".join(lines[end + 1 :]).strip(), end + 2)


def _compose(file: str, lines: list[str]) -> yaml.Node | None:
    """Return the node of YAML text; an error names the line, and the field at or above it."""
    try:
        return yaml.compose("\n".join(lines), Loader=yaml.SafeLoader)
    except yaml.YAMLError as err:
        known = err if isinstance(err, yaml.MarkedYAMLError) else None
        mark = None if known is None else known.problem_mark
        line = min(mark.line + 1, len(lines)) if mark else 1
        problem = (known and known.problem) or "a sign that YAML does not allow"
    except RecursionError:
        line, problem = 1, "brackets nested too deeply"
    above = [match[1] for match in map(_KEY.match, lines[:line]) if match]
    where = f"{file}, line {line}, field '{above[-1]}'" if above else f"{file}, line {line}"
    raise LessonError(f"{where}: this is not YAML ({problem}); put the text in quotes, or fix the indentation.")


def make_group(file: str, line: int, node: yaml.Node | None, prefix: str) -> Group:
    """Return the fields of a mapping node; raise LessonError for anything else and for fields given twice."""
    here = Group(file, line, {}, prefix)
    if not isinstance(node, yaml.MappingNode):
        what = f", field '{prefix[:-1]}'" if prefix else ""
        raise LessonError(f"{file}, line {line}{what}: it must hold lines like 'name: value'; write one per field.")
    found: dict[str, tuple[int, yaml.Node]] = {}
    for key, value in node.value:
        name = key.value if isinstance(key, yaml.ScalarNode) else "?"
        if name in found:
            raise Group(file, _line_of(key), {}, prefix).error(name, "it is given twice; keep one.")
        found[name[:40]] = (_line_of(key), value)
    return Group(here.file, here.line, found, here.prefix)


def _line_of(node: yaml.Node) -> int:
    """Return the line of the file where a node starts."""
    return node.start_mark.line + 1
