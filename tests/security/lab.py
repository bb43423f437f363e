"""An app with a login over the hostile registry, and people of every role before it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from etcdview.access.ended_sessions import EndedSessions
from etcdview.access.hashes import hash_token, new_token
from etcdview.cluster.cluster import Cluster
from etcdview.cluster.opening import open_cluster
from etcdview.codec import Codec, load_encryption_config
from etcdview.config import Settings
from etcdview.index import names_for
from etcdview.kube.keys import KeySpace
from etcdview.models import KeyValue, Range
from etcdview.stores.files.memory import StaticStore
from tests.security.hostile import hostile_registry
from webapp import create_app

QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
KEY = "0123456789abcdef0123456789abcdef"
PASSWORDS = {name: f"{name}-has-a-password" for name in ("ann", "olga", "vera", "nina")}
PEOPLE: dict[str, dict[str, Any]] = {
    "ann": {"role": "admin"},
    "olga": {"role": "operator"},
    "vera": {"role": "viewer"},
    # sees one namespace, and no Secret of it
    "nina": {"role": "viewer", "namespaces": ["shop"], "resources": ["*", "!secrets"]},
}
ACCESS = """
[[grants]]
user = "olga@example.org"
role = "operator"

[[grants]]
group = "admins"
role = "admin"

[[grants]]
user = "vera"
role = "viewer"
"""


@dataclass
class Lab:
    """The app, its files, and ways to ask it something. `tokens` are API tokens by person."""

    app: Flask
    folder: Path
    settings: Settings
    tokens: dict[str, str] = field(default_factory=dict)

    @property
    def audit(self) -> list[dict[str, Any]]:
        """The entries of the audit log, the oldest first."""
        path = self.folder / "audit.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def anonymous(self) -> FlaskClient:
        """Somebody who has not logged in."""
        return self.app.test_client()

    def as_token(self, name: str) -> FlaskClient:
        """A script of that person."""
        client = self.app.test_client()
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {self.tokens[name]}"
        return client

    def logged_in(self, name: str) -> FlaskClient:
        """A browser in which that person has logged in."""
        client = self.app.test_client()
        response = log_in(client, name, PASSWORDS[name])
        assert response.status_code == 303, response.text
        return client


def token_of(response: TestResponse) -> str:
    """The CSRF token of a page's first form."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', response.text)
    assert found is not None, response.text[-500:]
    return found[1]


def log_in(client: FlaskClient, name: str, password: str, **more: Any) -> TestResponse:
    """Fill in the form and send it."""
    token = token_of(client.get("/login"))
    return client.post("/login", data={"name": name, "password": password, "csrf_token": token}, **more)


def post(client: FlaskClient, path: str, page: str, **data: str) -> TestResponse:
    """Send the form of a page."""
    return client.post(path, data=data | {"csrf_token": token_of(client.get(page))})


def write_users(path: Path) -> dict[str, str]:
    """A users file with everybody in it; gives their tokens."""
    tokens = {name: new_token() for name in PEOPLE}
    users = [
        {
            "name": name,
            "password": QUICK.hash(PASSWORDS[name]),
            "tokens": [{"id": tokens[name].id, "hash": hash_token(tokens[name]), "made": "2026-01-01T00:00:00+00:00"}],
            **facts,
        }
        for name, facts in PEOPLE.items()
    ]
    path.write_text(json.dumps({"users": users}))
    return {name: str(token) for name, token in tokens.items()}


def hostile_cluster(capture: Path) -> Cluster:
    """The hostile registry, opened for browsing."""
    store, keyspace = hostile_registry(capture), KeySpace()
    return Cluster(
        name="hostile",
        store=store,
        index=names_for(store, keyspace),
        codec=Codec(encryption=load_encryption_config(capture / "encryption-config.yaml")),
        keyspace=keyspace,
        others={"empty": StaticStore("empty", ()), "mixed": StaticStore("mixed", _mixed(store))},
    )


def _mixed(store: StaticStore) -> Iterator[KeyValue]:
    """Each key with the value of its neighbour: whatever a comparison can show of a value, it shows."""
    for _, group in groupby(store.range(Range(b"\0", b"\0")).kvs, key=lambda kv: kv.key.rpartition(b"/")[0]):
        kvs = list(group)
        yield from (replace(kv, value=other.value) for kv, other in zip(kvs, (*kvs[1:], kvs[0]), strict=True))


def build(folder: Path, cluster: Cluster, **more: Any) -> Lab:
    """A lab with a users file, an access file and an audit log in `folder`."""
    users, access = folder / "users.json", folder / "access.toml"
    tokens = write_users(users)
    access.write_text(ACCESS)
    settings = Settings(
        users_file=str(users),
        access_file=str(access),
        audit_log=str(folder / "audit.jsonl"),
        secret_key=KEY,
        public_url="https://etcdview.example.org",
        kube_api=True,
    )
    settings = replace(settings, **more)
    return Lab(create_app(settings, cluster, EndedSessions()), folder, settings, tokens)


def local(capture: Path, **more: Any) -> FlaskClient:
    """The app where nobody has to log in, as it is by default."""
    settings = Settings(
        from_file=str(capture / "registry.jsonl.gz"), encryption_config=str(capture / "encryption-config.yaml")
    )
    return create_app(replace(settings, **more), open_cluster(settings)).test_client()
