"""`python -m tools.bootstrap [RELEASE ...]`: start kube-apiserver once per release, and keep what it writes.

Each is built with Go (which takes minutes, and a gigabyte of Go's cache), started with its defaults on an empty etcd,
ended, and removed where it was built for this. What it wrote goes to tests/testdata/registries.json.gz, which the tests
find the release of. Releases that are not named, or cannot be built, keep the registry that they have there. Where Go's
checksum database does not answer for a module of an old release, GONOSUMDB=k8s.io/* does without.

    --built   only those that are built already, and nothing is written: what differs is told
"""

from __future__ import annotations

import base64
import gzip
import json
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from etcdview.kube.keys import KeySpace
from etcdview.models import Range
from etcdview.stores.etcd.client import EtcdStore
from etcdview.stores.protocols import prefix_end
from tools.bootstrap.alike import LEFT_OUT, alike
from tools.conformance.programs import MissingError, Program, built, is_built, kubernetes
from tools.conformance.servers import Lab
from tools.given import arguments
from tools.kubernetes import versions

DATA = Path(__file__).parents[2] / "tests" / "testdata" / "registries.json.gz"
_ROOT = KeySpace().root
_SETTLED_SECONDS, _MOST_SECONDS = 5.0, 120.0
# Go's proxy lacks modules of the newest patch.
_COMPLETE = {"1.25.16": "1.25.15"}
Registries = dict[str, dict[str, bytes]]


def main(words: list[str]) -> int:
    """Exit status 1 where a server could not be built or started, or wrote other keys than are kept."""
    wanted = [word for word in words if word != "--built"]
    kept, failed = read(), 0
    for version in (_COMPLETE.get(version, version) for version in versions()):
        release = ".".join(version.split(".")[:2])
        if (wanted and release not in wanted) or ("--built" in words and not _is_built(version)):
            continue
        try:
            found = _once(version)
            print(f"{version}: {len(found):,} keys{_compared(kept.get(version, {}), found)}", flush=True)
        except (MissingError, RuntimeError) as error:
            failed += 1
            print(f"{version}: {str(error)[-600:]}", flush=True)
            continue
        if "--built" in words:
            failed += kept.get(version, {}).keys() != found.keys()
        else:
            kept[version] = found
            _write(kept)
    return 1 if failed else 0


def _compared(kept: Mapping[str, bytes], found: Mapping[str, bytes]) -> str:
    """How many keys are not alike in both, in words."""
    keys = len(kept.keys() ^ found.keys())
    values = sum(kept[key] != found[key] for key in kept.keys() & found.keys())
    return f" ({keys:,} in one only, {values:,} values differ from those kept)"


def _once(version: str) -> dict[str, bytes]:
    """Its registry; a server that was built for this is removed again."""
    there = _is_built(version)
    try:
        return registry_of(version)
    finally:
        if not there and _is_built(version):
            built(_server(version)).unlink()


def registry_of(version: str) -> dict[str, bytes]:
    """Key below the root -> value, of what the API server of this version writes into an empty etcd."""
    since = int(time.time()) - 1
    with tempfile.TemporaryDirectory(prefix="etcdview-bootstrap-") as name, Lab(Path(name), f"v{version}") as lab:
        lab.start_api(lab.start_etcd(()), plain=True)
        assert lab.etcd is not None  # noqa: S101  (it has just been started)
        store = EtcdStore(lab.etcd.endpoints, lab.etcd.tls)
        try:
            _settle(store)
            found = store.range(Range(_ROOT, prefix_end(_ROOT))).kvs
        finally:
            store.close()
    until = int(time.time()) + 1
    below = {kv.key.removeprefix(_ROOT).decode(): alike(kv.value, since, until) for kv in found}
    return {key: value for key, value in below.items() if not key.startswith(LEFT_OUT)}


def _settle(store: EtcdStore) -> None:
    """Until the server has written no further key for a while."""
    keys, since, end = -1, time.monotonic(), time.monotonic() + _MOST_SECONDS
    while time.monotonic() < min(end, since + _SETTLED_SECONDS):
        time.sleep(0.5)
        now = store.range(Range(_ROOT, prefix_end(_ROOT), count_only=True)).count
        if now != keys:
            keys, since = now, time.monotonic()


def read() -> Registries:
    """Version -> registry, as saved before; empty where nothing was."""
    if not DATA.exists():
        return {}
    data = json.loads(gzip.decompress(DATA.read_bytes()))
    values = [base64.b64decode(text) for text in data["values"]]
    return {version: {key: values[n] for key, n in keys.items()} for version, keys in data["registries"].items()}


def _write(registries: Registries) -> None:
    """Each value once: most are those of other releases too."""
    values = sorted({value for keys in registries.values() for value in keys.values()})
    numbers = {value: number for number, value in enumerate(values)}
    text = json.dumps(
        {
            "values": [base64.b64encode(value).decode() for value in values],
            "registries": {v: _numbered(registries[v], numbers) for v in sorted(registries, key=_order)},
        },
        separators=(",", ":"),
    )
    DATA.write_bytes(gzip.compress(text.encode(), 9, mtime=0))
    print(f"{DATA.name}: {len(registries)} releases, {len(values):,} values, {DATA.stat().st_size:,} bytes", flush=True)


def _numbered(registry: Mapping[str, bytes], numbers: Mapping[bytes, int]) -> dict[str, int]:
    return {key: numbers[value] for key, value in sorted(registry.items())}


def _order(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def _is_built(version: str) -> bool:
    return is_built(_server(version))


def _server(version: str) -> Program:
    return kubernetes("kube-apiserver", f"v{version}")


if __name__ == "__main__":
    sys.exit(main(arguments(__doc__)))
