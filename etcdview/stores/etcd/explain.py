"""From grpc's "unavailable" to the exact error, by a diagnosis of the endpoint that is kept for a few seconds."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

from etcdview.errors import DeadlineError, EtcdviewError, NoQuorumError, RefusedError, TlsError, UnreachableError
from etcdview.stores.etcd.channel import Channel
from etcdview.tls.diagnosis import cause, diagnose

KEEP_SECONDS = 3.0
LEAST_SECONDS = 0.1
MOST_SECONDS = 0.8

# errors that say what grpc saw, not why; all others are exact already
_VAGUE = (UnreachableError, DeadlineError, TlsError)


class Explainer:
    """Diagnoses shared by all callers: while one looks at an endpoint, the others wait for what it finds.

    `if_refused` is what to do where nothing listens, in place of the usual advice.
    """

    def __init__(self, if_refused: str = "") -> None:
        self._if_refused = if_refused
        self._lock = threading.Lock()  # guards both tables
        self._looking: dict[str, threading.Lock] = {}
        self._found: dict[str, tuple[float, EtcdviewError | None]] = {}

    def __call__(self, channel: Channel, error: UnreachableError, left_seconds: float) -> UnreachableError:
        """A better error than `error` where a diagnosis within `left_seconds` gives one."""
        found = self._better(channel, error, left_seconds)
        if isinstance(found, RefusedError) and self._if_refused:
            return RefusedError(found.what, self._if_refused, endpoint=found.endpoint)
        return found

    def _better(self, channel: Channel, error: UnreachableError, left_seconds: float) -> UnreachableError:
        if type(error) not in _VAGUE or left_seconds < LEAST_SECONDS:
            return error
        with self._lock:
            looking = self._looking.setdefault(channel.name, threading.Lock())
        with looking:
            found = self._look(channel, min(MOST_SECONDS, left_seconds))
        if not isinstance(found, UnreachableError):
            return error
        return type(found)(found.what, found.remedy, endpoint=channel.name)

    def verdict(self, errors: Sequence[tuple[Channel, UnreachableError]], until: float) -> UnreachableError:
        """One error out of those of several endpoints, explained by `until` (monotonic).

        A lost quorum tells most, else the first endpoint's error; what the others met is named behind it.
        """
        lost = [error for _, error in errors if isinstance(error, NoQuorumError)]
        if lost:
            found = [*lost, *(error for _, error in errors if error not in lost)]
        else:
            found = [self(channel, error, until - time.monotonic()) for channel, error in errors]
        whats = list(dict.fromkeys(error.what for error in found))
        return type(found[0])(" ".join(whats), found[0].remedy, endpoint=found[0].endpoint)

    def forget(self, channel: Channel) -> None:
        """The endpoint answered: what was found no longer holds."""
        with self._lock:
            self._found.pop(channel.name, None)

    def _look(self, channel: Channel, seconds: float) -> EtcdviewError | None:
        with self._lock:
            until, found = self._found.get(channel.name, (0.0, None))
        if time.monotonic() < until:
            return found
        found = cause(diagnose(channel.endpoint, channel.files, seconds))
        with self._lock:
            self._found[channel.name] = (time.monotonic() + KEEP_SECONDS, found)
        return found
