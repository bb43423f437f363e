"""Why an answer of etcdview differs from the API server's: each reason, and exactly what it covers.

A reason names the commands that it is for and takes what differs out of both answers: what is left must be equal, byte
for byte.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Words = tuple[str, ...]
_READS = ("get", "list", "watch")

# Resources that only the API server answers: they are not stored, or are ways to write
_NOT_STORED = {
    "bindings",
    "componentstatuses",
    "localsubjectaccessreviews",
    "subjectaccessreviews",
    "tokenreviews",
}
# Alpha and beta types without an object: etcd does not tell whether the API server serves them
_UNUSED = {"mutatingadmissionpolicies", "mutatingadmissionpolicybindings", "storageversions"}
_UNUSED |= {"resourcepoolstatusrequests", "devicetaintrules", "leasecandidates"}


@dataclass(frozen=True, slots=True)
class Reason:
    """`concerns` says for which commands; `without` is an answer without what may differ."""

    why: str
    concerns: Callable[[Words], bool]
    without: Callable[[str], str]


def _begins(*words: str) -> Callable[[Words], bool]:
    return lambda command: command[: len(words)] == words


def _raw(pattern: str) -> Callable[[Words], bool]:
    return lambda command: command[:2] == ("get", "--raw") and re.fullmatch(pattern, command[2]) is not None


def _lines_without(pattern: str) -> Callable[[str], str]:
    return lambda answer: "".join(s for s in answer.splitlines(keepends=True) if not re.search(pattern, s))


def _json(change: Callable[[Any], Any]) -> Callable[[str], str]:
    """A raw answer whose JSON is changed; it is written on one line, its members sorted."""

    def without(answer: str) -> str:
        try:
            document, end = json.JSONDecoder().raw_decode(answer)
        except ValueError:
            return answer
        return json.dumps(change(document), sort_keys=True) + "\n" + answer[end:].lstrip("\n")

    return without


def _listed(answer: str) -> str:
    """api-resources: one space between words, and of the verbs those that read."""
    found = []
    for line in answer.splitlines():
        words = line.split()
        if not words or words[0].partition(".")[0] in _NOT_STORED | _UNUSED:
            continue
        found.append(" ".join(",".join(v for v in w.split(",") if v not in _WRITES) or w for w in words))
    return "\n".join(found)


_WRITES = ("create", "delete", "deletecollection", "patch", "update")


def _resources(document: Any) -> Any:
    """A list of resources: those that are announced, and their verbs that read."""
    found = []
    if not _is_kept(document.get("groupVersion", "")):
        return document | {"resources": []}
    for entry in document.get("resources", []):
        name, _, below = entry["name"].partition("/")
        if name in _NOT_STORED | _UNUSED or below not in ("", "status", "scale"):
            continue
        verbs = [verb for verb in _READS if verb in entry["verbs"]] or entry["verbs"]
        found.append({k: v for k, v in entry.items() if k != "storageVersionHash"} | {"verbs": verbs})
    return document | {"resources": sorted(found, key=lambda entry: str(entry["name"]))}


def _groups(document: Any) -> Any:
    """A list of groups, or one: the versions that are not alpha and beta, and autoscaling/v2 alone."""
    if "groups" in document:
        groups = [_groups(group) for group in document["groups"]]
        return document | {"groups": [group for group in groups if group["versions"]]}
    return document | {"versions": [v for v in document["versions"] if _is_kept(v["groupVersion"])]}


def _is_kept(group_version: str) -> bool:
    return group_version.startswith("example.org/") or not re.search("alpha|beta|autoscaling/v1", group_version)


def _kept_versions(answer: str) -> str:
    return "\n".join(line for line in answer.splitlines() if _is_kept(line))


def _fields(answer: str) -> str:
    """explain: the group, the kind, the names of fields and their types."""
    found = re.findall(r"^(?:GROUP|KIND|VERSION|FIELD|exit status).*|^ *\S+\t<\S+>", answer, re.MULTILINE)
    return "\n".join(found)


_ANNOUNCED = (
    "Types that are not stored (reviews, bindings, component statuses), alpha and beta types without an object, and "
    "versions that need a conversion (autoscaling/v1) are not announced; verbs are those that read."
)

REASONS: tuple[Reason, ...] = (
    Reason(
        "etcd tells the minor release of the API server, not its patch: the version is v1.36.0+etcdview.",
        _begins("version"),
        _lines_without("^Server Version:"),
    ),
    Reason(
        "The same at /version, with what only the program knows of itself.",
        _raw("/version"),
        _json(lambda version: {name: version[name] for name in ("major", "minor")}),
    ),
    Reason("Each server has its own address.", _begins("cluster-info"), lambda s: re.sub(r"https://\S+", "URL", s)),
    Reason("Each server has its own address.", _raw("/api"), lambda s: re.sub(r"127\.0\.0\.1:\d+", "ADDRESS", s)),
    Reason(_ANNOUNCED, _begins("api-resources"), _listed),
    Reason(_ANNOUNCED, _begins("api-versions"), _kept_versions),
    Reason(_ANNOUNCED, _raw("/apis(/[^/]+)?"), _json(_groups)),
    Reason(_ANNOUNCED, _raw("/api/v1|/apis/[^/]+/[^/]+"), _json(_resources)),
    Reason(
        "Members of built-in objects stand in the order of their numbers in protobuf, which is not always that of Go's "
        "structs; very small and very large numbers in custom resources are written as Python writes them (1e-07).",
        _raw(r"/.*\?limit=\d+|/api/v1/namespaces/.*"),
        _json(lambda document: document),
    ),
    Reason(
        "Who may do what is answered from etcdview's roles, which read: no rule of the cluster is asked.",
        _begins("auth", "can-i", "--list"),
        _lines_without(r"\[/|\[\*\]|^\*\.\*|^ +\["),
    ),
    Reason(
        "The codec's schema has names and types of fields, not Kubernetes' documentation of them: no descriptions, "
        "no mark of what is required, no enums.",
        _begins("explain"),
        _fields,
    ),
    Reason(
        "Columns are described in etcdview's own words; the dashboard has them as titles.",
        _begins("dashboard"),
        lambda page: re.sub(r'<th title="[^"]*"', "<th", page),
    ),
)
