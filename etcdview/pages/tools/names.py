"""Key names that match, of a whole registry as of one revision."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import get_args

from etcdview.errors import NotFoundError
from etcdview.index.base import Mode
from etcdview.index.lister import KeyRange, Lister, keys_under
from etcdview.index.match import compile_search
from etcdview.index.packed import PackedNames
from etcdview.index.walk import names_in
from etcdview.kube.keys import KeySpace, show
from etcdview.models import Range
from etcdview.pages.search import SearchQuery
from etcdview.stores.permitted import permitted_parts
from etcdview.stores.prefixes import Place, check_registry
from etcdview.stores.protocols import Store

MODES: tuple[Mode, ...] = get_args(Mode)


def nothing_below(store: Store, prefix: str, places: Sequence[Place] = ()) -> str:
    """A line where other prefixes have the keys which the registry's prefix lacks, all or at `places`; "" else."""
    try:
        check_registry(store, KeySpace(prefix), places)
    except NotFoundError as error:
        return f"etcdview: {error}\n"
    return ""


def matching_names(store: Store, text: str, mode: str = "") -> Iterator[str]:
    """The names that match, in order; those that etcd permits its user to read.

    Raises QueryError for a search that cannot be, and what the store raises.
    """
    matcher = compile_search(text, SearchQuery(text, mode).effective_mode)
    whole = keys_under(matcher.literal_prefix)
    parts = permitted_parts(store, whole.start, whole.end)
    lister = Lister(store, store.range(Range(parts[0].start, keys_only=True)).revision)
    for key_range in (KeyRange(part.start, part.end) for part in parts):
        for names in names_in(lister, key_range):
            for block in PackedNames().extend(names):
                yield from map(show, matcher.find(block))
