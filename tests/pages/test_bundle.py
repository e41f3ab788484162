"""Modules become one script: each in its own scope, after all that it imports, and nothing but the plain forms."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pages._ui import components
from pages._ui.components.bundle import bundle, read_module
from rn_core.common.errors import RNCoreError

FOLDER = Path(components.__file__).parent


def write(folder: Path, **texts: str) -> Path:
    """Write modules `a="..."` as `a.js`; returns the path of `main.js`."""
    for name, text in texts.items():
        (folder / f"{name}.js").write_text(text, encoding="utf-8")
    return folder / "main.js"


def test_modules_come_after_all_that_they_import_and_once_each(tmp_path):
    main = write(
        tmp_path,
        main='import { left } from "./left.js";\nimport {\n  right as other,\n} from "./right.js";\n\n'
        "export default function draw() {\n  return left + other;\n}\n",
        left='import { base } from "./base.js";\nexport const left = base;\n',
        right='import { base } from "./base.js";\nexport const right = base;\n',
        base="export const base = 1;\n",
    )
    script = bundle(main, "const draw =")
    assert re.findall(r"^// .*/(\w+)\.js$", script, re.MULTILINE) == ["base", "left", "right", "main"]
    assert "const { right: other } = $2;" in script
    assert not re.search(r"\b(import|export)\b", script)
    assert script.endswith("const draw = $3.default;\n")


def test_every_module_of_the_components_is_read_with_all_its_exports():
    scripts = [*FOLDER.rglob("*.js")]
    assert len(scripts) >= 20
    for script in scripts:
        text = script.read_text(encoding="utf-8")
        module = read_module(script)
        assert len(module.exports) == len(re.findall(r"^export ", text, re.MULTILINE)) > 0
        assert sum(map(len, module.imports.values())) == sum(
            len(re.findall(r"\w+", names)) for names in re.findall(r"^import \{([^}]*)\}", text, re.MULTILINE)
        )


@pytest.mark.parametrize(
    "line",
    [
        'import x from "./x.js";',
        'import * as x from "./x.js";',
        'import "./x.js";',
        'import { x } from "x";',
        'import { x } from "https://x.org/x.js";',
        "import { x } from './x.js';",
        'import { default } from "./x.js"; // with a remark',
        '  const x = await import("./x.js");',
        "const here = import.meta.url;",
        'import { "a b" as x } from "./x.js";',
        "export { x };",
        'export * from "./x.js";',
        'export { x } from "./x.js";',
        "export let x = 1;",
        "export var x = 1;",
        "export const { x } = {};",
        "export default function () {}",
        "export default 3;",
        "export function* x() {}",
        "  export const x = 1;",
    ],
)
def test_other_forms_are_refused_in_one_sentence(tmp_path, line):
    main = write(tmp_path, main=f"{line}\n", x="export const x = 1;\n")
    with pytest.raises(
        RNCoreError, match=r"^main\.js (has a line|imports) ['\"].*, which is not one of the plain forms: .*\.$"
    ):
        bundle(main)


def test_words_of_comments_are_no_forms(tmp_path):
    main = write(
        tmp_path,
        main="// import nothing\n/** export\n * import(x) */\nexport default async function draw() {}\n",
    )
    assert "return { default: draw };" in bundle(main)


def test_circles_are_refused_with_their_modules(tmp_path):
    main = write(
        tmp_path,
        main='import { a } from "./a.js";\n',
        a='import { b } from "./b.js";\nexport const a = 1;\n',
        b='import { a } from "./a.js";\nexport const b = 1;\n',
    )
    with pytest.raises(RNCoreError, match=r"in a circle, a\.js -> b\.js -> a\.js; move"):
        bundle(main)


def test_what_is_not_exported_or_not_there_is_refused(tmp_path):
    ending = "export default function draw() {}\n"
    main = write(tmp_path, main=f'import {{ a, c }} from "./a.js";\n{ending}', a="export const a = 1;\nconst c = 2;\n")
    with pytest.raises(RNCoreError, match=r"main\.js imports c from a\.js, which exports a\."):
        bundle(main)
    (tmp_path / "a.js").unlink()
    with pytest.raises(RNCoreError, match=r"There is no module .*a\.js; correct the import or add the file\."):
        bundle(main)
    write(tmp_path, main="export const a = 1;\n")
    with pytest.raises(RNCoreError, match=r"main\.js has no default export"):
        bundle(main)
