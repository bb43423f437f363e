"""What unit tests share: the captured cluster's files, its objects and their relations."""

from __future__ import annotations

import gzip
import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from etcdview.relations import Graph

CAPTURE = Path(__file__).parent.parent / "testdata" / "cluster-shop"
NOW = datetime.fromisoformat("2026-11-23T15:57:37+00:00")


@pytest.fixture(scope="session")
def capture_file() -> str:
    """The registry dump of the captured cluster."""
    return str(CAPTURE / "registry.jsonl.gz")


@pytest.fixture(scope="session")
def captured() -> tuple[dict[str, Any], ...]:
    """Every object as it was served, in the first of its versions."""
    lines = gzip.decompress((CAPTURE / "objects.jsonl.gz").read_bytes()).splitlines()
    return tuple(json.loads(line)["served"][0] for line in lines)


@pytest.fixture(scope="session")
def graph(captured: tuple[dict[str, Any], ...]) -> Graph:
    """Their relations."""
    return Graph(captured)


@pytest.fixture
def now() -> datetime:
    """The moment of the capture."""
    return NOW
