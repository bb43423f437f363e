"""One key's entry for a page, the API or a command: read, or an error that says what became of it."""

from __future__ import annotations

from dataclasses import dataclass

from etcdview.cluster.window import Entry, Window
from etcdview.errors import DecodeError, DeletedError, NotFoundError
from etcdview.kube.keys import show
from etcdview.kube.redaction import is_sensitive
from etcdview.kube.visible import unmistakable
from etcdview.pages.object import past
from etcdview.pages.parts.addresses import Crumb, href, key_crumbs, object_href


@dataclass(frozen=True, slots=True)
class ObjectAnswer:
    """One key at one revision; `serializable` as in Entries."""

    entry: Entry
    revision: int
    serializable: bool = False


def read_entry(window: Window, key: bytes, revision: int = 0) -> ObjectAnswer:
    """The entry under `key`.

    Raises DeletedError (with the revision, where it can be found), NotFoundError, CompactedError,
    FutureRevisionError.
    """
    found = window.get(key, revision)
    entry, at = found.entry, found.revision
    if entry is not None:
        return ObjectAnswer(entry, at, found.serializable)
    deleted_at = past.deletion_before(window, key, at)
    if deleted_at:
        seen = past.seen_deleted(window, key, deleted_at)
        raise DeletedError(
            f"{show(key)} was deleted at revision {deleted_at}{f', {seen}' if seen else ''}.",
            f"Its last value is kept at revision {deleted_at - 1} until etcd compacts it.",
            key=key,
            revision=deleted_at,
        )
    raise NotFoundError(
        f"Key '{show(key)}' does not exist at revision {at}.",
        "Search for a part of its name; a key is the whole path, such as /registry/pods/NAMESPACE/NAME.",
    )


def is_secret(entry: Entry) -> bool:
    """Whether its fields can be revealed: by its place or its kind. Others are masked for what is embedded in them."""
    return is_sensitive(entry.object_key.resource if entry.object_key else None, entry.decoded.storage.kind)


def why_undecodable(entry: Entry) -> DecodeError:
    """Why the entry has no object."""
    return entry.error or DecodeError("This value cannot be decoded.")


def title_of(entry: Entry) -> str:
    """The object's name, or the key where it has none."""
    return unmistakable(entry.object_key.name) if entry.object_key else show(entry.key)


def subtitle_of(entry: Entry) -> str:
    """What kind of object it is, and where."""
    storage, object_key = entry.decoded.storage, entry.object_key
    where = f"in {object_key.namespace}" if object_key and object_key.namespace else ""
    return " · ".join(part for part in (storage.kind, storage.api_version, where) if part)


def crumbs_of(entry: Entry, beyond: str = "") -> tuple[Crumb, ...]:
    """The way to the object page of an entry; to a page `beyond` it, from where the entry's own crumb leads back."""
    last = (Crumb(beyond),) if beyond else ()
    address = object_href(entry.key) if beyond else ""
    object_key = entry.object_key
    if object_key is None:
        *way, own = key_crumbs(entry.key)
        return (Crumb("Registry", "/registry"), *way, Crumb(own.text, address), *last)
    resource = object_key.resource
    crumbs = [Crumb("Registry", "/registry"), Crumb(resource.plural, href("/registry", resource=resource.id))]
    if object_key.namespace:
        crumbs.append(
            Crumb(
                unmistakable(object_key.namespace),
                href("/registry", resource=resource.id, namespace=object_key.namespace),
            )
        )
    return (*crumbs, Crumb(unmistakable(object_key.name), address), *last)
