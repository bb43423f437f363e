"""The steps that bring a cluster back from the furthest source, as commands to copy. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from shlex import quote

from etcdview.errors import UsageError
from etcdview.kube.words import counted
from etcdview.models import Member
from etcdview.recovery.restore_plan import LogExtent, RestoreSource
from etcdview.stores.files.wal.recovery import Raise

MARGIN = 1_000_000_000
MARGIN_REASON = (
    "as the disaster recovery guide of etcd has it (etcd.io/docs/v3.5/op-guide/recovery) and OpenShift's restore: "
    f"{MARGIN // 604_800:,} revisions a second for seven days"
)
FLAGS_SINCE = "etcdutl has --bump-revision and --mark-compacted since 3.5.10"  # CHANGELOG-3.5.md of etcd
_UNPACK = {"a gzip file": "gunzip -c", "a zstd file": "zstd -dc", "a zip archive": "unzip -p"}
_MANIFESTS = "/etc/kubernetes/manifests"
_AWAY = "/etc/kubernetes/stopped"
_CALLERS = ("kube-controller-manager", "kube-scheduler")
_LAST_REVISION = (1 << 63) - 1  # etcd counts on from here below zero
_SERVES = "ready to serve client requests"  # etcd's log, once all that is committed is applied (embed/serve.go)
# Sockets in etcd's own folder: no port that may be taken, and nobody else can read there. Spelled as 3.4 takes it too
_SCRATCH = "unix://client:1", "unix://peer:1"
_FOLDER = '"${restore_dir:?}"'  # made anew by each run: what an earlier plan left must not be taken for this one's
_ALONE = 'env -i PATH="$PATH"'  # with ETCDCTL_ENDPOINTS exported, etcdctl refuses --endpoints; so does etcd with ETCD_*


@dataclass(frozen=True, slots=True)
class RestoreTarget:
    """Where to: `data_dir` on each member, `copy` the file that all of them restore, the token of the new cluster.

    `names`: the members to restore, all of them for none.
    """

    data_dir: str
    copy: str
    token: str
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RevisionBump:
    """How far to raise the revision: a margin, and what other sources are known to be ahead."""

    ahead: int
    margin: int = MARGIN

    @property
    def amount(self) -> int:
        """What --bump-revision takes: it is added to the newest revision in the file."""
        return self.ahead + self.margin


@dataclass(frozen=True, slots=True)
class RestoreStep:
    """Commands and where to run them; `notes` are sentences to read before."""

    title: str
    commands: tuple[str, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RestorePlan:
    """The members of the new cluster, the bump and the steps; `notes` are about all of them."""

    members: tuple[Member, ...]
    bump: RevisionBump
    steps: tuple[RestoreStep, ...]
    notes: tuple[str, ...] = ()


def restore_plan(furthest: RestoreSource, sources: Sequence[RestoreSource], target: RestoreTarget) -> RestorePlan:
    """The plan. Raises UsageError for a member that the source does not know, and where it knows none."""
    members = _chosen(furthest, target.names)
    newest = max(source.revision + (source.log.uncommitted if source.log else 0) for source in sources)
    bump = RevisionBump(newest - furthest.revision, max(0, min(MARGIN, _LAST_REVISION - newest)))
    steps = (
        _stop(),
        _with_log(furthest, target) if _log_counts(furthest) else _copied(furthest, target),
        *(_restored(member, members, furthest, target, bump) for member in members),
        _start(members),
        _forget(),
    )
    notes = (*_name_notes(furthest.members, members), *_flag_notes(furthest.version))
    return RestorePlan(members, bump, steps, notes)


def _chosen(furthest: RestoreSource, names: Sequence[str]) -> tuple[Member, ...]:
    named = [member for member in furthest.members if member.name and member.peer_urls]
    twice = {name for name, count in Counter(member.name for member in named).items() if count > 1}
    own = (replace(m, name=f"{m.name}-{m.id:x}") if m.name in twice else m for m in named)
    known = {member.name: member for member in own}
    unknown = [name for name in names if name not in known]
    if unknown or not known:
        raise UsageError(
            f"{furthest.path} does not know a member {unknown[0]!r}."
            if unknown
            else f"{furthest.path} names no member.",
            f"Its members: {', '.join(sorted(known)) or 'none'}.",
        )
    if names:
        return tuple(known[name] for name in sorted(set(names)))
    voters = [member for member in known.values() if not member.learner]
    return tuple(sorted(voters or known.values(), key=lambda member: member.name))


def _log_counts(source: RestoreSource) -> bool:
    return source.log is not None and (source.log.changes > 0 or source.raised is not None)


def _stop() -> RestoreStep:
    moved = " ".join(f"{_MANIFESTS}/{name}.yaml" for name in (*_CALLERS, "kube-apiserver", "etcd"))
    return RestoreStep(
        "On every control plane machine: stop the control plane and etcd, members that still run too",
        (
            "# With kubeadm (static Pods); wait until `crictl ps` shows none of them:",
            f"mkdir -p {_AWAY} && mv {moved} {_AWAY}/",
            "# With systemd units:",
            f"systemctl stop {' '.join(_CALLERS)} kube-apiserver etcd",
        ),
    )


def _copied(source: RestoreSource, target: RestoreTarget) -> RestoreStep:
    copy, file = quote(target.copy), quote(str(source.database))
    made = (
        f"(umask 077; {_UNPACK[source.packing]} {file} > {copy})" if source.packing else f"install -m 600 {file} {copy}"
    )
    return RestoreStep(
        f"Copy the furthest source, then bring {target.copy} to every member's machine (scp)",
        (made,),
        (*_with_log_notes(source), "It holds every Secret."),
    )


def _with_log(source: RestoreSource, target: RestoreTarget) -> RestoreStep:
    """A database alone lacks what only the log has: etcd itself brings it in, on a copy."""
    folder, member = _FOLDER, quote(str(source.database.parent.parent))
    client, peer = _SCRATCH
    etcdctl = f"{_ALONE} etcdctl --endpoints {client}"
    alive = f"kill -0 $etcd_pid || {{ tail -n 3 {folder}/etcd.out; break; }}"  # says why it did not start
    log, copy = source.log, copy_of(target)
    return RestoreStep(
        f"Make a snapshot of the furthest source and its log, then bring {target.copy} to every member's machine (scp)",
        (
            f"restore_dir=$(mktemp -d {copy}.XXXXXX) && cp -a {member} {folder}/member",
            *_without_damage(log, f"{folder}/member/wal"),
            *_with_all_committed(source.raised, f"{folder}/member/wal"),
            f"(cd {folder} && exec {_ALONE} etcd --name restore --data-dir . --force-new-cluster "
            f"--listen-client-urls {client} --advertise-client-urls {client} --listen-peer-urls {peer} "
            "> etcd.out 2>&1) & etcd_pid=$!",
            *(
                (
                    f"until grep -q {quote(_SERVES)} {folder}/etcd.out; do {alive}; sleep 1; done",
                    f"kill $etcd_pid && {{ wait $etcd_pid || true; install -m 600 {folder}/member/snap/db {copy}; }}",
                )
                if source.auth
                else (
                    f"until (cd {folder} && {etcdctl} endpoint health); do {alive}; sleep 1; done",
                    # where etcd did not start, etcdctl would wait for it for ever
                    f"kill -0 $etcd_pid && (cd {folder} && umask 077 && {etcdctl} snapshot save {copy})",
                    "kill $etcd_pid && wait $etcd_pid || true",
                )
            ),
        ),
        (*_above(source), *_with_log_notes(source), "It holds every Secret."),
    )


def _above(source: RestoreSource) -> Iterator[str]:
    log = source.log
    if log is not None and log.changes:
        yield (
            f"The log has {counted(log.changes, 'change')} to {counted(log.keys, 'key')} "
            f"({counted(log.revisions, 'revision')}) that the database lacks: `etcdutl snapshot restore` of "
            f"{source.database} would lose them. etcd on a copy of the directory keeps the log with "
            "--force-new-cluster."
        )


def _without_damage(log: LogExtent | None, folder: str) -> Iterator[str]:
    """etcd refuses to start on a log with a checksum that does not fit, or with a file missing."""
    if log is not None and log.cut_file:
        yield f"truncate -s {log.cut_size} {folder}/{quote(log.cut_file)}"
    if log is not None and log.behind:
        yield " ".join(["rm", *(f"{folder}/{quote(name)}" for name in log.behind)])


def _with_all_committed(raised: Raise | None, folder: str) -> Iterator[str]:
    """--force-new-cluster discards what the log does not say is committed: of the last writes it says so too late."""
    if raised is not None:
        file = f"{folder}/{quote(raised.name)}"
        record = "".join(f"\\{byte:03o}" for byte in raised.record)  # as the printf of every shell takes it
        yield f"truncate -s {raised.size} {file} && printf '{record}' >> {file}"


def copy_of(target: RestoreTarget) -> str:
    """The file that all members restore, for a shell."""
    return quote(target.copy)


def _with_log_notes(source: RestoreSource) -> Iterator[str]:
    if source.log is not None and source.log.fault:
        yield (
            f"Its log can be read up to entry {source.index:,} only. What was written after that is lost, unless "
            "another source has it."
        )
    if source.log is not None and (source.log.cut_file or source.log.behind):
        yield "The log is damaged. What cannot be used of it is cut off the copy: etcd does not start on it otherwise."
    if source.log is not None and source.log.uncommitted:
        many = source.log.uncommitted > 1
        last = "The last " + counted(source.log.uncommitted, "entry is", "entries are").removeprefix("1 ")
        yield f"{last} not known to be committed" + (
            f". Clients may have been told that {'they are' if many else 'it is'} written. A record is therefore added "
            "to the copy that says all of the log is committed: members that meet again take it over, too."
            if source.raised
            else ": etcd discards it."
        )
    if source.auth:
        yield (
            "etcd's authentication is on, so no snapshot can be saved without a password: the database itself is "
            "copied once etcd has brought in the log and has stopped."
        )


def _restored(
    member: Member, members: Sequence[Member], source: RestoreSource, target: RestoreTarget, bump: RevisionBump
) -> RestoreStep:
    cluster = ",".join(f"{m.name}={url}" for m in members for url in m.peer_urls)
    hashed = not source.auth if _log_counts(source) else source.hashed
    words = (
        f"etcdutl snapshot restore {copy_of(target)}",
        *(() if hashed else ("--skip-hash-check",)),
        f"--name {quote(member.name)}",
        f"--initial-advertise-peer-urls {quote(','.join(member.peer_urls))}",
        f"--initial-cluster {quote(cluster)}",
        f"--initial-cluster-token {quote(target.token)}",
        f"--data-dir {quote(target.data_dir)}",
        f"--bump-revision {bump.amount} --mark-compacted",
    )
    folder = quote(target.data_dir)
    return RestoreStep(
        f"On the machine of {member.name}: restore",
        (
            # an etcdutl that is too old ends here, before anything is moved
            f"etcdutl snapshot restore --help | grep -q -e --bump-revision && {{ test ! -e {folder} || "
            f"mv {folder} {quote(target.data_dir + '.before-restore')}; }}",
            " \\\n  ".join(words),
        ),
        (
            f"If {target.data_dir} is a mount point, mv says that it is busy: move what is in it to another folder "
            "instead. etcdutl takes a folder that is empty.",
        ),
    )


def _name_notes(stored: Sequence[Member], members: Sequence[Member]) -> Iterator[str]:
    """Members of one name, as those that were started without --name have it: --initial-cluster tells by names."""
    names = {member.id: member.name for member in stored}
    renamed = [f"{names[m.id]} at {', '.join(m.peer_urls)}: {m.name}" for m in members if m.name != names[m.id]]
    if renamed:
        yield f"Several members have the same name, so each gets one of its own; {'; '.join(renamed)}."


def _flag_notes(version: str) -> Iterator[str]:
    parts = version.split(".")
    known = len(parts) > 1 and all(part.isdigit() for part in parts[:2])
    if not known or tuple(map(int, parts[:2])) < (3, 6):
        yield (
            f"The version of the source is {version or 'unknown'}. {FLAGS_SINCE}: of an older version take a newer "
            "patch release. Without these flags watches may miss changes until all clients are restarted."
        )


def _start(members: Sequence[Member]) -> RestoreStep:
    callers = " ".join(f"{_AWAY}/{name}.yaml" for name in _CALLERS)
    return RestoreStep(
        "On every control plane machine: start etcd; when all members answer, the API server; then the rest",
        (
            "# With kubeadm (static Pods):",
            f"mv {_AWAY}/etcd.yaml {_MANIFESTS}/",
            f"mv {_AWAY}/kube-apiserver.yaml {_MANIFESTS}/",
            f"mv {callers} {_MANIFESTS}/",
            "# With systemd units; the data directory must belong to the user that etcd runs as (`chown -R`):",
            "systemctl start etcd",
            "systemctl start kube-apiserver",
            f"systemctl start {' '.join(_CALLERS)}",
        ),
        (
            f"The new cluster has {counted(len(members), 'member')}. Other machines join it later with an empty data "
            "directory: `etcdctl member add`.",
        ),
    )


def _forget() -> RestoreStep:
    return RestoreStep(
        "Restart what remembers the state from after the source",
        (
            "# On every node:",
            "systemctl restart kubelet",
            "# Operators, the network's agents and all else that has informers:",
            "kubectl -n NAMESPACE rollout restart deployment,daemonset",
        ),
        (
            "Earlier revisions are marked as compacted, so watches that go on from them are refused and informers list "
            "again. What acts on its cache until then may act on objects that no longer exist.",
        ),
    )
