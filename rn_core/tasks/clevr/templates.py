"""CLEVR's 90 question families, read from the files in `templates/`; their format is told in `templates/README.md`.

Source: Johnson et al. 2017 (arXiv 1612.06890), section 3.2: a family is a program and the texts that say it.
"""

from __future__ import annotations

import functools
import itertools
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rn_core.tasks.clevr.expressions import Expression, make_expression
from rn_core.tasks.clevr.program import GROUPS

_FOLDER = Path(__file__).parent / "templates"
_CHOICE = re.compile(r"\[([^]]*)]|\(([^)]*)\)")


@dataclass(frozen=True)
class Template:
    """One question family.

    Attributes:
        family: CLEVR's official number, 0 to 89.
        group: a key of `rn_core.tasks.clevr.program.GROUPS`, which is also the name of its file.
        program: what is asked.
        texts: ways to ask, with slots and choices as in the file; `text_variants` resolves the choices.
        unnamed: slot -> attributes that its description must not name.
        names: slot -> the one attribute that its description names.
        differ: two slots whose surrounding functions must give different results, or none.
    """

    family: int
    group: str
    program: Expression
    texts: tuple[str, ...]
    unnamed: Mapping[str, tuple[str, ...]]
    names: Mapping[str, str]
    differ: tuple[str, ...]


@functools.cache
def load_templates() -> tuple[Template, ...]:
    """Return the 90 families in the order of their official numbers."""
    templates = [
        template
        for group in GROUPS
        for entry in tomllib.loads((_FOLDER / f"{group}.toml").read_text(encoding="utf-8"))["family"]
        for template in _read_entry(entry, group)
    ]
    return tuple(sorted(templates, key=lambda template: template.family))


def text_variants(text: str, says_other: bool = True) -> tuple[str, ...]:
    """Return what a template's text can become: "[x]" with and without x, "(x|y)" with either.

    Args:
        text: with choices.
        says_other: whether "other" and "another" are said where the text marks them.
    """
    text = text.replace("{other}", "other" if says_other else "").replace("{another}", "another" if says_other else "a")
    fixed = _CHOICE.sub("\0", text).split("\0")
    choices = [(*both[1].split("|"),) if both[1] else (both[0], "") for both in _CHOICE.findall(text)]
    variants = []
    for chosen in itertools.product(*choices):
        parts = itertools.chain.from_iterable(itertools.zip_longest(fixed, chosen, fillvalue=""))
        variants.append(" ".join("".join(parts).split()))
    return tuple(variants)


def _read_entry(entry: Mapping[str, Any], group: str) -> list[Template]:
    """Return the families of one `[[family]]`: one for each of its numbers."""
    each = entry.get("each", {})
    return [
        _read_family(number, group, _fill(entry, {name: words[k] for name, words in each.items()}))
        for k, number in enumerate(entry["numbers"])
    ]


def _read_family(number: int, group: str, entry: Mapping[str, Any]) -> Template:
    """Return one family of an entry without `<name>`s."""
    return Template(
        family=number,
        group=group,
        program=make_expression(entry["program"]),
        texts=tuple(entry["texts"]),
        unnamed={slot: tuple(attributes) for slot, attributes in entry.get("unnamed", {}).items()},
        names=dict(entry.get("names", {})),
        differ=tuple(entry.get("differ", ())),
    )


def _fill(value: Any, words: Mapping[str, str]) -> Any:
    """Return a value of the file with every `<name>` in its texts replaced."""
    if isinstance(value, str):
        for name, word in words.items():
            value = value.replace(f"<{name}>", word)
        return value
    if isinstance(value, list):
        return [_fill(part, words) for part in value]
    if isinstance(value, dict):
        return {key: _fill(part, words) for key, part in value.items()}
    return value
