"""Whether an object belongs under its key, and whether it is stored as it was written. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from etcdview.errors import ConflictError, EncodeError
from etcdview.kube.keys import ObjectKey, show
from etcdview.kube.resources import current_group

_SHOWN = 120


def check_identity(
    obj: Mapping[str, Any], key: bytes, object_key: ObjectKey | None, before: Mapping[str, Any] | None
) -> None:
    """Raises EncodeError where kind, group, name or namespace are not those of the key, or of what is stored there.

    What is stored may differ from its key (a few kinds do); then it must stay as it is.
    """
    if before is not None:
        for path in (("kind",), ("metadata", "name"), ("metadata", "namespace")):
            _check(path, _at(obj, path), _at(before, path), show(key))
        if _at(before, ("apiVersion",)):
            _check_group(obj, _group(before), show(key))
        return
    if object_key is None:
        return
    resource = object_key.resource
    if resource.kind:
        _check(("kind",), _at(obj, ("kind",)), resource.kind, show(key))
    elif not _at(obj, ("kind",)):
        raise EncodeError("The object has no kind.", "It begins with apiVersion and kind.")
    _check_group(obj, resource.group, show(key))
    if resource.served:
        _check(("metadata", "name"), _at(obj, ("metadata", "name")), object_key.name, show(key))
        _check(("metadata", "namespace"), _at(obj, ("metadata", "namespace")), object_key.namespace, show(key))


def check_revision(obj: Mapping[str, Any], mod_revision: int) -> None:
    """Raises ConflictError where the object says that it was made from another revision than the one it replaces."""
    version = _at(obj, ("metadata", "resourceVersion"))
    if version and mod_revision and version != str(mod_revision):
        raise ConflictError(
            f"The text says resourceVersion {version[:_SHOWN]}, but the key is at revision {mod_revision}.",
            "Start from the current object, or leave resourceVersion out.",
        )


def check_same(wanted: Any, stored: Any, *, secret: bool = False) -> None:
    """Raises EncodeError for the first difference between what was written and what it decodes to.

    The values are not told where they are `secret`. Zeros and empty things may come and go: Go writes some of them
    whether given or not, and others never.
    """
    difference = next(_differences(wanted, stored, ""), None)
    if difference is not None:
        path, ours, theirs = difference
        becomes = "" if secret else f": {_text(ours)} would become {_text(theirs)}"
        raise EncodeError(
            f"{path[:_SHOWN] or 'The object'} would be stored in another form{becomes}.",
            "Write it in the stored form.",
        )


def _differences(wanted: Any, stored: Any, path: str) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(wanted, Mapping) and isinstance(stored, Mapping):
        for name in wanted.keys() | stored.keys():
            inner = f"{path}.{name}" if path else name
            if inner == "metadata.resourceVersion":
                continue
            if name not in wanted or name not in stored:
                ours, theirs = wanted.get(name), stored.get(name)
                if not (_is_zero(ours) and _is_zero(theirs)):
                    yield inner, ours, theirs
            else:
                yield from _differences(wanted[name], stored[name], inner)
    elif isinstance(wanted, list) and isinstance(stored, list) and len(wanted) == len(stored):
        for i, (ours, theirs) in enumerate(zip(wanted, stored, strict=True)):
            yield from _differences(ours, theirs, f"{path}[{i}]")
    elif not _same(wanted, stored):
        yield path, wanted, stored


def _same(wanted: Any, stored: Any) -> bool:
    if isinstance(wanted, bool) or isinstance(stored, bool):
        return wanted is stored
    return bool(wanted == stored) or (_is_empty(wanted) and _is_empty(stored))


def _is_empty(value: Any) -> bool:
    return value is None or (isinstance(value, Mapping | list) and not value)


def _is_zero(value: Any) -> bool:
    if isinstance(value, Mapping):
        return all(_is_zero(item) for item in value.values())
    return value is None or value in (False, 0, "") or value == []


def _check(path: tuple[str, ...], found: str, expected: str, key: str) -> None:
    if found != expected:
        name = ".".join(path)
        what = f"{name} is {found[:_SHOWN]!r}" if found else f"{name} is missing"
        rather = f"must be {expected!r}" if expected else "must not be there"
        raise EncodeError(f"{what}; under the key {key[:_SHOWN]} it {rather}.", "Edits cannot rename or move objects.")


def _check_group(obj: Mapping[str, Any], expected: str, key: str) -> None:
    version = _at(obj, ("apiVersion",))
    if not version:
        raise EncodeError("The object has no apiVersion.", "It begins with apiVersion and kind.")
    if _group(obj) != expected:
        raise EncodeError(
            f"apiVersion is {version[:_SHOWN]!r}; under the key {key[:_SHOWN]} its group must be "
            f"{expected or 'the core group (v1)'!r}.",
            "Each API group has its own keys.",
        )


def _group(obj: Mapping[str, Any]) -> str:
    return current_group(_at(obj, ("apiVersion",)), _at(obj, ("kind",)))


def _at(obj: Mapping[str, Any], path: tuple[str, ...]) -> str:
    value: Any = obj
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value if isinstance(value, str) else ""


def _text(value: Any) -> str:
    text = "nothing" if value is None else repr(value)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + " …"
