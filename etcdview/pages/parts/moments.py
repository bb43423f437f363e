"""What ?at= names: a revision, those of several etcds, or a time."""

from __future__ import annotations

from collections.abc import Mapping

from etcdview.cluster.cluster import Cluster
from etcdview.cluster.moments import revision_at
from etcdview.errors import QueryError
from etcdview.kube import resources
from etcdview.pages.parts.addresses import read_key
from etcdview.pages.parts.positions import read_position
from etcdview.stores.routed import PinnedRevision, all_pinned
from etcdview.tables import parse_time


def moment_named(cluster: Cluster, text: str, args: Mapping[str, str]) -> int:
    """The revision that a text names; of several etcds with those that are known of the others.

    On a page of what another etcd holds (`args` are its parameters) a number is a revision of that one.
    Raises QueryError for what is neither a revision nor a time, NotFoundError where no lease tells the time, and
    CompactedError.
    """
    written = text.replace(",", "").strip()
    if written.replace(".", "").isdigit():
        revision = read_position(written)
        if not revision:
            raise QueryError(f"{text[:40]!r} is not a revision.", "They begin at 1: give a number, such as ?at=120034.")
        if isinstance(revision, PinnedRevision):
            return revision
        source = cluster.etcd_of(_held(cluster, args))
        return _of_other(cluster, revision, source) if source else cluster.moment(revision)
    time = parse_time(written)
    if time is None:
        raise QueryError(f"{text[:40]!r} is not a revision or a time.", "Give ?at=120034, or ?at=2026-11-28T02:55Z.")
    return cluster.moment(revision_at(cluster, time))


def _of_other(cluster: Cluster, revision: int, source: int) -> int:
    """A revision of another etcd, with those of the first: at the same moment, or its newest where that is unknown."""
    known = cluster.same_moment(revision, source, 0)
    return all_pinned({0: known or int(cluster.index.freshness().revision), source: revision}, 0)


def _held(cluster: Cluster, args: Mapping[str, str]) -> bytes:
    """The key, or the beginning of keys, that a page is of; b"" for all."""
    for key, coded in (("key", "key64"), ("prefix", "prefix64")):
        if args.get(key) or args.get(coded):
            return read_key(args.get(key), args.get(coded))
    wanted = args.get("resource", "")
    found = resources.find(wanted, [t.resource for t in cluster.index.tree().types]) if wanted else ()
    return cluster.keyspace.range_prefix(found[0]) if found else b""
