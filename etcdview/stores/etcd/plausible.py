"""Whether an answer can be true at all: a server that lies, or is damaged, is named where its answer comes in.

What reads the answers relies on this: keys lie within the range, a count is of all of them, and `more` has more.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from etcdview.errors import AnswerError
from etcdview.models import KeyValue, Range
from etcdview.stores.paging import LYING

MOST_MEMBERS = 250


def check_range(server: str, request: Range, response: Any) -> None:
    """Raises AnswerError where a RangeResponse contradicts itself or the request."""
    keys: Sequence[Any] = response.kvs
    newest = response.header.revision
    if newest < 0:
        raise AnswerError(f"{server} answered with the revision {newest}.", LYING)
    if response.count < len(keys):
        raise AnswerError(f"{server} lists {len(keys):,} keys and counts {response.count:,}.", LYING)
    if response.more and not request.count_only and response.count == len(keys):
        raise AnswerError(f"{server} answered more=true with no keys left.", LYING)
    if not keys:
        return
    # etcd answers in the order of keys, so that the first and the last tell of all; an index proves the order itself
    if not _within(request, keys[0].key) or not _within(request, keys[-1].key):
        raise AnswerError(f"{server} answered with keys outside of the range.", LYING)
    check_revisions(server, keys, newest)


def check_revisions(server: str, keys: Collection[Any], newest: int) -> None:
    """Raises AnswerError where a key was changed before the first revision, or after the newest."""
    revisions = [kv.mod_revision for kv in keys]
    if revisions and (min(revisions) < 0 or max(revisions) > newest):
        raise AnswerError(f"{server} has keys of revisions below 0 or beyond {newest:,}, its newest.", LYING)


def check_only(server: str, keys: Sequence[bytes], kvs: Sequence[KeyValue]) -> None:
    """Raises AnswerError where a transaction that read `keys` one by one answered with others."""
    if not {kv.key for kv in kvs} <= set(keys):
        raise AnswerError(f"{server} answered with keys that were not requested.", LYING)


def check_members(server: str, members: Collection[Any]) -> None:
    """Raises AnswerError for a member list longer than any cluster's: each would be probed every few seconds."""
    if len(members) > MOST_MEMBERS:
        raise AnswerError(f"{server} lists {len(members):,} members; etcd is made for at most 9.", LYING)


def _within(request: Range, key: bytes) -> bool:
    if not request.end:
        return bool(key == request.start)
    return key >= request.start and (request.end == b"\0" or key < request.end)
