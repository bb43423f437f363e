"""What a pod, or a template of pods, names: node, service account, claims, config maps, secrets, classes, devices."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from etcdview.kube.fields import dig, items, text
from etcdview.relations.model import Object, Ref, Reference

# volume source -> (member that holds the secret's name)
_SECRET_VOLUMES = {
    "cephfs": "secretRef",
    "cinder": "secretRef",
    "csi": "nodePublishSecretRef",
    "flexVolume": "secretRef",
    "iscsi": "secretRef",
    "rbd": "secretRef",
    "scaleIO": "secretRef",
    "storageos": "secretRef",
}
_TEMPLATES: dict[str, tuple[str, ...]] = {
    "CronJob": ("spec", "jobTemplate", "spec", "template", "spec"),
    "PodTemplate": ("template", "spec"),
    "Pod": ("spec",),
}
_TEMPLATED = ("spec", "template", "spec")


def pod_references(obj: Object) -> Iterator[Reference]:
    """What the object's pod spec names; nothing for an object that has none."""
    spec = dig(obj, *_TEMPLATES.get(text(obj, "kind"), _TEMPLATED))
    if not items(spec, "containers"):
        return
    namespace = text(obj, "metadata", "namespace")
    yield from _placement(spec, namespace)
    for container in [*items(spec, "initContainers"), *items(spec, "containers"), *items(spec, "ephemeralContainers")]:
        yield from _environment(container, namespace)
    for volume in items(spec, "volumes"):
        yield from _volume(volume, namespace, text(obj, "metadata", "name"))
    yield from _devices(obj, spec, namespace)


def _placement(spec: Any, namespace: str) -> Iterator[Reference]:
    if node := text(spec, "nodeName"):
        yield Reference("node", Ref("", "Node", "", node))
    account = text(spec, "serviceAccountName") or text(spec, "serviceAccount") or "default"
    yield Reference("identity", Ref("", "ServiceAccount", namespace, account))
    if priority := text(spec, "priorityClassName"):
        yield Reference("class", Ref("scheduling.k8s.io", "PriorityClass", "", priority))
    if runtime := text(spec, "runtimeClassName"):
        yield Reference("class", Ref("node.k8s.io", "RuntimeClass", "", runtime))
    for secret in items(spec, "imagePullSecrets"):
        if name := text(secret, "name"):
            yield Reference("pull", Ref("", "Secret", namespace, name))


def _environment(container: Any, namespace: str) -> Iterator[Reference]:
    sources = [dig(variable, "valueFrom") for variable in items(container, "env")]
    for source in sources:
        yield from _config(dig(source, "configMapKeyRef"), namespace)
        yield from _secret(dig(source, "secretKeyRef"), namespace)
    for source in items(container, "envFrom"):
        yield from _config(dig(source, "configMapRef"), namespace)
        yield from _secret(dig(source, "secretRef"), namespace)


def _volume(volume: Any, namespace: str, pod: str) -> Iterator[Reference]:
    if claim := text(volume, "persistentVolumeClaim", "claimName"):
        yield Reference("claim", Ref("", "PersistentVolumeClaim", namespace, claim))
    if dig(volume, "ephemeral") is not None:
        name = f"{pod}-{text(volume, 'name')}"
        yield Reference("claim", Ref("", "PersistentVolumeClaim", namespace, name))
    yield from _config(dig(volume, "configMap"), namespace)
    yield from _secret(dig(volume, "secret"), namespace, "secretName")
    for source, member in _SECRET_VOLUMES.items():
        yield from _secret(dig(volume, source, member), namespace)
    for source in items(volume, "projected", "sources"):
        yield from _config(dig(source, "configMap"), namespace)
        yield from _secret(dig(source, "secret"), namespace)


def _config(source: Any, namespace: str) -> Iterator[Reference]:
    if name := text(source, "name"):
        optional = dig(source, "optional") is True
        yield Reference("config", Ref("", "ConfigMap", namespace, name), optional=optional)


def _secret(source: Any, namespace: str, member: str = "name") -> Iterator[Reference]:
    if name := text(source, member):
        yield Reference("secret", Ref("", "Secret", namespace, name), optional=dig(source, "optional") is True)


def _devices(obj: Object, spec: Any, namespace: str) -> Iterator[Reference]:
    """Resource claims: named in the spec, or made from a template and named in the status."""
    made = {text(s, "name"): text(s, "resourceClaimName") for s in items(obj, "status", "resourceClaimStatuses")}
    for claim in items(spec, "resourceClaims"):
        name = text(claim, "resourceClaimName") or made.get(text(claim, "name"), "")
        if name:
            yield Reference("devices", Ref("resource.k8s.io", "ResourceClaim", namespace, name))
        if template := text(claim, "resourceClaimTemplateName"):
            yield Reference("devices", Ref("resource.k8s.io", "ResourceClaimTemplate", namespace, template))
