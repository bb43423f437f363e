"""What has changed below a prefix since the revision that an open page shows: from the index's log, not from etcd."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from etcdview.cluster.window import Window
from etcdview.index.base import Changing

RowChange = Literal["new", "changed", "deleted"]


@dataclass(frozen=True, slots=True)
class RowChanges:
    """The last change of each key. `lost`: more happened than is remembered; what changed cannot be told."""

    by_key: Mapping[bytes, RowChange] = field(default_factory=dict)
    lost: bool = False

    @property
    def nothing(self) -> bool:
        """Whether nothing has changed."""
        return not self.by_key and not self.lost

    @property
    def deleted(self) -> tuple[bytes, ...]:
        """The keys that are gone."""
        return tuple(key for key, change in self.by_key.items() if change == "deleted")

    def of(self, key: bytes) -> str:
        """How the key changed; "" where it did not."""
        return self.by_key.get(key, "")


def changes_since(
    window: Window, prefix: bytes, since: int, after: bytes | None = None, until: bytes | None = None
) -> RowChanges | None:
    """Changes below `prefix` behind revision `since`; None where the page is new (0). A file never changes.

    Those of keys behind `after`, up to `until`, alone: what a page of a long list shows. None leaves an end open.
    """
    if not since:
        return None
    names = window.index
    if not isinstance(names, Changing):
        return RowChanges()
    found = names.changes.since(since, prefix)
    changes: dict[bytes, RowChange] = {}
    for change in found.changes:
        if (after is not None and change.key <= after) or (until is not None and change.key > until):
            continue
        fresh = change.created or changes.get(change.key) == "new"
        changes[change.key] = "deleted" if change.deleted else "new" if fresh else "changed"
    return RowChanges(changes, found.lost)


def is_unchanged(window: Window, key: bytes, since: int) -> bool:
    """Whether an open page that shows `key` as of revision `since` has all there is; a new page (0) has nothing."""
    changes = changes_since(window, key, since)
    return changes is not None and not changes.lost and key not in changes.by_key
