"""The codec for the release that the cluster runs: set by the user, or found in the registry and looked up again."""

from __future__ import annotations

from dataclasses import dataclass, replace

from etcdview.codec import Codec
from etcdview.errors import DeniedError, TooLargeError, UnreachableError
from etcdview.kube.distributions import Distribution
from etcdview.kube.keys import KeySpace
from etcdview.kube.release import Witness
from etcdview.objects.release import find_release
from etcdview.stores.kept import Kept
from etcdview.stores.protocols import Store

LOOK_AGAIN_SECONDS = 600.0  # an upgrade takes minutes, and decides little
TRY_AGAIN_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class _Known:
    codec: Codec
    why: str = ""
    unnamed: str = ""
    ranked: tuple[Witness, ...] = ()
    distributions: tuple[Distribution, ...] = ()


class ReleaseCodecs:
    """The codec to use now. Safe to use from any thread."""

    def __init__(self, store: Store, codec: Codec, keyspace: KeySpace, *, waits: bool = False) -> None:
        """`waits`: the first who asks waits until the release is found. Of a file everyone does."""
        self._store = store
        self._waits = waits or not store.live
        self._base = codec
        self._keyspace = keyspace
        self._set = codec.release is not None
        told = "set by kubernetes-version" if self._set else ""
        self._first = _Known(codec, told, told)
        self._known = Kept(
            LOOK_AGAIN_SECONDS,
            self._look,
            first=self._first,
            old_for=(UnreachableError, DeniedError, TooLargeError),
            again_seconds=TRY_AGAIN_SECONDS,
        )

    @property
    def base(self) -> Codec:
        """The codec before a release was found: for another file of the same settings."""
        return self._base

    def codec(self) -> Codec:
        """The codec for the cluster's release; a codec for no particular release where it is unknown."""
        return self._now().codec

    def words(self, *, named: bool = True) -> tuple[str, str]:
        """The release ("" where it is not known) and what says so; by name only for those who may see every object."""
        known = self._now()
        return (str(known.codec.release) if known.codec.release else ""), known.why if named else known.unnamed

    def ranked(self, *, named: bool = True) -> tuple[Witness, ...]:
        """All that says a release, the best first; nothing where it was set.

        Only for those who may see every object: it names nodes, and says how many there are.
        """
        return self._now().ranked if named else ()

    def distributions(self, *, named: bool = True) -> tuple[Distribution, ...]:
        """The distribution of the cluster, several where the evidence contradicts itself; what says so as for `words`.

        Nothing where a release was set: then nothing is read.
        """
        found = self._now().distributions
        return found if named else tuple(replace(one, why=()) for one in found)

    def _now(self) -> _Known:
        if self._set:
            return self._first
        if self._waits:
            return self._known.get()
        self._known.refresh("etcdview-release")  # no page waits for it: it ends within the store's deadlines
        return self._known.known or self._first

    def _look(self) -> _Known:
        found = find_release(self._store, self._base, self._keyspace)
        if found is None:
            return self._known.known or self._first
        codec = self._base.for_release(found.release)
        return _Known(codec, found.why, found.unnamed, found.ranked, found.distributions)
