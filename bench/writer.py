"""`python -m bench.writer URL RATE SECONDS`: writes that carry the time they were sent at."""

from __future__ import annotations

import itertools
import json
import sys
import time
from collections import deque
from collections.abc import Iterator
from typing import Any

import grpc
from etcd3 import etcdrpc

MARK = b"bench-sent-at "
SIZE = 1_500
OPEN_CALLS = 64
_STEP_SECONDS = 0.01


def main(url: str, rate: int, seconds: float) -> None:
    """Write, then tell how much was written in which time."""
    stub = etcdrpc.KVStub(grpc.insecure_channel(url.removeprefix("http://")))
    work = operations()
    open_calls: deque[Any] = deque()
    began = time.monotonic()
    writes = puts = 0
    while (passed := time.monotonic() - began) < seconds:
        while writes < passed * rate:
            operation = next(work)
            open_calls.append(send(stub, operation))
            writes += 1
            puts += not operation[1]
            if len(open_calls) > OPEN_CALLS:
                open_calls.popleft().result()
        time.sleep(_STEP_SECONDS)
    for call in open_calls:
        call.result()
    print(json.dumps({"writes": writes, "puts": puts, "seconds": time.monotonic() - began}))


def operations() -> Iterator[tuple[bytes, bool]]:
    """(key, deleted): mostly leases and pods that are written again, with events that come, and go after a while."""
    for n in itertools.count():
        event = n // 4
        match n % 4:
            case 0:
                yield b"/registry/events/bench-churn/event-%09d.x" % event, False
            case 1 if event > 2_000:
                yield b"/registry/events/bench-churn/event-%09d.x" % (event - 2_000), True
            case 2:
                yield b"/registry/leases/kube-node-lease/node-%04d" % (event % 1_000), False
            case _:
                yield b"/registry/pods/bench-churn/pod-%05d" % (event % 10_000), False


def send(stub: etcdrpc.KVStub, operation: tuple[bytes, bool]) -> Any:
    """Send one write; gives the call."""
    key, deleted = operation
    if deleted:
        return stub.DeleteRange.future(etcdrpc.DeleteRangeRequest(key=key), timeout=60)
    value = (MARK + b"%020.6f" % time.time()).ljust(SIZE, b"x")
    return stub.Put.future(etcdrpc.PutRequest(key=key, value=value), timeout=60)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))
