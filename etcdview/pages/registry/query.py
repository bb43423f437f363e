"""What the address of a list asks for, parsed once where the request comes in, and the addresses of lists like it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from etcdview.errors import QueryError
from etcdview.kube.selectors import ALL_LABELS, LabelSelector, parse_labels
from etcdview.pages.parts import addresses
from etcdview.pages.parts.addresses import cursor_text
from etcdview.relations.model import Health

PAGE_SIZE = 200
MAX_PAGE_SIZE = 500
PAGE_SIZES = (50, 100, PAGE_SIZE, MAX_PAGE_SIZE)  # that pages offer; an address may name any up to the largest
MAX_FILTER = 300  # characters of a filter
MAX_COLUMNS = 2000  # characters of the names of columns
UNRECOGNISED = "unplaced"  # the resource= of keys that fit no pattern

Mode = Literal["tree", "unrecognised", "table"]
STATES: tuple[Health, ...] = get_args(Health)


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

    `state`: those that are healthy, unhealthy or unknown; `status`: those whose words for that begin so, up to a comma;
    `node`: those on a node. "" takes all.

    `columns` are those to show in place of kubectl's, as Shown has them; `roomy` is a page, which has room for more.
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
    state: Health | Literal[""] = ""
    node: str = ""
    status: str = ""
    columns: tuple[str, ...] = ()
    roomy: bool = False

    @property
    def mode(self) -> Mode:
        """Which of the three pages is wanted."""
        if not self.resource:
            return "tree"
        return "unrecognised" if self.resource == UNRECOGNISED else "table"

    @property
    def scans(self) -> bool:
        """Whether all objects have to be read to answer."""
        return bool(self.text or self.sort) or self.selects

    @property
    def selects(self) -> bool:
        """Whether it takes only what has something that names do not tell."""
        return bool(self.labels.text or self.state or self.node or self.status)

    @property
    def limit_text(self) -> str:
        """The size of a page as an address has it, "" for the usual one."""
        return str(self.limit) if self.limit != PAGE_SIZE else ""

    @property
    def chosen(self) -> tuple[tuple[str, str], ...]:
        """The parameters that choose the objects, without those of a page or an order."""
        wide, size = ("1" if self.wide else ""), ("1" if self.size else "")
        chosen = (("resource", self.resource), ("namespace", self.namespace), ("wide", wide), ("size", size))
        narrowed = (("state", self.state), ("status", self.status), ("node", self.node))
        words = (("columns", self.columns_text), ("q", self.text), ("labels", self.labels.text))
        return (*chosen, *words, *narrowed)

    @property
    def beside_columns(self) -> tuple[tuple[str, str], ...]:
        """The parameters of the list that go with whatever columns are chosen."""
        kept = tuple(pair for pair in self.chosen if pair[0] not in ("columns", "wide"))
        return (*kept, ("sort", self.sort), ("limit", self.limit_text))

    @property
    def columns_text(self) -> str:
        """The columns as an address has them."""
        return ",".join(self.columns)

    @staticmethod
    def columns_from(text: str) -> tuple[str, ...]:
        """The columns whose names are written with commas between them, each once."""
        return tuple(dict.fromkeys(filter(None, (name.strip().lower() for name in text.split(",")))))

    @classmethod
    def state_from(cls, text: str) -> Health | Literal[""]:
        """The state that is meant. Raises QueryError for another word."""
        found = next((state for state in STATES if state == text), None)
        if text and found is None:
            raise QueryError(f"state={text[:40]!r} is unknown.", f"Use one of {', '.join(STATES)}.")
        return found or ""

    def href(self, **changes: str) -> str:
        """The address of this list with changes; "" takes a parameter away."""
        params: dict[str, str | int] = {
            "resource": self.resource,
            "namespace": self.namespace,
            "wide": "1" if self.wide else "",
            "size": "1" if self.size else "",
            "columns": self.columns_text,
            "q": self.text,
            "labels": self.labels.text,
            "state": self.state,
            "status": self.status,
            "node": self.node,
            "sort": self.sort,
            "cursor": cursor_text(self.after),
            "limit": self.limit_text,
        }
        return addresses.href("/registry", **(params | changes))
