"""Which version of a kind an API server answers with, of all that it is stored in."""

from __future__ import annotations

from etcdview.codec.protobuf.schema import Schema, schema
from etcdview.codec.remembered import remembered
from etcdview.kube.crds import version_rank
from etcdview.kube.release import Release
from etcdview.kube.resources import BUILTIN, ResourceType, current_group

_STORED = {(r.group, r.kind): r for r in reversed(BUILTIN) if r.served}
_BEFORE_THE_SCHEMA = ("apiextensions.k8s.io", "apiregistration.k8s.io")  # v1 is older than the schema says


def served_version(table: Schema, resource: ResourceType) -> str:
    """The version of a type that the release of the schema prefers: the usual one, else the newest that it has.

    "" where it has none.
    """
    has = [
        api_version.rpartition("/")[2]
        for api_version, kind in table.kinds()
        if kind == resource.kind and api_version.rpartition("/")[0] == resource.group and table.has(api_version, kind)
    ]
    known = table.find(resource.api_version, resource.kind) is not None
    if not has and known and resource.group in _BEFORE_THE_SCHEMA:
        return resource.version
    return resource.version if resource.version in has else max(has, key=version_rank, default="")


def preferred(api_version: str, kind: str, release: Release | None) -> str:
    """The apiVersion that the release serves objects under that are stored under this one; itself of unknown kinds."""
    return _preferred(api_version, kind, release)


def _find_preferred(api_version: str, kind: str, release: Release | None) -> str:
    group = current_group(api_version, kind)
    resource = _STORED.get((group, kind))
    table = schema(release)
    version = served_version(table, resource) if resource is not None else ""
    wanted = f"{group}/{version}" if group else version
    if not version or (table.has(api_version, kind) and _is_newer(api_version, wanted)):
        return api_version
    return wanted


_preferred = remembered(1024, _find_preferred)


def _is_newer(one: str, other: str) -> bool:
    """Of two versions of one group: an API server that stored the newer one answers with it."""
    (group, _, version), (same, _, than) = one.rpartition("/"), other.rpartition("/")
    return group == same and version_rank(version) > version_rank(than)
