"""What every page carries: crumbs, tabs, links by key, and how fresh the names are."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from etcdview.errors import QueryError
from etcdview.kube.keys import as_text, from_query, show, to_query

_AS_IT_IS = re.compile(r"[A-Za-z0-9_.~/:-]*")  # most values; quote() takes several times as long to find that out


@dataclass(frozen=True, slots=True)
class Crumb:
    """One step of the way to a page; the last has no address."""

    text: str
    href: str = ""


def key_text(key: bytes) -> str:
    """The key for programs: as it is where it is UTF-8, else each other byte as \\xNN."""
    return as_text(key)


def read_key(key: str | None, key64: str | None) -> bytes:
    """The key of the parameters `key` or `key64`. Raises QueryError where neither or an invalid one is given."""
    return from_query(key, key64)


def object_href(key: bytes, **params: str | int) -> str:
    """The address of the object page of `key`."""
    return key_href("/object", key, **params)


def key_href(path: str, key: bytes, **params: str | int) -> str:
    """`path` with the key and the other parameters that are not empty as its query."""
    name, text = to_query(key)
    pairs = {name: text} | {k: str(v) for k, v in params.items() if v not in ("", 0)}
    return f"{path}?{_query(pairs)}"


def with_key(address: str, key: bytes) -> str:
    """An address that has a query already, with the key in it."""
    name, text = to_query(key)
    return f"{address}&{_query({name: text})}"


def href(path: str, **params: str | int) -> str:
    """`path` with the parameters that are not empty as its query."""
    pairs = {k: str(v) for k, v in params.items() if v not in ("", 0)}
    return f"{path}?{_query(pairs)}" if pairs else path


def _query(pairs: Mapping[str, str]) -> str:
    return "&".join(
        [f"{name}={text if _AS_IT_IS.fullmatch(text) else quote(text, '/:')}" for name, text in pairs.items()]
    )


def key_crumbs(key: bytes) -> tuple[Crumb, ...]:
    """The way to a key through the tree by slash, the key's own part last, without an address."""
    parts, start = [], 0
    while (slash := key.find(b"/", start + 1)) >= 0 and slash < len(key) - 1:
        name, text = to_query(key[: slash + 1])
        address = href("/registry", **{"prefix" if name == "key" else "prefix64": text})
        parts.append(Crumb(show(key[start : slash + 1]), address))
        start = slash + 1
    return (*parts, Crumb(show(key[start:])))


def cursor_text(after: bytes | None) -> str:
    """The cursor of a page that goes on after a name: opaque to callers, any bytes inside; "" for the first page."""
    return "" if after is None else base64.urlsafe_b64encode(after).rstrip(b"=").decode("ascii")


def cursor_name(cursor: str) -> bytes | None:
    """The name a cursor stands for; None for "". Raises QueryError for what is not a valid cursor."""
    if not cursor:
        return None
    try:
        return base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error) as error:
        raise QueryError(f"{cursor[:40]!r} is not a valid cursor.", "Use the previous cursor, or none.") from error
