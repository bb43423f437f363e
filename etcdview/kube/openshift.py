"""The types that OpenShift's own API server stores, below /openshift.io; those of its operators are CRDs.

Sources: the storage of each type in openshift-apiserver and oauth-apiserver (pkg/*/apiserver/registry/*/etcd), and
SpecialDefaultResourcePrefixes in their pkg/cmd/*/openshiftapiserver_default.go.
"""

from __future__ import annotations

from etcdview.kube.resources import ResourceType

PREFIX = "/openshift.io"

_OAUTH = "oauth.openshift.io"
# storage prefix, group, kind, plural, namespaced
_ROWS = (
    ("brokertemplateinstances", "template.openshift.io", "BrokerTemplateInstance", "brokertemplateinstances", False),
    ("buildconfigs", "build.openshift.io", "BuildConfig", "buildconfigs", True),
    ("builds", "build.openshift.io", "Build", "builds", True),
    ("deploymentconfigs", "apps.openshift.io", "DeploymentConfig", "deploymentconfigs", True),
    ("groups", "user.openshift.io", "Group", "groups", False),
    ("images", "image.openshift.io", "Image", "images", False),
    ("imagestreams", "image.openshift.io", "ImageStream", "imagestreams", True),
    ("oauth/accesstokens", _OAUTH, "OAuthAccessToken", "oauthaccesstokens", False),
    ("oauth/authorizetokens", _OAUTH, "OAuthAuthorizeToken", "oauthauthorizetokens", False),
    (
        "oauth/clientauthorizations",
        _OAUTH,
        "OAuthClientAuthorization",
        "oauthclientauthorizations",
        False,
    ),
    ("oauth/clients", _OAUTH, "OAuthClient", "oauthclients", False),
    ("routes", "route.openshift.io", "Route", "routes", True),
    ("templateinstances", "template.openshift.io", "TemplateInstance", "templateinstances", True),
    ("templates", "template.openshift.io", "Template", "templates", True),
    ("useridentities", "user.openshift.io", "Identity", "identities", False),
    ("users", "user.openshift.io", "User", "users", False),
)

TYPES = tuple(
    ResourceType(prefix, group, "v1", kind, plural, kind.lower(), namespaced=namespaced, builtin=False)
    for prefix, group, kind, plural, namespaced in _ROWS
)
