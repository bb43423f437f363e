"""kubeadm's certificates: what each file below /etc/kubernetes is for, and the command that renews it.

Source: Kubernetes' documentation "PKI certificates and requirements" and `kubeadm certs renew --help`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final


@dataclass(frozen=True, slots=True)
class Known:
    """What a certificate is for, and how it is renewed ("": kubeadm does not renew it)."""

    purpose: str
    renew: str = ""


PKI_FILES: Final[dict[str, Known]] = {
    "ca.crt": Known("CA of the Kubernetes cluster"),
    "front-proxy-ca.crt": Known("CA of the aggregation layer"),
    "etcd/ca.crt": Known("CA of etcd"),
    "apiserver.crt": Known("server certificate of kube-apiserver", "kubeadm certs renew apiserver"),
    "apiserver-kubelet-client.crt": Known(
        "client certificate of kube-apiserver for the kubelets", "kubeadm certs renew apiserver-kubelet-client"
    ),
    "apiserver-etcd-client.crt": Known(
        "client certificate of kube-apiserver for etcd", "kubeadm certs renew apiserver-etcd-client"
    ),
    "front-proxy-client.crt": Known(
        "client certificate of the aggregation layer", "kubeadm certs renew front-proxy-client"
    ),
    "etcd/server.crt": Known("server certificate of etcd", "kubeadm certs renew etcd-server"),
    "etcd/peer.crt": Known("certificate of etcd for the other members", "kubeadm certs renew etcd-peer"),
    "etcd/healthcheck-client.crt": Known(
        "client certificate of etcd's liveness probe", "kubeadm certs renew etcd-healthcheck-client"
    ),
}

KUBECONFIGS: Final[dict[str, Known]] = {
    "admin.conf": Known("client certificate of the administrator", "kubeadm certs renew admin.conf"),
    "super-admin.conf": Known(
        "client certificate of the administrator whom RBAC does not bind", "kubeadm certs renew super-admin.conf"
    ),
    "controller-manager.conf": Known(
        "client certificate of kube-controller-manager", "kubeadm certs renew controller-manager.conf"
    ),
    "scheduler.conf": Known("client certificate of kube-scheduler", "kubeadm certs renew scheduler.conf"),
}


def purpose_of(path: Path) -> Known:
    """What the file at `path`, seen from the pki folder, is for."""
    return PKI_FILES.get(path.as_posix(), Known(f"certificate in {path.as_posix()}"))
