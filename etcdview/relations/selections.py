"""What an object selects by labels, rather than by name: services, budgets and policies their pods."""

from __future__ import annotations

from etcdview.kube.fields import dig, mapping, text
from etcdview.kube.selectors import from_label_selector, from_map
from etcdview.relations.model import Object, Selection, kind_of

_BY_LABEL_SELECTOR: dict[tuple[str, str], tuple[str, tuple[str, ...]]] = {
    ("policy", "PodDisruptionBudget"): ("guards", ("spec", "selector")),
    ("networking.k8s.io", "NetworkPolicy"): ("limits", ("spec", "podSelector")),
    ("apps", "Deployment"): ("selects", ("spec", "selector")),
    ("apps", "ReplicaSet"): ("selects", ("spec", "selector")),
    ("apps", "StatefulSet"): ("selects", ("spec", "selector")),
    ("apps", "DaemonSet"): ("selects", ("spec", "selector")),
    ("batch", "Job"): ("selects", ("spec", "selector")),
}
_BY_MAP = frozenset({("", "Service"), ("", "ReplicationController")})


def selections(obj: Object) -> tuple[Selection, ...]:
    """What the object selects. A service without a selector selects nothing; a policy with an empty one, all pods."""
    kind = kind_of(obj)
    namespace = text(obj, "metadata", "namespace")
    if kind in _BY_MAP:
        labels = mapping(obj, "spec", "selector")
        return (Selection("selects", "", "Pod", namespace, from_map(labels)),) if labels else ()
    relation, path = _BY_LABEL_SELECTOR.get(kind, ("", ()))
    if not relation or dig(obj, *path) is None or _is_old_budget_of_none(obj):
        return ()
    return (Selection(relation, "", "Pod", namespace, from_label_selector(mapping(obj, *path))),)


def _is_old_budget_of_none(obj: Object) -> bool:
    """An empty selector means all pods since policy/v1, and none in v1beta1."""
    return text(obj, "apiVersion") == "policy/v1beta1" and not any(mapping(obj, "spec", "selector").values())
