"""A namespace is exported from a snapshot, and applied to an API server that is empty: what comes back is what was."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from etcdview.kube.keys import ObjectKey
from etcdview.kube.resources import BUILTIN, custom
from etcdview.recovery.for_apply import prepare
from tools.conformance.clients import kubectls
from tools.conformance.compare import Kubectl, Report
from tools.conformance.servers import ENCRYPTION, Lab, Server

NAMESPACE = "shop"
Object = dict[str, Any]


def compare_export(lab: Lab, real: Server, snapshot: Path) -> Report:
    """Export the namespace and its CRDs, apply both, and compare each object as the two API servers serve it.

    `real` is the API server of the captured cluster, which `snapshot` was saved of.
    """
    out = lab.folder / "exported"
    out.mkdir()
    _export(snapshot, out / "0-types", "customresourcedefinitions")
    _export(snapshot, out / "1-objects", "-n", NAMESPACE)
    with tempfile.TemporaryDirectory(prefix="etcdview-conformance-") as name, Lab(Path(name)) as empty:
        (original,) = kubectls(lab, real)
        (copy,) = kubectls(empty, empty.start_api(empty.start_etcd(())))
        for folder in ("0-types", "1-objects"):
            said = copy.run(("apply", "--server-side", "-R", "-f", str(out / folder)))
            print(f"{said.count('serverside-applied')} objects applied, {said.splitlines()[-1]}")
            if not said.endswith("exit status 0\n"):
                print(said)
        return _compared(original, copy, out / "1-objects")


def _export(snapshot: Path, out: Path, *words: str) -> None:
    """What it takes out and leaves out is printed."""
    command = [sys.executable, "-m", "etcdview", "export", str(out), "--as", "dir", "--for-apply", "--show-secrets"]
    command += ["--from", str(snapshot), "--encryption-config", str(ENCRYPTION), *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    print(done.stderr)


def _compared(original: Kubectl, copy: Kubectl, folder: Path) -> Report:
    report = Report()
    for obj in _objects(folder):
        kind, metadata = _kind(obj), obj["metadata"]
        words = ("get", kind, metadata["name"], "-n", metadata.get("namespace", ""), "-o", "json")
        old, new = (_prepared(client.run(words)) for client in (original, copy))
        report.compared += 1
        if old == new and old is not None:
            report.same += 1
        else:
            report.unexplained.append((words, _difference(old, new)))
    return report


def _objects(folder: Path) -> Iterator[Object]:
    for path in sorted(folder.rglob("*.yaml")):
        yield from (found for found in yaml.safe_load_all(path.read_text()) if found)


def _kind(obj: Object) -> str:
    group, _, version = obj["apiVersion"].rpartition("/")
    return f"{obj['kind']}.{version}.{group}" if group else str(obj["kind"])


def _prepared(answer: str) -> Object | None:
    """An object as it is served, without what an export takes out and says."""
    body, _, _ = answer.rpartition("exit status")
    try:
        obj: Object = json.loads(body)
    except ValueError:
        return None
    group = obj["apiVersion"].rpartition("/")[0]
    builtin = (r for r in BUILTIN if (r.group, r.kind) == (group, obj["kind"]))
    resource = next(builtin, None) or custom(group, f"{obj['kind'].lower()}s")
    metadata = obj["metadata"]
    found = prepare(ObjectKey(resource, metadata.get("namespace", ""), metadata["name"]), obj).object
    return _without_empty_lists(dict(found)) if found is not None else None


def _without_empty_lists(value: Any) -> Any:
    """An export leaves them where it takes the last member out; the API server drops them."""
    if isinstance(value, dict):
        return {key: _without_empty_lists(member) for key, member in value.items() if member != []}
    return [_without_empty_lists(member) for member in value] if isinstance(value, list) else value


def _difference(old: Mapping[str, Any] | None, new: Mapping[str, Any] | None) -> str:
    if old is None or new is None:
        return f"missing {'there' if old is None else 'here'}"
    differing = (key for key in sorted(old.keys() | new.keys()) if old.get(key) != new.get(key))
    return "\n".join(f"{key}: {_short(old.get(key))}\n  now {_short(new.get(key))}" for key in differing)


def _short(value: Any) -> str:
    return json.dumps(value, sort_keys=True)[:600]
