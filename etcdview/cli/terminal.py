"""Outside data as text for a terminal. See kube/visible for single texts."""

from __future__ import annotations

import json
from typing import Any

import click

from etcdview.pages.parts.texts import visible


def say(text: str, *, err: bool = False) -> None:
    """Print a text that has lines of its own; each of them is made safe."""
    click.echo("\n".join(map(visible, text.split("\n"))), err=err)


def remark(sentence: str) -> None:
    """Print a sentence beside the answer, on standard error."""
    click.echo(f"etcdview: {sentence}", err=True)


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
