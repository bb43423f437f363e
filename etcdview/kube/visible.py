"""Text that others chose, made safe to show: nothing in it moves a cursor, hides, reorders or ends a line.

`visible` is for values and messages, `unmistakable` for what identifies (keys, names): there two texts that differ
look different. What is piped as data (jsonpath, name, raw bytes) goes through neither.
"""

from __future__ import annotations

import re
import unicodedata

# Printable by Unicode's categories, yet drawn as nothing (Default_Ignorable_Code_Point), or as blank.
_INVISIBLE = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\uffa0]")
_SELECTORS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")  # another shape of the character before: in emoji
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
# Spaces that a page or a terminal's edge would swallow: at an end, or behind another one.
_LOST_SPACE = re.compile(r"^ | $|(?<= ) ")


def visible(text: str) -> str:
    """The text on one line, each character that is not printable as its escape: \\x1b, \\u202e, \\n.

    A byte that is not UTF-8, as Python keeps it in a text (surrogateescape), becomes \\xNN.
    """
    if text.isprintable() and (text.isascii() or not _INVISIBLE.search(text)):
        return text
    return "".join([c if _is_shown(c) else _spelt(c, 0x100) for c in text])


def visible_lines(text: str) -> str:
    """As `visible`, for a text of several lines: line feeds and tabs stay."""
    return "\n".join(["\t".join(map(visible, line.split("\t"))) for line in text.split("\n")])


def unmistakable(text: str) -> str:
    """As `visible`, and never the same for two texts: a backslash of the text is doubled.

    Spelt out are also spaces that would be lost, and letters of a text that Unicode would compose to others that look
    the same. A character above ASCII is \\uNNNN, so that \\xNN is always a byte that is not UTF-8.
    """
    if text.isascii() and text.isprintable() and "\\" not in text and " " not in text:
        return text
    composed = unicodedata.is_normalized("NFC", text)
    shown = "".join([_identified(c, composed) for c in text])
    return _LOST_SPACE.sub(r"\\x20", shown)


def _identified(character: str, composed: bool) -> str:
    if character == "\\":
        return "\\\\"
    kept = character.isascii() or (composed and not _SELECTORS.match(character))
    return character if kept and _is_shown(character) else _spelt(character, 0x80)


def _is_shown(character: str) -> bool:
    return character.isprintable() and not _INVISIBLE.match(character)


def _spelt(character: str, bytes_end: int) -> str:
    number = ord(character)
    if 0xDC80 <= number <= 0xDCFF:  # a byte that is not UTF-8
        return f"\\x{number - 0xDC00:02x}"
    if number < bytes_end:
        return _SHORT.get(character) or f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"
