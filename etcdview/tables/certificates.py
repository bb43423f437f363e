"""The group certificates.k8s.io: signing requests and trust bundles."""

from __future__ import annotations

from datetime import datetime, timedelta

from etcdview.kube.fields import NONE, dig, items, mapping, number, text
from etcdview.tables.base import AGE, NAME, Cells, Column, Object, created, name_of, table
from etcdview.tables.durations import human_duration
from etcdview.tables.texts import labels_text

_GROUP = "certificates.k8s.io"
_SIGNER = Column("SignerName", description="Who is asked to sign.")


@table(
    _GROUP,
    "CertificateSigningRequest",
    columns=(
        NAME,
        AGE,
        _SIGNER,
        Column("Requestor", description="Who asks."),
        Column("RequestedDuration", description="How long the certificate is to be valid.", since=22),
        Column("Condition", description="Whether it was approved, and a certificate issued."),
    ),
)
def certificate_signing_request(obj: Object, now: datetime) -> Cells:
    """A certificate signing request."""
    seconds = dig(obj, "spec", "expirationSeconds")
    wanted = timedelta(seconds=number(obj, "spec", "expirationSeconds"))
    return (
        name_of(obj),
        created(obj, now),
        text(obj, "spec", "signerName") or NONE,
        text(obj, "spec", "username"),
        NONE if seconds is None else human_duration(wanted),
        csr_status(obj),
    )


def csr_status(obj: Object) -> str:
    """Denied, Approved or Pending; then Failed; then Issued."""
    conditions = {text(c, "type") for c in items(obj, "status", "conditions")}
    words = [next((word for word in ("Denied", "Approved") if word in conditions), "Pending")]
    words += ["Failed"] * ("Failed" in conditions) + ["Issued"] * bool(text(obj, "status", "certificate"))
    return ",".join(words)


@table(_GROUP, "ClusterTrustBundle", columns=(NAME, _SIGNER))
def cluster_trust_bundle(obj: Object, now: datetime) -> Cells:
    """A bundle of CA certificates."""
    return name_of(obj), text(obj, "spec", "signerName") or NONE


@table(
    _GROUP,
    "PodCertificateRequest",
    columns=(
        NAME,
        Column("PodName", description="The pod that gets the certificate."),
        Column("ServiceAccountName", description="The pod's service account."),
        Column("NodeName", description="The pod's node."),
        _SIGNER,
        Column("State", description="Pending, Issued, Denied or Failed."),
        Column("UnverifiedUserAnnotations", description="What the pod's author asks of the signer.", since=35),
    ),
)
def pod_certificate_request(obj: Object, now: datetime) -> Cells:
    """A pod's request for a certificate."""
    ends = [c for c in (text(c, "type") for c in items(obj, "status", "conditions")) if c in _ENDS]
    members = ("podName", "serviceAccountName", "nodeName", "signerName")
    asked = labels_text(mapping(obj, "spec", "unverifiedUserAnnotations"))
    return name_of(obj), *(text(obj, "spec", member) for member in members), ends[-1] if ends else "Pending", asked


_ENDS = ("Issued", "Denied", "Failed")
