"""How far the facts of all values are, for pages that need them: in words, and who may begin them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from etcdview.cluster.window import Window
from etcdview.index.facts.live import AUTO_BYTES, State
from etcdview.kube.words import counted
from etcdview.pages.parts.costly import check_costly, may_ask_costly
from etcdview.pages.parts.sizes import size_text

OFF = "etcdview keeps no facts of values (--facts off). Start it with --facts auto or --facts on."
PAST = "Facts of values are of what is stored now. Of other moments and files there are none."
NO_NAMES = "Facts need all key names, which take more memory than --memory-limit permits."
_NOT_READ = "The values could not be read."
AUTOMATIC = size_text(AUTO_BYTES)  # what is read without a request


@dataclass(frozen=True, slots=True)
class FactsState:
    """`part` of the values has been read, 0 to 1. `may_begin`: they wait, and this viewer may begin them.

    `problem` says what failed, or why the values are read again; after a failure that is `again_seconds` later.
    """

    state: State | Literal["off"]
    part: float = 0.0
    problem: str = ""
    may_begin: bool = False
    again_seconds: float = 0.0

    @property
    def complete(self) -> bool:
        """Whether the facts of all values are known."""
        return self.state == "complete"

    @property
    def changes(self) -> bool:
        """Whether it goes on by itself, so that a page asks again."""
        return self.state in ("starting", "filling", "failed")

    @property
    def text(self) -> str:
        """A sentence; "" once they are complete."""
        return {
            "off": self.problem,
            "starting": self.problem or "The values have not been read yet: that begins by itself in some seconds.",
            "waiting": f"Values are read automatically up to {AUTOMATIC}; here there are more.",
            "filling": f"Reading all values once: facts {int(self.part * 100)} %. {self.problem}".rstrip(),
            "failed": f"{self.problem} {_tried_again(self.again_seconds)}".rstrip(),
            "complete": "",
        }[self.state]


def _tried_again(seconds: float) -> str:
    """When; "" where that is not known."""
    if not seconds:
        return ""
    minutes = round(seconds / 60)
    return f"It is tried again in {counted(minutes, 'minute') if minutes else 'half a minute'}."


def facts_state(window: Window) -> FactsState:
    """How far they are. A viewer of a part is not told why something failed: that may name keys."""
    facts = window.cluster.facts
    if facts is None:
        return FactsState("off", problem=PAST if window.cluster.is_past else OFF)
    if window.index.freshness().state == "bounded":
        return FactsState("off", problem=NO_NAMES)
    status, whole = facts.status, window.viewer.scope.whole
    problem = status.problem if whole else _NOT_READ if status.state == "failed" else ""
    part = min(status.done / status.total, 1.0) if status.total else 0.0
    may_begin = status.state == "waiting" and may_ask_costly(window)
    return FactsState(status.state, part, problem, may_begin, status.again_seconds)


def fact_revision(window: Window) -> int:
    """The revision up to which every change is in the facts; a file's own. Of several etcds that of the first."""
    facts = window.cluster.facts
    told = facts.status.revision if facts is not None else 0
    return told or window.index.freshness().revision


def begin_facts(window: Window) -> bool:
    """Read all values, however many there are; false where they did not wait for that, as their state says.

    Raises DeniedError for a viewer who may not ask for that.
    """
    check_costly(window, "read all values")
    waited = facts_state(window).state == "waiting"
    if window.cluster.facts is not None:
        window.cluster.facts.begin()
    return waited
