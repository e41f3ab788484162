"""A page's state in one browser session, and how widgets and the URL reach it.

The state is the truth: before a widget is drawn it is set from the state, and when a person moves it the state
changes. The URL is read when a session starts or when a person edits it. Each page has one `PageSession`; its
name is the prefix of all its session keys.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Generic, Protocol, Self, TypeVar
from urllib.parse import urlencode

import streamlit as st

from rn_core.common.errors import RNCoreError

#: Session key of what pages share: projector type.
_PROJECTOR = "projector"
#: Stands for "what the field holds" where None is a value.
_FIELD = object()


class PageState(Protocol):
    """What a page's state offers; an immutable record."""

    @property
    def projector(self) -> bool:
        """Return whether type is large."""
        ...

    def change(self, **changes: Any) -> Self:
        """Return the state with new values, and without what they make meaningless."""
        ...

    def to_query(self) -> dict[str, str]:
        """Return the URL parameters, without those at their default."""
        ...


State = TypeVar("State", bound=PageState)


class PageSession(Generic[State]):
    """Keeps one page's state for each browser session. It holds nothing itself, so all sessions share it."""

    def __init__(self, name: str, read: Callable[[Mapping[str, str]], tuple[State, list[str]]]) -> None:
        """Name the page.

        Args:
            name: prefix of the page's session keys.
            read: URL parameters -> the state, and a sentence for each one that could not be used.
        """
        self.name = name
        self.read = read

    def key(self, part: str) -> str:
        """Return the session key of one part of the page."""
        return f"{self.name}.{part}"

    @property
    def state(self) -> State:
        """Return the session's state; `open` comes first."""
        return st.session_state[self.key("state")]

    def open(self) -> State:
        """Return the session's state, read from the URL if the session is new or the URL has been edited."""
        query = st.query_params.to_dict()
        # A control moved before the browser had the last URL comes with the one before it: that is no edit of the URL.
        touched = st.session_state.pop(self.key("touched"), False)
        edited = bool(query) and query != st.session_state.get(self.key("written")) and not touched
        if self.key("state") not in st.session_state or edited:
            state, notices = self.read(query)
            if "projector" in query:
                st.session_state[_PROJECTOR] = state.projector
            st.session_state.update({self.key("state"): state, self.key("notices"): notices})
            st.session_state[self.key("written")] = query
            st.session_state.pop(self.key("problems"), None)
        shared = st.session_state.setdefault(_PROJECTOR, self.state.projector)
        if self.state.projector != shared:
            st.session_state[self.key("state")] = self.state.change(projector=shared)
        return self.state

    def write_url(self) -> None:
        """Put the state into the URL, unless it is there already and was the last that was put there.

        After quick clicks the browser may still be applying an older one than the server has.
        """
        query = self.state.to_query()
        if st.query_params.to_dict() != query or st.session_state.get(self.key("written")) != query:
            st.query_params.from_dict(query)
        st.session_state[self.key("written")] = query

    def link(self) -> str:
        """Return the full address of the state."""
        base = (st.context.url or "").partition("?")[0]
        query = urlencode(self.state.to_query())
        return f"{base}?{query}" if query else base

    def notices(self) -> list[str]:
        """Return the sentences to show, in order; they stay until the next change."""
        return st.session_state.get(self.key("notices"), [])

    def notify(self, sentence: str) -> None:
        """Show a sentence until the next change."""
        st.session_state[self.key("notices")] = [sentence]
        self.touch()

    def touch(self) -> None:
        """Say that a control, not an edited address, causes the next run: it may come with an older address."""
        st.session_state[self.key("touched")] = True

    def set(self, state: State) -> None:
        """Take a new state that a control asked for."""
        st.session_state[_PROJECTOR] = state.projector
        st.session_state.update({self.key("state"): state, self.key("notices"): []})
        self.touch()

    def update(self, **changes: Any) -> None:
        """Change fields of the state, by its `change`."""
        self.set(self.state.change(**changes))

    def bind(
        self, field: str, show: Any = _FIELD, read: Callable[[Any], dict[str, Any]] | None = None
    ) -> dict[str, Any]:
        """Return the keyword arguments that tie a widget to a field of the state.

        Args:
            field: a field of the state; with `show`, any name that no other widget of the page has.
            show: what the widget shows; left out, the field's value.
            read: the widget's value -> changes to the state; None sets the field to it.
        """
        key = self.key(field)
        st.session_state[key] = getattr(self.state, field) if show is _FIELD else show
        return {"key": key, "on_change": self._store, "args": (field, read)}

    def _store(self, field: str, read: Callable[[Any], dict[str, Any]] | None) -> None:
        """Take a widget's value into the state."""
        value = st.session_state[self.key(field)]
        if value is not None or read is not None:
            self.update(**(read(value) if read else {field: value}))

    def bind_typed(self, show: str, read: Callable[[str], dict[str, Any]], box: str = "typed") -> dict[str, Any]:
        """Return the keyword arguments that tie a text box to the state; a bad text stays there to be mended.

        Args:
            show: what the box shows while its text is a good one.
            read: the text -> changes to the state; raises RNCoreError.
            box: its name, where a page has several.
        """
        key = self.key(box)
        st.session_state[key] = self.typed_text(show, box)
        return {"key": key, "on_change": lambda: self.take_typed(st.session_state[key], read, box)}

    def typed_text(self, show: str, box: str = "typed") -> str:
        """Return what a text box shows: `show`, or a bad text that stays there to be mended."""
        return show if self.problem(box) is None else st.session_state[self.key(box)]

    def take_typed(self, text: str, read: Callable[[str], dict[str, Any]], box: str = "typed") -> None:
        """Take a typed text; if it cannot be read, keep the last good one and the sentence why."""
        st.session_state[self.key(box)] = text
        try:
            self.update(**read(text))
            self.set_problem(None, box)
        except RNCoreError as err:
            self.set_problem(str(err), box)

    def problem(self, box: str = "typed") -> str | None:
        """Return what is wrong with a text that was typed and could not be read, or None."""
        return st.session_state.get(self.key("problems"), {}).get(box)

    def set_problem(self, sentence: str | None, box: str = "typed") -> None:
        """Keep or clear that sentence; a kept one stays until the text is mended or the URL edited."""
        st.session_state[self.key("problems")] = {**st.session_state.get(self.key("problems"), {}), box: sentence}
        self.touch()
