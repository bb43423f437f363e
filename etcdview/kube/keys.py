"""A storage key <-> (resource type, namespace, name).

The rule is /PREFIX/RESOURCE/[NAMESPACE/]NAME, with the group before the resource for custom resources; the
exceptions are rows of the table in resources.py. An unrecognised key is not an error: it has no place.
"""

from __future__ import annotations

import base64
import binascii
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, replace

from etcdview.errors import QueryError
from etcdview.kube import openshift, resources
from etcdview.kube.resources import BY_PREFIX, ResourceType
from etcdview.kube.visible import unmistakable

DEFAULT_PREFIX = "/registry"
_KEPT_FOLDERS = 10_000
# What a CRD's group and plural may be: a DNS subdomain with a dot, a DNS label (apiextensions' validation).
_GROUP = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)+")
_PLURAL = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class ObjectKey:
    """Where a key belongs. `namespace` is "" for what is not in one."""

    resource: ResourceType
    namespace: str
    name: str


class KeySpace:
    """Keys below the registry's prefixes (kube-apiserver --etcd-prefix); `types` are OpenShift's where it is one.

    `prefix` is that of Kubernetes' own types; `roots` are all of them, each with its slash, that one first. A type
    below another one has an absolute storage prefix (`/openshift.io/routes`), so one text still names one type.
    """

    def __init__(self, prefixes: str = DEFAULT_PREFIX) -> None:
        """`prefixes`: one, or several with commas between. Kubernetes' is the first that is not OpenShift's."""
        given = list(dict.fromkeys(_normal(prefix) for prefix in prefixes.split(",")))
        self.prefix = next((prefix for prefix in given if prefix != openshift.PREFIX), given[0])
        others = [prefix for prefix in given if prefix != self.prefix]
        self.root = self.prefix.encode() + b"/"
        self.roots = (self.root, *(prefix.encode() + b"/" for prefix in others))
        self.types: tuple[ResourceType, ...] = ()
        if self.prefix == openshift.PREFIX:
            self.types = openshift.TYPES
        elif openshift.PREFIX in others:
            self.types = tuple(replace(t, prefix=f"{openshift.PREFIX}/{t.prefix}") for t in openshift.TYPES)
        self._by_prefix = BY_PREFIX | {resource.prefix: resource for resource in self.types}
        self._folders: dict[bytes, tuple[ResourceType, str] | None] = {}  # what stands before a key's last slash

    def __repr__(self) -> str:
        return f"KeySpace({','.join(root.decode().rstrip('/') for root in self.roots)!r})"

    @property
    def listed_roots(self) -> str:
        """The prefixes for a sentence: /kubernetes.io/ or /openshift.io/."""
        return " or ".join(map(show, self.roots))

    def holds(self, key: bytes) -> bool:
        """Whether the key is below one of the prefixes."""
        return key.startswith(self.roots)

    def object_key(self, key: bytes) -> ObjectKey | None:
        """What the key says of itself; None for an unrecognised key."""
        folder, _, last = key.rpartition(b"/")
        try:
            name = last.decode("utf-8")
        except UnicodeDecodeError:
            return None
        found = self._folder(folder) if name else None
        return None if found is None else ObjectKey(*found, name)

    def _folder(self, folder: bytes) -> tuple[ResourceType, str] | None:
        """The type and namespace of all keys directly below a folder: the rule asks nothing of names."""
        try:
            return self._folders[folder]
        except KeyError:
            if len(self._folders) >= _KEPT_FOLDERS:
                self._folders.clear()
            found = self._folders[folder] = self._read_folder(folder + b"/")
            return found

    def _read_folder(self, folder: bytes) -> tuple[ResourceType, str] | None:
        root = max((root for root in self.roots if folder.startswith(root)), key=len, default=None)
        if root is None:
            return None
        try:
            segments = folder[len(root) :].decode("utf-8").split("/")
        except UnicodeDecodeError:
            return None
        segments[-1] = "name"
        found = _place(segments, self._by_prefix, "" if root == self.root else root.decode()) if all(segments) else None
        return None if found is None else (found.resource, found.namespace)

    def resource_prefix(self, key: bytes) -> bytes | None:
        """The first part of `key`, with its last slash, that names the resource type; None where none does."""
        object_key = self.object_key(key)
        return None if object_key is None else self.range_prefix(object_key.resource)

    def range_prefix(self, resource: ResourceType, namespace: str = "") -> bytes:
        """What every key of the type (in the namespace) begins with; ends with a slash."""
        base = self.storage_range(resource.prefix)
        return base + namespace.encode() + b"/" if namespace else base

    def storage_range(self, prefix: str) -> bytes:
        """What every key of a storage prefix begins with; it is relative to the registry's prefix, or absolute."""
        return (b"" if prefix.startswith("/") else self.root) + prefix.encode() + b"/"

    def key(self, resource: ResourceType, namespace: str, name: str) -> bytes:
        """The key under which the API server stores the object."""
        return self.range_prefix(resource, namespace) + name.encode()


def _normal(prefix: str) -> str:
    return "/" + prefix.strip("/") if prefix.strip("/") else ""


def _place(segments: list[str], types: Mapping[str, ResourceType], further: str) -> ObjectKey | None:
    """`further`: the root that these segments are below, where it is not the first one: no built-in type is there."""
    for width in (2, 1):
        known = types.get(further + "/".join(segments[:width]))
        if known is not None and len(segments) > width:
            return _rest(known, segments[width:])
    if len(segments) in (3, 4) and _GROUP.fullmatch(segments[0]) and _PLURAL.fullmatch(segments[1]):
        custom = resources.custom(segments[0], segments[1], namespaced=len(segments) == 4)
        return _rest(replace(custom, prefix=further + custom.prefix), segments[2:])
    return None


def _rest(resource: ResourceType, rest: list[str]) -> ObjectKey | None:
    if resource.namespaced:
        return ObjectKey(resource, rest[0], rest[1]) if len(rest) == 2 else None
    return ObjectKey(resource, "", rest[0]) if len(rest) == 1 else None


def show(key: bytes) -> str:
    """The key for people, on one line: characters that cannot be seen and bytes that are not UTF-8 as escapes.

    A backslash of the key itself is doubled, so that no two keys look alike.
    """
    return unmistakable(key.decode("utf-8", errors="surrogateescape"))


def as_text(key: bytes) -> str:
    """The key for programs: as it is where it is UTF-8, else each other byte as \\xNN (key64 has the bytes then)."""
    return key.decode("utf-8", errors="backslashreplace")


def shell_word(key: bytes) -> str:
    """The key as one word of a command line: in $'...' where bytes of it must be spelt out."""
    shown = show(key)
    if shown.encode() == key:
        return shlex.quote(shown)
    plain = frozenset(range(0x20, 0x7F)) - {ord("'"), ord("\\")}
    return "$'" + "".join(chr(b) if b in plain else f"\\x{b:02x}" for b in key) + "'"


def to_query(key: bytes) -> tuple[str, str]:
    """The query parameter that carries the key: ("key", text), or ("key64", base64url) when it is not UTF-8."""
    try:
        return "key", key.decode("utf-8")
    except UnicodeDecodeError:
        return "key64", key64(key)


def to_form(key: bytes) -> tuple[str, str]:
    """The field of a form that carries the key: as to_query, but browsers change line ends in texts."""
    name, text = to_query(key)
    if "\r" in text or "\n" in text:
        return "key64", key64(key)
    return name, text


def from_query(key: str | None, key64: str | None) -> bytes:
    """The key that the parameters `key` or `key64` carry. Raises QueryError when neither or a bad one is given."""
    if key64:
        try:
            padded = key64 + "=" * (-len(key64) % 4)
            return base64.b64decode(padded, altchars=b"-_", validate=True)
        except (ValueError, binascii.Error) as error:
            raise QueryError(
                f"key64={key64[:40]!r} is not valid base64url.",
                "Give the key's bytes as base64url, or as key= when they are UTF-8.",
            ) from error
    if key:
        return key.encode("utf-8")
    raise QueryError(
        "No key was given.", "Add ?key= with the whole key, percent-encoded, for example /registry/pods/NS/NAME."
    )


def key64(key: bytes) -> str:
    """The key's bytes in base64url, for `key64` of JSON and addresses."""
    return base64.urlsafe_b64encode(key).rstrip(b"=").decode("ascii")
