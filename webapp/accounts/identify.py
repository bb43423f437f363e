"""Who is asking: by token, by what a proxy says, by client certificate, or by session. The first that speaks counts.

What is shown and does not hold is refused; it is never passed over for another way.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import cast

from flask import g, request

from etcdview.access.grants import Identity
from etcdview.access.hashes import read_token
from etcdview.access.roles import LOCAL, Viewer
from etcdview.errors import DeniedError, LoginError
from webapp.accounts import sessions
from webapp.accounts.addresses import from_proxy
from webapp.accounts.state import Accounts, current_accounts


@dataclass(frozen=True, slots=True)
class Asker:
    """`viewer` None: nobody. `by_browser`: the browser sends the proof by itself, so that POSTs need a CSRF token."""

    viewer: Viewer | None
    by_browser: bool = True


def identify() -> Asker:
    """Who is asking. Raises LoginError for a proof that does not hold, DeniedError for somebody without a role."""
    accounts = current_accounts()
    if not accounts.settings.login:
        return Asker(LOCAL)
    for source in _SOURCES:
        found = source(accounts)
        if found is not None:
            return found
    return Asker(None)


def current_viewer() -> Viewer | None:
    """Who is asking, as the guard found out; None for nobody."""
    viewer: Viewer | None = g.get("viewer")
    return viewer


def granted(accounts: Accounts, identity: Identity) -> Viewer:
    """What the access file makes of somebody. Raises DeniedError where it makes nothing."""
    viewer = accounts.access().viewer(identity)
    if viewer is None:
        g.tried = identity.name
        raise DeniedError(
            f"You are logged in as {identity.name}, but have no role here.",
            "Ask etcdview's administrator to add you or one of your groups to its access file.",
        )
    return viewer


def _by_token(accounts: Accounts) -> Asker | None:
    header = request.headers.get("Authorization")
    if header is None:
        return None
    scheme, _, rest = header.partition(" ")
    token = read_token(rest) if scheme.lower() == "bearer" else None
    user = accounts.users().of_token(token, datetime.now(UTC)) if token else None
    if user is None:
        raise LoginError("This token is unknown or has expired.", "`etcdview user token NAME` creates another.")
    return Asker(accounts.access().user_viewer(user, "token"), by_browser=False)


def _by_proxy(accounts: Accounts) -> Asker | None:
    settings = accounts.settings
    name = request.headers.get(settings.proxy_user_header) if settings.proxy_user_header else None
    if name is None:
        return None
    if not from_proxy(accounts):
        raise LoginError(
            f"The header {settings.proxy_user_header} is accepted from trusted proxies only.",
            "Use the proxy; the setting trusted-proxies lists it.",
        )
    if not name.strip() or "," in name:  # a comma: the header came twice
        raise LoginError("The proxy sent no user, or several.", "It must set the header itself and drop the client's.")
    groups = request.headers.get(settings.proxy_groups_header, "") if settings.proxy_groups_header else ""
    listed = tuple(group.strip() for group in groups.split(",") if group.strip())
    return Asker(granted(accounts, Identity(name.strip(), listed, "proxy")))


def _by_certificate(accounts: Accounts) -> Asker | None:
    sock = request.environ.get("gunicorn.socket")
    if not accounts.settings.client_ca or not isinstance(sock, ssl.SSLSocket):
        return None
    certificate = sock.getpeercert()  # empty unless it was verified against the CA
    if not certificate:
        return None
    parts = cast("tuple[tuple[tuple[str, str], ...], ...]", certificate.get("subject", ()))  # as the ssl module has it
    subject = [pair for part in parts for pair in part]
    names = [value for name, value in subject if name == "commonName"]
    if len(names) != 1:
        raise LoginError("The client certificate has not exactly one common name (CN).")
    groups = tuple(value for name, value in subject if name == "organizationName")
    return Asker(granted(accounts, Identity(names[0], groups, "certificate")))


def _by_session(accounts: Accounts) -> Asker | None:
    member = sessions.current_member()
    if member is None:
        return None
    if isinstance(member.who, Identity):
        return Asker(granted(accounts, member.who))
    return Asker(accounts.access().user_viewer(member.who, "password"))


_SOURCES: tuple[Callable[[Accounts], Asker | None], ...] = (_by_token, _by_proxy, _by_certificate, _by_session)
