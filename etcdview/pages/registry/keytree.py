"""All keys as a tree by slash: what other programs (Patroni, APISIX, Calico, CoreDNS) keep beside the registry."""

from __future__ import annotations

from collections.abc import Container, Iterator
from dataclasses import dataclass

from etcdview.cluster.window import Window
from etcdview.errors import DeniedError
from etcdview.index.base import Freshness, KeyPage
from etcdview.kube.keys import show, to_query
from etcdview.pages.parts import commands
from etcdview.pages.parts.addresses import Crumb, cursor_text, href, key_crumbs, object_href
from etcdview.pages.parts.commands import Command
from etcdview.stores.protocols import prefix_end

BRANCHES = 200  # of one page; each costs two questions to the index
AT_START = 30  # of the page of the whole registry
_MOST_STEPS = 2_000


@dataclass(frozen=True, slots=True)
class KeyBranch:
    """One step below a prefix: a key, or (`is_key` false) how many keys begin with it and a slash."""

    text: str
    href: str
    count: int
    is_key: bool


@dataclass(frozen=True, slots=True)
class KeyTreePage:
    """What lies below `prefix`, one level of it; `next_href` leads on where a page does not hold it.

    `exported` is the prefix as the search for an export takes it; "" where that cannot be, or nothing is below it.
    """

    crumbs: tuple[Crumb, ...]
    freshness: Freshness
    prefix: str
    count: int
    branches: tuple[KeyBranch, ...]
    commands: tuple[Command, ...]
    next_href: str = ""
    exported: str = ""


def key_tree_page(window: Window, prefix: bytes, after: bytes | None = None) -> KeyTreePage:
    """One level of the tree. Raises DeniedError where the viewer may read none of it."""
    walk = _Walk(window, prefix)
    branches = tuple(walk.steps(after, BRANCHES))
    name, text = to_query(prefix)
    own = {"prefix" if name == "key" else "prefix64": text}
    return KeyTreePage(
        crumbs=(Crumb("Registry", "/registry"), *key_crumbs(prefix)) if prefix else (Crumb("Registry", "/registry"),),
        freshness=window.index.freshness(),
        prefix=show(prefix),
        count=walk.count(prefix),
        branches=branches,
        commands=commands.for_prefix(prefix),
        exported=text if name == "key" and walk.count(prefix) else "",
        next_href=href("/registry", **own, cursor=cursor_text(walk.following)) if walk.following else "",
    )


def other_keys(window: Window) -> tuple[KeyBranch, ...]:
    """The first segments of all keys outside of the registry, as far as the viewer may see them."""
    try:
        return tuple(_Walk(window, b"", leave_out=window.keyspace.roots).steps(None, AT_START))
    except DeniedError:
        return ()


class _Walk:
    """From branch to branch: over a branch's keys it steps in one go, however many there are."""

    def __init__(self, window: Window, prefix: bytes, leave_out: Container[bytes] = ()) -> None:
        self._index = window.index
        self._prefix = prefix
        self._leave_out = leave_out
        self.following: bytes | None = None

    def count(self, prefix: bytes) -> int:
        """How many keys begin with the prefix."""
        return self._index.page(prefix or b"\0", prefix_end(prefix), limit=1).count

    def steps(self, after: bytes | None, limit: int) -> Iterator[KeyBranch]:
        """At most `limit` branches from `after` on; `following` is where the next one begins."""
        start, made = after or self._prefix or b"\0", 0
        end = prefix_end(self._prefix)
        for _ in range(_MOST_STEPS):
            page = self._page(start, end)
            if page is None or (not page.keys and page.next_after is None):
                return
            if made >= limit:
                self.following = start
                return
            if not page.keys:  # those of this piece are not for this viewer
                start = (page.next_after or b"") + b"\0"
                continue
            child = self._child(page.keys[0])
            if child not in self._leave_out:
                made += 1
                yield self._branch(page.keys[0], child)
            start = prefix_end(child) if child else page.keys[0] + b"\0"
            if start == b"\0":
                return
        self.following = start

    def _page(self, start: bytes, end: bytes) -> KeyPage | None:
        """The first key of a range; None where the viewer may read none of what is left of the prefix."""
        try:
            return self._index.page(start, end, limit=1)
        except DeniedError:
            if start == (self._prefix or b"\0"):
                raise
            return None

    def _child(self, key: bytes) -> bytes:
        """The prefix one level further down that the key lies under; b"" for a key of this level."""
        slash = key.find(b"/", len(self._prefix) + 1)
        return key[: slash + 1] if slash >= 0 else b""

    def _branch(self, key: bytes, child: bytes) -> KeyBranch:
        if not child:
            own = key[len(self._prefix) :]
            return KeyBranch(show(own) if own else "(the key itself)", object_href(key), 1, True)
        return KeyBranch(show(child[len(self._prefix) :]), prefix_href(child), self.count(child), False)


def prefix_href(prefix: bytes) -> str:
    """The address of the level below a prefix."""
    name, text = to_query(prefix)
    return href("/registry", **{"prefix" if name == "key" else "prefix64": text})
