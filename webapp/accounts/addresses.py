"""From where a request comes: the peer, or whom a trusted proxy says it speaks for."""

from __future__ import annotations

from ipaddress import ip_address

from flask import request

from webapp.accounts.state import Accounts, current_accounts


def from_proxy(accounts: Accounts) -> bool:
    """Whether the peer is one of the trusted proxies."""
    return _trusted(accounts, request.remote_addr or "")


def client_address() -> str:
    """The client's address. Of X-Forwarded-For only the part counts that trusted proxies wrote."""
    accounts = current_accounts()
    peer = request.remote_addr or ""
    if not _trusted(accounts, peer):
        return peer
    hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",") if hop.strip()]
    for hop in reversed(hops):
        if not _is_address(hop):
            return peer
        peer = hop
        if not _trusted(accounts, hop):
            return hop
    return peer


def _trusted(accounts: Accounts, address: str) -> bool:
    return _is_address(address) and any(ip_address(address) in network for network in accounts.proxies)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
