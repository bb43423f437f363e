"""Search in values: the scope, what to search for, and the hits as they come."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import get_args

from etcdview.cluster.scope import FactSource
from etcdview.cluster.window import Window
from etcdview.codec import StoredText, why_decoded
from etcdview.errors import QueryError
from etcdview.index.facts.reading import Wanted
from etcdview.kube.keys import show
from etcdview.kube.redaction import is_sensitive, may_be_in_a_mask
from etcdview.kube.resources import BUILTIN
from etcdview.kube.selectors import parse_fields, parse_labels
from etcdview.models import KeyValue
from etcdview.objects import ObjectRow
from etcdview.objects.predicates import Kind, label_match, predicate_for
from etcdview.objects.search import Looked, SearchRange, SearchStep, ValueHit, search_content
from etcdview.pages.parts.addresses import object_href
from etcdview.pages.parts.costly import MANY
from etcdview.pages.parts.facts_state import fact_revision
from etcdview.pages.parts.types import find_type, named_tree
from etcdview.stores.protocols import prefix_end

KINDS: tuple[Kind, ...] = get_args(Kind)
MAX_HITS = 1000
_GROUP = 100  # values that are looked through at once, and one by one where one of them may match
MOST_MATCHES = 1_000_000  # of an export


@dataclass(frozen=True, slots=True)
class ContentQuery:
    """`text` is what to look for, read as `kind` says; in `resource` (and `namespace`), below `prefix`, or anywhere."""

    text: str = ""
    kind: Kind = "text"
    resource: str = ""
    namespace: str = ""
    prefix: str = ""


def parse_kind(text: str) -> Kind:
    """The search kind of that name, "" for a text. Raises QueryError."""
    found = next((kind for kind in KINDS if kind == (text or "text")), None)
    if found is None:
        raise QueryError(f"Unknown search kind {text[:40]!r}.", f"Choose one of {', '.join(KINDS)}.")
    return found


@dataclass(frozen=True, slots=True)
class ContentHit:
    """One key that matches: where in the object, and what stands there."""

    key: str
    href: str
    path: str
    excerpt: str


@dataclass(frozen=True, slots=True)
class ContentStep:
    """How far the search is, and the hits since the step before."""

    hits: tuple[ContentHit, ...]
    progress: SearchStep

    @property
    def part(self) -> float:
        """How much of the scope has been searched, 0 to 1."""
        return min(1.0, self.progress.looked / self.progress.total) if self.progress.total else 1.0


@dataclass(frozen=True, slots=True)
class ContentFound:
    """All hits of a search, and how far it got."""

    hits: tuple[ValueHit, ...]
    progress: SearchStep


@dataclass(frozen=True, slots=True)
class ContentPage:
    """The page. `steps` come as the search goes on, and are consumed once; None where nothing is searched for yet.

    `root` is what all keys of the registry begin with; `problem` says why nothing is searched for; `slowly` says why
    every value has to be decoded.
    """

    query: ContentQuery
    types: tuple[str, ...]
    root: str
    steps: Iterator[ContentStep] | None = None
    problem: QueryError | None = None
    slowly: str = ""


def content_page(window: Window, query: ContentQuery) -> ContentPage:
    """The page for `query`. Raises QueryError for what cannot be searched for, NotFoundError for an unknown type."""
    if not query.text:
        return content_form(window, query)
    why = slowly(query) if query.kind == "text" else ""
    steps = map(_step, _begun(_search(window.unhurried(), query, MAX_HITS)))
    return replace(content_form(window, query), steps=steps, slowly=why)


def content_found(window: Window, query: ContentQuery, limit: int) -> ContentFound:
    """All that the page would show, as far as the request's time goes: at most `limit` hits. Raises as content_page."""
    hits: list[ValueHit] = []
    if not slowly(query):  # bytes are passed over as quickly as etcd sends them, and not held
        window = window.passing_over()
    for step in _search(window, query, limit):
        hits += step.hits
    return ContentFound(tuple(hits), step)


def matching_keys(window: Window, query: ContentQuery) -> tuple[int, Iterator[bytes]]:
    """The revision of a search in values, and the keys that match, all of them, as they are found.

    Raises QueryError where nothing is searched for, and as content_page.
    """
    if not query.text:
        raise QueryError("Nothing to search for was given.", "Fill in the field.")
    steps = _begun(_search(window, query, MOST_MATCHES))
    first = next(steps)

    def keys() -> Iterator[bytes]:
        for step in chain((first,), steps):
            yield from (hit.key for hit in step.hits)

    return first.revision, keys()


def is_costly(window: Window, query: ContentQuery) -> bool:
    """Whether very many values would be read. Raises as content_page does."""
    if not query.text or _told_by_facts(window, query):
        return False
    return sum(window.index.count(part.start, part.end) for part in _scope(window, query)) > MANY


def content_form(window: Window, query: ContentQuery, problem: QueryError | None = None) -> ContentPage:
    """The page without a search: with an empty form, or with what is wrong in it."""
    types = tuple(sorted(t.resource.id for t in named_tree(window).types))
    return ContentPage(query, types, window.keyspace.listed_roots, problem=problem)


def _search(window: Window, query: ContentQuery, max_hits: int) -> Iterator[SearchStep]:
    facts = window.value_facts
    if facts is not None and _told_by_facts(window, query):
        return _by_labels(window, facts, query, max_hits)
    return search_content(
        window.store,
        window.index,
        _scope(window, query),
        lambda kv: _looked(window.objects.row(kv)),
        predicate_for(query.kind, query.text),
        sift=_Sieve(window, sought).sift if (sought := _sought(query)) else _all,
        max_hits=max_hits,
    )


def _told_by_facts(window: Window, query: ContentQuery) -> bool:
    """Whether facts answer alone: they have all labels."""
    return query.kind == "labels" and window.value_facts is not None


def _by_labels(window: Window, facts: FactSource, query: ContentQuery, max_hits: int) -> Iterator[SearchStep]:
    """All of the scope in one step, without a read of etcd."""
    predicate_for(query.kind, query.text)  # raises what is wrong with it
    scope = _scope(window, query)
    wanted = Wanted(labels=parse_labels(query.text), readable=True)
    keys = [key for key in facts.keys(wanted) if any(part.holds(key) for part in scope)]
    undecodable = sum(any(part.holds(key) for part in scope) for key in facts.keys(Wanted(error=True)))
    found = facts.of(keys[:max_hits])
    hits = tuple(ValueHit(key, fact.revision, label_match(fact.labels)) for key, fact in found.items())
    count = sum(window.index.count(part.start, part.end) for part in scope)
    total = max(count, len(keys) + undecodable)
    more = len(keys) > max_hits
    yield SearchStep(
        fact_revision(window), total, total, undecodable, 0, len(hits), hits,
        done=True, complete=not more, why=f"The first {max_hits:,} hits are shown." if more else "",
    )  # fmt: skip


def slowly(query: ContentQuery) -> str:
    """Why every value has to be decoded; "" where the stored bytes tell most that do not match."""
    if query.kind == "text":
        return _why_decoded(query.text)
    return "" if _sought(query) else "it is not a text"


def _sought(query: ContentQuery) -> str:
    """A text that stands in the bytes of each value that matches; "" where no such text is known.

    An object in which a field is just so holds what the field is. Raises QueryError.
    """
    texts: list[str] = []
    if query.kind == "text":
        texts = [query.text]
    elif query.kind == "fields":
        texts = [r.value for r in parse_fields(query.text).requirements if r.value and not r.negated]
    in_names = query.kind == "text"
    return max((text for text in texts if not _why_decoded(text, in_names=in_names)), key=len, default="")


def _why_decoded(text: str, *, in_names: bool = True) -> str:
    return why_decoded(text, in_names=in_names) or ("a mask could hold it" if may_be_in_a_mask(text) else "")


def _all(kvs: Sequence[KeyValue]) -> tuple[Sequence[KeyValue], int]:
    """Everything has to be decoded."""
    return kvs, 0


class _Sieve:
    """Leaves out the values that need not be decoded to look for a text."""

    def __init__(self, window: Window, text: str) -> None:
        keyspace = window.keyspace
        self._codec = window.cluster.codec
        self._text = StoredText(text)
        self._masked = tuple(keyspace.range_prefix(r) for r in BUILTIN if is_sensitive(r, ""))

    def sift(self, kvs: Sequence[KeyValue]) -> tuple[Sequence[KeyValue], int]:
        """See Sift. What cannot be decrypted is decoded, which counts it."""
        left = [kv for first in range(0, len(kvs), _GROUP) for kv in self._left(kvs[first : first + _GROUP])]
        masked = sum(kv.key.startswith(self._masked) for kv in kvs)
        return left, masked - sum(kv.key.startswith(self._masked) for kv in left)

    def _left(self, kvs: Sequence[KeyValue]) -> list[KeyValue]:
        plain = [list(self._codec.plain_values(kv.key, kv.value)) for kv in kvs]
        if all(plain) and not self._text.may_be_in_any([value for values in plain for value in values]):
            return []
        pairs = zip(kvs, plain, strict=True)
        return [kv for kv, values in pairs if not values or any(map(self._text.may_be_in, values))]


def _looked(row: ObjectRow) -> Looked:
    return Looked(row.object, row.masked)


def _begun(steps: Iterator[SearchStep]) -> Iterator[SearchStep]:
    """The same steps, the first of them already taken: what the store raises, it raises before the page begins."""
    first = next(steps)

    def go_on() -> Iterator[SearchStep]:
        yield first
        yield from steps

    return go_on()


def _scope(window: Window, query: ContentQuery) -> list[SearchRange]:
    """What to search: a type, a prefix of keys, or all below the registry's prefixes."""
    if query.namespace and not query.resource:
        raise QueryError("A namespace was given, but no resource type.", "Choose the resource type too.")
    if query.resource:
        resource = find_type(window, named_tree(window), query.resource).resource
        starts = [window.keyspace.range_prefix(resource, query.namespace)]
    elif query.prefix:
        starts = [query.prefix.encode()]
    elif window.viewer.scope.whole:
        starts = sorted(window.keyspace.roots)
    else:
        raise QueryError("No scope was given to search in.", "Choose a resource type, or give a prefix of keys.")
    return [SearchRange(start, prefix_end(start)) for start in starts]


def _step(step: SearchStep) -> ContentStep:
    return ContentStep(tuple(_hit(hit) for hit in step.hits), step)


def _hit(hit: ValueHit) -> ContentHit:
    return ContentHit(show(hit.key), object_href(hit.key), hit.match.path, hit.match.excerpt)
