"""Values whose JSON form is their own: times, quantities, bytes, floats, broken UTF-8.

Each is what Kubernetes' MarshalJSON of that type writes (k8s.io/apimachinery).
"""

from __future__ import annotations

import base64
import functools
import re
import time
from datetime import UTC, datetime, timedelta

# time.Time{}.Unix(): the year 1 in Go, which is Go's zero time.
ZERO_TIME_SECONDS = -62135596800
_YEAR_1000, _YEAR_10000 = -30610224000, 253402300800  # what C knows of calendars, whatever the machine
_DAY = 86400
_SURROGATE = re.compile("[\ud800-\udfff]")
_TIME = re.compile(r"(-?\d{4,})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:Z|([+-])(\d\d):(\d\d))$", re.ASCII)


@functools.lru_cache(maxsize=8192)
def rfc3339(seconds: int) -> str:
    """Seconds since 1970 as metav1.Time writes them; any year, as Go does."""
    if _YEAR_1000 <= seconds < _YEAR_10000:
        year, month, day, hour, minute, second = time.gmtime(seconds)[:6]
        return f"{year}-{month:02d}-{day:02d}T{hour:02d}:{minute:02d}:{second:02d}Z"
    days, rest = divmod(seconds, _DAY)
    year, month, day = _civil(days)
    sign, year = ("-", -year) if year < 0 else ("", year)
    return f"{sign}{year:04d}-{month:02d}-{day:02d}T{rest // 3600:02d}:{rest // 60 % 60:02d}:{rest % 60:02d}Z"


def rfc3339_micro(seconds: int, nanos: int) -> str:
    """As metav1.MicroTime writes it: always six digits."""
    micros = nanos // 1000 if nanos >= 0 else -(-nanos // 1000)
    carry, micros = divmod(micros, 1_000_000)
    return f"{rfc3339(seconds + carry)[:-1]}.{micros:06d}Z"


def parse_time(text: str) -> tuple[int, int]:
    """(seconds, nanos) of an RFC 3339 time. Raises ValueError."""
    match = _TIME.match(text)
    if match is None:
        raise ValueError(f"{text[:40]!r} is not an RFC 3339 time")
    year, month, day, hour, minute, second = (int(part) for part in match.groups()[:6])
    seconds = _days(year, month, day) * _DAY + hour * 3600 + minute * 60 + second
    if match[8]:
        offset = int(match[9]) * 3600 + int(match[10]) * 60
        seconds += offset if match[8] == "-" else -offset
    return seconds, int((match[7] or "0").ljust(9, "0"))


def to_base64(raw: bytes) -> str:
    """[]byte in JSON."""
    return base64.b64encode(raw).decode("ascii")


def number(value: float) -> int | float:
    """A float as it comes back from Go's JSON: whole numbers below 1e21 are integers."""
    if value.is_integer() and abs(value) < 1e21:
        # By way of the shortest decimal: 2.0**67 is written 147573952589676410000, not ...412928.
        text = repr(value)
        return _shortest_int(text) if "e" in text else int(value)
    return value


def _shortest_int(text: str) -> int:
    mantissa, exponent = text.split("e")
    whole, _, fraction = mantissa.partition(".")
    return int(whole + fraction.ljust(int(exponent), "0"))


def go_utf8(raw: bytes) -> str:
    """The text as Go's JSON encoder writes it: U+FFFD for each byte that is not UTF-8."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return without_surrogates(raw.decode("utf-8", "surrogateescape"))


def without_surrogates(text: str) -> str:
    """U+FFFD for each half of a surrogate pair, with which Python stands in for what is not text."""
    return _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", text)


def _civil(days: int) -> tuple[int, int, int]:
    """Year, month and day of a count of days since 1970, in the proleptic Gregorian calendar."""
    era, rest = divmod(days, 146_097)  # 400 years
    date = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=rest)
    return date.year + era * 400, date.month, date.day


def _days(year: int, month: int, day: int) -> int:
    era, within = divmod(year - 1970, 400)
    return era * 146_097 + (datetime(1970 + within, month, day, tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)).days
