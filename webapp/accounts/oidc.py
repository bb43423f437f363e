"""Logging in by OpenID Connect: authorization code with PKCE, state and nonce, all by Authlib.

The session cookie is SameSite=Strict, so a browser does not bring it when it comes back from the provider. What the
way there and back needs is in a cookie of its own: Lax, signed, short-lived, and worth nothing once it is used.
"""

from __future__ import annotations

import io
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar, cast
from urllib.parse import urlsplit

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.flask_client import FlaskIntegration, FlaskOAuth2App, OAuth
from authlib.integrations.requests_client import OAuth2Session
from flask import Flask, Response, current_app, g, request
from itsdangerous import BadData, URLSafeTimedSerializer
from joserfc.errors import JoseError
from requests import PreparedRequest, RequestException
from requests.utils import get_environ_proxies
from urllib3.exceptions import HTTPError

from etcdview.access.exposure import encrypted
from etcdview.access.grants import Identity
from etcdview.access.secret_key import derived
from etcdview.config import Settings
from etcdview.errors import LoginError
from webapp.accounts.sessions import MAX_GROUPS, cookie_name
from webapp.accounts.state import OIDC

LIFETIME_SECONDS = 600
TIMEOUT_SECONDS = 10
MAX_BYTES = 1024 * 1024  # of an answer of the provider
DESCRIPTION_SECONDS = 300  # that a provider's description is good for
SCOPES = "openid email profile groups"
# Signatures that prove something without a secret that others know too; never "none".
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")
_ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")


class _Flow(FlaskIntegration):  # type: ignore[misc]  # authlib has no types
    """Where Authlib keeps state, nonce and verifier: for this request, until the cookie is written or read."""

    def set_state_data(self, session: Any, state: str, data: dict[str, Any]) -> None:
        g.oidc_flow = {"state": state, "data": data}

    def get_state_data(self, session: Any, state: str) -> dict[str, Any] | None:
        flow: dict[str, Any] = g.get("oidc_flow") or {}
        return flow.get("data") if state and flow.get("state") == state else None

    def clear_state_data(self, session: Any, state: str) -> None:
        g.pop("oidc_flow", None)


class _Session(OAuth2Session):  # type: ignore[misc]  # authlib has no types
    """What asks the provider: only where the provider's description says, and no more than MAX_BYTES are read."""

    def send(self, request: PreparedRequest, **kwargs: Any) -> requests.Response:
        # A redirect would carry the code and its verifier on to another host.
        response = super().send(request, **kwargs | {"allow_redirects": False, "stream": True})
        with response.raw as raw:
            body = raw.read(MAX_BYTES + 1, decode_content=True)
        if len(body) > MAX_BYTES or response.is_redirect:
            raise ValueError("it is too large" if len(body) > MAX_BYTES else "it leads elsewhere")
        response.raw = io.BytesIO(body)
        return cast(requests.Response, response)


class _Client(FlaskOAuth2App):  # type: ignore[misc]  # authlib has no types
    """Asks anew what may change while we run: the provider's description after a while, its keys at each login."""

    client_cls = _Session
    issuer = ""
    server_metadata: dict[str, Any]

    def load_server_metadata(self) -> dict[str, Any]:
        if self.server_metadata.get("_loaded_at", 0.0) < time.time() - DESCRIPTION_SECONDS:
            description = _described(self._json(self._server_metadata_url), self.issuer)
            self.server_metadata = description | {"_loaded_at": time.time()}
        return self.server_metadata

    def fetch_jwk_set(self, force: bool = False) -> dict[str, Any]:
        """The keys as they are now: one that was withdrawn is trusted no longer, and a new one at once."""
        return _object(self._json(self.load_server_metadata()["jwks_uri"]))

    def fetch_access_token(self, redirect_uri: str | None = None, **kwargs: Any) -> dict[str, Any]:
        return _object(super().fetch_access_token(redirect_uri, **kwargs))

    def _json(self, url: str) -> Any:
        with self._get_session() as session:
            response = session.request("GET", url, withhold_token=True)
            response.raise_for_status()
            return response.json()


class _OAuth(OAuth):  # type: ignore[misc]  # authlib has no types
    framework_integration_cls = _Flow
    oauth2_client_cls = _Client


def _described(answer: Any, issuer: str) -> dict[str, Any]:
    """What is used of a provider's description: Authlib would take each member of it for an option. Raises ValueError.

    It must be of the issuer that was configured, signed in earnest, and as well protected as the issuer is.
    """
    answer = _object(answer)
    if str(answer.get("issuer")).rstrip("/") != issuer:
        raise ValueError("its issuer differs from the setting oidc-issuer")
    description = {name: answer.get(name) for name in ("issuer", *_ENDPOINTS)}
    scheme = urlsplit(issuer).scheme
    for name in _ENDPOINTS:
        if urlsplit(str(description[name])).scheme not in (scheme, "https"):
            raise ValueError(f"its {name} is not a URL that begins with {scheme}://")
    offered = answer.get("id_token_signing_alg_values_supported") or ["RS256"]
    return description | {"id_token_signing_alg_values_supported": [name for name in ALGORITHMS if name in offered]}


def _object(answer: Any) -> dict[str, Any]:
    if not isinstance(answer, dict):
        raise ValueError("it is not a JSON object")
    return answer


class Provider:
    """The one provider of the settings. It is asked for what it can do at the first login, not at the start."""

    KEY: ClassVar[str] = OIDC

    def __init__(self, app: Flask, settings: Settings) -> None:
        self._settings = settings
        secure = encrypted(settings)
        self._cookie = cookie_name("etcdview-login", settings)
        self._path = settings.url_prefix or "/"
        self._secure = secure
        self._signer = URLSafeTimedSerializer(derived(settings, "oidc"), salt="flow")
        # Those who wait for a provider that is slow keep most threads free for pages.
        self._places = threading.BoundedSemaphore(max(1, settings.threads // 4))
        self._client = _OAuth(app).register(
            "provider",
            client_id=settings.oidc_client_id,
            client_secret=settings.oidc_client_secret or None,
            server_metadata_url=f"{settings.oidc_issuer}/.well-known/openid-configuration",
            client_kwargs={
                "scope": SCOPES,
                "code_challenge_method": "S256",
                "default_timeout": TIMEOUT_SECONDS,
                **_connection(settings),
            },
        )
        self._client.issuer = settings.oidc_issuer

    def begin(self, callback: str, target: str) -> Response:
        """Send the browser to the provider; it comes back to `callback`, and then goes on to `target`."""
        with self._turn():
            response = cast(Response, self._client.authorize_redirect(callback))
        flow = self._signer.dumps(json.dumps(g.oidc_flow | {"target": target}))
        response.set_cookie(
            self._cookie, flow, LIFETIME_SECONDS, secure=self._secure, httponly=True, samesite="Lax", path=self._path
        )
        return response

    def finish(self) -> tuple[Identity, str]:
        """Who came back, and where they want to go. Raises LoginError for anything that is not as it was begun."""
        flow = self._read_flow()
        g.oidc_flow = flow
        with self._turn():
            claims_options = {
                "iss": {"essential": True, "value": self._client.load_server_metadata()["issuer"]},
                "aud": {"essential": True, "value": self._settings.oidc_client_id},
            }
            token = self._client.authorize_access_token(claims_options=claims_options)
        return self._identity(token.get("userinfo") or {}), str(flow.get("target", "/"))

    def forget(self, response: Response) -> None:
        """A flow is good for one login."""
        response.delete_cookie(self._cookie, secure=self._secure, httponly=True, samesite="Lax", path=self._path)

    def _read_flow(self) -> dict[str, Any]:
        try:
            return cast(
                dict[str, Any],
                json.loads(self._signer.loads(request.cookies.get(self._cookie, ""), max_age=LIFETIME_SECONDS)),
            )
        except (BadData, ValueError):
            raise LoginError("This login did not start here, or started too long ago.", _AGAIN) from None

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """A place among those who wait for the provider. Raises LoginError while all are taken, and what it raises."""
        if not self._places.acquire(blocking=False):
            raise LoginError("Others are still waiting for the login provider, which is slow.", _LATER)
        try:
            yield
        # The last three: the libraries do not expect answers whose parts are of other types.
        except (AuthlibBaseError, JoseError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise LoginError(f"The login provider's answer is invalid: {error}.", _AGAIN) from error
        except (RequestException, HTTPError) as error:
            raise _unreachable(self._settings) from error
        finally:
            self._places.release()

    def _identity(self, claims: dict[str, Any]) -> Identity:
        name = claims.get(self._settings.oidc_user_claim)
        if not isinstance(name, str) or not name:
            raise LoginError(
                f"The login provider does not send your name: no claim {self._settings.oidc_user_claim!r}.",
                "Set oidc-user-claim to another claim.",
            )
        if self._settings.oidc_user_claim == "email" and claims.get("email_verified") is not True:
            raise LoginError(f"The login provider has not verified your address {name}.")
        groups = claims.get(self._settings.oidc_groups_claim) or ()
        listed = groups if isinstance(groups, list | tuple) else (groups,)
        return Identity(name, tuple(str(group) for group in listed[:MAX_GROUPS]), "oidc")


def _connection(settings: Settings) -> dict[str, Any]:
    """requests prefers the CA of its environment to one that it is given, unless it is told to leave that alone."""
    if not settings.oidc_ca:
        return {"verify": True}
    proxies = get_environ_proxies(settings.oidc_issuer)
    return {"verify": settings.oidc_ca, "trust_env": False, "proxies": proxies}


_AGAIN = "Start again at /login."
_LATER = "Try again in a while."


def current_provider() -> Provider:
    """The provider of this app, which has one."""
    return cast(Provider, current_app.extensions[OIDC])


def _unreachable(settings: Settings) -> LoginError:
    return LoginError(f"The login provider {settings.oidc_issuer} does not answer.", _LATER)
