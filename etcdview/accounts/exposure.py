"""Who on the network can reach etcdview, and what stands above every page because of it."""

from __future__ import annotations

from etcdview.config import Settings, parse_address

OPEN_TO_ALL = "Nobody has to log in here: everyone who reaches this address reads the whole cluster."
IN_THE_CLEAR = (
    "Logins travel the network unencrypted: serve HTTPS (tls-cert, tls-key), or put a proxy with TLS before it."
)


def encrypted(settings: Settings) -> bool:
    """Whether browsers reach etcdview by HTTPS."""
    return bool(settings.tls_cert) or settings.public_url.startswith("https://")


def exposure_warnings(settings: Settings) -> tuple[str, ...]:
    """What everybody must know of how these settings expose the cluster."""
    if parse_address(settings.listen).loopback:
        return ()
    if not settings.login:
        return (OPEN_TO_ALL,)
    return () if encrypted(settings) else (IN_THE_CLEAR,)
