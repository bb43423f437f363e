"""Puts the steps together: an object as it is stored -> as a release would serve it."""

from __future__ import annotations

import copy

from etcdview.codec.model import Object
from etcdview.codec.protobuf.schema import schema
from etcdview.codec.served import crds, defaults, endpointslices, zeros
from etcdview.kube.release import Release

_CONVERSIONS = {
    ("apiextensions.k8s.io/v1beta1", "CustomResourceDefinition"): crds.to_v1,
    ("discovery.k8s.io/v1beta1", "EndpointSlice"): endpointslices.to_v1,
}


def leaves_alone(api_version: str, kind: str) -> bool:
    """Whether the API server sets no field of the kind on the way out, but zeros that Go's readers have anyway."""
    return (api_version, kind) not in _CONVERSIONS and not defaults.has_any(api_version, kind)


def as_served(obj: Object, release: Release | None) -> Object:
    """A copy as `release` would serve it; without a release, as the newest would, adding no new fields."""
    return serve(copy.deepcopy(obj), release)


def serve(obj: Object, release: Release | None) -> Object:
    """The same in place, for one who reads the object for this alone."""
    convert = _CONVERSIONS.get((str(obj.get("apiVersion")), str(obj.get("kind"))))
    if release is not None:
        zeros.fill(schema(release), obj)
    defaults.apply(obj, release)
    if convert is not None:
        convert(obj)
    return obj
