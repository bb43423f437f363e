"""The editor for one key, and the draft that its text makes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

from etcdview.cluster.window import Window
from etcdview.codec import StorageFormat, to_json, to_yaml
from etcdview.errors import ConflictError, EtcdviewError, NotFoundError, QueryError
from etcdview.kube.fields import MANAGED_FIELDS, managers, without_managed_fields
from etcdview.kube.keys import show, to_form
from etcdview.kube.redaction import is_sensitive
from etcdview.models import KeyValue
from etcdview.pages.edit.conflict import Conflict, Typed, both_changes, conflict_of, shown_object
from etcdview.pages.edit.restore import restoring
from etcdview.pages.edit.writing import Writing, crumbs_to, name_of
from etcdview.pages.parts.addresses import Crumb, key_href
from etcdview.pages.parts.writable import InputProblem
from etcdview.writes.drafts import Draft, Drafter
from etcdview.writes.encodings import FORMATS, new_form
from etcdview.writes.manifests import FORMS, read_manifest

How = Literal["update", "create", "put", "restore"]
HOWS: tuple[How, ...] = get_args(How)


@dataclass(frozen=True, slots=True)
class EditQuery:
    """What a form asks for. `how`: update what is there, create what is not, put whichever it is, or restore: put back
    the value of revision `at`.

    `revision` is the key's mod_revision when the text was made, 0 for none; `form` the language of `text`;
    `format` how a new value is stored, "" for as the API server would. `typed` confirms.
    """

    key: bytes
    how: How = "update"
    form: str = "yaml"
    text: str = ""
    revision: int = 0
    format: str = ""
    typed: str = ""
    managed: bool = False
    at: int = 0


@dataclass(frozen=True, slots=True)
class EditPage:
    """The editor. `storage` is how the value is stored, None for a new key.

    `fields` travel with the form. `managers`: how many managed fields are left out, and stay as they are. `typed`:
    the text is not what is stored but a draft, which would be lost with the page. `conflict`: the key has changed.
    """

    crumbs: tuple[Crumb, ...]
    query: EditQuery
    title: str
    key: str
    fields: tuple[tuple[str, str], ...]
    text: str
    storage: StorageFormat | None
    hidden: bool
    managers: int
    other_form: str
    has_managed: bool
    delete_href: str
    formats: tuple[str, ...] = FORMATS
    problem: InputProblem | None = None
    typed: bool = False
    conflict: Conflict | None = None


def edit_page(window: Window, query: EditQuery) -> EditPage:
    """The editor with what is there now. Raises what Writing raises, and EncodeError for what cannot be edited."""
    writing = Writing(window)
    if query.how != "update":
        return _editor(window, query, query.text, None)
    before = writing.existing(query.key)
    text = _text(shown_object(window, before, managed=query.managed), query.form)
    return _editor(window, replace(query, revision=before.mod_revision), text, before)


def retry_page(window: Window, query: EditQuery, error: EtcdviewError | None) -> EditPage:
    """The editor with the text as it was typed, and what is wrong with it."""
    writing = Writing(window)
    before = writing.current(query.key) if query.key and query.how == "update" else None
    page = replace(_editor(window, query, query.text, before), problem=InputProblem.of(error), typed=True)
    if before is None or not isinstance(error, ConflictError) or query.revision in (0, before.mod_revision):
        return page
    return replace(page, conflict=conflict_of(window, writing, _typed(query), before))


def converted_page(window: Window, query: EditQuery, to: str) -> EditPage:
    """The editor with the draft turned `to` yaml or json, to have its managed fields or not, or merged: put on what is
    there now.

    Raises EncodeError for a text that is not an object in the language that it was typed in.
    """
    writing = Writing(window)
    before = writing.current(query.key) if query.key and query.how == "update" else None
    if to == "merged" and before is not None:
        text = _text(both_changes(window, writing, _typed(query), before), query.form)
        return replace(_editor(window, replace(query, revision=before.mod_revision), text, before), typed=True)
    wanted = replace(query, form=to) if to in FORMS else replace(query, managed=to == "managed")
    if not query.text.strip():
        return _editor(window, wanted, "", before)
    draft = read_manifest(query.text, query.form)
    if to not in FORMS:
        stored = window.cluster.codec.decode(before.key, before.value).object if before else None
        draft = _with_managers(draft, managers(stored) if wanted.managed else [])
    return replace(_editor(window, wanted, _text(draft, wanted.form), before), typed=True)


def _with_managers(draft: dict[str, Any], stored: list[Any]) -> dict[str, Any]:
    plain = without_managed_fields(draft)
    metadata = plain.get("metadata")
    if not stored or not isinstance(metadata, dict):
        return plain
    return plain | {"metadata": metadata | {MANAGED_FIELDS: stored}}


def draft_of(window: Window, writing: Writing, query: EditQuery, *, seen: bool = False) -> Draft:
    """The change against what is there now, which must be what the text was made from.

    `seen`: the change was shown before, so that revision 0 means that the key did not exist then.
    Raises UsageError, ConflictError, NotFoundError or DecodeError with what is wrong with it.
    """
    _check_key(window, query)
    before = writing.current(query.key)
    _check_before(query, before, seen=seen)
    if query.how == "restore":
        return restoring(window, writing, query.key, query.at, before)
    object_key = window.keyspace.object_key(query.key)
    storage = None
    if query.how != "update":
        storage = new_form(window.cluster.codec, object_key, read_manifest(query.text, query.form), query.format)
        object_key = (
            replace(object_key, resource=window.definitions.resolve(object_key.resource)) if object_key else None
        )
    return _drafter(window).draft(query.key, object_key, before, query.text, query.form, storage)


def fields_of(query: EditQuery, *, text: bool) -> tuple[tuple[str, str], ...]:
    """What travels with a form beside what is typed into it; with `text`, that too."""
    fields = [("form", query.form), ("revision", str(query.revision))]
    if query.managed:
        fields.append(("managed", "1"))
    if query.how == "update" or text:
        fields += [to_form(query.key), ("how", query.how)]
    if text:
        fields += [("format", query.format), ("at", str(query.at))]
    return tuple(fields)


def _check_key(window: Window, query: EditQuery) -> None:
    if query.how not in HOWS:
        raise QueryError(f"Unknown way to write: {str(query.how)[:20]!r}.", f"Choose {', '.join(HOWS)}.")
    if not query.key:
        raise QueryError("No key is given.", "Give the full path, such as /registry/configmaps/NAMESPACE/NAME.")
    if query.how in ("update", "restore"):
        return
    if query.key.endswith(b"/"):
        raise QueryError(
            "A key that ends with / would be a directory, and etcd v3 has none.",
            "Create the keys themselves. A marker for a directory would be a value that the API server cannot read.",
        )
    if window.keyspace.holds(query.key) and window.keyspace.object_key(query.key) is None:
        raise QueryError(
            f"No resource type has keys like '{show(query.key)}'.",
            "Below the registry a key is PREFIX/RESOURCE/NAMESPACE/NAME, with the group before custom resources.",
        )


def _check_before(query: EditQuery, before: KeyValue | None, *, seen: bool) -> None:
    name, revision = show(query.key), before.mod_revision if before else 0
    if query.how == "update" and before is None:
        raise NotFoundError(f"Key {name!r} no longer exists.", "Create it again if you need it.")
    if query.how == "create" and before is not None:
        raise ConflictError(f"Key {name} already exists.", "Edit it, or choose to replace it (put).")
    if (query.revision or seen) and query.revision != revision:
        raise ConflictError(
            f"{name} has changed: it is at revision {revision} now, but you edited revision {query.revision}.",
            "Start again from the current value.",
        )


def _typed(query: EditQuery) -> Typed:
    return Typed(query.text, query.form, query.managed, query.revision)


def _drafter(window: Window) -> Drafter:
    return Drafter(window.cluster.codec, window.cluster.redactor)


def _editor(window: Window, query: EditQuery, text: str, before: KeyValue | None) -> EditPage:
    key = query.key
    decoded = window.cluster.codec.decode(before.key, before.value) if before else None
    object_key = window.keyspace.object_key(key)
    other = "json" if query.form == "yaml" else "yaml"
    return EditPage(
        crumbs=crumbs_to(window, key, "edit") if before else (Crumb("Maintenance", "/maintenance"), Crumb("new key")),
        query=query,
        title=name_of(window, key) if before else "Create a key",
        key=show(key),
        fields=fields_of(query, text=False),
        text=text,
        storage=decoded.storage if decoded else None,
        hidden=is_sensitive(object_key.resource if object_key else None, decoded.storage.kind if decoded else ""),
        managers=len(managers(decoded.object)) if decoded and decoded.object and not query.managed else 0,
        other_form=other,
        has_managed=before is not None,
        delete_href=key_href("/delete", key) if before else "",
    )


def _text(obj: dict[str, Any], form: str) -> str:
    if form not in FORMS:
        raise QueryError(f"Unknown format {form[:20]!r}.", f"Choose {' or '.join(FORMS)}.")
    return to_yaml(obj) if form == "yaml" else to_json(obj)
