"""The warnings that the API server sends with deprecated versions, and kubectl prints."""

from __future__ import annotations

from typing import Any

from etcdview.kube.crds import version_rank, versions
from etcdview.kube.fields import text
from etcdview.kube.lifecycle import LIFECYCLES
from etcdview.kube.release import Release
from etcdview.kubeapi.served_types import ServedType


def deprecation(served: ServedType, release: Release | None) -> tuple[str, ...]:
    """The warning for a type as it is served, or none."""
    if not served.resource.builtin:
        return _of_custom(served)
    found = LIFECYCLES.get((served.api_version, served.kind))
    if found is None or (release is not None and release < Release(1, found.since)):
        return ()
    gone = f", unavailable in v1.{found.gone}+" if found.gone else ""
    kind = "" if " " in found.instead else f" {served.kind}"
    instead = f"; use {found.instead}{kind}" if found.instead else ""
    return (f"{served.api_version} {served.kind} is deprecated in v1.{found.since}+{gone}{instead}",)


def _of_custom(served: ServedType) -> tuple[str, ...]:
    """What the CRD says of the version; without words of its own, the newest version that is not deprecated."""
    version = served.version_entry
    if version.get("deprecated") is not True:
        return ()
    if own := text(version, "deprecationWarning"):
        return (own,)
    others = [text(v, "name") for v in versions(served.definition) if _is_current(v)]
    newer = [name for name in others if version_rank(name) > version_rank(served.version)]
    instead = f"; use {served.group}/{max(newer, key=version_rank)} {served.kind}" if newer else ""
    return (f"{served.api_version} {served.kind} is deprecated{instead}",)


def _is_current(version: Any) -> bool:
    return version.get("served") is not False and version.get("deprecated") is not True
