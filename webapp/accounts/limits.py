"""How often and how much: logins, searches, reveals, requests at once. Counted in each worker's memory."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, g, request
from flask_limiter import Limiter
from werkzeug.exceptions import TooManyRequests

from webapp.accounts.addresses import client_address
from webapp.accounts.attempts import Attempt, Attempts, Rate
from webapp.accounts.guard import KUBE_API, viewer
from webapp.accounts.identify import current_viewer
from webapp.accounts.state import current_accounts

MINUTE, HOUR = 60.0, 3600.0
LOGINS_OF_ADDRESS = (Rate(10, MINUTE), Rate(60, HOUR))
LOGINS_OF_NAME = (Rate(10, MINUTE), Rate(100, HOUR))
LOGINS_AT_PROVIDER = "10/minute;60/hour"
SEARCHES = "30/second;600/minute"
KUBE_REQUESTS = "500/10second"  # kubectl asks for 300 at once and 50 a second; a dashboard refused does not ask again
COSTLY = "30/minute"  # each reads or decodes a good part of the registry
REVEALS = "60/minute"
MAX_AT_ONCE = 12
RETRY_SECONDS = 5
WATCHES_AT_ONCE = 100  # of the Kubernetes API: a client has one for each type

limiter = Limiter(client_address, storage_uri="memory://", strategy="moving-window", headers_enabled=True)

logins = Attempts()

_at_once: Counter[str] = Counter()
_at_once_lock = threading.Lock()  # guards the counter


def init_app(app: Flask) -> None:
    """Keep the counts of this app, none of another's. After the guard, which says who is asking."""
    app.after_request(_wait_a_second)  # registered before the limiter's, it comes after it
    limiter.init_app(app)
    limiter.reset()
    logins.forget_all()
    app.before_request(_take_slot)
    app.after_request(_keep_while_it_streams)
    app.teardown_request(_give_slot)


def _wait_a_second(response: Response) -> Response:
    """The limiter rounds down: told to wait for 0 seconds, kubectl asks again at once, ten times, and gives up."""
    if response.status_code == HTTPStatus.TOO_MANY_REQUESTS and response.headers.get("Retry-After") in ("0", None):
        response.headers["Retry-After"] = "1"
    return response


def limit_views(app: Flask, rate: str, *endpoints: str) -> None:
    """Limit these endpoints a viewer, where there are several: a local one keeps nobody waiting but themselves."""
    for endpoint in endpoints:
        limited = limiter.limit(rate, key_func=asker, exempt_when=_nobody_logs_in)
        view: Callable[..., Any] = app.view_functions[endpoint]
        app.view_functions[endpoint] = limited(view)


def begin_login(name: str) -> Attempt:
    """Count an attempt to log in with a password. Raises TooManyRequests for this address, or for this name."""
    of_name = f"name:{name[:100]}"
    return logins.begin({f"password:{client_address()}": LOGINS_OF_ADDRESS, of_name: LOGINS_OF_NAME})


def begin_return() -> Attempt:
    """Count somebody's return from the provider. Raises TooManyRequests for this address."""
    return logins.begin({f"oidc:{client_address()}": LOGINS_OF_ADDRESS})


def _take_slot() -> None:
    """Raises TooManyRequests for more than MAX_AT_ONCE requests of one viewer, streams that are still open included.

    Watches of the Kubernetes API are counted apart.
    """
    if current_viewer() is None or _nobody_logs_in():
        return
    key, most = (f"watch:{asker()}", WATCHES_AT_ONCE) if _is_watch() else (asker(), MAX_AT_ONCE)
    with _at_once_lock:
        if _at_once[key] >= most:
            what = f"{most} of your requests are still running: wait for one of them."
            raise TooManyRequests(what, retry_after=RETRY_SECONDS)
        _at_once[key] += 1
    g.slot = key


def _is_watch() -> bool:
    says = request.args.get("watch", "false").lower()  # as etcdview.kubeapi reads it
    return request.endpoint == KUBE_API and says not in ("false", "0")


def _keep_while_it_streams(response: Response) -> Response:
    key = g.get("slot")
    # nobody closes a response that hands its file to the server (direct_passthrough): its slot would be lost
    if key is not None and response.is_streamed and not response.direct_passthrough:
        del g.slot
        response.call_on_close(lambda: _give_back(key))
    return response


def _give_slot(_: BaseException | None) -> None:
    key = g.pop("slot", None)
    if key is not None:
        _give_back(key)


def _give_back(key: str) -> None:
    with _at_once_lock:
        _at_once[key] -= 1
        if not _at_once[key]:
            del _at_once[key]


def asker() -> str:
    """Who sends this request, for counting: the viewer, or the address of somebody who has not logged in."""
    found = current_viewer()
    return client_address() if found is None else f"viewer:{viewer().name}"


def _nobody_logs_in() -> bool:
    return not current_accounts().settings.login
