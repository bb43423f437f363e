"""Other clients than kubectl: helm asks both servers for a release that it installed through the API server."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from tools.conformance.compare import Kubectl, Report, compare
from tools.conformance.programs import provide
from tools.conformance.servers import Lab, Server

RELEASE = "first"
_CHART = {
    "Chart.yaml": "apiVersion: v2\nname: shop\nversion: 0.1.0\n",
    "values.yaml": "replicas: 2\n",
    "templates/map.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}\n"
    'data:\n  replicas: "{{ .Values.replicas }}"\n',
}
_ASKED = (
    ("list", "-A"),
    ("list", "-A", "-o", "json"),
    ("get", "values", RELEASE, "-n", "shop"),
    ("get", "values", RELEASE, "-n", "shop", "--all"),
    ("get", "manifest", RELEASE, "-n", "shop"),
    ("status", RELEASE, "-n", "shop"),
    ("history", RELEASE, "-n", "shop"),
)


def kubectls(lab: Lab, *servers: Server) -> list[Kubectl]:
    """kubectl for each server, with a kubeconfig and a cache of its own."""
    program = provide("kubectl")
    return [
        Kubectl(program, server.kubeconfig(lab.folder / f"{server.name}.conf"), lab.folder / f"{server.name}-cache")
        for server in servers
    ]


def compare_helm(lab: Lab, real: Server, ours: Server) -> Report:
    """What helm prints of both."""
    program = provide("helm")
    for name, text in _CHART.items():
        path = lab.folder / "chart" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    configs = [server.kubeconfig(lab.folder / f"{server.name}.conf") for server in (real, ours)]
    install = ["-n", "shop", "install", RELEASE, str(lab.folder / "chart"), "--set", "replicas=5"]
    homes = {f"HELM_{name}_HOME": str(lab.folder / "helm") for name in ("CACHE", "CONFIG", "DATA")}
    command = [str(program), "--kubeconfig", str(configs[0]), *install]
    subprocess.run(command, env=os.environ | homes, capture_output=True, check=True)
    clients = [_Helm(program, config, lab.folder / "helm") for config in configs]
    return compare(clients[0], clients[1], _ASKED)


class _Helm(Kubectl):
    """helm with one kubeconfig."""

    def flags(self) -> list[str | Path]:
        """See Kubectl."""
        return ["--kubeconfig", self.kubeconfig, "--repository-cache", self.cache]
