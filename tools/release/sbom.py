"""The bill of materials: every library that requirements.txt pins, as CycloneDX."""

from __future__ import annotations

import importlib.metadata
from datetime import datetime
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import DisjunctiveLicense, LicenseExpression
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

Licence = DisjunctiveLicense | LicenseExpression


def bill(version: str, requirements: Path, made: datetime) -> str:
    """CycloneDX 1.6 as JSON, the same for the same pins and the same moment.

    Raises PackageNotFoundError for a pin that is not installed: its licence is unknown.
    """
    whole = _component("etcdview", version, ComponentType.APPLICATION, [LicenseExpression("Apache-2.0")])
    pins = requirements.read_text()
    bom = Bom(serial_number=uuid5(NAMESPACE_URL, f"{whole.purl}\n{made.isoformat()}\n{pins}"))
    bom.metadata.timestamp = made
    bom.metadata.component = whole
    parts = [_component(name, pinned, ComponentType.LIBRARY, _licences(name)) for name, pinned in _pins(pins)]
    for part in parts:
        bom.components.add(part)
    bom.register_dependency(whole, parts)
    return str(JsonV1Dot6(bom).output_as_string(indent=2))


def _pins(text: str) -> list[tuple[str, str]]:
    lines = [line.split("==") for line in text.splitlines() if line and not line.startswith("#")]
    return [(name, version) for name, version in lines]


def _component(name: str, version: str, kind: ComponentType, licences: list[Licence]) -> Component:
    purl = PackageURL("pypi", None, name, version)
    return Component(name=name, version=version, type=kind, purl=purl, bom_ref=str(purl), licenses=licences)


def _licences(name: str) -> list[Licence]:
    about = importlib.metadata.metadata(name)
    if expression := about.get("License-Expression"):
        return [LicenseExpression(expression)]
    said = [each.rpartition(" :: ")[2] for each in about.get_all("Classifier") or () if each.startswith("License ::")]
    return [DisjunctiveLicense(name=each) for each in said or [(about.get("License") or "unknown").splitlines()[0]]]
