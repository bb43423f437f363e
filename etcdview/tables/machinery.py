"""Kubernetes about itself: CRDs, API services, storage versions and their migration."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from etcdview.kube.fields import UNSET, condition, dig, items, text
from etcdview.kube.release import Release
from etcdview.tables.base import (
    AGE,
    CREATED_AT,
    NAME,
    Cells,
    Column,
    Object,
    created,
    created_at,
    name_of,
    release_table,
    table,
)
from etcdview.tables.texts import first_three, stated


@table("apiextensions.k8s.io", "CustomResourceDefinition", columns=(NAME, CREATED_AT))
def custom_resource_definition(obj: Object, now: datetime) -> Cells:
    """A CRD; kubectl shows the moment of its making."""
    return name_of(obj), created_at(obj)


@table(
    "apiregistration.k8s.io",
    "APIService",
    columns=(
        NAME,
        Column("Service", description="The service that answers; Local is the API server itself."),
        Column("Available", description="Whether it answers, and why not."),
        AGE,
    ),
)
def api_service(obj: Object, now: datetime) -> Cells:
    """A version of an API group, and who serves it."""
    service = dig(obj, "spec", "service")
    where = "Local" if service is None else f"{text(service, 'namespace')}/{text(service, 'name')}"
    return name_of(obj), where, _available(condition(obj, "Available")), created(obj, now)


def _available(found: Any) -> str:
    if found is None:
        return "Unknown"
    status, reason = text(found, "status"), text(found, "reason")
    return status if status == "True" else f"{status} ({reason})"


@table(
    "internal.apiserver.k8s.io",
    "StorageVersion",
    columns=(
        NAME,
        Column("CommonEncodingVersion", description="The version in which all API servers store it."),
        Column("StorageVersions", description="The version in which each API server stores it."),
        AGE,
    ),
)
def storage_version(obj: Object, now: datetime) -> Cells:
    """In which version API servers store a resource."""
    servers = [
        f"{text(s, 'apiServerID')}={text(s, 'encodingVersion')}" for s in items(obj, "status", "storageVersions")
    ]
    common = stated(obj, "status", "commonEncodingVersion", otherwise=UNSET)
    return name_of(obj), common, first_three(servers), created(obj, now)


@release_table(
    "storagemigration.k8s.io",
    "StorageVersionMigration",
    columns=(
        Column("Name", description=NAME.description),
        Column("Resource", description="What is stored anew."),
        Column("Status", description="Running, Succeeded or Failed.", since=35),
    ),
)
def storage_version_migration(obj: Object, now: datetime, release: Release) -> Cells:
    """A migration of stored objects to another version; before 1.35 the version is named."""
    resource, group = text(obj, "spec", "resource", "resource"), text(obj, "spec", "resource", "group")
    if release < Release(1, 35):
        return name_of(obj), f"{resource}.{text(obj, 'spec', 'resource', 'version')}.{group}", ""
    true = [text(c, "type") for c in items(obj, "status", "conditions") if text(c, "status") == "True"]
    ends = [kind for kind in true if kind in ("Running", "Failed", "Succeeded")]
    return name_of(obj), f"{resource}.{group}" if group else resource, ends[-1] if ends else "Unknown"
