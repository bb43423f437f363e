"""The first page needs few modules; the rest is loaded soon after, and then no page waits for a module."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

_SAY = """
import sys
from etcdview.config import Settings
from webapp import create_app
from webapp.late import load_late

client = create_app(Settings(from_file=sys.argv[1])).test_client()
assert client.get("/").status_code == 200
first = set(sys.modules)
load_late()
late = set(sys.modules)
for address in sys.argv[2:]:
    assert client.get(address).status_code < 500, address
slow = ("etcdview", "webapp", "pygments", "flask_smorest", "marshmallow", "apispec", "webargs")
print(*sorted(late - first))
print(*sorted(name for name in set(sys.modules) - late if name.startswith(slow)))
"""
POD = "key=/registry/pods/shop/crashloop"
ADDRESSES = (
    "/registry?resource=pods",
    f"/object?{POD}",
    f"/object?{POD}&view=yaml",
    f"/object?{POD}&view=json",
    f"/object?{POD}&view=raw",
    f"/history?{POD}",
    f"/download?{POD}",
    "/search?q=a",
    "/search?q=a.*&mode=regex",
    "/search/content?q=crash&resource=pods",
    "/freshness",
    "/health",
    "/certificates",
    "/namespaces?namespace=shop",
    "/storage",
    "/storage?run=1",
    "/encryption",
    "/space",
    "/kubectl",
    "/learn",
    "/space.csv",
    "/compare",
    "/rescue?from=x",
    "/restore-plan",
    "/restore-plan?run=1",
    "/export?resource=pods&as=zip",
    "/export?q=/registry/pods/&as=stream",
    "/api/v1/compare?from=registry.jsonl.gz&to=registry.jsonl.gz",
    "/api/v1/space",
    "/metrics",
    "/readyz",
    "/api/v1/cluster",
    "/api/v1/health",
    "/api/v1/resources",
    "/api/v1/keys",
    f"/api/v1/object?{POD}",
    f"/api/v1/history?{POD}",
    "/api/v1/",
    "/api/v1/openapi.json",
)


def test_the_first_page_loads_neither_schemas_nor_other_pages_and_no_later_page_waits_for_a_module(
    capture: Path,
) -> None:
    command = [sys.executable, "-c", _SAY, str(capture / "registry.jsonl.gz"), *ADDRESSES]
    late, waited = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout.splitlines()

    assert {"marshmallow", "flask_smorest", "webapp.api.document", "etcdview.pages.edit.edit", "pygments"} <= {
        *late.split()
    }
    assert waited == ""


_AT_ONCE = """
import sys, threading
from webapp.filters import highlight

sys.setswitchinterval(1e-6)
together, shown = threading.Barrier(12), []

def show():
    together.wait()
    shown.append(highlight("a: 1", "yaml"))

threads = [threading.Thread(target=show) for _ in range(12)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(len(shown))
"""


def test_the_first_objects_may_be_shown_at_the_same_time() -> None:
    for _ in range(2):  # a race: one run in two met it
        done = subprocess.run([sys.executable, "-c", _AT_ONCE], capture_output=True, text=True, check=True, timeout=120)
        assert done.stdout == "12\n", done.stderr
