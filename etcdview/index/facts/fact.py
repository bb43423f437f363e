"""What is kept of one value, and how it is taken from the stored bytes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from etcdview.codec import Codec, Outline
from etcdview.kube.identity import agrees
from etcdview.kube.keys import KeySpace, ObjectKey
from etcdview.kube.redaction import is_sensitive
from etcdview.kube.resources import BUILTIN, current_group
from etcdview.models import KeyValue
from etcdview.relations.model import Health, Object, Reference
from etcdview.relations.needed import NEEDING, Need, needed
from etcdview.relations.states import HEALTH_KINDS, state_of

_KEPT_STATES = 2_000  # of objects that are alike in what decides it, at a kilobyte or two each
WORD_LENGTH = 120  # what is kept of the words for a state: a condition's message may be a page long
_BY_KIND = {(r.group, r.kind): r for r in BUILTIN}
STATES: tuple[Health, ...] = ("unknown", "healthy", "unhealthy")


class Needed(NamedTuple):
    """An object that another cannot do without: its key, and its UID where it says which one of that name it means."""

    need: Need
    key: bytes
    uid: str


class Fact(NamedTuple):
    """One key with what its value says in outline. `state` is one of STATES, `word` what a table says of it.

    `resource` is the storage prefix of its type, "" for an unrecognised key; `misnamed`: it calls itself otherwise
    than its key. `error` says why it cannot be decoded, without quoting what must not be seen.
    """

    kv: KeyValue
    resource: str
    namespace: str
    outline: Outline
    state: Health = "unknown"
    word: str = ""
    node: str = ""
    misnamed: bool = False
    error: str = ""
    needed: tuple[Needed, ...] = ()


class Extractor:
    """Takes facts from values, by one thread. `now` is the moment for states.

    No state depends on the moment, so objects that are alike in what decides it are judged once.
    """

    def __init__(self, codec: Codec, keyspace: KeySpace, now: Callable[[], datetime]) -> None:
        self._codec = codec
        self._keyspace = keyspace
        self._now = now
        self._judged: dict[int, tuple[Object, Health, str]] = {}  # by id of what decides a state, which stays alive

    def fact(self, kv: KeyValue) -> Fact:
        """The facts of one value. Never raises for what is stored."""
        object_key = self._keyspace.object_key(kv.key)
        outline = self._codec.outline(kv.key, kv.value, _has_state)
        resource, namespace = (object_key.resource.prefix, object_key.namespace) if object_key else ("", "")
        state, word = self._state(outline)
        error = _error(object_key, outline) if outline.error else ""
        named_otherwise = not error and _named_otherwise(object_key, outline)
        needs = self._needed(kv) if resource in NEEDING and not outline.error else ()
        return Fact(kv, resource, namespace, outline, state, word, outline.node, named_otherwise, error, needs)

    def _needed(self, kv: KeyValue) -> tuple[Needed, ...]:
        obj = self._codec.decode(kv.key, kv.value).object
        found = needed(obj) if obj is not None else ()
        return tuple(one for need, reference in found if (one := self._place_of(need, reference)))

    def _place_of(self, need: Need, reference: Reference) -> Needed | None:
        """Where the object stands; None for one of a type that may be stored anywhere, or nowhere."""
        ref = reference.ref
        resource = _BY_KIND.get((ref.group, ref.kind))
        if resource is None:
            return None
        return Needed(need, self._keyspace.key(resource, _utf8(ref.namespace), _utf8(ref.name)), reference.uid)

    def _state(self, outline: Outline) -> tuple[Health, str]:
        body = outline.body
        if body is None:
            return "unknown", ""
        if not outline.shared:
            return self._judge(body)
        known = self._judged.get(id(body))
        if known is None:
            if len(self._judged) >= _KEPT_STATES:
                self._judged.clear()
            known = self._judged[id(body)] = (body, *self._judge(body))
        return known[1:]

    def _judge(self, body: Object) -> tuple[Health, str]:
        found = state_of(body, self._now())
        return found.health, found.text[:WORD_LENGTH]


def _utf8(text: str) -> str:
    """The text with what UTF-8 has no bytes for replaced: JSON may hold half a character."""
    return text.encode("utf-8", "replace").decode()


def _has_state(api_version: str, kind: str) -> bool:
    return (current_group(api_version, kind), kind) in HEALTH_KINDS


def _error(object_key: ObjectKey | None, outline: Outline) -> str:
    """Why it cannot be decoded; of a Secret no more than that, save that a key is missing: it could quote the value."""
    resource = object_key.resource if object_key else None
    if outline.error and not outline.locked and is_sensitive(resource, outline.storage.kind):
        return "This value cannot be decoded. It is stored among Secrets, so none of it is shown."
    return outline.error


def _named_otherwise(object_key: ObjectKey | None, outline: Outline) -> bool:
    return object_key is not None and not agrees(object_key, outline.storage.kind, outline.namespace, outline.name)
