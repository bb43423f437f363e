"""Resource types of Kubernetes: storage prefix, group, version, kind, plural, singular, short names.

The built-in ones are one table, as far back as 1.20; custom ones are made from their CRD, or from the key alone.
Sources: `kubectl api-resources -o wide` of 1.20 to 1.37, and SpecialDefaultResourcePrefixes in Kubernetes'
pkg/kubeapiserver/default_storage_factory_builder.go for the prefixes that break the rule.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ResourceType:
    """One kind of thing that etcd holds under one storage prefix.

    `prefix` is relative to the registry root ("services/specs"); `group` is "" for the core group; `version`
    and `kind` are "" where only a stored object could tell. `served` is false for the API server's own
    bookkeeping, which kubectl cannot ask for.
    """

    prefix: str
    group: str
    version: str
    kind: str
    plural: str
    singular: str = ""
    short_names: tuple[str, ...] = ()
    namespaced: bool = True
    categories: tuple[str, ...] = ()
    served: bool = True
    builtin: bool = True

    @property
    def api_version(self) -> str:
        """group/version, or the version alone for the core group."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def id(self) -> str:
        """How an address names it: the plural, with the group for what is not built in (backups.example.org)."""
        return self.plural if self.builtin else f"{self.plural}.{self.group}"

    @property
    def qualified(self) -> str:
        """plural.group as kubectl prints it; the plural alone for the core group."""
        return f"{self.plural}.{self.group}" if self.group else self.plural


_ALL = ("all",)
_EXT = ("api-extensions",)

# group -> version -> rows of (kind, plural, "short names", flags). Flags: c cluster-scoped, a category all,
# x category api-extensions.
_ROWS: tuple[tuple[str, str, tuple[tuple[str, str, str, str], ...]], ...] = (
    (
        "",
        "v1",
        (
            ("ConfigMap", "configmaps", "cm", ""),
            ("Endpoints", "endpoints", "ep", ""),
            ("Event", "events", "ev", ""),
            ("LimitRange", "limitranges", "limits", ""),
            ("Namespace", "namespaces", "ns", "c"),
            ("Node", "nodes", "no", "c"),
            ("PersistentVolumeClaim", "persistentvolumeclaims", "pvc", ""),
            ("PersistentVolume", "persistentvolumes", "pv", "c"),
            ("Pod", "pods", "po", "a"),
            ("PodTemplate", "podtemplates", "", ""),
            ("ReplicationController", "replicationcontrollers", "rc", "a"),
            ("ResourceQuota", "resourcequotas", "quota", ""),
            ("Secret", "secrets", "", ""),
            ("ServiceAccount", "serviceaccounts", "sa", ""),
            ("Service", "services", "svc", "a"),
        ),
    ),
    (
        "apps",
        "v1",
        (
            ("ControllerRevision", "controllerrevisions", "", ""),
            ("DaemonSet", "daemonsets", "ds", "a"),
            ("Deployment", "deployments", "deploy", "a"),
            ("ReplicaSet", "replicasets", "rs", "a"),
            ("StatefulSet", "statefulsets", "sts", "a"),
        ),
    ),
    ("autoscaling", "v2", (("HorizontalPodAutoscaler", "horizontalpodautoscalers", "hpa", "a"),)),
    ("batch", "v1", (("CronJob", "cronjobs", "cj", "a"), ("Job", "jobs", "", "a"))),
    ("policy", "v1", (("PodDisruptionBudget", "poddisruptionbudgets", "pdb", ""),)),
    ("policy", "v1beta1", (("PodSecurityPolicy", "podsecuritypolicies", "psp", "c"),)),
    (
        "networking.k8s.io",
        "v1",
        (
            ("Ingress", "ingresses", "ing", ""),
            ("IngressClass", "ingressclasses", "", "c"),
            ("NetworkPolicy", "networkpolicies", "netpol", ""),
            ("IPAddress", "ipaddresses", "ip", "c"),
            ("ServiceCIDR", "servicecidrs", "", "c"),
        ),
    ),
    ("networking.k8s.io", "v1alpha1", (("ClusterCIDR", "clustercidrs", "cc", "c"),)),
    ("discovery.k8s.io", "v1", (("EndpointSlice", "endpointslices", "", ""),)),
    ("coordination.k8s.io", "v1", (("Lease", "leases", "", ""),)),
    ("coordination.k8s.io", "v1beta1", (("LeaseCandidate", "leasecandidates", "", ""),)),
    (
        "rbac.authorization.k8s.io",
        "v1",
        (
            ("ClusterRoleBinding", "clusterrolebindings", "", "c"),
            ("ClusterRole", "clusterroles", "", "c"),
            ("RoleBinding", "rolebindings", "", ""),
            ("Role", "roles", "", ""),
        ),
    ),
    (
        "storage.k8s.io",
        "v1",
        (
            ("CSIDriver", "csidrivers", "", "c"),
            ("CSINode", "csinodes", "", "c"),
            ("CSIStorageCapacity", "csistoragecapacities", "", ""),
            ("StorageClass", "storageclasses", "sc", "c"),
            ("VolumeAttachment", "volumeattachments", "", "c"),
            ("VolumeAttributesClass", "volumeattributesclasses", "vac", "c"),
        ),
    ),
    ("scheduling.k8s.io", "v1", (("PriorityClass", "priorityclasses", "pc", "c"),)),
    ("scheduling.k8s.io", "v1alpha1", (("Workload", "workloads", "", ""), ("PodGroup", "podgroups", "", ""))),
    ("scheduling.k8s.io", "v1alpha3", (("CompositePodGroup", "compositepodgroups", "", ""),)),
    (
        "lifecycle.k8s.io",
        "v1alpha1",
        (("Eviction", "evictions", "", ""), ("EvictionRequest", "evictionrequests", "", "")),
    ),
    ("node.k8s.io", "v1", (("RuntimeClass", "runtimeclasses", "", "c"),)),
    ("certificates.k8s.io", "v1", (("CertificateSigningRequest", "certificatesigningrequests", "csr", "c"),)),
    (
        "certificates.k8s.io",
        "v1beta1",
        (
            ("ClusterTrustBundle", "clustertrustbundles", "", "c"),
            ("PodCertificateRequest", "podcertificaterequests", "", ""),
        ),
    ),
    (
        "admissionregistration.k8s.io",
        "v1",
        (
            ("MutatingAdmissionPolicy", "mutatingadmissionpolicies", "", "cx"),
            ("MutatingAdmissionPolicyBinding", "mutatingadmissionpolicybindings", "", "cx"),
            ("MutatingWebhookConfiguration", "mutatingwebhookconfigurations", "", "cx"),
            ("ValidatingAdmissionPolicy", "validatingadmissionpolicies", "", "cx"),
            ("ValidatingAdmissionPolicyBinding", "validatingadmissionpolicybindings", "", "cx"),
            ("ValidatingWebhookConfiguration", "validatingwebhookconfigurations", "", "cx"),
        ),
    ),
    (
        "flowcontrol.apiserver.k8s.io",
        "v1",
        (
            ("FlowSchema", "flowschemas", "", "c"),
            ("PriorityLevelConfiguration", "prioritylevelconfigurations", "", "c"),
        ),
    ),
    (
        "resource.k8s.io",
        "v1",
        (
            ("DeviceClass", "deviceclasses", "", "c"),
            ("ResourceClaim", "resourceclaims", "", ""),
            ("ResourceClaimTemplate", "resourceclaimtemplates", "", ""),
            ("ResourceSlice", "resourceslices", "", "c"),
        ),
    ),
    ("resource.k8s.io", "v1beta2", (("DeviceTaintRule", "devicetaintrules", "", "c"),)),
    (
        "resource.k8s.io",
        "v1alpha3",
        (
            ("PodSchedulingContext", "podschedulingcontexts", "", ""),
            ("ResourcePoolStatusRequest", "resourcepoolstatusrequests", "", "c"),
        ),
    ),
    ("resource.k8s.io", "v1alpha1", (("PodScheduling", "podschedulings", "", ""),)),
    (
        "resource.k8s.io",
        "v1alpha2",
        (
            ("ResourceClass", "resourceclasses", "", "c"),
            ("ResourceClaimParameters", "resourceclaimparameters", "", ""),
            ("ResourceClassParameters", "resourceclassparameters", "", ""),
        ),
    ),
    ("internal.apiserver.k8s.io", "v1alpha1", (("StorageVersion", "storageversions", "", "c"),)),
    ("storagemigration.k8s.io", "v1beta1", (("StorageVersionMigration", "storageversionmigrations", "", "c"),)),
    ("apiextensions.k8s.io", "v1", (("CustomResourceDefinition", "customresourcedefinitions", "crd,crds", "cx"),)),
    ("apiregistration.k8s.io", "v1", (("APIService", "apiservices", "", "cx"),)),
)

# plural -> prefix, where the prefix is not the plural.
_PREFIX_EXCEPTIONS = {
    "replicationcontrollers": "controllers",
    "endpoints": "services/endpoints",
    "services": "services/specs",
    "nodes": "minions",
    "ingresses": "ingress",
    "podsecuritypolicies": "podsecuritypolicy",
    "customresourcedefinitions": "apiextensions.k8s.io/customresourcedefinitions",
    "apiservices": "apiregistration.k8s.io/apiservices",
}

# What the API server keeps for itself: prefix, kind. Stored like objects, asked for by nobody.
_UNSERVED = (
    ("masterleases", "Endpoints"),
    ("peerserverleases", "Endpoints"),
    ("ranges", "RangeAllocation"),
)


def _builtin() -> Iterable[ResourceType]:
    for group, version, rows in _ROWS:
        for kind, plural, short, flags in rows:
            yield ResourceType(
                prefix=_PREFIX_EXCEPTIONS.get(plural, plural),
                group=group,
                version=version,
                kind=kind,
                plural=plural,
                singular=kind.lower(),
                short_names=tuple(short.split(",")) if short else (),
                namespaced="c" not in flags,
                categories=(_ALL if "a" in flags else ()) + (_EXT if "x" in flags else ()),
            )
    for prefix, kind in _UNSERVED:
        yield ResourceType(
            prefix=prefix, group="", version="v1", kind=kind, plural=prefix, namespaced=False, served=False
        )


BUILTIN: tuple[ResourceType, ...] = tuple(_builtin())
BY_PREFIX: dict[str, ResourceType] = {r.prefix: r for r in BUILTIN}


# Kinds that were stored in another group before they moved to the one that has them now.
_MOVED = {
    ("extensions", "DaemonSet"): "apps",
    ("extensions", "Deployment"): "apps",
    ("extensions", "ReplicaSet"): "apps",
    ("extensions", "HorizontalPodAutoscaler"): "autoscaling",
    ("extensions", "Job"): "batch",
    ("extensions", "Ingress"): "networking.k8s.io",
    ("extensions", "NetworkPolicy"): "networking.k8s.io",
    ("extensions", "PodSecurityPolicy"): "policy",
    ("events.k8s.io", "Event"): "",
}


def current_group(api_version: str, kind: str) -> str:
    """The group that has the kind now, of an object stored or named as `api_version`; "" for the core group."""
    group = api_version.rpartition("/")[0]
    return _MOVED.get((group, kind), group)


def custom(group: str, plural: str, *, namespaced: bool = True) -> ResourceType:
    """A custom resource type known only by its key; its CRD, where there is one, tells kind and version."""
    return ResourceType(
        prefix=f"{group}/{plural}",
        group=group,
        version="",
        kind="",
        plural=plural,
        singular=plural,
        namespaced=namespaced,
        builtin=False,
    )


def find(name: str, known: Iterable[ResourceType] = BUILTIN) -> tuple[ResourceType, ...]:
    """The types that `name` means to kubectl: plural, singular, kind, short name, each with `.group` or
    `.version.group` behind it if wanted; or a category, which means several. Empty: none.

    Where several groups have the plural, the first in `known` wins, as with kubectl.
    """
    wanted = name.lower()
    candidates = tuple(known)
    for r in candidates:
        if wanted in _names(r):
            return (r,)
    for r in candidates:
        if any(wanted in (f"{n}.{r.group}", f"{n}.{r.version}.{r.group}") for n in _names(r)):
            return (r,)
    return tuple(r for r in candidates if wanted in r.categories)


def known_words(known: Iterable[ResourceType] = BUILTIN) -> tuple[str, ...]:
    """Every word that `find` takes without a group, in the order of the types: plurals, singulars, short names."""
    return tuple(dict.fromkeys(name for r in known for name in _names(r)))


def _names(r: ResourceType) -> tuple[str, ...]:
    return (r.plural, r.singular, r.kind.lower(), *r.short_names) if r.served else (r.plural,)
