"""How far a page is, as an address has it."""

from __future__ import annotations

import pytest

from etcdview.errors import QueryError
from etcdview.pages.parts.positions import position_text, read_position
from etcdview.stores.routed import PinnedRevision


@pytest.mark.parametrize("text", ["1200", "1200.35", "1200.0.7"])
def test_a_position_is_read_as_it_is_written(text: str) -> None:
    assert position_text(read_position(text)) == text


def test_a_plain_number_is_a_revision_and_several_are_one_of_each_etcd() -> None:
    assert not isinstance(read_position("12"), PinnedRevision)
    several = read_position("1200.35")
    assert isinstance(several, PinnedRevision)
    assert (several, several.of(1)) == (1200, 35)


@pytest.mark.parametrize("text", ["", ".", "1.", "-1", "1200.x", "9" * 19, "1" * 20, ".".join("1" * 21), "²"])
def test_anything_else_is_a_query_error(text: str) -> None:
    with pytest.raises(QueryError):
        read_position(text)
