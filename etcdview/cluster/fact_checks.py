"""What looks at every fact: objects without their owner, and UIDs that several objects have.

A page gets the last answer, and a new one is made behind it; only the first waits, a second or two at a million keys.
"""

from __future__ import annotations

from dataclasses import dataclass

from etcdview.index.facts.reading import FactReader
from etcdview.stores.kept import Kept

KEPT_SECONDS = 20.0
NAMED = 1000  # keys and UIDs that are named at the most


@dataclass(frozen=True, slots=True)
class FactChecks:
    """How many objects have no owner any more, and how many UIDs several objects have; the first of each by name."""

    orphans: int
    orphan_keys: tuple[bytes, ...]
    shared_uids: int
    shared: tuple[tuple[str, int], ...]


class KeptChecks:
    """The checks of one database of facts, kept for a while. Safe to use from any thread."""

    def __init__(self, reader: FactReader) -> None:
        self.reader = reader
        self._kept = Kept(KEPT_SECONDS, lambda: _checked(reader))

    def get(self) -> FactChecks:
        """The last answer. Raises UnreachableError where the database is gone."""
        known = self._kept.known
        if known is None:
            return self._kept.get()
        self._kept.refresh("etcdview-facts-checks")
        return known


def _checked(reader: FactReader) -> FactChecks:
    return FactChecks(
        reader.count_orphans(), reader.orphans(NAMED), reader.count_shared_uids(), reader.shared_uids(NAMED)
    )
