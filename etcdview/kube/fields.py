"""Reading decoded objects: paths into dicts whose members may be missing or null.

Objects are plain dicts: asking for those, and not for any Mapping, halves the time of a table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

NONE = "<none>"
UNSET = "<unset>"
MANAGED_FIELDS = "managedFields"

Worked = TypeVar("Worked")


class Common:
    """Parts that many objects have alike, and what was worked out of these parts alone. Never changed."""

    __slots__ = ("_kept", "parts")

    def __init__(self, parts: dict[str, Any]) -> None:
        self.parts = parts
        self._kept: dict[object, Any] = {}

    def worked(self, what: object, work: Callable[[], Worked]) -> Worked:
        """What `work` makes of the parts, once for all objects that have them; `what` names it."""
        try:
            found: Worked = self._kept[what]
        except KeyError:
            found = self._kept[what] = work()
        return found


class Composed(dict[str, Any]):
    """An object whose content is `common` to many, but for its metadata, addresses and node.

    `texts` holds all texts in it as bytes: what is not in them is in none. A changed copy of it is a plain dict.
    """

    __slots__ = ("common", "texts")
    common: Common
    texts: bytes


class Excerpted(dict[str, Any]):
    """An object of a few fields, and the same one for all objects that are alike in these: never changed.

    `texts` is as in Composed.
    """

    __slots__ = ("texts",)
    texts: bytes


class Labelled(dict[str, Any]):
    """An object of which only name, namespace and labels were decoded."""


def dig(obj: Any, *path: str) -> Any:
    """The value at `path`, None where any step is missing or null."""
    for step in path:
        if not isinstance(obj, dict):
            return None
        obj = obj.get(step)
    return obj


def text(obj: Any, *path: str) -> str:
    """The string at `path`, "" where there is none."""
    for step in path:  # as dig does, without another call: a table asks some fifty times a row
        if not isinstance(obj, dict):
            return ""
        obj = obj.get(step)
    return obj if isinstance(obj, str) else ""


def number(obj: Any, *path: str, default: int = 0) -> int:
    """The integer at `path`, `default` where there is none."""
    value = dig(obj, *path)
    return value if isinstance(value, int) and not isinstance(value, bool) else default


def items(obj: Any, *path: str) -> list[Any]:
    """The list at `path`, empty where there is none."""
    value = dig(obj, *path)
    return value if isinstance(value, list) else []


def mapping(obj: Any, *path: str) -> Mapping[str, Any]:
    """The map at `path`, empty where there is none."""
    value = dig(obj, *path)
    return value if isinstance(value, dict) else {}


def managers(obj: Any) -> list[Any]:
    """metadata.managedFields: who set which fields, half of most objects."""
    return items(obj, "metadata", MANAGED_FIELDS)


def without_managed_fields(obj: dict[str, Any]) -> dict[str, Any]:
    """The object without metadata.managedFields; itself where it has none."""
    metadata = obj.get("metadata")
    if not isinstance(metadata, dict) or MANAGED_FIELDS not in metadata:
        return obj
    return obj | {"metadata": {name: value for name, value in metadata.items() if name != MANAGED_FIELDS}}


def quantity(value: Any) -> str:
    """A resource.Quantity as Go prints it: "<nil>" for a pointer to none."""
    return "<nil>" if value is None else str(value)


def condition(obj: Any, kind: str) -> Mapping[str, Any] | None:
    """The first of status.conditions of this type."""
    for found in items(obj, "status", "conditions"):
        if isinstance(found, dict) and found.get("type") == kind:
            return found
    return None


def is_true(obj: Any, kind: str) -> bool:
    """Whether the first condition of this type has the status "True"."""
    return text(condition(obj, kind), "status") == "True"


def deleting(obj: Any) -> bool:
    """Whether the object waits for its finalizers, or for its grace period to end."""
    return dig(obj, "metadata", "deletionTimestamp") is not None
