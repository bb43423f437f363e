"""Namespaces that a command names and that do not exist: what was not found because of it is not empty."""

from __future__ import annotations

from collections.abc import Iterable

from etcdview.errors import DeniedError, NotFoundError
from etcdview.kube.resources import find
from etcdview.kube.suggestions import did_you_mean
from etcdview.kube.visible import visible
from etcdview.objects import Objects


def check_namespace(wanted: str, states: Iterable[tuple[Objects, int]]) -> None:
    """Raises NotFoundError where none of the registries, each as of a revision, has the namespace.

    Passes where one of them knows no namespaces at all, or does not permit to list them.
    """
    kind, names = find("namespaces")[0], set[str]()
    for objects, revision in states:
        try:
            known = {row.name for row in objects.read(kind, "", revision=revision)}
        except DeniedError:
            return
        if not known:
            return
        names |= known
    if wanted not in names:
        question = did_you_mean(wanted, sorted(names), "`etcdview get namespaces` lists them.")
        raise NotFoundError(f"There is no namespace {visible(wanted)!r}.", visible(question))
