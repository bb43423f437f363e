"""The commands that kubectl is given for both servers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass

Words = tuple[str, ...]

# Every output and option of `get`, for each type
_OUTPUTS: tuple[Words, ...] = (
    (),
    ("-o", "wide"),
    ("-o", "yaml"),
    ("-o", "json", "--show-managed-fields"),
    ("-o", "name"),
    ("-o", "custom-columns=NS:.metadata.namespace,N:.metadata.name,UID:.metadata.uid,RV:.metadata.resourceVersion"),
    ("-o", "jsonpath={range .items[*]}{.metadata.name}{'\\t'}{.metadata.creationTimestamp}{'\\n'}{end}"),
    ("--show-labels", "--show-kind"),
    ("-l", "app,!none", "-o", "wide"),
    ("-l", "app in (cart,web,storefront),tier!=x", "-o", "name"),
    ("--field-selector", "metadata.namespace=shop", "--no-headers"),
    ("--field-selector", "spec.nonsense=x"),
    ("--chunk-size=2", "-o", "name"),
    ("--chunk-size=3",),
    ("--sort-by=.metadata.creationTimestamp",),
    ("--sort-by=.metadata.name", "-o", "yaml"),
)
# One word of kubectl for each of 40 types and fields
# fmt: off
_EXPLAINED = (
    "pods", "pods.spec", "pods.spec.containers", "pods.spec.containers.livenessProbe", "pods.spec.volumes",
    "pods.status", "pods.metadata", "nodes", "nodes.status", "services", "services.spec", "configmaps", "secrets",
    "namespaces", "persistentvolumes", "persistentvolumeclaims.spec", "events", "serviceaccounts", "deployments",
    "deployments.spec.strategy", "replicasets", "statefulsets.spec", "daemonsets", "jobs.spec", "cronjobs",
    "cronjobs.spec.jobTemplate", "hpa", "hpa.spec.metrics", "ingresses", "ingresses.spec.rules",
    "networkpolicies.spec", "ingressclasses", "roles", "rolebindings", "clusterroles.rules", "storageclasses",
    "csinodes.spec", "poddisruptionbudgets", "leases", "endpointslices", "priorityclasses", "runtimeclasses",
    "crd.spec.versions", "validatingwebhookconfigurations", "backups", "backups.spec", "zones",
)
# fmt: on
_FIELDS = (
    ("pods", "status.phase=Running,spec.nodeName!=x"),
    ("pods", "spec.restartPolicy=Never,metadata.name!=a"),
    ("events", "type=Warning,involvedObject.kind=Pod"),
    ("nodes", "spec.unschedulable=true"),
    ("secrets", "type=kubernetes.io/tls"),
    ("namespaces", "status.phase=Terminating"),
    ("jobs", "status.successful=1"),
    ("replicationcontrollers", "status.replicas=0"),
    ("services", "spec.type=ClusterIP,spec.clusterIP!=None"),
    ("csr", "spec.signerName=kubernetes.io/kube-apiserver-client"),
)
_ALONE: tuple[Words, ...] = (
    ("version",),
    ("api-resources",),
    ("api-resources", "-o", "wide"),
    ("api-resources", "-o", "name", "--namespaced=false"),
    ("api-resources", "--categories=all"),
    ("api-resources", "--sort-by=kind"),
    ("api-versions",),
    ("auth", "can-i", "--list"),
    ("auth", "can-i", "--list", "-n", "shop"),
    ("auth", "can-i", "get", "pods"),
    ("auth", "can-i", "list", "secrets", "-A"),
    ("auth", "can-i", "watch", "deployments.apps"),
    ("auth", "can-i", "get", "/version"),
    ("auth", "whoami", "-o", "jsonpath={.status.userInfo.username}"),
    ("get", "all", "-A"),
    ("get", "all", "-A", "-o", "wide"),
    ("get", "all,cm,secret,ing,pvc", "-n", "shop", "-o", "name"),
    ("get", "pods,services", "-n", "shop", "-o", "yaml"),
    ("get", "pod", "not-there"),
    ("get", "nonsense"),
    ("get", "pods", "-n", "no-such-namespace"),
    ("get", "pods", "-A", "--watch-only", "--request-timeout=1s"),
    ("describe", "nonsense"),
    ("describe", "pod", "not-there"),
    ("top", "pods"),
    ("cluster-info",),
    ("events", "-A"),
    ("events", "-n", "shop", "--types=Warning"),
    ("rollout", "status", "deployment", "-n", "shop", "--watch=false"),
    ("rollout", "history", "deployment", "-n", "shop"),
    ("get", "deployments", "-n", "shop", "--subresource=status"),
    ("get", "ns", "--output-watch-events", "--watch", "--request-timeout=2s"),
)


@dataclass(frozen=True, slots=True)
class ListedType:
    """A type that both servers can list."""

    group: str
    version: str
    plural: str
    namespaced: bool
    objects: tuple[tuple[str, str], ...]  # namespace and name

    @property
    def word(self) -> str:
        """What names it without doubt in kubectl's commands: pods.v1. or deployments.v1.apps."""
        return f"{self.plural}.{self.version}.{self.group}"

    @property
    def path(self) -> str:
        """Where its list is."""
        root = f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"
        return f"{root}/{self.plural}"


def listed_types(ask: Callable[[str], bytes]) -> tuple[ListedType, ...]:
    """What a server announces as listable, in its order; `ask` gives what it answers at a path."""
    roots = [("", "v1", "/api/v1")]
    for group in json.loads(ask("/apis"))["groups"]:
        roots += [(group["name"], v["version"], f"/apis/{v['groupVersion']}") for v in group["versions"]]
    found = []
    for group, version, root in roots:
        for resource in json.loads(ask(root))["resources"]:
            if "list" in resource["verbs"] and "/" not in resource["name"]:
                items = json.loads(ask(f"{root}/{resource['name']}"))["items"] or []
                names = tuple((i["metadata"].get("namespace", ""), i["metadata"]["name"]) for i in items)
                found.append(ListedType(group, version, resource["name"], resource["namespaced"], names))
    return tuple(found)


def commands(types: tuple[ListedType, ...]) -> Iterator[Words]:
    """All of them. Commands of `get` begin with the type, so that they read alike in the report."""
    yield from _ALONE
    yield from (("explain", word) for word in _EXPLAINED)
    yield from (("explain", word, "--recursive") for word in ("pods", "deployments", "backups"))
    yield from (("get", name, "-A", "--field-selector", fields, "-o", "name") for name, fields in _FIELDS)
    yield from _raw(types)
    for one in types:
        everywhere = ("-A",) if one.namespaced else ()
        yield from (("get", one.word, *everywhere, *output) for output in _OUTPUTS)
        yield ("describe", one.word, *everywhere)
    for one in _newest(types):
        for namespace, name in one.objects:
            place = ("-n", namespace) if namespace else ()
            yield ("describe", one.word, name, *place)
            yield ("get", one.word, name, *place, "-o", "yaml")


def _newest(types: tuple[ListedType, ...]) -> Iterator[ListedType]:
    """Each type once."""
    seen = set()
    for one in types:
        if (one.group, one.plural) not in seen:
            seen.add((one.group, one.plural))
            yield one


def _raw(types: tuple[ListedType, ...]) -> Iterator[Words]:
    groups = dict.fromkeys(one.group for one in types if one.group)
    versions = dict.fromkeys(one.path.rpartition("/")[0] for one in types)
    paths = ["/version", "/api", "/apis", *versions, *(f"/apis/{group}" for group in groups)]
    paths += [f"{one.path}?limit=500" for one in types]
    paths += ["/healthz", "/readyz", "/nonsense", "/api/v1/nonsense", "/api/v1/namespaces/shop/pods/none"]
    paths += ["/api/v1/namespaces/shop", "/api/v1/pods?limit=x", "/api/v1/pods?fieldSelector=a%3Db"]
    yield from (("get", "--raw", path) for path in paths)
