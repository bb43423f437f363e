"""What unit tests share: the captured cluster's files."""

from __future__ import annotations

from pathlib import Path

import pytest

CAPTURE = Path(__file__).parent.parent / "testdata" / "cluster-shop"


@pytest.fixture(scope="session")
def capture_file() -> str:
    """The registry dump of the captured cluster."""
    return str(CAPTURE / "registry.jsonl.gz")
