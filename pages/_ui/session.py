"""A page's state in one browser session, and how widgets and the URL reach it.

The state is the truth: before a widget is drawn it is set from the state, and when a person moves it the state
changes. The URL is read when a session starts or when a person edits it. Each page has one `PageSession`; its
name is the prefix of all its session keys.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Generic, Protocol, Self, TypedDict, TypeVar, cast

import streamlit as st

from pages._ui.kept import Kept, nothing, widget_text
from pages._ui.sharing import make_link
from rn_core.common.errors import QuestionError, RNCoreError

#: Fields of a state -> their new values.
Changes = dict[str, Any]
#: Stands for "what the field holds" where None is a value.
_FIELD = object()


#: What pages share: projector type.
_PROJECTOR = Kept("projector", bool)
#: What the next page does with the address: True takes it, whatever it is, False leaves it; None lets the page decide.
_ADDRESS: Kept[bool | None] = Kept("address", nothing)


def order_address(query: Mapping[str, str]) -> None:
    """Put parameters into the URL that the next page takes as it takes an edited address, even if there are none."""
    st.query_params.from_dict(query)
    _ADDRESS.set(True)


def ignore_address() -> None:
    """Say that neither a person nor a control causes the next run: the browser may come with an older address."""
    _ADDRESS.set(False)


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


class Binding(TypedDict):
    """The keyword arguments that tie a widget to a page's state."""

    key: str
    on_change: Callable[..., None]
    args: tuple[object, ...]


class PageControls:
    """How widgets reach a page's state, whatever its type. It holds nothing itself, so all sessions share it."""

    def __init__(self, name: str) -> None:
        """Name the page; the name is the prefix of its session keys."""
        self.name = name
        self._notices: Kept[list[str]] = Kept(self.key("notices"), list)
        self._problems: Kept[dict[str, str | None]] = Kept(self.key("problems"), dict)
        self._suggestions: Kept[dict[str, str | None]] = Kept(self.key("suggestions"), dict)
        self._touched = Kept(self.key("touched"), bool)

    def key(self, part: str) -> str:
        """Return the session key of one part of the page."""
        return f"{self.name}.{part}"

    @property
    def state(self) -> PageState:
        """Return the session's state."""
        return cast(PageState, st.session_state[self.key("state")])

    def link(self) -> str:
        """Return the full address of the state."""
        return make_link(self.state.to_query())

    def notices(self) -> list[str]:
        """Return the sentences to show, in order; they stay until the next change."""
        return self._notices.get()

    def notify(self, sentence: str) -> None:
        """Show a sentence until the next change."""
        self._notices.set([sentence])
        self.touch()

    def touch(self) -> None:
        """Say that a control, not an edited address, causes the next run: it may come with an older address."""
        self._touched.set(True)

    def update(self, **changes: Any) -> None:
        """Change fields of the state, by its `change`."""
        self.take(self.state.change(**changes))

    def take(self, state: PageState) -> None:
        """Take a new state that a control asked for."""
        _PROJECTOR.set(state.projector)
        st.session_state[self.key("state")] = state
        self._notices.set([])
        self.touch()

    def bind(self, field: str, show: object = _FIELD, read: Callable[[Any], Changes] | None = None) -> Binding:
        """Return the keyword arguments that tie a widget to a field of the state.

        Args:
            field: a field of the state; with `show`, any name that no other widget of the page has.
            show: what the widget shows; left out, the field's value.
            read: the widget's value -> changes to the state; None sets the field to it.
        """
        key = self.key(field)
        st.session_state[key] = getattr(self.state, field) if show is _FIELD else show
        return {"key": key, "on_change": self._store, "args": (field, read)}

    def _store(self, field: str, read: Callable[[Any], Changes] | None) -> None:
        """Take a widget's value into the state."""
        value = st.session_state[self.key(field)]
        if value is not None or read is not None:
            self.update(**(read(value) if read else {field: value}))

    def bind_typed(self, show: str, read: Callable[[str], Changes], box: str = "typed") -> Binding:
        """Return the keyword arguments that tie a text box to the state; a bad text stays there to be fixed.

        Args:
            show: what the box shows while its text is a good one.
            read: the text -> changes to the state; raises RNCoreError.
            box: its name, where a page has several.
        """
        key = self.key(box)
        st.session_state[key] = self.typed_text(show, box)
        return {"key": key, "on_change": lambda: self.take_typed(widget_text(key), read, box), "args": ()}

    def typed_text(self, show: str, box: str = "typed") -> str:
        """Return what a text box shows: `show`, or a bad text that stays there to be fixed."""
        return show if self.problem(box) is None else widget_text(self.key(box))

    def take_typed(self, text: str, read: Callable[[str], Changes], box: str = "typed") -> None:
        """Take a typed text; if it cannot be read, keep the last good one and the sentence why."""
        st.session_state[self.key(box)] = text
        try:
            self.update(**read(text))
            self.set_problem(None, box)
        except RNCoreError as err:
            self.set_problem(str(err), box, err.suggestion if isinstance(err, QuestionError) else None)

    def problem(self, box: str = "typed") -> str | None:
        """Return what is wrong with a text that was typed and could not be read, or None."""
        return self._problems.get().get(box)

    def suggestion(self, box: str = "typed") -> str | None:
        """Return what could be typed in place of a text that could not be read, or None."""
        return None if self.problem(box) is None else self._suggestions.get().get(box)

    def set_problem(self, sentence: str | None, box: str = "typed", suggestion: str | None = None) -> None:
        """Keep or clear that sentence, and what could be typed instead; they stay until the text is fixed."""
        self._problems.set({**self._problems.get(), box: sentence})
        self._suggestions.set({**self._suggestions.get(), box: suggestion})
        self.touch()


class PageSession(PageControls, Generic[State]):
    """Keeps one page's state for each browser session."""

    def __init__(self, name: str, read: Callable[[Mapping[str, str]], tuple[State, list[str]]]) -> None:
        """Name the page.

        Args:
            name: prefix of the page's session keys.
            read: URL parameters -> the state, and a sentence for each one that could not be used.
        """
        super().__init__(name)
        self.read = read
        self._written: Kept[dict[str, str] | None] = Kept(self.key("written"), nothing)

    @property
    def state(self) -> State:
        """Return the session's state; `open` comes first."""
        return cast(State, super().state)

    def open(self) -> State:
        """Return the session's state, read from the URL if the session is new or the URL has been edited."""
        query = st.query_params.to_dict()
        # A control moved before the browser had the last URL comes with the one before it: that is no edit of the URL.
        touched, ordered = self._touched.drop(), _ADDRESS.drop()
        edited = bool(query) and query != self._written.get() and not touched
        edited = edited if ordered is None else ordered
        if self.key("state") not in st.session_state or edited:
            state, notices = self.read(query)
            if "projector" in query:
                _PROJECTOR.set(state.projector)
            st.session_state[self.key("state")] = state
            self._notices.set(notices)
            self._written.set(query)
            self._problems.drop()
        if not _PROJECTOR.is_set:
            _PROJECTOR.set(self.state.projector)
        shared = _PROJECTOR.get()
        if self.state.projector != shared:
            st.session_state[self.key("state")] = self.state.change(projector=shared)
        return self.state

    def write_url(self) -> None:
        """Put the state into the URL, unless it is there already and was the last that was put there.

        After quick clicks the browser may still be applying an older one than the server has.
        """
        query = self.state.to_query()
        if st.query_params.to_dict() != query or self._written.get() != query:
            st.query_params.from_dict(query)
        self._written.set(query)

    def set(self, state: State) -> None:
        """Take a new state that a control asked for."""
        self.take(state)
