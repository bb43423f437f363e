"""The one scale of severity: on which of its six steps the words of all pages stand."""

from __future__ import annotations

from etcdview.relations.severity import Severity

SCALE: dict[str, Severity] = {
    # findings
    "critical": "error",
    "warning": "warning",
    "info": "done",
    # verdicts
    "healthy": "ok",
    "at risk": "warning",
    "degraded": "error",
    "no quorum": "error",
    "unknown": "unknown",
    # how an action of the audit log ended
    "begun": "progressing",
    "done": "done",
    "refused": "warning",
    "failed": "error",
    # how long a certificate lasts
    "good": "ok",
    "bad": "error",
}


def on_scale(word: str) -> Severity:
    """The severity of a word; of one that is not known, unknown."""
    return SCALE.get(word, "unknown")
