"""Passes over values are shared out between two processes where that is worth it."""

from __future__ import annotations

from dataclasses import replace

from etcdview.index.facts.filling import Pass, PassPiece, shared_out

PIECES = tuple(PassPiece(b"%04d" % n, b"%04d" % (n + 1), since=n) for n in range(100))


def test_each_piece_is_read_by_one_of_two_and_they_take_turns() -> None:
    mine, rest = shared_out(Pass(PIECES, rate=11))

    assert rest is not None
    assert {*mine.pieces, *rest.pieces} == {*PIECES}
    assert len(mine.pieces) + len(rest.pieces) == len(PIECES)
    assert abs(len(mine.pieces) - len(rest.pieces)) <= 16
    assert mine.rate == rest.rate == 6  # bytes a second, together what was wanted


def test_few_ranges_and_a_bound_of_bytes_are_for_one_process() -> None:
    few, bounded = Pass(PIECES[:31]), Pass(PIECES, most_bytes=1)

    assert shared_out(few) == (few, None)
    assert shared_out(bounded) == (bounded, None)


def test_without_a_rate_neither_has_one() -> None:
    mine, rest = shared_out(Pass(PIECES))

    assert rest is not None
    assert (mine.rate, rest.rate) == (0, 0)
    assert replace(mine, pieces=()) == replace(rest, pieces=())
