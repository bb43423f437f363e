"""The manifests of docs/deploy, applied to a real API server: it takes them, and both servers show the same of them."""

from __future__ import annotations

from pathlib import Path

from tools.conformance.clients import kubectls
from tools.conformance.compare import Report, compare
from tools.conformance.servers import Lab, Server

DEPLOY = Path(__file__).resolve().parents[2] / "docs" / "deploy"
# What kubectl is given: the kustomization, and the static pod, which a kubelet reads from a file elsewhere.
_GIVEN = (("-k", str(DEPLOY / "kubernetes")), ("-f", str(DEPLOY / "static-pod.yaml")))
_KINDS = "namespaces,daemonsets,services,ingresses,networkpolicies"
_ASKED = (
    *(("get", *given, "-o", "yaml") for given in _GIVEN),
    *(("get", *given, "-o", "wide") for given in _GIVEN),
    *(("describe", *given) for given in _GIVEN),
    ("get", _KINDS, "-n", "etcdview", "-o", "json"),
)


def compare_manifests(lab: Lab, real: Server, ours: Server) -> Report:
    """Apply them, strictly, and ask both. Raises RuntimeError if the API server refuses one."""
    clients = kubectls(lab, real, ours)
    for given in _GIVEN:
        said = clients[0].run(("apply", *given, "--server-side", "--validate=strict"))
        print(said)
        if not said.endswith("exit status 0\n"):
            raise RuntimeError("the API server refuses the manifests of docs/deploy")
    return compare(clients[0], clients[1], _ASKED)
