"""The etcdctl and kubectl commands that answer the same question as a page."""

from __future__ import annotations

from dataclasses import dataclass

from etcdview.kube.keys import ObjectKey, shell_word
from etcdview.kube.resources import ResourceType


@dataclass(frozen=True, slots=True)
class Command:
    """One command line; `tool` is etcdctl, kubectl or etcdview."""

    tool: str
    text: str


def for_members() -> tuple[Command, ...]:
    """Who is there, and how are they?"""
    return (
        Command("etcdctl", "etcdctl member list -w table"),
        Command("etcdctl", "etcdctl endpoint status --cluster -w table"),
        Command("etcdctl", "etcdctl endpoint health --cluster"),
        Command("etcdctl", "etcdctl alarm list"),
        Command("kubectl", "kubectl -n kube-system get pods -l component=etcd -o wide"),
    )


def for_tree(root: str) -> tuple[Command, ...]:
    """What is in the registry?"""
    return (
        Command("etcdctl", f"etcdctl get {_quote(root)} --prefix --keys-only"),
        Command("kubectl", "kubectl api-resources"),
        Command("etcdview", "etcdview get all -A"),
    )


def for_list(prefix: bytes, resource: ResourceType, namespace: str) -> tuple[Command, ...]:
    """What is in this list?"""
    where = _where(resource, namespace)
    commands = [Command("etcdctl", f"etcdctl get {shell_word(prefix)} --prefix --keys-only")]
    if resource.served:
        commands += [Command(tool, f"{tool} get {resource.qualified}{where}") for tool in ("kubectl", "etcdview")]
    return tuple(commands)


def for_object(key: bytes, object_key: ObjectKey | None, revision: int = 0) -> tuple[Command, ...]:
    """What is under this key?"""
    at = f" --rev={revision}" if revision else ""
    name = shell_word(key)
    commands = [
        Command("etcdctl", f"etcdctl get {name}{at}"),
        Command("etcdview", f"etcdctl get {name}{at} --print-value-only | etcdview decode --key {name} -"),
    ]
    if object_key is not None and object_key.resource.served:
        where = f" -n {_quote(object_key.namespace)}" if object_key.namespace else ""
        commands.append(
            Command("kubectl", f"kubectl get {object_key.resource.qualified}{where} {_quote(object_key.name)} -o yaml")
        )
    return tuple(commands)


def for_search(text: str, mode: str) -> tuple[Command, ...]:
    """Which keys match?"""
    if mode == "prefix":
        return (Command("etcdctl", f"etcdctl get {_quote(text)} --prefix --keys-only"),)
    flag = "-F" if mode == "contains" else "-E"
    return (Command("etcdctl", f"etcdctl get / --prefix --keys-only | grep {flag} {_quote(text)}"),)


def _where(resource: ResourceType, namespace: str) -> str:
    if not resource.namespaced:
        return ""
    return f" -n {_quote(namespace)}" if namespace else " -A"


def _quote(text: str) -> str:
    return shell_word(text.encode("utf-8", "surrogateescape"))
