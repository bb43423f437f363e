"""CRDs, API services, leases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from etcdview.describe.sections import Field, Section, ago, field, fields, named, table
from etcdview.kube.crds import preferred_version, versions
from etcdview.kube.fields import dig, is_true, items, mapping, number, text
from etcdview.relations.model import Object
from etcdview.relations.severity import severity_of
from etcdview.tables import parse_time


def definition(obj: Object, now: datetime) -> Iterator[Section]:
    """A custom resource definition."""
    names = mapping(obj, "spec", "names")
    yield fields(
        "Definition",
        field("Group", dig(obj, "spec", "group")),
        field("Kind", names.get("kind")),
        field("Plural", names.get("plural")),
        field("Short names", names.get("shortNames")),
        field("Scope", dig(obj, "spec", "scope")),
        field("Stored versions", dig(obj, "status", "storedVersions")),
        field("Preferred version", preferred_version(obj)),
        field("Conversion", dig(obj, "spec", "conversion", "strategy")),
    )
    rows = (
        (
            text(v, "name"),
            dig(v, "served"),
            dig(v, "storage"),
            dig(v, "deprecated"),
            len(items(v, "additionalPrinterColumns")),
        )
        for v in versions(obj)
    )
    yield table("Versions", ("Name", "Served", "Stored", "Deprecated", "Columns"), rows)


def api_service(obj: Object, now: datetime) -> Iterator[Section]:
    """A version of an API group."""
    service = dig(obj, "spec", "service")
    yield fields(
        "API service",
        Field("Available", "yes" if is_true(obj, "Available") else "no", severity=severity_of(obj, now)),
        field("Group", dig(obj, "spec", "group") or "core"),
        field("Version", dig(obj, "spec", "version")),
        named("Service", "", "Service", text(service, "namespace"), text(service, "name")),
        field("Served by", None if service else "the API server itself"),
        field("Group's priority", dig(obj, "spec", "groupPriorityMinimum")),
        field("Version's priority", dig(obj, "spec", "versionPriority")),
    )


def lease(obj: Object, now: datetime) -> Iterator[Section]:
    """A lease."""
    spec = mapping(obj, "spec")
    expired = lease_expired_for(obj, now)
    yield fields(
        "Lease",
        field("Holder", spec.get("holderIdentity")),
        field("Lasts, in seconds", spec.get("leaseDurationSeconds")),
        ago("Renewed", spec.get("renewTime"), now),
        ago("Acquired", spec.get("acquireTime"), now),
        Field("Expired", "yes" if expired else "no", severity="warning" if expired else "ok"),
        field("Changed hands", spec.get("leaseTransitions")),
    )


def lease_expired_for(obj: Object, now: datetime) -> timedelta:
    """How long the lease has been over; zero while it lasts, and where it does not say."""
    renewed = parse_time(dig(obj, "spec", "renewTime"))
    seconds = dig(obj, "spec", "leaseDurationSeconds")
    if renewed is None or seconds is None:
        return timedelta(0)
    over = now - renewed - timedelta(seconds=number(obj, "spec", "leaseDurationSeconds"))
    return max(over, timedelta(0))
