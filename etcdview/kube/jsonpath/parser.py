"""Reads templates and paths in client-go's dialect: texts, and actions in braces that hold a path.

The grammar is that of client-go's util/jsonpath, not RFC 9535: a dot in a name is escaped by a backslash, also within
['...'], which is a path of its own; a bare word is an identifier, of which `range` and `end` have a meaning.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NoReturn

from etcdview.errors import QueryError
from etcdview.kube.jsonpath.nodes import (
    Chain,
    Descent,
    FieldStep,
    FilterStep,
    Literal,
    Node,
    Slice,
    Union,
    Unknown,
    Wildcard,
)

HOW = 'Write it as kubectl does: {.items[*].metadata.name}, {range .items[*]}{.metadata.name}{"\\n"}{end}.'
MAX_LENGTH = 10_000
MAX_DEPTH = 20

_ENDS_NAME = frozenset(" \t\r\n.,[]$@{}")
_QUOTED_NAME = re.compile(r"'([^']*)'")
_SLICE = re.compile(r"(-?\d*)(:-?\d*)?(:-?\d*)?")
_COMPARISON = re.compile(r"([^!<>=]+)([!<>=]+)(.+)", re.DOTALL)
_NUMBER = re.compile(r"[+-]?[\d.]*")
# Go's escapes within quotes (strconv.UnquoteChar).
_ESCAPE = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|([0-7]{3})|(.))|([^\\])", re.DOTALL)
_SHORT = {"a": 7, "b": 8, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11, "\\": 92}


@dataclass(frozen=True, slots=True)
class Action:
    """What stands in braces; `word` is "range", "end" or "", and `path` what follows it."""

    path: Chain
    word: str = ""


def parse_template(text: str) -> tuple[str | Action, ...]:
    """Texts and actions in their order. Raises QueryError for what cannot be read."""
    if len(text) > MAX_LENGTH:
        raise QueryError(f"A JSONPath is at most {MAX_LENGTH:,} characters long.")
    return tuple(_parts(text))


def parse_path(text: str) -> Chain:
    """A path without braces, such as .spec.nodeName. Raises QueryError."""
    parts = parse_template("{" + text + "}")
    if len(parts) != 1 or not isinstance(parts[0], Action) or parts[0].word:
        raise _refused(text, "it is not one path")
    return parts[0].path


def _parts(text: str) -> Iterator[str | Action]:
    at = 0
    while at < len(text):
        brace = text.find("{", at)
        if brace < 0:
            yield text[at:]
            return
        if brace > at:
            yield text[at:brace]
        reader = _Reader(text, brace + 1)
        yield reader.action()
        at = reader.at


class _Reader:
    """One action, from behind its brace. `depth` is how many paths it lies in."""

    def __init__(self, text: str, at: int, depth: int = 0) -> None:
        if depth > MAX_DEPTH:
            raise _refused(text, f"paths lie in each other more than {MAX_DEPTH} deep")
        self.text = text
        self.at = at
        self.depth = depth
        self.word = ""
        self.nodes: list[Node] = []

    def action(self) -> Action:
        """Everything up to the closing brace."""
        while True:
            rest = self.text[self.at : self.at + 3]
            if rest[:1] == "}":
                self.at += 1
                return Action(Chain(tuple(self.nodes)), self.word)
            if rest == "[?(":
                self._filter()
            elif rest[:2] == "..":
                self._descent()
            else:
                self._step(rest[:1])

    def _step(self, char: str) -> None:
        if not char or char in "\r\n":
            self._refuse("a brace is not closed")
        elif char in " @$":
            self.at += 1
        elif char == "[":
            self._brackets()
        elif char in "\"'":
            self.nodes.append(Literal(self._quoted(char), is_text=True))
        elif char == ".":
            self.at += 1
            self._field()
        elif char in "+-" or char.isdecimal():
            self._number()
        elif char == "_" or char.isalnum():
            self._identifier()
        else:
            self._refuse(f"{char!r} cannot stand there")

    def _descent(self) -> None:
        if self.nodes and isinstance(self.nodes[-1], Descent):
            self._refuse("it descends (..) twice in a row")
        self.at += 2
        self.nodes.append(Descent())
        following = self.text[self.at : self.at + 1]
        if following == "_" or following.isalnum():
            self._field()

    def _field(self) -> None:
        name = self._name(escapes=True)
        self.nodes.append(Wildcard() if name == "*" else FieldStep(name.replace("\\", "")))

    def _name(self, *, escapes: bool) -> str:
        start = self.at
        while self.at < len(self.text) and self.text[self.at] not in _ENDS_NAME:
            self.at += 2 if escapes and self.text[self.at] == "\\" else 1
        self.at = min(self.at, len(self.text))
        return self.text[start : self.at]

    def _identifier(self) -> None:
        word = self._name(escapes=False)
        if word in ("true", "false"):
            self.nodes.append(Literal(word == "true"))
        elif word in ("range", "end") and not self.nodes and not self.word:
            self.word = word
        else:
            self.nodes.append(Unknown(word))

    def _number(self) -> None:
        match = _NUMBER.match(self.text, self.at)
        written = match[0] if match else ""
        self.at += len(written)
        try:
            self.nodes.append(Literal(int(written) if written.lstrip("+-").isdecimal() else float(written)))
        except ValueError:
            self._refuse(f"{written[:20]!r} is not a number")

    def _quoted(self, quote: str) -> str:
        end = self.at + 1
        while self.text[end : end + 1] != quote or self.text[end - 1] == "\\":
            if self.text[end : end + 1] in ("", "\n"):
                self._refuse("a quote is not closed")
            end += 1
        inside, self.at = self.text[self.at + 1 : end], end + 1
        return self._unescaped(inside, quote)

    def _unescaped(self, inside: str, quote: str) -> str:
        out, at = bytearray(), 0
        while at < len(inside):
            match = _ESCAPE.match(inside, at)
            if match is None:
                self._refuse("a backslash ends a quoted text")
            at = match.end()
            out += self._char(match, quote)
        return out.decode("utf-8", "surrogateescape")

    def _char(self, match: re.Match[str], quote: str) -> bytes:
        byte, short_code, long_code, octal, letter, plain = match.groups()
        if plain is not None:
            return plain.encode("utf-8", "surrogateescape")
        if byte or octal:
            return bytes([int(byte, 16) if byte else int(octal, 8) & 0xFF])
        if letter == quote:
            return quote.encode()
        if letter is not None:
            if letter not in _SHORT:
                self._refuse(f"\\{letter} is not an escape")
            return bytes([_SHORT[letter]])
        code = int(short_code or long_code, 16)
        if code > 0x10FFFF:
            self._refuse(f"\\U{long_code} is not a character")
        return chr(code).encode("utf-8", "surrogatepass")

    def _brackets(self) -> None:
        end = self.text.find("]", self.at)
        if end < 0 or "\n" in self.text[self.at : end]:
            self._refuse("a bracket is not closed")
        inside, self.at = self.text[self.at + 1 : end], end + 1
        choices = inside.split(",")
        if len(choices) > 1:
            self.nodes.append(Union(tuple(self._within(f"[{choice.strip(' ')}]") for choice in choices)))
            return
        name = _QUOTED_NAME.fullmatch(inside)
        if name is not None:
            self.nodes += self._within("." + name[1]).nodes
        else:
            self.nodes.append(self._slice(":" if inside == "*" else inside))

    def _slice(self, inside: str) -> Slice:
        match = _SLICE.fullmatch(inside)
        if match is None:
            self._refuse(f"[{inside[:20]}] is not an index")
        start, end, step = (part.removeprefix(":") if part else None for part in match.groups())
        numbers = [self._index(part) for part in (start, end, step)]
        if end is None:
            return Slice(numbers[0], (numbers[0] or 0) + 1, numbers[2], derived=True)
        return Slice(numbers[0], numbers[1], numbers[2])

    def _index(self, digits: str | None) -> int | None:
        if not digits:
            return None
        if digits == "-" or len(digits) > 18:
            self._refuse(f"[{digits[:20]}] is not an index")
        return int(digits)

    def _filter(self) -> None:
        start = self.at + 3
        end = self._filter_end(start)
        if self.text[end + 1 : end + 2] != "]":
            self._refuse("a filter ends with )]")
        inside, self.at = self.text[start:end], end + 2
        match = _COMPARISON.fullmatch(inside)
        if match is None:
            self.nodes.append(FilterStep(self._within(inside), "exists"))
        else:
            self.nodes.append(FilterStep(self._within(match[1]), match[2], self._within(match[3])))

    def _filter_end(self, start: int) -> int:
        """Where the filter's ) stands: one that no quote encloses."""
        quote, closed = "", False
        for at in range(start, len(self.text)):
            char = self.text[at]
            if char == "\n":
                break
            if char in "\"'":
                if not quote:
                    quote = char
                elif char == quote and self.text[at - 1] != "\\":
                    closed = True
            elif char == ")" and bool(quote) == closed:
                return at
        self._refuse("a filter is not closed")

    def _within(self, text: str) -> Chain:
        reader = _Reader(text + "}", 0, self.depth + 1)
        action = reader.action()
        return Chain((Unknown(action.word), *action.path.nodes)) if action.word else action.path

    def _refuse(self, why: str) -> NoReturn:
        raise _refused(self.text.removesuffix("}") if self.depth else self.text, why)


def _refused(text: str, why: str) -> QueryError:
    return QueryError(f"Invalid JSONPath {text[:200]!r}: {why}.", HOW)
