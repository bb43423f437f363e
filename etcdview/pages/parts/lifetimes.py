"""How long a certificate still lasts, in words and as a tone. Pure functions."""

from __future__ import annotations

from typing import Literal

SOON_DAYS = 30
VERY_SOON_DAYS = 7

Tone = Literal["good", "warning", "bad"]


def state_of(days: float, early: bool) -> tuple[Tone, str]:
    """The tone, and a word for it; `early`: it is not valid yet."""
    if days <= 0:
        return "bad", "expired"
    if early:
        return "bad", "not valid yet"
    if days <= VERY_SOON_DAYS:
        return "bad", "expires very soon"
    return ("warning", "expires soon") if days <= SOON_DAYS else ("good", "valid")


def left(days: float) -> str:
    """Whole days, as people count them; hours on the last one."""
    if 0 < days < 1:
        return f"{int(days * 24)} hours (0 days)"
    text = f"{abs(int(days)):,} {'day' if abs(int(days)) == 1 else 'days'}"
    return text if days > 0 else f"{text} ago"
