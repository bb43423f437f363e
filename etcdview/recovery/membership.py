"""Members that a database keeps otherwise than the member list: what an upgrade to etcd 3.6 would bring to light.

etcd up to 3.5 answers from its old store of members; 3.6 reads the bucket of the database. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from etcdview.models import Member


def membership_doubts(in_file: Iterable[Member], listed: Iterable[Member]) -> Iterator[str]:
    """Sentences about learners whose promotion the database lost (3.5.1 to 3.5.19), and members that were removed."""
    live = {member.id: member for member in listed}
    for member in in_file:
        name, now = member.name or f"{member.id:x}", live.get(member.id)
        if now is None:
            yield (
                f"The database still has the member {name} ({member.id:x}), which the member list lacks: if the "
                "snapshot was taken after its removal, it comes back with etcd 3.6. Upgrade to the newest 3.5 first."
            )
        elif member.learner and not now.learner:
            yield (
                f"The database has {name} as a learner, the member list as a voter: if the snapshot was taken after "
                "its promotion, etcd 3.5.1 to 3.5.19 lost that, and for etcd 3.6 it has no vote. "
                "Upgrade to the newest 3.5 first."
            )
