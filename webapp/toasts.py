"""What a form has done is told once, on the page that follows: out of the session, not out of its address."""

from __future__ import annotations

from flask import flash, get_flashed_messages


def tell(text: str) -> None:
    """Say so on the next page."""
    flash(text)


def take() -> list[str]:
    """What there is to tell; it is not told again. Before a page is streamed: its session is sent ahead of it."""
    return [str(text) for text in get_flashed_messages()]
