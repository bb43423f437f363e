"""What each finding about stored objects means, how to check it, and what to do: one table, in the words of pages.

Commands are lines that run as they stand once the namespace and the name are filled in. kubectl needs an API server;
etcdview does not.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Runbook:
    """`means` in a sentence or two, `check` commands, `do` steps in their order."""

    means: str
    check: tuple[str, ...]
    do: tuple[str, ...]


def runbook(finding: str, namespace: str = "", name: str = "", resource: str = "") -> Runbook | None:
    """The runbook of a finding, its commands filled with the object that it is about; None for an unknown id."""
    found = RUNBOOKS.get(finding)
    if found is None:
        return None
    words = {
        "namespace": shlex.quote(namespace or "NAMESPACE"),
        "name": shlex.quote(name or "NAME"),
        "resource": shlex.quote(resource or "RESOURCE"),
    }
    return replace(found, check=tuple(line.format(**words) for line in found.check))


_LOGS = "kubectl logs -n {namespace} {name} --all-containers --previous"

RUNBOOKS: dict[str, Runbook] = {
    "pods-not-ready": Runbook(
        "A pod should serve and does not: it waits for something, its containers fail, or its node is gone.",
        ("etcdview describe pod {name} -n {namespace}", "kubectl describe pod -n {namespace} {name}", _LOGS),
        (
            "Open the pod's page: its first sentence names the cause.",
            "Missing ConfigMap, Secret or claim: create it; the pod starts by itself.",
            "CrashLoopBackOff: read the log of the last run. ImagePullBackOff: check the image and its pull secret.",
            "Pending: compare its requests, node selector and tolerations with the nodes.",
            "Node not ready: repair the node, or delete it so that its pods are made again elsewhere.",
        ),
    ),
    "workloads-short": Runbook(
        "A workload has fewer ready pods than it should have.",
        ("etcdview get pods -n {namespace}", "kubectl get events -n {namespace} --sort-by=.lastTimestamp"),
        (
            "If its pods exist, find out why they are not ready.",
            "If they do not exist, read the conditions and events of its replica set: a quota, a webhook or a missing "
            "service account refuses them.",
            "If nothing happens at all, check that the controller manager and the scheduler run.",
        ),
    ),
    "jobs-failed": Runbook(
        "A job has given up: its pods failed more often than its backoff limit permits, or it ran too long.",
        ("etcdview describe job {name} -n {namespace}", "kubectl logs -n {namespace} job/{name} --all-containers"),
        ("Read the log of its last pod.", "Repair the cause, delete the job, and create it again."),
    ),
    "claims-unbound": Runbook(
        "A claim has no volume, so that pods which use it stay Pending.",
        ("etcdview describe pvc {name} -n {namespace}", "etcdview get storageclasses"),
        (
            "Check that its storage class exists and that the provisioner's pods run.",
            "A class that waits for the first consumer binds once a pod uses the claim.",
            "Without a provisioner, create a volume that fits its size, class and access modes.",
        ),
    ),
    "namespace-ending": Runbook(
        "The namespace is being deleted and still has objects, or finalizers that nobody removes.",
        ("etcdview search /{namespace}/ --mode contains", "kubectl get namespace {name} -o yaml"),
        (
            "Its conditions name what is left. Delete that, or start the controller that owns the finalizers.",
            "An APIService that does not answer blocks every deletion: repair or delete it.",
        ),
    ),
    "services-unanswered": Runbook(
        "Nothing answers at this service: no pod that it selects is ready.",
        ("etcdview get endpointslices -n {namespace}", "etcdview describe service {name} -n {namespace}"),
        (
            "If it selects no pods, compare its selector with the labels of the pods.",
            "Otherwise find out why these pods are not ready.",
        ),
    ),
    "references-missing": Runbook(
        "A pod names a ConfigMap, Secret, claim or service account that does not exist: it cannot start.",
        ("etcdview describe pod {name} -n {namespace}", "kubectl get events -n {namespace}"),
        (
            "Create the missing object; the kubelet tries again by itself.",
            "If it was deleted, restore its last value from its history.",
            "If it is no longer wanted, remove the reference from the pod's template.",
        ),
    ),
    "autoscalers-blind": Runbook(
        "An autoscaler gets no metrics, so that it neither adds nor removes pods.",
        ("etcdview describe hpa {name} -n {namespace}", "kubectl get apiservice v1beta1.metrics.k8s.io"),
        ("See that metrics-server runs and answers.", "Give the target's containers resource requests."),
    ),
    "budgets-blocking": Runbook(
        "A disruption budget permits no eviction now: a node with such a pod cannot be drained.",
        ("etcdview describe pdb {name} -n {namespace}", "etcdview get pods -n {namespace}"),
        ("Get its pods healthy, or add one.", "If it asks for all of its pods, loosen it before you drain."),
    ),
    "quotas-full": Runbook(
        "A quota is used up: what needs more of it is refused when it is created.",
        ("etcdview describe quota {name} -n {namespace}", "etcdview get pods -n {namespace}"),
        ("Delete what is no longer needed, or raise the quota.",),
    ),
    "warning-events": Runbook(
        "Controllers have warned about these objects within the last hour.",
        ("etcdview get events -n {namespace}", "kubectl get events -n {namespace} --field-selector type=Warning"),
        ("Open the object that an event is about: its page tells what the event means for it.",),
    ),
    "control-plane-silent": Runbook(
        "A part of the control plane has not renewed its lease: it does not run, or it cannot reach the API server.",
        ("etcdview get leases -n kube-system", "crictl ps -a --name kube-"),
        (
            "On its machine, look at the container: `crictl ps -a`, then `crictl logs`.",
            "Is its manifest in /etc/kubernetes/manifests, and are its certificates valid (see Certificates)?",
            "A machine that is gone permanently: delete its lease.",
        ),
    ),
    "objects-unhealthy": Runbook(
        "The status of these objects says that they are unhealthy.",
        ("etcdview get {resource} -n {namespace}", "kubectl get events -n {namespace}"),
        ("Open each: its page begins with the reason.",),
    ),
    "deletion-stuck": Runbook(
        "The objects are marked as deleted, and finalizers hold them.",
        ("etcdview get {resource} {name} -n {namespace} -o yaml",),
        (
            "Start the controller that each finalizer belongs to.",
            "If it is gone permanently, remove the finalizer: what it should have cleaned up stays behind.",
        ),
    ),
    "owner-gone": Runbook(
        "The owner of these objects does not exist: the garbage collector should have deleted them.",
        ("etcdview get {resource} {name} -n {namespace} -o yaml",),
        (
            "See that kube-controller-manager runs.",
            "Delete what nobody needs; take ownerReferences off what is to stay.",
        ),
    ),
    "endpoint-gone": Runbook(
        "Endpoints point to pods that do not exist: traffic goes nowhere.",
        ("etcdview get endpointslices -n {namespace}", "etcdview get pods -n {namespace} -o wide"),
        ("See that kube-controller-manager runs; it makes endpoints anew once the service or a pod changes.",),
    ),
    "subject-gone": Runbook(
        "A binding names an account that does not exist: an account that is created under that name gets its rights.",
        ("etcdview get {resource} {name} -n {namespace} -o yaml",),
        ("Delete the binding, or create the account.",),
    ),
    "role-gone": Runbook(
        "A binding names a role that does not exist: it grants nothing.",
        ("etcdview get {resource} {name} -n {namespace} -o yaml",),
        ("Delete the binding, or create the role.",),
    ),
    "lease-expired": Runbook(
        "Leases that nobody renews: their holders stopped without giving them back.",
        ("etcdview get leases -A",),
        ("If the holder is gone permanently, delete the lease. Otherwise find out why it does not run.",),
    ),
    "definition-gone": Runbook(
        "Custom resources are stored whose definition does not exist: the API server does not serve them.",
        ("etcdview get crds", "etcdview get {resource} -A"),
        ("Install the definition again, or delete the keys with etcdctl.",),
    ),
    "version-unserved": Runbook(
        "Objects are stored in a version that the API server no longer serves: it cannot read them.",
        ("etcdview get crds",),
        ("Serve the version again, rewrite the objects, then drop it.",),
    ),
    "versions-mixed": Runbook(
        "Objects of one type are stored in several versions. This does no harm until an old version is dropped.",
        ("etcdview get storageversionmigrations", "etcdview get crds"),
        ("Before you drop an old version, rewrite its objects: a StorageVersionMigration, or `kubectl replace`.",),
    ),
    "version-dropped": Runbook(
        "Objects are stored in a version that the next release of Kubernetes does not have. After the upgrade it "
        "cannot read them.",
        ("etcdview get crds", "kubectl api-versions"),
        (
            "Rewrite the objects before the upgrade: a StorageVersionMigration, or `kubectl replace`.",
            "See that no client and no manifest uses the version.",
        ),
    ),
    "key-differs": Runbook(
        "The key says another name than the object: the API server finds objects by their keys.",
        ("etcdview get {resource} -n {namespace} -o yaml",),
        ("Write the object under its own key (`kubectl apply`), then delete this key with etcdctl.",),
    ),
    "values-undecodable": Runbook(
        "The API server cannot list a type of which one value cannot be decoded.",
        ("etcdview snapshot verify FILE", "etcdview get {resource} -n {namespace}"),
        (
            "Encrypted with a key that this server lacks: give it the EncryptionConfiguration.",
            "Damaged: restore the value from a backup (Rescue), or delete the key with etcdctl.",
        ),
    ),
    "uids-shared": Runbook(
        "Several objects have one UID: they were written past the API server, as by a restore.",
        ("etcdview get {resource} -A -o yaml",),
        ("Export them, delete all but one, and create the others again.",),
    ),
}
