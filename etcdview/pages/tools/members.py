"""What `etcdview members` prints: the members as the overview has them, from one look at each."""

from __future__ import annotations

from etcdview.cluster.sources import open_etcd
from etcdview.config import Settings
from etcdview.errors import UnsupportedError
from etcdview.health.once import look_once
from etcdview.pages.overview import MemberRow, state_of

__all__ = ["MemberRow", "members_now"]


def members_now(settings: Settings) -> tuple[MemberRow, ...]:
    """All members of the cluster, those that do not answer too. Raises UnsupportedError for a file."""
    if settings.from_file:
        raise UnsupportedError("A file has no members to ask.", "Give the endpoints of a live etcd, without --from.")
    store = open_etcd(settings)
    try:
        return state_of(look_once(store)).members
    finally:
        store.close()
