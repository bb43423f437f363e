"""Logging in and out, and the account page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask import Blueprint, Response, current_app, g, make_response, render_template, request, url_for

from etcdview.access.grants import Identity
from etcdview.access.origins import local_path
from etcdview.access.roles import MAY, Viewer
from etcdview.access.users import User
from etcdview.errors import DeniedError, LoginError, NotFoundError
from webapp.accounts import sessions
from webapp.accounts.auditing import audit, audit_if_possible
from webapp.accounts.guard import has_form, viewer
from webapp.accounts.identify import current_viewer, granted
from webapp.accounts.limits import LOGINS_AT_PROVIDER, begin_login, begin_return, limiter
from webapp.accounts.state import OIDC, current_accounts
from webapp.rendering import render_page
from webapp.toasts import tell

if TYPE_CHECKING:
    from webapp.accounts.oidc import Provider

bp = Blueprint("accounts", __name__)


@dataclass(frozen=True, slots=True)
class LoginPage:
    """`password` and `oidc` are the ways that there are; `target` is where to go on afterwards."""

    password: bool
    oidc: bool
    target: str
    problem: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class AccountPage:
    """Who is logged in, and what that permits."""

    viewer: Viewer
    may: tuple[str, ...]
    can_log_out: bool


@bp.get("/login")
def login_page() -> Response:
    """The page to log in on."""
    if not has_form():
        raise NotFoundError(
            "There is no login page here.",
            "No login is needed, or a proxy or a client certificate identifies you.",
        )
    return _login_page(_page())


@bp.post("/login")
def log_in() -> Response:
    """Log in with a password."""
    accounts = current_accounts()
    name, password = request.form.get("name", ""), request.form.get("password", "")
    attempt = begin_login(name)
    users = accounts.users()
    user = users.of_password(name, password) if accounts.settings.users_file else None
    if user is None:
        # An unknown name may be a password that was typed in the wrong field.
        known = name in users.by_name
        audit("login", who=name if known else "", result="refused", detail="password" if known else "unknown name")
        return _login_page(_page("Wrong name or password.", name), 401)
    audit("login", who=user.name, detail="password")
    attempt.succeeded()
    return _begin(user, local_path(request.form.get("next")))


@bp.get("/login/oidc")
@limiter.limit(LOGINS_AT_PROVIDER)
def begin_oidc() -> Response:
    """Go to the provider."""
    public = current_accounts().settings.public_url
    path = url_for("accounts.finish_oidc")
    callback = public + path if public else url_for("accounts.finish_oidc", _external=True)
    return _provider().begin(callback, local_path(request.args.get("next")))


@bp.get("/login/oidc/callback")
def finish_oidc() -> Response:
    """Come back from the provider."""
    provider = _provider()
    attempt = begin_return()
    try:
        identity, target = provider.finish()
        granted(current_accounts(), identity)
    except (LoginError, DeniedError) as error:
        audit("login", who=_tried(), result="refused", detail=f"oidc: {error.what}")
        raise
    audit("login", who=identity.name, detail="oidc")
    attempt.succeeded()
    sessions.begin(identity)
    return _arrived(provider, local_path(target))


@bp.post("/logout")
def log_out() -> Response:
    """End the session, also while the audit log cannot be written."""
    found = current_viewer()
    sessions.end()
    if found is not None:
        audit_if_possible("logout")
        tell("You are logged out.")
    return Response(status=303, headers={"Location": url_for("accounts.login_page") if has_form() else "/"})


@bp.get("/account")
def account_page() -> Response:
    """Who is logged in, and what the role permits."""
    found = viewer()
    page = AccountPage(found, tuple(sorted(MAY[found.role])), found.method in ("password", "oidc"))
    return render_page("accounts/account.html", page)


def _begin(who: User | Identity, target: str) -> Response:
    sessions.begin(who)
    return Response(status=303, headers={"Location": target})


def _arrived(provider: Provider, target: str) -> Response:
    """A page that goes on by itself: on a redirect from another site browsers would not send the Strict cookie."""
    response = make_response(render_template("accounts/arrived.html", target=target))
    response.headers["Refresh"] = f"0; url={target}"
    provider.forget(response)
    return response


def _provider() -> Provider:
    if OIDC not in current_app.extensions:
        raise NotFoundError("No OpenID Connect provider is configured.")
    # Here, because it takes a third of the start to load, few need it, and it may not be installed.
    from webapp.accounts.oidc import current_provider

    return current_provider()


def _tried() -> str:
    return str(g.get("tried", ""))


def _page(problem: str = "", name: str = "") -> LoginPage:
    settings = current_accounts().settings
    target = local_path(request.values.get("next"))
    return LoginPage(bool(settings.users_file), bool(settings.oidc_issuer), target, problem, name)


def _login_page(page: LoginPage, status: int = 200) -> Response:
    return make_response(render_template("accounts/login.html", page=page), status)
