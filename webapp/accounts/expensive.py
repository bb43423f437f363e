"""Expensive questions, that read everything there is, one at a time in this process: the next is told to come later.

Those that etcd feels are logged, and etcdview.pages.parts.costly says who may ask them: operators and admins.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from werkzeug.exceptions import TooManyRequests

from etcdview.cluster.places import Places
from etcdview.cluster.window import Window
from etcdview.pages.parts.costly import running_question
from webapp.accounts.acting import Done, acting
from webapp.accounts.limits import asker

RETRY_SECONDS = 5
searches = Places(2)  # in the values of very many keys, which a slow reader may draw out: one of each viewer
readings = Places(1)  # of very many values for one page
_one_at_a_time = threading.Lock()  # held while a question is being answered


@contextmanager
def expensive(window: Window, action: str, *, key: bytes = b"") -> Iterator[Done]:
    """Around an expensive question, or around the beginning of one that goes on in the background.

    Raises TooManyRequests, which says when to try again, while another is being answered; AuditError where it cannot
    be logged.
    """
    with acting(action, key=key) as done:
        if not _one_at_a_time.acquire(blocking=False):
            raise _busy("Another expensive request is running.")
        try:
            running = running_question(window)
            if running:
                raise _busy(running)
            yield done
        finally:
            _one_at_a_time.release()


@contextmanager
def in_turn(places: Places) -> Iterator[None]:
    """Around a page that reads very many values, which anyone may see. Raises TooManyRequests while others do."""
    who = asker()
    if not places.take(who):
        raise _busy("Others, or you yourself, are reading very many values at this moment.")
    try:
        yield
    finally:
        places.give_back(who)


def _busy(what: str) -> TooManyRequests:
    return TooManyRequests(f"{what} Try again later.", retry_after=RETRY_SECONDS)
