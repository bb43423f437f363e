"""`make conformance`: kubectl asks kube-apiserver and etcdview on one etcd, and every difference has a reason.

    python -m tools.conformance [--file] [WORD ...]
    python -m tools.conformance informers [CHANGES]
    python -m tools.conformance manifests
    python -m tools.conformance export
    python -m tools.conformance k9s [--file]
    python -m tools.conformance dashboard [--file]

Words choose the commands that contain all of them. Without any, informers, export, k9s and dashboard follow, and all of
it but informers and export from a file. --file: etcdview reads a snapshot of the etcd instead of the etcd.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from etcdview.demo.programs import find_program
from tools.conformance.clients import compare_helm, kubectls
from tools.conformance.commands import ListedType, commands, listed_types
from tools.conformance.compare import Report, compare, run
from tools.conformance.dashboard import compare_dashboard
from tools.conformance.exported import compare_export
from tools.conformance.informing import follow
from tools.conformance.k9s import follow_k9s
from tools.conformance.manifests import compare_manifests
from tools.conformance.programs import MissingError
from tools.conformance.servers import Lab, Server
from tools.given import arguments

CHANGES = 10_000


def main(words: list[str]) -> int:
    """0 when nothing differs without a reason."""
    try:
        if words[:1] == ["informers"]:
            return _follow(int(words[1]) if len(words) > 1 else CHANGES)
        if words == ["manifests"]:
            return _apply()
        if words == ["export"]:
            return _export()
        if words[:1] == ["k9s"]:
            return _k9s(from_file="--file" in words)
        if words[:1] == ["dashboard"]:
            return _dashboard(from_file="--file" in words)
        return _compare(words) if words else _everything()
    except MissingError as error:
        print(f"Not compared: {error}")
        return 2


def _everything() -> int:
    """One after the other, as far as the first that differs."""
    return (
        _compare([])
        or _follow(CHANGES)
        or _export()
        or _k9s(from_file=False)
        or _dashboard(from_file=False)
        or _k9s(from_file=True)
        or _dashboard(from_file=True)
        or _compare(["--file"])
    )


def _follow(changes: int) -> int:
    with tempfile.TemporaryDirectory(prefix="etcdview-conformance-") as name, Lab(Path(name)) as lab:
        return follow(lab, changes)


def _k9s(*, from_file: bool) -> int:
    """k9s on etcdview alone: on the etcd with the capture, or on a snapshot of it."""
    with tempfile.TemporaryDirectory(prefix="etcdview-conformance-") as name, Lab(Path(name)) as lab:
        endpoint = lab.start_etcd()
        report = follow_k9s(lab, _etcdview(lab, endpoint, from_file=from_file), "" if from_file else endpoint)
    for words, screen in report.unexplained:
        print(f"{' '.join(words)}:\n{screen}")
    print(f"{report.same} of {report.compared} screens show what they must")
    return 1 if report.unexplained else 0


def _dashboard(*, from_file: bool) -> int:
    """Kubernetes Web View before each server."""
    with tempfile.TemporaryDirectory(prefix="etcdview-conformance-") as name, Lab(Path(name)) as lab:
        real, ours = _servers(lab, from_file=from_file)
        report = compare_dashboard(lab, real, ours, _common(real, ours))
    _print(report)
    return 1 if report.unexplained else 0


def _apply() -> int:
    """Only what docs/deploy says."""
    with tempfile.TemporaryDirectory(prefix="etcdview-conformance-") as name, Lab(Path(name)) as lab:
        report = compare_manifests(lab, *_servers(lab, from_file=False))
    _print(report)
    return 1 if report.unexplained else 0


def _export() -> int:
    """A namespace goes through a snapshot and an export into an empty cluster."""
    with tempfile.TemporaryDirectory(prefix="etcdview-conformance-") as name, Lab(Path(name)) as lab:
        endpoint = lab.start_etcd()
        report = compare_export(lab, lab.start_api(endpoint), _snapshot(lab, endpoint))
    _print(report)
    return 1 if report.unexplained else 0


def _compare(words: list[str]) -> int:
    wanted = [word for word in words if not word.startswith("--")]
    with tempfile.TemporaryDirectory(prefix="etcdview-conformance-") as name, Lab(Path(name)) as lab:
        real, ours = _servers(lab, from_file="--file" in words)
        types = _common(real, ours)
        asked = [command for command in commands(types) if all(word in " ".join(command) for word in wanted)]
        print(f"{len(types)} types, {len(asked):,} commands", flush=True)
        clients = kubectls(lab, real, ours)
        reports = [compare(clients[0], clients[1], asked)]
        if not wanted:
            reports.append(compare_helm(lab, real, ours))
        if not words:
            reports.append(compare_manifests(lab, real, ours))
    for report in reports:
        _print(report)
    return 1 if any(report.unexplained for report in reports) else 0


def _servers(lab: Lab, *, from_file: bool) -> tuple[Server, Server]:
    endpoint = lab.start_etcd()
    real = lab.start_api(endpoint)
    return real, _etcdview(lab, endpoint, from_file=from_file)


def _etcdview(lab: Lab, endpoint: str, *, from_file: bool) -> Server:
    if not from_file:
        return lab.start_etcdview("--endpoints", endpoint)
    return lab.start_etcdview("--from", str(_snapshot(lab, endpoint)))


def _snapshot(lab: Lab, endpoint: str) -> Path:
    path = lab.folder / "snapshot.db"
    run([str(find_program("etcdctl")), "--endpoints", endpoint, "snapshot", "save", str(path)])
    return path


def _common(real: Server, ours: Server) -> tuple[ListedType, ...]:
    """The types that both list; what etcdview does not announce is said."""
    theirs, own = listed_types(real.get), {one.word for one in listed_types(ours.get)}
    missing = [one.word for one in theirs if one.word not in own]
    print(f"not announced by etcdview: {', '.join(missing)}")
    return tuple(one for one in theirs if one.word in own)


def _print(report: Report) -> None:
    for words, told in report.unexplained:
        print(f"\n$ {' '.join(words)}\n{told}")
    print(f"\n{report.compared:,} commands compared: {report.same:,} answers are the same bytes,")
    for why, count in report.explained.most_common():
        print(f"{count:6,} differ: {why}")
    print(f"{len(report.unexplained):6,} differ without a reason")


if __name__ == "__main__":
    sys.exit(main(arguments(__doc__)))
