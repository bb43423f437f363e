"""What the API server of each release writes when it starts, as Kubernetes' sources list it: the marks of a release.

    python -m tools.release_facts

It takes k8s.io/kubernetes from the module proxy with Go, some 15 MB a release, and writes
tests/testdata/releases.json.gz, which etcdview/kube/release_marks.py is held to.
"""

from __future__ import annotations

import gzip
import json
import re
import subprocess
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from tools.given import arguments
from tools.kubernetes import FIRST_MINOR, MODULE, versions

ROOT = Path(__file__).parent.parent
OUT = ROOT / "tests" / "testdata" / "releases.json.gz"

ROLES = "plugin/pkg/auth/authorizer/rbac/bootstrappolicy/testdata/{}.yaml"
SERVERS = ("pkg/controlplane/instance.go", "pkg/controlplane/apiserver/apis.go")
_IMPORT = re.compile(r'^\s*(\w+) "k8s\.io/(?:api|kubernetes/pkg/apis|apiserver/pkg/apis)/([\w/]+)"', re.MULTILINE)
_ENABLED = re.compile(
    r"(?:tableAPIGroupVersionsEnabledByDefault = \[\]schema\.GroupVersion"
    r"|legacyBetaEnabledByDefaultResources = \[\]schema\.GroupVersionResource)\{(.*?)\n\t\}",
    re.DOTALL,
)
_ENABLED_BEFORE_1_24 = re.compile(r"ret\.Enable(?:Versions|Resources)\((.*?)\n\t\)", re.DOTALL)
_NAMED = r'new{}\(\s*(?:"([\w-]+)"|flowcontrol\.{}Name(\w+))'
_FLOWS = "pkg/apis/flowcontrol/bootstrap/default.go"
_MANDATORY = {"CatchAll": "catch-all", "Exempt": "exempt"}
_FACTORY = "pkg/kubeapiserver/default_storage_factory_builder.go"
_OVERRIDE = re.compile(r'^\s*(\w+)\.Resource\("(\w+)"\)\.WithVersion\("(\w+)"\)', re.MULTILINE)
_PRIORITY = re.compile(r"SetVersionPriority\((.*?)\)\)", re.DOTALL)
# The kinds whose stored version changed between these releases, by the folder of their group in pkg/apis.
STORED = {
    "CSIDriver": ("storage", "csidrivers"),
    "CronJob": ("batch", "cronjobs"),
    "EndpointSlice": ("discovery", "endpointslices"),
    "FlowSchema": ("flowcontrol", "flowschemas"),
    "HorizontalPodAutoscaler": ("autoscaling", "horizontalpodautoscalers"),
    "IPAddress": ("networking", "ipaddresses"),
    "Ingress": ("networking", "ingresses"),
    "IngressClass": ("networking", "ingressclasses"),
    "PodDisruptionBudget": ("policy", "poddisruptionbudgets"),
    "PriorityLevelConfiguration": ("flowcontrol", "prioritylevelconfigurations"),
    "ResourceClaim": ("resource", "resourceclaims"),
    "RuntimeClass": ("node", "runtimeclasses"),
    "ServiceCIDR": ("networking", "servicecidrs"),
    "ValidatingAdmissionPolicy": ("admissionregistration", "validatingadmissionpolicies"),
    "ValidatingWebhookConfiguration": ("admissionregistration", "validatingwebhookconfigurations"),
    "VolumeAttributesClass": ("storage", "volumeattributesclasses"),
}
# The first releases that have those that are newer than 1.20.
_KINDS_SINCE = {
    **{"ResourceClaim": 26, "ValidatingAdmissionPolicy": 26, "IPAddress": 27},
    **{"ServiceCIDR": 29, "VolumeAttributesClass": 29},
}
_GROUPS = {"flowcontrol": "flowcontrol.apiserver.k8s.io", "rbac": "rbac.authorization.k8s.io", "core": ""}
_SHORT_GROUPS = ("apps", "autoscaling", "batch", "extensions", "policy")
# Still in the list of 1.22 and later, which serve them no longer: the deprecated API guide says so.
_GONE_IN_1_22 = (
    *("extensions", "admissionregistration", "authentication", "authorization", "certificates"),
    *("coordination", "networking", "rbac", "scheduling"),
)
# In the list of 1.26 too, whose server takes away what should be gone after 1.25.
_OUTLIVED_IN_1_26 = {"v2beta2.autoscaling", "v1beta1.flowcontrol.apiserver.k8s.io"}


def main() -> int:
    """Write the facts of every release."""
    facts = {version.rpartition(".")[0]: _facts(version) for version in versions()}
    data = json.dumps(facts, sort_keys=True, separators=(",", ":")).encode()
    OUT.write_bytes(gzip.compress(data, 9, mtime=0))
    print(f"{OUT.relative_to(ROOT)}: {len(facts)} releases, {OUT.stat().st_size:,} bytes")
    return 0


def _facts(version: str) -> dict[str, Any]:
    minor = int(version.split(".")[1])
    kubernetes = _sources(MODULE, f"v{version}")
    lists = [ROLES.format(name) for name in ("cluster-roles", "controller-roles")]
    roles = [role for name in lists for role in yaml.safe_load(kubernetes[name])["items"]]
    return {
        "apiServices": sorted(_services([kubernetes[name] for name in SERVERS if name in kubernetes], minor)),
        "clusterRoles": {role["metadata"]["name"]: role.get("rules") or [] for role in roles},
        "flows": _flows(_sources("k8s.io/apiserver", f"v0.{version.partition('.')[2]}")[_FLOWS]),
        "stored": dict(_stored(kubernetes, minor)),
    }


def _sources(module: str, version: str) -> dict[str, str]:
    """Path -> text of the Go and YAML files of a module that facts are in."""
    command = ["go", "mod", "download", "-json", f"{module}@{version}"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    wanted = (*SERVERS, _FLOWS, _FACTORY, *(ROLES.format(name) for name in ("cluster-roles", "controller-roles")))
    with zipfile.ZipFile(json.loads(done.stdout)["Zip"]) as sources:
        held = {name.partition(f"@{version}/")[2]: name for name in sources.namelist()}
        return {p: sources.read(n).decode() for p, n in held.items() if p in wanted or p.endswith("install/install.go")}


def _flows(text: str) -> dict[str, Any]:
    """The bootstrap FlowSchemas and PriorityLevelConfigurations, and what is in them that came later."""
    return {
        **{kind: sorted(_named(kind, text)) for kind in ("FlowSchema", "PriorityLevelConfiguration")},
        "autoUpdate": "AutoUpdateAnnotationKey" in text,
        "lendable": "LendablePercent" in text,
        "exempt": "ExemptPriorityLevelConfiguration{" in text,
    }


def _named(kind: str, text: str) -> Iterator[str]:
    for plain, mandatory in re.findall(_NAMED.format(kind, kind), text):
        yield plain or _MANDATORY[mandatory]


def _stored(kubernetes: Mapping[str, str], minor: int) -> Iterator[tuple[str, str]]:
    """Kind -> the API version that the API server stores it in: the first of its group, or what is set for it alone."""
    overrides = {(group, plural): version for group, plural, version in _OVERRIDE.findall(kubernetes[_FACTORY])}
    for kind, (group, plural) in STORED.items():
        if minor >= _KINDS_SINCE.get(kind, FIRST_MINOR):
            (priority,) = _PRIORITY.findall(kubernetes[f"pkg/apis/{group}/install/install.go"])
            first = priority.partition(".")[0].rpartition(group)[2].strip()
            version = overrides.get((group, plural)) or overrides.get((f"apis{group}", plural)) or first
            yield kind, f"{_full(group)}/{version}"


def _services(texts: list[str], minor: int) -> set[str]:
    found = {"v1.apiextensions.k8s.io"} | ({"v1beta1.apiextensions.k8s.io"} if minor < 22 else set())
    for text in texts:
        packages = dict(_IMPORT.findall(text)) | {"apiv1": "core/v1"}
        for body in _ENABLED.findall(text) or _ENABLED_BEFORE_1_24.findall(text):
            for alias in re.findall(r"(\w+)\.SchemeGroupVersion", body):
                group, _, version = packages[alias].partition("/")
                if minor < 22 or version != "v1beta1" or group not in _GONE_IN_1_22:
                    found.add(f"{version}.{_full(group)}")
    return found - _OUTLIVED_IN_1_26 if minor == 26 else found


def _full(group: str) -> str:
    return _GROUPS.get(group, group if group in _SHORT_GROUPS else f"{group}.k8s.io")


if __name__ == "__main__":
    arguments(__doc__, takes_any=False)
    raise SystemExit(main())
