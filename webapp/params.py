"""The parameters of an address, read strictly: an invalid one is an error with a sentence."""

from __future__ import annotations

from collections.abc import Sequence

from werkzeug.datastructures import MultiDict

from etcdview.errors import QueryError
from etcdview.models import MAX_REVISION
from etcdview.pages.parts.addresses import cursor_name, read_key
from etcdview.pages.parts.positions import read_position

Args = MultiDict[str, str]


def key(args: Args) -> bytes:
    """The storage key of `key=` or `key64=`."""
    return read_key(args.get("key"), args.get("key64"))


def prefix(args: Args) -> bytes:
    """The keys' beginning of `prefix=` or `prefix64=`; b"" is every key's."""
    return read_key(args.get("prefix"), args.get("prefix64")) if any(map(args.get, ("prefix", "prefix64"))) else b""


def cursor(args: Args, name: str = "cursor") -> bytes | None:
    """The name to go on after; None for the first page."""
    return cursor_name(args.get(name, ""))


def text(args: Args, name: str, most: int) -> str:
    """A text of at most `most` characters; "" where there is none."""
    value = args.get(name, "").strip()
    if len(value) > most:
        raise QueryError(f"{name}= is longer than {most} characters.", "Make it shorter.")
    return value


def words(args: Args, name: str, most: int) -> str:
    """All values of `name` with commas between them, as the boxes of a form give them, at most `most` characters."""
    value = ",".join(args.getlist(name))
    if len(value) > most:
        raise QueryError(f"{name}= is longer than {most} characters.", "Make it shorter.")
    return value


def flag(args: Args, name: str) -> bool:
    """Whether `name` is switched on: 1, true, yes; 0, false, no or absent is off."""
    value = args.get(name, "").lower()
    if value in ("", "0", "false", "no"):
        return False
    if value in ("1", "true", "yes"):
        return True
    raise QueryError(f"{name}={value[:40]!r} is not a yes or no.", f"Use {name}=1 or leave it out.")


def choice(args: Args, name: str, choices: Sequence[str]) -> str:
    """One of `choices`; "" where there is none."""
    value = args.get(name, "")
    if value and value not in choices:
        raise QueryError(f"{name}={value[:40]!r} is unknown.", f"Use one of {', '.join(choices)}.")
    return value


def integer(args: Args, name: str, default: int, *, least: int = 0, most: int = MAX_REVISION) -> int:
    """A whole number between `least` and `most`."""
    text = args.get(name, "")
    return _whole(name, text, least, most) if text else default


def integers(args: Args, name: str, *, least: int = 0, most: int = MAX_REVISION) -> tuple[int, ...]:
    """All values of a parameter that may be given several times."""
    return tuple(_whole(name, text, least, most) for text in args.getlist(name) if text)


def _whole(name: str, text: str, least: int, most: int) -> int:
    if not (text.isascii() and text.removeprefix("-").isdigit() and len(text) < 20):
        raise QueryError(f"{name}={text[:40]!r} is not a whole number.", f"Use a number from {least} to {most}.")
    value = int(text)
    if not least <= value <= most:
        raise QueryError(f"{name}={value} is out of bounds.", f"Use a number from {least} to {most}.")
    return value


def position(args: Args, name: str) -> int:
    """A revision, or those of several etcds with dots between them; 0 where there is none."""
    value = args.get(name, "")
    return read_position(value) if value else 0
