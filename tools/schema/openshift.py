"""The types that OpenShift's own API servers store as protobuf, added to the table of Kubernetes' releases.

They stand in every release: their fields have only ever been added to, and what etcd holds says which it has.
"""

from __future__ import annotations

from typing import Any

from tools.schema.merge import MESSAGE, plain_rows
from tools.schema.releases import Source

MODULE, VERSION = "github.com/openshift/api", "v0.0.0-20251015095338-264e80a2b6e7"  # 4.21; it has no releases
SOURCE = Source("openshift", {MODULE: VERSION})
# The others are requests, parts of requests, and views of those that are stored.
KINDS = (
    "apps.openshift.io/v1 DeploymentConfig",
    "build.openshift.io/v1 Build",
    "build.openshift.io/v1 BuildConfig",
    "image.openshift.io/v1 Image",
    "image.openshift.io/v1 ImageStream",
    "oauth.openshift.io/v1 OAuthAccessToken",
    "oauth.openshift.io/v1 OAuthAuthorizeToken",
    "oauth.openshift.io/v1 OAuthClient",
    "oauth.openshift.io/v1 OAuthClientAuthorization",
    "route.openshift.io/v1 Route",
    "template.openshift.io/v1 BrokerTemplateInstance",
    "template.openshift.io/v1 Template",
    "template.openshift.io/v1 TemplateInstance",
    "user.openshift.io/v1 Group",
    "user.openshift.io/v1 Identity",
    "user.openshift.io/v1 User",
)
_PATH, _NAME = f"{MODULE}/", "openshift/"


def without(table: dict[str, Any]) -> dict[str, Any]:
    """The table without these types, which stand at its end."""
    kinds = {version: found for version, found in table["kinds"].items() if ".openshift.io/" not in version}
    return table | {"kinds": kinds, "structs": [row for row in table["structs"] if not row[0].startswith(_NAME)]}


def extended(table: dict[str, Any], facts: dict[str, Any]) -> dict[str, Any]:
    """The table with these types, by what walk/main.go says of them; what they share with Kubernetes is its own."""
    known = {row[0]: number for number, row in enumerate(table["structs"])}
    new = {name: rows for name, rows in _reachable(facts) if name not in known}
    number_of = known | {name: len(known) + i for i, name in enumerate(sorted(new))}
    structs = [
        [name, "w" if facts["structs"][_path(name)]["list"] else "", plain_rows(new[name], number_of)]
        for name in sorted(new)
    ]
    kinds: dict[str, dict[str, list[int]]] = {}
    for key in KINDS:
        version, kind = key.split(" ")
        number = number_of[_short(facts["kinds"][key])]
        kinds.setdefault(version, {})[kind] = [number, 0, len(table["releases"]) - 1]
    return table | {"kinds": table["kinds"] | kinds, "structs": [*table["structs"], *structs]}


def _reachable(facts: dict[str, Any]) -> list[tuple[str, list[dict[str, str]]]]:
    """The structs that the kinds are made of, with their fields, by the names that the table gives them."""
    todo, found = [facts["kinds"][key] for key in KINDS], {}
    while todo:
        path = todo.pop()
        if _short(path) not in found:
            fields = [f | {"type": f["type"].replace(_PATH, _NAME)} for f in facts["structs"][path]["fields"] or ()]
            found[_short(path)] = fields
            todo += [_path(held[1]) for f in fields if (held := MESSAGE.search(f["type"]))]
    return list(found.items())


def _short(path: str) -> str:
    return path.replace(_PATH, _NAME)


def _path(name: str) -> str:
    return name.replace(_NAME, _PATH)
