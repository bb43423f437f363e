"""A registry that somebody made to hurt: names, texts and bytes, beside the captured one."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

from etcdview.models import KeyValue
from etcdview.stores.files.dump import read_dump
from etcdview.stores.files.memory import StaticStore

SCRIPT = "<script>alert(1)</script>"
ATTRIBUTE = '" onmouseover="alert(1)" x="'
IMAGE = "<img src=x onerror=alert(1)>"
TEMPLATE = "{{7*191}}{% include '/etc/passwd' %}${7*191}#{7*191}"
FORMULAS = ("=HYPERLINK(1)", "@SUM(1)", "+1+1", "-1+1", "＝1+1")  # noqa: RUF001 - of full width
ANSWER = "1337"  # what a template that is evaluated makes of it

PASSWORD = "correct horse battery staple"
PASSWORD64 = base64.b64encode(PASSWORD.encode()).decode()
LEAKS = tuple(
    leak.encode()
    for leak in (PASSWORD, PASSWORD64, PASSWORD.encode().hex(), PASSWORD.encode().hex(" "), "correct%20horse")
)


def secret(name: str, **more: Any) -> dict[str, Any]:
    """A Secret with the password in it."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "namespace": "shop"},
        "data": {"password": PASSWORD64},
    } | more


def hostile_registry(capture: Path) -> StaticStore:
    """The captured registry with what is below in it."""
    rows = [KeyValue(key, 1300 + i, 1300 + i, 1, 0, value) for i, (key, value) in enumerate(_rows())]
    return StaticStore("hostile", [*read_dump(capture / "registry.jsonl.gz"), *rows])


def _rows() -> list[tuple[bytes, bytes]]:
    return [*_markup(), *_secrets(), *_names(), *_bombs()]


def _json(value: object) -> bytes:
    return json.dumps(value).encode()


def _markup() -> list[tuple[bytes, bytes]]:
    texts = [SCRIPT, ATTRIBUTE, IMAGE, TEMPLATE]
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": SCRIPT,
            "namespace": "shop",
            "labels": {f"l{i}{text}": text for i, text in enumerate(texts)},
            "annotations": {f"a{i}{text}": text for i, text in enumerate(texts)},
            "ownerReferences": [{"apiVersion": "apps/v1", "kind": IMAGE, "name": SCRIPT, "uid": ATTRIBUTE}],
        },
        "spec": {"nodeName": SCRIPT, "containers": [{"name": IMAGE, "image": ATTRIBUTE}]},
        "status": {"phase": SCRIPT, "reason": IMAGE, "podIP": ATTRIBUTE},
    }
    crd = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "traps.evil.example"},
        "spec": {
            "group": "evil.example",
            "scope": "Namespaced",
            "names": {"plural": "traps", "kind": SCRIPT, "shortNames": [IMAGE]},
            "versions": [
                {
                    "name": "v1",
                    "served": True,
                    "storage": True,
                    "additionalPrinterColumns": [
                        {"name": SCRIPT, "type": "string", "jsonPath": ".spec.text"},
                        {"name": FORMULAS[0], "type": "string", "jsonPath": ".spec.text"},
                        {"name": "Bomb", "type": "string", "jsonPath": "." + "[*]" * 200},
                    ],
                }
            ],
        },
    }
    trap = {
        "apiVersion": "evil.example/v1",
        "kind": "Trap",
        "metadata": {"name": "t", "namespace": "shop"},
        "spec": {"text": SCRIPT},
    }
    config = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "texts", "namespace": "shop"},
        "data": {str(i): text for i, text in enumerate(texts)} | {"y": "!!python/object/apply:os.system ['id']"},
    }
    return [
        (f"/registry/pods/shop/{SCRIPT}".encode(), _json(pod)),
        (f"/registry/pods/shop/{ATTRIBUTE}".encode(), _json(pod)),
        (f"/registry/pods/{IMAGE}/x".encode(), _json(pod)),
        *((f"/registry/pods/{formula}/{formula}".encode(), _json(pod)) for formula in FORMULAS),
        (b"/registry/apiextensions.k8s.io/customresourcedefinitions/traps.evil.example", _json(crd)),
        (b"/registry/evil.example/traps/shop/t", _json(trap)),
        (b"/registry/configmaps/shop/texts", _json(config)),
        (f"/registry/configmaps/shop/{TEMPLATE}".encode(), _json(config)),
    ]


def _secrets() -> list[tuple[bytes, bytes]]:
    """The password wherever a Secret could be mistaken for something else."""
    applied = "kubectl.kubernetes.io/last-applied-configuration"
    whole = json.dumps(secret("s"))
    copies = {applied: whole, "objectset.rio.cattle.io/applied": "H4sI" * 80 + PASSWORD64, "note": PASSWORD}
    annotated = secret("annotated", metadata={"name": "annotated", "namespace": "shop", "annotations": copies})
    listed = {"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "c", "annotations": {applied: whole}}}
    inside = {"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "i", "namespace": "shop"}}
    helm = {"metadata": inside["metadata"] | {"labels": {"owner": "helm"}}, "data": {"release": PASSWORD64}}
    work = {"apiVersion": "work.example.org/v1", "kind": "Work", "metadata": {"name": "w", "namespace": "shop"}}
    sealed = {
        "apiVersion": "bitnami.com/v1alpha1",
        "kind": "SealedSecret",
        "metadata": {"name": "s", "namespace": "shop"},
    }
    generator = f"secretGenerator:\n- name: db\n  literals: [password={PASSWORD}]\n"
    without_kind = {"metadata": {"name": "nokind"}, "data": {"password": PASSWORD64}}
    prefix = b"/registry/secrets/shop/"
    return [
        (prefix + b"annotated", _json(annotated)),
        (prefix + b"nokind", _json(without_kind)),
        (prefix + b"otherkind", _json(secret("otherkind", kind="ConfigMap"))),
        (prefix + b"text", _json(secret("text", data=PASSWORD, stringData=[PASSWORD]))),
        (prefix + b"extra", _json(secret("extra", spec={"password": PASSWORD}))),
        (prefix + b"broken", _json(secret("broken"))[:-20] + b"," + PASSWORD.encode()),
        (prefix + b"plaintext", PASSWORD.encode()),
        (b"/registry/configmaps/shop/disguised", _json(secret("disguised"))),
        (b"/registry/configmaps/shop/repeats", _json(listed)),
        (b"/registry/configmaps/shop/repeats-broken", _json(listed)[:-2]),
        (
            b"/registry/configmaps/shop/inside-yaml",
            _json(inside | {"data": {"a": f"kind: Secret\ndata: {{p: {PASSWORD64}}}"}}),
        ),
        (b"/registry/configmaps/shop/inside-json", _json(inside | {"data": {"a": json.dumps({"b": whole})}})),
        (
            b"/registry/configmaps/shop/inside-packed",
            _json(inside | {"binaryData": {"a": base64.b64encode(whole.encode()).decode()}}),
        ),
        (b"/registry/configmaps/shop/inside-helm", _json(inside | helm)),
        (b"/registry/configmaps/shop/inside-kustomize", _json(inside | {"data": {"kustomization.yaml": generator}})),
        (b"/registry/work.example.org/works/shop/inside", _json(work | {"spec": {"manifests": [secret("embedded")]}})),
        (
            b"/registry/bitnami.com/sealedsecrets/shop/inside",
            _json(sealed | {"spec": {"template": {"data": {"p": PASSWORD}}}}),
        ),
        (
            prefix + b"tagged",
            _json(secret("tagged", metadata={"name": "l", "labels": {"copy": PASSWORD.encode().hex()}})),
        ),
        (b"/elsewhere/secret", _json(secret("elsewhere"))),
        (b"/registry/secrets/shop/deep/er", _json(secret("deeper"))),
    ]


def _names() -> list[tuple[bytes, bytes]]:
    value = _json({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "n"}})
    names = [
        b"/registry/configmaps/shop/../../../etc/passwd",
        b"/registry/configmaps//empty",
        b"/registry/configmaps/shop/line\nbreak\r\nSet-Cookie: evil=1",
        b"/registry/configmaps/shop/\xff\xfe",
        b"/registry/configmaps/shop/nul\x00byte",
        "/registry/configmaps/shop/\u202egpj.exe".encode(),
        b"/registry/configmaps/shop/%2e%2e%2f",
        b"no-slash",
        b"\x00",
    ]
    return [(name, value) for name in names]


def _bombs() -> list[tuple[bytes, bytes]]:
    """Small values that want to become large, deep or slow."""
    magic = b"k8s\0"
    prefix = b"/registry/configmaps/bombs/"
    nested = b""
    for _ in range(3000):
        nested = b"\x0a" + _varint(len(nested)) + nested
    return [
        (prefix + b"json-deep", b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}"),
        (prefix + b"json-number", b'{"kind":"ConfigMap","n":' + b"9" * 500_000 + b"}"),
        (prefix + b"json-exponent", b'{"kind":"ConfigMap","n":1e999999999}'),
        (prefix + b"cbor-deep", b"\xd9\xd9\xf7" + b"\x81" * 100_000 + b"\x00"),
        (prefix + b"cbor-length", b"\xd9\xd9\xf7\x5b\x7f\xff\xff\xff\xff\xff\xff\xff"),
        (prefix + b"cbor-array", b"\xd9\xd9\xf7\x9b\x7f\xff\xff\xff\xff\xff\xff\xff"),
        (prefix + b"cbor-bignum", b"\xd9\xd9\xf7\xa1\x41a\xc2\x5a\x00\x0f\x42\x40" + b"\xff" * 1_000_000),
        (prefix + b"cbor-shared", b"\xd9\xd9\xf7\xd8\x1c\x81\xd8\x1d\x00"),
        (prefix + b"protobuf-deep", magic + nested),
        (prefix + b"protobuf-length", magic + b"\x12\xff\xff\xff\xff\xff\xff\xff\xff\x7f"),
        (prefix + b"protobuf-groups", magic + b"\x0b" * 100_000),
        (prefix + b"sealed-deep", b"k8s:enc:aescbc:v1:key-2026:" * 20_000),
        (prefix + b"sealed-name", b"k8s:enc:aescbc:v1:" + b"n" * 1_000_000),
    ]


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)
