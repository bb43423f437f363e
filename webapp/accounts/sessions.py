"""Sessions: a signed cookie that begins anew at each login, ends at logout, and outlives neither user nor password."""

from __future__ import annotations

import hashlib
import secrets
import time
from dataclasses import dataclass

from flask import Flask, session
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user

from etcdview.access.exposure import encrypted
from etcdview.access.grants import Identity
from etcdview.access.secret_key import derived
from etcdview.access.users import User
from etcdview.config import Settings
from webapp.accounts.state import current_accounts

MAX_GROUPS = 200  # a cookie holds 4 kB


@dataclass(frozen=True, slots=True)
class LoggedIn(UserMixin):  # type: ignore[misc]  # flask-login has no types
    """Whom a session belongs to: a user of the users file, or somebody whom the provider vouched for."""

    who: User | Identity

    def get_id(self) -> str:
        """As the session names them."""
        return f"{'password' if isinstance(self.who, User) else self.who.method}:{self.who.name}"


def init_app(app: Flask, settings: Settings) -> None:
    """Set how cookies look, and how a session is read back."""
    secure = encrypted(settings)
    app.config |= {
        "SECRET_KEY": derived(settings, "sessions").hex(),
        "SESSION_COOKIE_NAME": cookie_name("etcdview", settings),
        "SESSION_COOKIE_SECURE": secure,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Strict",
        "SESSION_COOKIE_PATH": settings.url_prefix or "/",
    }
    manager = LoginManager()
    manager.init_app(app, add_context_processor=False)
    manager.session_protection = None  # an address may change within a session: the lifetime bounds it
    manager.user_loader(_member)


def cookie_name(name: str, settings: Settings) -> str:
    """With the mark that makes browsers keep it to HTTPS, and to this host where it is at the host's root."""
    if not encrypted(settings):
        return name
    return f"__Secure-{name}" if settings.url_prefix else f"__Host-{name}"


def begin(who: User | Identity) -> None:
    """A session of its own for somebody who has just logged in; nothing of what the cookie held before stays."""
    accounts = current_accounts()
    session.clear()
    session["sid"] = secrets.token_urlsafe(16)
    session["until"] = time.time() + accounts.settings.session_seconds
    if isinstance(who, User):
        session["stamp"] = _stamp(who)
    else:
        session["groups"] = list(who.groups[:MAX_GROUPS])
    login_user(LoggedIn(who))


def end() -> None:
    """The session is over, and so is every copy of its cookie."""
    if "sid" in session:
        current_accounts().ended.end(session["sid"])
    logout_user()
    session.clear()


def current_member() -> LoggedIn | None:
    """Whom the session of this request belongs to; None where there is none that holds."""
    user = current_user._get_current_object()
    return user if isinstance(user, LoggedIn) else None


def _member(member_id: str) -> LoggedIn | None:
    accounts = current_accounts()
    if time.time() > float(session.get("until", 0)) or accounts.ended.has(str(session.get("sid", ""))):
        return None
    method, _, name = member_id.partition(":")
    if method == "oidc":
        return LoggedIn(Identity(name, tuple(session.get("groups", ())), method)) if _has_oidc() else None
    user = accounts.users().by_name.get(name)
    return LoggedIn(user) if user is not None and session.get("stamp") == _stamp(user) else None


def _has_oidc() -> bool:
    return bool(current_accounts().settings.oidc_issuer)


def _stamp(user: User) -> str:
    """Changes with the password."""
    return hashlib.sha256(user.password.encode()).hexdigest()[:16]
