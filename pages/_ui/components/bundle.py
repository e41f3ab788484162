"""Make one script of JavaScript modules that import each other; no Streamlit and no build tool.

Streamlit loads a component's script from the address of a blob, from where it cannot import its neighbors, and serves
folders only for components that come as installed packages. A page that is saved as one file needs one script, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from rn_core.common.errors import RNCoreError

_IMPORT = re.compile(r'^import \{([^{}]*)\} from "(\.{1,2}/[\w./-]+\.js)";$', re.MULTILINE)
_EXPORT = re.compile(r"^export (default )?((?:async )?(?:function|class|const) (\w+))", re.MULTILINE)
#: A line, no comment, with a keyword that is left when the plain forms are taken out.
_KEYWORD = re.compile(r"^(?!\s*(?://|/?\*))(.*\b(?:import|export)\b.*)$", re.MULTILINE)
_FORMS = (
    'import { a, b as c } from "./file.js"; '
    "export const a; export function a; export class A; export default function a"
)


@dataclass(frozen=True)
class Module:
    """One file: its code without module keywords, the names it takes from others, and the names it gives."""

    path: Path
    code: str
    imports: Mapping[Path, tuple[tuple[str, str], ...]]  # file -> (its name, the name here)
    exports: Mapping[str, str]  # name outside, "default" among them -> the name here


def bundle(entry: Path, result: str = "export default") -> str:
    """Return one script that runs a module after all that it imports, each in a function of its own.

    Args:
        entry: file of the module whose default export is wanted.
        result: what the script ends in before that export, such as "const draw =".

    Raises:
        RNCoreError: if a file is missing, modules import each other in a circle, a name is imported that is not
            exported, or an import or export has another form than the plain ones.
    """
    entry = entry.resolve()
    modules: dict[Path, Module] = {}
    _add_modules(entry, modules, ())
    if "default" not in modules[entry].exports:
        raise RNCoreError(f"{entry.name} has no default export; end it in an `export default function draw`.")
    for module in modules.values():
        _check_names(module, modules)
    names = {path: f"${k}" for k, path in enumerate(modules)}
    ending = f"{result} {names[entry]}.default;\n"
    return "".join(_wrap(module, names) for module in modules.values()) + ending


def read_module(path: Path) -> Module:
    """Return a file's module.

    Raises:
        RNCoreError: if there is no such file, or an import or export has another form than the plain ones.
    """
    if not path.is_file():
        raise RNCoreError(f"There is no module {path}; correct the import or add the file.")
    text = path.read_text(encoding="utf-8")
    imports: dict[Path, tuple[tuple[str, str], ...]] = {}
    for match in _IMPORT.finditer(text):
        target = (path.parent / match[2]).resolve()
        imports[target] = (*imports.get(target, ()), *_read_names(match[1], path))
    exports = {"default" if match[1] else match[3]: match[3] for match in _EXPORT.finditer(text)}
    code = _EXPORT.sub(r"\2", _IMPORT.sub("", text))
    if left := _KEYWORD.search(code):
        raise RNCoreError(f"{path.name} has a line {left[1].strip()!r}, which is not one of the plain forms: {_FORMS}.")
    return Module(path, code.strip(), imports, exports)


def _read_names(listed: str, path: Path) -> Iterator[tuple[str, str]]:
    """Yield (its name, the name here) for what stands between an import's braces."""
    for part in filter(None, map(str.strip, listed.split(","))):
        match = re.fullmatch(r"(\w+)(?: as (\w+))?", part)
        if match is None:
            raise RNCoreError(f"{path.name} imports {part!r}, which is not one of the plain forms: {_FORMS}.")
        yield match[1], match[2] or match[1]


def _add_modules(path: Path, modules: dict[Path, Module], above: tuple[Path, ...]) -> None:
    """Add the modules that a file needs and then itself; `above` are those that it is imported by."""
    if path in above:
        circle = " -> ".join(member.name for member in (*above[above.index(path) :], path))
        raise RNCoreError(f"Modules import each other in a circle, {circle}; move what they share into one of its own.")
    if path in modules:
        return
    module = read_module(path)
    for target in module.imports:
        _add_modules(target, modules, (*above, path))
    modules[path] = module


def _check_names(module: Module, modules: Mapping[Path, Module]) -> None:
    """Refuse names that a module imports and no other exports; a browser would, too."""
    for target, pairs in module.imports.items():
        missing = [name for name, _ in pairs if name not in modules[target].exports]
        if missing:
            known = ", ".join(modules[target].exports) or "nothing"
            raise RNCoreError(
                f"{module.path.name} imports {', '.join(missing)} from {target.name}, which exports {known}."
            )


def _wrap(module: Module, names: Mapping[Path, str]) -> str:
    """Return a module as a function that is called once and returns what it exports."""
    taken = "".join(f"const {_fields(pairs)} = {names[target]};\n" for target, pairs in module.imports.items())
    given = f"return {_fields((name, here) for name, here in module.exports.items())};"
    title = f"{module.path.parent.name}/{module.path.name}"
    return f"// {title}\nconst {names[module.path]} = (() => {{\n{taken}{module.code}\n{given}\n}})();\n\n"


def _fields(pairs: Iterable[tuple[str, str]]) -> str:
    """Return names in braces, as objects are made and taken apart in JavaScript."""
    return f"{{ {', '.join(outer if outer == inner else f'{outer}: {inner}' for outer, inner in pairs)} }}"
