"""What differs between two decoded objects, field by field. Pure; lists of named things are matched by their names."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from etcdview.kube.fields import MANAGED_FIELDS

Kind = Literal["added", "removed", "changed"]
TEXT_LIMIT = 160
# Members by which Kubernetes tells the items of a list apart (patchMergeKey), the most telling first.
_NAMES = ("name", "type", "uid", "containerPort", "mountPath", "ip", "key", "devicePath", "manager")
# What changes at every write, and says nothing.
_NOISE = (("metadata", "resourceVersion"), ("metadata", MANAGED_FIELDS))


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that differs. `path` is as people write it: status.conditions[Ready].status."""

    kind: Kind
    path: str
    old: str = ""
    new: str = ""


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Difference]:
    """What changed from `old` to `new`, in the order of the fields of `old`; noise is left out."""
    return _between((), old, new)


def _between(path: tuple[str, ...], old: Any, new: Any) -> Iterator[Difference]:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        yield from _mappings(path, old, new)
    elif isinstance(old, list) and isinstance(new, list):
        yield from _mappings(path, _named(old), _named(new))
    elif old != new or type(old) is not type(new):
        yield Difference("changed", _written(path), _text(old), _text(new))


def _mappings(path: tuple[str, ...], old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Difference]:
    for name in dict.fromkeys((*old, *new)):
        inner = (*path, name)
        if inner in _NOISE:
            continue
        if name not in new:
            yield Difference("removed", _written(inner), old=_text(old[name]))
        elif name not in old:
            yield Difference("added", _written(inner), new=_text(new[name]))
        else:
            yield from _between(inner, old[name], new[name])


def _named(items: list[Any]) -> dict[str, Any]:
    """The items by name where all have one of their own, else by position; keys are in brackets, ready to write."""
    for member in _NAMES:
        names = [item.get(member) if isinstance(item, Mapping) else None for item in items]
        if items and None not in names and len({str(n) for n in names}) == len(names):
            return {f"[{name}]": item for name, item in zip(names, items, strict=True)}
    return {f"[{i}]": item for i, item in enumerate(items)}


def _written(path: tuple[str, ...]) -> str:
    text = ""
    for name in path:
        text += name if name.startswith("[") or not text else f".{name}"
    return text


def _text(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= TEXT_LIMIT else text[:TEXT_LIMIT] + " …"
