"""A value as text: what other programs than Kubernetes store, and what cannot be decoded."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass
from typing import Any, Literal

from etcdview.cluster.window import Entry
from etcdview.kube.words import counted

Language = Literal["json", "yaml", "text"]
TEXT_LIMIT = 256 * 1024  # bytes of a text on a page
# How the first line of YAML that is a mapping or a list begins, behind comments.
_YAML = re.compile(r"""(?:\s*\#[^\n]*\n|\s*\n)*(?:---|[\w"'./-]+:(?:\s|$)|-\s)""")


@dataclass(frozen=True, slots=True)
class PlainText:
    """A text and the language to colour it in. JSON on one line is laid out; `cut_bytes` are not shown."""

    text: str
    language: Language
    cut_bytes: int = 0


def is_foreign(entry: Entry) -> bool:
    """Whether another program than Kubernetes wrote the value: neither its key nor its value belongs to an object."""
    storage = entry.decoded.storage
    return entry.object_key is None and not storage.kind and storage.format in ("unknown", "json", "cbor")


def value_json(entry: Entry) -> dict[str, str]:
    """The value for a program: {"text"} where it is UTF-8, else {"base64"}; of a Secret nothing but its size."""
    if entry.hidden:
        return {"text": f"••• {counted(entry.size_bytes, 'byte')}"}
    try:
        return {"text": entry.value.decode("utf-8")}
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(entry.value).decode("ascii")}


def plain_text(value: bytes) -> PlainText | None:
    """The value as text; None where it is empty, or not UTF-8 text."""
    if not value or b"\0" in value:
        return None
    try:
        text = value.decode("utf-8")
    except UnicodeDecodeError:
        return None
    if len(value) > TEXT_LIMIT:
        shown = value[:TEXT_LIMIT].decode("utf-8", "ignore")
        return PlainText(shown, "text", len(value) - len(shown.encode()))
    if text.lstrip()[:1] in ("{", "[") and _is_json(text):
        return PlainText(text if "\n" in text.strip() else _laid_out(text), "json")
    return PlainText(text, "yaml" if "\n" in text.strip() and _YAML.match(text) else "text")


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _laid_out(text: str) -> str:
    """The JSON over several lines; as it is where that would change a number or lose a field."""
    try:
        parsed = json.loads(text, parse_float=_exact, parse_constant=_exact, object_pairs_hook=_distinct)
        return json.dumps(parsed, indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return text


def _exact(number: str) -> float:
    if repr(float(number)) != number:
        raise ValueError(number)
    return float(number)


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise ValueError("a field twice")
    return fields
