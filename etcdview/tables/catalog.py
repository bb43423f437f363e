"""From a resource type to its table: its own, the one its CRD describes, or NAME and AGE."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from etcdview.kube.resources import ResourceType
from etcdview.tables import (  # noqa: F401 - importing a module registers its tables
    admission,
    apps,
    autoscaling,
    batch,
    certificates,
    coordination,
    core_config,
    core_events,
    core_nodes,
    core_pods,
    core_services,
    core_volumes,
    devices,
    flowcontrol,
    machinery,
    networking,
    policy,
    rbac,
    scheduling,
    storage,
)
from etcdview.tables.base import AGE, NAME, REGISTRY, Cells, Object, Table, created, name_of
from etcdview.tables.custom import custom_table


def table_for(resource: ResourceType, crd: Mapping[str, Any] | None = None) -> Table:
    """The table of a resource type. `crd` is the decoded CustomResourceDefinition where there is one.

    Of the versions of a CRD, `resource.version` chooses; without one, the version that kubectl would prefer.
    """
    if crd is not None:
        return custom_table(crd, resource.version)
    if not resource.builtin:
        return custom_table({}, resource.version)
    return REGISTRY.get((resource.group, resource.kind), PLAIN)


def _plain(obj: Object, now: datetime) -> Cells:
    return name_of(obj), created(obj, now)


PLAIN = Table((NAME, AGE), _plain)
