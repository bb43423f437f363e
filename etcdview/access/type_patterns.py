"""One pattern for resource types, as roles write them: `*`, a type as kubectl names it, `*.GROUP`. Pure.

Built-in types are looked up by any name that kubectl takes, so that `!secret` and `!po` mean what they say. A custom
type is known by its text alone: taken in, it is exactly that plural; taken out, all that the text may name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

from etcdview.errors import SettingError
from etcdview.kube import resources
from etcdview.kube.resources import BUILTIN, ResourceType, custom
from etcdview.kube.suggestions import did_you_mean

_WORD = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_VERSION = re.compile(r"v[0-9]+((alpha|beta)[0-9]+)?")
_ALIKE = 0.8
_GROUPS = frozenset(resource.group for resource in BUILTIN)
# Groups of the API server that store nothing of their own: events are stored with the core group's.
_OTHER_GROUPS = ("events.k8s.io", "metrics.k8s.io", "authentication.k8s.io", "authorization.k8s.io")
_SAME_AS_CORE = {"events.events.k8s.io": "events"}
_FORMS = 'Write a type as in `kubectl get` ("secrets", "deployments.apps", "backups.example.org"), "*.GROUP" or "*".'


@dataclass(frozen=True, slots=True)
class TypePattern:
    """all: every type; group: all of `group`; type: one, `names` being the plurals that it may mean.

    `out`: it takes out; a group then also means the groups below it.
    """

    kind: Literal["all", "group", "type"]
    text: str
    group: str = ""
    names: tuple[str, ...] = ()
    out: bool = False

    def fits(self, resource: ResourceType) -> bool:
        """Whether it means this type."""
        if self.kind == "all":
            return True
        if self.kind == "type":
            return resource.group == self.group and resource.plural in self.names
        return resource.group == self.group or (self.out and resource.group.endswith(f".{self.group}"))

    def covers(self, other: TypePattern) -> bool:
        """Whether it means all that the other one, which takes in, does."""
        if self.kind == "all" or other.kind == "all":
            return self.kind == other.kind
        if other.kind == "type":
            return all(map(self.fits, _types(other)))
        return self.kind == "group" and (
            other.group == self.group or (self.out and other.group.endswith(f".{self.group}"))
        )

    def meets(self, other: TypePattern) -> bool:
        """Whether there may be a type that both mean; `other` takes in."""
        if "all" in (self.kind, other.kind) or self.covers(other):
            return True
        return other.kind == "group" and self.kind == "type" and self.group == other.group

    def namespaced(self, without: Sequence[TypePattern]) -> Iterator[bool]:
        """Whether its types lie in namespaces, or do not; of custom types both may be. A namespace lies in itself."""
        if self.kind != "all" and self.group in _GROUPS:
            left = (r for r in BUILTIN if self.fits(r) and not any(each.fits(r) for each in without))
            yield from {resource.namespaced or resource.prefix == "namespaces" for resource in left}
            return
        yield from (True, False)


def type_pattern(text: str, out: bool) -> TypePattern:
    """What the text means, without its `!`; `out` says whether it had one. Raises SettingError."""
    if text == "*" and not out:
        return TypePattern("all", text)
    name, _, group = _SAME_AS_CORE.get(text.lower(), text).lower().partition(".")
    if name == "*" and group:
        return _group(text, group, out)
    found = resources.find(f"{name}.{group}" if group else name)
    if len(found) == 1:
        return TypePattern("type", text, found[0].group, (found[0].plural,), out)
    if found or not _WORD.fullmatch(name) or not _of_custom_types(group) or _like_builtin(name, group):
        raise _unknown(text, name, group, out)
    return TypePattern("type", text, group, tuple(_plurals(name)) if out else (name,), out)


def _of_custom_types(group: str) -> bool:
    """Whether CRDs may define types of it: API servers demand a dot. `v1.apps` is a version and a group."""
    words = group.split(".")
    return (
        len(words) > 1
        and all(map(_WORD.fullmatch, words))
        and not any(map(_VERSION.fullmatch, (words[0], words[-1])))
        and group not in (*_GROUPS, *_OTHER_GROUPS)
        and not _above_builtin(group)
    )


def _like_builtin(name: str, group: str) -> bool:
    """deployments.apps.k8s.io, leases.cordination.k8s.io: a built-in type with a group that it is not in.

    CRDs of *.k8s.io need an approval, which none has for such a name.
    """
    alike = (SequenceMatcher(None, group, found.group).ratio() > _ALIKE for found in resources.find(name))
    return bool(resources.find(name)) and (group.endswith(".k8s.io") or any(alike))


def _above_builtin(group: str) -> bool:
    return any(known.endswith(f".{group}") for known in _GROUPS)


def _group(text: str, group: str, out: bool) -> TypePattern:
    if not (group in _GROUPS or _of_custom_types(group) or (out and _above_builtin(group))):
        raise SettingError(
            f"{_written(text, out)}, which is not a group.",
            did_you_mean(group, sorted(_GROUPS - {""}), "A group is written whole: *.apps, *.example.org.")
            if group and "." not in group
            else "A group is written whole: *.apps, *.storage.k8s.io, *.example.org.",
        )
    return TypePattern("group", text, group, (), out)


def _unknown(text: str, name: str, group: str, out: bool) -> SettingError:
    what = f"{_written(text, out)}, which is not a resource type."
    if len(resources.find(name)) > 1:
        return SettingError(what, "It means several types to kubectl: name each of them.")
    if found := resources.find(text.lower().rpartition("/")[2].partition(".")[0].rstrip("*")):
        mark = "!" if out else ""
        return SettingError(what, f"If you mean {found[0].kind}, write {mark + found[0].qualified!r}.")
    if "*" in text:
        return SettingError(what, "A * stands alone or before a group (*.apps): write each type by itself.")
    return SettingError(what, did_you_mean(name.strip("! "), resources.known_words(), _FORMS) if not group else _FORMS)


def _written(text: str, out: bool) -> str:
    return repr(("!" + text if out else text)[:80])


def _plurals(name: str) -> Iterator[str]:
    """What the name may mean as the plural of a custom type, or as its singular or kind (UnsafeGuessKindToResource)."""
    yield from (name, f"{name}s", f"{name}es")
    if name.endswith("y"):
        yield f"{name[:-1]}ies"


def _types(pattern: TypePattern) -> Iterator[ResourceType]:
    return (custom(pattern.group, name) for name in pattern.names)
