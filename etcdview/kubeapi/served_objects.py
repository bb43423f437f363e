"""One stored object as the API server would answer it, or why it cannot be told."""

from __future__ import annotations

import base64
from typing import Any

from etcdview.cluster.window import Entry, Window
from etcdview.codec import schema
from etcdview.errors import DecodeError
from etcdview.kube.crds import versions
from etcdview.kube.fields import Labelled, text
from etcdview.kube.keys import show
from etcdview.kube.redaction import SECRET_FIELDS
from etcdview.kubeapi.events import to_events_v1
from etcdview.kubeapi.served_types import EVENTS_GROUP, ServedType, is_exact
from etcdview.models import KeyValue

INEXACT = "etcdview/inexact"
MASKED = "etcdview/masked"


def why_left_out(served: ServedType, entry: Entry) -> str:
    """Why the object cannot be answered, with its key; "" where it can."""
    if entry.object_key is None:
        return f"{show(entry.key)} is left out: its key does not name an object"
    if entry.object is None:
        error = entry.error or DecodeError("This value cannot be decoded.")
        return f"{show(entry.key)} is left out: {error.what}"
    kind = entry.object.get("kind", served.kind)
    if kind != served.kind and served.kind:
        return f"{show(entry.key)} is left out: it holds {str(kind)[:100]!r}"
    if not isinstance(entry.object.get("metadata"), dict):
        return f"{show(entry.key)} is left out: it has no metadata"
    return ""


def served_object(window: Window, served: ServedType, entry: Entry, *, in_place: bool = True) -> dict[str, Any]:
    """The object of an entry that `why_left_out` lets through. The entry's own object is changed, where `in_place`."""
    obj = window.cluster.codec.as_served(entry.object or {}, in_place=in_place)
    had = str(obj.get("apiVersion") or served.api_version)
    if served.group == EVENTS_GROUP and had == "v1":
        obj = to_events_v1(obj)
    elif had != served.api_version and not _is_same(window, served, had):
        _annotate(obj, INEXACT, f"stored as {had}, and shown without the API server's conversion")
    if entry.masked:
        _show_masks(obj)
    obj["metadata"] = _in_order(obj["metadata"])
    del_keys = ("kind", "apiVersion")
    return {"kind": served.kind, "apiVersion": served.api_version} | {k: v for k, v in obj.items() if k not in del_keys}


def list_item(window: Window, served: ServedType, entry: Entry) -> dict[str, Any] | bytes:
    """The same as an item of a list, where built-in types do not say their kind; its JSON where that is at hand.

    An entry of which only labels were decoded is decoded as a whole where it has to be. Raises DecodeError.
    """
    if isinstance(entry.object, Labelled):
        written = window.cluster.codec.served_text(entry.value, entry.meta.mod_revision, _as_item)
        if written is not None:
            return written
        entry = _decoded_whole(window, served, entry)
    return _without_type(served_object(window, served, entry))


def _decoded_whole(window: Window, served: ServedType, entry: Entry) -> Entry:
    meta = entry.meta
    kv = KeyValue(meta.key, meta.create_revision, meta.mod_revision, meta.version, meta.lease, entry.value)
    whole = window.entry(kv)
    if why_left_out(served, whole):
        raise whole.error or DecodeError("This value cannot be decoded.")
    return whole


def _as_item(obj: dict[str, Any]) -> dict[str, Any]:
    return _without_type(obj | {"metadata": _in_order(obj["metadata"])})


def _without_type(obj: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in obj.items() if name not in ("kind", "apiVersion")}


def _in_order(metadata: dict[str, Any]) -> dict[str, Any]:
    """The members as the API server writes them: resourceVersion, which is not stored, follows uid."""
    if "resourceVersion" not in metadata or "uid" not in metadata:
        return metadata
    found: dict[str, Any] = {}
    for name, value in metadata.items():
        if name != "resourceVersion":
            found[name] = value
        if name == "uid":
            found["resourceVersion"] = metadata["resourceVersion"]
    return found


def _is_same(window: Window, served: ServedType, had: str) -> bool:
    """Whether an object of the version `had` is one of the served version as it is."""
    if not served.resource.builtin:
        crd = served.definition
        stored = next((v for v in versions(crd) if text(v, "name") == had.rpartition("/")[2]), None)
        return not crd or (stored is not None and is_exact(crd, stored, served.version_entry))
    table = schema(window.cluster.codec.release)
    one, other = table.find(had, served.kind), table.find(served.api_version, served.kind)
    return one is not None and other is not None and table.same(one, other)


def _show_masks(obj: dict[str, Any]) -> None:
    """A Secret's data stays valid: it is the mask's text in base64."""
    _annotate(obj, MASKED, "true")
    for name in SECRET_FIELDS[:1] if obj.get("kind") == "Secret" else ():
        if isinstance(obj.get(name), dict):
            obj[name] = {key: base64.b64encode(str(mask).encode()).decode() for key, mask in obj[name].items()}


def _annotate(obj: dict[str, Any], name: str, value: str) -> None:
    metadata = dict(obj["metadata"])
    annotations = metadata.get("annotations")
    metadata["annotations"] = {**(annotations if isinstance(annotations, dict) else {}), name: value}
    obj["metadata"] = metadata
