"""The one grammar of patterns in roles: what takes in, and with ! before it what takes out. Pure.

A list of texts is read once into patterns that mean something: what does not parse, and what can match nothing, raises
SettingError. A mistake never widens a role.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

from etcdview.access.type_patterns import TypePattern, type_pattern
from etcdview.errors import SettingError
from etcdview.kube.resources import ResourceType

# Among the namespaces of a scope: what is in no namespace, such as nodes.
NO_NAMESPACE = "@cluster"

Pattern = TypeVar("Pattern", "NamespacePattern", TypePattern)
_NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")  # a DNS label (RFC 1123), as API servers demand
_BEGINNING = re.compile(r"[a-z0-9][-a-z0-9]{0,62}")


@dataclass(frozen=True, slots=True)
class NamespacePattern:
    """all: everything, with what is in no namespace; none: only that; name: one; beginning: names that begin so."""

    kind: Literal["all", "none", "name", "beginning"]
    text: str = ""

    def fits(self, namespace: str) -> bool:
        """Whether it means this namespace; "" is none."""
        match self.kind:
            case "all":
                return True
            case "none":
                return not namespace
            case "name":
                return namespace == self.text
        return namespace.startswith(self.text)

    def covers(self, other: NamespacePattern) -> bool:
        """Whether it means all that the other one does."""
        if self.kind == "all" or self == other:
            return True
        return self.kind == "beginning" and other.kind in ("name", "beginning") and other.text.startswith(self.text)

    def meets(self, other: NamespacePattern) -> bool:
        """Whether there may be something that both mean."""
        return self.covers(other) or other.covers(self)


@dataclass(frozen=True, slots=True)
class NamespacePatterns:
    """Which namespaces: those that `taken` mean, without those that `out` mean."""

    taken: tuple[NamespacePattern, ...]
    out: tuple[NamespacePattern, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether nothing is left out."""
        return not self.out and any(pattern.kind == "all" for pattern in self.taken)

    def has(self, namespace: str) -> bool:
        """Whether this namespace is meant; "" is none."""
        return _meant(self.taken, self.out, lambda pattern: pattern.fits(namespace))


@dataclass(frozen=True, slots=True)
class TypePatterns:
    """Which types: those that `taken` mean, without those that `out` mean."""

    taken: tuple[TypePattern, ...]
    out: tuple[TypePattern, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether nothing is left out."""
        return not self.out and any(pattern.kind == "all" for pattern in self.taken)

    def has(self, resource: ResourceType) -> bool:
        """Whether this type is meant."""
        return _meant(self.taken, self.out, lambda pattern: pattern.fits(resource))


def namespace_patterns(texts: Sequence[str]) -> NamespacePatterns:
    """The patterns that the texts write. Raises SettingError."""
    taken, out = _parsed("namespaces", texts, _namespace)
    return NamespacePatterns(taken, out)


def type_patterns(texts: Sequence[str]) -> TypePatterns:
    """The patterns that the texts write. Raises SettingError."""
    taken, out = _parsed("resources", texts, type_pattern)
    for pattern in taken:
        if not list(pattern.namespaced(out)):
            raise SettingError(f"resources has {pattern.text!r}, and takes out each type of it.", _REMOVE)
    return TypePatterns(taken, out)


def check_together(namespaces: NamespacePatterns, resources: TypePatterns) -> None:
    """Raises SettingError where a resource lies in none of the namespaces, or a namespace can hold no resource."""
    kinds = {flag for pattern in namespaces.taken for flag in _namespaced(namespaces, pattern)}
    types = {flag for pattern in resources.taken for flag in pattern.namespaced(resources.out)}
    for pattern in resources.taken:
        if not kinds & set(pattern.namespaced(resources.out)):
            nodes = True not in kinds
            raise SettingError(
                f"resources has {pattern.text!r}, which can match nothing beside these namespaces.",
                "It lies in namespaces: name some." if nodes else f'It is in no namespace: add "{NO_NAMESPACE}".',
            )
    if True not in types and any(pattern.kind in ("name", "beginning") for pattern in namespaces.taken):
        raise SettingError("namespaces has names, but none of these resources is in a namespace.", _REMOVE)
    if False not in types and any(pattern.kind == "none" for pattern in namespaces.taken):
        raise SettingError(f'namespaces has "{NO_NAMESPACE}", but all of these resources are in namespaces.', _REMOVE)


_REMOVE = "Remove what matches nothing."


def _namespaced(namespaces: NamespacePatterns, pattern: NamespacePattern) -> Iterator[bool]:
    """Whether what it takes in is in a namespace, or not; for * perhaps both."""
    if pattern.kind != "none":
        yield True
    if pattern.kind in ("all", "none") and namespaces.has(""):
        yield False


def _meant(taken: Sequence[Pattern], out: Sequence[Pattern], fits: Callable[[Pattern], bool]) -> bool:
    return any(map(fits, taken)) and not any(map(fits, out))


def _parsed(
    field: str, texts: Sequence[str], parse: Callable[[str, bool], Pattern]
) -> tuple[tuple[Pattern, ...], tuple[Pattern, ...]]:
    try:
        taken = tuple(parse(text, False) for text in texts if not text.startswith("!"))
        out = tuple(parse(text[1:], True) for text in texts if text.startswith("!"))
    except SettingError as error:
        raise SettingError(f"{field} has {error.what}", error.remedy) from None
    if not taken:
        raise SettingError(f"{field} only takes out, so that nothing is left.", f'Begin it with "*": {_begun(texts)}.')
    for pattern in taken:
        if any(each.covers(pattern) for each in out):
            raise SettingError(f"{field} takes in {_shown(pattern)!r} and takes all of it out again.", _REMOVE)
    for pattern in out:
        if not any(pattern.meets(each) for each in taken):
            raise SettingError(f"{field} has '!{_shown(pattern)}', but takes in nothing of it.", _REMOVE)
    return taken, out


def _begun(texts: Sequence[str]) -> str:
    return "[" + ", ".join(f'"{text}"' for text in ("*", *texts)) + "]"


def _shown(pattern: NamespacePattern | TypePattern) -> str:
    if isinstance(pattern, TypePattern) or pattern.kind == "name":
        return pattern.text
    return {"all": "*", "none": NO_NAMESPACE}.get(pattern.kind, f"{pattern.text}*")


def _namespace(text: str, out: bool) -> NamespacePattern:
    if text == "*" and not out:
        return NamespacePattern("all")
    if text == NO_NAMESPACE:
        return NamespacePattern("none")
    if _NAME.fullmatch(text):
        return NamespacePattern("name", text)
    if text.endswith("*") and _BEGINNING.fullmatch(text[:-1]):
        return NamespacePattern("beginning", text[:-1])
    written = "!" + text if out else text
    raise SettingError(
        f"{written[:80]!r}, which is not a namespace.",
        f'Write its name in lower case ("shop"), the beginning of several ("team-*"), "*" for all, or "{NO_NAMESPACE}" '
        'for what is in none; "!" before one takes it out.',
    )
