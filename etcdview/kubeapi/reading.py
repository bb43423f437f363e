"""The objects of one type through a viewer's window, in pieces: what lists and watches begin with."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar

from etcdview.cluster.kept_items import FinishedItem
from etcdview.cluster.window import Entry, Window
from etcdview.codec import Detail
from etcdview.errors import CompactedError, DecodeError, DeniedError, EncodeError
from etcdview.index.facts.reading import Wanted
from etcdview.kube.fields import mapping, text
from etcdview.kube.keys import show
from etcdview.kube.redaction import SECRET_KINDS, may_embed_a_secret
from etcdview.kube.selectors import FieldSelector
from etcdview.kubeapi.exchange import Reveal
from etcdview.kubeapi.options import ListOptions, continue_token
from etcdview.kubeapi.served_objects import why_left_out
from etcdview.kubeapi.served_types import ServedType
from etcdview.kubeapi.statuses import StatusError, StatusFacts, expired, too_large
from etcdview.models import KeyMeta, KeyValue, RangeResult
from etcdview.stores.paging import PieceReader
from etcdview.stores.protocols import prefix_end

PIECE = 500  # objects, as kubectl's chunks
_PIECE_BYTES = 4 << 20
_SPARSE = 16  # so few values of a piece are read one by one, not with all between them
_MOST_WARNINGS = 20
_PART = "Your role covers a part of these objects: others are left out."
_MOST_UNDECODABLE = 1000
_UNNAMED = "This list is long: of its later objects, those that cannot be decoded are left out without a warning."
_TOO_OLD = (
    "The provided continue parameter is too old to display a consistent list result. You must start a new list without "
    "the continue parameter."
)

T = TypeVar("T")
Write = Callable[[Entry], FinishedItem]


@dataclass(frozen=True, slots=True)
class KubePlace:
    """Where objects are read: a type, in a namespace ("" for all), one `name` of it ("" for all)."""

    served: ServedType
    namespace: str = ""
    name: str = ""


@dataclass(slots=True)
class ListFacts:
    """What is known of a list once its objects were read: it grows while they are."""

    revision: int = 0
    continues: str = ""
    remaining: int = 0
    warnings: list[str] = field(default_factory=list)
    left_out: int = 0
    last: bytes = b""  # the key that was read last

    def warn(self, text: str) -> None:
        """Note why something is missing; of many, the first ones are told."""
        self.left_out += 1
        if self.left_out <= _MOST_WARNINGS:
            self.warnings.append(text)

    def all_warnings(self) -> tuple[str, ...]:
        """Those noted, and how many more there are."""
        more = self.left_out - _MOST_WARNINGS
        return (*self.warnings, *((f"{more:,} more objects are left out",) if more > 0 else ()))


class TypeReader:
    """Reads what a list selects. `facts` is complete when the last entry has been taken."""

    def __init__(
        self, window: Window, place: KubePlace, options: ListOptions, detail: Detail, revealed: Reveal
    ) -> None:
        self._window = window
        self._place = place
        self._options = options
        self._detail = Detail.WHOLE if options.fields else detail
        self._revealed = revealed
        self.facts = ListFacts()
        self._fields = FieldSelector(options.fields)
        self._count = 0
        self._known: dict[bytes, bytes] = {}  # items that are kept, of the piece that is being taken
        self._made: list[tuple[KeyMeta, FinishedItem]] = []  # of that piece, to be kept
        self._keeps = False
        keyspace, resource = window.keyspace, place.served.resource
        self._prefix = keyspace.range_prefix(resource, place.namespace if resource.namespaced else "")

    def entries(self) -> Iterator[Entry]:
        """The entries, in the order of their keys, all at one revision. Raises StatusError, and what the store does."""
        return self._taken(self._pieces(), self._entry)

    def items(self, write: Write, form: Hashable, now: datetime) -> Iterator[bytes]:
        """What `write` makes of the entries; it may raise DecodeError and EncodeError. Raises what `entries` does.

        Items that every viewer sees alike are kept for the next list of that form, and so are not made again.
        """
        kept = self._window.cluster.items
        if form is None or self._options.selective:
            return self._taken(self._pieces(), lambda kv: self._item(kv, write))
        self._keeps = True
        pieces = self._values_of_the_rest(form, now) if kept.has(form) else self._pieces()
        return self._taken(
            self._keeping(pieces, form), lambda kv: self._known.pop(kv.key, None) or self._item(kv, write)
        )

    def _entry(self, kv: KeyValue) -> Entry | None:
        entry = self._window.entry(kv, self.detail_of(kv))
        return entry if self.keeps(entry) else None

    def _item(self, kv: KeyValue, write: Write) -> bytes | None:
        entry = self._entry(kv)
        if entry is None:
            return None
        try:
            item = write(entry)
        except (DecodeError, EncodeError) as error:
            self.facts.warn(f"{show(entry.key)} is left out: {error.what}")
            return None
        if self._keeps and not (entry.masked or entry.hidden or self._window.has_revealed(entry)):
            self._made.append((entry.meta, item))
        return item.text

    def _keeping(self, pieces: Iterator[RangeResult], form: Hashable) -> Iterator[RangeResult]:
        """The pieces; what is made of each is kept once it has been taken, unless all was forgotten meanwhile."""
        items = self._window.cluster.items
        era = items.era
        for piece in pieces:
            try:
                yield piece
            finally:
                items.keep(form, self._made, era)
                self._made.clear()

    def _values_of_the_rest(self, form: Hashable, now: datetime) -> Iterator[RangeResult]:
        """The pieces with the values of those alone whose items are not kept; the items of the others are known."""
        for piece in self._pieces(keys_only=True):
            for first in range(0, len(piece.kvs), PIECE):
                some = piece.kvs[first : first + PIECE]
                self._known = self._window.cluster.items.known(form, some, now)
                more = piece.more or first + PIECE < len(piece.kvs)
                with self._told_as_statuses():
                    for kvs, more_of_some in self._filled(some):
                        yield replace(piece, kvs=kvs, more=more or more_of_some)

    def _filled(self, kvs: tuple[KeyValue, ...]) -> Iterator[tuple[tuple[KeyValue, ...], bool]]:
        """The same keys in pieces, with values where no item is known; whether more of them follow."""
        store, revision = self._window.store, self.facts.revision
        missing = [place for place, kv in enumerate(kvs) if kv.key not in self._known]
        if len(missing) * _SPARSE <= len(kvs):
            found = store.get_many([kvs[place].key for place in missing], revision=revision) if missing else {}
            yield tuple(found.get(kv.key, kv) for kv in kvs), False
            return
        first, last = missing[0], missing[-1] + 1
        yield kvs[:first], True
        reader = PieceReader(store, revision=revision, first=PIECE, most_bytes=_PIECE_BYTES)
        for piece in reader.read(kvs[first].key, kvs[last - 1].key + b"\0"):
            yield piece.kvs, piece.more or last < len(kvs)
        yield kvs[last:], False

    def _taken(self, pieces: Iterator[RangeResult], make: Callable[[KeyValue], T | None]) -> Iterator[T]:
        """What `make` gives of the values, up to the limit."""
        options, taken, examined, last = self._options, 0, 0, b""
        for piece in pieces:
            for kv in piece.kvs:
                if options.limit and taken == options.limit:
                    self._goes_on(last, examined)
                    return
                examined, last = examined + 1, kv.key
                self.facts.last = last
                found = make(kv)
                if found is not None:
                    taken += 1
                    yield found
            if options.limit and taken == options.limit and piece.more:
                self._goes_on(last, examined)
                return

    def detail_of(self, kv: KeyValue) -> Detail:
        """How much of the object is decoded."""
        return self._detail

    def keeps(self, entry: Entry) -> bool:
        """Whether the entry can be answered, and the selectors keep it. It is noted why not, and what is revealed."""
        why = why_left_out(self._place.served, entry)
        if why:
            self.facts.warn(why)
            return False
        if not self.selects(entry):
            return False
        if self._window.has_revealed(entry):
            self._revealed(entry.key, entry.meta.mod_revision)
        return True

    def selects(self, entry: Entry) -> bool:
        """Whether the selectors keep a decoded entry."""
        obj = entry.object or {}
        return self._options.labels.matches(mapping(obj, "metadata", "labels")) and self._fields.matches(obj)

    def bounds(self) -> tuple[bytes, bytes]:
        """The range that is read."""
        name = self._place.name or self._options.name
        one = name and (self._place.namespace or not self._place.served.resource.namespaced)
        start = self._prefix + name.encode() if one else self._prefix
        end = start + b"\0" if one else prefix_end(self._prefix)
        return max(start, self._prefix + self._options.start), end

    def _pieces(self, *, keys_only: bool = False) -> Iterator[RangeResult]:
        start, end = self.bounds()
        if not self._window.covers(start, end):
            self.facts.warnings.append(_PART)
        first = min(self._options.limit or PIECE, PIECE)
        reader = PieceReader(
            self._window.store,
            revision=self._options.exact,
            first=first,
            most_bytes=_PIECE_BYTES,
            keys_only=keys_only,
        )
        with self._told_as_statuses():
            for piece in reader.read(start, end):
                if not self.facts.revision:
                    self.facts.revision, self._count = reader.revision, piece.count
                    check_reached(reader.revision, self._options.at_least)
                yield piece

    @contextmanager
    def _told_as_statuses(self) -> Iterator[None]:
        try:
            yield
        except CompactedError as error:
            raise expired(_TOO_OLD if self._options.start else str(error)) from error
        except DeniedError as error:
            verb = "watch" if self._options.watch else "list"
            raise forbidden(self._window, self._place, verb, error) from error

    def _goes_on(self, last: bytes, examined: int) -> None:
        """The limit is reached, and more follows behind the key `last`."""
        self.facts.continues = continue_token(last[len(self._prefix) :] + b"\0", self.facts.revision)
        self.facts.remaining = 0 if self._options.selective else max(self._count - examined, 0)


class LabelReader(TypeReader):
    """Decodes labels alone of values that begin with `begins`, but where a field selects, or a Secret may be masked."""

    def __init__(self, window: Window, place: KubePlace, options: ListOptions, revealed: Reveal, begins: bytes) -> None:
        super().__init__(window, place, options, Detail.WHOLE, revealed)
        self._begins = b"" if options.fields or place.served.kind in SECRET_KINDS else begins

    def detail_of(self, kv: KeyValue) -> Detail:
        """See TypeReader."""
        quick = self._begins and kv.value.startswith(self._begins) and not may_embed_a_secret(kv.value)
        return Detail.LABELS if quick else Detail.WHOLE


def kept_as(window: Window, served: ServedType, *form: str) -> Hashable:
    """All that an item depends on beside its value: under this name it is kept. None for what is not kept.

    A CRD that changed is another, and another release serves other fields.
    """
    if served.kind in SECRET_KINDS:
        return None
    uid, revision = (text(served.definition, "metadata", name) for name in ("uid", "resourceVersion"))
    return served.api_version, served.kind, uid, revision, window.cluster.codec.release, form


def warn_of_the_rest(window: Window, place: KubePlace, options: ListOptions, facts: ListFacts) -> None:
    """Note what cannot be decoded behind the last key that was read, for a list whose head is sent before the rest.

    It is known of the newest values, once all of them were read in the background.
    """
    source = None if options.exact else window.value_facts
    if source is None:
        facts.warnings.append(_UNNAMED)
        return
    resource = place.served.resource
    wanted = Wanted(resource=resource.prefix, namespace=place.namespace if resource.namespaced else "", error=True)
    found = source.facts(wanted, limit=_MOST_UNDECODABLE)
    for each in found:
        if each.key > facts.last:
            facts.warn(f"{show(each.key)} is left out: {each.error}")
    if len(found) == _MOST_UNDECODABLE:
        facts.warnings.append(_UNNAMED)


def check_reached(revision: int, at_least: int) -> None:
    """Raises StatusError (504) where etcd has not reached the revision that a client has seen."""
    if at_least > revision:
        raise too_large(f"Too large resource version: {at_least}, current: {revision}")


def forbidden(window: Window, place: KubePlace, verb: str, error: DeniedError) -> StatusError:
    """The API server's sentence for what a role does not permit."""
    served = place.served
    where = f'in the namespace "{place.namespace}"' if place.namespace else "at the cluster scope"
    name = f' "{place.name}"' if place.name else ""
    facts = StatusFacts(
        403, "Forbidden", ({"name": place.name} if place.name else {}) | {"group": served.group, "kind": served.plural}
    )
    return StatusError(
        facts,
        f'{served.qualified}{name} is forbidden: User "{window.viewer.name}" cannot {verb} resource "{served.plural}" '
        f'in API group "{served.group}" {where}: {error.what}',
    )
