"""Outside data as text for a terminal: what could move the cursor, hide or reorder text is spelt out."""

from __future__ import annotations

import json
from typing import Any

import click


def terminal_text(text: object) -> str:
    """The text on one line, with each character that a terminal would act on as its escape: \\x1b, \\x9b, \\u202e, \\n.

    For keys, names and messages that others chose. Bytes of an argument that are not UTF-8 are shown as \\xNN.
    """
    shown = str(text)
    return shown if shown.isprintable() else "".join(c if c.isprintable() else _spelt(c) for c in shown)


def say(text: str, *, err: bool = False) -> None:
    """Print a text that has lines of its own; each of them is made safe."""
    click.echo("\n".join(map(terminal_text, text.split("\n"))), err=err)


def json_text(value: Any, indent: int | None = None) -> str:
    """The value as JSON that is safe to print: the same value to a program, with escapes for what is not printable."""
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    return "".join(c if c.isprintable() or c == "\n" else json.dumps(c)[1:-1] for c in text)


def argument_bytes(text: str) -> bytes:
    """An argument as the bytes that it was given as, UTF-8 or not."""
    return text.encode("utf-8", "surrogateescape")


def is_text(text: str) -> bool:
    """Whether an argument was given as UTF-8."""
    return not any("\ud800" <= c <= "\udfff" for c in text)


def _spelt(character: str) -> str:
    if "\udc80" <= character <= "\udcff":  # a byte of an argument, as Python keeps it
        return f"\\x{ord(character) - 0xDC00:02x}"
    return character.encode("unicode_escape").decode("ascii")
