"""Logging in by OpenID Connect: authorization code with PKCE, state and nonce, all by Authlib.

The session cookie is SameSite=Strict, so a browser does not bring it when it comes back from the provider. What the
way there and back needs is in a cookie of its own: Lax, signed, short-lived, and worth nothing once it is used.
"""

from __future__ import annotations

import json
from typing import Any, ClassVar, cast

from authlib.common.errors import AuthlibBaseError
from authlib.integrations.flask_client import FlaskIntegration, OAuth
from flask import Flask, Response, current_app, g, request
from itsdangerous import BadData, URLSafeTimedSerializer
from joserfc.errors import JoseError
from requests import RequestException
from requests.utils import get_environ_proxies

from etcdview.access.exposure import encrypted
from etcdview.access.grants import Identity
from etcdview.access.secret_key import derived
from etcdview.config import Settings
from etcdview.errors import LoginError
from webapp.accounts.sessions import MAX_GROUPS

LIFETIME_SECONDS = 600
TIMEOUT_SECONDS = 10
SCOPES = "openid email profile groups"
# Signatures that prove something without a secret that others know too; never "none".
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")


class _Flow(FlaskIntegration):  # type: ignore[misc]  # authlib has no types
    """Where Authlib keeps state, nonce and verifier: for this request, until the cookie is written or read."""

    def set_state_data(self, session: Any, state: str, data: dict[str, Any]) -> None:
        g.oidc_flow = {"state": state, "data": data}

    def get_state_data(self, session: Any, state: str) -> dict[str, Any] | None:
        flow: dict[str, Any] = g.get("oidc_flow") or {}
        return flow.get("data") if state and flow.get("state") == state else None

    def clear_state_data(self, session: Any, state: str) -> None:
        g.pop("oidc_flow", None)


class _OAuth(OAuth):  # type: ignore[misc]  # authlib has no types
    framework_integration_cls = _Flow


class Provider:
    """The one provider of the settings. It is asked for what it can do at the first login, not at the start."""

    KEY: ClassVar[str] = "etcdview.oidc"

    def __init__(self, app: Flask, settings: Settings) -> None:
        self._settings = settings
        secure = encrypted(settings)
        self._cookie = "__Host-etcdview-login" if secure else "etcdview-login"
        self._secure = secure
        self._signer = URLSafeTimedSerializer(derived(settings, "oidc"), salt="flow")
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

    def begin(self, callback: str, target: str) -> Response:
        """Send the browser to the provider; it comes back to `callback`, and then goes on to `target`."""
        self._check_provider()
        response = cast(Response, self._client.authorize_redirect(callback))
        flow = self._signer.dumps(json.dumps(g.oidc_flow | {"target": target}))
        response.set_cookie(
            self._cookie, flow, LIFETIME_SECONDS, secure=self._secure, httponly=True, samesite="Lax", path="/"
        )
        return response

    def finish(self) -> tuple[Identity, str]:
        """Who came back, and where they want to go. Raises LoginError for anything that is not as it was begun."""
        flow = self._read_flow()
        self._check_provider()
        g.oidc_flow = flow
        claims_options = {
            "iss": {"essential": True, "value": self._settings.oidc_issuer},
            "aud": {"essential": True, "value": self._settings.oidc_client_id},
        }
        try:
            token = self._client.authorize_access_token(claims_options=claims_options)
        except (AuthlibBaseError, JoseError, ValueError) as error:
            raise LoginError(f"The login provider's answer is invalid: {error}.", _AGAIN) from error
        except RequestException as error:
            raise _unreachable(self._settings) from error
        return self._identity(token.get("userinfo") or {}), str(flow.get("target", "/"))

    def forget(self, response: Response) -> None:
        """A flow is good for one login."""
        response.delete_cookie(self._cookie, secure=self._secure, httponly=True, samesite="Lax", path="/")

    def _read_flow(self) -> dict[str, Any]:
        try:
            return cast(
                dict[str, Any],
                json.loads(self._signer.loads(request.cookies.get(self._cookie, ""), max_age=LIFETIME_SECONDS)),
            )
        except (BadData, ValueError):
            raise LoginError("This login did not start here, or started too long ago.", _AGAIN) from None

    def _check_provider(self) -> None:
        """What the provider says of itself must be of the issuer that was configured, and signed in earnest."""
        try:
            metadata = self._client.load_server_metadata()
        except (RequestException, ValueError) as error:
            raise _unreachable(self._settings) from error
        if metadata.get("issuer", "").rstrip("/") != self._settings.oidc_issuer:
            raise LoginError("The login provider's issuer differs from the setting oidc-issuer.")
        offered = metadata.get("id_token_signing_alg_values_supported") or ["RS256"]
        metadata["id_token_signing_alg_values_supported"] = [name for name in offered if name in ALGORITHMS]

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


def current_provider() -> Provider | None:
    """The provider of this app, if it has one."""
    return cast("Provider | None", current_app.extensions.get(Provider.KEY))


def _unreachable(settings: Settings) -> LoginError:
    return LoginError(f"The login provider {settings.oidc_issuer} does not answer.", "Try again in a while.")
