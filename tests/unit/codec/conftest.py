"""The captured cluster, as stored and as served, and a codec that opens it."""

from __future__ import annotations

import base64
import gzip
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from etcdview.codec import Codec, EncryptionConfig, load_encryption_config

CAPTURE = Path(__file__).parent.parent.parent / "testdata" / "cluster-shop"
RELEASE = "1.36"


@dataclass(frozen=True, slots=True)
class Stored:
    """One key of the capture."""

    key: str
    value: bytes
    mod_revision: int


@pytest.fixture(scope="session")
def encryption() -> EncryptionConfig:
    """The capture's EncryptionConfiguration."""
    return load_encryption_config(CAPTURE / "encryption-config.yaml")


@pytest.fixture(scope="session")
def codec(encryption: EncryptionConfig) -> Codec:
    """Knows the capture's release and keys."""
    return Codec(encryption=encryption, release=RELEASE)


@pytest.fixture(scope="session")
def stored() -> tuple[Stored, ...]:
    """All 573 keys."""
    with gzip.open(CAPTURE / "registry.jsonl.gz") as lines:
        rows = [json.loads(line) for line in lines]
    return tuple(Stored(r["key"], base64.b64decode(r["value"]), r["mod_revision"]) for r in rows)


@pytest.fixture(scope="session")
def by_key(stored: tuple[Stored, ...]) -> dict[str, bytes]:
    """Values by key."""
    return {row.key: row.value for row in stored}


@pytest.fixture(scope="session")
def served() -> dict[str, list[dict[str, Any]]]:
    """What the API server answered for 570 of the keys: the object in each version it has."""
    with gzip.open(CAPTURE / "objects.jsonl.gz") as lines:
        return {row["key"]: row["served"] for row in map(json.loads, lines)}


def canonical(obj: Any) -> str:
    """Equal only when equal to the letter: 1, 1.0 and true differ."""
    return json.dumps(obj, sort_keys=True)
