"""What `etcdview get` has to say beside its answer: names that were not found, values that cannot be read."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from etcdview.kube.identity import misnamed
from etcdview.kube.keys import show as show_key
from etcdview.kube.quantities import size_text
from etcdview.kube.resources import ResourceType
from etcdview.kube.visible import visible
from etcdview.kube.words import counted
from etcdview.objects import ObjectRow
from etcdview.pages.tools.source import Say

MANY = 10_000  # objects; holding more is said
_AT_MOST = 5  # complaints about values of one type; a cluster can have thousands of the same


class Remarks:
    """Remarks about the objects of one type, gathered while they are printed. Their number is bounded."""

    def __init__(self, resource: ResourceType, missing: Mapping[str, str] = MappingProxyType({})) -> None:
        """`missing` are names that were not found, each with a sentence that says why, or ""."""
        self.missing = missing
        self._resource = resource
        self._unreadable: list[str] = []
        self._unreadable_count = 0
        self._misnamed: list[str] = []
        self._misnamed_count = 0

    def see(self, row: ObjectRow, *, kept: bool) -> None:
        """Note what is wrong with one object; what selectors leave out may carry any name."""
        if row.object is None:
            self._unreadable_count += 1
            if self._unreadable_count <= _AT_MOST:
                why = str(row.error) if row.error else "this value cannot be decoded."
                self._unreadable.append(f"{show_key(row.key)}: {why}")
        elif kept and (words := misnamed(row.object_key, row.object)):
            self._misnamed_count += 1
            if self._misnamed_count <= _AT_MOST:
                self._misnamed.append(f"{show_key(row.key)} holds {words}: it is listed by its key.")

    def sentences(self) -> list[str]:
        """All that there is to say, once everything was read."""
        plural = self._resource.plural
        said = [
            f'{self._resource.qualified} "{name}" not found{why and f". {why}"}' for name, why in self.missing.items()
        ]
        said += [*self._unreadable, *self._misnamed]
        if self._misnamed_count > _AT_MOST:
            said.append(f"{self._misnamed_count - _AT_MOST} more {plural} are misnamed.")
        if self._unreadable_count > _AT_MOST:
            said.append(f"{self._unreadable_count - _AT_MOST} more {plural} could not be decoded.")
        return [visible(sentence) for sentence in said]


def say_held(what: str, count: int, say: Say, size_bytes: int = 0) -> None:
    """Say that an option has to hold everything, where that is much."""
    if count > MANY:
        size = f" ({size_text(size_bytes)} as stored)" if size_bytes else ""
        say(f"{what} holds all {counted(count, 'object')}{size} in memory.")
