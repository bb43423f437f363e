"""What is kept of answers: few of small arguments, none of large ones, which anyone may store in etcd."""

from __future__ import annotations

import pytest

from etcdview.codec import Codec
from etcdview.codec.remembered import LARGEST_BYTES, is_small, remembered
from tests.unit.codec.building import stored

LARGE = "x" * (LARGEST_BYTES + 1)


def test_a_small_argument_is_answered_from_what_is_kept_and_a_large_one_anew() -> None:
    made: list[tuple[object, ...]] = []
    get = remembered(2, lambda *arguments: made.append(arguments))
    for _ in range(2):
        get("a", b"b", 7)
        get(LARGE)
    assert made == [("a", b"b", 7), (LARGE,), (LARGE,)]


def test_only_the_newest_are_kept() -> None:
    made: list[str] = []
    get = remembered(2, made.append)
    for text in "abcab":
        get(text)
    assert made == ["a", "b", "c", "a", "b"]


@pytest.mark.parametrize(
    ("arguments", "small"),
    [
        ((), True),
        ((10**9, None), True),
        (("x" * LARGEST_BYTES,), True),
        (("x" * LARGEST_BYTES, b"y"), False),
        ((b"x" * LARGEST_BYTES, 1, ""), True),
    ],
)
def test_all_texts_and_bytes_count_together(arguments: tuple[bytes | str | int | None, ...], small: bool) -> None:
    assert is_small(*arguments) is small


@pytest.mark.parametrize(("message", "shared"), [("", True), (LARGE, False)])
def test_the_state_of_alike_objects_is_one_dict_unless_it_is_large(message: str, shared: bool) -> None:
    condition = {"type": "Ready", "status": "False", "message": message, "reason": message}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "status": {"conditions": [condition]}}
    one, other = (Codec().outline(b"/registry/pods/shop/a", stored(pod), lambda *_: True) for _ in range(2))
    assert (one.shared, one.body is other.body) == (shared, shared)
    assert one.body == other.body
