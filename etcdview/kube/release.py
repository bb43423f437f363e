"""Which release of Kubernetes a cluster runs, found from what the registry itself holds."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any, Literal

from etcdview.errors import SettingError
from etcdview.kube.distributions import Distribution, distributions
from etcdview.kube.release_marks import Written
from etcdview.kube.release_signs import Sign, last_written, signs, together

_TEXT = re.compile(r"v?(\d{1,4})\.(\d{1,4})(?:[.+-]|$)")

# Where the evidence is, below the registry's root: prefixes that hold few keys each, best evidence first.
EVIDENCE_PREFIXES = (
    "leases/kube-system/apiserver-",
    "leases/kube-system/kube-apiserver-",
    "pods/kube-system/kube-apiserver-",
    "leasecandidates/",
    "configmaps/kube-system/kubeadm-config",
    "config.openshift.io/clusterversions/version",
    "minions/",
)
_MAY_BE_OLDER = (0, 1, 2, 4, 5)  # by weight: servers, controllers and nodes, one after the other in an upgrade
_CONTROL_PLANE = ("node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master")


@dataclass(frozen=True, slots=True, order=True)
class Release:
    """A minor release: 1.36."""

    major: int
    minor: int

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}"

    @classmethod
    def parse(cls, text: str) -> Release:
        """Read "1.36", "v1.36.3" or "v1.36.3-gke.1". Raises SettingError for anything else."""
        found = _read(text.strip())
        if found is None:
            raise SettingError(f"{text[:40]!r} is not a Kubernetes release.", "Write it as 1.36.")
        return found


@dataclass(frozen=True, slots=True)
class Evidence:
    """A release, and what says so, for people; `unnamed` the same without a name.

    `weight`: 0 is the API server itself, higher ones say less; 9 is what it wrote when it started, and no more.
    """

    release: Release
    weight: int
    why: str
    unnamed: str = ""
    ranked: tuple[Witness, ...] = ()
    distributions: tuple[Distribution, ...] = ()


@dataclass(frozen=True, slots=True)
class Witness:
    """What says a release, or that it is one of several, and what that counts for; the best ones come first.

    `more` others of its kind say the same.
    """

    says: str
    why: str
    counts: Counts
    more: int = 0


# decides: it, or what else says so, is believed most; older: as a node, or a server of before an upgrade, may well be
Counts = Literal["decides", "says the same", "older", "not believed"]


def evidence(objects: Iterable[Mapping[str, Any]]) -> Evidence | None:
    """The best evidence in the objects (those under EVIDENCE_PREFIXES and those that `signs` reads are enough).

    What only an API server can have written decides between which releases it is; what else says a release counts
    within these, and is told where it contradicts them. Among equals the newest counts: in an upgrade, that is the
    server that may write what others do not know. A kubelet is never newer than the API server, so the newest node
    is a lower bound, and most often it.
    """
    seen = list(objects)
    found = sorted(
        (item for obj in seen for item in _of(obj)),
        key=lambda item: (item.weight, -item.release.major, -item.release.minor),
    )
    written = signs(seen)
    best = _best(found, written)
    if best is None:
        return None
    return replace(best, ranked=tuple(_ranked(best.release, found, written)), distributions=distributions(seen))


def _best(found: list[Evidence], written: list[Sign]) -> Evidence | None:
    left = together(written)
    if left is None:
        return next(iter(found), None)
    within = [item for item in found if item.release.major == 1 and left.has(item.release.minor)]
    best = within[0] if within else _by_signs(written, left, alone=not found)
    against = [item for item in found if item.weight < best.weight or not within][:1]
    return _contradicted(best, against[0]) if against else best


def _by_signs(written: list[Sign], left: Written, *, alone: bool) -> Evidence:
    """The newest release that they leave; of old objects alone, the newest that stored such ones."""
    if all(sign.stays for sign in written):
        left = (alone and last_written(written)) or left
        why = f"the versions that its API server stored objects in are those of {left}"
    elif sum(not sign.stays for sign in written) == 1:
        why = written[0].why
    else:
        why = f"the roles, APIServices and FlowSchemas that the API server wrote are those of {left}"
    return Evidence(Release(1, left.high), 9, why, why)


def _ranked(believed: Release, found: list[Evidence], written: list[Sign]) -> Iterator[Witness]:
    """What the API server wrote, then one of each kind and release."""
    for sign in written:
        yield Witness(str(sign.written), sign.why, _counts_as_sign(sign, believed), sign.more)
    for number, ((_, release), alike) in enumerate(groupby(found, lambda item: (item.weight, item.release))):
        first, *others = alike
        decides = number == 0 and not written
        counts: Counts = "decides" if decides else _counts(first, believed)
        yield Witness(str(release), first.why, counts, len(others))


def _counts_as_sign(sign: Sign, believed: Release) -> Counts:
    if sign.written.has(believed.minor):
        return "says the same" if sign.stays else "decides"
    return "older" if sign.stays and sign.written.high < believed.minor else "not believed"


def _counts(item: Evidence, believed: Release) -> Counts:
    if item.release == believed:
        return "says the same"
    return "older" if item.release < believed and item.weight in _MAY_BE_OLDER else "not believed"


def _contradicted(best: Evidence, other: Evidence) -> Evidence:
    """The best evidence, with what says otherwise."""
    marks = "and so do objects that only the API server writes" if best.weight < 9 else ""
    why, unnamed = (
        f"{', '.join(filter(None, (one, marks)))}; {another}, which is not believed"
        for one, another in ((best.why, other.why), (best.unnamed, other.unnamed))
    )
    return Evidence(best.release, best.weight, why, unnamed)


def _of(obj: Mapping[str, Any]) -> Iterable[Evidence]:
    witness = _WITNESSES.get(str(obj.get("kind")))
    if witness is None:
        return
    for weight, text, why in witness(obj):
        release = _read(text) if isinstance(text, str) else None
        if release is not None:
            name = _at(obj, "metadata", "name")
            yield Evidence(release, weight, f"{why} {name} says {text}", f"{why} says {text}")


def _read(text: str) -> Release | None:
    match = _TEXT.match(text)
    return Release(int(match[1]), int(match[2])) if match else None


def _at(obj: Any, *path: str) -> Any:
    for name in path:
        obj = obj.get(name) if isinstance(obj, Mapping) else None
    return obj


Said = Iterable[tuple[int, Any, str]]


def _lease(obj: Mapping[str, Any]) -> Said:
    """Identity leases: distributions annotate them; upstream does not say the release in them."""
    if _at(obj, "metadata", "labels", "apiserver.kubernetes.io/identity") == "kube-apiserver":
        for source in ("annotations", "labels"):
            values = _at(obj, "metadata", source)
            for name, value in values.items() if isinstance(values, Mapping) else ():
                if str(name).endswith("version"):
                    yield 0, value, "the API server's lease"


def _pod(obj: Mapping[str, Any]) -> Said:
    """kubeadm's static pod: its image's tag is the release."""
    if _at(obj, "metadata", "namespace") != "kube-system":
        return
    containers = _at(obj, "spec", "containers")
    for container in containers if isinstance(containers, list) else ():
        if _at(container, "name") == "kube-apiserver":
            image = str(_at(container, "image")).partition("@")[0]
            yield 1, image.rpartition(":")[2], "the image of pod"


def _candidate(obj: Mapping[str, Any]) -> Said:
    """Controllers that compete for a lease are built with the API server, and emulate no newer release."""
    yield 2, _at(obj, "spec", "binaryVersion"), "the lease candidate"


def _kubeadm(obj: Mapping[str, Any]) -> Said:
    if _at(obj, "metadata", "name") == "kubeadm-config":
        text = str(_at(obj, "data", "ClusterConfiguration"))
        if match := re.search(r"^kubernetesVersion: \"?(v[\d.]+)", text, re.MULTILINE):
            yield 3, match[1], "the ConfigMap"


def _openshift(obj: Mapping[str, Any]) -> Said:
    """OpenShift 4.7 is made of Kubernetes 1.20, and so on; of its history, the newest first, the last update runs."""
    history = _at(obj, "status", "history")
    for update in history if isinstance(history, list) else ():
        found = _TEXT.match(str(_at(update, "version")))
        if found is not None and found[1] == "4" and _at(update, "state") == "Completed":
            yield 3, f"1.{int(found[2]) + 13}", f"OpenShift {_at(update, 'version')} of the ClusterVersion"
            return


def _node(obj: Mapping[str, Any]) -> Said:
    labels = _at(obj, "metadata", "labels")
    leading = any(label in labels for label in _CONTROL_PLANE) if isinstance(labels, Mapping) else False
    yield 4 if leading else 5, _at(obj, "status", "nodeInfo", "kubeletVersion"), "the kubelet of node"


_WITNESSES: dict[str, Callable[[Mapping[str, Any]], Said]] = {
    "Lease": _lease,
    "Pod": _pod,
    "LeaseCandidate": _candidate,
    "ConfigMap": _kubeadm,
    "ClusterVersion": _openshift,
    "Node": _node,
}
