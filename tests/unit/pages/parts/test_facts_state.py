"""What pages say of facts that are not there yet: why, and when it is tried again."""

from __future__ import annotations

import pytest

from etcdview.access.roles import Scope, Viewer
from etcdview.cluster.window import Window
from etcdview.index.facts.live import FactStatus
from etcdview.pages.parts.facts_state import facts_state
from tests.unit.pages.registry_of import kv, window_on


class At:
    """Facts that stand so."""

    reader = None

    def __init__(self, status: FactStatus) -> None:
        self.status = status

    def close(self) -> None: ...


def said(status: FactStatus, *scope: str) -> str:
    window = window_on([kv("/registry/pods/a/a", b"{}")])
    window.cluster.facts = At(status)  # type: ignore[assignment]
    viewer = Viewer("eve", "viewer", Scope(namespaces=scope)) if scope else window.viewer
    try:
        return facts_state(Window(window.cluster, viewer)).text
    finally:
        window.cluster.close()


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (30.0, "The disk is full. It is tried again in half a minute."),
        (60.0, "The disk is full. It is tried again in 1 minute."),
        (480.0, "The disk is full. It is tried again in 8 minutes."),
        (3600.0, "The disk is full. It is tried again in 60 minutes."),
        (0.0, "The disk is full."),
    ],
)
def test_what_failed_is_told_with_the_time_of_the_next_try(seconds: float, words: str) -> None:
    assert said(FactStatus("failed", problem="The disk is full.", again_seconds=seconds)) == words


def test_values_that_are_read_again_say_why() -> None:
    assert said(FactStatus("starting", problem="Too much was written.")) == "Too much was written."
    again = said(FactStatus("filling", done=1, total=4, problem="Too much was written."))
    assert again == "Reading all values once: facts 25 %. Too much was written."
    assert said(FactStatus("filling", done=1, total=4)) == "Reading all values once: facts 25 %."


def test_who_sees_a_part_is_not_told_why() -> None:
    assert "/k" not in said(FactStatus("failed", problem="/k cannot be read.", again_seconds=30.0), "a")
    assert "/k" not in said(FactStatus("starting", problem="/k cannot be read."), "a")
    assert said(FactStatus("filling", done=1, total=4, problem="/k."), "a") == "Reading all values once: facts 25 %."
