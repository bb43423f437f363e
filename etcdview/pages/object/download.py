"""One key's value as a file for the viewer."""

from __future__ import annotations

from dataclasses import dataclass

from etcdview.cluster.window import Window
from etcdview.codec import to_json, to_yaml
from etcdview.errors import DeniedError, QueryError
from etcdview.pages.object.entry import read_entry, title_of, why_undecodable


@dataclass(frozen=True, slots=True)
class Download:
    """A file for the viewer: its name, media type and bytes."""

    name: str
    media_type: str
    content: bytes


def download(window: Window, key: bytes, form: str, revision: int = 0) -> Download:
    """The object as a file: yaml, json, or raw (the stored bytes).

    Raises what read_entry raises, DeniedError for raw bytes of a Secret, DecodeError, QueryError for another form.
    """
    if form not in ("yaml", "json", "raw"):
        raise QueryError(f"Unknown format {form[:20]!r}.", "Choose yaml, json or raw.")
    entry = read_entry(window, key, revision).entry
    name = "".join(c if c.isalnum() or c in "-._" else "_" for c in title_of(entry))[-100:] or "value"
    if form == "raw":
        if entry.hidden:
            raise DeniedError("The stored bytes of a Secret cannot be downloaded.", "Its YAML and JSON show it masked.")
        return Download(f"{name}.bin", "application/octet-stream", entry.value)
    if entry.object is None:
        raise why_undecodable(entry)
    text = to_yaml(entry.object) if form == "yaml" else to_json(entry.object)
    return Download(f"{name}.{form}", f"application/{form}", text.encode())
