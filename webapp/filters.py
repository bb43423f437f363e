"""How numbers, sizes and times read on a page."""

from __future__ import annotations

import re
from datetime import datetime

from markupsafe import Markup, escape

from etcdview.pages.parts.scale import on_scale
from etcdview.pages.parts.sizes import size_text
from etcdview.pages.parts.texts import plural, visible_lines
from etcdview.pages.search_words import pieces

HIGHLIGHT_LIMIT = 200_000
_CONNECTION = re.compile(r"\A(?:ETCDCTL_[A-Z]+=\S+ )+")
DASH = "\u2013"  # what stands for nothing


def shown(value: object) -> object:
    """What each expression of a template goes through: a text without control characters. Markup stays as it is."""
    if type(value) is not str or (value.isascii() and value.isprintable()):
        return value
    return visible_lines(value)


def as_given(value: str) -> Markup:
    """A text that comes back from a form, byte for byte: the value of a field is not display text."""
    return escape(value)


def ticks(text: str) -> Markup:
    """A sentence of which the parts between backticks are commands."""
    parts = shown(text)
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if inside % 2 else escape(part)
        for inside, part in enumerate(str(parts).split("`"))
    )


def count(value: int, noun: str, many: str = "") -> str:
    """1 key, 1,201 keys."""
    return f"{number(value)} {plural(value, noun, many)}"


def number(value: int | None) -> str:
    """1201 -> 1,201; None -> a dash."""
    return DASH if value is None else f"{value:,}"


def size(value: int | None) -> str:
    """Bytes in KiB, MiB or GiB; None -> a dash."""
    return DASH if value is None else size_text(value)


def seconds(value: float | None) -> str:
    """A duration: <1 ms, 4 ms, 0.4 s, 12 s, 3 min, 2 h."""
    if value is None:
        return DASH
    if 0 < value < 0.0005:
        return "<1 ms"
    if value < 0.1:
        return f"{value * 1000:.0f} ms"
    if value < 10:
        return f"{value:.1f} s"
    if value < 120:
        return f"{value:.0f} s"
    return f"{value / 60:.0f} min" if value < 7200 else f"{value / 3600:.0f} h"


def percent(part: float | None) -> str:
    """0.034 -> 3 %; None -> a dash."""
    return DASH if part is None else f"{part * 100:.0f} %"


def lease(value: int) -> str:
    """A lease ID as etcdctl prints it; a dash for none."""
    return f"{value:x}" if value else DASH


def moment(value: datetime | None) -> str:
    """A time of day in UTC."""
    return DASH if value is None else f"{value:%Y-%m-%d %H:%M:%S} UTC"


def hex_preview(raw: bytes) -> str:
    """The first 32 bytes in hexadecimal, and how many more there are."""
    rest = f" … {len(raw) - 32} more" if len(raw) > 32 else ""
    return raw[:32].hex(" ") + rest


def clock(value: datetime) -> str:
    """The time of day in UTC, to the second."""
    return f"{value:%H:%M:%S}"


def highlight(text: str, language: str) -> Markup:
    """YAML or JSON with spans of Pygments' classes; other text, and what is longer than 200 kB, stays plain."""
    text = visible_lines(text)
    if len(text) > HIGHLIGHT_LIMIT or language not in ("yaml", "json"):
        return Markup("{}").format(text)
    import pygments  # loaded for the first object that is shown, not at start
    from pygments.formatters.html import HtmlFormatter  # pygments.formatters is another module while it loads
    from pygments.lexers.data import JsonLexer, YamlLexer

    lexer = YamlLexer() if language == "yaml" else JsonLexer()
    return Markup(pygments.highlight(text, lexer, HtmlFormatter(nowrap=True)))  # Pygments escapes  # noqa: S704  # nosec B704


def shell(line: str) -> Markup:
    """A command whose settings of the connection are quiet, and cut to a line until one goes there.

    They are the same in all commands; the rest is what differs. What is copied has all of them.
    """
    text = str(shown(line))
    rest = _CONNECTION.sub("", text, count=1)
    connection = text[: len(text) - len(rest)]
    return Markup('<span class="connection quiet">{}</span>{}').format(connection, rest) if connection else escape(text)


FILTERS = {
    "shell": shell,
    "as_given": as_given,
    "ticks": ticks,
    "count": count,
    "plural": plural,
    "pieces": pieces,
    "hex_preview": hex_preview,
    "highlight": highlight,
    "clock": clock,
    "number": number,
    "size": size,
    "seconds": seconds,
    "percent": percent,
    "lease": lease,
    "moment": moment,
    "on_scale": on_scale,
}
