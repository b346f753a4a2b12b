"""Who wants to know how far a run is: set once at the edge, told from wherever the work is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

Listener = Callable[[int, int, str], None]

_listener: ContextVar[Listener | None] = ContextVar("listener", default=None)


@contextmanager
def listening(listener: Listener | None) -> Iterator[None]:
    """Send what `report` says inside this block to `listener` (done, total, what is being done)."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


def report(done: int, total: int, doing: str = "scoring") -> None:
    """Tell the listener, if there is one, that `done` of `total` pieces of the work `doing` are finished."""
    listener = _listener.get()
    if listener:
        listener(done, total, doing)
