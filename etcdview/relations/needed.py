"""What bindings and endpoints cannot do without: roles, accounts and pods. Facts keep it of each of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, get_args

from etcdview.kube.fields import text
from etcdview.kube.resources import BUILTIN
from etcdview.relations.model import Object, Reference
from etcdview.relations.references import references

Need = Literal["role", "subject", "endpoint"]
NEEDS: tuple[Need, ...] = get_args(Need)
_NEED_OF: dict[str, Need] = {need: need for need in NEEDS}

STORED_AS: dict[Need, frozenset[str]] = {  # storage prefixes of what is needed
    "role": frozenset({"roles", "clusterroles"}),
    "subject": frozenset({"serviceaccounts"}),
    "endpoint": frozenset({"pods"}),
}

_KINDS = {
    ("rbac.authorization.k8s.io", "RoleBinding"),
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"),
    ("discovery.k8s.io", "EndpointSlice"),
    ("", "Endpoints"),
}
NEEDING = frozenset(r.prefix for r in BUILTIN if (r.group, r.kind) in _KINDS)  # storage prefixes of types
# Users and groups are names only; nothing is stored of them.
NOT_STORED = frozenset({"User", "Group"})
# Kubernetes binds these at its start to accounts of controllers that it may never make, and makes them again.
_BOOTSTRAP_LABEL, _BOOTSTRAP = "kubernetes.io/bootstrapping", "rbac-defaults"


def needed(obj: Object) -> Iterator[tuple[Need, Reference]]:
    """What an object of these types names and cannot do without."""
    for reference in references(obj):
        need = _NEED_OF.get(reference.relation)
        if need is not None and reference.ref.kind not in NOT_STORED and not (need == "subject" and is_bootstrap(obj)):
            yield need, reference


def is_bootstrap(binding: Object) -> bool:
    """Whether the binding is one of Kubernetes' own."""
    return text(binding, "metadata", "labels", _BOOTSTRAP_LABEL) == _BOOTSTRAP
