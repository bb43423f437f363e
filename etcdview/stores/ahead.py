"""Pieces read in a thread while those before are worked on."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Iterable, Iterator
from typing import TypeVar

from etcdview import background
from etcdview.errors import UnreachableError

Piece = TypeVar("Piece")
_WAITING_PIECES = 2  # read and not yet taken


def read_ahead(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """The same pieces, at most a few of them waiting. Raises what reading them raises; close it to end early.

    Where no thread can be started they are read one by one.
    """
    waiting: queue.Queue[list[Piece] | Exception | None] = queue.Queue(_WAITING_PIECES)
    given_up = threading.Event()

    def read() -> None:
        ending: Exception | None = UnreachableError("Reading values has ended early.", "Try again.")
        try:
            for piece in pieces:
                if given_up.is_set():
                    return
                waiting.put([piece])
            ending = None
        except Exception as error:  # noqa: BLE001 - it is raised where the pieces are taken
            ending = error
        finally:
            waiting.put(ending)

    try:
        background.start(threading.Thread(target=read, name="etcdview-read-ahead", daemon=True))
    except RuntimeError:  # the system gives no more threads
        yield from pieces
        return
    try:
        while (found := waiting.get()) is not None:
            if isinstance(found, Exception):
                raise found
            yield from found
    finally:
        given_up.set()
        with contextlib.suppress(queue.Empty):  # who waits to put something goes on, and sees it
            while True:
                waiting.get_nowait()
