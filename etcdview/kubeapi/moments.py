"""The moment that an address names, as a revision."""

from __future__ import annotations

from etcdview.cluster.moments import revision_at
from etcdview.cluster.window import Window
from etcdview.errors import CompactedError, NotFoundError
from etcdview.kubeapi.statuses import bad_request, expired
from etcdview.models import revision_written
from etcdview.stores.routed import PinnedRevision, revision_of
from etcdview.tables import parse_time


def revision_named(window: Window, moment: str) -> int:
    """The revision that an address names, or the last one before the time that it names.

    Where several etcds are one registry, it has those of the others as far as they are known.
    Raises StatusError: 400 for what is neither, 410 for a time before all that is kept.
    """
    if revision := revision_written(moment):
        return window.cluster.moment(revision)
    time = parse_time(moment)
    if time is None:
        raise bad_request(f'"{moment[:100]}" is neither a revision nor a time: write 1201, or 2026-11-28T02:55Z')
    try:
        return window.cluster.moment(revision_at(window.cluster, time))
    except NotFoundError as error:
        raise bad_request(f"{error.what.removesuffix('.')}: name a revision instead") from error
    except CompactedError as error:
        raise expired(error.what.removesuffix(".")) from error


def revision_for(window: Window, revision: int, prefix: bytes) -> int:
    """The revision that the etcd of a type had at that moment. Raises StatusError (400) where that is not known."""
    source = window.cluster.etcd_of(prefix)
    found = revision_of(revision, source)
    if isinstance(revision, PinnedRevision) and not found:
        held = window.cluster.types_elsewhere[source - 1]
        raise bad_request(f"{held} is in another etcd, whose revision at that moment is not known")
    return found
