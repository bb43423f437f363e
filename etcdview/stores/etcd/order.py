"""The endpoints in the order of trust: the one that answered last first, those that failed of late last."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

from etcdview.stores.etcd.channel import Channel

SHUN_SECONDS = 5.0


class Order:
    """Which endpoint to ask first; shared by all calls of a store."""

    def __init__(self, channels: Sequence[Channel]) -> None:
        self._lock = threading.Lock()  # guards the order
        self._order = tuple(channels)
        self._shunned: dict[str, float] = {}

    def channels(self) -> tuple[Channel, ...]:
        """All channels, the most trusted first."""
        now = time.monotonic()
        with self._lock:
            return tuple(sorted(self._order, key=lambda c: self._shunned.get(c.name, 0.0) > now))

    def trust(self, channel: Channel) -> None:
        """It answered: ask it first from now on."""
        with self._lock:
            self._shunned.pop(channel.name, None)
            if self._order[0] is not channel:
                self._order = (channel, *(c for c in self._order if c is not channel))

    def shun(self, channel: Channel) -> None:
        """It did not answer: ask it last for a while."""
        with self._lock:
            self._shunned[channel.name] = time.monotonic() + SHUN_SECONDS
