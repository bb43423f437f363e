"""The first page needs few modules; the rest is loaded soon after, or when it is asked for."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

_SAY = """
import sys
from etcdview.config import Settings
from webapp import create_app
from webapp.lazily import load_rest

client = create_app(Settings(from_file=sys.argv[1])).test_client()
assert client.get("/").status_code == 200
before = set(sys.modules)
load_rest()
print(*sorted(set(sys.modules) - before))
"""


def test_the_first_page_loads_neither_the_schemas_nor_other_pages_and_the_rest_can_be_loaded(capture: Path) -> None:
    command = [sys.executable, "-c", _SAY, str(capture / "registry.jsonl.gz")]
    later = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.split()

    for module in ("marshmallow", "flask_smorest", "webapp.api.document", "webapp.views.edit", "webapp.views.health"):
        assert module in later
