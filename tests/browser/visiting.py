"""Pages of the app that stay open and go on from link to link.

To load a page costs a browser 5 to 6 s of processor time, nearly all of it for scripts; to go on in an open one, 1 s.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Page
from playwright.sync_api import TimeoutError as PlaywrightTimeout

#: Milliseconds until a condition that a test waits for counts as failed; generous, because cores are shared.
PATIENCE = 90_000
#: A visitor who asked for less motion: painting skeletons that pulse and balls that move, without a graphics card,
#: costs a third of the time. Tests of what moves by itself ask for it.
VISITOR = {"viewport": {"width": 1440, "height": 1000}, "reduced_motion": "reduce"}
#: A page whose script has run to its end.
SETTLED = "[data-testid=stApp][data-test-script-state=notRunning]"
#: What `history.back` does: the address changes, and the page learns of it.
_GO_ON = """(address) => {
  history.pushState({}, "", address);
  dispatchEvent(new PopStateEvent("popstate"));
}"""
_TITLE = "document.querySelector('h1.rn-title')?.textContent"
#: The script, which begins with its page's title, has run to its end, and nothing of the run before it is left.
_HAS_TURNED = f"""(before) => {_TITLE} && {_TITLE} !== before
  && document.querySelector("[data-testid=stApp]").getAttribute("data-test-script-state") === "notRunning"
  && document.querySelector("[data-stale=true]") === null"""
#: As after a load: nothing has the focus, and Tab begins at the top.
_TO_TOP = """() => {
  document.body.tabIndex = -1;
  document.body.focus();
  document.body.blur();
  document.body.removeAttribute("tabindex");
}"""


def new_context(browser: Browser, **options: Any) -> BrowserContext:
    """Return a fresh profile, by default of `VISITOR`, in which the app's opening has been seen."""
    context = browser.new_context(**{**VISITOR, **options})
    context.add_cookies([{"name": "rn_opening", "value": "seen", "domain": "127.0.0.1", "path": "/"}])
    return context


def open_page(context: BrowserContext, url: str, errors: list[str]) -> Page:
    """Open a page that notes its script errors."""
    opened = context.new_page()
    opened.set_default_timeout(PATIENCE)
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.goto(url)
    return opened


def go_on(opened: Page, address: str) -> None:
    """Go to an address of another page of the app in an open one, in the same session, and wait until it is drawn.

    A component that has something to say at that moment keeps the session on its page; then the link is followed again.
    """
    before = opened.evaluate(_TITLE)
    opened.evaluate(_GO_ON, address)
    try:
        opened.wait_for_function(_HAS_TURNED, arg=before, polling=50, timeout=PATIENCE / 3)
    except PlaywrightTimeout:
        opened.evaluate(_GO_ON, address)
        opened.wait_for_function(_HAS_TURNED, arg=before, polling=50)
    opened.evaluate(_TO_TOP)


@dataclass
class Visitor:
    """A session of the app in a page that stays open.

    What a link says is all that a page of the app shows, whatever the session has seen before: where a link leaves out
    the size of type, which pages share, it is given as the ordinary one.
    """

    browser: Browser
    page: Page | None = None
    errors: list[str] = field(default_factory=list)

    def visit(
        self,
        address: str,
        viewport: dict[str, int] = VISITOR["viewport"],
        reduced_motion: str = "reduce",
        color_scheme: str = "light",
    ) -> Page:
        """Return the page at a link, drawn anew.

        Args:
            address: a full one.
            viewport: size of the window in pixels.
            reduced_motion: "reduce" or "no-preference".
            color_scheme: "light" or "dark".
        """
        if "projector=" not in address:
            address = f"{address}{'&' if '?' in address else '?'}projector=off"
        if self.page is None:
            self.page = open_page(new_context(self.browser), "about:blank", self.errors)
            self._show(viewport, reduced_motion, color_scheme)
            self.page.goto(address)
            self.page.wait_for_selector(SETTLED)
            return self.page
        self.page.mouse.move(0, 0)
        # A page with few elements comes between two visits to the same one, so that nothing drawn is kept.
        name = urlsplit(address).path.strip("/")
        if urlsplit(self.page.url).path.strip("/") == name:
            go_on(self.page, f"/{'own' if name == 'train' else 'train'}?projector=off")
        self._show(viewport, reduced_motion, color_scheme)
        go_on(self.page, address)
        return self.page

    def _show(self, viewport: dict[str, int], reduced_motion: str, color_scheme: str) -> None:
        """Set the window's size and what its visitor prefers."""
        self.page.set_viewport_size(viewport)
        self.page.emulate_media(reduced_motion=reduced_motion, color_scheme=color_scheme)

    def close(self) -> None:
        """Close the page; the next visit opens one."""
        if self.page is not None:
            self.page.context.close()
        self.page = None
