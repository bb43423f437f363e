"""The word for how an object is, and whether that is healthy."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from etcdview.relations import State, state_of


def slice_(*endpoints: dict[str, bool]) -> dict[str, Any]:
    found = [{"conditions": conditions} for conditions in endpoints]
    return {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "endpoints": found}


UP, DOWN, LEAVING = {"ready": True}, {"ready": False}, {"ready": False, "terminating": True}


@pytest.mark.parametrize(
    ("endpoints", "state"),
    [
        ((UP, {}), State("2 of 2 ready", True)),
        ((UP, DOWN), State("1 of 2 ready", False)),
        ((UP, LEAVING), State("1 of 1 ready", True)),
        ((DOWN,), State("0 of 1 ready", False)),
        ((), State("0 of 0 ready", False)),
    ],
)
def test_a_slice_is_well_when_all_of_its_endpoints_are_ready(
    endpoints: tuple[dict[str, bool], ...], state: State, now: datetime
) -> None:
    assert state_of(slice_(*endpoints), now) == state
