"""How go-yaml v2, which kubectl prints with, writes one string: plain, quoted, escaped, or as a block.

The rules are those of YAML 1.1 as go.yaml.in/yaml/v2 applies them (encode.go, resolve.go, emitterc.go), found by
reading it and held to it by vectors that its own program made (tests/testdata/vectors). Where kubectl itself
fails or garbles (DEL and C1 control characters in a string), the text here is the escaped truth.
"""

from __future__ import annotations

import calendar
import functools
import re

# Words of YAML 1.1 that mean something else than themselves.
_WORDS = frozenset(
    word
    for line in (
        "y Y yes Yes YES true True TRUE on On ON n N no No NO false False FALSE off Off OFF ~ null Null NULL",
        ".nan .NaN .NAN .inf .Inf .INF +.inf +.Inf +.INF -.inf -.Inf -.INF",
    )
    for word in line.split()
)
# The quick way: unless it is a special word, nothing here is an indicator or a number.
_SAFE = re.compile(r"[A-Za-z_/$(=\u00a1-\u1fff][A-Za-z0-9_./$()=+,;\[\]{}@%^&*!|<>~?\u00a1-\u1fff-]*", re.ASCII)

# All but "\n". Said as what it is, not as what it is not: that takes a tenth of the time to compile.
_UNPRINTABLE = "\0-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufeff\ufffe-\U0010ffff"
_NOT_PRINTABLE = re.compile(f"[{_UNPRINTABLE}]")
_BREAK = "\n\r\x85\u2028\u2029"
_SPACE_BREAK = re.compile(f" [{_BREAK}]")
_BREAK_SPACE = re.compile(f"[{_BREAK}] ")
_LINES = re.compile("([\n\u2028\u2029])")
_INDICATOR = re.compile(
    f"[#,\\[\\]{{}}&*!|>'\"%@`]|[?:-](?:[ \t]|$)|---|\\.\\.\\.|.*?(?::(?:[ \t]|$)|[ \t\0{_BREAK}]#)", re.S
)

_FLOAT_DOT = re.compile(r"\.\d+(?:_\d+)*(?:[eE][-+]?\d+(?:_\d+)*)?", re.ASCII)
_FLOAT = re.compile(r"[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d+)?", re.ASCII)
_INT = re.compile(r"([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]+)|(0|[1-9]\d*))", re.ASCII)
_BINARY = re.compile(r"0b[-+]?[01]{1,63}", re.ASCII)
_BASE60 = re.compile(r"[-+]?\d[\d_]*(?::[0-5]?\d)+(?:\.[\d_]*)?", re.ASCII)
_TIMESTAMP = re.compile(
    r"(\d{4})-(\d\d?)-(\d\d?)"
    r"(?:[Tt](\d\d?):(\d\d?):(\d\d?)(?:[.,]\d+)?(?:Z|[-+](\d\d):(\d\d))|[ ](\d\d?):(\d\d?):(\d\d?)(?:[.,]\d+)?)?",
    re.ASCII,
)

_ESCAPES = {
    "\0": "\\0", "\a": "\\a", "\b": "\\b", "\t": "\\t", "\n": "\\n", "\v": "\\v", "\f": "\\f", "\r": "\\r",
    "\x1b": "\\e", '"': '\\"', "\\": "\\\\", "\x85": "\\N", "\xa0": "\\_", "\u2028": "\\L", "\u2029": "\\P",
}  # fmt: skip
_ESCAPED = re.compile(f'["\\\\\n\u2028\u2029{_UNPRINTABLE}]')


# Where go-yaml begins to look for a space at which to fold.
_WIDTH = 80
_SINGLE_SPACE = re.compile("(?<! ) (?! )")
_FIRST_SPACE = re.compile("(?<! ) ")
# Stands behind a block that ends with a separator: go-yaml takes it for the line's end. No text holds it.
NO_LINE_END = "\0"
_CACHED_LENGTH = 120


def scalar(text: str, indent: int, column: int) -> str:
    """The string as the value of a key at `indent`, written from `column` on; further lines stand two deeper."""
    if "\n" in text:
        if _block_allowed(text):
            return _block(text, indent + 2)
        return fold(double_quoted(text), indent + 2, column)
    if "\u2028" in text or "\u2029" in text:
        return _with_separators(text, indent + 2, column)
    written = inline(text)
    return fold(written, indent + 2, column) if column + len(written) > _WIDTH and " " in text else written


def fold(written: str, indent: int, column: int) -> str:
    """Break the line at a space behind column 80, as often as needed."""
    double = written[0] == '"'
    pattern = _FIRST_SPACE if double else _SINGLE_SPACE
    begin, last = (2, len(written) - 2) if double or written[0] == "'" else (0, len(written))
    parts, done = [], 0
    while (match := pattern.search(written, max(begin, done + _WIDTH + 1 - column))) and match.start() < last:
        parts.append(written[done : match.start()])
        done, column = match.end(), indent
        parts.append("\n" + " " * indent)
        if written[done] == " ":  # only between double quotes
            parts.append("\\")
            column += 1
    return "".join((*parts, written[done:]))


def inline(text: str) -> str:
    """A string without line breaks."""
    # The same names and words come again and again; long texts do not, and would fill the cache.
    return _short(text) if len(text) <= _CACHED_LENGTH else _inline(text)


def _inline(text: str) -> str:
    if _SAFE.fullmatch(text):
        return f'"{text}"' if text in _WORDS else text
    if not text or text in _WORDS or _is_number(text):
        return double_quoted(text)
    if _NOT_PRINTABLE.search(text):
        return double_quoted(text)
    if text[0] == " " or text[-1] == " " or _INDICATOR.match(text):
        return "'" + text.replace("'", "''") + "'"
    return text


_short = functools.lru_cache(maxsize=16384)(_inline)


def double_quoted(text: str) -> str:
    """The string with escapes."""
    # go-yaml asks at every character whether the string begins with a byte order mark: then all are escaped.
    pattern = _EVERYTHING if text.startswith("\ufeff") else _ESCAPED
    return '"' + pattern.sub(_escape, text) + '"'


_EVERYTHING = re.compile(".", re.S)


def _escape(match: re.Match[str]) -> str:
    char = match[0]
    code = ord(char)
    if char in _ESCAPES:
        return _ESCAPES[char]
    return f"\\x{code:02X}" if code <= 0xFF else f"\\u{code:04X}" if code <= 0xFFFF else f"\\U{code:08X}"


def _block_allowed(text: str) -> bool:
    return not (text.endswith(" ") or _SPACE_BREAK.search(text) or _NOT_PRINTABLE.search(text))


def _block(text: str, indent: int) -> str:
    hint = "2" if text[0] in " \n\u2028\u2029" else ""
    if text[-1] not in _BREAK:
        hint += "-"
    elif len(text) == 1 or text[-2] in _BREAK:
        hint += "+"
    end = NO_LINE_END if text[-1] in "\u2028\u2029" else ""
    return f"|{hint}\n{_indented(text, indent)}{end}"


def _indented(text: str, indent: int) -> str:
    """The lines, each one with something in it at `indent`; without the last line's end."""
    pad = " " * indent
    body = "".join(part if part in _BREAK or not part else pad + part for part in _LINES.split(text))
    return body.removesuffix("\n")


def _with_separators(text: str, indent: int, column: int) -> str:
    """Text with U+2028 or U+2029 and no line feed: they are breaks to go-yaml, but printable ones."""
    if _is_number(text) or _NOT_PRINTABLE.search(text) or _SPACE_BREAK.search(text) or _BREAK_SPACE.search(text):
        return fold(double_quoted(text), indent, column)
    first, *rest = _LINES.split(text.replace("'", "''"))
    pad = " " * indent
    return "'" + first + "".join(part if part in _BREAK or not part else pad + part for part in rest) + "'"


def _is_number(text: str) -> bool:
    """Whether YAML 1.1 would read a number, a time or a base 60 float."""
    first = text[0]
    if first == ".":
        return _FLOAT_DOT.fullmatch(text) is not None and _finite(text)
    if first not in "+-0123456789":
        return False
    if _TIMESTAMP.fullmatch(text) and _is_time(text):
        return True
    plain = text.replace("_", "")
    if _BASE60.fullmatch(text) or _is_int(plain) or _BINARY.fullmatch(plain):
        return True
    return _FLOAT.fullmatch(plain) is not None and _finite(plain)


def _finite(text: str) -> bool:
    return abs(float(text)) != float("inf")


def _is_int(text: str) -> bool:
    match = _INT.fullmatch(text)
    if match is None:
        return False
    sign, hexadecimal, binary, octal, decimal = match.groups()
    digits, base = (
        (hexadecimal, 16) if hexadecimal else (binary, 2) if binary else (octal, 8) if octal else (decimal, 10)
    )
    if len(digits) > 64:
        return False
    value = int(digits, base)
    return value < 1 << 63 or (sign == "-" and value == 1 << 63) or (not sign and value < 1 << 64)


def _is_time(text: str) -> bool:
    match = _TIMESTAMP.fullmatch(text)
    if match is None:
        return False
    year, month, day, *rest = (int(part) if part else 0 for part in match.groups())
    if not 1 <= month <= 12 or not 1 <= day <= _days_in(year, month):
        return False
    hour, minute, second, zone_hours, zone_minutes = (
        *(a or b for a, b in zip(rest[:3], rest[5:], strict=True)),
        *rest[3:5],
    )
    return hour < 24 and minute < 60 and second < 60 and zone_hours <= 24 and zone_minutes <= 60


def _days_in(year: int, month: int) -> int:
    return calendar.monthrange(year or 4, month)[1]
