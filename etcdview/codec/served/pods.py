"""Defaults of pods, and of the pod specs in all templates.

Source: k8s.io/kubernetes/pkg/apis/core/v1/defaults.go, conversion.go and zz_generated.defaults.go.
"""

from __future__ import annotations

from typing import Any

from etcdview.codec.model import Object
from etcdview.codec.served.images import pull_policy
from etcdview.codec.served.pod_resources import of_the_whole
from etcdview.codec.served.quantities import rounding
from etcdview.codec.served.rows import Default, Hook, Row, Within, set_default
from etcdview.codec.served.volumes import VOLUME

_HTTP: tuple[Row, ...] = (Default("path", "/", zero=True), Default("scheme", "HTTP", zero=True))
_PROBE: tuple[Row, ...] = (
    Default("timeoutSeconds", 1, zero=True),
    Default("periodSeconds", 10, zero=True),
    Default("successThreshold", 1, zero=True),
    Default("failureThreshold", 3, zero=True),
    Default("grpc.service", "", since=23),
    Within("httpGet", _HTTP),
)


def _container(obj: Object, minor: int) -> None:
    if not obj.get("imagePullPolicy"):
        obj["imagePullPolicy"] = pull_policy(obj.get("image"))


_CONTAINER: tuple[Row, ...] = (
    Hook("", _container),
    Hook("resources", rounding("limits", "requests")),
    Default("terminationMessagePath", "/dev/termination-log", zero=True),
    Default("terminationMessagePolicy", "File", zero=True),
    Default("ports[].protocol", "TCP", zero=True),
    Default("env[].valueFrom.fieldRef.apiVersion", "v1", zero=True),
    Default("env[].valueFrom.fileKeyRef.optional", False, since=34),
    Within("livenessProbe", _PROBE),
    Within("readinessProbe", _PROBE),
    Within("startupProbe", _PROBE),
    Within("lifecycle.postStart.httpGet", _HTTP),
    Within("lifecycle.preStop.httpGet", _HTTP),
)


def _spec(obj: Object, minor: int) -> None:
    """The old name of the service account goes with the new one."""
    account = obj.get("serviceAccountName") or obj.get("serviceAccount")
    if account:
        obj["serviceAccountName"] = obj["serviceAccount"] = account
    if minor < 28:
        _host_network(obj, minor)


def _host_network(obj: Object, minor: int) -> None:
    """Ports of a pod in its node's network are the node's; before 1.28 those of templates, too."""
    if obj.get("hostNetwork") is True:
        for name in ("containers", "initContainers"):
            _host_ports(obj.get(name))


def _host_ports(containers: Any) -> None:
    for container in containers if isinstance(containers, list) else ():
        ports = container.get("ports") if isinstance(container, dict) else None
        for port in ports if isinstance(ports, list) else ():
            if isinstance(port, dict) and port.get("containerPort"):
                set_default(port, "hostPort", port["containerPort"], zero=True)


POD_SPEC: tuple[Row, ...] = (
    Hook("", rounding("overhead")),
    Hook("resources", rounding("limits", "requests")),
    Default("dnsPolicy", "ClusterFirst", zero=True),
    Default("restartPolicy", "Always", zero=True),
    Default("securityContext", {}),
    Default("terminationGracePeriodSeconds", 30),
    Default("schedulerName", "default-scheduler", zero=True),
    Hook("", _spec),
    Within("containers[]", _CONTAINER),
    Within("initContainers[]", _CONTAINER),
    Within("ephemeralContainers[]", _CONTAINER),
    Within("volumes[]", VOLUME),
)


def _grace(spec: Object, minor: int) -> None:
    seconds = spec.get("terminationGracePeriodSeconds")
    if isinstance(seconds, int) and seconds < 0:
        spec["terminationGracePeriodSeconds"] = 1


def _addresses(status: Object, minor: int) -> None:
    one_and_all(status, "podIP", "podIPs", "ip")


def one_and_all(obj: Object, one: str, every: str, member: str = "") -> None:
    """Of a field for one value and the list that came after it, the one is the list's first; it wins, if not."""
    single, listed = obj.get(one), obj.get(every)
    first = listed[0] if isinstance(listed, list) and listed else None
    if member and first is not None:
        first = first.get(member) if isinstance(first, dict) else None
    if single and single != first:
        obj[every] = [{member: single} if member else single]
    elif first and not single:
        obj[one] = first


def _requests(obj: Object, minor: int) -> None:
    """What is limited and not requested is requested as much as it is limited."""
    resources = obj.get("resources")
    limits = resources.get("limits") if isinstance(resources, dict) else None
    if isinstance(limits, dict) and isinstance(resources, dict):
        requests = resources.get("requests")
        resources["requests"] = limits | (requests if isinstance(requests, dict) else {})


POD: tuple[Row, ...] = (
    Default("spec.enableServiceLinks", True),
    Hook("spec", of_the_whole),
    Hook("spec.containers[]", _requests),
    Hook("spec.initContainers[]", _requests),
    Hook("spec", _grace, since=27),
    Hook("spec", _host_network),
    Hook("status", _addresses),
    Hook("status.containerStatuses[]", rounding("allocatedResources")),
    Hook("status.initContainerStatuses[]", rounding("allocatedResources")),
    Hook("status.ephemeralContainerStatuses[]", rounding("allocatedResources")),
    Hook("status.containerStatuses[].resources", rounding("limits", "requests")),
    Hook("status.initContainerStatuses[].resources", rounding("limits", "requests")),
    Hook("status.ephemeralContainerStatuses[].resources", rounding("limits", "requests")),
    Hook("status", rounding("allocatedResources")),
    Hook("status.resources", rounding("limits", "requests")),
    Within("spec", POD_SPEC),
)
