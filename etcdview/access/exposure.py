"""Who on the network can reach etcdview, and what stands above every page because of it."""

from __future__ import annotations

from ipaddress import ip_address

from etcdview.config import Settings, parse_address
from etcdview.endpoints import host_of
from etcdview.errors import SettingError

OPEN_TO_ALL = "No login is needed here: anyone who reaches this address can read the whole cluster."
IN_THE_CLEAR = (
    "Logins travel the network unencrypted: serve HTTPS (tls-cert, tls-key), or put a proxy with TLS before it."
)
LOOPBACK_HOSTS = ("127.0.0.1", "localhost", "[::1]")


def encrypted(settings: Settings) -> bool:
    """Whether browsers reach etcdview by HTTPS."""
    return bool(settings.tls_cert) or settings.public_url.startswith("https://")


def reached_as(settings: Settings) -> str:
    """The address or the name under which others than this machine reach etcdview; "" where none do.

    A name that it answers to beside this machine's own tells of a proxy before it.
    """
    address = parse_address(settings.listen)
    if not address.loopback:
        return str(address)
    names = (host_of(settings.public_url), *settings.trusted_hosts)
    return next((name for name in names if name and name not in (*LOOPBACK_HOSTS, "::1")), "")


def check_exposure(settings: Settings) -> None:
    """Raises SettingError where others can reach etcdview while nobody has to log in, or everyone gets Secrets."""
    name = reached_as(settings)
    if settings.show_secrets and (name or not settings.from_file):
        raise SettingError(
            "--show-secrets is for a file that is served to this machine alone.",
            "Give --from FILE and listen on 127.0.0.1, or use a token of a user who may reveal Secrets.",
        )
    if not name or settings.login or settings.insecure_no_login:
        return
    raise SettingError(
        f"Answering as {name} needs a login: everyone who reaches that address could read the whole cluster.",
        "Set one up (--users-file, --oidc-issuer, --client-ca or --proxy-user-header), or listen on 127.0.0.1 and "
        "reach it through ssh -L; or add --insecure-no-login where everyone on the network may read everything.",
    )


def may_ask(settings: Settings, peer: str) -> bool:
    """Whether a connection from `peer` (an IP address; "" for a socket file) is answered at all.

    Without a login only this machine's own are, wherever the server that runs the app has been told to listen.
    """
    if settings.login or settings.insecure_no_login or not peer:
        return True
    try:
        address = ip_address(peer)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


def exposure_warnings(settings: Settings) -> tuple[str, ...]:
    """What everybody must know of how these settings expose the cluster."""
    if not reached_as(settings):
        return ()
    if not settings.login:
        return (OPEN_TO_ALL,)
    return () if encrypted(settings) else (IN_THE_CLEAR,)
