"""The resource types that a registry holds, as kubectl names them: counted by the index, named by table and CRDs."""

from __future__ import annotations

from dataclasses import replace

from etcdview.cluster.scope.ranges import denied
from etcdview.cluster.window import Window
from etcdview.errors import NotFoundError
from etcdview.index.base import Tree, TypeCount
from etcdview.kube import resources
from etcdview.pages.parts.elsewhere import openshift_types, places_of, read_elsewhere

__all__ = ["TypeCount", "find_type", "named_tree"]


def named_tree(window: Window) -> Tree:
    """The tree, its custom types with the kind and version that their CRDs give them."""
    tree = window.index.tree()
    if all(t.resource.builtin for t in tree.types):
        return tree
    known = window.definitions
    return replace(tree, types=tuple(replace(t, resource=known.resolve(t.resource)) for t in tree.types))


def find_type(window: Window, tree: Tree, name: str) -> TypeCount:
    """The type of the tree that `name` means to kubectl; one without keys where only a CRD has it.

    Raises NotFoundError; DeniedError for a viewer of a part, whom it is not told which other types there are.
    """
    by_prefix = {t.resource.prefix: t for t in tree.types}
    found = resources.find(name, [t.resource for t in tree.types]) or window.definitions.find(name)
    for resource in found:
        return by_prefix.get(resource.prefix) or TypeCount(resource, b"", 0)
    if not window.viewer.scope.whole:
        raise denied()
    if elsewhere := read_elsewhere(window, places_of(openshift_types([name]))):
        raise NotFoundError(elsewhere.what, elsewhere.remedy)
    raise NotFoundError(
        f"Unknown resource type {name!r} in this registry.",
        "Choose one from the tree, or use kubectl's spelling: pods, deployments.apps, backups.example.org.",
    )
