"""The newest entry of an action, found without making all the others."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from etcdview.access.audit import Audit

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def record(audit: Audit, minutes: int, action: str = "snapshot", **facts: str) -> None:
    audit.record(who="ann", address="::1", action=action, at=NOON + timedelta(minutes=minutes), **facts)  # type: ignore[arg-type]


def newest(audit: Audit) -> int | None:
    found = audit.newest_done("snapshot")
    return None if found is None else int((found.at - NOON).total_seconds() / 60)


def test_the_newest_one_that_was_done_is_found_behind_what_failed_and_what_only_names_it(tmp_path: Path) -> None:
    audit = Audit(tmp_path / "audit.log")
    assert newest(audit) is None

    record(audit, 1)
    record(audit, 2, result="failed")
    record(audit, 3, action="put", detail='{"action": "snapshot", "result": "done"}')
    record(audit, 4, action="begin snapshot")
    assert newest(audit) == 1

    record(audit, 5)
    assert newest(audit) == 5


def test_it_is_found_in_a_file_that_was_put_aside(tmp_path: Path) -> None:
    audit = Audit(tmp_path / "audit.log", max_bytes=400)
    record(audit, 1)
    for minute in range(2, 8):
        record(audit, minute, action="login")
    assert (tmp_path / "audit.log.1").exists()
    assert newest(audit) == 1


def test_without_a_file_it_is_not_known_since_each_worker_would_say_something_else() -> None:
    audit = Audit(None)
    record(audit, 1)
    assert newest(audit) is None
