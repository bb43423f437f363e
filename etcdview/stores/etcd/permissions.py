"""What etcd's own authentication lets a user read: of itself everyone may ask for its roles, and for what they permit.

Source: UserGet and RoleGet in etcd's server/etcdserver/apply_auth.go, permissions in api/authpb/auth.proto.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

from etcd3 import etcdrpc

from etcdview.errors import CertificateFileError, DeniedError, QueryError, UnsupportedError
from etcdview.models import Range
from etcdview.stores.etcd.messages import Call
from etcdview.tls.certificates import read_certificates

ROOT = "root"  # the role that may do all
_END_OF_ALL = b"\0"
_WRITE_ONLY = 1


def readable_by(run: Callable[[Call], Any], user: str) -> tuple[Range, ...] | None:
    """The ranges that the user's roles permit it to read, in order; None where etcd does not limit it, or tell.

    `run` sends a call and gives the answer.
    """
    try:
        roles = run(_call("UserGet", etcdrpc.AuthUserGetRequest(name=user))).roles
        if ROOT in roles:
            return None
        answers = [run(_call("RoleGet", etcdrpc.AuthRoleGetRequest(role=role))) for role in roles]
    except (DeniedError, QueryError, UnsupportedError):
        return None
    return merged((p.key, p.range_end) for answer in answers for p in answer.perm if p.permType != _WRITE_ONLY)


def common_name_of(path: str) -> str:
    """The user that a client certificate names: etcd takes its common name, where that is on; "" without one."""
    with suppress(CertificateFileError):
        return read_certificates(path)[0].common_name if path else ""
    return ""


def merged(permissions: Iterable[tuple[bytes, bytes]]) -> tuple[Range, ...]:
    """Permissions as etcd keeps them (an empty end: one key; b"\\0": to the end) as the ranges that they make up."""
    found: list[tuple[bytes, bytes]] = []
    for start, end in sorted((key, end or key + b"\0") for key, end in permissions):
        if found and (found[-1][1] == _END_OF_ALL or start <= found[-1][1]):
            last = found[-1]
            ends = (last[1], end)
            found[-1] = (last[0], _END_OF_ALL if _END_OF_ALL in ends else max(ends))
        else:
            found.append((start, end))
    return tuple(Range(start, end) for start, end in found)


def _call(method: str, request: Any) -> Call:
    return Call("auth", method, request, needs_leader=False)
