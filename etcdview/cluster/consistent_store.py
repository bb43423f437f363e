"""How pages and commands read values: linearizably while etcd has a quorum, from one member when it has lost it.

At 3 a.m. an answer that is a little old, and says so, is worth more than none.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from etcdview.errors import BehindError, FutureRevisionError, NoQuorumError
from etcdview.health.monitor import Monitor
from etcdview.models import KeyValue, Range, RangeResult
from etcdview.stores.protocols import Restricted, Store

STALE = "etcd has lost its quorum: writes fail, and pages show one member's data, which may be out of date."


def how_read(live: bool, serializable: bool) -> str:
    """How values were read, in words; "" for a file."""
    if not live:
        return ""
    return "from one member, which may be out of date" if serializable else "up to date"


class ConsistentStore:
    """The Store protocol over a live store, with the monitor's word on the quorum.

    A command has no monitor: there the quorum counts as lost from the first read that finds it so.
    """

    live = True

    def __init__(self, store: Store, monitor: Monitor | None = None) -> None:
        self._store = store
        self._monitor = monitor
        self._found_lost = False
        self.name = store.name

    @property
    def source(self) -> Store:
        """The live store."""
        return self._store

    @property
    def quorum_lost(self) -> bool:
        """Whether the last round of probes, or a read where there is none, found the quorum lost. It makes no call."""
        if self._monitor is None:
            return self._found_lost
        facts = self._monitor.latest(0.0).facts
        return facts is not None and facts.quorum.state == "lost"

    def range(self, request: Range) -> RangeResult:
        """See Store.range; serializable also while the quorum is lost, or found to be by this very read.

        Raises BehindError where only a member answers that has not reached the revision.
        """

        def read(serializably: bool) -> RangeResult:
            return self._store.range(replace(request, serializable=serializably))

        if not request.serializable and not self.quorum_lost:
            try:
                return read(False)
            except NoQuorumError:
                self._found_lost = True
        try:
            return read(True)
        except FutureRevisionError:
            return self._agreed(read, request.revision)

    def _agreed(self, read: Callable[[bool], RangeResult], revision: int) -> RangeResult:
        """The same read by the quorum: one member lags behind another that the revision came from."""
        try:
            return read(False)
        except NoQuorumError as error:
            raise BehindError(
                f"The member that answers has not reached revision {revision:,}.",
                f"Read the newest revision, or try again when a majority of the members is back. {error.what}",
            ) from error

    def get_many(self, keys: Sequence[bytes], *, revision: int = 0, keys_only: bool = False) -> dict[bytes, KeyValue]:
        """See Store.get_many; while the quorum is lost a read a key, all at the revision of the first."""
        if not self.quorum_lost:
            try:
                return self._store.get_many(keys, revision=revision, keys_only=keys_only)
            except NoQuorumError:
                self._found_lost = True
        found: dict[bytes, KeyValue] = {}
        for key in keys:
            result = self.range(Range(key, revision=revision, keys_only=keys_only, serializable=True))
            revision = revision or result.revision
            found |= {kv.key: kv for kv in result.kvs}
        return found

    def permitted(self) -> tuple[Range, ...] | None:
        """See Restricted.permitted; None while the quorum is lost, because etcd needs it to answer."""
        if not isinstance(self._store, Restricted):
            return None
        try:
            return self._store.permitted()
        except NoQuorumError:
            return None

    def close(self) -> None:
        """The one who opened the store closes it."""
