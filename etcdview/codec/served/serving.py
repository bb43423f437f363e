"""Puts the steps together: an object as it is stored -> as a release would serve it."""

from __future__ import annotations

import copy

from etcdview.codec.model import Object
from etcdview.codec.protobuf.schema import schema
from etcdview.codec.served import conversions, defaults, zeros
from etcdview.kube.release import Release


def leaves_alone(api_version: str, kind: str) -> bool:
    """Whether the API server sets no field of the kind on the way out, but zeros that Go's readers have anyway."""
    return not conversions.changes(api_version, kind) and not defaults.has_any(api_version, kind)


def as_served(obj: Object, release: Release | None) -> Object:
    """A copy as `release` would serve it; without a release, as the newest would, adding no new fields."""
    return serve(copy.deepcopy(obj), release)


def serve(obj: Object, release: Release | None) -> Object:
    """The same in place, for one who reads the object for this alone."""
    if release is not None:
        zeros.fill(schema(release), obj)
    defaults.apply(obj, release)
    conversions.convert(obj, release)
    return obj
