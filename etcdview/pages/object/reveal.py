"""One field of a Secret in the clear, for a viewer who may: the only way past the mask, and nothing is kept of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from etcdview.cluster.window import Entry, Window
from etcdview.errors import ConflictError, NotFoundError, QueryError
from etcdview.kube.keys import show, to_form
from etcdview.kube.redaction import SECRET_FIELDS, raw_value
from etcdview.pages.object.entry import crumbs_of, is_secret, title_of, why_undecodable
from etcdview.pages.parts.addresses import Crumb, key_href, object_href

SHOWN_SECONDS = 60
SHOWN_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class SecretField:
    """One field, masked: `path` names it, such as data.password."""

    path: str
    mask: str


@dataclass(frozen=True, slots=True)
class Revealed:
    """One field in the clear: as text where it is UTF-8, else in hexadecimal. `cut_bytes` are not shown."""

    path: str
    text: str
    is_text: bool
    size_bytes: int
    cut_bytes: int


@dataclass(frozen=True, slots=True)
class RevealPage:
    """The fields of one Secret at one revision, one of them perhaps `revealed`."""

    crumbs: tuple[Crumb, ...]
    key: str
    key_name: str
    key_text: str
    title: str
    href: str
    object_href: str
    mod_revision: int
    fields: tuple[SecretField, ...]
    shown_seconds: int = SHOWN_SECONDS
    revealed: Revealed | None = None


def reveal_page(window: Window, key: bytes) -> RevealPage:
    """The fields, all masked.

    Raises DeniedError for a viewer who may not reveal, QueryError for what is not a Secret.
    """
    window.viewer.check("reveal")
    entry = _secret(window, key)
    name, text = to_form(key)
    return RevealPage(
        crumbs=crumbs_of(entry, "reveal"),
        key=show(key),
        key_name=name,
        key_text=text,
        title=title_of(entry),
        href=key_href("/reveal", key),
        object_href=object_href(key),
        mod_revision=entry.meta.mod_revision,
        fields=tuple(SecretField(path, mask) for path, mask in _leaves(entry.object or {}).items()),
    )


def reveal(window: Window, key: bytes, path: str, revision: int) -> Revealed:
    """The field in the clear, of the value that was last written at `revision`.

    Raises as reveal_page; ConflictError where it was written again since, NotFoundError for no such field.
    """
    obj, written_at = window.unmasked(key)
    if written_at != revision:
        raise ConflictError("This Secret has changed since the page was made.", "Open its fields again.")
    value = _leaves(obj).get(path)
    if value is None:
        raise NotFoundError(f"This Secret has no field {path[:100]!r}.")
    raw = raw_value(value)
    shown = raw[:SHOWN_BYTES]
    text = _as_text(shown)
    return Revealed(
        path=path,
        text=shown.hex(" ") if text is None else text,
        is_text=text is not None,
        size_bytes=len(raw),
        cut_bytes=len(raw) - len(shown),
    )


def _secret(window: Window, key: bytes) -> Entry:
    entry = window.get(key).entry
    if entry is None:
        raise NotFoundError(f"Key '{show(key)}' does not exist.")
    if not is_secret(entry):
        raise QueryError("This is not a Secret: only fields of Secrets can be revealed.", "Read it with kubectl.")
    if entry.object is None:
        raise why_undecodable(entry)
    return entry


def _leaves(obj: Mapping[str, object]) -> dict[str, str]:
    maps = {field: obj.get(field) for field in SECRET_FIELDS}
    return {
        f"{field}.{name}": str(value)
        for field, entries in maps.items()
        if isinstance(entries, Mapping)
        for name, value in entries.items()
    }


def _as_text(raw: bytes) -> str | None:
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return text if all(c.isprintable() or c in "\n\r\t" for c in text) else None
