"""etcdctl's commands on this cluster, each with what it answers; and etcdctl v2 beside v3."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from etcdview.cluster.window import Window
from etcdview.deployment.deployment import Deployment
from etcdview.errors import EtcdviewError
from etcdview.index.base import Tree
from etcdview.kube.keys import shell_word, show
from etcdview.models import TlsFiles
from etcdview.pages.parts.commands import connected
from etcdview.stores.protocols import Maintainable, prefix_end

FIRST_TEN = "etcdctl get / --prefix --keys-only --limit=10"
_NAMES = 10
# Where kubeadm puts what a client on the node needs; used where this cluster's own flags are not known.
_KUBEADM = {
    "trusted-ca-file": "/etc/kubernetes/pki/etcd/ca.crt",
    "cert-file": "/etc/kubernetes/pki/etcd/server.crt",
    "key-file": "/etc/kubernetes/pki/etcd/server.key",
}


@dataclass(frozen=True, slots=True)
class Tried:
    """A command as it can be copied, what it is for, and what it prints now."""

    command: str
    purpose: str
    answer: str


@dataclass(frozen=True, slots=True)
class Versions:
    """A task in etcdctl's v2 and in its v3 ("" where it has none), and where it is in etcdview."""

    task: str
    v2: str
    v3: str
    place: str
    href: str
    remark: str = ""


# The key of the examples is none of Kubernetes'. In the order in which they can be run.
VERSIONS = (
    Versions("healthy?", "etcdctl cluster-health", "etcdctl endpoint health --cluster", "Health", "/health"),
    Versions("members", "etcdctl member list", "etcdctl member list -w table", "Overview", "/"),
    Versions(
        "create, if it does not exist",
        "etcdctl mk /learn/greeting hello",
        'printf \'create("/learn/greeting") = "0"\\n\\nput /learn/greeting hello\\n\\n\\n\' | etcdctl txn',
        "Maintenance",
        "/maintenance",
        "a transaction that compares first",
    ),
    Versions(
        "make a folder",
        "etcdctl mkdir /learn",
        "",
        "Registry",
        "/registry?prefix=/",
        "v3 has no folders: keys are flat, and a slash is a character",
    ),
    Versions(
        "write",
        "etcdctl set /learn/greeting hi",
        "etcdctl put /learn/greeting hi",
        "the editor",
        "/registry",
    ),
    Versions("read", "etcdctl get /learn/greeting", "etcdctl get /learn/greeting", "an object's page", "/registry"),
    Versions(
        "list",
        "etcdctl ls --recursive /learn",
        "etcdctl get /learn/ --prefix --keys-only",
        "Search",
        "/search?q=/learn/",
    ),
    Versions("delete", "etcdctl rm /learn/greeting", "etcdctl del /learn/greeting", "an object's page", "/registry"),
    Versions(
        "follow changes",
        "etcdctl watch --recursive /",
        "etcdctl watch --prefix /",
        "Watch",
        "/watch",
        "it goes on until it is stopped",
    ),
    Versions(
        "back up",
        "etcdctl backup --data-dir /var/lib/etcd --backup-dir /backup",
        "etcdctl snapshot save backup.db",
        "Maintenance",
        "/maintenance",
        "of one endpoint; v2's backup has none of the keys of v3, and so nothing of Kubernetes",
    ),
)


def tried(window: Window, tree: Tree) -> tuple[Tried, ...]:
    """Commands that read, connected as etcdview is, with the answer that etcdview has for each."""
    store = window.cluster.source
    pods = window.keyspace.root + b"pods/"
    shown = [
        Tried(FIRST_TEN, "The first ten keys", _keys(window, b"/", b"0", _NAMES)),
        Tried(
            f"etcdctl get {shell_word(pods)} --prefix --count-only -w fields | grep Count",
            "How many pods there are",
            _count(window, pods),
        ),
    ]
    namespaces = next((t.prefix for t in tree.types if t.resource.prefix == "namespaces"), b"")
    if namespaces:
        shown.append(
            Tried(
                f"etcdctl get {shell_word(namespaces)} --prefix --keys-only",
                "What kubectl get namespaces would list",
                _keys(window, namespaces, prefix_end(namespaces), 500),
            )
        )
    return tuple(Tried(connected(t.command, store), t.purpose, t.answer) for t in shown)


def _count(window: Window, prefix: bytes) -> str:
    """The number as etcdctl prints it; why not, where it is not known."""
    try:
        return f'"Count" : {window.index.count(prefix, prefix_end(prefix))}'
    except EtcdviewError as error:
        return str(error)


def _keys(window: Window, start: bytes, end: bytes, limit: int) -> str:
    """The names as etcdctl prints them; why not, where they cannot be read."""
    try:
        return "\n".join(show(key) for key in window.index.page(start, end, limit=limit).keys)
    except EtcdviewError as error:
        return str(error)


def with_flags(window: Window) -> str:
    """The first ten keys with this cluster's connection as flags; kubeadm's where it is a file."""
    store = window.cluster.source
    if isinstance(store, Maintainable):
        return _flagged(store.endpoints, store.tls)
    kubeadm = TlsFiles(cacert=_KUBEADM["trusted-ca-file"], cert=_KUBEADM["cert-file"], key=_KUBEADM["key-file"])
    return _flagged(("https://127.0.0.1:2379",), kubeadm)


def _flagged(endpoints: Sequence[str], tls: TlsFiles) -> str:
    flags = {"endpoints": ",".join(endpoints), "cacert": tls.cacert, "cert": tls.cert, "key": tls.key}
    words = [f"--{name}={shlex.quote(value)}" for name, value in flags.items() if value]
    words += ["--insecure-skip-tls-verify"] if tls.insecure_skip_verify else []
    return " ".join(["etcdctl", *words, FIRST_TEN.removeprefix("etcdctl ")])


def within_the_pod(deployments: Sequence[Deployment]) -> str:
    """The same through `kubectl exec` into an etcd pod, with the paths of its own flags; kubeadm's where unknown."""
    pod = next((d for d in deployments if "pod" in d.how), None)
    flag = pod.flag if pod is not None else (lambda name: "")
    path = {name: flag(name) or usual for name, usual in _KUBEADM.items()}
    tls = TlsFiles(cacert=path["trusted-ca-file"], cert=path["cert-file"], key=path["key-file"])
    name = f"etcd-{pod.node or pod.name}" if pod is not None else "etcd-NODE"
    endpoint = next((u for u in flag("listen-client-urls").split(",") if "127.0.0.1" in u), "https://127.0.0.1:2379")
    return f"kubectl -n kube-system exec {name} -- {_flagged((endpoint,), tls)}"
