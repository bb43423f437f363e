"""Reads while a quorum is lost: what a member that lags behind answers is the server's fault, not the asker's."""

from __future__ import annotations

from typing import Any

import pytest

from etcdview.cluster.consistent_store import ConsistentStore
from etcdview.errors import BehindError, FutureRevisionError, NoQuorumError
from etcdview.models import Range, RangeResult


class Lagging:
    """A member at revision 5 whose cluster is at 9; `lost`: the cluster has no quorum."""

    name = "lagging"
    live = True

    def __init__(self, lost: bool) -> None:
        self.lost = lost
        self.requests: list[bool] = []

    def range(self, request: Range) -> RangeResult:
        self.requests.append(request.serializable)
        if not request.serializable and self.lost:
            raise NoQuorumError("The cluster has no leader.")
        newest = 5 if request.serializable else 9
        if request.revision > newest:
            raise FutureRevisionError("That revision is in the future.")
        return RangeResult(newest, serializable=request.serializable)

    def get_many(self, keys: Any, **options: Any) -> Any:
        raise NoQuorumError("The cluster has no leader.")


def test_a_member_that_lags_behind_is_asked_again_through_the_quorum() -> None:
    store = Lagging(lost=False)
    found = ConsistentStore(store).range(Range(b"k", revision=7, serializable=True))  # type: ignore[arg-type]
    assert (found.revision, store.requests) == (9, [True, False])


@pytest.mark.parametrize("read", [lambda s: s.range(Range(b"k", revision=7)), lambda s: s.get_many([b"k"], revision=7)])
def test_without_a_quorum_a_revision_ahead_of_the_member_is_a_503_that_says_what_to_do(read: Any) -> None:
    with pytest.raises(BehindError, match="has not reached revision 7") as error:
        read(ConsistentStore(Lagging(lost=True)))  # type: ignore[arg-type]
    assert (error.value.status, error.value.exit_code) == (503, 3)
    assert "newest revision" in error.value.remedy


def test_a_revision_that_nobody_has_is_the_askers_mistake() -> None:
    with pytest.raises(FutureRevisionError) as error:
        ConsistentStore(Lagging(lost=False)).range(Range(b"k", revision=12))  # type: ignore[arg-type]
    assert error.value.status == 400
