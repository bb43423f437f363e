"""What is stored, as objects that can be read and applied, or the keys that a request chooses."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from etcdview.cluster.sources import open_codec
from etcdview.config import Settings
from etcdview.errors import NotFoundError, NotPermittedError, UsageError
from etcdview.kube.crds import Definitions
from etcdview.kube.fields import mapping
from etcdview.kube.keys import KeySpace
from etcdview.kube.redaction import Redactor
from etcdview.kube.resources import ResourceType
from etcdview.kube.selectors import parse_fields, parse_labels
from etcdview.models import KeyValue, Range
from etcdview.objects import Mask, ObjectRow, Objects
from etcdview.objects.release import codec_for
from etcdview.pages.tools.export import Exported, some
from etcdview.pages.tools.namespaces import check_namespace
from etcdview.pages.tools.preparing import Preparing
from etcdview.recovery.bundle import FORMS, BundleObject, bundle_text, write_bundle
from etcdview.recovery.order import in_apply_order
from etcdview.stores.files.dump import write_dump
from etcdview.stores.permitted import permitted_parts
from etcdview.stores.prefixes import check_registry
from etcdview.stores.protocols import Store

EXPORT_FORMS: tuple[str, ...] = ("dump", *FORMS)
_NAMESPACES = "namespaces"


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """What to export. No `types`: all of them; `namespace` "": all, and what is in none."""

    types: tuple[str, ...] = ()
    namespace: str = ""
    labels: str = ""
    fields: str = ""
    for_apply: bool = False
    show_secrets: bool = False

    @property
    def selective(self) -> bool:
        """Whether anything narrows it."""
        return bool(self.types or self.namespace or self.labels or self.fields)


def export_dump(source: ObjectExport, path: Path) -> Exported:
    """Write the keys that a request chooses to a dump, as they are stored, Secrets too. Raises as ObjectExport."""
    return Exported(write_dump(some(source.values(), path), path), source.revision)


class ObjectExport:
    """The objects that a request chooses, read type by type at one revision, in the order to apply them.

    `remarks` are whole after the last. Making it raises UsageError for types and selectors, and what the store raises.
    """

    def __init__(self, store: Store, settings: Settings, request: ExportRequest) -> None:
        mask: Mask = unmasked if request.show_secrets else Redactor(secrets.token_bytes(32)).mask
        keyspace = KeySpace(settings.etcd_prefix)
        codec = codec_for(store, open_codec(settings), keyspace)
        self._objects = Objects(store, codec, keyspace, mask)
        self._store = store
        self._request = request
        self._labels, self._fields = parse_labels(request.labels), parse_fields(request.fields)
        definitions, self.revision = self._definitions()
        self._types = in_apply_order(self._chosen(definitions))
        self._preparing = Preparing(codec, for_apply=request.for_apply)
        self.remarks = self._preparing.remarks

    def write(self, form: str, path: Path) -> Exported:
        """Write them to a folder or a file. Raises UsageError for a path that is taken, NotFoundError for no object."""
        return Exported(write_bundle(self._some(f"{path} is not made"), form, path), self.revision)

    def text(self, form: str) -> Iterator[str]:
        """A stream of documents, or a List, in pieces as they are read. Raises NotFoundError where there is none."""
        return bundle_text(self._some("nothing is written"), form)

    def _some(self, without: str) -> Iterator[BundleObject]:
        """The objects. Raises NotFoundError at the end where there was none."""
        found = False
        for one in self.objects():
            found = True
            yield one
        if not found:
            raise NotFoundError(
                f"No object is left to export: {without}.", "Choose another type, namespace or selector."
            )

    def objects(self) -> Iterator[BundleObject]:
        """Each object, prepared as the request says."""
        for resource, kv in self._values():
            row = self._objects.row(kv)
            if self._is_wanted(row):
                yield from self._preparing.bundled(row, resource)

    def values(self) -> Iterator[KeyValue]:
        """The keys as they are stored."""
        for _, kv in self._values():
            selective = self._request.labels or self._request.fields
            if not selective or self._is_wanted(self._objects.row(kv)):
                yield kv

    def _values(self) -> Iterator[tuple[ResourceType, KeyValue]]:
        """Raises NotFoundError, once all was read, where nothing is there because there is no such namespace."""
        found = False
        for resource in self._types:
            namespace = self._request.namespace if resource.namespaced else ""
            kvs = self._objects.values(resource, namespace, revision=self.revision)
            try:
                for kv in kvs:
                    if self._in_scope(resource, kv.key):
                        found = True
                        yield resource, kv
            except NotPermittedError:
                self.remarks.withheld[f"{resource.qualified} (etcd does not permit its user to read them)"] += 1
        if self._request.namespace and not found:
            check_namespace(self._request.namespace, [(self._objects, self.revision)])

    def _in_scope(self, resource: ResourceType, key: bytes) -> bool:
        """With a namespace: what is in it, and its own object."""
        wanted = self._request.namespace
        if not wanted or resource.namespaced or self._request.types:
            return True
        object_key = self._objects.keyspace.object_key(key)
        return object_key is not None and object_key.name == wanted

    def _is_wanted(self, row: ObjectRow) -> bool:
        obj = row.object
        if obj is None or row.object_key is None:
            if not self._request.labels and not self._request.fields:
                self._preparing.unreadable(row)
            return False
        return self._labels.matches(mapping(obj, "metadata", "labels")) and self._fields.matches(obj)

    def _definitions(self) -> tuple[Definitions, int]:
        check_registry(self._store, self._objects.keyspace)
        try:
            return self._objects.definitions()
        except NotPermittedError:  # then only the built-in types are known
            part = permitted_parts(self._store, b"\0", b"\0")[0]
            return Definitions(), self._store.range(Range(part.start, keys_only=True)).revision

    def _chosen(self, definitions: Definitions) -> Sequence[ResourceType]:
        request = self._request
        if request.types:
            return [resource for word in _words(request.types) for resource in self._found(definitions, word)]
        own = (r for r in definitions.known if r.namespaced or r.prefix == _NAMESPACES)
        return list(own if request.namespace else definitions.known)

    def _found(self, definitions: Definitions, word: str) -> Sequence[ResourceType]:
        found = definitions.find(word)
        left = None if found else self._objects.undefined(word, revision=self.revision)
        if not found and left is None:
            raise UsageError(
                f'The registry has no resource type "{word}".',
                "Use kubectl's spelling: pods, deployments.apps, or the plural and group of a custom resource.",
            )
        return found or ((left,) if left else ())


def _words(types: Iterable[str]) -> Iterator[str]:
    return (word for words in types for word in words.split(",") if word)


def unmasked(obj: dict[str, Any], _sensitive: bool, _raw: bytes) -> dict[str, Any]:
    """The mask of those who want to see Secrets."""
    return obj
