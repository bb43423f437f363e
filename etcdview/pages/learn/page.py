"""The page `/learn`: all its parts for one request."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from etcdview.cluster.setup import LOOKED_AT
from etcdview.cluster.window import Window
from etcdview.deployment.flags import meaning
from etcdview.health.facts import ClusterFacts
from etcdview.index.base import Freshness
from etcdview.pages.health.deployment import FlagValue, deployment_section
from etcdview.pages.learn.commands import VERSIONS, Tried, Versions, tried, with_flags, within_the_pod
from etcdview.pages.learn.exercises import Exercise, exercises
from etcdview.pages.learn.followed import Followed, follow
from etcdview.pages.learn.kinds import KindRow, first_kinds, old_names
from etcdview.pages.learn.quorum import SIZES, QuorumPicture, Size, quorum_picture
from etcdview.pages.parts.types import named_tree

# What one has to set to make a cluster: flag, what kubeadm sets, what one writes oneself.
_SETTINGS = (
    ("name", "the node's name", "cp1"),
    ("data-dir", "/var/lib/etcd", "/var/lib/etcd"),
    (
        "listen-client-urls",
        "https://127.0.0.1:2379,https://NODE-IP:2379",
        "https://10.0.0.11:2379,https://127.0.0.1:2379",
    ),
    ("advertise-client-urls", "https://NODE-IP:2379", "https://10.0.0.11:2379"),
    ("listen-peer-urls", "https://NODE-IP:2380", "https://10.0.0.11:2380"),
    ("initial-advertise-peer-urls", "https://NODE-IP:2380", "https://10.0.0.11:2380"),
    (
        "initial-cluster",
        "NODE=https://NODE-IP:2380, and each member that was there when it joined",
        "cp1=https://10.0.0.11:2380,cp2=https://10.0.0.12:2380,cp3=https://10.0.0.13:2380",
    ),
    ("initial-cluster-state", "existing for all but the first", "new"),
    ("client-cert-auth", "true", "true"),
    ("trusted-ca-file", "/etc/kubernetes/pki/etcd/ca.crt", "your own CA, made with openssl or cfssl"),
    ("cert-file", "/etc/kubernetes/pki/etcd/server.crt", "a certificate of it with this machine's addresses"),
    ("key-file", "/etc/kubernetes/pki/etcd/server.key", "its key"),
)


@dataclass(frozen=True, slots=True)
class FlagComparison:
    """A flag of etcd: what it is for, kubeadm's value, one's own, and this cluster's ("" where it is unknown)."""

    flag: str
    meaning: str
    kubeadm: str
    scratch: str
    here: tuple[FlagValue, ...]


@dataclass(frozen=True, slots=True)
class LearnQuery:
    """`key` to follow (b"" for a pod), members to do without, and the answer to an exercise (0 for none)."""

    key: bytes = b""
    without: tuple[str, ...] = ()
    exercise: int = 0
    answer: str = ""


@dataclass(frozen=True, slots=True)
class LearnPage:
    """Everything that the page explains. `how` says how this etcd is deployed."""

    freshness: Freshness
    prefix: str
    kinds: tuple[KindRow, ...]
    old_names: tuple[KindRow, ...]
    followed: Followed | None
    tried: tuple[Tried, ...]
    with_flags: str
    within_the_pod: str
    versions: tuple[Versions, ...]
    how: tuple[str, ...]
    settings: tuple[FlagComparison, ...]
    quorum: QuorumPicture
    sizes: tuple[Size, ...]
    exercises: tuple[Exercise, ...]
    live: bool


def learn_page(window: Window, query: LearnQuery, now: datetime) -> LearnPage:
    """The page. Waits for no member: what the last round of probes found is what it shows."""
    tree = named_tree(window)
    facts = _facts(window)
    section = deployment_section(window, facts)
    here = {row.name: row.values for row in section.flags}
    reader = window.cluster.setup
    may_see = all(map(window.viewer.scope.has, LOOKED_AT))
    deployments = reader.known(may_read=False).deployments if may_see else ()
    return LearnPage(
        freshness=window.index.freshness(),
        prefix=window.keyspace.prefix,
        kinds=first_kinds(window, tree),
        old_names=old_names(window, tree),
        followed=follow(window, tree, query.key, now),
        tried=tried(window, tree),
        with_flags=with_flags(window),
        within_the_pod=within_the_pod(deployments),
        versions=VERSIONS,
        how=section.words[:2],
        settings=tuple(FlagComparison(f, meaning(f), k, s, here.get(f, ())) for f, k, s in _SETTINGS),
        quorum=quorum_picture(facts, query.without),
        sizes=SIZES,
        exercises=exercises(window, tree, query.exercise, query.answer),
        live=window.cluster.store.live,
    )


def _facts(window: Window) -> ClusterFacts | None:
    monitor = window.cluster.monitor
    return monitor.latest(wait_seconds=0).facts if monitor is not None else None
