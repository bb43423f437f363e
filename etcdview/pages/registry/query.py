"""What the address of a list asks for, and the addresses of lists like it."""

from __future__ import annotations

from dataclasses import dataclass

from etcdview.pages.parts import addresses
from etcdview.pages.parts.addresses import cursor_text

PAGE_SIZE = 200
MAX_PAGE_SIZE = 500


@dataclass(frozen=True, slots=True)
class RegistryQuery:
    """`resource` as kubectl spells it, "" for the tree alone. `labels` is a label selector, `text` words to find.

    `sort` is a column's name, with - before it for the other way round. `since`: the revision that a live page has, and
    `until` the last key on it (None: it ends with the list).
    """

    resource: str = ""
    namespace: str = ""
    wide: bool = False
    text: str = ""
    labels: str = ""
    sort: str = ""
    after: bytes | None = None
    limit: int = PAGE_SIZE
    since: int = 0
    until: bytes | None = None

    @property
    def scans(self) -> bool:
        """Whether all objects have to be read to answer."""
        return bool(self.text or self.labels or self.sort)

    def href(self, **changes: str) -> str:
        """The address of this list with changes; "" takes a parameter away."""
        params: dict[str, str | int] = {
            "resource": self.resource,
            "namespace": self.namespace,
            "wide": "1" if self.wide else "",
            "q": self.text,
            "labels": self.labels,
            "sort": self.sort,
            "cursor": cursor_text(self.after),
            "limit": self.limit if self.limit != PAGE_SIZE else "",
        }
        return addresses.href("/registry", **(params | changes))
