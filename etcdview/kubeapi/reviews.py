"""Who may do what, answered from etcdview's roles: the reviews that kubectl, k9s and dashboards create to ask."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Any

from etcdview.cluster.window import Window
from etcdview.kube.fields import mapping, text
from etcdview.kubeapi.served_types import READS, REVIEWS, ServedType, served_types
from etcdview.kubeapi.statuses import READ_ONLY, bad_request, no_such_path
from etcdview.stores.protocols import prefix_end

_MAGIC = b"k8s\0"
_PATHS = ["/api", "/api/*", "/apis", "/apis/*", "/healthz", "/livez", "/openapi", "/openapi/*", "/readyz", "/version"]
_BELOW = ("", "status", "scale")


def review(window: Window, group: str, version: str, plural: str, body: bytes, revision: int) -> dict[str, Any]:
    """The review that was sent, with its answer as of a revision (0: now). Raises StatusError for what is not one."""
    found = next((r for r in REVIEWS if (r.group, r.version, r.plural) == (group, version, plural)), None)
    if found is None:
        raise no_such_path()
    sent = _sent(window, body)
    if sent.get("kind", found.kind) != found.kind:
        raise bad_request(f"the object provided is not a {found.kind}")
    spec = mapping(sent, "spec")
    match found.plural:
        case "selfsubjectaccessreviews":
            answer = _access(window, spec, revision)
        case "selfsubjectrulesreviews":
            answer = _rules(window, text(spec, "namespace"), revision)
        case _:
            answer = {"userInfo": {"username": window.viewer.name, "groups": [f"etcdview:{window.viewer.role}"]}}
    head = {"kind": found.kind, "apiVersion": f"{group}/{version}", "metadata": {"creationTimestamp": None}}
    return head | ({"spec": dict(spec)} if found.plural != "selfsubjectreviews" else {}) | {"status": answer}


def _sent(window: Window, body: bytes) -> dict[str, Any]:
    if body.startswith(_MAGIC):
        decoded = window.cluster.codec.decode(b"", body)
        if decoded.object is None:
            raise bad_request(decoded.error.what if decoded.error else "the body cannot be decoded")
        return decoded.object
    try:
        found = json.loads(body)
        json.dumps(found, ensure_ascii=False).encode()  # half a surrogate pair is in no key
    except (ValueError, RecursionError) as error:
        raise bad_request("the body is not a JSON object") from error
    if not isinstance(found, dict):
        raise bad_request("the body is not a JSON object")
    return found


def _access(window: Window, spec: Any, revision: int) -> dict[str, Any]:
    resource, path = mapping(spec, "resourceAttributes"), mapping(spec, "nonResourceAttributes")
    if path:
        at = text(path, "path")
        allowed = text(path, "verb") in ("get", "head") and any(_covers(pattern, at) for pattern in _PATHS)
        return {"allowed": allowed} if allowed else {"allowed": False, "reason": READ_ONLY}
    if text(resource, "verb") not in READS:
        return {"allowed": False, "reason": READ_ONLY}
    if text(resource, "subresource") not in _BELOW:
        return {"allowed": False, "reason": "etcd does not hold this."}
    group, plural = text(resource, "group"), text(resource, "resource")
    found = [t for t in served_types(window, revision).all() if plural in ("*", t.plural) and group in ("*", t.group)]
    seen = [t for t in found if _sees(window, t, text(resource, "namespace"))]
    if found and (len(seen) == len(found)):
        return {"allowed": True}
    return {"allowed": False, "reason": "Your role does not cover it." if found else "etcd holds no such type."}


def _covers(pattern: str, path: str) -> bool:
    return path.startswith(pattern[:-1]) if pattern.endswith("*") else path == pattern


def _sees(window: Window, served: ServedType, namespace: str) -> bool:
    """Whether the viewer may read some of it: lists leave out the rest."""
    start = window.keyspace.range_prefix(served.resource, namespace if served.resource.namespaced else "")
    return window.touches(start, prefix_end(start))


def _rules(window: Window, namespace: str, revision: int) -> dict[str, Any]:
    by_group: defaultdict[str, set[str]] = defaultdict(set)
    for served in served_types(window, revision).all():
        if _sees(window, served, namespace):
            by_group[served.group] |= {served.plural, *(f"{served.plural}/{name}" for name in _subresources(served))}
    verbs = list(READS)
    rules = [{"verbs": verbs, "apiGroups": [group], "resources": sorted(names)} for group, names in by_group.items()]
    if window.viewer.scope.whole:
        rules = [{"verbs": verbs, "apiGroups": ["*"], "resources": ["*"]}]
    reviews = [{"verbs": ["create"], "apiGroups": [r.group], "resources": [r.plural]} for r in REVIEWS]
    return {
        "resourceRules": [*rules, *reviews],
        "nonResourceRules": [{"verbs": ["get"], "nonResourceURLs": _PATHS}],
        "incomplete": False,
    }


def _subresources(served: ServedType) -> list[str]:
    return ["status"] * served.has_status + ["scale"] * bool(served.scale)
