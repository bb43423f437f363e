"""The users file as text: TOML where its name ends in .toml, else JSON."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def parse(path: Path, text: str) -> Any:
    """What the text says. JSON in a .toml file is read too: etcdview once wrote it so. Raises ValueError."""
    if path.suffix != ".toml" or text.lstrip().startswith("{"):
        return json.loads(text)
    return tomllib.loads(text)


def render(path: Path, raw: dict[str, Any]) -> str:
    """The text for what `users.to_raw` gives."""
    if path.suffix != ".toml":
        return json.dumps(raw, indent=1) + "\n"
    return "\n".join(_lines(raw)) + "\n"


def form_of(path: Path) -> str:
    """TOML or JSON."""
    return "TOML" if path.suffix == ".toml" else "JSON"


def _lines(raw: dict[str, Any]) -> Iterator[str]:
    if not raw["users"]:
        yield "users = []"
    for user in raw["users"]:
        yield "[[users]]"
        yield from _pairs(user)
        for token in user["tokens"]:
            yield "[[users.tokens]]"
            yield from _pairs(token)
        yield ""


def _pairs(table: dict[str, Any]) -> Iterator[str]:
    """Texts and lists of texts; what is None has no line."""
    for name, value in table.items():
        if name != "tokens" and value is not None:
            yield f"{name} = {_value(value)}"


def _value(value: str | list[str]) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    # JSON's strings are TOML's, but for DEL, and for what is outside of the first plane if it is escaped
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
