"""The group coordination.k8s.io: leases and the candidates for them."""

from __future__ import annotations

from datetime import datetime

from etcdview.kube.fields import text
from etcdview.tables.base import AGE, NAME, Cells, Column, Object, created, name_of, table

_GROUP = "coordination.k8s.io"


@table(
    _GROUP,
    "Lease",
    columns=(NAME, Column("Holder", description="Who holds the lease.", reads=("spec.holderIdentity",)), AGE),
)
def lease(obj: Object, now: datetime) -> Cells:
    """A lease."""
    return name_of(obj), text(obj, "spec", "holderIdentity"), created(obj, now)


@table(
    _GROUP,
    "LeaseCandidate",
    columns=(
        NAME,
        Column("LeaseName", description="The lease it stands for."),
        Column("BinaryVersion", description="The version of its program."),
        Column("EmulationVersion", description="The version it behaves as."),
        AGE,
    ),
)
def lease_candidate(obj: Object, now: datetime) -> Cells:
    """A candidate for a lease."""
    fields = [text(obj, "spec", member) for member in ("leaseName", "binaryVersion", "emulationVersion")]
    return name_of(obj), *fields, created(obj, now)
