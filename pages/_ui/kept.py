"""What a browser session keeps, by key and type: all other files reach Streamlit's session state through here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar, cast

import streamlit as st

Value = TypeVar("Value")


def nothing() -> None:
    """Return None, the first value of what may be absent."""


@dataclass(frozen=True)
class Kept(Generic[Value]):
    """A value of one type that a browser session keeps; it holds nothing itself, so all sessions share it.

    Attributes:
        key: of Streamlit's session state.
        first: makes the value that a session has until one is set.
    """

    key: str
    first: Callable[[], Value]

    @property
    def is_set(self) -> bool:
        """Return whether the session has set a value."""
        return self.key in st.session_state

    def get(self) -> Value:
        """Return the session's value, or a first one that is not kept."""
        return cast(Value, st.session_state[self.key]) if self.is_set else self.first()

    def set(self, value: Value) -> None:
        """Keep a value in place of the one before."""
        st.session_state[self.key] = value

    def get_or_set(self) -> Value:
        """Return the session's value; a session without one keeps the first one from now on."""
        if not self.is_set:
            self.set(self.first())
        return self.get()

    def drop(self) -> Value:
        """Forget the session's value and return it, or a first one."""
        value = self.get()
        st.session_state.pop(self.key, None)
        return value


class Upload(Protocol):
    """A file that a person chose."""

    name: str

    def getvalue(self) -> bytes:
        """Return its content."""
        ...


def uploaded_file(key: str) -> Upload | None:
    """Return the file that a file uploader has, or None."""
    return cast("Upload | None", st.session_state[key])


def uploaded_files(key: str) -> list[Upload]:
    """Return the files that a file uploader for several has."""
    return cast(list[Upload], st.session_state[key])


def widget_text(key: str) -> str:
    """Return the text of a text box."""
    return cast(str, st.session_state[key])


def widget_number(key: str) -> int:
    """Return the number of a number input."""
    return int(st.session_state[key])


def widget_event(key: str) -> Mapping[str, Any]:
    """Return what a chart, a table or a component of ours reported: JSON values by name."""
    return cast(Mapping[str, Any], st.session_state[key])
