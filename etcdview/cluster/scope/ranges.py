"""A scope as ranges of keys, so that keys outside it are never read.

A range may still hold an unrecognised key: the reader of a range keeps only the keys that `has` permits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial

from etcdview.access.patterns import NamespacePattern
from etcdview.access.roles import Scope
from etcdview.errors import DeniedError
from etcdview.index.lister import KeyRange, keys_under
from etcdview.kube.keys import KeySpace
from etcdview.kube.resources import BUILTIN, ResourceType

_FILLERS = (b"", b"x", b"/x", b"/x/x", b"x/x")


class PermittedRanges:
    """The ranges of keys that a scope permits. `types` gives the resource types of the registry, custom ones too."""

    def __init__(self, scope: Scope, keyspace: KeySpace, types: Callable[[], Iterable[ResourceType]]) -> None:
        self.scope = scope
        self.keyspace = keyspace
        self._types = types

    def has(self, key: bytes) -> bool:
        """Whether the key may be seen."""
        return self.scope.has(self.keyspace.object_key(key))

    def check(self, key: bytes) -> None:
        """Raises DeniedError for a key that may not be seen, whether it exists or not."""
        if not self.has(key):
            raise denied()

    def within(self, start: bytes, end: bytes) -> tuple[KeyRange, ...]:
        """What is permitted of [start, end), in order, no two of them overlapping; `end` as in Store.range."""
        requested = KeyRange(start, end)
        one = self._type_of(requested)
        types = self._all_types() if one is None else (one,)
        found = {
            part
            for resource in types
            for key_range in self._of_type(resource)
            if (part := _overlap(key_range, requested))
        }
        return tuple(_merged(sorted(found, key=lambda key_range: key_range.start)))

    def checked(self, start: bytes, end: bytes) -> tuple[KeyRange, ...]:
        """As `within`; raises DeniedError where nothing is left."""
        found = self.within(start, end)
        if not found:
            raise denied()
        return found

    def _all_types(self) -> Iterable[ResourceType]:
        return {resource.prefix: resource for resource in (*BUILTIN, *self._types())}.values()

    def _type_of(self, key_range: KeyRange) -> ResourceType | None:
        """The one type whose keys make up the range; None where it may hold several."""
        for filler in _FILLERS:
            object_key = self.keyspace.object_key(key_range.start.rstrip(b"\0") + filler)
            if (
                object_key is not None
                and _overlap(keys_under(self.keyspace.range_prefix(object_key.resource)), key_range) == key_range
            ):
                return self._as_held(object_key.resource)
        return None

    def _as_held(self, resource: ResourceType) -> ResourceType:
        """The type as the registry has it: a partly spelt range does not show whether a custom type has namespaces."""
        if resource.builtin:
            return resource
        return next((held for held in self._types() if held.prefix == resource.prefix), resource)

    def _of_type(self, resource: ResourceType) -> Iterator[KeyRange]:
        if not self.scope.has_type(resource):
            return
        prefix = self.keyspace.range_prefix(resource)
        ranges = partial(_of_patterns, prefix, resource)
        yield from _without(ranges(self.scope.by_namespace.taken), ranges(self.scope.by_namespace.out))


def denied() -> DeniedError:
    """The error for keys outside the scope. It is the same for keys that exist and keys that do not."""
    return DeniedError("Your role does not cover these keys.", "Ask etcdview's administrator for access.")


def _of_patterns(prefix: bytes, resource: ResourceType, patterns: Iterable[NamespacePattern]) -> list[KeyRange]:
    found = (_of_pattern(prefix, resource, pattern) for pattern in patterns)
    return [part for part in found if part is not None]


def _of_pattern(prefix: bytes, resource: ResourceType, pattern: NamespacePattern) -> KeyRange | None:
    """The keys of the type that a pattern means; a Namespace lies in the namespace of its name."""
    is_key = resource.prefix == "namespaces"
    inside = resource.namespaced or is_key
    if pattern.kind == "all" or (pattern.kind == "none" and not inside):
        return keys_under(prefix)
    if pattern.kind == "none" or not inside:
        return None
    key = prefix + pattern.text.encode()
    if pattern.kind == "beginning":
        return keys_under(key)
    return KeyRange(key, key + b"\0") if is_key else keys_under(key + b"/")


def _without(ranges: list[KeyRange], out: Iterable[KeyRange]) -> list[KeyRange]:
    """The ranges without what lies in one of `out`. Each range in `out` has an end."""
    for gone in out:
        sides = (KeyRange(b"", gone.start), KeyRange(gone.end, b"\0"))
        ranges = [part for each in ranges for side in sides if (part := _overlap(each, side))]
    return ranges


def _overlap(one: KeyRange, other: KeyRange) -> KeyRange | None:
    start = max(one.start, other.start)
    ends = [key_range.end for key_range in (one, other) if key_range.end != b"\0"]
    end = min(ends) if ends else b"\0"
    return KeyRange(start, end) if end == b"\0" or start < end else None


def _merged(ranges: Iterable[KeyRange]) -> Iterator[KeyRange]:
    """The ranges, merged where they touch or overlap. They come sorted by start."""
    last: KeyRange | None = None
    for key_range in ranges:
        if last is not None and (last.end == b"\0" or key_range.start <= last.end):
            last = KeyRange(last.start, b"\0" if b"\0" in (last.end, key_range.end) else max(last.end, key_range.end))
            continue
        if last is not None:
            yield last
        last = key_range
    if last is not None:
        yield last
