"""What a deployment lacks for high availability and safety: judged from its flags, and from the connected cluster."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from etcdview.deployment.deployment import Deployment
from etcdview.endpoints import host_of
from etcdview.health.facts import ClusterFacts
from etcdview.kube.words import counted, plural

_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Gap:
    """One thing that is missing: what, why it matters, and how to have it."""

    what: str
    why: str
    how: str


def gaps(deployments: Sequence[Deployment], facts: ClusterFacts | None) -> tuple[Gap, ...]:
    """Everything that is missing, each once; nothing is said of what is not known."""
    found = [*_of_cluster(facts), *(gap for d in deployments for gap in _of_member(d))]
    return tuple(dict.fromkeys(found))


def _of_cluster(facts: ClusterFacts | None) -> Iterator[Gap]:
    if facts is None or facts.membership is None or not facts.has_raft:
        return
    voters = facts.quorum.voters
    if voters < 3:
        yield Gap(
            f"{3 - voters} more {plural(3 - voters, 'member')}",
            f"With {counted(voters, 'voter')}, no failure is tolerated. Three tolerate one failure, five tolerate two.",
            "Join more control planes (kubeadm join --control-plane), or add members on machines of their own.",
        )
    elif voters % 2 == 0:
        yield Gap(
            "An odd number of members",
            f"{voters} members tolerate no more failures than {voters - 1}.",
            "Add one, or remove one.",
        )
    hosts = {host_of(url) for m in facts.membership.members for url in m.peer_urls}
    if voters > 1 and len(hosts) == 1 and hosts != {""}:
        yield Gap("Separate machines", "If this machine fails, all members fail.", "Move members elsewhere.")
    if any(m.learner for m in facts.membership.members):
        yield Gap("A vote for the learner", "Until it is promoted it adds no tolerance.", "etcdctl member promote ID")


def _of_member(deployment: Deployment) -> Iterator[Gap]:
    yield from _security(deployment)
    yield from _durability(deployment)
    yield from _timing(deployment)


def _security(d: Deployment) -> Iterator[Gap]:
    if d.flag("listen-client-urls") and not d.flag("cert-file") and not d.is_on("auto-tls"):
        yield Gap("TLS for clients", "Secrets travel unencrypted.", "Set --cert-file, --key-file and https addresses.")
    elif d.flag("cert-file") and not d.is_on("client-cert-auth"):
        yield Gap(
            "Client certificates",
            "Anyone who reaches port 2379 can read every Secret and change everything.",
            "Set --client-cert-auth=true and --trusted-ca-file.",
        )
    if d.flag("listen-peer-urls") and not d.flag("peer-cert-file") and not d.is_on("peer-auto-tls"):
        yield Gap("TLS between members", "Replicated data travels unencrypted.", "Set --peer-cert-file and its key.")
    elif d.flag("peer-cert-file") and not d.is_on("peer-client-cert-auth"):
        yield Gap("Peer certificates", "Any machine can pose as a member.", "Set --peer-client-cert-auth=true.")


def _durability(d: Deployment) -> Iterator[Gap]:
    if d.is_on("unsafe-no-fsync"):
        yield Gap("fsync on every write", "A power failure loses confirmed data.", "Remove --unsafe-no-fsync.")
    if d.is_on("force-new-cluster"):
        yield Gap("A normal start", "--force-new-cluster removes all other members at every start.", "Remove the flag.")
    checked = "InitialCorruptCheck=true" in d.flag("feature-gates")
    old_or_new = ("experimental-initial-corrupt-check", "initial-corrupt-check")
    if d.flags and not checked and not any(d.is_on(name) for name in old_or_new):
        yield Gap(
            "Corruption check at each start",
            "Without it, a member with diverged data keeps serving it.",
            "--experimental-initial-corrupt-check=true; since 3.6 --feature-gates=InitialCorruptCheck=true.",
        )
    quota = _number(d.flag("quota-backend-bytes"))
    if 0 < quota < 2048 * _MIB:
        yield Gap("Room", f"The quota is {quota // _MIB} MiB, less than etcd's default of 2 GiB.", "Raise it.")


def _timing(d: Deployment) -> Iterator[Gap]:
    heartbeat, election = _number(d.flag("heartbeat-interval") or "100"), _number(d.flag("election-timeout") or "1000")
    if heartbeat and election and election < 5 * heartbeat:
        yield Gap(
            "Time for elections",
            f"Followers start an election after only {election / heartbeat:.1f} missed heartbeats.",
            "Set --election-timeout to five to ten times --heartbeat-interval.",
        )


def _number(text: str) -> int:
    """A number of a flag; 0 for anything else, and for more digits than etcd itself takes."""
    return int(text) if text.isdecimal() and len(text) < 20 else 0
