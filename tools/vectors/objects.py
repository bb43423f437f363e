"""Objects that are hard to print: strings that YAML reads as something else, long lines, numbers at their limits."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

TEXTS = (
    "", "a", "yes", "No", "on", "null", "~", "true", "y", "n", "=", "<<", "!", "%a", "@a", "`a", "#", ":", "?", "-",
    "0x1F", "0X1f", "0b11", "0B1", "0o17", "0o8", "017", "08", "00", "1_000", "1__0", "_1", "1e3", "1E5", "1.5", "1.",
    "1.e5", "-1", "+1", "-0", "0.0", ".5", ".", "..", "...", ".inf", "-.INF", "+.nan", ".nan", ".1_134", "1e400", "0x",
    "12:30:45", "1:2", "190:20:30.5", "2020-01-02", "2020-1-2T3:4:5Z", "2020-13-01", "2020-02-30", "2024-02-29",
    "2020-01-02 3:4:5", "2020-01-02t03:04:05.123+01:00", "2020-01-02T03:04:05,5Z", "2020-01-02T24:04:05Z",
    "2001-12-14 21:59:43.10", "0b-11", "-0b11", "9223372036854775808", "18446744073709551616", "-9223372036854775809",
    "0xFFFFFFFFFFFFFFFF", "0xFFFFFFFFFFFFFFFFF", "---", "--- a", "-a", "- a", "?a", "? a", ":a", "a:", "a: b", "a #b",
    "a#b", "a'b", "'a", "it's: x", "a\\b", "k:{\"a\":\"b\"}", "{a}", "[a]", "a,b", "&a", "*a", "|", ">", " a", "a ",
    "\ta", "a\t", "a\tb", "\r", "a\rb", "<a href='x'>&amp;</a>", "ünïcode ☂", "😀", "\u00a0", "\u200b", "\ufffd",
    "\ufeffabc d", "x\ufeff", "\u2028", "a\u2028b", "a\u2029 b", "a \u2028b", "a\n", "a\nb", " a\nb", "a \nb", "\n",
    "\n\n", "a\n\n", "a\n b", "a\n\tb", "x: |\n  y\n", "line 1\nline 2 ", "a\nb\u2028", "#!/bin/sh\nset -e\n",
    "\x01\x1b\x00\x0b", '"', '"a" "b"', "a\n☂\n", "a\n😀\n", "10.0.0.1", "1Gi", "100m", "v1", "1.36.3", "=1", "a=b",
)  # fmt: skip
NUMBERS = (
    0, 1, -1, 2**53, 2**63 - 1, -(2**63), 2**63, 2**64 - 1, 2**64, 10**19, 10**20, 10**21, 10**25, 0.5, 1.0, 1e5,
    123456.5, 1234567.5, 1e20, 1e21, 1e-5, 1e-6, 1e-7, 0.0001, 1.5e-10, -0.0, 1e300, 5e-324, 3.141592653589793,
)  # fmt: skip
_WORDS = ("node(s)", "had", "untolerated", "taint(s),", "didn't", "match:", "a", "x" * 90, "", "ü", '"q"', "#no")


def objects() -> Iterator[dict[str, Any]]:
    """Small ones, so that a difference is easy to see; the order of keys within each is beyond doubt."""
    for text in TEXTS:
        yield {"value": text, "list": [text, [text]], "map": {text: text}, "deep": [{"a": [{"b": {"c": text}}]}]}
    for number in NUMBERS:
        yield {"value": number, "list": [number]}
    for length in (79, 80, 81, 127, 128, 129, 300):
        yield {"k" * length: "v", "in": [{"é" * length: {"a": 1, "b": [1]}}], "list": {"l" * length: [1, [2]]}}
    yield {"empty": {}, "none": None, "nothing": [], "lists": [[], {}, [[]], [{}], None, True, False]}
    yield {"a1": 1, "a10": 2, "a2": 3, "a_b": 4, "a-b": 5, "aB": 6, "ab": 7, "a/b": 8, "a.b": 9, "Z": 10, "é": 11}
    yield {"": 1, "f:a": 2, "k:{}": 3, ".": 4, "_": 5, "~x": 6, "x 2": 7, "x 10": 8}
    chosen = random.Random(1)  # noqa: S311 - the same ones each time
    for _ in range(150):
        text = " ".join(chosen.choice(_WORDS) for _ in range(chosen.randint(5, 60)))
        yield {"folded": text, "deep": [{"a": [{"b": {"c": text}}]}]}
