"""Attacks on the login by OpenID Connect, against a provider that misbehaves when told to."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
import requests
from flask import Response, redirect
from flask.testing import FlaskClient
from joserfc.jwk import RSAKey
from werkzeug.test import TestResponse

from etcdview.cluster.cluster import Cluster
from etcdview.config.values import issuer
from tests.security import lab
from tests.security.lab import Lab, post
from tests.security.provider import CLIENT, CLIENT_SECRET, Claims, Provider
from tests.security.table import attack
from webapp.accounts.limits import limiter, logins

OIDC = "OpenID Connect"


@pytest.fixture
def provider(tmp_path: Path) -> Iterator[Provider]:
    running = Provider(tmp_path / "provider")
    yield running
    running.close()


@pytest.fixture
def oidc(tmp_path: Path, cluster: Cluster, provider: Provider) -> Lab:
    return lab_of(tmp_path, cluster, provider)


def lab_of(folder: Path, cluster: Cluster, provider: Provider, **more: Any) -> Lab:
    return lab.build(
        folder,
        cluster,
        users_file="",
        oidc_issuer=issuer(provider.issuer),
        oidc_client_id=CLIENT,
        oidc_client_secret=CLIENT_SECRET,
        oidc_ca=provider.ca,
        **more,
    )


def begin(client: FlaskClient, target: str = "/registry") -> str:
    """The way to the provider."""
    response = client.get("/login/oidc", query_string={"next": target})
    assert response.status_code == 302
    return response.headers["Location"]


def at_the_provider(address: str, provider: Provider) -> str:
    """The way back, as the provider gives it."""
    with requests.Session() as session:
        session.trust_env = False
        answer = session.get(address, verify=provider.ca, allow_redirects=False, timeout=10)
    assert answer.status_code == 302
    return answer.headers["Location"]


def come_back(client: FlaskClient, address: str, **changes: str) -> TestResponse:
    parts = urlsplit(address)
    assert parts.netloc == "etcdview.example.org"
    return client.get(f"{parts.path}?{urlencode(dict(parse_qsl(parts.query)) | changes)}")


def log_in(made: Lab, provider: Provider, client: FlaskClient | None = None) -> TestResponse:
    client = client or made.anonymous()
    return come_back(client, at_the_provider(begin(client), provider))


def test_somebody_whom_the_provider_knows_is_logged_in(oidc: Lab, provider: Provider) -> None:
    client = oidc.anonymous()

    response = log_in(oidc, provider, client)

    assert response.status_code == 200
    assert response.headers["Refresh"] == "0; url=/registry"
    page = client.get("/account")
    assert "olga@example.org" in page.text
    assert "operator" in page.text
    assert [(e["action"], e["who"], e["result"]) for e in oidc.audit] == [("login", "olga@example.org", "done")]
    assert post(client, "/logout", "/account").status_code == 303
    assert client.get("/account").status_code == 303


def test_a_group_gives_its_role(oidc: Lab, provider: Provider) -> None:
    provider.person = {"email": "root@example.org", "email_verified": True, "groups": ["x", "admins"]}
    client = oidc.anonymous()

    log_in(oidc, provider, client)

    assert client.get("/audit").status_code == 200


@attack(OIDC, "the request to the provider without state, nonce or PKCE", "all three are always there")
def test_the_request_has_state_nonce_and_pkce(oidc: Lab) -> None:
    query = dict(parse_qsl(urlsplit(begin(oidc.anonymous())).query))

    assert query["code_challenge_method"] == "S256"
    assert {"state", "nonce", "code_challenge"} <= query.keys()
    assert query["redirect_uri"] == "https://etcdview.example.org/login/oidc/callback"


@attack(OIDC, "coming back with a code and no login begun (login forged by an attacker)", "401")
def test_a_login_that_was_not_begun_is_refused(oidc: Lab, provider: Provider) -> None:
    attackers_way_back = at_the_provider(begin(oidc.anonymous()), provider)

    assert come_back(oidc.anonymous(), attackers_way_back).status_code == 401
    assert oidc.audit[-1]["result"] == "refused"


@attack(OIDC, "the attacker's code in the victim's own login, with another state or none", "401")
def test_another_state_is_refused(oidc: Lab, provider: Provider) -> None:
    attackers_way_back = at_the_provider(begin(oidc.anonymous()), provider)
    for changes in ({}, {"state": ""}, {"state": "x"}):
        victim = oidc.anonymous()
        begin(victim)
        assert come_back(victim, attackers_way_back, **changes).status_code == 401
        assert victim.get("/account").status_code == 303


@attack(OIDC, "the way back, used a second time", "401")
def test_a_way_back_is_good_once(oidc: Lab, provider: Provider) -> None:
    client = oidc.anonymous()
    way_back = at_the_provider(begin(client), provider)
    assert come_back(client, way_back).status_code == 200

    assert come_back(client, way_back).status_code == 401


@attack(OIDC, "the cookie of the login, forged, or signed with the session's key", "401")
def test_a_forged_flow_is_refused(oidc: Lab, provider: Provider) -> None:
    client = oidc.anonymous()
    way_back = at_the_provider(begin(client), provider)
    cookie = client.get_cookie("__Host-etcdview-login")
    assert cookie is not None
    assert (cookie.http_only, cookie.secure, cookie.same_site) == (True, True, "Lax")
    for forged in (cookie.value[:-2], "", "e30.x.y", cookie.value.upper()):
        client.set_cookie("__Host-etcdview-login", forged)
        assert come_back(client, way_back).status_code == 401


def of_another(claims: Claims) -> Claims:
    return claims | {"aud": "another-client"}


WRONG_CLAIMS = {
    "of another issuer": lambda claims: claims | {"iss": "https://evil.example"},
    "for another client": of_another,
    "for another client, authorized for us": lambda claims: claims | {"aud": "another", "azp": CLIENT},
    "expired": lambda claims: claims | {"iat": 1, "exp": int(time.time()) - 3600},
    "with another nonce": lambda claims: claims | {"nonce": "x"},
    "without a nonce": lambda claims: {k: v for k, v in claims.items() if k != "nonce"},
    "without an audience": lambda claims: {k: v for k, v in claims.items() if k != "aud"},
    "of nobody": lambda claims: claims | {"email": ""},
    "of a number": lambda claims: claims | {"email": 5},
    "of an unverified address": lambda claims: claims | {"email_verified": False},
    "of an address that nobody speaks of verifying": lambda claims: {
        k: v for k, v in claims.items() if k != "email_verified"
    },
    "of an address verified by a word": lambda claims: claims | {"email_verified": "true"},
}


@attack(
    OIDC, "a token of another issuer, for another client, expired, with another nonce, of an unverified address", "401"
)
@pytest.mark.parametrize("wrong", WRONG_CLAIMS)
def test_a_token_with_wrong_claims_is_refused(oidc: Lab, provider: Provider, wrong: str) -> None:
    provider.change = WRONG_CLAIMS[wrong]
    client = oidc.anonymous()

    assert log_in(oidc, provider, client).status_code == 401
    assert client.get("/account").status_code == 303


@attack(OIDC, 'a token that is unsigned ("none"), signed with another key, or with the public key as a password', "401")
@pytest.mark.parametrize("how", ["none", "another key", "the public key"])
def test_a_token_without_a_good_signature_is_refused(oidc: Lab, provider: Provider, how: str) -> None:
    other = RSAKey.generate_key(2048, {"kid": "one"})
    signs = {"none": provider.unsigned, "the public key": provider.confused}
    provider.sign = signs.get(how, lambda claims: provider.signed(claims, other))
    client = oidc.anonymous()

    assert log_in(oidc, provider, client).status_code == 401
    assert client.get("/account").status_code == 303


@attack(OIDC, "a provider that calls itself otherwise than it is configured (mix-up)", "401")
def test_a_provider_of_another_name_is_refused(oidc: Lab, provider: Provider) -> None:
    provider.metadata = {"issuer": "https://evil.example"}

    assert oidc.anonymous().get("/login/oidc").status_code == 401


@attack(OIDC, "a provider with an untrusted certificate", "401: nothing is sent to it")
def test_a_provider_of_an_unknown_ca_is_refused(tmp_path: Path, cluster: Cluster, provider: Provider) -> None:
    made = lab.build(tmp_path, cluster, oidc_issuer=provider.issuer, oidc_client_id=CLIENT)

    assert made.anonymous().get("/login/oidc").status_code == 401


@attack(OIDC, "somebody whom the provider knows, and no grant names", "403, and no session")
def test_somebody_without_a_grant_gets_no_session(oidc: Lab, provider: Provider) -> None:
    provider.person = {"email": "eve@example.org", "email_verified": True}
    client = oidc.anonymous()

    assert log_in(oidc, provider, client).status_code == 403
    assert client.get("/account").status_code == 303
    assert oidc.audit[-1]["who"] == "eve@example.org"


@attack(OIDC, "an error of the provider with markup in it", "escaped, 401")
def test_an_error_of_the_provider_stays_text(oidc: Lab) -> None:
    client = oidc.anonymous()
    state = dict(parse_qsl(urlsplit(begin(client)).query))["state"]

    query = {"error": "<script>alert(1)</script>", "error_description": "<img onerror=x>", "state": state}
    response = client.get("/login/oidc/callback", query_string=query)

    assert response.status_code == 401
    assert "<script>alert" not in response.text
    assert "<img onerror" not in response.text


@attack(OIDC, "another site as the place to go on to after the login", "the overview instead")
@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example", "/\\evil.example"])
def test_a_login_goes_on_to_no_other_site(oidc: Lab, provider: Provider, target: str) -> None:
    client = oidc.anonymous()

    response = come_back(client, at_the_provider(begin(client, target), provider))

    assert response.headers["Refresh"] == "0; url=/"
    assert "evil" not in response.text


def test_a_provider_that_does_not_answer_is_told(tmp_path: Path, cluster: Cluster) -> None:
    made = lab.build(tmp_path, cluster, oidc_issuer="https://127.0.0.1:1", oidc_client_id=CLIENT)

    response = made.anonymous().get("/login/oidc")

    assert response.status_code == 401
    assert "does not answer" in response.text


@pytest.mark.parametrize("path", ["/", "/realms/shop", "/tenant/v2.0/"])
def test_an_issuer_may_have_a_path_and_a_slash(tmp_path: Path, cluster: Cluster, path: str) -> None:
    provider = Provider(tmp_path / "realm", path)
    made = lab_of(tmp_path, cluster, provider)

    assert log_in(made, provider).status_code == 200
    provider.change = lambda claims: claims | {"iss": provider.issuer + "x"}
    assert log_in(made, provider).status_code == 401
    provider.close()


@attack(OIDC, "a token signed with a key that the provider has withdrawn", "401; its new key is good at once")
@pytest.mark.parametrize("kid", ["two", "one"])
def test_a_withdrawn_key_is_trusted_no_longer(oidc: Lab, provider: Provider, kid: str) -> None:
    assert log_in(oidc, provider).status_code == 200
    old = provider.key

    provider.rotate(kid)
    assert log_in(oidc, provider).status_code == 200

    provider.sign = lambda claims: provider.signed(claims, old)
    assert log_in(oidc, provider).status_code == 401


LIES: dict[str, tuple[str, Callable[[], Any]]] = {
    "a description that is a list": ("discover", lambda: Response("[]", mimetype="application/json")),
    "a description that is a page": ("discover", lambda: "<html>"),
    "a description elsewhere": ("discover", lambda: redirect("https://evil.example/")),
    "a description that does not end": ("discover", lambda: Response("[" * 2_000_000)),
    "an error": ("discover", lambda: ("", 500)),
    "keys that are a list": ("keys", lambda: Response("[]", mimetype="application/json")),
    "keys that are a number": ("keys", lambda: {"keys": 5}),
    "keys without a key": ("keys", lambda: {"keys": [{}]}),
    "a key that is a number": ("keys", lambda: {"keys": [5]}),
    "a key of no type": ("keys", lambda: {"keys": [{"kty": 5, "kid": "one"}]}),
    "keys elsewhere": ("keys", lambda: redirect("https://evil.example/")),
    "keys that fail": ("keys", lambda: ("", 500)),
    "a token that is a list": ("token", lambda: Response("[]", mimetype="application/json")),
    "a token that is a page": ("token", lambda: "<html>"),
    "a token without an ID": ("token", lambda: {"access_token": "x", "token_type": "Bearer"}),
    "an ID that is a number": ("token", lambda: {"access_token": "x", "token_type": "Bearer", "id_token": 5}),
    "an ID that is a word": ("token", lambda: {"access_token": "x", "token_type": "Bearer", "id_token": "x"}),
    "a token elsewhere": ("token", lambda: redirect("https://evil.example/", 307)),
    "a token that fails": ("token", lambda: ("", 500)),
}


@attack(
    OIDC,
    "a provider whose description, keys or tokens are lists, pages, numbers, endless, errors, or redirects elsewhere",
    "401, no session; no redirect is followed, a megabyte is read at most",
)
def test_answers_of_another_shape_are_refused(oidc: Lab, provider: Provider) -> None:
    for lie, (view, answer) in LIES.items():
        provider.answers = {view: answer}
        assert refused(oidc, provider, at_once=view == "discover"), lie


@attack(OIDC, "a token whose claims are of other types than they should be", "401, no session")
def test_claims_of_another_type_are_refused(oidc: Lab, provider: Provider) -> None:
    for name, odd in itertools.product(("iss", "aud", "exp", "nonce", "email"), (None, {}, "x")):
        provider.change = lambda claims, name=name, odd=odd: claims | {name: odd}
        if (name, odd) != ("email", "x"):  # a name that is as good as any
            assert refused(oidc, provider), (name, odd)


def refused(made: Lab, provider: Provider, *, at_once: bool = False) -> bool:
    """Whether a login ends with 401, a reason, and no session."""
    limiter.reset()
    logins.forget_all()
    client = made.anonymous()
    response = client.get("/login/oidc") if at_once else log_in(made, provider, client)
    told = "provider" in response.text
    return response.status_code == 401 and told and client.get("/account").status_code == 303


@attack(
    OIDC,
    "a description with endpoints that are missing, or over HTTP, or not addresses; options of the library in it",
    "401; options are not taken",
)
def test_endpoints_are_as_protected_as_the_issuer(oidc: Lab, provider: Provider) -> None:
    names = ("authorization_endpoint", "token_endpoint", "jwks_uri")
    for name, wrong in itertools.product(names, ("http://127.0.0.1/", None, 5, "javascript:alert(1)", "/token")):
        provider.metadata = {name: wrong}
        assert refused(oidc, provider, at_once=True), (name, wrong)


def test_a_description_changes_no_option(oidc: Lab, provider: Provider) -> None:
    provider.metadata = {"code_challenge_method": "plain", "scope": "x", "verify": False, "trust_env": True}

    assert dict(parse_qsl(urlsplit(begin(oidc.anonymous())).query))["code_challenge_method"] == "S256"
    assert log_in(oidc, provider).status_code == 200


@attack(
    OIDC, "a provider that does not answer, and many who would log in", "a quarter of the threads waits, others: 401"
)
def test_a_slow_provider_holds_few_threads(tmp_path: Path, cluster: Cluster, provider: Provider) -> None:
    made = lab_of(tmp_path, cluster, provider, threads=4)
    asked, goes_on = threading.Event(), threading.Event()

    def slow() -> None:
        asked.set()
        goes_on.wait(30)

    provider.answers = {"discover": slow}
    first = threading.Thread(target=lambda: made.anonymous().get("/login/oidc"))
    first.start()
    assert asked.wait(30)

    response = made.anonymous().get("/login/oidc")
    goes_on.set()
    first.join()

    assert response.status_code == 401
    assert "slow" in response.text
    assert made.anonymous().get("/login/oidc").status_code == 302
