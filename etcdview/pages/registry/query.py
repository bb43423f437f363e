"""What the address of a list asks for, parsed once where the request comes in, and the addresses of lists like it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from etcdview.errors import QueryError
from etcdview.kube.selectors import ALL_LABELS, LabelSelector, parse_labels
from etcdview.pages.parts import addresses
from etcdview.pages.parts.addresses import cursor_text

PAGE_SIZE = 200
MAX_PAGE_SIZE = 500
MAX_FILTER = 300  # characters of a filter
UNRECOGNISED = "unplaced"  # the resource= of keys that fit no pattern

Mode = Literal["tree", "unrecognised", "table"]


@dataclass(frozen=True, slots=True)
class Labels:
    """A label selector as it was written, and parsed; `problem` says why it could not be parsed."""

    text: str = ""
    selector: LabelSelector = ALL_LABELS
    problem: QueryError | None = None

    @classmethod
    def parse(cls, text: str) -> Labels:
        """Never raises: a page shows the problem beside the filter, for it to be corrected."""
        try:
            return cls(text, parse_labels(text))
        except QueryError as error:
            return cls(text, problem=error)


@dataclass(frozen=True, slots=True)
class RegistryQuery:
    """`resource` as kubectl spells it, "" for the tree alone. `text` is words to find.

    `sort` is a column's name, with - before it for descending order. `size` adds columns for sizes and rewrites.
    `since`: the revision that a live page has, and `until` the last key on it (None: it ends with the list).
    """

    resource: str = ""
    namespace: str = ""
    wide: bool = False
    text: str = ""
    labels: Labels = Labels()
    sort: str = ""
    after: bytes | None = None
    limit: int = PAGE_SIZE
    since: int = 0
    until: bytes | None = None
    size: bool = False

    @property
    def mode(self) -> Mode:
        """Which of the three pages is wanted."""
        if not self.resource:
            return "tree"
        return "unrecognised" if self.resource == UNRECOGNISED else "table"

    @property
    def scans(self) -> bool:
        """Whether all objects have to be read to answer."""
        return bool(self.text or self.labels.text or self.sort)

    def href(self, **changes: str) -> str:
        """The address of this list with changes; "" takes a parameter away."""
        params: dict[str, str | int] = {
            "resource": self.resource,
            "namespace": self.namespace,
            "wide": "1" if self.wide else "",
            "size": "1" if self.size else "",
            "q": self.text,
            "labels": self.labels.text,
            "sort": self.sort,
            "cursor": cursor_text(self.after),
            "limit": self.limit if self.limit != PAGE_SIZE else "",
        }
        return addresses.href("/registry", **(params | changes))
