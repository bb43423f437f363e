"""The search page: key names by prefix, part, glob or regular expression."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import get_args

from etcdview.cluster.window import Window
from etcdview.errors import BudgetError, QueryError, UnreachableError
from etcdview.index.base import Freshness, KeyPage, Mode
from etcdview.index.match import compile_search
from etcdview.index.stopping import Stop
from etcdview.kube.keys import KeySpace, ObjectKey, show
from etcdview.models import KeyMeta
from etcdview.pages.palette import Palette, palette
from etcdview.pages.parts import commands
from etcdview.pages.parts.addresses import cursor_text, href, object_href
from etcdview.pages.parts.commands import Command
from etcdview.pages.parts.elsewhere import Elsewhere, Place, read_elsewhere
from etcdview.pages.parts.texts import visible

MODES: tuple[Mode, ...] = get_args(Mode)
PAGE_SIZE = 50
MAX_PAGE_SIZE = 1000
MAX_TEXT = 500
_NO_MATCH: dict[Mode, str] = {
    "prefix": "No key begins with {}.",
    "contains": "No key contains {}.",
    "glob": "No key matches the glob {}.",
    "regex": "No key matches the regular expression {}.",
}
_MATCHED: dict[Mode, str] = {
    "prefix": "with this prefix",
    "contains": "with this part",
    "glob": "for this glob",
    "regex": "for this regular expression",
}
_OTHERWISE = "Try a shorter part, or another mode."


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """What is looked for. `mode` "" is prefix for a text that begins with /, else contains."""

    text: str = ""
    mode: str = ""
    after: bytes | None = None
    limit: int = PAGE_SIZE

    @property
    def effective_mode(self) -> Mode:
        """The mode that is used. Raises QueryError for an unknown one."""
        if not self.mode:
            return "prefix" if self.text.startswith("/") else "contains"
        if self.mode not in MODES:
            raise QueryError(f"Unknown search mode {self.mode!r}.", f"Choose one of {', '.join(MODES)}.")
        return self.mode

    @property
    def is_free(self) -> bool:
        """Whether it is words from the field in the header, rather than a key or a pattern, on their first page."""
        return not self.mode and self.after is None and not self.text.startswith("/")

    @property
    def literal_words(self) -> tuple[str, ...]:
        """What each match has in it as it was typed; nothing for a pattern. Raises QueryError for an unknown mode."""
        return (self.text,) if self.text and self.effective_mode in ("prefix", "contains") else ()

    def places(self, prefix: str) -> tuple[Place, ...]:
        """What every match begins with, where that is below the registry's `prefix`. Raises QueryError."""
        root = KeySpace(prefix).root
        start = compile_search(self.text, self.effective_mode).literal_prefix
        return (Place(start[len(root) :]),) if start.startswith(root) else ()

    @property
    def matched(self) -> str:
        """How the keys match, behind their number; "" for all of them. Raises QueryError for an unknown mode."""
        return _MATCHED[self.effective_mode] if self.text else ""

    @property
    def no_match(self) -> str:
        """What to say where it finds nothing. Raises QueryError for an unknown mode."""
        return _NO_MATCH[self.effective_mode].format(visible(self.text))

    @property
    def hint(self) -> str:
        """What to try then."""
        text = self.text
        if self.effective_mode in ("prefix", "contains"):
            if text.startswith("^") or text.endswith("$"):
                return "^ and $ are taken literally: choose the mode regex."
            if "*" in text or "?" in text:
                return "* and ? are taken literally: choose the mode glob."
            if " " in text.strip():
                parts = visible("*".join(text.split()))
                return f"Keys seldom have spaces. For several parts choose the mode glob: *{parts}*"
        return "Upper and lower case differ: try it in lower case." if text != text.lower() else _OTHERWISE


@dataclass(frozen=True, slots=True)
class Hit:
    """One key that matches; `meta` None where it was deleted meanwhile, or etcd cannot be asked."""

    name: bytes
    key: str
    href: str
    object_key: ObjectKey | None
    meta: KeyMeta | None


@dataclass(frozen=True, slots=True)
class SearchPage:
    """One page of hits. `count` is of all of them (at least so many, unless `count_is_exact`), as of `revision`.

    `facts_problem` says why etcd's facts about the keys are missing; the names are, as the index last knew them.
    `problem` says why nothing was searched for. `elsewhere`: other prefixes have what the registry's lacks.
    `also`: the kinds, pages and so on that the text names.
    """

    query: SearchQuery
    mode: Mode
    freshness: Freshness
    hits: tuple[Hit, ...]
    count: int
    count_is_exact: bool
    revision: int
    complete: bool
    next_cursor: str
    next_href: str
    commands: tuple[Command, ...]
    facts_problem: str = ""
    problem: QueryError | None = None
    elsewhere: Elsewhere | None = None
    also: Palette | None = None


def refused_page(window: Window, query: SearchQuery, problem: QueryError) -> SearchPage:
    """The page for what cannot be searched for: nothing found, and why."""
    fresh = window.index.freshness()
    return SearchPage(query, "contains", fresh, (), 0, True, fresh.revision, True, "", "", (), problem=problem)


def search_page(window: Window, query: SearchQuery, stop: Stop | None = None) -> SearchPage:
    """The hits for `query`, given up when `stop` says so. Raises QueryError for a pattern that cannot be read."""
    if len(query.text) > MAX_TEXT:
        raise QueryError(f"The search text is longer than {MAX_TEXT} characters.", "Search for a part of it.")
    mode = query.effective_mode
    found = _find(window, query, mode, stop)
    facts, facts_problem = _facts(window, found)
    cursor = cursor_text(found.next_after)
    return SearchPage(
        query=query,
        mode=mode,
        freshness=window.index.freshness(),
        hits=tuple(
            Hit(key, show(key), object_href(key), window.keyspace.object_key(key), facts.get(key)) for key in found.keys
        ),
        count=found.count,
        count_is_exact=found.count_is_exact,
        revision=found.revision,
        complete=found.complete,
        next_cursor=cursor,
        next_href=href("/search", q=query.text, mode=query.mode, cursor=cursor) if cursor else "",
        commands=commands.for_search(query.text, mode),
        facts_problem=facts_problem,
        elsewhere=None if found.count else read_elsewhere(window, query.places(window.keyspace.prefix)),
        also=palette(window, query.text) if query.is_free else None,
    )


def _find(window: Window, query: SearchQuery, mode: Mode, stop: Stop | None) -> KeyPage:
    if not 1 <= query.limit <= MAX_PAGE_SIZE:
        raise QueryError(f"limit={query.limit} is out of bounds.", f"Choose 1 to {MAX_PAGE_SIZE} keys per page.")
    return window.index.search(query.text, mode, after=query.after, limit=query.limit, stop=stop)


def _facts(window: Window, found: KeyPage) -> tuple[Mapping[bytes, KeyMeta], str]:
    """etcd's facts about the keys that were found, or why there are none: names do not need etcd to answer."""
    try:
        return (window.facts(found.keys) if found.keys else {}), ""
    except (UnreachableError, BudgetError) as error:
        return {}, str(error)
