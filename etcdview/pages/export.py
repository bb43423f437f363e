"""What a list shows as a file: exactly the objects that its filters keep, all of them, as of one revision.

Objects are prepared, bundled and written by the code of `etcdview export`. Secrets are masked, and left out of a dump
and of what is to be applied.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, islice
from types import MappingProxyType

from etcdview.cluster.window import PIECE, Window
from etcdview.errors import BusyError, QueryError
from etcdview.index.base import KeyPage
from etcdview.models import KeyValue, Range
from etcdview.objects import ObjectRow
from etcdview.pages.content_search import ContentQuery, matching_keys
from etcdview.pages.parts.texts import visible
from etcdview.pages.parts.types import find_type, named_tree
from etcdview.pages.registry.listing import RowFilter
from etcdview.pages.registry.query import RegistryQuery
from etcdview.pages.registry.reading import listing_of, range_of
from etcdview.pages.search import SearchQuery
from etcdview.pages.tools.preparing import ExportRemarks, Preparing
from etcdview.recovery.bundle import BundleObject, bundle_text, zip_pieces
from etcdview.recovery.order import apply_rank
from etcdview.stores.files.dump import dump_line
from etcdview.stores.paging import PieceReader
from etcdview.stores.protocols import prefix_end

LIST_FORMS: Mapping[str, tuple[str, str]] = MappingProxyType(  # form: ending and media type
    {
        "zip": ("zip", "application/zip"),
        "stream": ("yaml", "application/yaml"),
        "list": ("yaml", "application/yaml"),
        "dump": ("jsonl", "application/x-ndjson"),
    }
)
MOST_ORDERED = 200_000  # keys of a search that are put in the order to apply them; a zip needs no order
_NAMES = 10_000
_SECRETS = "objects with Secret values (etcdview export --show-secrets exports them)"


Listed = RegistryQuery | SearchQuery | ContentQuery


@dataclass(frozen=True, slots=True)
class ListExport:
    """Which list, and how: `listed` is the table's or the search's query, of which the page and order do not matter."""

    listed: Listed
    form: str = "zip"
    for_apply: bool = False

    def __post_init__(self) -> None:
        if self.form not in LIST_FORMS:
            raise QueryError(f"as={self.form[:40]!r} is unknown.", f"Use one of {', '.join(LIST_FORMS)}.")
        if self.form == "dump" and self.for_apply:
            raise QueryError("A dump cannot be applied.", "Choose zip, stream or list.")

    @property
    def summary(self) -> str:
        """For the audit log: the form, and what was chosen."""
        listed = self.listed
        if isinstance(listed, SearchQuery):
            chosen = {"q": listed.text, "mode": listed.effective_mode}
        elif isinstance(listed, ContentQuery):
            chosen = {"kind": listed.kind, "q": listed.text, "resource": listed.resource}
            chosen |= {"namespace": listed.namespace, "prefix": listed.prefix}
        else:
            chosen = {"resource": listed.resource, "namespace": listed.namespace, "q": listed.text}
            chosen |= {
                "labels": listed.labels.text,
                "state": listed.state,
                "node": listed.node,
                "status": listed.status,
            }
        words = [self.form, *(["for-apply"] if self.for_apply else [])]
        return " ".join([*words, *(f"{name}={text}" for name, text in chosen.items() if text)])


@dataclass(frozen=True, slots=True)
class ExportFile:
    """A file for the viewer: its name, media type, the revision that all of it is as of, and its bytes as they come."""

    name: str
    media_type: str
    revision: int
    pieces: Iterator[bytes]


def export_list(window: Window, wanted: ListExport, now: datetime) -> ExportFile:
    """The file. It is read while it is sent, a piece at a time.

    Raises NotFoundError for an unknown type, DeniedError outside the viewer's scope, QueryError for filters that cannot
    be read, BusyError while key names are being loaded.
    """
    patient = window.unhurried()  # it is sent as it is read
    listed = wanted.listed
    if isinstance(listed, RegistryQuery) and listed.mode == "table":
        revision, kvs, keeps = _of_table(patient, listed, now)
        name = "-".join(filter(None, (listed.resource, listed.namespace)))
    else:
        revision, kvs = _of_names(patient, wanted)
        keeps, name = _everything, "unrecognised" if isinstance(listed, RegistryQuery) else "search"
    ending, media_type = LIST_FORMS[wanted.form]
    pieces = _pieces(patient, wanted, kvs, keeps)
    first = next(pieces, b"")  # what fails at the beginning is a page with its reason
    safe = "".join(c if c.isascii() and (c.isalnum() or c in "-._") else "_" for c in name)[-100:]
    return ExportFile(f"{safe}-{revision}.{ending}", media_type, revision, chain((first,), pieces))


Keeps = Callable[[ObjectRow], bool]


def _everything(_: ObjectRow) -> bool:
    return True


def _of_table(window: Window, query: RegistryQuery, now: datetime) -> tuple[int, Iterator[KeyValue], Keeps]:
    """The values of a type, and which of them the filters of its table keep."""
    if query.labels.problem is not None:
        raise query.labels.problem
    resource = find_type(window, named_tree(window), query.resource).resource
    listing = listing_of(window, query, resource)
    kept = RowFilter(query.labels.selector, query.text, query.state, query.node, query.status)
    prefix = range_of(window, query, resource)
    revision = window.store.range(Range(prefix, prefix_end(prefix), limit=1, keys_only=True)).revision
    reader = PieceReader(window.store, revision=revision)
    kvs = (kv for piece in reader.read(prefix, prefix_end(prefix)) for kv in piece.kvs)
    return revision, kvs, lambda row: kept.keeps(listing.row(row, now))


def _of_names(window: Window, wanted: ListExport) -> tuple[int, Iterator[KeyValue]]:
    """The values of the keys whose names match."""
    listed = wanted.listed
    if isinstance(listed, ContentQuery):
        revision, names = matching_keys(window, listed)
        first = next(names, b"")
    else:
        names = _found_names(window, listed)
        first = next(names, b"")
        revision = window.store.range(Range(first or b"\0", keys_only=True)).revision if first else 0
    keys: Iterable[bytes] = chain((first,), names) if first else ()
    if wanted.form in ("stream", "list"):
        keys = _in_order(window, keys)
    return revision, _values(window, keys, revision)


def _values(window: Window, keys: Iterable[bytes], revision: int) -> Iterator[KeyValue]:
    rest = iter(keys)
    while part := tuple(islice(rest, PIECE)):
        found = window.store.get_many(part, revision=revision)
        yield from (found[key] for key in part if key in found)


def _found_names(window: Window, listed: RegistryQuery | SearchQuery) -> Iterator[bytes]:
    after: bytes | None = None
    while True:
        page = _names_page(window, listed, after)
        if not page.complete:
            raise BusyError("Key names are still loading.", "Export the list when all of them are known.")
        yield from page.keys
        after = page.next_after
        if after is None:
            return


def _names_page(window: Window, listed: RegistryQuery | SearchQuery, after: bytes | None) -> KeyPage:
    if isinstance(listed, SearchQuery):
        return window.index.search(listed.text, listed.effective_mode, after=after, limit=_NAMES)
    return window.index.unrecognised(after=after, limit=_NAMES)


def _in_order(window: Window, keys: Iterable[bytes]) -> Sequence[bytes]:
    """The keys in the order to apply their objects."""
    found: list[bytes] = []
    for key in keys:
        found.append(key)
        if len(found) > MOST_ORDERED:
            raise QueryError(f"More than {MOST_ORDERED:,} keys cannot be put in order.", "Choose zip or dump.")

    def rank(key: bytes) -> tuple[int, bytes]:
        object_key = window.keyspace.object_key(key)
        return apply_rank(object_key.resource) if object_key else 0, key

    return sorted(found, key=rank)


def _pieces(window: Window, wanted: ListExport, kvs: Iterable[KeyValue], keeps: Keeps) -> Iterator[bytes]:
    if wanted.form == "dump":
        yield from _dumped(window, kvs, keeps)
        return
    preparing = Preparing(window.cluster.codec, for_apply=wanted.for_apply, secrets_left_out=_SECRETS)
    objects = _objects(window, preparing, kvs, keeps)
    if wanted.form == "zip":
        yield from zip_pieces(objects, lambda: _said(preparing.remarks, ""))
        return
    for text in bundle_text(objects, wanted.form):
        yield text.encode("utf-8", "surrogateescape")
    yield _said(preparing.remarks, "# ").encode("utf-8", "surrogateescape")


def _objects(window: Window, preparing: Preparing, kvs: Iterable[KeyValue], keeps: Keeps) -> Iterator[BundleObject]:
    for kv in kvs:
        row = window.entry(kv)
        if keeps(row):
            if row.object_key is None:
                preparing.unreadable(row)
            else:
                yield from preparing.bundled(row, window.definitions.resolve(row.object_key.resource))


def _dumped(window: Window, kvs: Iterable[KeyValue], keeps: Keeps) -> Iterator[bytes]:
    """As they are stored; without the values that this viewer sees masked."""
    for kv in kvs:
        entry = window.entry(kv)
        if not entry.hidden and keeps(entry):
            yield dump_line(kv)


def _said(remarks: ExportRemarks, before: str) -> str:
    return "".join(f"{before}{visible(sentence)}\n" for sentence in remarks.sentences())
