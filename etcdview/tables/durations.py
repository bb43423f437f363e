"""Durations and ages as kubectl writes them, from a moment that the caller gives.

The steps are those of HumanDuration and ShortHumanDuration in k8s.io/apimachinery/pkg/util/duration.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta
from typing import Any

UNKNOWN = "<unknown>"
INVALID = "<invalid>"

_MINUTE = 60
_HOUR = 60 * _MINUTE
_DAY = 24 * _HOUR
_YEAR = 365 * _DAY
_SECOND = timedelta(seconds=1)
_LONGEST = (2**63 - 1) // 10**9  # Go counts nanoseconds in 64 bits: no duration is longer than 292 years
_UNITS = {"s": 1, "m": _MINUTE, "h": _HOUR, "d": _DAY, "y": _YEAR}
_PART = re.compile(r"(\d{1,9})([smhdy])", re.ASCII)
_DURATION = re.compile(r"(?:\d{1,9}[smhdy])+", re.ASCII)
_ZERO_TIME = datetime(1, 1, 1, tzinfo=UTC)


class Moment(datetime):
    """A `now` that notes for how many seconds all ages that were taken from it are written as they are."""

    lasts_seconds = math.inf

    @classmethod
    def of(cls, now: datetime) -> Moment:
        """The moment of a clock."""
        return cls.combine(now.date(), now.timetz())

    def __sub__(self, other: Any) -> Any:
        found = super().__sub__(other)
        if isinstance(found, timedelta):
            self.lasts_seconds = min(self.lasts_seconds, _lasting(found))
        return found

    def __rsub__(self, other: datetime) -> timedelta:
        self.lasts_seconds = min(self.lasts_seconds, 1.0)
        return other - datetime.combine(self.date(), self.timetz())


def parse_time(text: object) -> datetime | None:
    """The moment that an RFC 3339 text names, with its offset; None for anything else, years over 9999 included."""
    if not isinstance(text, str) or not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def age(text: object, now: datetime) -> str:
    """How long ago `text` (RFC 3339) was: "<unknown>" for none or Go's zero time, "<invalid>" for others."""
    if text is None or text == "":
        return UNKNOWN
    moment = parse_time(text)
    if moment == _ZERO_TIME:
        return UNKNOWN
    return INVALID if moment is None else human_duration(now - moment)


def human_duration(duration: timedelta) -> str:
    """Two to three digits of precision: 45s, 2m5s, 17m, 3h20m, 26h, 3d5h, 200d, 2y100d, 9y."""
    seconds = _whole_seconds(duration)
    if seconds < -1:
        return INVALID
    if seconds < 2 * _MINUTE:
        return f"{max(seconds, 0)}s"
    if seconds < 3 * _HOUR:
        return _minutes(seconds)
    if seconds < 8 * _DAY:
        return _hours(seconds)
    return _days(seconds)


def short_human_duration(duration: timedelta) -> str:
    """One unit only: 45s, 3m, 5h, 12d, 2y."""
    seconds = _whole_seconds(duration)
    if seconds < -1:
        return INVALID
    for limit, unit, name in ((_MINUTE, 1, "s"), (_HOUR, _MINUTE, "m"), (_DAY, _HOUR, "h"), (_YEAR, _DAY, "d")):
        if seconds < limit:
            return f"{max(seconds, 0) // unit}{name}"
    return f"{seconds // _YEAR}y"


def seconds_of(duration: str) -> int | None:
    """A duration that was written here (5h12m, 2y100d) in seconds; None for any other text."""
    if not _DURATION.fullmatch(duration):
        return None
    return sum(int(number) * _UNITS[unit] for number, unit in _PART.findall(duration))


def _lasting(duration: timedelta) -> float:
    """For how many seconds a duration that grows is written as it is: until the next second, minute, hour or day."""
    seconds = duration.total_seconds()
    steps = ((10 * _MINUTE, 1), (8 * _HOUR, _MINUTE), (8 * _DAY, _HOUR))
    step = next((step for limit, step in steps if seconds < limit), _DAY)
    return step - seconds % step


def _whole_seconds(duration: timedelta) -> int:
    """Cut off towards zero, as Go converts a float to an int."""
    whole = min(abs(duration) // _SECOND, _LONGEST)
    return whole if duration >= timedelta(0) else -whole


def _minutes(seconds: int) -> str:
    minutes = seconds // _MINUTE
    return _two(minutes, "m", seconds % _MINUTE, "s") if minutes < 10 else f"{minutes}m"


def _hours(seconds: int) -> str:
    hours = seconds // _HOUR
    if hours < 8:
        return _two(hours, "h", seconds % _HOUR // _MINUTE, "m")
    return f"{hours}h" if hours < 48 else _two(hours // 24, "d", hours % 24, "h")


def _days(seconds: int) -> str:
    days = seconds // _DAY
    if days < 2 * 365:
        return f"{days}d"
    return _two(days // 365, "y", days % 365, "d") if days < 8 * 365 else f"{days // 365}y"


def _two(large: int, large_unit: str, small: int, small_unit: str) -> str:
    return f"{large}{large_unit}{small}{small_unit}" if small else f"{large}{large_unit}"
