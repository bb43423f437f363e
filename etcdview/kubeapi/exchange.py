"""A request and its answer, without any HTTP library."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from etcdview.kubeapi.json_text import json_bytes

Reveal = Callable[[bytes, int], None]  # notes that the key's value of that revision is answered unmasked


@dataclass(frozen=True, slots=True)
class KubeRequest:
    """What a client sent: `path` below /kube in segments, `args` the first value of each parameter.

    `host` is where it was sent, `now` the clock that ages count from. `revealed` is told what is answered unmasked,
    before it is. `gone` says whether the client has disconnected. `begin` is called before very many values are read,
    and raises BusyError while others read them; `end` where reading ends before the answer does. `impersonated`: whom
    the client wants to be instead of who it is, "" for nobody.
    """

    method: str
    path: tuple[str, ...]
    args: Mapping[str, str] = field(default_factory=dict)
    accept: str = ""
    body: bytes = b""
    host: str = ""
    now: Callable[[], datetime] = datetime.now
    revealed: Reveal = lambda key, revision: None
    gone: Callable[[], bool] = lambda: False
    begin: Callable[[], None] = lambda: None
    end: Callable[[], None] = lambda: None
    revision: int = 0
    impersonated: str = ""


@dataclass(frozen=True, slots=True)
class KubeAnswer:
    """What to send. `body` is in pieces where it is made while it is sent; `streams`: each piece is sent at once."""

    body: bytes | Iterator[bytes]
    code: int = 200
    content_type: str = "application/json"
    warnings: tuple[str, ...] = ()
    streams: bool = False
    retry_seconds: int = 0


def json_answer(
    value: Any, *, code: int = 200, content_type: str = "application/json", by_name: bool = False
) -> KubeAnswer:
    """An answer of one JSON value; `by_name` sorts its members."""
    return KubeAnswer(json_bytes(value, by_name=by_name) + b"\n", code, content_type)
