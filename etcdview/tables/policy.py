"""The group policy: pod disruption budgets, and the pod security policies of releases before 1.25."""

from __future__ import annotations

from datetime import datetime

from etcdview.kube.fields import dig, items, number, text
from etcdview.tables.base import AGE, NAME, Cells, Column, Object, created, name_of, table


@table(
    "policy",
    "PodDisruptionBudget",
    columns=(
        NAME,
        Column("Min Available", description="Pods that must stay."),
        Column("Max Unavailable", description="Pods that may be away."),
        Column("Allowed Disruptions", "integer", description="Pods that may be evicted now."),
        AGE,
    ),
)
def pod_disruption_budget(obj: Object, now: datetime) -> Cells:
    """A pod disruption budget."""
    return (
        name_of(obj),
        _or_na(dig(obj, "spec", "minAvailable")),
        _or_na(dig(obj, "spec", "maxUnavailable")),
        number(obj, "status", "disruptionsAllowed"),
        created(obj, now),
    )


def _or_na(value: object) -> str:
    return "N/A" if value is None else str(value)


@table(
    "policy",
    "PodSecurityPolicy",
    columns=(
        NAME,
        Column("Priv", description="Whether privileged containers are allowed."),
        Column("Caps", description="Capabilities that may be added."),
        Column("SELinux", description="The rule for SELinux."),
        Column("RunAsUser", description="The rule for users."),
        Column("FsGroup", description="The rule for the group of volumes."),
        Column("SupGroup", description="The rule for supplemental groups."),
        Column("ReadOnlyRootFs", description="Whether root file systems must be read-only."),
        Column("Volumes", description="Kinds of volumes that are allowed."),
    ),
)
def pod_security_policy(obj: Object, now: datetime) -> Cells:
    """A pod security policy."""
    spec = dig(obj, "spec")
    return (
        name_of(obj),
        str(dig(spec, "privileged") is True).lower(),
        ",".join(map(str, items(spec, "allowedCapabilities"))),
        *(text(spec, member, "rule") for member in ("seLinux", "runAsUser", "fsGroup", "supplementalGroups")),
        dig(spec, "readOnlyRootFilesystem") is True,
        ",".join(map(str, items(spec, "volumes"))),
    )
