"""A viewer's part of a store says how it was read, as the whole store does."""

from __future__ import annotations

from dataclasses import replace

import pytest

from etcdview.access.roles import Scope
from etcdview.cluster.scope import PermittedRanges, ScopedStore
from etcdview.kube.keys import KeySpace
from etcdview.models import KeyValue, Range, RangeResult
from etcdview.stores.files.memory import StaticStore
from etcdview.stores.paging import PieceReader

KEYS = [b"/registry/pods/shop/%d" % n for n in range(5)]


class OneMember(StaticStore):
    """A store that reads from one member, as a live one does while the quorum is lost."""

    def range(self, request: Range) -> RangeResult:
        return replace(super().range(request), serializable=True)


@pytest.mark.parametrize(("kind", "reported"), [(OneMember, True), (StaticStore, False)])
def test_a_narrowed_viewer_is_told_that_one_member_was_read(kind: type[StaticStore], reported: bool) -> None:
    ranges = PermittedRanges(Scope(namespaces=("shop",)), KeySpace(), lambda: ())
    store = ScopedStore(kind("test", (KeyValue(key, 1, 1, 1) for key in KEYS), revision=5), ranges)

    pieces = PieceReader(store, first=2).read(b"/registry/pods/", b"/registry/pods0")

    assert store.range(Range(KEYS[0])).serializable is reported
    assert store.range(Range(b"\0", b"\0", limit=2)).serializable is reported
    assert {piece.serializable for piece in pieces} == {reported}
