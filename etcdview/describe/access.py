"""Who may do what: roles, bindings, service accounts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from etcdview.describe.sections import Section, field, fields, named, table
from etcdview.kube.fields import dig, items, mapping, text
from etcdview.relations.model import Object

_RBAC = "rbac.authorization.k8s.io"


def role(obj: Object, now: datetime) -> Iterator[Section]:
    """A role."""
    yield table("Rules", ("Resources", "Groups", "Names", "Verbs"), map(_rule, items(obj, "rules")))
    selectors = [mapping(s, "matchLabels") for s in items(obj, "aggregationRule", "clusterRoleSelectors")]
    yield fields("Made of other roles", field("With labels", selectors))


def _rule(rule: Any) -> tuple[object, ...]:
    what = items(rule, "resources") or items(rule, "nonResourceURLs")
    groups = [group or "core" for group in items(rule, "apiGroups")]
    return what, groups, dig(rule, "resourceNames"), dig(rule, "verbs")


def binding(obj: Object, now: datetime) -> Iterator[Section]:
    """A role binding, in a namespace or for the cluster."""
    kind, name = text(obj, "roleRef", "kind"), text(obj, "roleRef", "name")
    namespace = text(obj, "metadata", "namespace") if kind == "Role" else ""
    yield fields("Role", field("Kind", kind), named("Name", _RBAC, kind, namespace, name))
    rows = ((text(s, "kind"), text(s, "namespace"), text(s, "name")) for s in items(obj, "subjects"))
    yield table("Subjects", ("Kind", "Namespace", "Name"), rows)


def service_account(obj: Object, now: datetime) -> Iterator[Section]:
    """A service account."""
    namespace = text(obj, "metadata", "namespace")
    yield fields(
        "Service account",
        field("Token in pods", obj.get("automountServiceAccountToken")),
        *(named("Secret", "", "Secret", namespace, text(s, "name")) for s in items(obj, "secrets")),
        *(named("Pulls images with", "", "Secret", namespace, text(s, "name")) for s in items(obj, "imagePullSecrets")),
    )
