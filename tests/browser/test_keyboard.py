"""Tab leads to what can be seen, and shows where it is."""

from __future__ import annotations

from pathlib import Path

import pytest

pytestmark = pytest.mark.browser

APP = Path(__file__).resolve().parents[2] / "app.py"
#: Stops that are looked at on each page.
N_STOPS = 30
#: The focused element through all shadow roots: its name, whether it is seen, and whether a ring shows it.
STOP = """() => {
  let one = document.activeElement;
  while (one?.shadowRoot?.activeElement) one = one.shadowRoot.activeElement;
  if (!one || one === document.body) return null;
  const box = (one.closest("label") ?? one).getBoundingClientRect();
  const around = [one, one.parentElement, one.closest("label"), one.nextElementSibling, ...one.children];
  const ringed = around.some((each) => {
    if (!each) return false;
    const style = getComputedStyle(each);
    return (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== "none"
      || (each.matches(".halo") && style.stroke !== "none" && !style.stroke.endsWith(", 0)"));
  });
  return {
    name: `${one.tagName.toLowerCase()} ${one.getAttribute("aria-label") ?? one.textContent.trim().slice(0, 30)}`,
    seen: one.checkVisibility({ visibilityProperty: true }) && box.width * box.height > 16 && box.right > 0,
    ringed,
  };
}"""


@pytest.mark.parametrize("name", ["", "clevr", "how_it_works", "lessons"])
def test_every_stop_of_the_tab_key_is_seen(visit, serve, name):
    opened = visit(f"{serve(APP)}/{name}")
    opened.wait_for_selector("h1.rn-title", state="attached")
    stops = []
    for _ in range(N_STOPS):
        opened.keyboard.press("Tab")
        stops.append(opened.evaluate(STOP))
    found = [stop for stop in stops if stop is not None]
    assert len(found) > N_STOPS / 2
    assert [stop["name"] for stop in found if not stop["seen"]] == []
    links = [stop for stop in found if stop["name"].startswith("a ")]
    assert links and all(stop["ringed"] for stop in links)
