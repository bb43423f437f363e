"""The fields that the API server selects by, type by type, and its errors for others.

Sources: the field label conversions in Kubernetes' pkg/apis/*/*/conversion.go, and the selectable fields of the
strategies in pkg/registry. A CRD names its own (selectableFields).
"""

from __future__ import annotations

from etcdview.kube.field_aliases import INVOLVED
from etcdview.kube.fields import items, text
from etcdview.kubeapi.served_types import EVENTS_GROUP, ServedType
from etcdview.kubeapi.statuses import bad_request

_META = ("metadata.name", "metadata.namespace")
# (group, plural) -> selectable fields beside name and namespace; a type that is missing here has no others.
_OF_TYPE: dict[tuple[str, str], tuple[str, ...]] = {
    ("", "pods"): (
        "spec.nodeName",
        "spec.host",
        "spec.restartPolicy",
        "spec.schedulerName",
        "spec.serviceAccountName",
        "spec.hostNetwork",
        "status.phase",
        "status.podIP",
        "status.podIPs",
        "status.nominatedNodeName",
    ),
    ("", "nodes"): ("spec.unschedulable",),
    ("", "namespaces"): ("status.phase",),
    ("", "secrets"): ("type",),
    ("", "services"): ("spec.clusterIP", "spec.type"),
    ("", "replicationcontrollers"): ("status.replicas",),
    ("", "events"): (
        *(f"involvedObject.{name}" for name in INVOLVED),
        "reason",
        "reportingComponent",
        "source",
        "type",
    ),
    (EVENTS_GROUP, "events"): (*(f"regarding.{name}" for name in INVOLVED), "reason", "reportingController", "type"),
    ("batch", "jobs"): ("status.successful",),
    ("certificates.k8s.io", "certificatesigningrequests"): ("spec.signerName",),
    ("certificates.k8s.io", "clustertrustbundles"): ("spec.signerName",),
    ("certificates.k8s.io", "podcertificaterequests"): ("spec.signerName", "spec.podName", "spec.nodeName"),
    ("resource.k8s.io", "resourceslices"): ("spec.nodeName", "spec.driver"),
}


def check_selectable(served: ServedType, label: str) -> None:
    """Raises StatusError for a field that the API server does not select by."""
    if label not in _known(served) and label not in _fields(served):
        raise bad_request(_refusal(served, label))


def _known(served: ServedType) -> tuple[str, ...]:
    """Name and namespace; types without fields of their own take the namespace even where they have none."""
    own = not served.resource.builtin or (served.group, served.plural) in _OF_TYPE
    return _META[:1] if own and not served.resource.namespaced else _META


def _fields(served: ServedType) -> tuple[str, ...]:
    if not served.resource.builtin:
        return tuple(text(f, "jsonPath").removeprefix(".") for f in items(served.version_entry, "selectableFields"))
    return _OF_TYPE.get((served.group, served.plural), ())


def _refusal(served: ServedType, label: str) -> str:
    shown = label[:200]
    if (served.group, served.plural) == ("batch", "jobs"):
        return f'field label "{shown}" not supported for Job'
    if (served.group, served.plural) == ("resource.k8s.io", "resourceslices"):
        return f"field label not supported for {served.api_version}, Kind={served.kind}: {shown}"
    if not served.resource.builtin or (served.group, served.plural) in _OF_TYPE:
        return f"field label not supported: {shown}"
    return f'"{shown}" is not a known field selector: only "metadata.name", "metadata.namespace"'
