"""What differs between two decoded objects, field by field. Pure; lists are matched as Kubernetes merges them."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from etcdview.kube.fields import MANAGED_FIELDS

Kind = Literal["added", "removed", "changed"]
Path = tuple[str, ...]
TEXT_LIMIT = 160
# Members by which Kubernetes tells the items of a list apart (patchMergeKey), the most telling first.
_NAMES = ("name", "type", "uid", "containerPort", "mountPath", "ip", "key", "devicePath", "manager")
# Where one of those is not enough, or not the right one: the members that are a key together (listMapKey), by the
# list's field. An item need not have more than the first of them. Source: the Go types of k8s.io/api.
_KEYS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "ports": (("containerPort", "protocol"), ("port", "protocol")),
    "volumeMounts": (("mountPath",),),
    "volumeDevices": (("devicePath",),),
    "hostAliases": (("ip",),),
    "ownerReferences": (("uid",),),
    "subjects": (("name", "kind", "namespace"),),
    "taints": (("key", "effect"),),
    "tolerations": (("key", "effect", "operator"),),
    "topologySpreadConstraints": (("topologyKey", "whenUnsatisfiable"),),
    "paths": (("path", "pathType"),),
    "rules": (("host",),),
    MANAGED_FIELDS: (("manager", "operation", "subresource", "apiVersion"),),
}
# Lists of texts whose order means nothing.
_SETS = frozenset(
    ("finalizers", "verbs", "apiGroups", "resources", "resourceNames", "nonResourceURLs", "accessModes", "shortNames",
     "categories", "policyTypes", "loadBalancerSourceRanges", "externalIPs")
)  # fmt: skip
# What changes at every write, and says nothing.
NOISE = (("metadata", "resourceVersion"), ("metadata", MANAGED_FIELDS))


class _Absent:
    """The value of a missing field: null is another."""

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT = _Absent()


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field that differs, with its values as they are; ABSENT on the side that lacks it."""

    path: Path
    old: Any
    new: Any

    @property
    def kind(self) -> Kind:
        """What happened to the field."""
        return "added" if self.old is ABSENT else "removed" if self.new is ABSENT else "changed"

    @property
    def written(self) -> str:
        """The path as people write it: status.conditions[Ready].status."""
        return written_path(self.path)


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that differs, as texts that are cut where they are long, `path` (as people write it) too."""

    kind: Kind
    path: str
    old: str = ""
    new: str = ""


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Difference]:
    """What changed from `old` to `new`, in the order of the fields of `old`; noise is left out."""
    return map(difference, field_changes(old, new, NOISE))


def field_changes(
    old: Mapping[str, Any], new: Mapping[str, Any], leave_out: Collection[Path] = ()
) -> Iterator[FieldChange]:
    """The same with the values as they are; `leave_out` are the paths that are not compared."""
    return _mappings((), old, new, leave_out)


def difference(change: FieldChange) -> Difference:
    """A change as texts."""
    return Difference(change.kind, cut_text(change.written), value_text(change.old), value_text(change.new))


def _between(path: Path, old: Any, new: Any, leave_out: Collection[Path]) -> Iterator[FieldChange]:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        yield from _mappings(path, old, new, leave_out)
    elif isinstance(old, list) and isinstance(new, list):
        one, other = items_by_name(path[-1], old, new) or items_by_position(old, new)
        yield from _mappings(path, one, other, leave_out)
    elif old != new or type(old) is not type(new):
        yield FieldChange(path, old, new)


def _mappings(
    path: Path, old: Mapping[str, Any], new: Mapping[str, Any], leave_out: Collection[Path]
) -> Iterator[FieldChange]:
    for name in dict.fromkeys((*old, *new)):
        inner = (*path, name)
        if inner in leave_out:
            continue
        if name not in new or name not in old:
            yield FieldChange(inner, old.get(name, ABSENT), new.get(name, ABSENT))
        else:
            yield from _between(inner, old[name], new[name], leave_out)


def items_by_name(field: str, *lists: list[Any]) -> tuple[dict[str, Any], ...] | None:
    """The items of the lists by name, in brackets; None unless each item has one of its own in its list."""
    if field in _SETS and all(isinstance(item, str) for items in lists for item in items):
        found = tuple({f"[{item}]": item for item in items} for items in lists)
        if all(len(named) == len(items) for named, items in zip(found, lists, strict=True)):
            return found
    for members in (*_KEYS.get(field, ()), *((name,) for name in _NAMES)):
        known = tuple(named for items in lists if (named := _named(members, items)) is not None)
        if len(known) == len(lists):
            return known
    return None


def items_by_position(*lists: list[Any]) -> tuple[dict[str, Any], ...]:
    """The items of the lists by where they stand, which tells nothing of which item became which."""
    return tuple({f"[{i}]": item for i, item in enumerate(items)} for items in lists)


def _named(members: tuple[str, ...], items: list[Any]) -> dict[str, Any] | None:
    """The items by these members; None where one lacks the first of them, or two are called the same."""
    found: dict[str, Any] = {}
    for item in items:
        if not isinstance(item, Mapping) or item.get(members[0]) is None:
            return None
        name = "/".join(str(item[member]) for member in members if item.get(member) is not None)
        found[f"[{name}]"] = item
    return found if len(found) == len(items) else None


def written_path(path: Path) -> str:
    """A path as people write it."""
    text = ""
    for name in path:
        text += name if name.startswith("[") or not text else f".{name}"
    return text


def value_text(value: Any) -> str:
    """A value as text, cut where it is long; "" for ABSENT."""
    if value is ABSENT:
        return ""
    return cut_text(value if isinstance(value, str) else as_json(value))


def as_json(value: Any) -> str:
    """A value as JSON in one line."""
    return json.dumps(value, ensure_ascii=False, default=str)


def cut_text(text: str, start: int = 0) -> str:
    """The text from `start`, with an ellipsis where it is cut."""
    end = start + TEXT_LIMIT
    return ("… " if start else "") + text[start:end] + (" …" if len(text) > end else "")
