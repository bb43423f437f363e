"""Discovery: which groups, versions and types there are, in the legacy form and in the aggregated one (v2, v2beta1)."""

from __future__ import annotations

from typing import Any

from etcdview.kube.release import Release
from etcdview.kubeapi.served_types import READS, REVIEWS, ReviewType, ServedType, ServedTypes
from etcdview.kubeapi.statuses import no_such_path

_NEWEST = Release(1, 37)  # what is said where the release is unknown
_SCALE = {"group": "autoscaling", "version": "v1", "kind": "Scale"}


def version_info(release: Release | None) -> dict[str, Any]:
    """What /version says: the release of the cluster, and that this is not its API server."""
    told = release or _NEWEST
    return {
        "major": str(told.major),
        "minor": str(told.minor),
        "gitVersion": f"v{told}.0+etcdview",
        "gitCommit": "",
        "gitTreeState": "clean",
        "buildDate": "1970-01-01T00:00:00Z",
        "goVersion": "",
        "compiler": "",
        "platform": "etcdview",
    }


def api_versions(host: str) -> dict[str, Any]:
    """/api"""
    return {
        "kind": "APIVersions",
        "versions": ["v1"],
        "serverAddressByClientCIDRs": [{"clientCIDR": "0.0.0.0/0", "serverAddress": host}],
    }


def api_groups(types: ServedTypes) -> dict[str, Any]:
    """/apis"""
    groups = [_group(types, group) for group in types.groups if group]
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}


def api_group(types: ServedTypes, group: str) -> dict[str, Any]:
    """/apis/GROUP"""
    if not group or group not in types.groups:
        raise no_such_path()
    return {"kind": "APIGroup", "apiVersion": "v1"} | _group(types, group)


def _group(types: ServedTypes, group: str) -> dict[str, Any]:
    listed = [{"groupVersion": f"{group}/{version}", "version": version} for version in types.groups[group]]
    return {"name": group, "versions": listed, "preferredVersion": listed[0]}


def resource_list(types: ServedTypes, group: str, version: str) -> dict[str, Any]:
    """/api/v1 and /apis/GROUP/VERSION"""
    if version not in types.groups.get(group, {}):
        raise no_such_path()
    listed = [entry for one in types.groups[group][version] for entry in _resources(one)]
    listed += [_review(review) for review in REVIEWS if (review.group, review.version) == (group, version)]
    return {
        "kind": "APIResourceList",
        **({"apiVersion": "v1"} if group else {}),
        "groupVersion": f"{group}/{version}" if group else version,
        "resources": sorted(listed, key=lambda entry: str(entry["name"])),
    }


def _resources(one: ServedType) -> list[dict[str, Any]]:
    resource = one.resource
    entry: dict[str, Any] = {
        "name": one.plural,
        "singularName": resource.singular,
        "namespaced": resource.namespaced,
        "kind": one.kind,
        "verbs": list(READS),
    }
    if resource.short_names:
        entry["shortNames"] = list(resource.short_names)
    if resource.categories:
        entry["categories"] = list(resource.categories)
    beside = {"singularName": "", "namespaced": resource.namespaced}
    found = [entry]
    if one.scale:
        scale = {"group": "autoscaling", "version": "v1", "kind": "Scale", "verbs": ["get"]}
        found.append({"name": f"{one.plural}/scale"} | beside | scale)
    if one.has_status:
        found.append({"name": f"{one.plural}/status"} | beside | {"kind": one.kind, "verbs": ["get"]})
    return found


def _review(review: ReviewType) -> dict[str, Any]:
    return {
        "name": review.plural,
        "singularName": review.kind.lower(),
        "namespaced": False,
        "kind": review.kind,
        "verbs": ["create"],
    }


def aggregated(types: ServedTypes, version: str, *, core: bool) -> dict[str, Any]:
    """All of /api or /apis in one document; `version` is v2 or v2beta1."""
    groups = [group for group in types.groups if (group == "") == core]
    return {
        "kind": "APIGroupDiscoveryList",
        "apiVersion": f"apidiscovery.k8s.io/{version}",
        "metadata": {},
        "items": [_discovered(types, group) for group in groups],
    }


def _discovered(types: ServedTypes, group: str) -> dict[str, Any]:
    listed = [
        {
            "version": version,
            "resources": _aggregated_resources(types, group, version),
            "freshness": "Current",
        }
        for version in types.groups[group]
    ]
    return {"metadata": {"name": group} if group else {}, "versions": listed}


def _aggregated_resources(types: ServedTypes, group: str, version: str) -> list[dict[str, Any]]:
    found = [_aggregated(one) for one in types.groups[group][version]]
    for review in REVIEWS:
        if (review.group, review.version) == (group, version):
            found.append(
                {
                    "resource": review.plural,
                    "responseKind": {"group": group, "version": version, "kind": review.kind},
                    "scope": "Cluster",
                    "singularResource": review.kind.lower(),
                    "verbs": ["create"],
                }
            )
    return found


def _aggregated(one: ServedType) -> dict[str, Any]:
    resource = one.resource
    own = {"group": one.group, "version": one.version, "kind": one.kind}
    entry: dict[str, Any] = {
        "resource": one.plural,
        "responseKind": own,
        "scope": "Namespaced" if resource.namespaced else "Cluster",
        "singularResource": resource.singular,
        "verbs": list(READS),
    }
    if resource.short_names:
        entry["shortNames"] = list(resource.short_names)
    if resource.categories:
        entry["categories"] = list(resource.categories)
    below = [{"subresource": "scale", "responseKind": _SCALE, "verbs": ["get"]}] if one.scale else []
    below += [{"subresource": "status", "responseKind": own, "verbs": ["get"]}] if one.has_status else []
    if below:
        entry["subresources"] = below
    return entry
