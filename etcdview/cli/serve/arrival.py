"""What has arrived of a request, and whether a thread can answer it without waiting for the client. No sockets here."""

from __future__ import annotations

import enum
from typing import Any

from gunicorn.http.body import ChunkedReader
from gunicorn.http.errors import NoMoreData, ParseException
from gunicorn.http.parser import RequestParser

# Lines end at 8 KB already (REQUEST_LINE_BYTES); more than this is not a browser's.
HEAD_BYTES = 64 * 1024
# What the app takes at most (MAX_BODY_BYTES there), and a little more, so that it is the app that says so.
BODY_BYTES = 2 * 1024 * 1024 + 64 * 1024
_END_OF_HEAD = b"\r\n\r\n"
_EMPTY_LINE = b"\r\n"


class Decision(enum.Enum):
    """What to do with what has arrived."""

    MORE = "wait for more"
    WHOLE = "let a thread answer it"
    NEEDS_LENGTH = "411 Length Required"
    BODY_TOO_LARGE = "413 Content Too Large"
    HEAD_TOO_LARGE = "431 Request Header Fields Too Large"


REFUSALS = frozenset({Decision.NEEDS_LENGTH, Decision.BODY_TOO_LARGE, Decision.HEAD_TOO_LARGE})


class Arrival:
    """The bytes of one request. gunicorn's own parser decides where it ends, so that both always agree."""

    def __init__(self, cfg: Any, client: Any, data: bytes = b"") -> None:
        self.data = bytearray()
        self.asks_to_go_on = False  # Expect: 100-continue: the body comes once the client was told to send it
        self._cfg = cfg
        self._client = client
        self._searched = 0  # bytes in which the head does not end
        self._whole_bytes = 0  # 0 until the head is there
        self._refused: Decision | None = None
        self._may_be_empty_line = True
        self.add(data)

    def add(self, data: bytes) -> int:
        """So much more has come; gives by how many bytes more are held.

        One empty line before the request is left out: old clients send one after a body (RFC 9112, 2.2).
        """
        before = len(self.data)
        self.data += data
        if self._may_be_empty_line and len(self.data) >= len(_EMPTY_LINE):
            self._may_be_empty_line = False
            if self.data.startswith(_EMPTY_LINE):
                del self.data[: len(_EMPTY_LINE)]
        return len(self.data) - before

    @property
    def head_is_there(self) -> bool:
        """Whether what is missing is the body's."""
        return bool(self._whole_bytes)

    def verdict(self) -> Decision:
        """What the bytes until now are."""
        if not self._whole_bytes and not self._refused:
            self._look_for_head()
        if self._refused:
            return self._refused
        return Decision.WHOLE if self._whole_bytes and len(self.data) >= self._whole_bytes else Decision.MORE

    def _look_for_head(self) -> None:
        """Parse it, if its end is among the bytes that are new."""
        found = self.data.find(_END_OF_HEAD, max(0, self._searched - len(_END_OF_HEAD)))
        self._searched = len(self.data)
        parser = RequestParser(self._cfg, [bytes(self.data)], self._client) if found >= 0 else None
        try:
            request = next(parser) if parser else None
        except NoMoreData:
            request = None
        except (ParseException, StopIteration):  # the thread parses it again, and says what is wrong
            self._whole_bytes = len(self.data)
            return
        if request is not None and parser is not None:
            self._measure(request, len(self.data) - len(parser.unreader.buf.getvalue()))
        elif len(self.data) > HEAD_BYTES:
            self._refused = Decision.HEAD_TOO_LARGE

    def _measure(self, request: Any, head_bytes: int) -> None:
        if isinstance(request.body.reader, ChunkedReader):  # browsers send none, and its end is unknown
            self._refused = Decision.NEEDS_LENGTH
            return
        if request.body.reader.length > BODY_BYTES:
            self._refused = Decision.BODY_TOO_LARGE
            return
        self.asks_to_go_on = any(
            name == "EXPECT" and value.lower() == "100-continue" for name, value in request.headers
        )
        self._whole_bytes = head_bytes + request.body.reader.length
