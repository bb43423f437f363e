"""The group flowcontrol.apiserver.k8s.io: flow schemas and priority levels."""

from __future__ import annotations

from datetime import datetime

from etcdview.kube.fields import NONE, condition, dig, number, text
from etcdview.tables.base import AGE, NAME, Cell, Cells, Column, Object, created, name_of, table

_GROUP = "flowcontrol.apiserver.k8s.io"


def _precedence(obj: Object) -> tuple[int, str]:
    return number(obj, "spec", "matchingPrecedence"), name_of(obj)


@table(
    _GROUP,
    "FlowSchema",
    columns=(
        NAME,
        Column("PriorityLevel", description="The priority level that its requests get."),
        Column("MatchingPrecedence", description="The lower, the sooner it is tried."),
        Column("DistinguisherMethod", description="What makes a flow of its own."),
        AGE,
        Column("MissingPL", description="Whether its priority level does not exist."),
    ),
    order=_precedence,
)
def flow_schema(obj: Object, now: datetime) -> Cells:
    """A flow schema; kubectl gets them in the order in which they are tried."""
    dangling = condition(obj, "Dangling")
    method = dig(obj, "spec", "distinguisherMethod")
    return (
        name_of(obj),
        text(obj, "spec", "priorityLevelConfiguration", "name"),
        number(obj, "spec", "matchingPrecedence"),
        NONE if method is None else text(method, "type"),
        created(obj, now),
        "?" if dangling is None else text(dangling, "status"),
    )


@table(
    _GROUP,
    "PriorityLevelConfiguration",
    columns=(
        NAME,
        Column("Type", description="Limited, or exempt from limits."),
        Column("AssuredConcurrencyShares", description="Its share of the seats.", until=25),
        Column("NominalConcurrencyShares", description="Its share of the seats.", since=26),
        Column("Queues", description="How many queues it has."),
        Column("HandSize", description="How many queues a flow is dealt."),
        Column("QueueLengthLimit", description="How many requests may wait in a queue."),
        AGE,
    ),
)
def priority_level(obj: Object, now: datetime) -> Cells:
    """A priority level; betas before 1.26 call the nominal shares assured."""
    limited = dig(obj, "spec", "limited")
    queuing = dig(limited, "limitResponse", "queuing")
    nominal, assured = dig(limited, "nominalConcurrencyShares"), dig(limited, "assuredConcurrencyShares")
    shares = _number_or_none(assured if nominal is None else nominal)
    return (
        name_of(obj),
        text(obj, "spec", "type"),
        shares,
        shares,
        *(_number_or_none(dig(queuing, member)) for member in ("queues", "handSize", "queueLengthLimit")),
        created(obj, now),
    )


def _number_or_none(value: object) -> Cell:
    return value if isinstance(value, int) else NONE
