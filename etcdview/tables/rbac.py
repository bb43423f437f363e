"""The group rbac.authorization.k8s.io: roles and who has them."""

from __future__ import annotations

from datetime import datetime

from etcdview.kube.fields import items, text
from etcdview.tables.base import AGE, CREATED_AT, NAME, Cells, Column, Object, created, created_at, name_of, table

_GROUP = "rbac.authorization.k8s.io"
_SUBJECTS = (
    Column("Role", description="The role that is given."),
    AGE,
    Column("Users", priority=1, description="Users who get it."),
    Column("Groups", priority=1, description="Groups that get it."),
    Column("ServiceAccounts", priority=1, description="Service accounts that get it."),
)


@table(_GROUP, "Role", "ClusterRole", columns=(NAME, CREATED_AT))
def role(obj: Object, now: datetime) -> Cells:
    """A role; kubectl shows the moment of its making, not its age."""
    return name_of(obj), created_at(obj)


@table(_GROUP, "RoleBinding", "ClusterRoleBinding", columns=(NAME, *_SUBJECTS))
def role_binding(obj: Object, now: datetime) -> Cells:
    """A role binding, in a namespace or for the cluster."""
    return (
        name_of(obj),
        f"{text(obj, 'roleRef', 'kind')}/{text(obj, 'roleRef', 'name')}",
        created(obj, now),
        *(_subjects(obj, kind) for kind in ("User", "Group", "ServiceAccount")),
    )


def _subjects(obj: Object, kind: str) -> str:
    found = [s for s in items(obj, "subjects") if text(s, "kind") == kind]
    return ", ".join(_subject(text(s, "namespace"), text(s, "name"), kind) for s in found)


def _subject(namespace: str, name: str, kind: str) -> str:
    return f"{namespace}/{name}" if kind == "ServiceAccount" and namespace else name
