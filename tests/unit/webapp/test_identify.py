"""Who is asking: the first proof that is shown counts, and one that does not hold is refused, not passed over."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from typing import Any

import pytest
from flask import Flask, g

from etcdview.access.audit import Audit
from etcdview.access.ended_sessions import EndedSessions
from etcdview.access.grants import Access, Grant, Identity
from etcdview.access.roles import LOCAL, Scope
from etcdview.access.users import User, Users, add_token
from etcdview.config import Settings
from etcdview.errors import DeniedError, EtcdviewError, LoginError
from webapp.accounts import sessions
from webapp.accounts.identify import Asker, current_viewer, identify
from webapp.accounts.state import KEY, Accounts

NOW = datetime.now(UTC)
VERA = User("vera", "viewer")
PROXY = "192.0.2.7"
SETTINGS = Settings(
    proxy_user_header="X-User",
    proxy_groups_header="X-Groups",
    trusted_proxies=(PROXY,),
    client_ca="ca.crt",
    secret_key="k" * 64,
)


class Presented(ssl.SSLSocket):
    """The socket of a client that has shown a certificate, as the ssl module tells it."""

    def __init__(self, **subject: tuple[str, ...]) -> None:
        self._subject = tuple(((name, value),) for name, values in subject.items() for value in values)

    def getpeercert(self, binary_form: bool = False) -> Any:  # type: ignore[override]
        return {"subject": self._subject} if self._subject else {}


def accounts(users: Users | None = None, access: Access | None = None, **settings: Any) -> Accounts:
    known, grants = users or Users({"vera": VERA}), access or Access((Grant("operator", group="sre"),))
    return Accounts(
        replace(SETTINGS, **settings),
        lambda: known,
        lambda: grants,
        Audit(None),
        EndedSessions(),
        (ip_network(PROXY),),
    )


@contextmanager
def asking(held: Accounts, *, peer: str = PROXY, sock: object = None, **headers: str) -> Iterator[None]:
    app = Flask("asked")
    app.extensions[KEY] = held
    sessions.init_app(app, held.settings)
    environ = {"REMOTE_ADDR": peer, "gunicorn.socket": sock}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    with app.test_request_context(headers=named, environ_base=environ):
        yield


def asker(held: Accounts | None = None, **request: Any) -> Asker:
    with asking(held or accounts(), **request):
        return identify()


def with_token(until: datetime | None) -> tuple[Accounts, str]:
    users, token = add_token(Users({"vera": VERA}), "vera", NOW - timedelta(days=2), until, "")
    return accounts(users), str(token)


def test_without_logins_everyone_is_local_whatever_they_show() -> None:
    open_house = accounts(proxy_user_header="", client_ca="")
    assert asker(open_house, Authorization="Bearer nonsense", X_User="ann,bob") == Asker(LOCAL)


def test_who_shows_nothing_is_nobody() -> None:
    assert asker() == Asker(None)


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Bearer x", "Basic dmVyYTp4", "Bearer etcdview_a_b", "etcdview_a_b"]
)
def test_a_header_that_is_not_a_known_token_is_refused(header: str) -> None:
    with pytest.raises(LoginError, match="token"):
        asker(Authorization=header)


@pytest.mark.parametrize(("days", "valid"), [(None, True), (1, True), (-1, False)])
def test_a_token_holds_until_its_end(days: int | None, valid: bool) -> None:
    held, token = with_token(None if days is None else NOW + timedelta(days=days))
    if not valid:
        with pytest.raises(LoginError, match="expired"):
            asker(held, Authorization=f"Bearer {token}")
        return
    found = asker(held, Authorization=f"bearer {token}")
    assert found.viewer is not None
    assert (found.viewer.name, found.viewer.method, found.by_browser) == ("vera", "token", False)


def test_a_token_that_does_not_hold_is_not_passed_over_for_what_the_proxy_says() -> None:
    with pytest.raises(LoginError):
        asker(Authorization="Bearer x", X_User="ann", X_Groups="sre")


def test_a_token_comes_before_the_proxy() -> None:
    held, token = with_token(None)
    found = asker(held, Authorization=f"Bearer {token}", X_User="ann", X_Groups="sre").viewer
    assert found is not None
    assert found.name == "vera"


def test_a_proxy_names_the_user_and_the_groups() -> None:
    found = asker(X_User=" ann ", X_Groups=" dev ,, sre ")
    assert found.viewer is not None
    assert (found.viewer.name, found.viewer.role, found.viewer.method) == ("ann", "operator", "proxy")
    assert found.by_browser


@pytest.mark.parametrize("peer", ["192.0.2.8", "::1", "", "unix:"])
def test_the_header_of_anyone_but_a_trusted_proxy_is_refused(peer: str) -> None:
    with pytest.raises(LoginError, match="trusted proxies only"):
        asker(peer=peer, X_User="ann", X_Groups="sre")


@pytest.mark.parametrize("name", ["", "  ", "ann,bob", ","])
def test_a_proxy_that_names_nobody_or_several_is_refused(name: str) -> None:
    with pytest.raises(LoginError, match="no user, or several"):
        asker(X_User=name, X_Groups="sre")


def test_groups_count_only_where_their_header_is_set() -> None:
    with pytest.raises(DeniedError):
        asker(accounts(proxy_groups_header=""), X_User="ann", X_Groups="sre")


def test_who_has_no_role_is_denied_and_the_log_gets_the_name() -> None:
    with asking(accounts(), X_User="eve"):
        with pytest.raises(DeniedError, match="logged in as eve, but have no role"):
            identify()
        assert g.tried == "eve"


def test_a_certificate_names_the_user_and_the_organizations_are_groups() -> None:
    sock = Presented(commonName=("ann",), organizationName=("dev", "sre"))
    found = asker(sock=sock).viewer
    assert found is not None
    assert (found.name, found.role, found.method) == ("ann", "operator", "certificate")


@pytest.mark.parametrize("names", [(), ("ann", "bob")])
def test_a_certificate_has_exactly_one_common_name(names: tuple[str, ...]) -> None:
    with pytest.raises(LoginError, match="exactly one common name"):
        asker(sock=Presented(commonName=names, organizationName=("sre",)))


def test_a_certificate_counts_only_where_it_was_verified_against_a_configured_ca() -> None:
    assert asker(sock=Presented()) == Asker(None)
    assert asker(sock=object()) == Asker(None)
    without_ca = accounts(client_ca="")
    assert asker(without_ca, sock=Presented(commonName=("ann",), organizationName=("sre",))) == Asker(None)


@pytest.mark.parametrize(
    ("who", "settings", "expected"),
    [
        (VERA, {}, ("vera", "viewer", "password")),
        (Identity("ann", ("sre",), "oidc"), {"oidc_issuer": "https://id.example"}, ("ann", "operator", "oidc")),
        (Identity("ann", ("sre",), "oidc"), {}, None),
        (User("gone", "admin"), {}, None),
        (User("vera", "viewer", password="another"), {}, None),
    ],
    ids=["user", "provider", "provider that is set no more", "user that is gone", "password that has changed"],
)
def test_a_session_holds_as_long_as_what_it_rests_on(
    who: User | Identity, settings: dict[str, Any], expected: tuple[str, str, str] | None
) -> None:
    held = accounts(**settings)
    with asking(held):
        sessions.begin(who)
        kept = dict(sessions.session)
    with asking(held):
        sessions.session.update(kept)
        found = identify().viewer
    assert (found and (found.name, found.role, found.method)) == expected


def test_a_session_that_was_ended_is_nobodys() -> None:
    held = accounts()
    with asking(held):
        sessions.begin(VERA)
        kept = dict(sessions.session)
        sessions.end()
    with asking(held):
        sessions.session.update(kept)
        assert identify() == Asker(None)


def test_a_provider_group_that_lost_its_role_ends_what_the_session_may() -> None:
    held = accounts(oidc_issuer="https://id.example", access=Access())
    with asking(held):
        sessions.begin(Identity("ann", ("sre",), "oidc"))
        with pytest.raises(DeniedError):
            identify()


def test_the_scope_of_a_role_comes_with_the_viewer() -> None:
    held = accounts(access=Access((Grant("operator", user="ann"),), {"operator": Scope(("shop",))}))
    found = asker(held, X_User="ann").viewer
    assert found is not None
    assert found.scope == Scope(("shop",))


def test_a_broken_file_stops_logins_and_is_not_taken_for_an_empty_one() -> None:
    def broken() -> Access:
        raise LoginError("Logins do not work at the moment.")

    with pytest.raises(EtcdviewError, match="at the moment"):
        asker(replace(accounts(), access=broken), X_User="ann")


def test_before_the_guard_has_asked_there_is_no_viewer() -> None:
    with asking(accounts()):
        assert current_viewer() is None
        g.viewer = LOCAL
        assert current_viewer() is LOCAL
