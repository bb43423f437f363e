"""Holds what is served here to what Go serves."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from etcdview.codec.served import as_served, preferred
from etcdview.kube.release import Release
from etcdview.kube.resources import BUILTIN, current_group

_ABSENT = "(absent)"
_STORED = {(r.group, r.kind) for r in BUILTIN}
# Places where Go has what it cannot have of a stored object, or has not yet what the registry adds: kind, path, reason.
_REASONS = (
    ("Service", r"spec\.(clusterIPs|ipFamilies|ipFamilyPolicy)", "of services' addresses, which the registry adds"),
    ("PersistentVolumeClaim", r"spec\.dataSource(Ref)?", "of claims' sources, which the registry tells twice"),
    ("Secret", r"(stringData|data\b).*", "of stringData, which is never stored"),
    ("Ingress", r"spec\..*servicePort", "of a backend without a port"),
    (".*", r".*\.timeAdded", "of a taint without a time, which is now"),
    ("CertificateSigningRequest", r"spec\.signerName", "of requests without a signer, which is told from their bytes"),
)


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that is not as Go serves it. `old`: of an object in a version that the release does not prefer."""

    kind: str
    path: str
    expected: Any
    got: Any
    old: bool

    @property
    def place(self) -> str:
        """The path without the numbers in it."""
        return re.sub(r"\[\d+\]", "[]", self.path)

    @property
    def reason(self) -> str:
        """Why it is right all the same; "" where it is a fault."""
        kind = self.kind.rpartition(" ")[2]
        found = (why for k, path, why in _REASONS if re.fullmatch(k, kind) and re.fullmatch(path, self.place))
        return next(found, "")


def is_comparable(row: Mapping[str, Any]) -> bool:
    """Whether Go serves the object, and a registry can hold it."""
    stored = row["stored"] or {}
    api_version, kind = stored.get("apiVersion", ""), stored.get("kind", "")
    return bool(row["served"]) and (current_group(api_version, kind), kind) in _STORED


def is_preferred(row: Mapping[str, Any], release: str) -> bool:
    """Whether the release serves the object under the version that it is stored in."""
    stored = row["stored"]
    return preferred(stored["apiVersion"], stored["kind"], Release.parse(release)) == str(stored["apiVersion"])


def is_converted(row: Mapping[str, Any], release: str) -> bool:
    """Whether the object is shown here in the version that the release prefers."""
    stored = row["stored"]
    wanted = preferred(stored["apiVersion"], stored["kind"], Release.parse(release))
    return bool(as_served(stored, Release.parse(release))["apiVersion"] == wanted)


def expected(row: Mapping[str, Any], release: str) -> Any:
    """What Go serves in the version that is served here; None where it has not been asked for it."""
    version = as_served(row["stored"], Release.parse(release))["apiVersion"]
    return next((obj for obj in row["served"] if obj["apiVersion"] == version), None)


def differences(row: Mapping[str, Any], release: str) -> list[Difference] | None:
    """What differs in one object, in the version that is served here; None where Go has not been asked for it."""
    stored = row["stored"]
    got = as_served(stored, Release.parse(release))
    wanted = expected(row, release)
    kind, old = f"{stored['apiVersion']} {stored['kind']}", not is_preferred(row, release)
    if wanted is None:
        return None
    return [Difference(kind, *found, old) for found in _differing("", wanted, got)]


def _differing(path: str, expected: Any, got: Any) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(expected, dict) and isinstance(got, dict):
        for name in sorted(expected.keys() | got.keys()):
            inner = f"{path}.{name}" if path else name
            yield from _differing(inner, expected.get(name, _ABSENT), got.get(name, _ABSENT))
    elif isinstance(expected, list) and isinstance(got, list) and len(expected) == len(got):
        for position, (one, other) in enumerate(zip(expected, got, strict=True)):
            yield from _differing(f"{path}[{position}]", one, other)
    elif type(expected) is not type(got) or expected != got:
        yield path, expected, got
