"""A small OpenID Connect provider over HTTPS, which can be told to misbehave."""

from __future__ import annotations

import base64
import functools
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from flask import Flask, Response, jsonify, redirect, request
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey
from werkzeug.serving import make_server

from etcdview.demo.certificates import SERVER, Authority

CLIENT = "etcdview"
CLIENT_SECRET = "a-secret-between-the-two"
Claims = dict[str, Any]


class Provider:
    """Answers any authorization request for `person` at once; `claims` and `sign` can be replaced."""

    def __init__(self, folder: Path, path: str = "") -> None:
        """`path` is the end of its issuer: a realm, a tenant, or a slash."""
        authority = Authority(folder, "provider-ca")
        pair = authority.issue(folder, "provider", "127.0.0.1", sans=("127.0.0.1",), usages=SERVER)
        self.ca = str(authority.files.cert)
        self.key = _first_key()
        self.person: Claims = {"email": "olga@example.org", "email_verified": True, "groups": ["sre"]}
        self.change: Callable[[Claims], Claims] = lambda claims: claims
        self.sign: Callable[[Claims], str] = self.signed
        self.metadata: dict[str, Any] = {}
        self.answers: dict[str, Callable[[], Any]] = {}  # instead of the right ones, by the name of the view
        self._codes: dict[str, dict[str, str]] = {}
        self._server = make_server(
            "127.0.0.1", 0, self._app(path.rstrip("/")), threaded=True, ssl_context=(str(pair.cert), str(pair.key))
        )
        self.issuer = f"https://127.0.0.1:{self._server.server_port}{path}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), name="provider")
        self._thread.start()

    def close(self) -> None:
        """Stop answering."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def signed(self, claims: Claims, key: RSAKey | None = None) -> str:
        """As it should be."""
        key = key or self.key
        return jwt.encode({"alg": "RS256", "kid": key.kid}, claims, key)

    def rotate(self, kid: str) -> None:
        """A new key; the old one is withdrawn."""
        self.key = RSAKey.generate_key(2048, {"kid": kid, "use": "sig"})

    def unsigned(self, claims: Claims) -> str:
        """With the algorithm "none"."""
        parts = ({"alg": "none", "typ": "JWT"}, claims)
        return ".".join(_part(part) for part in parts) + "."

    def confused(self, claims: Claims) -> str:
        """With a hash whose key is the public key."""
        public = self.key.as_pem(private=False)
        return jwt.encode({"alg": "HS256", "kid": "one"}, claims, OctKey.import_key(public))

    def code_for(self, query: dict[str, str]) -> str:
        """A code, as the authorization endpoint gives one."""
        code = secrets.token_hex(8)
        self._codes[code] = query
        return code

    def _app(self, path: str) -> Flask:
        app = Flask("provider", static_folder=None)

        @app.before_request
        def misbehave() -> Any:
            answer = self.answers.get(request.endpoint or "")
            return answer() if answer else None

        @app.get(f"{path}/.well-known/openid-configuration")
        def discover() -> Response:
            base = self.issuer.rstrip("/")
            endpoints = {
                "issuer": self.issuer,
                "authorization_endpoint": f"{base}/authorize",
                "token_endpoint": f"{base}/token",
                "jwks_uri": f"{base}/keys",
                "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"],
            }
            return jsonify(endpoints | self.metadata)

        @app.get(f"{path}/keys")
        def keys() -> Response:
            return jsonify(keys=[self.key.as_dict(private=False)])

        @app.get(f"{path}/authorize")
        def authorize() -> Any:
            query = request.args.to_dict()
            answer = {"code": self.code_for(query), "state": query["state"]}
            return redirect(f"{query['redirect_uri']}?{urlencode(answer)}")

        @app.post(f"{path}/token")
        def token() -> Any:
            pending = self._codes.pop(request.form.get("code", ""), None)
            if pending is None or not _verifies(pending, request.form.get("code_verifier", "")):
                return jsonify(error="invalid_grant"), 400
            now = int(time.time())
            claims = {
                "iss": self.issuer,
                "sub": "4711",
                "aud": CLIENT,
                "iat": now,
                "exp": now + 60,
                "nonce": pending["nonce"],
            }
            return jsonify(access_token="x", token_type="Bearer", id_token=self.sign(self.change(claims | self.person)))

        return app


@functools.cache
def _first_key() -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})


def _verifies(pending: dict[str, str], verifier: str) -> bool:
    digest = hashlib.sha256(verifier.encode()).digest()
    return pending["code_challenge_method"] == "S256" and pending["code_challenge"] == _encoded(digest)


def _part(part: Claims) -> str:
    return _encoded(json.dumps(part).encode())


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
