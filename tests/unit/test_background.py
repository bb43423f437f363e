"""Threads in the background: one that cannot start because the process ends, and one that the system refuses."""

from __future__ import annotations

import threading

import pytest

from etcdview import background

AT_THE_END = "can't create new thread at interpreter shutdown"


class Refused(threading.Thread):
    """A thread that cannot start."""

    def __init__(self, reason: str) -> None:
        super().__init__()
        self.reason = reason

    def start(self) -> None:
        raise RuntimeError(self.reason)


def test_a_thread_is_started_and_given_back() -> None:
    ran = threading.Event()
    thread = background.start(threading.Thread(target=ran.set))
    thread.join(5)
    assert ran.is_set()


def test_who_wants_a_thread_as_the_process_ends_ends_without_a_word(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threading, "excepthook", threading.__excepthook__)  # Python's own, which pytest replaces
    wanting = background.start(threading.Thread(target=lambda: background.start(Refused(AT_THE_END))))
    wanting.join(5)
    assert (capfd.readouterr().err, wanting.is_alive()) == ("", False)


def test_a_system_without_threads_is_told() -> None:
    with pytest.raises(RuntimeError, match="can't start new thread"):
        background.start(Refused("can't start new thread"))
