"""Hand data to a component and read back what a person did to it; its events are numbered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Generic, TypeVar

from streamlit.components.v2.types import ComponentRenderer

from pages._ui.kept import Kept, nothing, widget_event

Event = TypeVar("Event")
_TRIGGER = "event"


@dataclass(frozen=True)
class Answering(Generic[Event]):
    """A component that sends one event at a time.

    Attributes:
        mount: what `st.components.v2.component` returned.
    """

    mount: ComponentRenderer

    def draw(
        self,
        data: Mapping[str, object],
        *,
        key: str,
        read: Callable[[object], Event | None],
        on_change: Callable[[Event], None] | None = None,
    ) -> Event | None:
        """Mount the component.

        Args:
            data: JSON that the browser draws.
            key: widget key, unique on the page and the same in every run, so that the browser keeps its state.
            read: makes an event of what the browser sent, or None if it is none.
            on_change: called with the event before the page runs again, as widget callbacks are.

        Returns:
            The event that caused this run, or None.
        """
        # The browser numbers its events and keeps showing an edit until the data carry its number back.
        answered = _answered(key).get()
        answer = partial(_answer, key, read, on_change)
        result = self.mount(key=key, data={**data, "answered": answered}, on_event_change=answer)
        return read(result.get(_TRIGGER))


def _answered(key: str) -> Kept[int | None]:
    """Return what keeps the number of a component's last event that was answered."""
    return Kept(f"{key}:answered", nothing)


def _answer(key: str, read: Callable[[object], Event | None], on_change: Callable[[Event], None] | None) -> None:
    """Note the event's number, then pass it on if it is a valid one on what the browser showed."""
    state = widget_event(key).get(_TRIGGER)
    number = state.get("number") if isinstance(state, dict) else None
    if isinstance(number, int):
        _answered(key).set(number)
    event = read(state)
    if event is not None and on_change is not None:
        on_change(event)
