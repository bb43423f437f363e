"""The settings as the rest of etcdview reads them; what each means and where it comes from is in rows.py."""

from __future__ import annotations

from dataclasses import dataclass, field

from etcdview.models import TlsFiles

# What to do where nothing listens and nobody said where etcd is, in place of a guess at what is wrong there
NO_ETCD_NAMED = (
    "No setting names an etcd: give --endpoints or export ETCDCTL_ENDPOINTS; for a try, run `etcdview demo`."
)

WATCHES = 200  # that clients of the Kubernetes API may keep open in one worker: each has a thread beside `threads`


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be set, checked. Paths are as given, empty where there is none.

    `timeout_seconds` is the deadline of each call to etcd; `memory_limit` how many bytes the key index may take, 0 for
    no limit; `kube_cache` how many the finished items of the Kubernetes API, 0 for none; `facts` is "auto", "on" or
    "off"; `scan_rate` is in bytes a second, 0 for no limit; `session_seconds` how long a login lasts; `etcd_prefix` has
    commas between several. `notes` are sentences about what was found without being asked for. `etcd_named` is false
    where no flag, variable or file says where etcd is, so that its usual address on this machine is tried.
    """

    endpoints: tuple[str, ...] = ("http://127.0.0.1:2379",)
    cacert: str = ""
    cert: str = ""
    key: str = ""
    server_name: str = ""
    user: str = ""
    password: str = field(default="", repr=False)
    timeout_seconds: float = 5.0
    etcd_prefix: str = "/registry"
    etcd_servers_overrides: tuple[str, ...] = ()
    prefixes: tuple[str, ...] = ()
    encryption_config: str = ""
    kubernetes_version: str = ""
    cluster_name: str = ""
    compare: tuple[str, ...] = ()
    from_file: str = ""
    deleted: bool = False
    listen: str = "127.0.0.1:8000"
    kube_api: bool = False
    kube_cache: int = 128 * 1024**2
    show_secrets: bool = False
    workers: int = 1
    threads: int = 32
    trusted_hosts: tuple[str, ...] = ()
    memory_limit: int = 1024**3
    facts: str = "auto"
    scan_rate: int = 64 * 1024**2
    insecure_no_login: bool = False
    tls_cert: str = ""
    tls_key: str = ""
    public_url: str = ""
    url_prefix: str = ""
    users_file: str = ""
    client_ca: str = ""
    oidc_issuer: str = ""
    oidc_client_id: str = ""
    oidc_client_secret: str = field(default="", repr=False)
    oidc_ca: str = ""
    oidc_user_claim: str = "email"
    oidc_groups_claim: str = "groups"
    proxy_user_header: str = ""
    proxy_groups_header: str = ""
    trusted_proxies: tuple[str, ...] = ()
    access_file: str = ""
    default_role: str = ""
    session_seconds: float = 12 * 3600.0
    secret_key: str = field(default="", repr=False)
    audit_log: str = ""
    allow_writes: bool = False
    undo_file: str = ""
    notes: tuple[str, ...] = ()
    etcd_named: bool = True

    @property
    def tls(self) -> TlsFiles:
        """The client's TLS files."""
        return TlsFiles(
            cacert=self.cacert,
            cert=self.cert,
            key=self.key,
            server_name=self.server_name,
        )

    @property
    def login(self) -> bool:
        """Whether anybody has to log in, in whichever way."""
        return bool(self.users_file or self.client_ca or self.oidc_issuer or self.proxy_user_header)
