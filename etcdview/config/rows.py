"""Every setting, one row each: the only place where names, variables, defaults and help are written.

Names of the connection are etcdctl's. A test holds that each row is a field of Settings and stands in README.md.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

from etcdview.config import values
from etcdview.config.overrides import overrides
from etcdview.config.settings import Settings


@dataclass(frozen=True, slots=True)
class SettingRow:
    """One setting. `name` is that of the flag (with --) and of the settings file; `field` that of Settings.

    `parse` makes the value or raises ValueError, `show` is the way back. `metavar` is empty for a switch.
    A path in the settings file counts from the file's own folder. `repeats`: the flag may be given several times.
    """

    name: str
    field: str
    variable: str
    parse: Callable[[object], object]
    metavar: str
    help: str
    secret: bool = False
    path: bool = False
    show: Callable[[Any], str] = values.show
    repeats: bool = False

    @property
    def flag(self) -> str:
        """The command line's way to set it."""
        return f"--{self.name}"

    @property
    def default(self) -> object:
        """What holds when nobody sets it."""
        return _DEFAULTS[self.field]


_DEFAULTS: dict[str, object] = {field.name: field.default for field in fields(Settings)}

CONNECTION: tuple[SettingRow, ...] = (
    SettingRow("endpoints", "endpoints", "ETCDCTL_ENDPOINTS", values.endpoints, "URLS",
        "etcd's client URLs, with commas between them. Without a scheme: https with TLS files, else http."),
    SettingRow("cacert", "cacert", "ETCDCTL_CACERT", values.text, "FILE",
        "The CA that signed etcd's server certificates.", path=True),
    SettingRow("cert", "cert", "ETCDCTL_CERT", values.text, "FILE",
        "The client certificate.", path=True),
    SettingRow("key", "key", "ETCDCTL_KEY", values.text, "FILE",
        "The client certificate's private key.", path=True),
    SettingRow("server-name", "server_name", "ETCDVIEW_SERVER_NAME", values.text, "NAME",
        "Expect this name in etcd's certificate instead of the endpoint's host."),
    SettingRow("user", "user", "ETCDCTL_USER", values.text, "NAME[:PASSWORD]",
        "etcd's user, where etcd's own authentication is on."),
    SettingRow("password", "password", "ETCDCTL_PASSWORD", values.text, "PASSWORD",
        "That user's password. Others on the machine can read flags: rather use the variable or the file.",
        secret=True),
    SettingRow("command-timeout", "timeout_seconds", "ETCDCTL_COMMAND_TIMEOUT", values.duration, "TIME",
        "The deadline of each call to etcd, such as 5s or 500ms.", show=values.show_seconds),
)  # fmt: skip
SOURCE: tuple[SettingRow, ...] = (
    SettingRow("from", "from_file", "ETCDVIEW_FROM", values.source, "FILE[@REV]",
        "Read this snapshot, dead member's data directory, k3s state.db or registry dump instead of a live etcd. "
        "@REV: as it was at a revision; live@REV: the live etcd as it was.", path=True),
    SettingRow("deleted", "deleted", "ETCDVIEW_DELETED", values.truth, "",
        "Show the keys of the file that were deleted since the last compaction, with their last values, "
        "in place of those that exist."),
    SettingRow("encryption-config", "encryption_config", "ETCDVIEW_ENCRYPTION_CONFIG", values.text, "FILE",
        "The API server's EncryptionConfiguration, to decrypt what it encrypts at rest.", path=True),
    SettingRow("kubernetes-version", "kubernetes_version", "ETCDVIEW_KUBERNETES_VERSION", values.release, "VERSION",
        "The cluster's release, such as 1.36; found out from the objects when not given."),
    SettingRow("etcd-prefix", "etcd_prefix", "ETCDVIEW_ETCD_PREFIX", values.prefix, "PREFIX",
        "Where the registry begins: the API server's --etcd-prefix. Several times, or with commas, where several API "
        "servers share this etcd: OpenShift has /kubernetes.io and /openshift.io.", repeats=True),
    SettingRow("etcd-servers-overrides", "etcd_servers_overrides", "ETCDVIEW_ETCD_SERVERS_OVERRIDES", overrides,
        "OVERRIDES",
        "Types that are in other etcds, as the API server's flag of that name says it: "
        "/events#https://h1:2379;https://h2:2379, several with commas. The TLS files and the user are the same.",
        repeats=True),
)  # fmt: skip
SERVING: tuple[SettingRow, ...] = (
    SettingRow("prefixes", "prefixes", "ETCDVIEW_PREFIXES", values.prefixes, "PREFIXES",
        "Beginnings of keys to read, for an etcd user with limited permissions: /registry/pods/,/registry/events/. "
        "Without: everything, else the registry."),
    SettingRow("cluster-name", "cluster_name", "ETCDVIEW_CLUSTER_NAME", values.text, "NAME",
        "The name that pages show for this cluster."),
    SettingRow("compare", "compare", "ETCDVIEW_COMPARE", values.texts, "FILES",
        "Snapshots, dumps, data directories or folders of snapshots that pages compare this cluster with, with commas "
        "between them."),
    SettingRow("memory-limit", "memory_limit", "ETCDVIEW_MEMORY_LIMIT", values.size, "SIZE",
        "Memory for the index of key names, such as 512MiB; past it etcd is asked page by page. 0: no limit.",
        show=values.show_size),
    SettingRow("facts", "facts", "ETCDVIEW_FACTS", values.facts, "MODE",
        "Keep facts of every value, for filters and health at any size: auto reads up to 256 MiB of values without "
        "being told to, on reads all of them, off none."),
    SettingRow("scan-rate", "scan_rate", "ETCDVIEW_SCAN_RATE", values.size, "SIZE",
        "How much of the values is read in a second for the facts, such as 16MiB. 0: as fast as etcd answers.",
        show=values.show_size),
    SettingRow("listen", "listen", "ETCDVIEW_LISTEN", values.address, "ADDRESS:PORT",
        "Where to listen. Any address but this machine's own needs a login."),
    SettingRow("kube-api", "kube_api", "ETCDVIEW_KUBE_API", values.truth, "",
        "Serve the read-only Kubernetes API below /kube, for kubectl and other clients. `open` and `shell` always do."),
    SettingRow("kube-cache", "kube_cache", "ETCDVIEW_KUBE_CACHE", values.size, "SIZE",
        "Memory in which the Kubernetes API keeps finished items, such as 128MiB, so that a list that comes again "
        "decodes only what has changed. Nothing of Secrets is kept. 0: keep none.", show=values.show_size),
    SettingRow("show-secrets", "show_secrets", "ETCDVIEW_SHOW_SECRETS", values.truth, "",
        "Give the data of Secrets in the Kubernetes API. Only for a file (--from), served to this machine alone."),
    SettingRow("workers", "workers", "ETCDVIEW_WORKERS", values.count, "N",
        "Worker processes. Each keeps an index, a watch and health checks of its own."),
    SettingRow("threads", "threads", "ETCDVIEW_THREADS", values.count, "N",
        "Requests that one worker answers at a time."),
    SettingRow("trusted-hosts", "trusted_hosts", "ETCDVIEW_TRUSTED_HOSTS", values.texts, "HOSTS",
        "Host names that requests may carry, beside localhost; .example.org means all under it."),
    SettingRow("insecure-no-login", "insecure_no_login", "ETCDVIEW_INSECURE_NO_LOGIN", values.truth, "",
        "Listen on any address without a login: everyone on the network reads the cluster."),
)  # fmt: skip
HTTPS: tuple[SettingRow, ...] = (
    SettingRow("tls-cert", "tls_cert", "ETCDVIEW_TLS_CERT", values.text, "FILE",
        "Serve HTTPS with this certificate (and chain). A renewed file is picked up.", path=True),
    SettingRow("tls-key", "tls_key", "ETCDVIEW_TLS_KEY", values.text, "FILE",
        "The certificate's private key.", path=True),
    SettingRow("public-url", "public_url", "ETCDVIEW_PUBLIC_URL", values.web_address, "URL",
        "Where browsers reach etcdview, if a proxy stands before it: https://etcdview.example.org."),
    SettingRow("url-prefix", "url_prefix", "ETCDVIEW_URL_PREFIX", values.url_prefix, "PATH",
        "The path that all addresses begin with, such as /etcdview, on a host that others share."),
)  # fmt: skip
LOGIN: tuple[SettingRow, ...] = (
    SettingRow("users-file", "users_file", "ETCDVIEW_USERS_FILE", values.text, "FILE",
        "Users with their password and token hashes, as `etcdview user` writes it.", path=True),
    SettingRow("client-ca", "client_ca", "ETCDVIEW_CLIENT_CA", values.text, "FILE",
        "Log in anyone with a TLS client certificate from this CA: CN is the name, O the groups.", path=True),
    SettingRow("oidc-issuer", "oidc_issuer", "ETCDVIEW_OIDC_ISSUER", values.issuer, "URL",
        "Log in by OpenID Connect with this provider."),
    SettingRow("oidc-client-id", "oidc_client_id", "ETCDVIEW_OIDC_CLIENT_ID", values.text, "ID",
        "What the provider knows etcdview as."),
    SettingRow("oidc-client-secret", "oidc_client_secret", "ETCDVIEW_OIDC_CLIENT_SECRET", values.text, "SECRET",
        "Its secret there. Others on the machine can read flags: rather use the variable or the file.", secret=True),
    SettingRow("oidc-ca", "oidc_ca", "ETCDVIEW_OIDC_CA", values.text, "FILE",
        "The CA that signed the provider's certificate, where the machine does not know it.", path=True),
    SettingRow("oidc-user-claim", "oidc_user_claim", "ETCDVIEW_OIDC_USER_CLAIM", values.text, "CLAIM",
        "The claim that names the user. An email must be verified by the provider."),
    SettingRow("oidc-groups-claim", "oidc_groups_claim", "ETCDVIEW_OIDC_GROUPS_CLAIM", values.text, "CLAIM",
        "The claim that lists the user's groups."),
    SettingRow("proxy-user-header", "proxy_user_header", "ETCDVIEW_PROXY_USER_HEADER", values.text, "HEADER",
        "Log in the user that a trusted proxy names in this header, such as X-Forwarded-User."),
    SettingRow("proxy-groups-header", "proxy_groups_header", "ETCDVIEW_PROXY_GROUPS_HEADER", values.text, "HEADER",
        "The header with that user's groups, with commas between them."),
    SettingRow("trusted-proxies", "trusted_proxies", "ETCDVIEW_TRUSTED_PROXIES", values.networks, "ADDRESSES",
        "Addresses or networks whose proxy headers and X-Forwarded-For are trusted."),
    SettingRow("access-file", "access_file", "ETCDVIEW_ACCESS_FILE", values.text, "FILE",
        "Which users and groups have which role, and what part of the registry it covers (TOML).", path=True),
    SettingRow("default-role", "default_role", "ETCDVIEW_DEFAULT_ROLE", values.text, "ROLE",
        "The role of users whom the access file does not name: viewer, operator or admin. Empty: they are refused."),
    SettingRow("session-lifetime", "session_seconds", "ETCDVIEW_SESSION_LIFETIME", values.lifetime, "TIME",
        "How long a login lasts, such as 12h.", show=values.show_seconds),
    SettingRow("secret-key", "secret_key", "ETCDVIEW_SECRET_KEY", values.text, "KEY",
        "Signs sessions and makes fingerprints: 32 characters or more, the same for all replicas. New at each start "
        "if not given.", secret=True),
    SettingRow("audit-log", "audit_log", "ETCDVIEW_AUDIT_LOG", values.text, "FILE",
        "Where logins, reveals, downloads, changes and refusals are logged; standard error if not given.", path=True),
)  # fmt: skip
CHANGES: tuple[SettingRow, ...] = (
    SettingRow("allow-writes", "allow_writes", "ETCDVIEW_ALLOW_WRITES", values.truth, "",
        "Let admins change keys and maintain members. Needs a login; without it etcdview only reads."),
    SettingRow("undo-file", "undo_file", "ETCDVIEW_UNDO_FILE", values.text, "FILE",
        "Where the values that were changed are kept, Secrets too; ~/.local/state/etcdview/undo.jsonl if not given.",
        path=True),
)  # fmt: skip
# The headings of --help, in its order
GROUPS: dict[str, tuple[SettingRow, ...]] = {
    "Connection to etcd": CONNECTION,
    "Files and decoding": SOURCE,
    "Serving": SERVING,
    "HTTPS": HTTPS,
    "Login": LOGIN,
    "Changes": CHANGES,
}
ROWS: tuple[SettingRow, ...] = tuple(row for rows in GROUPS.values() for row in rows)
