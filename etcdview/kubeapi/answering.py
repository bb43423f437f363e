"""From a request to its answer: which address means what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from etcdview.cluster.window import Window
from etcdview.errors import EtcdviewError
from etcdview.kubeapi import discovery, openapi
from etcdview.kubeapi.accept import choose
from etcdview.kubeapi.deprecations import deprecation
from etcdview.kubeapi.exchange import KubeAnswer, KubeRequest, json_answer
from etcdview.kubeapi.lists import get_object, list_objects
from etcdview.kubeapi.moments import revision_for, revision_named
from etcdview.kubeapi.options import list_options
from etcdview.kubeapi.reading import KubePlace
from etcdview.kubeapi.reviews import review
from etcdview.kubeapi.served_types import REVIEWS, ServedType, ServedTypes, served_types
from etcdview.kubeapi.statuses import (
    READ_ONLY,
    StatusError,
    StatusFacts,
    no_such_path,
    read_only,
    status,
    status_error,
)
from etcdview.kubeapi.watches import watch_objects

_DISCOVERY = ("APIGroupDiscoveryList",)
_OF_NAMESPACE = ("status", "finalize")
_PATHS = ("/api", "/api/v1", "/apis", "/openapi/v2", "/openapi/v3", "/version")
_REVIEWED = frozenset(one.group for one in REVIEWS)
_SLASHED = (("api",), ("apis",), ("version",))
_HEALTH = ("healthz", "livez", "readyz")
_NOT_STORED = {
    "log": "etcd holds no logs: read them on the node, or from the kubelet.",
    "exec": "etcd holds no processes: there is nothing to run a command in.",
    "attach": "etcd holds no processes: there is nothing to attach to.",
    "portforward": "etcd holds no network: there is no port to forward.",
    "proxy": "etcd holds no network: there is nothing to reach.",
    "ephemeralcontainers": "etcdview is read-only: it adds no container to a pod.",
    "eviction": "etcdview is read-only: it evicts no pod.",
    "binding": "etcdview is read-only: it binds no pod.",
    "token": "etcdview is read-only: it makes no tokens.",
    "approval": "etcdview is read-only: it approves nothing.",
}
_ELSEWHERE = {
    "metrics.k8s.io": "etcd holds no metrics: the metrics server keeps them in its memory.",
    "custom.metrics.k8s.io": "etcd holds no metrics.",
    "external.metrics.k8s.io": "etcd holds no metrics.",
}


def answer(window: Window, request: KubeRequest) -> KubeAnswer:
    """The answer to any request: an error of ours is one too."""
    try:
        if request.impersonated:
            raise _impersonating(window, request.impersonated)
        return _route(window, request)
    except EtcdviewError as error:
        return error_answer(error)


def _impersonating(window: Window, name: str) -> StatusError:
    """A proxy that asks for somebody else would else give them all that its own token may see."""
    facts = StatusFacts(403, "Forbidden", {"name": name, "kind": "users"})
    return StatusError(
        facts,
        f'users "{name}" is forbidden: User "{window.viewer.name}" cannot impersonate resource "users" in API group "" '
        "at the cluster scope: etcdview answers everybody by their own role.",
    )


def error_answer(error: EtcdviewError) -> KubeAnswer:
    """The Status of an error."""
    told = status_error(error)
    found = json_answer(status(told.facts, told.what), code=told.facts.code)
    return replace(found, retry_seconds=told.facts.retry_seconds)


def _route(window: Window, request: KubeRequest) -> KubeAnswer:
    request = _without_last_slash(request)
    if request.path[:1] == ("at",) and len(request.path) > 1:
        return _at(window, request)
    _check_stored(request.path)
    if request.method not in ("GET", "HEAD"):
        return _review(window, request)
    match request.path:
        case ("openapi", *rest):
            return _described(window, request, tuple(rest))
        case ("api", version, *rest):
            return _in_version(window, request, "", version, tuple(rest))
        case ("apis", group):
            return json_answer(discovery.api_group(_types(window, request, group), group))
        case ("apis", group, version, *rest):
            return _in_version(window, request, group, version, tuple(rest))
        case (name,):
            return _alone(window, request, name)
        case ():
            return json_answer({"paths": list(_PATHS)})
    raise no_such_path()


def _without_last_slash(request: KubeRequest) -> KubeRequest:
    """The API server ignores slashes at the end of these addresses; some clients send one."""
    path = request.path
    if path[:1] not in _SLASHED or path[-1]:
        return request
    named = max(place for place, segment in enumerate(path) if segment)
    return replace(request, path=path[: named + 1])


def _check_stored(path: tuple[str, ...]) -> None:
    """Raises StatusError for a subresource that etcd does not hold. Objects may have such a name too."""
    _, below = _namespace(path[3:] if path[:1] == ("apis",) else path[2:])
    if len(below) > 2 and below[2] in _NOT_STORED:
        raise read_only(_NOT_STORED[below[2]])


def _at(window: Window, request: KubeRequest) -> KubeAnswer:
    """The same API as of a moment: /at/1201/api/v1/pods, /at/2026-11-28T02:55Z/api/v1/pods."""
    moment, *rest = request.path[1:]
    if rest[:1] == ["at"]:
        raise no_such_path()
    try:
        revision = revision_named(window, moment)
    except EtcdviewError:
        if _names_objects(rest):
            raise
        revision = 0  # clients print no sentence of discovery: the objects' answer says what is wrong
    return _route(window, replace(request, path=tuple(rest), revision=revision))


def _names_objects(path: Sequence[str]) -> bool:
    return len(path) > {"api": 2, "apis": 3}.get(path[0] if path else "", len(path))


def _review(window: Window, request: KubeRequest) -> KubeAnswer:
    """What is sent by POST: reviews are answered, everything else is refused."""
    match request.path:
        case ("apis", group, version, plural) if request.method == "POST" and group in _REVIEWED:
            return json_answer(review(window, group, version, plural, request.body, request.revision), code=201)
    raise read_only()


def _described(window: Window, request: KubeRequest, rest: tuple[str, ...]) -> KubeAnswer:
    try:
        choose(request.accept, ())
    except StatusError as error:  # kubectl checks by protobuf what it creates, and prints of such an answer a text only
        text = f"{READ_ONLY} Descriptions of types are JSON only."
        return KubeAnswer(text.encode(), error.facts.code, "text/plain")
    request.begin()
    types = served_types(window, request.revision)
    match rest:
        case ("v2",):
            return json_answer(openapi.swagger(types))
        case ("v3",):
            return json_answer(openapi.index(types))
        case ("v3", "api", version):
            return json_answer(openapi.document(types, "", version))
        case ("v3", "apis", group, version):
            return json_answer(openapi.document(types, group, version))
    raise no_such_path()


def _alone(window: Window, request: KubeRequest, name: str) -> KubeAnswer:
    """Addresses of one word."""
    if name == "version":
        return json_answer(discovery.version_info(window.cluster.codec.release))
    if name in _HEALTH:
        return KubeAnswer(b"ok", content_type="text/plain")
    if name in ("api", "apis"):
        return _discovered(window, request, core=name == "api")
    raise no_such_path()


def _types(window: Window, request: KubeRequest, group: str) -> ServedTypes:
    if group in _ELSEWHERE:
        raise no_such_path(_ELSEWHERE[group])
    return served_types(window, request.revision)


def _discovered(window: Window, request: KubeRequest, *, core: bool) -> KubeAnswer:
    media, types = choose(request.accept, _DISCOVERY), served_types(window, request.revision)
    if media.form:
        return json_answer(discovery.aggregated(types, media.version, core=core), content_type=media.content_type)
    return json_answer(discovery.api_versions(request.host) if core else discovery.api_groups(types))


def _in_version(window: Window, request: KubeRequest, group: str, version: str, rest: tuple[str, ...]) -> KubeAnswer:
    types = _types(window, request, group)
    if not rest:
        return json_answer(discovery.resource_list(types, group, version))
    namespace, rest = _namespace(rest)
    served = types.find(group, version, rest[0])
    if served is None or len(rest) > 3 or (namespace and not served.resource.namespaced):
        raise no_such_path()
    if len(rest) > 1 and served.resource.namespaced and not namespace:
        raise no_such_path()
    if request.revision:
        held = window.keyspace.range_prefix(served.resource)
        request = replace(request, revision=revision_for(window, request.revision, held))
    try:
        if len(rest) == 1:
            found = _many(window, request, KubePlace(served, namespace))
        else:
            found = _one(window, request, KubePlace(served, namespace, rest[1]), rest[2] if len(rest) == 3 else "")
    except EtcdviewError as error:
        found = error_answer(error)
    return replace(found, warnings=(*deprecation(served, types.release), *found.warnings))


def _namespace(rest: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """The namespace of an address, "" for none, and what stands behind it."""
    if rest[:1] == ("namespaces",) and len(rest) > 2 and rest[2] not in _OF_NAMESPACE:
        return rest[1], rest[2:]
    return "", rest


def _one(window: Window, request: KubeRequest, place: KubePlace, below: str) -> KubeAnswer:
    if not _has_below(place.served, below):
        raise no_such_path()
    return get_object(window, place, request, below)


def _has_below(served: ServedType, below: str) -> bool:
    return not below or (below == "status" and served.has_status) or (below == "scale" and bool(served.scale))


def _many(window: Window, request: KubeRequest, place: KubePlace) -> KubeAnswer:
    options = list_options(request.args, place.served)
    if request.revision:
        options = replace(options, exact=request.revision, at_least=0)
    if options.watch:
        return watch_objects(window, place, request, options)
    return list_objects(window, place, request, options)
