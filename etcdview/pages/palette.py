"""The palette: kinds, objects, namespaces, pages, findings and commands for a few words, as they are typed.

The words are those of kubectl and k9s: `po crash`, `deploy/cart -n shop`, `:pods`, or a key; with filters
`kind:pod ns:shop label:app=cart text:foo`. Names alone are looked at, out of the index, for WORK_SECONDS at most; what
that leaves out the search page finds. Links lead to what finds labels and values.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from etcdview.cluster.window import Window
from etcdview.errors import BudgetError, EtcdviewError, QueryError
from etcdview.index.base import Tree, TypeCount
from etcdview.kube import resources
from etcdview.kube.keys import show
from etcdview.kube.resources import ResourceType
from etcdview.pages.parts.addresses import href, object_href
from etcdview.pages.parts.frame import page_frame
from etcdview.pages.parts.types import named_tree
from etcdview.pages.search_words import Filter, SearchWords, read_words

MAX_TEXT = 300  # characters that are read
GROUP_ITEMS = 8
WORK_SECONDS = 0.03  # of the processor
WAIT_SECONDS = 0.3
_PER_TYPE = 40  # names of one type that are ranked
_ENOUGH = 80  # names in all

# Pages that are not in the bar: address, name, other words for it.
_MORE_PAGES = (
    ("/search/content", "Search in values", "text labels fields jsonpath content"),
    ("/kubectl", "Use kubectl on this", "kubeconfig k9s helm api"),
    ("/rescue", "Rescue", "restore backup missing objects"),
    ("/deleted/registry", "Deleted keys", "restore tombstones past"),
    ("/account", "Account", "role scope me"),
)
# What can be done from anywhere: address, what it does, other words for it.
_COMMANDS = (
    ("/storage?run=1", "Check the stored state", "orphans problems leftovers integrity"),
    ("/space", "Find what fills the database", "size bytes quota largest"),
    ("/compare", "Compare two states", "diff snapshot revision"),
    ("/encryption", "Count encrypted values", "secrets plain at rest"),
)


@dataclass(frozen=True, slots=True)
class PaletteItem:
    """One place to go. `exact`: the words name this and nothing else, so that Enter opens it."""

    text: str
    href: str
    note: str = ""
    exact: bool = False


@dataclass(frozen=True, slots=True)
class PaletteFilter:
    """A filter of the search that is in effect; `href` is the search without it."""

    text: str
    href: str


@dataclass(frozen=True, slots=True)
class PaletteGroup:
    """Places of one sort."""

    title: str
    items: tuple[PaletteItem, ...]


@dataclass(frozen=True, slots=True)
class Palette:
    """The answer; `complete` false where time or space was over before all names were looked at.

    `words` are those that names were compared with, `filters` what else was.
    """

    text: str
    groups: tuple[PaletteGroup, ...]
    complete: bool = True
    words: tuple[str, ...] = ()
    filters: tuple[PaletteFilter, ...] = ()

    @property
    def href(self) -> str:
        """The search for the same words."""
        return href("/search", q=self.text)


@dataclass(frozen=True, slots=True)
class Words:
    """What was typed: the types that its first word names, the namespace, and the words that remain.

    `kind` is what names them: a filter, or the first word where it may. `read` is all that was typed.
    """

    kind: str
    types: tuple[TypeCount, ...]
    namespace: str
    rest: tuple[str, ...]
    read: SearchWords

    @property
    def is_unknown_kind(self) -> bool:
        """Whether a filter names a kind that the registry lacks."""
        return bool(self.read.values("kind")) and not self.types

    @property
    def is_of_values(self) -> bool:
        """Whether it is about what values hold: names cannot tell."""
        return bool(self.read.values("label") or self.read.values("text"))


def palette(window: Window, text: str, over: Callable[[], bool] | None = None) -> Palette:
    """The places for `text`; none for "". `over` ends the search for names, else WORK_SECONDS do."""
    text = text.strip()[:MAX_TEXT]
    if not text:
        return Palette(text, ())
    over = over or _timer()
    if text.startswith("/"):
        keys, complete = _keys(window, text)
        return Palette(text, _filled(("Keys", keys)), complete, (text,))
    tree = named_tree(window)
    words = parse_words(text, tree)
    objects, complete = _objects(window, tree, words, over)
    everything = "" if words.types or words.read.filters else " ".join(words.rest)
    groups = _filled(
        ("Kinds", _kinds(tree, words)),
        ("Objects", objects),
        ("In values", _of_values(words)),
        ("Namespaces", _namespaces(tree, words)),
        ("Pages", _pages(window, everything)),
        ("Findings", _findings(window, everything)),
        ("Commands", _named(_COMMANDS, everything)),
    )
    return Palette(text, groups, complete, words.rest, tuple(_filter(each) for each in words.read.filters))


def _filter(found: Filter) -> PaletteFilter:
    return PaletteFilter(f"{found.name}: {found.value}", href("/search", q=found.without))


def _of_values(words: Words) -> Iterator[PaletteItem]:
    """The searches in values that labels and texts among the filters mean, one for each type that is named."""
    if words.is_unknown_kind:
        return
    note = "of any name" if words.rest else ""
    labels, text = ",".join(words.read.values("label")), " ".join(words.read.values("text"))
    named: list[ResourceType | None] = [counted.resource for counted in words.types]
    for resource in named or [None]:
        place = {"namespace": words.namespace, "resource": resource.id if resource else ""}
        which = f" in {resource.qualified}" if resource and len(words.types) > 1 else ""
        if labels:
            address = href("/search/content", kind="labels", q=labels, **place)
            yield PaletteItem(f"Objects with the labels {labels}{which}", address, note)
        if text:
            address = href("/search/content", kind="text", q=text, **place)
            yield PaletteItem(f"Values that contain “{text}”{which}", address, note)


def parse_words(text: str, tree: Tree) -> Words:
    """The words as kubectl reads them: a type's short name or `kind:`, `type/name`, `-n NAMESPACE` or `ns:`."""
    read = read_words(text)
    rest, kinds = read.rest, read.values("kind")
    first, slash, name = rest[0].partition("/") if rest else ("", "", "")
    kind = kinds[-1] if kinds else first
    found = {r.prefix for r in resources.find(kind, [t.resource for t in tree.types])} if kind else set()
    types = tuple(t for t in tree.types if t.resource.prefix in found)
    if types and not kinds:
        rest = (*([name] if slash and name else []), *rest[1:])
    return Words(kind, types, "".join(read.values("namespace")[-1:]), rest, read)


def _timer() -> Callable[[], bool]:
    """Over after so much work of this thread; on a busy machine, which makes it wait, after a while anyway."""
    work, end = time.thread_time() + WORK_SECONDS, time.monotonic() + WAIT_SECONDS
    return lambda: time.thread_time() > work or time.monotonic() > end


def _filled(*groups: tuple[str, Iterable[PaletteItem]]) -> tuple[PaletteGroup, ...]:
    found = (PaletteGroup(title, tuple(items)[:GROUP_ITEMS]) for title, items in groups)
    return tuple(group for group in found if group.items)


def _keys(window: Window, text: str) -> tuple[list[PaletteItem], bool]:
    """Keys that begin with the text, the one that is the text first."""
    try:
        found = window.index.search(text, "prefix", limit=GROUP_ITEMS)
    except EtcdviewError:  # not permitted, or etcd cannot be asked: the search page says which
        return [], False
    return [PaletteItem(show(key), object_href(key), exact=show(key) == text) for key in found.keys], found.complete


def _kinds(tree: Tree, words: Words) -> Iterator[PaletteItem]:
    """The types that are named, and where there is but one word, those whose name has it."""
    for each in words.types:
        yield _kind(each, words)
    if not words.read.values("kind") and not words.is_of_values and len(words.rest) == (0 if words.types else 1):
        others = [t for t in tree.types if t not in words.types and words.kind in t.resource.qualified]
        others.sort(key=lambda t: not t.resource.plural.startswith(words.kind))
        for each in others:
            address = href("/registry", resource=each.resource.id, namespace=words.namespace)
            yield PaletteItem(each.resource.qualified, address, f"{each.count:,}")


def _kind(counted: TypeCount, words: Words) -> PaletteItem:
    """A type's table, with what else was typed as its filter."""
    text = counted.resource.plural + (f" in {words.namespace}" if words.namespace else "")
    labels = ",".join(words.read.values("label"))
    place = {"resource": counted.resource.id, "namespace": words.namespace, "labels": labels}
    text += f" with the labels {labels}" if labels else ""
    if words.rest:
        match = " ".join(words.rest)
        return PaletteItem(f"{text} with “{match}”", href("/registry", **place, q=match), "as a table")
    if labels:
        return PaletteItem(text, href("/registry", **place), "as a table", exact=len(words.types) == 1)
    count = counted.namespaces.get(words.namespace, 0) if words.namespace else counted.count
    return PaletteItem(text, href("/registry", **place), f"{count:,}", exact=len(words.types) == 1)


def _namespaces(tree: Tree, words: Words) -> Iterator[PaletteItem]:
    if words.types or len(words.rest) > 1 or words.read.values("kind") or words.is_of_values:
        return
    part = words.rest[0] if words.rest else words.namespace
    names = set().union(*(t.namespaces for t in tree.types)) - {""}
    found = sorted((name for name in names if part in name), key=lambda name: (not name.startswith(part), name))
    for name in found[:GROUP_ITEMS]:
        yield PaletteItem(name, href("/namespaces", namespace=name), "namespace")


def _pages(window: Window, text: str) -> Iterator[PaletteItem]:
    bar = [(address, name, "") for address, name in page_frame(window).nav]
    return _named([*bar, *_MORE_PAGES], text)


def _named(places: Sequence[tuple[str, str, str]], text: str) -> Iterator[PaletteItem]:
    """The places that have each word in their name, or begin another word for it with it."""
    words = text.split()
    for address, name, others in places if words else ():
        if all(w in name.lower() or any(o.startswith(w) for o in others.split()) for w in words):
            yield PaletteItem(name, address, exact=name.lower() == text)


def _findings(window: Window, text: str) -> Iterator[PaletteItem]:
    """What the last round found about etcd."""
    monitor = window.cluster.monitor
    findings = monitor.latest(wait_seconds=0).verdict.findings if monitor is not None and text else ()
    for number, finding in enumerate(findings, 1):
        if all(word in f"{finding.id} {finding.severity} {finding.summary}".lower() for word in text.split()):
            yield PaletteItem(finding.summary, f"/health#finding-{number}", finding.severity)


def _objects(window: Window, tree: Tree, words: Words, over: Callable[[], bool]) -> tuple[list[PaletteItem], bool]:
    """Objects whose key has all words, best match first; and whether all of them were looked at."""
    if words.is_of_values or words.is_unknown_kind or (not words.rest and not words.types):
        return [], True
    types = words.types or _in_order(tree)
    if window.index.freshness().state == "bounded" and not words.types:
        return [], False  # names are not in memory: etcd would be asked for each type
    found, complete = _search(window, types, words, over)
    ranked = sorted(found, key=lambda hit: _rank(hit[1], words))[:GROUP_ITEMS]
    wanted = "/".join(words.rest)
    items = [_item(window, counted, key, wanted if words.types else "") for counted, key in ranked]
    alone = len([item for item in items if item.exact]) == 1
    return [item if alone else PaletteItem(item.text, item.href, item.note) for item in items], complete


def _in_order(tree: Tree) -> list[TypeCount]:
    """Small types first, so that the large ones do not take all the time; events tell of others and come last."""
    return sorted(tree.types, key=lambda t: (t.resource.plural == "events", t.count))


def _search(
    window: Window, types: Sequence[TypeCount], words: Words, over: Callable[[], bool]
) -> tuple[list[tuple[TypeCount, bytes]], bool]:
    found: list[tuple[TypeCount, bytes]] = []
    complete = True
    for counted in types:
        if over() or len(found) >= _ENOUGH:
            return found, False
        try:
            page = window.index.search(_pattern(counted, words), "glob", limit=_PER_TYPE, stop=over)
        except (QueryError, BudgetError):
            return found, False
        complete = complete and page.count_is_exact and page.next_after is None
        found += [(counted, key) for key in page.keys if all(word.encode() in key for word in words.rest)]
    return found, complete


def _pattern(counted: TypeCount, words: Words) -> str:
    """A glob of the longest word below the type's prefix, and the namespace's."""
    start = show(counted.prefix) + (f"{words.namespace}/" if words.namespace else "")
    longest = max(words.rest, key=len, default="")
    return _literal(start) + (f"**{_literal(longest)}**" if longest else "**")


def _literal(text: str) -> str:
    """The text in a glob; for a character that means more there, any one: each word is compared afterwards."""
    return "".join("?" if c in "*?[" else c for c in text)


def _rank(key: bytes, words: Words) -> tuple[int, int, bytes]:
    name = key.rpartition(b"/")[2]
    wanted = words.rest[0].encode() if words.rest else b""
    match = 0 if name == wanted else 1 if name.startswith(wanted) else 2 if wanted in name else 3
    return match, b"/events/" in key, key


def _item(window: Window, counted: TypeCount, key: bytes, wanted: str) -> PaletteItem:
    where = window.keyspace.object_key(key)
    if where is None:
        return PaletteItem(show(key), object_href(key))
    place = f"{counted.resource.singular or counted.resource.plural}" + (
        f" in {where.namespace}" if where.namespace else ""
    )
    return PaletteItem(where.name, object_href(key), place, exact=where.name == wanted)
