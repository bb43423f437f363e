"""What logging in needs while the app runs: the users and access files as they are now, the log, ended sessions."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import TypeVar, cast

from flask import current_app

from etcdview.access.audit import Audit
from etcdview.access.ended_sessions import EndedSessions
from etcdview.access.files import Watched, read_users, readable_by_all
from etcdview.access.grants import Access, parse_role, read_access
from etcdview.access.users import Users
from etcdview.config import Settings
from etcdview.errors import AuditError, LoginError, SettingError

log = logging.getLogger(__name__)
KEY = "etcdview.access"
OIDC = "etcdview.oidc"  # the provider, where there is one
Content = TypeVar("Content")


@dataclass(frozen=True, slots=True)
class Accounts:
    """`users` and `access` read their file again when it has changed; they raise LoginError for a broken one."""

    settings: Settings
    users: Callable[[], Users]
    access: Callable[[], Access]
    audit: Audit
    ended: EndedSessions
    proxies: tuple[IPv4Network | IPv6Network, ...]


def current_accounts() -> Accounts:
    """Those of this app."""
    return cast(Accounts, current_app.extensions[KEY])


def open_accounts(settings: Settings, ended: EndedSessions) -> Accounts:
    """Raises SettingError, so that a mistake is told at the start and not at the first login."""
    _check(settings)
    nobody = Users()
    users = _guarded(Watched(Path(settings.users_file), read_users)) if settings.users_file else lambda: nobody
    if settings.users_file and readable_by_all(Path(settings.users_file)):
        log.warning("every user of this machine can read the hashes in %s: chmod o-r", settings.users_file)
    return Accounts(
        settings,
        users,
        _access(settings),
        _audit(settings),
        ended,
        tuple(ip_network(proxy) for proxy in settings.trusted_proxies),
    )


def _audit(settings: Settings) -> Audit:
    audit = Audit(Path(settings.audit_log) if settings.audit_log else None)
    try:
        audit.check()
    except AuditError as error:
        raise SettingError(error.what, error.remedy) from error
    return audit


def _access(settings: Settings) -> Callable[[], Access]:
    role = parse_role(settings.default_role) if settings.default_role else None
    if settings.access_file:
        return _guarded(Watched(Path(settings.access_file), lambda path: read_access(path, role)))
    fixed = Access(default_role=role)
    return lambda: fixed


def _guarded(file: Watched[Content]) -> Callable[[], Content]:
    """What is wrong with a file is for the administrator, and not for every visitor."""

    def read() -> Content:
        try:
            return file.get()
        except SettingError as error:
            log.error("logins do not work: %s", error)
            raise LoginError("Logins do not work at the moment.", "See the log of etcdview.") from error

    return read


def _check(settings: Settings) -> None:
    vouched = settings.oidc_issuer or settings.client_ca or settings.proxy_user_header
    if vouched and not (settings.access_file or settings.default_role):
        raise SettingError(
            "No user has a role: neither access-file nor default-role is set.",
            "List users and groups in an access file, or set default-role to viewer.",
        )
    if settings.proxy_user_header and not settings.trusted_proxies:
        raise SettingError(
            f"Anyone could send the header {settings.proxy_user_header}: no trusted proxy is set.",
            "Set trusted-proxies to the proxy's address.",
        )
    if settings.client_ca and not settings.tls_cert:
        raise SettingError(
            "Client certificates work only when etcdview itself serves HTTPS.", "Set tls-cert and tls-key too."
        )
    if settings.oidc_issuer and not settings.oidc_client_id:
        raise SettingError("The OpenID Connect provider needs etcdview's client ID and secret.", "Set oidc-client-id.")
    if bool(settings.tls_cert) != bool(settings.tls_key):
        raise SettingError("A certificate needs its key, and a key its certificate.", "Set both tls-cert and tls-key.")
