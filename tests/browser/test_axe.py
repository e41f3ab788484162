"""Every page in both themes as axe-core reads it: no serious or critical finding; one h1 and a title of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

from tests.browser.visiting import SETTLED
from tests.pages.test_plain import PAGES

pytestmark = pytest.mark.browser

APP = Path(__file__).resolve().parents[2] / "app.py"
GRAVE = ("serious", "critical")
#: What axe-core finds in Streamlit's own widgets, out of reach of markup and styles: rule, part of the selector, why.
UNMENDABLE: tuple[tuple[str, str, str], ...] = ()
#: Milliseconds without a run of the script after which a page counts as drawn.
QUIET = 400
NOTE_RUNS = """() => {
  window.ran = false;
  new MutationObserver(() => { window.ran = true; }).observe(
    document.querySelector("[data-testid=stApp]"), { attributeFilter: ["data-test-script-state"] });
}"""
PLANTED = """<!doctype html><html lang="en"><title>Planted</title><main><h1>Faults</h1>
<img src="data:,"><p style="color: #999; background: #fff">pale</p><button></button></main>"""


def find_grave(opened: Page, rules: tuple[str, ...] = ()) -> list[str]:
    """Return what axe-core finds serious or critical, as "rule: selector (what is wrong)", the unmendable left out.

    Args:
        opened: a page that is drawn.
        rules: the rules to check; none stands for all.
    """
    options = {"resultTypes": ["violations"], **({"runOnly": list(rules)} if rules else {})}
    if not opened.evaluate("'axe' in window"):
        opened.evaluate(AXE_SCRIPT)
    found = opened.evaluate("options => axe.run(options)", options)["violations"]
    nodes = [(rule["id"], node) for rule in found if rule["impact"] in GRAVE for node in rule["nodes"]]
    named = [(name, " ".join(map(str, node["target"])), node) for name, node in nodes]
    return [
        f"{name}: {selector} ({node['failureSummary'].splitlines()[-1].strip()})"
        for name, selector, node in named
        if not any(name == rule and part in selector for rule, part, _ in UNMENDABLE)
    ]


def wait_until_drawn(opened: Page) -> None:
    """Wait until the page's script has run and nothing of the run before it, which is pale, is left."""
    opened.wait_for_selector(SETTLED)
    opened.wait_for_timeout(QUIET)
    opened.wait_for_selector(SETTLED)
    opened.wait_for_selector("[data-stale=true], [data-testid=stSkeleton]", state="detached")


def read_both_themes(opened: Page) -> Iterator[tuple[str, list[str]]]:
    """Yield the theme and what is found in it; colors are all that the second one changes."""
    for theme, rules in (("light", ()), ("dark", ("color-contrast",))):
        if theme == "dark":
            opened.emulate_media(color_scheme=theme)
            run_again(opened)
        wait_until_drawn(opened)
        assert opened.evaluate("getComputedStyle(document.querySelector('[data-testid=stApp]')).colorScheme") == theme
        yield theme, find_grave(opened, rules)


def run_again(opened: Page) -> None:
    """Let the page's script run by Streamlit's key for it, as figures learn of another theme by the next run."""
    opened.evaluate(NOTE_RUNS)
    opened.keyboard.press("r")
    opened.wait_for_function("window.ran")


def test_axe_finds_planted_faults(page):
    opened = page("about:blank")
    opened.set_content(PLANTED)
    assert {fault.partition(":")[0] for fault in find_grave(opened)} == {"image-alt", "color-contrast", "button-name"}


def test_no_page_has_a_serious_fault_in_either_theme(visit, serve):
    faults: dict[str, list[str]] = {}
    titles = set()
    for name in PAGES:
        opened = visit(f"{serve(APP)}/{name.removeprefix('explore')}")
        for theme, found in read_both_themes(opened):
            if found:
                faults[f"{name}, {theme}"] = found
        assert opened.locator("h1").count() == 1
        assert opened.title() == f"{opened.locator('h1').inner_text()} · Relation Networks"
        titles.add(opened.title())
    assert faults == {}
    assert len(titles) == len(PAGES)
