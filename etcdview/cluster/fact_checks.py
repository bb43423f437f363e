"""What looks at every fact: objects without their owner or what they need, and UIDs that several objects have.

The first answer is begun as soon as the facts are complete: it takes some seconds at a million keys, 20 at five. A
page gets the last one, which may be old and says when it was begun, and a new one is made behind it. For the first
answer a page waits FIRST_SECONDS, and then does without.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from etcdview.index.facts.reading import FactReader, Wanted
from etcdview.relations.needed import NEEDS, STORED_AS, Need
from etcdview.stores.kept import Kept

KEPT_SECONDS = 20.0
FIRST_SECONDS = 3.0  # that a page waits for the first answer
NAMED = 1000  # keys that are named at the most
NAMED_UIDS = 200
OF_ONE_UID = 100  # keys of it


@dataclass(frozen=True, slots=True)
class FactChecks:
    """How many objects have no owner any more; how many UIDs several objects have, and how many objects these are.

    `at`: as of then; what was written later may be in it.
    The first of each are named: `sharing` are UIDs, each with the first keys of the objects that have it. `lacking`:
    how many objects need one that does not exist, and the first of them; a file may have none of those at all.
    """

    at: datetime
    orphans: int
    orphan_keys: tuple[bytes, ...]
    shared_uids: int
    sharing_objects: int
    sharing: tuple[tuple[str, tuple[bytes, ...]], ...]
    lacking: Mapping[Need, tuple[int, tuple[bytes, ...]]]


class KeptChecks:
    """The checks of one database of facts, kept for a while. Safe to use from any thread."""

    def __init__(self, reader: FactReader) -> None:
        self.reader = reader
        self._kept = Kept(KEPT_SECONDS, lambda: _checked(reader))

    def begin(self) -> None:
        """Make an answer in the background, where one is due, and the system has a thread for it."""
        with suppress(RuntimeError):
            self._refresh()

    def get(self) -> FactChecks | None:
        """The last answer; None while the first is made. Raises UnreachableError where the database is gone."""
        known = self._kept.known
        try:
            self._refresh()
        except RuntimeError:  # the system gives no more threads
            return self._kept.get() if known is None else known
        return self._kept.soon(FIRST_SECONDS) if known is None else known

    def _refresh(self) -> None:
        self._kept.refresh("etcdview-facts-checks")


def _checked(reader: FactReader) -> FactChecks:
    at = datetime.now(UTC)
    sharing = [(uid, reader.keys(Wanted(uid=uid), limit=OF_ONE_UID)) for uid, _ in reader.shared_uids(NAMED_UIDS)]
    uids, objects = reader.count_shared_uids()
    stored = {total.resource for total in reader.totals()}
    lacking = {
        need: (reader.count_lacking(need), reader.lacking(need, NAMED)) if stored & STORED_AS[need] else (0, ())
        for need in NEEDS
    }
    return FactChecks(at, reader.count_orphans(), reader.orphans(NAMED), uids, objects, tuple(sharing), lacking)
