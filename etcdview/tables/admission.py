"""The group admissionregistration.k8s.io: webhooks, admission policies and their bindings."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from etcdview.kube.fields import UNSET, dig, items, mapping, text
from etcdview.kube.release import Release
from etcdview.tables.base import AGE, NAME, Cells, Column, Object, created, name_of, release_table, table

_GROUP = "admissionregistration.k8s.io"
_PARAM_KIND = Column("ParamKind", description="The kind of its parameters.")


@table(
    _GROUP,
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
    columns=(NAME, Column("Webhooks", "integer", description="How many webhooks it registers."), AGE),
)
def webhook_configuration(obj: Object, now: datetime) -> Cells:
    """A webhook configuration."""
    return name_of(obj), len(items(obj, "webhooks")), created(obj, now)


@table(
    _GROUP,
    "ValidatingAdmissionPolicy",
    columns=(NAME, Column("Validations", "integer", description="How many rules it has."), _PARAM_KIND, AGE),
)
def validating_policy(obj: Object, now: datetime) -> Cells:
    """A validating admission policy."""
    return name_of(obj), len(items(obj, "spec", "validations")), _param_kind(obj), created(obj, now)


@table(
    _GROUP,
    "MutatingAdmissionPolicy",
    columns=(NAME, Column("Mutations", "integer", description="How many changes it makes."), _PARAM_KIND, AGE),
)
def mutating_policy(obj: Object, now: datetime) -> Cells:
    """A mutating admission policy."""
    return name_of(obj), len(items(obj, "spec", "mutations")), _param_kind(obj), created(obj, now)


@release_table(
    _GROUP,
    "ValidatingAdmissionPolicyBinding",
    "MutatingAdmissionPolicyBinding",
    columns=(
        NAME,
        Column("PolicyName", description="The policy that it puts in force."),
        Column("ParamRef", description="The parameters it gives to it."),
        AGE,
    ),
)
def policy_binding(obj: Object, now: datetime, release: Release) -> Cells:
    """A binding of an admission policy."""
    reference = dig(obj, "spec", "paramRef")
    shown = _param_ref(reference) if release >= Release(1, 28) else _old_param_ref(reference)
    return name_of(obj), text(obj, "spec", "policyName"), shown, created(obj, now)


def _param_kind(obj: Object) -> str:
    kind = dig(obj, "spec", "paramKind")
    return UNSET if kind is None else f"{text(kind, 'apiVersion')}/{text(kind, 'kind')}"


def _param_ref(reference: Any) -> str:
    if name := text(reference, "name"):
        return f"{text(reference, 'namespace') or '*'}/{name}"
    selector = dig(reference, "selector")
    return UNSET if selector is None else _go_selector(selector)


def _old_param_ref(reference: Any) -> str:
    """Before 1.28: a name, with its namespace if any."""
    if reference is None:
        return UNSET
    namespace, name = text(reference, "namespace"), text(reference, "name")
    return f"{namespace}/{name}" if namespace else name


def _go_selector(selector: Any) -> str:
    """A label selector as the generated String() of its Go type prints it: kubectl shows it in just that form."""
    labels = "".join(f"{key}: {value}," for key, value in sorted(mapping(selector, "matchLabels").items()))
    expressions = "".join(
        f"LabelSelectorRequirement{{Key:{text(e, 'key')},Operator:{text(e, 'operator')},"
        f"Values:[{' '.join(map(str, items(e, 'values')))}],}},"
        for e in items(selector, "matchExpressions")
    )
    return (
        f"&LabelSelector{{MatchLabels:map[string]string{{{labels}}},"
        f"MatchExpressions:[]LabelSelectorRequirement{{{expressions}}},}}"
    )
