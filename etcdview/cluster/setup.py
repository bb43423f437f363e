"""What is known of how etcd was set up: its pods in the registry, and the files on this machine. Read once a minute.

Nothing is read from etcd while its quorum is lost: then what was read before is what is known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from etcdview.deployment.deployment import Deployment, etcd_servers, from_pod
from etcdview.deployment.on_disk import find_deployments
from etcdview.errors import EtcdviewError
from etcdview.kube.keys import ObjectKey, show
from etcdview.kube.resources import BY_PREFIX
from etcdview.models import Range
from etcdview.objects import Objects
from etcdview.stores.kept import Kept
from etcdview.stores.protocols import Store, prefix_end

KEPT_SECONDS = 60.0
MOST_PODS = 9  # of a kind: no cluster has more members than seven
NAMESPACE = "kube-system"  # where kubeadm's static pods are mirrored to

_PODS = BY_PREFIX["pods"]
_LEASES = BY_PREFIX["masterleases"]
LOOKED_AT = (ObjectKey(_PODS, NAMESPACE, "etcd"), ObjectKey(_LEASES, "", "address"))


@dataclass(frozen=True, slots=True)
class Setup:
    """`deployments` by member; `servers`: where API servers look for etcd; `api_servers`: the addresses that they have.

    `problem` says why the registry could not be read, "" where it was.
    """

    deployments: tuple[Deployment, ...] = ()
    servers: tuple[str, ...] = ()
    api_servers: tuple[str, ...] = ()
    problem: str = ""


class SetupReader:
    """Reads without regard to scopes, for `LOOKED_AT`, and remembers for all requests. Safe to use from any thread."""

    def __init__(
        self,
        store: Store,
        objects: Objects,
        on_disk: Callable[[], tuple[Deployment, ...]] = find_deployments,
    ) -> None:
        self._store = store
        self._objects = objects
        self._on_disk = on_disk
        self._setup = Kept(KEPT_SECONDS, self._read)

    def known(self, *, may_read: bool) -> Setup:
        """The setup. `may_read` false: use what was read before, because etcd would not answer now."""
        if may_read:
            return self._setup.get()
        return self._setup.known or self.of_files("The registry is not read while etcd has no quorum.")

    def of_files(self, problem: str) -> Setup:
        """What the files on this machine say, without reading the registry."""
        return Setup(self._on_disk(), problem=problem)

    def _read(self) -> Setup:
        on_disk = self._on_disk()
        try:
            found = list(self._pods("etcd-"))
            apis = [pod for _, pod in self._pods("kube-apiserver-")]
            leases = self._lease_holders()
        except EtcdviewError as error:
            return Setup(on_disk, problem=str(error))
        in_pods = tuple(d for d in (from_pod(pod, key) for key, pod in found) if d is not None)
        names = {d.name for d in in_pods}
        return Setup(
            deployments=(*in_pods, *(d for d in on_disk if d.name not in names)),
            servers=tuple(dict.fromkeys(url for pod in apis for url in etcd_servers(pod))),
            api_servers=tuple(dict.fromkeys((*filter(None, map(_host_ip, apis)), *leases))),
        )

    def _pods(self, name_prefix: str) -> Iterator[tuple[str, dict[str, Any]]]:
        start = self._objects.keyspace.key(_PODS, NAMESPACE, name_prefix)
        found = self._store.range(Range(start, prefix_end(start), limit=MOST_PODS, serializable=True))
        for row in map(self._objects.row, found.kvs):
            if row.object is not None:
                yield show(row.key), row.object

    def _lease_holders(self) -> tuple[str, ...]:
        """The addresses that API servers advertise: each has a lease of that name while it lives."""
        start = self._objects.keyspace.range_prefix(_LEASES)
        found = self._store.range(Range(start, prefix_end(start), limit=MOST_PODS, keys_only=True, serializable=True))
        return tuple(show(kv.key[len(start) :]) for kv in found.kvs)


def _host_ip(pod: dict[str, Any]) -> str:
    status = pod.get("status")
    return str(status.get("hostIP", "")) if isinstance(status, dict) else ""
