"""What happens to the cluster meanwhile: members are killed, stand still, are restarted, and get new certificates."""

from __future__ import annotations

import itertools
import os
import tempfile
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from etcdview.demo.certificates import CLIENT, LOCAL_NAMES, ClusterCertificates, Pair
from etcdview.demo.cluster import LocalCluster, LocalMember


@dataclass(frozen=True, slots=True)
class Step:
    """What happens to a member, so many seconds after the last step, and how long it is away; see `MINUTE`."""

    after_seconds: float
    what: str
    away_seconds: float = 0.0


# Each minute. The next member has its turn with each step, so that in three minutes each had all.
MINUTE = (
    Step(12.0, "killed", 12.0),
    Step(8.0, "paused", 12.0),
    Step(8.0, "restarted"),
    Step(4.0, "certificates replaced"),
    Step(4.0, ""),
)


class Chaos:
    """The steps, minute by minute. One member is away at a time, so that a quorum is left."""

    def __init__(self, cluster: LocalCluster, certificates: ClusterCertificates) -> None:
        self._cluster, self._certificates = cluster, certificates
        self._victim: LocalMember | None = None
        self.done: Counter[str] = Counter()

    def run(self, ended: threading.Event) -> None:
        """Until `ended`; all members are healthy afterwards.

        From the main thread: the members end with the thread that starts them.
        """
        acts: dict[str, Callable[[LocalMember], None]] = {
            "killed": LocalMember.kill,
            "paused": LocalMember.pause,
            "restarted": self._end,
            "certificates replaced": lambda _: replace_certificates(self._certificates),
        }
        members = itertools.cycle(self._cluster.members)
        for step in itertools.cycle(MINUTE):
            if ended.wait(step.after_seconds):
                return
            if step.what:
                self._victim = next(members) if step.what != "certificates replaced" else self._victim
                acts[step.what](self._victim or self._cluster.members[0])
                self.done[step.what] += 1
                ended.wait(step.away_seconds)
                self._cluster.heal()

    def excuses(self, page: str) -> bool:
        """Whether an error is about the member that was away last, or about the quorum that this costs."""
        victim = self._victim
        if victim is None:
            return False
        return any(word in page for word in (victim.client_url.rpartition("/")[2], "quorum", "no leader"))

    @staticmethod
    def _end(member: LocalMember) -> None:
        """As systemd stops it; the cluster starts it again at once."""
        if member.process is not None:
            member.process.terminate()
            member.process.wait()
            member.process = None


def replace_certificates(certificates: ClusterCertificates) -> None:
    """A new key and certificate in the place of each that a member or the client has, by the same authority."""
    for name, files in certificates.members.items():
        for pair in (files.server, files.peer):
            _replace(certificates, pair, name, sans=(name, *LOCAL_NAMES))
    _replace(certificates, certificates.client, "kube-etcd-healthcheck-client", usages=CLIENT)


def _replace(certificates: ClusterCertificates, pair: Pair, name: str, **more: tuple[object, ...]) -> None:
    """Each file at once, as cert-manager and kubeadm do it; for a moment the two do not belong together."""
    with tempfile.TemporaryDirectory(dir=pair.cert.parent) as folder:
        fresh = certificates.authority.issue(Path(folder), pair.cert.stem, name, **more)  # type: ignore[arg-type]
        os.replace(fresh.cert, pair.cert)
        os.replace(fresh.key, pair.key)
