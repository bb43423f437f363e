"""The codec for the release that the cluster runs: set by the user, or found in the registry and looked up again."""

from __future__ import annotations

import threading
import time

from etcdview.codec import Codec
from etcdview.errors import DeniedError, UnreachableError
from etcdview.kube.keys import KeySpace
from etcdview.objects.release import find_release
from etcdview.stores.protocols import Store

LOOK_AGAIN_SECONDS = 600.0  # an upgrade takes minutes, and decides little
TRY_AGAIN_SECONDS = 15.0


class ReleaseCodecs:
    """The codec to use now. Safe to use from any thread."""

    def __init__(self, store: Store, codec: Codec, keyspace: KeySpace) -> None:
        self._store = store
        self._base = codec
        self._keyspace = keyspace
        self._set = codec.release is not None
        self._lock = threading.Lock()  # guards all below
        self._codec = codec
        self._why = "set by kubernetes-version" if self._set else ""
        self._look_at = 0.0  # monotonic

    def codec(self) -> Codec:
        """The codec for the cluster's release; for none in particular where nothing tells it."""
        with self._lock:
            if self._set or time.monotonic() < self._look_at:
                return self._codec
            self._look_at = time.monotonic() + TRY_AGAIN_SECONDS  # others go on with what there is
        if not self._store.live:
            self._look()
        else:  # no page waits for it: it ends by itself, within the store's deadlines
            threading.Thread(target=self._look, name="etcdview-release", daemon=True).start()
        with self._lock:
            return self._codec

    def words(self) -> tuple[str, str]:
        """The release ("" where it is not known) and what says so."""
        codec = self.codec()
        with self._lock:
            return (str(codec.release) if codec.release else ""), self._why

    def _look(self) -> None:
        try:
            found = find_release(self._store, self._base, self._keyspace)
        except (UnreachableError, DeniedError):
            return
        with self._lock:
            self._look_at = time.monotonic() + LOOK_AGAIN_SECONDS
            if found is not None:
                self._codec, self._why = self._base.for_release(found.release), found.why
