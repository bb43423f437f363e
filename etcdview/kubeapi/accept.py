"""Which form a client wants, by its Accept header: JSON or protobuf, whole objects, tables, metadata, discovery."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Literal

from etcdview.kubeapi.statuses import StatusError, facts_of

JSON = "application/json"
PROTOBUF = "application/vnd.kubernetes.protobuf"
Form = Literal["", "Table", "PartialObjectMetadata", "PartialObjectMetadataList", "APIGroupDiscoveryList"]
_META = ("Table", "PartialObjectMetadata", "PartialObjectMetadataList")
_MOST_RANGES = 50


@dataclass(frozen=True, slots=True)
class MediaType:
    """What to answer with: `form` "" is the object itself; `version` is that of the form's group."""

    encoding: str = JSON
    form: Form = ""
    version: str = ""

    @property
    def content_type(self) -> str:
        """The header of the answer; only discovery names its form."""
        if self.form == "APIGroupDiscoveryList":
            return f"{self.encoding};g=apidiscovery.k8s.io;v={self.version};as={self.form}"
        return self.encoding


def choose(header: str, forms: Collection[str], encodings: Collection[str] = (JSON,)) -> MediaType:
    """The best of what the header lists, by its weights, that is among `forms` and `encodings`.

    Raises StatusError (406) where it lists nothing of that.
    """
    if not header.strip():
        return MediaType()
    for name, params in _ranges(header):
        found = _fitting(name, params, forms, encodings)
        if found is not None:
            return found
    accepted = ", ".join(encodings)
    raise StatusError(facts_of(406), f"only the following media types are accepted: {accepted}")


def _ranges(header: str) -> Iterator[tuple[str, dict[str, str]]]:
    """The media ranges: those with a larger weight first, and at the same weight asterisks last; of weight 0 none."""
    found = []
    for text in header.split(",")[:_MOST_RANGES]:
        name, *rest = (part.strip() for part in text.split(";"))
        params = {key.strip().lower(): value.strip() for key, _, value in (part.partition("=") for part in rest)}
        weight = _weight(params.pop("q", "1"))
        if name and weight > 0:
            found.append((weight, name.lower(), params))
    yield from ((name, params) for _, name, params in sorted(found, key=lambda each: (-each[0], _width(each[1]))))


def _width(name: str) -> int:
    return 2 if name.startswith("*") else int(name.endswith("/*"))


def _weight(text: str) -> float:
    try:
        return float(text) if len(text) < 10 else 1.0
    except ValueError:
        return 1.0


def _fitting(name: str, params: dict[str, str], forms: Collection[str], encodings: Collection[str]) -> MediaType | None:
    encoding = JSON if name in ("*/*", "application/*") else name
    form = params.get("as", "")
    if encoding not in encodings or (form and encoding != JSON):
        return None
    if not form:
        return MediaType(encoding)
    group, version = params.get("g", ""), params.get("v", "")
    if form == "APIGroupDiscoveryList":
        fits = group == "apidiscovery.k8s.io" and version in ("v2", "v2beta1")
    else:
        fits = form in _META and group == "meta.k8s.io" and version in ("v1", "v1beta1")
    return MediaType(encoding, form, version) if fits and form in forms else None  # type: ignore[arg-type]  # one of forms
