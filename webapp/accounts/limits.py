"""How often and how much: logins, searches, reveals, and streams that stay open. Counted in each worker's memory."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask, Response, request
from flask_limiter import Limiter
from werkzeug.exceptions import TooManyRequests

from webapp.accounts.addresses import client_address
from webapp.accounts.guard import viewer
from webapp.accounts.identify import current_viewer
from webapp.accounts.state import current_accounts

LOGINS_OF_ADDRESS = "10/minute;60/hour"
LOGINS_OF_NAME = "10/minute;100/hour"
SEARCHES = "30/second;600/minute"
REVEALS = "60/minute"
MAX_STREAMS = 8

limiter = Limiter(client_address, storage_uri="memory://", strategy="moving-window", headers_enabled=True)

_streams: Counter[str] = Counter()
_streams_lock = threading.Lock()  # guards the counter


def init_app(app: Flask) -> None:
    """Keep the counts of this app, none of another's."""
    limiter.init_app(app)
    limiter.reset()


def limit_searches(app: Flask, *endpoints: str) -> None:
    """Limit these endpoints a viewer, where there are several: a local one keeps nobody waiting but themselves."""
    for endpoint in endpoints:
        limited = limiter.limit(SEARCHES, key_func=_asker, exempt_when=_nobody_logs_in)
        view: Callable[..., Any] = app.view_functions[endpoint]
        app.view_functions[endpoint] = limited(view)


def failed(response: Response) -> bool:
    """Whether a login counts: the ones that succeed do not."""
    return response.status_code != 303


def tried_name() -> str:
    """Whose account somebody tries to open."""
    return "name:" + request.form.get("name", "")[:100]


@contextmanager
def stream_slot() -> Iterator[None]:
    """For as long as an answer streams. Raises TooManyRequests for more than MAX_STREAMS of one viewer."""
    key = _asker()
    with _streams_lock:
        if _streams[key] >= MAX_STREAMS:
            raise TooManyRequests(f"You have {MAX_STREAMS} streams open already: close one of them.")
        _streams[key] += 1
    try:
        yield
    finally:
        with _streams_lock:
            _streams[key] -= 1


def _asker() -> str:
    found = current_viewer()
    return client_address() if found is None else f"{found.method}:{viewer().name}"


def _nobody_logs_in() -> bool:
    return not current_accounts().settings.login
