"""Odd objects by hand: states, gaps and counts at which Kubernetes' printers branch, and chance rarely makes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tools.tables.rare import rare

_CREATED = "2020-02-29T12:00:00Z"
_LATER = "2021-03-01T08:30:00Z"
_FUTURE = "2290-01-01T00:00:00Z"


def objects() -> Iterator[dict[str, Any]]:
    """Every object, named after its place in the list, and marked as made by hand."""
    made = [
        *_pods(),
        *_pods_with_containers(),
        *_pods_with_init_containers(),
        *_odd_pods(),
        *_nodes(),
        *_services(),
        *_volumes(),
        *_batch(),
        *_workloads(),
        *_first_autoscalers(),
        *_events(),
        *_small_ones(),
        *_policies(),
        *rare(),
    ]
    for position, (api_version, kind, fields) in enumerate(made):
        meta = {"name": f"odd-{position}", "creationTimestamp": _CREATED, "labels": {"made": "by-hand"}}
        given = fields.get("metadata", {})
        yield {"apiVersion": api_version, "kind": kind, **fields, "metadata": meta | given}


_Made = Iterator[tuple[str, str, dict[str, Any]]]


def _status(name: str, state: dict[str, Any], restarts: int = 0, ready: bool = False, **rest: Any) -> dict[str, Any]:
    return {"name": name, "image": "i", "imageID": "", "state": state, "restartCount": restarts, "ready": ready, **rest}


def _condition(kind: str, status: str = "True", **rest: str) -> dict[str, str]:
    return {"type": kind, "status": status, "lastTransitionTime": _LATER, **rest}


_RUNNING: dict[str, Any] = {"running": {"startedAt": _LATER}}
_DONE = {"terminated": {"exitCode": 0, "reason": "Completed", "finishedAt": _LATER}}
_FAILED = {"terminated": {"exitCode": 2, "reason": "Error", "finishedAt": _LATER}}
_SIGNALLED = {"terminated": {"exitCode": 137, "signal": 9, "finishedAt": _LATER}}
_EXITED = {"terminated": {"exitCode": 5, "finishedAt": _LATER}}
_WAITING = {"waiting": {"reason": "CrashLoopBackOff"}}
_STARTING = {"waiting": {"reason": "PodInitializing"}}
_STATES: tuple[dict[str, Any], ...] = (_RUNNING, _DONE, _FAILED, _SIGNALLED, _EXITED, _WAITING, {})
_BEFORE = {"lastState": {"terminated": {"exitCode": 1, "finishedAt": "2021-01-01T00:00:00Z"}}}
_MUCH_BEFORE = {"lastState": {"terminated": {"exitCode": 1, "finishedAt": "2020-06-01T00:00:00Z"}}}


def _containers(*names: str) -> list[dict[str, Any]]:
    return [{"name": name, "image": f"{name}:1"} for name in names]


def _pods() -> _Made:
    """In every phase, and on their way out."""
    for phase in ("Pending", "Running", "Succeeded", "Failed", "Unknown", ""):
        yield "v1", "Pod", {"spec": {"containers": _containers("a")}, "status": {"phase": phase}}
        for reason in ("", "NodeLost", "Evicted"):
            gone = {"deletionTimestamp": _LATER, "deletionGracePeriodSeconds": 30}
            yield (
                "v1",
                "Pod",
                {
                    "metadata": gone,
                    "spec": {"containers": _containers("a")},
                    "status": {"phase": phase, "reason": reason},
                },
            )


def _pods_with_containers() -> _Made:
    """Containers that run, wait, ended and failed, by two."""
    for first in _STATES:
        for second in _STATES:
            for ready in ("True", "False"):
                statuses = [
                    _status("a", first, 3, first is _RUNNING, **_BEFORE),
                    _status("b", second, 1, second is _RUNNING, **_MUCH_BEFORE),
                ]
                status = {
                    "phase": "Running",
                    "conditions": [_condition("Ready", ready)],
                    "containerStatuses": statuses,
                }
                yield "v1", "Pod", {"spec": {"containers": _containers("a", "b")}, "status": status}


def _pods_with_init_containers() -> _Made:
    """Init containers and sidecars in every state."""
    sidecar = {"name": "proxy", "image": "p", "restartPolicy": "Always"}
    for state in (*_STATES, _STARTING):
        for started in (True, False, None):
            for initialized in ("True", "False"):
                inits = [
                    _status("proxy", state, 2, state is _RUNNING, started=started, **_BEFORE),
                    _status("i2", _WAITING),
                ]
                status = {
                    "phase": "Pending",
                    "conditions": [_condition("Initialized", initialized)],
                    "initContainerStatuses": inits,
                    "containerStatuses": [_status("a", _RUNNING, 0, True)],
                }
                for inits_of in ([sidecar, *_containers("i2")], _containers("proxy", "i2")):
                    spec = {"initContainers": inits_of, "containers": _containers("a")}
                    yield "v1", "Pod", {"spec": spec, "status": status}


def _odd_pods() -> _Made:
    """Gates, addresses, restarts of init containers that are done, times to come; and templates of pods."""
    spec = {"containers": _containers("a"), "initContainers": _containers("i"), "nodeName": "n1"}
    done = {"phase": "Running", "initContainerStatuses": [_status("i", _DONE, 4, **_BEFORE)]}
    yield "v1", "Pod", {"spec": spec, "status": done | {"containerStatuses": [_status("a", _RUNNING, 0, True)]}}
    gated = {"phase": "Pending", "conditions": [_condition("PodScheduled", "False", reason="SchedulingGated")]}
    yield "v1", "Pod", {"spec": {"containers": _containers("a")}, "status": gated}
    gates = {"containers": _containers("a"), "readinessGates": [{"conditionType": "x"}, {"conditionType": "y"}]}
    yield "v1", "Pod", {"spec": gates, "status": {"conditions": [_condition("x"), _condition("y", "False")]}}
    for addresses in ({"podIP": "10.0.0.1"}, {"podIP": "10.0.0.1", "podIPs": [{"ip": "fd00::1"}]}, {"podIPs": []}):
        yield "v1", "Pod", {"spec": {"containers": _containers("a")}, "status": addresses | {"nominatedNodeName": "n2"}}
    yield "v1", "Pod", {"metadata": {"creationTimestamp": _FUTURE}, "spec": {"containers": []}, "status": {}}
    yield "v1", "Pod", {"metadata": {"creationTimestamp": None}, "spec": {"containers": []}, "status": {}}
    yield (
        "v1",
        "PodTemplate",
        {"template": {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": _containers("a", "b")}}},
    )


def _nodes() -> _Made:
    """Unknown, cordoned, with roles of both kinds, without an address, with a kernel and none."""
    info = {"kubeletVersion": "v1.20.0", "osImage": "Linux", "kernelVersion": "5.0", "architecture": "arm64"}
    full = info | {"containerRuntimeVersion": "containerd://1", "machineID": "", "systemUUID": "", "bootID": ""}
    for conditions in ([], [_condition("Ready")], [_condition("Ready", "False")], [_condition("Ready", "Unknown")]):
        for spec in ({}, {"unschedulable": True}):
            for node_info in ({}, full, full | {"kernelVersion": ""}, full | {"architecture": ""}):
                yield "v1", "Node", {"spec": spec, "status": {"conditions": conditions, "nodeInfo": node_info}}
    roles = {"node-role.kubernetes.io/b": "", "node-role.kubernetes.io/a": "x", "kubernetes.io/role": "c"}
    addresses = [{"type": kind, "address": kind} for kind in ("Hostname", "ExternalIP", "InternalIP", "InternalIP")]
    yield (
        "v1",
        "Node",
        {"metadata": {"labels": roles | {"made": "by-hand"}}, "spec": {}, "status": {"addresses": addresses}},
    )
    yield "v1", "Namespace", {"spec": {}, "status": {"phase": "Terminating"}}
    yield "v1", "Namespace", {"spec": {}, "status": {}}


def _services() -> _Made:
    """Of every type, headless, with many ports, balancers by address and name; endpoints; slices."""
    ports = [{"port": 80, "nodePort": 30080, "protocol": "TCP"}, {"port": 53, "protocol": "UDP", "name": "dns"}]
    inside = {"clusterIP": "10.0.0.1", "clusterIPs": ["10.0.0.1"]}
    for kind in ("ClusterIP", "NodePort", "LoadBalancer"):
        for extra in (
            {},
            {"externalIPs": ["1.1.1.1", "2.2.2.2"]},
            {"selector": {"b": "2", "a": "1"}},
            {"ports": ports},
        ):
            yield "v1", "Service", {"spec": inside | {"type": kind} | extra, "status": {}}
    balancers = [{"ip": "9.9.9.9"}, {"hostname": "a.example.org"}, {"ip": "8.8.8.8", "hostname": "x"}]
    yield (
        "v1",
        "Service",
        {"spec": inside | {"type": "LoadBalancer"}, "status": {"loadBalancer": {"ingress": balancers}}},
    )
    yield "v1", "Service", {"spec": {"type": "ExternalName", "externalName": "example.org"}}
    yield "v1", "Service", {"spec": {"clusterIP": "None", "clusterIPs": ["None"]}}
    for count in (0, 1, 3, 4, 7):
        subset = {"addresses": [{"ip": f"10.0.0.{i}"} for i in range(count)], "ports": [{"port": 1}, {"port": 2}]}
        yield "v1", "Endpoints", {"subsets": [subset]}
        yield "v1", "Endpoints", {"subsets": [{"addresses": subset["addresses"]}]}
        points = [{"addresses": [f"10.0.0.{i}"]} for i in range(count)]
        slice_ports = [{"name": f"p{i}", "port": i or None} for i in range(count)]
        yield "discovery.k8s.io/v1", "EndpointSlice", {"addressType": "IPv4", "endpoints": points, "ports": slice_ports}
        yield (
            "discovery.k8s.io/v1beta1",
            "EndpointSlice",
            {"addressType": "IPv4", "endpoints": points, "ports": slice_ports},
        )
        rules = [{"host": f"h{i}.example.org"} if i % 2 == 0 else {} for i in range(count)]
        ingress = {"rules": rules, "tls": [{}] if count == 3 else [], "ingressClassName": "nginx" if count else None}
        yield (
            "networking.k8s.io/v1",
            "Ingress",
            {"spec": ingress, "status": {"loadBalancer": {"ingress": balancers[:count]}}},
        )
    for annotation in ({}, {"ingressclass.kubernetes.io/is-default-class": "true"}):
        for parameters in (None, {"kind": "P", "name": "x"}, {"apiGroup": "g", "kind": "P", "name": "x"}):
            yield (
                "networking.k8s.io/v1",
                "IngressClass",
                {"metadata": {"annotations": annotation}, "spec": {"controller": "c", "parameters": parameters}},
            )
    for selector in (
        {},
        {"matchLabels": {"b": "2", "a": "1"}},
        {"matchExpressions": [{"key": "k", "operator": "Exists"}]},
    ):
        yield "networking.k8s.io/v1", "NetworkPolicy", {"spec": {"podSelector": selector}}


def _volumes() -> _Made:
    """Classes by annotation and by field, claims without a volume, defaults of classes."""
    for name in (None, "", "fast"):
        for notes in ({}, {"volume.beta.kubernetes.io/storage-class": "old"}):
            both = {
                "storageClassName": name,
                "volumeAttributesClassName": name,
                "accessModes": ["ReadWriteMany", "ReadWriteOnce"],
            }
            yield (
                "v1",
                "PersistentVolumeClaim",
                {
                    "metadata": {"annotations": notes},
                    "spec": both | {"volumeName": name or ""},
                    "status": {
                        "phase": "Bound",
                        "capacity": {"storage": "1500Mi"},
                        "accessModes": ["ReadWriteOnce", "ReadWriteOncePod"],
                    },
                },
            )
            yield (
                "v1",
                "PersistentVolume",
                {
                    "metadata": {"annotations": notes, "deletionTimestamp": _LATER if name else None},
                    "spec": both
                    | {
                        "storageClassName": name or "",
                        "capacity": {"storage": "1Gi"},
                        "volumeMode": "Block" if name else None,
                        "claimRef": {"namespace": "n", "name": "c"} if name else None,
                    },
                    "status": {"phase": "Released", "reason": name or ""},
                },
            )
    for value in ("true", "false", "yes"):
        for annotation in (
            "storageclass.kubernetes.io/is-default-class",
            "storageclass.beta.kubernetes.io/is-default-class",
        ):
            yield (
                "storage.k8s.io/v1",
                "StorageClass",
                {
                    "metadata": {"annotations": {annotation: value}},
                    "provisioner": "p",
                    "allowVolumeExpansion": value == "true",
                },
            )
        default = {"volumeattributesclass.alpha.kubernetes.io/is-default-class": value}
        for version in ("v1alpha1", "v1beta1", "v1"):
            yield (
                f"storage.k8s.io/{version}",
                "VolumeAttributesClass",
                {"metadata": {"annotations": default}, "driverName": "d"},
            )
    for tokens in (None, [{"audience": "a"}, {"audience": ""}]):
        spec = {"tokenRequests": tokens, "volumeLifecycleModes": ["Persistent", "Ephemeral"] if tokens else []}
        yield "storage.k8s.io/v1", "CSIDriver", {"spec": spec}


def _batch() -> _Made:
    """Jobs in every state, with and without a number to reach; cron jobs with and without a time zone."""
    selector = {"matchLabels": {"job": "x"}}
    for kind in ("Complete", "Failed", "Suspended", "FailureTarget", "SuccessCriteriaMet"):
        for status in ("True", "False"):
            for deleted in (None, _LATER):
                yield (
                    "batch/v1",
                    "Job",
                    {
                        "metadata": {"deletionTimestamp": deleted},
                        "spec": {
                            "completions": 3,
                            "template": {"spec": {"containers": _containers("a")}},
                            "selector": selector,
                        },
                        "status": {"succeeded": 1, "startTime": _CREATED, "conditions": [_condition(kind, status)]},
                    },
                )
    for parallelism in (None, 1, 5):
        times = {"startTime": _CREATED, "completionTime": _LATER}
        yield "batch/v1", "Job", {"spec": {"parallelism": parallelism, "template": {"spec": {}}}, "status": times}
    for zone in (None, "", "Europe/Vienna"):
        for version in ("v1", "v1beta1"):
            job = {"spec": {"template": {"spec": {"containers": _containers("a")}}, "selector": selector}}
            yield (
                f"batch/{version}",
                "CronJob",
                {
                    "spec": {"schedule": "* * * * *", "timeZone": zone, "suspend": bool(zone), "jobTemplate": job},
                    "status": {"active": [{}, {}], "lastScheduleTime": _LATER if zone else None},
                },
            )


def _workloads() -> _Made:
    """Selectors that are empty, odd or broken; replicas that are not stated; autoscalers with each kind of metric."""
    selectors: tuple[Any, ...] = (
        None,
        {},
        {"matchLabels": {"b": "2", "a": ""}},
        {"matchExpressions": [{"key": "k", "operator": "In", "values": ["y", "x"]}]},
        {"matchExpressions": [{"key": "k", "operator": "Maybe"}]},
        {"matchExpressions": [{"key": "k", "operator": "In"}]},
        {"matchLabels": {"bad key": "x"}},
        {
            "matchExpressions": [
                {"key": "z", "operator": "DoesNotExist"},
                {"key": "a", "operator": "NotIn", "values": ["q"]},
            ]
        },
    )
    template = {"spec": {"containers": _containers("a", "b"), "nodeSelector": {"os": "linux"}}}
    for selector in selectors:
        for kind in ("Deployment", "ReplicaSet", "StatefulSet", "DaemonSet"):
            yield (
                "apps/v1",
                kind,
                {
                    "spec": {"selector": selector, "template": template, "replicas": None if selector else 0},
                    "status": {
                        "replicas": 4,
                        "readyReplicas": 3,
                        "updatedReplicas": 2,
                        "availableReplicas": 1,
                        "numberReady": 5,
                    },
                },
            )
    yield "v1", "ReplicationController", {"spec": {"replicas": 2, "selector": {"a": "b"}, "template": template}}
    utilization = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 50}}
    average = {"name": "memory", "target": {"type": "AverageValue", "averageValue": "100m"}}
    value = {"type": "Value", "value": "2k"}
    metric = {"name": "m"}
    specs: list[dict[str, Any]] = [
        {"type": "Resource", "resource": utilization},
        {"type": "Resource", "resource": average},
        {"type": "ContainerResource", "containerResource": utilization | {"container": "a"}},
        {"type": "Pods", "pods": {"metric": metric, "target": average["target"]}},
        {
            "type": "Object",
            "object": {"metric": metric, "describedObject": {"kind": "S", "name": "s"}, "target": value},
        },
        {"type": "External", "external": {"metric": metric, "target": value}},
        {"type": "External", "external": {"metric": metric, "target": average["target"]}},
        {"type": "Strange"},
    ]
    target = {"kind": "Deployment", "name": "d"}
    for metrics in ([], *([spec] for spec in specs), specs, specs[:2], specs[:3]):
        for version in ("v2", "v2beta2"):
            yield (
                f"autoscaling/{version}",
                "HorizontalPodAutoscaler",
                {
                    "spec": {
                        "scaleTargetRef": target,
                        "maxReplicas": 9,
                        "minReplicas": 2 if metrics else None,
                        "metrics": metrics,
                    }
                },
            )
    for cpu in (None, 75):
        yield (
            "autoscaling/v1",
            "HorizontalPodAutoscaler",
            {
                "spec": {"scaleTargetRef": target, "maxReplicas": 9, "targetCPUUtilizationPercentage": cpu},
                "status": {"currentCPUUtilizationPercentage": cpu},
            },
        )
    owner = {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "s", "uid": "u", "controller": True}
    for owners in ([], [owner], [owner | {"apiVersion": "v1"}], [owner | {"controller": False}]):
        yield "apps/v1", "ControllerRevision", {"metadata": {"ownerReferences": owners}, "revision": 7}
    for minimum, maximum in ((1, None), (None, "50%"), (None, None)):
        for version in ("v1", "v1beta1"):
            yield (
                f"policy/{version}",
                "PodDisruptionBudget",
                {"spec": {"minAvailable": minimum, "maxUnavailable": maximum}, "status": {"disruptionsAllowed": 2}},
            )


def _first_autoscalers() -> _Made:
    """Of v2beta1, and of v1, which has but the CPU in a field, and the rest in annotations."""
    target, other = {"kind": "Deployment", "name": "d"}, {"kind": "S", "name": "s"}
    named: dict[str, Any] = {"metricName": "m"}
    pairs: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
        ("Resource", {"name": "cpu", "targetAverageUtilization": 50}, {"name": "cpu", "currentAverageUtilization": 20}),
        ("Resource", {"name": "memory", "targetAverageValue": "100m"}, {"name": "memory", "currentAverageValue": "7"}),
        ("Pods", named | {"targetAverageValue": "5"}, named | {"currentAverageValue": "4"}),
        ("Object", named | {"target": other, "targetValue": "2k"}, named | {"target": other, "currentValue": "1k"}),
        (
            "Object",
            named | {"target": other, "targetValue": "0", "averageValue": "3"},
            named | {"target": other, "currentValue": "0", "averageValue": "2"},
        ),
        ("External", named | {"targetValue": "8"}, named | {"currentValue": "6"}),
        ("External", named | {"targetAverageValue": "9"}, named | {"currentValue": "0", "currentAverageValue": "1"}),
        (
            "ContainerResource",
            {"name": "cpu", "container": "c", "targetAverageUtilization": 60},
            {"name": "cpu", "container": "c", "currentAverageUtilization": 30, "currentAverageValue": "1"},
        ),
    ]
    specs = [{"type": kind, kind[0].lower() + kind[1:]: spec} for kind, spec, _ in pairs]
    current = [{"type": kind, kind[0].lower() + kind[1:]: status} for kind, _, status in pairs]
    for first, last in (*((n, n + 1) for n in range(len(pairs))), (0, 2), (2, 8), (0, 0)):
        for statuses in (current[first:last], []):
            spec = {"scaleTargetRef": target, "maxReplicas": 9}
            status = {"currentMetrics": statuses}
            fields = {"spec": spec | {"metrics": specs[first:last]}, "status": status}
            yield "autoscaling/v2beta1", "HorizontalPodAutoscaler", fields
            notes = {"metrics": json.dumps(specs[first:last])} | (
                {"current-metrics": json.dumps(statuses)} if statuses else {}
            )
            annotations = {f"autoscaling.alpha.kubernetes.io/{name}": text for name, text in notes.items()}
            for cpu in (None, 75):
                measured = spec | {"targetCPUUtilizationPercentage": cpu}
                fields = {"metadata": {"annotations": annotations}, "spec": measured}
                fields |= {"status": {"currentCPUUtilizationPercentage": cpu}}
                yield "autoscaling/v1", "HorizontalPodAutoscaler", fields


def _events() -> _Made:
    """With a series, with a count, with neither; of each source."""
    about = {"kind": "Pod", "name": "p", "fieldPath": "spec.containers{a}"}
    common = {"involvedObject": about, "reason": "R", "message": " m\n", "type": "Warning"}
    for source in ({}, {"component": "c"}, {"component": "c", "host": "h"}, {"host": "h"}):
        for reporter in ({}, {"reportingComponent": "r", "reportingInstance": "i"}):
            yield "v1", "Event", common | {"source": source} | reporter
    for times in (
        {"firstTimestamp": _CREATED},
        {"lastTimestamp": _LATER},
        {"eventTime": "2021-01-01T00:00:00.000001Z"},
    ):
        for series in ({}, {"count": 5}, {"series": {"count": 7, "lastObservedTime": "2021-02-01T00:00:00.000000Z"}}):
            yield "v1", "Event", common | times | series
    yield "v1", "Event", common | {"involvedObject": {"kind": "Node"}}


def _small_ones() -> _Made:
    """Quotas, accounts, priorities, requests for certificates, leases, bindings."""
    yield "v1", "ServiceAccount", {"secrets": [{"name": "a"}, {"name": "b"}]}
    yield "v1", "ConfigMap", {"data": {"a": "1"}, "binaryData": {"b": "AA=="}}
    yield "v1", "Secret", {"data": {"a": "AA=="}, "type": "kubernetes.io/tls"}
    hard = {"limits.cpu": "2", "requests.cpu": "1", "pods": "10", "limits.memory": "1Gi"}
    yield "v1", "ResourceQuota", {"status": {"hard": hard, "used": {"pods": "3", "limits.cpu": "500m"}}}
    for policy in (None, "Never"):
        for version in ("v1", "v1beta1"):
            yield (
                f"scheduling.k8s.io/{version}",
                "PriorityClass",
                {"value": -5, "globalDefault": bool(policy), "preemptionPolicy": policy},
            )
    conditions: tuple[list[str], ...] = ([], ["Approved"], ["Denied", "Approved"], ["Approved", "Failed"])
    for kinds in conditions:
        for seconds in (None, 3600, 90):
            yield (
                "certificates.k8s.io/v1",
                "CertificateSigningRequest",
                {
                    "spec": {"request": "AA==", "signerName": "s", "username": "u", "expirationSeconds": seconds},
                    "status": {
                        "conditions": [_condition(kind) for kind in kinds],
                        "certificate": "AA==" if "Approved" in kinds else None,
                    },
                },
            )
    for holder in (None, "h"):
        yield "coordination.k8s.io/v1", "Lease", {"spec": {"holderIdentity": holder}}
    for version in ("v1", "v1beta1"):
        yield f"node.k8s.io/{version}", "RuntimeClass", {"handler": "runc"}
    subjects = [{"kind": kind, "name": kind, "namespace": "n"} for kind in ("User", "Group", "ServiceAccount", "User")]
    for kind in ("RoleBinding", "ClusterRoleBinding"):
        yield (
            "rbac.authorization.k8s.io/v1",
            kind,
            {"roleRef": {"kind": "ClusterRole", "name": "r"}, "subjects": subjects},
        )


def _policies() -> _Made:
    """Bindings of admission policies, flow control, claims on devices."""
    for reference in (
        None,
        {},
        {"name": "n"},
        {"name": "n", "namespace": "s"},
        {"selector": {"matchLabels": {"a": "b"}}},
    ):
        for version in ("v1alpha1", "v1beta1", "v1"):
            yield (
                f"admissionregistration.k8s.io/{version}",
                "ValidatingAdmissionPolicyBinding",
                {"spec": {"policyName": "p", "paramRef": reference}},
            )
    for version in ("v1beta1", "v1beta2", "v1beta3", "v1"):
        for limited in (
            None,
            {"nominalConcurrencyShares": 7, "assuredConcurrencyShares": 7, "limitResponse": {"type": "Reject"}},
            {"limitResponse": {"type": "Queue", "queuing": {"queues": 8, "handSize": 2, "queueLengthLimit": 5}}},
        ):
            yield (
                f"flowcontrol.apiserver.k8s.io/{version}",
                "PriorityLevelConfiguration",
                {"spec": {"type": "Limited" if limited else "Exempt", "limited": limited}},
            )
        for dangling in ([], [_condition("Dangling", "False")]):
            yield (
                f"flowcontrol.apiserver.k8s.io/{version}",
                "FlowSchema",
                {
                    "spec": {
                        "matchingPrecedence": 9,
                        "priorityLevelConfiguration": {"name": "x"},
                        "distinguisherMethod": {"type": "ByUser"} if dangling else None,
                    },
                    "status": {"conditions": dangling},
                },
            )
    for allocation in (None, {}):
        for deleted in (None, _LATER):
            for reserved in ([], [{"resource": "pods", "name": "p", "uid": "u"}]):
                for version in ("v1alpha2", "v1alpha3", "v1beta1", "v1beta2", "v1"):
                    yield (
                        f"resource.k8s.io/{version}",
                        "ResourceClaim",
                        {
                            "metadata": {"deletionTimestamp": deleted},
                            "spec": {"resourceClassName": "c", "allocationMode": "Immediate"},
                            "status": {
                                "allocation": allocation,
                                "reservedFor": reserved,
                                "deallocationRequested": bool(reserved),
                            },
                        },
                    )
