"""From a resource type to its table: its own, the one its CRD describes, or NAME and AGE."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any

from etcdview.kube.release import Release
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
    lifecycle,
    machinery,
    networking,
    policy,
    rbac,
    scheduling,
    storage,
)
from etcdview.tables.base import AGE, NAME, REGISTRY, UNRELEASED, Cells, Object, Table, created, name_of
from etcdview.tables.custom import custom_table


def table_for(
    resource: ResourceType,
    crd: Mapping[str, Any] | None = None,
    release: Release | None = None,
    *,
    longest: int | None = None,
) -> Table:
    """The table of a resource type as API servers of the release print it (None: the newest).

    `crd` is the decoded CustomResourceDefinition where there is one. Of its versions, `resource.version` chooses;
    without one, the version that kubectl would prefer. `longest` as for custom_table.
    """
    if crd is not None:
        return custom_table(crd, resource.version, longest)
    if not resource.builtin:
        return custom_table({}, resource.version)
    return _builtin(resource.group, resource.kind, release or UNRELEASED)


@cache
def _builtin(group: str, kind: str, release: Release) -> Table:
    found = REGISTRY.get((group, kind))
    return PLAIN if found is None else found.of(release)


def _plain(obj: Object, now: datetime) -> Cells:
    return name_of(obj), created(obj, now)


PLAIN = Table((NAME, AGE), _plain)
