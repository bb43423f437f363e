"""What a database file says of its cluster beside the keys: buckets of etcd's server/storage/schema."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from etcdview.models import Alarm, Member
from etcdview.stores.files.records import parse_fields

ALARMS = {1: "NOSPACE", 2: "CORRUPT"}


@dataclass(frozen=True, slots=True)
class FileFacts:
    """`consistent_index` is the last entry of the raft log that was applied. 0 and "" where the file does not say.

    `auth`: etcd checks who may do what by its own users.
    """

    consistent_index: int
    term: int
    cluster_version: str
    members: tuple[Member, ...]
    alarms: tuple[Alarm, ...]
    leases: frozenset[int] = frozenset()
    auth: bool = False
    storage_version: str = ""  # etcd 3.6 and later


def file_facts(buckets: Mapping[bytes, Mapping[bytes, bytes]]) -> FileFacts:
    """From the pairs of the buckets meta, cluster, members, alarm, lease and auth.

    Raises ValueError for what cannot be read.
    """
    meta, cluster = buckets.get(b"meta", {}), buckets.get(b"cluster", {})
    return FileFacts(
        consistent_index=int.from_bytes(meta.get(b"consistent_index", b""), "big"),
        term=int.from_bytes(meta.get(b"term", b""), "big"),
        cluster_version=cluster.get(b"clusterVersion", b"").decode("utf-8", "replace"),
        members=tuple(map(parse_member, buckets.get(b"members", {}).values())),
        alarms=tuple(map(_alarm, buckets.get(b"alarm", {}))),
        leases=frozenset(int.from_bytes(key, "big", signed=True) for key in buckets.get(b"lease", {})),
        auth=buckets.get(b"auth", {}).get(b"authEnabled") == b"\1",
        storage_version=meta.get(b"storageVersion", b"").decode("utf-8", "replace"),
    )


def parse_member(value: bytes) -> Member:
    """A member as etcd writes it in JSON. Raises ValueError."""
    try:
        row = json.loads(value)
        return Member(
            id=int(row["id"]),
            name=str(row.get("name") or ""),
            peer_urls=tuple(map(str, row.get("peerURLs") or ())),
            client_urls=tuple(map(str, row.get("clientURLs") or ())),
            learner=bool(row.get("isLearner")),
        )
    except (KeyError, TypeError, AttributeError, RecursionError, OverflowError) as error:
        raise ValueError("an invalid member") from error


def _alarm(key: bytes) -> Alarm:
    """etcdserverpb.AlarmMember: member ID, kind."""
    numbers, _ = parse_fields(key)
    kind = numbers.get(2, 0)
    return Alarm(numbers.get(1, 0), ALARMS.get(kind, str(kind)))
