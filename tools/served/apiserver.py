"""`python -m tools.served.apiserver [1.33.13 ...]`: a real kube-apiserver and /kube serve one etcd, with what that
release can read of the captured cluster in it and the random and sparse objects of `make served`. Every object must be
the same."""

from __future__ import annotations

import json
import sys
import tempfile
import urllib.error
from collections import Counter
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any

from etcdview.codec import Codec, load_encryption_config
from etcdview.codec.protobuf.schema import Schema, SchemaField, schema
from etcdview.demo.running import ENCRYPTION, REGISTRY
from etcdview.kube.keys import KeySpace
from etcdview.kube.release import Release
from etcdview.kube.resources import BUILTIN
from etcdview.models import KeyValue
from etcdview.stores.files.dump import read_dump
from tools.conformance.commands import ListedType, listed_types
from tools.conformance.programs import KUBERNETES
from tools.conformance.servers import Lab, Server
from tools.given import arguments
from tools.served import gorun
from tools.served.__main__ import ROUNDS, SEED
from tools.served.compare import differences, is_preferred

NEWEST = KUBERNETES.removeprefix("v")
_CBOR_SINCE = Release(1, 32)
_NAMESPACE = "sparse"
# What an API server acts on itself, so that random ones would change what it answers; and what it encrypts.
_ACTED_ON = (
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
    "apiregistration.k8s.io",
    "flowcontrol.apiserver.k8s.io",
    "rbac.authorization.k8s.io",
)
_LEFT_OUT = {"Namespace", "Secret", "ServiceAccount", "Service", "Endpoints", "IPAddress", "ServiceCIDR"}


def main() -> int:
    """Exit status 1 where any object differs."""
    versions = arguments(__doc__) or [NEWEST]
    return 1 if sum(_differing(version.removeprefix("v")) for version in versions) else 0


def _differing(version: str) -> int:
    """How many objects that API server serves in another way."""
    counts: Counter[str] = Counter()
    release = Release.parse(version)
    captured, sparse = list(_captured(release)), list(_sparse(version))
    with tempfile.TemporaryDirectory(prefix="etcdview-served-") as name, Lab(Path(name), f"v{version}") as lab:
        endpoint = lab.start_etcd([*captured, *sparse])
        real = lab.start_api(endpoint)
        ours = lab.start_etcdview("--endpoints", endpoint, "--kubernetes-version", str(release))
        for listed in listed_types(real.get):
            if listed.plural != "secrets":  # whose data are masked
                counts.update(_compare(listed, real, ours, schema(release)))
    same, differ = counts["same"], counts["differ"]
    other = f"{counts['not announced']} in versions that etcdview does not announce"
    added = f"{len(captured):,} objects of the capture, {len(sparse):,} others"
    newer = f"{counts['newer']} but for fields that a newer release stored, which etcdview shows"
    total = same + differ + counts["newer"]
    print(f"{version}: {added}; {same:,} of {total:,} objects are served the same, {newer}; {other}", flush=True)
    return differ


def _captured(release: Release) -> Iterator[KeyValue]:
    """What that release can read: one object that it cannot breaks the list that it is in."""
    codec, known = Codec(encryption=load_encryption_config(ENCRYPTION)), schema(release)
    builtin = {r.group for r in BUILTIN}
    for kv in read_dump(REGISTRY):
        storage = codec.decode(kv.key, kv.value).storage
        custom = storage.api_version.rpartition("/")[0] not in builtin
        if storage.format == "cbor" and release < _CBOR_SINCE:
            continue
        if custom or known.has(storage.api_version, storage.kind):
            yield kv


def _sparse(version: str) -> Iterator[KeyValue]:
    """Objects in the version that the release prefers, stored as JSON; those that differ for a reason are left out."""
    keys, types = KeySpace(), {(r.group, r.kind): r for r in BUILTIN if r.served}
    for position, row in enumerate(gorun.served(version, (), SEED, ROUNDS)):
        stored = row["stored"] or {"apiVersion": "", "kind": ""}
        group = stored["apiVersion"].rpartition("/")[0]
        resource = types.get((group, stored["kind"]))
        if resource is None or group in _ACTED_ON or resource.kind in _LEFT_OUT:
            continue
        if not row["served"] or not is_preferred(row, version) or _differs(row, version):
            continue
        namespace, name = _NAMESPACE if resource.namespaced else "", f"sparse-{position}"
        metadata = {"name": name, "uid": f"00000000-0000-0000-0000-{position:012}"}
        metadata |= {"namespace": namespace} if namespace else {}
        obj = stored | {"metadata": metadata | {"creationTimestamp": "2020-01-02T03:04:05Z"}}
        value = json.dumps(obj).encode()
        yield KeyValue(keys.key(resource, namespace, name), 1, 1_000_000 + position, 1, 0, value)


def _differs(row: Mapping[str, Any], version: str) -> bool:
    """Whether Go's scheme alone says something else, for another reason than that the registry adds to it."""
    return any("registry" not in d.reason for d in differences(row, version) or ())


def _compare(listed: ListedType, real: Server, ours: Server, known: Schema) -> Iterator[str]:
    theirs, own = _items(real, listed), _items(ours, listed)
    if own is None or theirs is None:
        yield from ["not announced"] * len(theirs or ())
        return
    kind = next((r.kind for r in BUILTIN if (r.group, r.plural) == (listed.group, listed.plural)), "")
    number = known.find(f"{listed.group}/{listed.version}" if listed.group else listed.version, kind)
    for name, obj in theirs.items():
        found = own.get(name, {})
        if found == obj:
            yield "same"
        elif _without_newer(known, number, found) == obj:
            yield "newer"
        else:
            print(f"  {listed.word} {'/'.join(name)}: {_first(obj, found)}", flush=True)
            yield "differ"


def _without_newer(known: Schema, number: int | None, value: Any) -> Any:
    """The value without the fields that the release does not have: its API server reads past them."""
    if isinstance(value, list):
        return [_without_newer(known, number, one) for one in value]
    if number is None or number < 0 or not isinstance(value, dict):
        return value
    fields = list(_fields(known, number))
    if not any(f.name in value for f in fields):  # a map, or written in a way of its own
        return {name: _without_newer(known, number, one) for name, one in value.items()} if fields else value
    gone = {f.name for f in fields if not f.known}
    inner = {f.name: f.message for f in fields}
    return {n: _without_newer(known, inner.get(n, -1), one) for n, one in value.items() if n not in gone}


def _fields(known: Schema, number: int) -> Iterator[SchemaField]:
    for field in known.struct(number).fields:
        yield from _fields(known, field.message) if field.inline else (field,)


def _items(server: Server, listed: ListedType) -> dict[tuple[str, str], Any] | None:
    """None where the server does not have the type."""
    try:
        found = json.loads(server.get(listed.path))["items"] or []
    except urllib.error.HTTPError as error:
        if error.code != HTTPStatus.NOT_FOUND:
            raise
        return None
    return {(i["metadata"].get("namespace", ""), i["metadata"]["name"]): i for i in found}


def _first(expected: Any, got: Any, path: str = "") -> str:
    """The first place where two values differ, with both."""
    if isinstance(expected, dict) and isinstance(got, dict):
        for name in sorted(expected.keys() | got.keys()):
            if expected.get(name) != got.get(name):
                return _first(expected.get(name), got.get(name), f"{path}.{name}")
    return f"{path} kube-apiserver {str(expected)[:200]}, here {str(got)[:200]}"


if __name__ == "__main__":
    sys.exit(main())
