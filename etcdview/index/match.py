"""A search over names, compiled once: prefix, substring, glob or regular expression (RE2: linear time).

Case counts, as it does in etcd; a regular expression may begin with (?i). Names that are not UTF-8 are searched as
they are shown, each odd byte as \\xNN.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Protocol

import re2

from etcdview.errors import QueryError
from etcdview.index.base import Mode
from etcdview.index.packed import Block
from etcdview.kube import keys

MAX_PATTERN_BYTES = 1000
_RE2_MEMORY_BYTES = 8 << 20

_GLOB = re.compile(r"\*\*|\*|\?|\[!?\]?[^\]]*\]|[^*?\[]+|\[", re.DOTALL)


class Matcher(Protocol):
    """Which names match."""

    @property
    def literal_prefix(self) -> bytes:
        """What every match begins with, so that other names can be skipped."""

    def find(self, block: Block) -> list[bytes]:
        """The names of the block that match, in order."""

    def count(self, block: Block) -> int:
        """How many names of the block match."""

    def matches(self, name: bytes) -> bool:
        """Whether this one name matches."""


def compile_search(text: str, mode: Mode) -> Matcher:
    """The matcher for what a person typed. Raises QueryError for a bad pattern or one that is too large."""
    needle = text.encode("utf-8", errors="surrogateescape")
    if len(needle) > MAX_PATTERN_BYTES:
        raise QueryError(
            f"The pattern is {len(needle):,} bytes long; at most {MAX_PATTERN_BYTES:,} are taken.", "Search for less."
        )
    if mode == "prefix":
        return Prefix(needle)
    if mode == "contains":
        return Contains(needle)
    if mode == "glob":
        return _compile(glob_to_regex(text), _literal_prefix(text))
    _refuse_text_anchors(text)
    return _compile(text, b"")


@dataclass(frozen=True, slots=True)
class Prefix:
    """Names that begin with some bytes. The index answers it by position, without looking at names."""

    literal_prefix: bytes

    def find(self, block: Block) -> list[bytes]:
        """See Matcher."""
        return [name for name in block.names() if name.startswith(self.literal_prefix)]

    def count(self, block: Block) -> int:
        """See Matcher."""
        return len(self.find(block))

    def matches(self, name: bytes) -> bool:
        """See Matcher."""
        return name.startswith(self.literal_prefix)


class Contains:
    """Names that hold some bytes anywhere."""

    def __init__(self, needle: bytes) -> None:
        self.literal_prefix = b""
        self._needle = needle
        self._shown = keys.as_text(needle)
        # by the lengths of what the stem may have begun of the needle
        self._patterns: dict[tuple[int, ...], re.Pattern[bytes]] = {
            (): re.compile(re.escape(needle) + rb"[^\n]*"),
        }

    def find(self, block: Block) -> list[bytes]:
        """See Matcher."""
        if not block.plain:
            return [name for name in block.names() if self.matches(name)]
        if b"\n" in self._needle:  # no plain name has one
            return []
        if self._needle in block.stem:
            return block.names()
        return [block.stem + _line_at(block.body, m.start()) for m in self._pattern(block).finditer(block.body)]

    def count(self, block: Block) -> int:
        """See Matcher."""
        if not block.plain or b"\n" in self._needle:
            return len(self.find(block))
        if self._needle in block.stem:
            return block.count
        return len(self._pattern(block).findall(block.body))

    def matches(self, name: bytes) -> bool:
        """See Matcher."""
        return self._needle in name or self._shown in keys.as_text(name)

    def _pattern(self, block: Block) -> re.Pattern[bytes]:
        """Lines with the needle, or which end it after the stem began it. A match takes the rest of its line."""
        across = tuple([i for i in range(1, len(self._needle)) if self._goes_on(block, i)])
        if across not in self._patterns:
            rests = [rb"\n" + re.escape(self._needle[i:]) for i in across]
            either = b"|".join([re.escape(self._needle), *rests])
            self._patterns[across] = re.compile(rb"(?:" + either + rb")[^\n]*")
        return self._patterns[across]

    def _goes_on(self, block: Block, i: int) -> bool:
        """Whether the stem ends with the needle's first `i` bytes and a line begins with the others."""
        return block.stem.endswith(self._needle[:i]) and b"\n" + self._needle[i:] in block.body


class Regex:
    """Names that an RE2 expression finds something in; ^ and $ are the ends of a name."""

    def __init__(self, anywhere: Any, whole_lines: Any, literal_prefix: bytes) -> None:
        self.literal_prefix = literal_prefix
        self._anywhere = anywhere
        self._whole_lines = whole_lines

    def find(self, block: Block) -> list[bytes]:
        """See Matcher."""
        if not block.plain:
            return [name for name in block.names() if self.matches(name)]
        text = block.text()
        return list(self._whole_lines.findall(text)) if self._anywhere.search(text) else []

    def count(self, block: Block) -> int:
        """See Matcher."""
        return len(self.find(block))

    def matches(self, name: bytes) -> bool:
        """See Matcher."""
        return self._anywhere.search(keys.as_text(name).encode()) is not None


def glob_to_regex(pattern: str) -> str:
    """`*` and `?` stay within a segment, `**` crosses slashes, [a-z] and [!a-z] are sets.

    A pattern that begins with / (or `**`) means the whole name, any other the last segments of it.
    """
    body = "".join(_glob_part(part) for part in _GLOB.findall(pattern))
    start = "^" if pattern.startswith(("/", "**")) else "(?:^|/)"
    return start + body + "$"


def _glob_part(part: str) -> str:
    if part in _GLOB_WORDS:
        return _GLOB_WORDS[part]
    if part.startswith("[") and part.endswith("]") and len(part.strip("[!]")):
        inner = part[1:-1].replace("\\", "\\\\")
        return "[" + ("^" + inner[1:] if inner.startswith("!") else inner) + "]"
    return re2.escape(part)


_GLOB_WORDS = {"**": ".*", "*": "[^/]*", "?": "[^/]", "[": r"\["}


def _literal_prefix(pattern: str) -> bytes:
    return re.split(r"[*?\[]", pattern, maxsplit=1)[0].encode() if pattern.startswith("/") else b""


def _compile(pattern: str, literal_prefix: bytes) -> Regex:
    options = re2.Options()
    options.never_nl = True
    options.never_capture = True
    options.log_errors = False
    options.max_mem = _RE2_MEMORY_BYTES
    try:
        re2.compile(pattern.encode(), options)  # by itself: what stands around it below must not complete it
        anywhere = re2.compile(b"(?m:" + pattern.encode() + b")", options)
        whole_lines = re2.compile(b"(?m)^.*(?:" + pattern.encode() + b").*$", options)
    except (re2.error, UnicodeEncodeError) as error:
        raise QueryError(
            f"{pattern[:80]!r} is not a valid regular expression: {_reason(error)}.",
            "See https://github.com/google/re2/wiki/Syntax; look-around and back-references do not exist there.",
        ) from error
    return Regex(anywhere, whole_lines, literal_prefix)


def _reason(error: Exception) -> str:
    reason = error.args[0] if error.args else error
    return reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)


def _refuse_text_anchors(pattern: str) -> None:
    """Names are searched many at a time, where the beginning of the text is not that of a name."""
    for escaped in re.findall(r"\\(.)", pattern):
        if escaped in "AzQC":
            raise QueryError(
                rf"\{escaped} has no meaning in a search over names.",
                "Use ^ and $ for the ends of a name, and a backslash before each special character.",
            )
    if re.search(r"\(\?[a-zA-Z]*-[a-zA-Z]*m", pattern):
        raise QueryError("(?-m) has no meaning in a search over names.", "^ and $ are always the ends of a name.")


def _line_at(body: bytes, at: int) -> bytes:
    start = at if body[at] == 10 else body.rfind(b"\n", 0, at)
    return body[start + 1 : body.index(b"\n", start + 1)]
