"""Whether an object is what its key says. The key is the identity: the API server finds objects by it alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from etcdview.kube.fields import text
from etcdview.kube.keys import ObjectKey


def misnamed(object_key: ObjectKey | None, obj: Mapping[str, Any] | None) -> str:
    """What the object calls itself, where its key says otherwise: "Pod shop/other"; "" where they agree.

    A custom resource's kind is not in its key. What the API server keeps for itself (master leases) has no names.
    """
    if object_key is None or obj is None or not object_key.resource.served:
        return ""
    kind = text(obj, "kind")
    namespace, name = text(obj, "metadata", "namespace"), text(obj, "metadata", "name")
    if agrees(object_key, kind, namespace, name):
        return ""
    return f"{kind or 'an object without a kind'} {f'{namespace}/' if namespace else ''}{name or '(no name)'}"


def agrees(object_key: ObjectKey, kind: str, namespace: str, name: str) -> bool:
    """Whether an object that calls itself so lies under its own key, as far as the key tells."""
    resource = object_key.resource
    return not resource.served or (
        namespace == object_key.namespace and name == object_key.name and kind == (resource.kind or kind)
    )
