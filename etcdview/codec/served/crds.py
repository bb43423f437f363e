"""CustomResourceDefinitions stored as v1beta1, which the API server does to this day, served as v1.

Source: k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1/conversion.go and v1beta1/defaults.go.
"""

from __future__ import annotations

from typing import Any

from etcdview.codec.model import Object

# What v1beta1 said once for all versions, and v1 says in each.
_PER_VERSION = ("subresources", "additionalPrinterColumns", "selectableFields")


def to_v1(obj: Object, minor: int) -> None:
    """Convert in place."""
    spec = obj.get("spec")
    if isinstance(spec, dict):
        _spec(spec)


def _spec(spec: Object) -> None:
    version, versions = spec.pop("version", None), spec.get("versions")
    if not versions and version:
        versions = [{"name": version, "served": True, "storage": True}]
    spec["versions"] = [v for v in versions if isinstance(v, dict)] if isinstance(versions, list) else None
    shared = {name: spec.pop(name) for name in _PER_VERSION if name in spec}
    validation = spec.pop("validation", None)
    if validation is not None:
        shared["schema"] = validation
    for each in spec["versions"] or ():
        _version(each, shared)
    if not spec.get("preserveUnknownFields", True):
        del spec["preserveUnknownFields"]
    if isinstance(spec.get("conversion"), dict):
        _conversion(spec["conversion"])


def _version(version: Object, shared: Object) -> None:
    """What is said once for all versions wins."""
    version.update(shared)
    columns = version.get("additionalPrinterColumns")
    if isinstance(columns, list):
        version["additionalPrinterColumns"] = [_column(column) for column in columns]


def _column(column: Any) -> Any:
    if not isinstance(column, dict) or "JSONPath" not in column:
        return column
    return {"jsonPath" if name == "JSONPath" else name: value for name, value in column.items()}


def _conversion(conversion: Object) -> None:
    """Where the webhook is, and what it speaks, goes under `webhook`."""
    client = conversion.pop("webhookClientConfig", None)
    reviews = conversion.pop("conversionReviewVersions", None)
    if client is None and reviews is None:
        return
    webhook: Object = {"conversionReviewVersions": reviews}
    if client is not None:
        service = client.get("service") if isinstance(client, dict) else None
        if isinstance(service, dict):
            service.setdefault("port", 443)
        webhook["clientConfig"] = client
    conversion["webhook"] = webhook
