"""The group batch: jobs and cron jobs."""

from __future__ import annotations

from datetime import datetime

from etcdview.kube.fields import NONE, deleting, dig, is_true, items, number, text
from etcdview.kube.release import Release
from etcdview.tables.base import (
    AGE,
    NAME,
    WIDE_POD_COLUMNS,
    Cells,
    Column,
    Object,
    created,
    name_of,
    release_table,
    table,
)
from etcdview.tables.durations import age, human_duration, parse_time
from etcdview.tables.texts import container_cells, selector_cell, stated

_MET = "SuccessCriteriaMet"


@release_table(
    "batch",
    "Job",
    columns=(
        NAME,
        Column("Status", description="How the job stands.", since=30),
        Column("Completions", description="Pods that have succeeded, of those asked for."),
        Column("Duration", description="How long it took, or has taken so far."),
        AGE,
        *WIDE_POD_COLUMNS,
    ),
)
def job(obj: Object, now: datetime, release: Release) -> Cells:
    """A job; before 1.34 one whose success criteria are met still runs."""
    status = job_status(obj)
    return (
        name_of(obj),
        "Running" if status == _MET and release < Release(1, 34) else status,
        _completions(obj),
        _duration(obj, now),
        created(obj, now),
        *container_cells(dig(obj, "spec", "template", "spec")),
        selector_cell(dig(obj, "spec", "selector")),
    )


def job_status(obj: Object) -> str:
    """How a job stands, in one word; an end counts for more than a deletion, and that for more than a pause."""
    for kind, word in (("Complete", "Complete"), ("Failed", "Failed")):
        if is_true(obj, kind):
            return word
    if deleting(obj):
        return "Terminating"
    for kind, word in (("Suspended", "Suspended"), ("FailureTarget", "FailureTarget")):
        if is_true(obj, kind):
            return word
    return _MET if is_true(obj, _MET) else "Running"


def _completions(obj: Object) -> str:
    succeeded = number(obj, "status", "succeeded")
    if dig(obj, "spec", "completions") is not None:
        return f"{succeeded}/{number(obj, 'spec', 'completions')}"
    parallelism = number(obj, "spec", "parallelism")
    return f"{succeeded}/1 of {parallelism}" if parallelism > 1 else f"{succeeded}/1"


def _duration(obj: Object, now: datetime) -> str:
    start = parse_time(dig(obj, "status", "startTime"))
    if start is None:
        return ""
    return human_duration((parse_time(dig(obj, "status", "completionTime")) or now) - start)


@table(
    "batch",
    "CronJob",
    columns=(
        NAME,
        Column("Schedule", description="When, in the syntax of cron."),
        Column("Timezone", description="The time zone that the schedule is in.", since=30),
        Column("Suspend", "boolean", description="Whether it is paused."),
        Column("Active", "integer", description="Its jobs that run now."),
        Column("Last Schedule", description="Since it made a job last."),
        AGE,
        *WIDE_POD_COLUMNS,
    ),
)
def cron_job(obj: Object, now: datetime) -> Cells:
    """A cron job."""
    suspended = dig(obj, "spec", "suspend")
    last = dig(obj, "status", "lastScheduleTime")
    template = dig(obj, "spec", "jobTemplate", "spec")
    return (
        name_of(obj),
        text(obj, "spec", "schedule"),
        stated(obj, "spec", "timeZone", otherwise=NONE),
        "True" if suspended is True else "False",
        len(items(obj, "status", "active")),
        age(last, now) if last else NONE,
        created(obj, now),
        *container_cells(dig(template, "template", "spec")),
        selector_cell(dig(template, "selector")),
    )
