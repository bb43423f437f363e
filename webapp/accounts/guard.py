"""Before each request: who is asking, and may they ask at all. An address that is not listed as open needs a login."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, Response, g, request, url_for
from htmx_flask import request as htmx_request

from etcdview.access.roles import Act, Viewer
from etcdview.errors import DeniedError, LoginError
from webapp.accounts import csrf
from webapp.accounts.identify import Asker, current_viewer, identify
from webapp.accounts.state import current_accounts

View = TypeVar("View", bound=Callable[..., Any])

# What anybody gets: nothing of it tells anything of the cluster.
OPEN = frozenset(
    {
        "static",
        "assets.htmx",
        "machines.healthz",
        "machines.readyz",
        "accounts.login_page",
        "accounts.log_in",
        "accounts.log_out",
        "accounts.begin_oidc",
        "accounts.finish_oidc",
    }
)

# What is sent by POST and only asks: kubectl has no token of a form.
KUBE_API = "kube.kube_api"
CHANGES_NOTHING = frozenset({KUBE_API})


def init_app(app: Flask) -> None:
    """Guard every address."""
    app.before_request(_guard)


def viewer() -> Viewer:
    """Who is asking. Raises LoginError for nobody."""
    found = current_viewer()
    if found is None:
        raise _please_log_in()
    return found


def needs(act: Act) -> Callable[[View], View]:
    """Only for roles that may do `act`; the others get DeniedError, which is logged."""

    def decorate(view: View) -> View:
        @functools.wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            viewer().check(act)
            return view(*args, **kwargs)

        return guarded  # type: ignore[return-value]  # wraps keeps all of it but the static type

    return decorate


def _guard() -> Response | None:
    csrf.check_site()
    try:
        asker = identify()
    except (LoginError, DeniedError):
        g.shown = True
        if request.endpoint not in OPEN:
            raise
        asker = Asker(None)
    g.viewer = asker.viewer
    if asker.by_browser and request.endpoint not in (None, *CHANGES_NOTHING):
        csrf.check_token()
    if asker.viewer is None and request.endpoint not in OPEN:
        return _ask_for_login()
    return None


def _ask_for_login() -> Response:
    """The login page for a browser on its way to a page; a sentence for everything else."""
    wants_page = request.method in csrf.SAFE_METHODS and not request.path.startswith(("/api/", "/kube/"))
    if not wants_page or not has_form():
        raise _please_log_in()
    address = url_for("accounts.login_page", next=request.full_path.rstrip("?"))
    if htmx_request.htmx:
        response = Response(status=401)
        response.headers["HX-Redirect"] = url_for("accounts.login_page")
        return response
    return Response(status=303, headers={"Location": address})


def has_form() -> bool:
    """Whether there is something to do on the login page."""
    settings = current_accounts().settings
    return bool(settings.users_file or settings.oidc_issuer)


def _please_log_in() -> LoginError:
    settings = current_accounts().settings
    ways = [
        *(["at /login, or with a token as Authorization: Bearer"] if settings.users_file else []),
        *(["at /login"] if settings.oidc_issuer and not settings.users_file else []),
        *(["through the proxy"] if settings.proxy_user_header else []),
        *(["with a client certificate"] if settings.client_ca else []),
    ]
    return LoginError("This needs a login.", f"Log in {', or '.join(ways)}.")
