"""The small ones of the core group: config maps, secrets, service accounts, quotas, limits, replication controllers."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from etcdview.kube.fields import dig, items, mapping, number, text
from etcdview.tables.base import (
    AGE,
    CREATED_AT,
    NAME,
    WIDE_POD_COLUMNS,
    Cells,
    Column,
    Object,
    created,
    created_at,
    name_of,
    table,
)
from etcdview.tables.texts import container_cells, labels_text

_DATA = Column("Data", description="How many entries it holds.")


@table("", "ConfigMap", columns=(NAME, _DATA, AGE))
def config_map(obj: Object, now: datetime) -> Cells:
    """A config map; binary entries count too."""
    return name_of(obj), len(mapping(obj, "data")) + len(mapping(obj, "binaryData")), created(obj, now)


@table("", "Secret", columns=(NAME, Column("Type", description="What the secret is for."), _DATA, AGE))
def secret(obj: Object, now: datetime) -> Cells:
    """A secret: how many entries, never which."""
    return name_of(obj), text(obj, "type") or "Opaque", len(mapping(obj, "data")), created(obj, now)


@table("", "ServiceAccount", columns=(NAME, Column("Secrets", description="How many secrets it has.", until=34), AGE))
def service_account(obj: Object, now: datetime) -> Cells:
    """A service account."""
    return name_of(obj), len(items(obj, "secrets")), created(obj, now)


@table("", "LimitRange", columns=(NAME, CREATED_AT))
def limit_range(obj: Object, now: datetime) -> Cells:
    """A limit range; kubectl shows the moment of its making, not its age."""
    return name_of(obj), created_at(obj)


@table(
    "",
    "ResourceQuota",
    columns=(
        NAME,
        replace(AGE, until=32),
        Column("Request", description="What is used and what may be, of all but limits."),
        Column("Limit", description="What is used and what may be, of limits."),
        replace(AGE, since=33),
    ),
)
def resource_quota(obj: Object, now: datetime) -> Cells:
    """A quota."""
    used = mapping(obj, "status", "used")
    hard = sorted(mapping(obj, "status", "hard").items())
    limits = [f"{name}: {used.get(name, '0')}/{most}" for name, most in hard if name.startswith("limits.")]
    requests = [f"{name}: {used.get(name, '0')}/{most}" for name, most in hard if not name.startswith("limits.")]
    shown = created(obj, now)
    return name_of(obj), shown, ", ".join(requests), ", ".join(limits), shown


@table(
    "",
    "ReplicationController",
    columns=(
        NAME,
        Column("Desired", "integer", description="Pods asked for."),
        Column("Current", "integer", description="Pods there are."),
        Column("Ready", "integer", description="Pods that are ready."),
        AGE,
        *WIDE_POD_COLUMNS,
    ),
)
def replication_controller(obj: Object, now: datetime) -> Cells:
    """A replication controller."""
    return (
        name_of(obj),
        number(obj, "spec", "replicas", default=1),
        number(obj, "status", "replicas"),
        number(obj, "status", "readyReplicas"),
        created(obj, now),
        *container_cells(dig(obj, "spec", "template", "spec")),
        labels_text(mapping(obj, "spec", "selector")),
    )
