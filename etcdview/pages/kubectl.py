"""The page "Use kubectl on this": a kubeconfig, commands to copy, what works and what does not."""

from __future__ import annotations

from dataclasses import dataclass

from etcdview.cluster.window import Window
from etcdview.pages.parts.commands import Command
from etcdview.pages.tools.kubeconfig import KubeServer, kubeconfig

TOKEN = "TOKEN"  # noqa: S105  (stands where the user's own goes)
_WORKS = (
    ("get, with -o wide, yaml, json, name, jsonpath, custom-columns, --sort-by, -l, --field-selector", ""),
    ("describe, explain, api-resources, api-versions, auth can-i, auth whoami", ""),
    ("get --watch, wait, rollout status and history", "a live etcd; a file does not change"),
    (
        "clients that only get, list and watch: helm list, k9s, dashboards",
        "helm needs Secrets in the clear; tested with kubectl",
    ),
    ("the past: /kube/at/REVISION and /kube/at/TIME", "as far as etcd or the file still holds it"),
)
_DOES_NOT = (
    ("apply, create, edit, delete, scale, patch, cordon, drain", "it is read-only"),
    ("logs, exec, attach, port-forward, proxy, cp", "only a running node has them"),
    ("top", "metrics are not in etcd"),
    ("--as, --as-group", "everybody sees what their own role permits"),
    ("get --raw /PATH", "kubectl takes it as the whole address: write get --raw /kube/PATH"),
    ("types of aggregated API servers, and versions that need a conversion", "they are not announced"),
)


@dataclass(frozen=True, slots=True)
class Ability:
    """What clients do, and what is to be known of it ("" for nothing)."""

    what: str
    remark: str


@dataclass(frozen=True, slots=True)
class KubectlPage:
    """`served`: the Kubernetes API is on. `in_clear`: kubectl would not send the token that is needed."""

    served: bool
    kubeconfig: str
    needs_token: bool
    in_clear: bool
    commands: tuple[Command, ...]
    works: tuple[Ability, ...]
    does_not: tuple[Ability, ...]


def kubectl_page(window: Window, url: str, *, served: bool, login: bool) -> KubectlPage:
    """The page for somebody who reaches the Kubernetes API at `url`."""
    flag = f"kubectl --server {url}" if not login else "kubectl --kubeconfig etcdview.kubeconfig"
    moment = f"{window.index.freshness().revision or 1}"
    words = ("get pods -A", "describe nodes", "explain pod.spec.containers", "api-resources")
    return KubectlPage(
        served=served,
        kubeconfig=kubeconfig(KubeServer(url, token=TOKEN if login else ""), (moment,)),
        needs_token=login,
        in_clear=login and url.startswith("http://"),
        commands=tuple(Command("kubectl", f"{flag} {word}") for word in words),
        works=tuple(Ability(*row) for row in _WORKS),
        does_not=tuple(Ability(*row) for row in _DOES_NOT),
    )
