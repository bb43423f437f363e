"""From grpc's "unavailable" to the exact error, by a diagnosis of the endpoint that is kept for a few seconds."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

from etcdview.errors import (
    DeadlineError,
    EtcdviewError,
    NoQuorumError,
    RefusedError,
    SlowError,
    TlsError,
    UnreachableError,
)
from etcdview.stores.etcd.channel import Channel
from etcdview.tls.diagnosis import cause, diagnose

KEEP_SECONDS = 3.0
LEAST_SECONDS = 0.1
SILENT_SECONDS = 0.8  # for an endpoint that was waited for already; more would only delay the sentence

# errors that say what grpc saw, not why; all others are exact already
_VAGUE = (UnreachableError, DeadlineError, TlsError)


@dataclass(frozen=True, slots=True)
class _Found:
    """What a diagnosis that had so many `seconds` found; kept `until` then (monotonic)."""

    error: EtcdviewError | None
    until: float
    seconds: float

    def answers(self, seconds: float) -> bool:
        """Whether a caller with so many seconds would find the same: silence may end for who waits much longer."""
        final = not isinstance(self.error, DeadlineError)
        return time.monotonic() < self.until and (final or seconds < 2 * self.seconds)


class Explainer:
    """Diagnoses shared by all callers: while one looks at an endpoint, the others wait for what it finds.

    `if_refused` is what to do where nothing listens, in place of the usual advice.
    """

    def __init__(self, if_refused: str = "") -> None:
        self._if_refused = if_refused
        self._lock = threading.Lock()  # guards both tables
        self._looking: dict[str, threading.Lock] = {}
        self._found: dict[str, _Found] = {}

    def __call__(self, channel: Channel, error: UnreachableError, left_seconds: float) -> UnreachableError:
        """A better error than `error` where a diagnosis within `left_seconds` gives one."""
        found = self._better(channel, error, left_seconds)
        if isinstance(found, RefusedError) and self._if_refused:
            return RefusedError(found.what, self._if_refused, endpoint=found.endpoint)
        return found

    def _better(self, channel: Channel, error: UnreachableError, left_seconds: float) -> UnreachableError:
        if type(error) not in _VAGUE or left_seconds < LEAST_SECONDS:
            return error
        silent = isinstance(error, DeadlineError)
        seconds = min(SILENT_SECONDS, left_seconds) if silent else left_seconds
        found = self._look_in_turn(channel, seconds)
        # an endpoint that hung up or refused did answer: a diagnosis for which it was too slow would say the contrary
        out_of_time = isinstance(found, DeadlineError) and not silent
        if out_of_time or not isinstance(found, UnreachableError):
            return error
        return type(found)(found.what, found.remedy, endpoint=channel.name)

    def verdict(self, errors: Sequence[tuple[Channel, UnreachableError]], until: float) -> UnreachableError:
        """One error out of those of several endpoints, explained by `until` (monotonic).

        A lost quorum tells most, then that a member lives and is slow, else the first endpoint's error; what the
        others met is named behind it.
        """
        lost = [error for _, error in errors if isinstance(error, NoQuorumError)]
        if lost:
            found = [*lost, *(error for _, error in errors if error not in lost)]
        else:
            slow_first = sorted(errors, key=lambda met: not isinstance(met[1], SlowError))
            found = [self(channel, error, until - time.monotonic()) for channel, error in slow_first]
        whats = list(dict.fromkeys(error.what for error in found))
        return type(found[0])(" ".join(whats), found[0].remedy, endpoint=found[0].endpoint)

    def forget(self, channel: Channel) -> None:
        """The endpoint answered: what was found no longer holds."""
        with self._lock:
            self._found.pop(channel.name, None)

    def _look_in_turn(self, channel: Channel, seconds: float) -> EtcdviewError | None:
        with self._lock:
            looking = self._looking.setdefault(channel.name, threading.Lock())
        begun = time.monotonic()
        if not looking.acquire(timeout=seconds):
            return None
        try:
            return self._look(channel, seconds - (time.monotonic() - begun))
        finally:
            looking.release()

    def _look(self, channel: Channel, seconds: float) -> EtcdviewError | None:
        with self._lock:
            found = self._found.get(channel.name)
        if found is not None and found.answers(seconds):
            return found.error
        error = cause(diagnose(channel.endpoint, channel.files, seconds))
        with self._lock:
            self._found[channel.name] = _Found(error, time.monotonic() + KEEP_SECONDS, seconds)
        return error
