"""Defaults of volumes: those of pods, persistent ones, and claims.

Source: k8s.io/kubernetes/pkg/apis/core/v1/defaults.go and the `+default` marks in k8s.io/api/core/v1.
"""

from __future__ import annotations

from etcdview.codec.model import Object
from etcdview.codec.served.images import pull_policy
from etcdview.codec.served.quantities import rounding
from etcdview.codec.served.rows import Default, Hook, Row, Within, set_default

_MODE = 0o644
_ISCSI: tuple[Row, ...] = (Default("iscsi.iscsiInterface", "default", zero=True),)
_RBD: tuple[Row, ...] = (
    Default("rbd.pool", "rbd", zero=True),
    Default("rbd.user", "admin", zero=True),
    Default("rbd.keyring", "/etc/ceph/keyring", zero=True),
)
_SCALE_IO: tuple[Row, ...] = (
    Default("scaleIO.storageMode", "ThinProvisioned", zero=True),
    Default("scaleIO.fsType", "xfs", zero=True),
)
_AZURE: tuple[Row, ...] = (
    Default("azureDisk.cachingMode", "ReadWrite"),
    Default("azureDisk.kind", "Shared"),
    Default("azureDisk.fsType", "ext4"),
    Default("azureDisk.readOnly", False),
)
SOURCES: tuple[Row, ...] = (*_ISCSI, *_RBD, *_SCALE_IO, *_AZURE, Default("hostPath.type", ""))


def _source(obj: Object, minor: int) -> None:
    """A volume that names no source is an empty directory."""
    if all(value is None for name, value in obj.items() if name != "name"):
        obj["emptyDir"] = {}
    image = obj.get("image")
    if isinstance(image, dict) and not image.get("pullPolicy") and minor >= 35:
        image["pullPolicy"] = pull_policy(image.get("reference"))


def claim_status(obj: Object, minor: int) -> None:
    """A claim that was stored without a phase is Pending."""
    status = obj.setdefault("status", {})
    if isinstance(status, dict):
        set_default(status, "phase", "Pending", zero=True)


_CLAIM_SPEC: tuple[Row, ...] = (
    Default("volumeMode", "Filesystem"),
    Hook("resources", rounding("limits", "requests")),
)
VOLUME: tuple[Row, ...] = (
    Hook("", _source),
    *SOURCES,
    Default("secret.defaultMode", _MODE),
    Default("configMap.defaultMode", _MODE),
    Default("downwardAPI.defaultMode", _MODE),
    Default("downwardAPI.items[].fieldRef.apiVersion", "v1", zero=True),
    Default("projected.defaultMode", _MODE),
    Default("projected.sources[].downwardAPI.items[].fieldRef.apiVersion", "v1", zero=True),
    Default("projected.sources[].serviceAccountToken.expirationSeconds", 3600),
    Within("ephemeral.volumeClaimTemplate.spec", _CLAIM_SPEC),
)
VOLUME_SPEC: tuple[Row, ...] = (
    Default("persistentVolumeReclaimPolicy", "Retain", zero=True),
    Default("volumeMode", "Filesystem"),
    Hook("", rounding("capacity")),
    *SOURCES,
)
CLAIM: tuple[Row, ...] = (
    Within("spec", _CLAIM_SPEC),
    Hook("", claim_status),
    Hook("status", rounding("capacity", "allocatedResources")),
)


def _sources(spec: Object, minor: int) -> None:
    """defaultOnRead: a claim's source has two names since 1.24, and is told under both."""
    one, other = spec.get("dataSource"), spec.get("dataSourceRef")
    if isinstance(one, dict) and other is None:
        spec["dataSourceRef"] = dict(one)
    elif isinstance(other, dict) and one is None and not other.get("namespace"):
        spec["dataSource"] = {name: value for name, value in other.items() if name != "namespace"}


CLAIM_KIND: tuple[Row, ...] = (*CLAIM, Hook("spec", _sources, since=24))
VOLUME_KIND: tuple[Row, ...] = (Default("status.phase", "Pending", zero=True), Within("spec", VOLUME_SPEC))
