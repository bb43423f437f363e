"""Rights gained and lost, by who has them and where."""

from __future__ import annotations

from typing import Any

import pytest

from etcdview.recovery.rights import rights_changed, rights_json, rights_of

Obj = dict[str, Any]


def role(name: str, *rules: Obj, namespace: str = "shop") -> Obj:
    kind = "Role" if namespace else "ClusterRole"
    return {"kind": kind, "metadata": {"name": name, "namespace": namespace}, "rules": list(rules)}


def rule(resource: str, *verbs: str, group: str = "", **more: Any) -> Obj:
    return {"apiGroups": [group], "resources": [resource], "verbs": list(verbs), **more}


def binding(role_name: str, *users: str, namespace: str = "shop", kind: str = "Role") -> Obj:
    return {
        "kind": "RoleBinding" if namespace else "ClusterRoleBinding",
        "metadata": {"name": "b", "namespace": namespace},
        "roleRef": {"kind": kind, "name": role_name},
        "subjects": [{"kind": "User", "name": user} for user in users],
    }


READER = role("reader", rule("pods", "get", "list"))
WHOLE = [role("all", rule("*", "*", group="*"), namespace=""), binding("all", "jane", namespace="", kind="ClusterRole")]
PODS = [{"resource": "pods", "verbs": ["get", "list"]}]
JANE = {"subject": "User jane", "namespace": "shop"}


@pytest.mark.parametrize(
    ("old", "new", "gained", "lost"),
    [
        ([READER], [READER, binding("reader", "jane")], [JANE | {"rights": PODS}], []),
        ([READER, binding("reader", "jane")], [READER], [], [JANE | {"rights": PODS}]),
        ([READER, binding("reader", "jane")], [READER, binding("reader", "jane")], [], []),
        # the binding stays and its role goes
        ([READER, binding("reader", "jane")], [binding("reader", "jane")], [], [JANE | {"rights": PODS}]),
        # a verb more
        (
            [READER, binding("reader", "jane")],
            [role("reader", rule("pods", "get", "list", "delete")), binding("reader", "jane")],
            [JANE | {"rights": [{"resource": "pods", "verbs": ["delete"]}]}],
            [],
        ),
        # what is everywhere hers is not lost with the same in a namespace
        ([READER, binding("reader", "jane"), *WHOLE], [READER, *WHOLE], [], []),
        # one object only
        (
            [],
            [role("one", rule("secrets", "get", resourceNames=["a"])), binding("one", "jane")],
            [JANE | {"rights": [{"resource": "secrets/a", "verbs": ["get"]}]}],
            [],
        ),
        # a path
        (
            [],
            [
                role("health", {"nonResourceURLs": ["/healthz"], "verbs": ["get"]}, namespace=""),
                binding("health", "jane", namespace="", kind="ClusterRole"),
            ],
            [JANE | {"namespace": "", "rights": [{"resource": "/healthz", "verbs": ["get"]}]}],
            [],
        ),
    ],
)
def test_rights_are_told_by_subject_and_place(
    old: list[Obj], new: list[Obj], gained: list[Obj], lost: list[Obj]
) -> None:
    assert rights_json(rights_changed(rights_of(old), rights_of(new))) == {"gained": gained, "lost": lost}


def test_rules_that_are_not_lists_give_nothing() -> None:
    assert rights_of([{"kind": "Role", "rules": None}, {"kind": "RoleBinding", "subjects": "x"}, {}]) == {}


@pytest.mark.parametrize(
    ("narrow", "wide"),
    [
        (rule("deployments/scale", "get", group="apps"), rule("*/scale", "get", group="apps")),
        (rule("deployments/scale", "get", group="apps"), rule("*/scale", "get", group="*")),
        ({"nonResourceURLs": ["/healthz/etcd"], "verbs": ["get"]}, {"nonResourceURLs": ["/healthz/*"], "verbs": ["*"]}),
        ({"nonResourceURLs": ["/healthz"], "verbs": ["get"]}, {"nonResourceURLs": ["*"], "verbs": ["get"]}),
        ({"nonResourceURLs": ["*"], "verbs": ["get"]}, {"nonResourceURLs": ["/*"], "verbs": ["get"]}),
    ],
)
def test_what_a_wildcard_covers_is_not_lost(narrow: Obj, wide: Obj) -> None:
    bound = binding("r", "jane", namespace="", kind="ClusterRole")
    old, new = (rights_of([role("r", one, namespace=""), bound]) for one in (narrow, wide))
    assert not rights_json(rights_changed(old, new))["lost"]


def test_all_resources_are_no_paths() -> None:
    bound, paths = binding("r", "jane", namespace="", kind="ClusterRole"), {"nonResourceURLs": ["*"], "verbs": ["*"]}
    everything = rule("*", "*", group="*")
    old = rights_of([role("r", everything, paths, namespace=""), bound])
    new = rights_of([role("r", everything, namespace=""), bound])
    assert rights_json(rights_changed(old, new))["lost"][0]["rights"] == [{"resource": "/*", "verbs": ["*"]}]
