"""etcd's own login: a name and password become a token, anew when it runs out."""

from __future__ import annotations

import threading
import time

import grpc
from etcd3 import etcdrpc

from etcdview.errors import DeadlineError
from etcdview.stores.etcd.channel import Channel
from etcdview.stores.etcd.grpc_errors import translate
from etcdview.stores.etcd.messages import Call


class Login:
    """The token of one user, shared by all connections: members replicate tokens among each other."""

    def __init__(self, user: str, password: str) -> None:
        self._user = user
        self._password = password
        self._lock = threading.Lock()  # guards the token and the dict of locks; never held over the network
        self._fetching: dict[str, threading.Lock] = {}  # one login at a time for each endpoint
        self._token: str | None = None
        self._off = not user

    @property
    def user(self) -> str:
        """The name; "" where there is none, or etcd was found to have logins switched off."""
        return "" if self._off else self._user

    def token(self, channel: Channel, timeout_seconds: float) -> str:
        """The token, fetched over `channel` where there is none; "" without a user. Raises EtcdviewError."""
        if self._off:
            return ""
        if self._token:
            return self._token
        deadline = time.monotonic() + timeout_seconds
        with self._lock:
            fetching = self._fetching.setdefault(channel.name, threading.Lock())
        if not fetching.acquire(timeout=timeout_seconds):
            raise DeadlineError(f"{channel.name} did not answer the login in time.", endpoint=channel.name)
        try:
            return self._token or self._fetch(channel, max(deadline - time.monotonic(), 0.001))
        finally:
            fetching.release()

    def forget(self, token: str) -> bool:
        """Drop a token that was refused; whether asking for another can help.

        A call without one is refused where logins were switched on since etcd was asked.
        """
        with self._lock:
            if not token:
                self._off = not self._user
            elif self._token == token:
                self._token = None
            return not self._off

    def ask_again(self) -> None:
        """Find out anew, at the next call, whether etcd has logins switched on."""
        with self._lock:
            self._off = not self._user

    def _fetch(self, channel: Channel, timeout_seconds: float) -> str:
        token = self._authenticate(channel, timeout_seconds)
        with self._lock:
            self._token = token
        return token

    def _authenticate(self, channel: Channel, timeout_seconds: float) -> str:
        request = etcdrpc.AuthenticateRequest(name=self._user, password=self._password)
        call = Call("auth", "Authenticate", request)
        try:
            token: str = channel.ask(call, timeout_seconds).token
        except grpc.RpcError as error:
            if "authentication is not enabled" in (error.details() or ""):
                self._off = True
                return ""
            raise translate(error, channel.name, call.method) from error
        return token
