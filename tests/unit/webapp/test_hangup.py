"""A search ends when the browser that asked for it has closed its connection."""

from __future__ import annotations

import socket

from flask import Flask

from webapp.hangup import hung_up


def test_a_closed_connection_is_seen_and_nothing_is_taken_from_an_open_one() -> None:
    ours, theirs = socket.socketpair()
    with ours, Flask("x").test_request_context(environ_base={"gunicorn.socket": ours}):
        over = hung_up()
        assert not over()
        theirs.send(b"the next request")
        assert not over()
        assert ours.recv(100) == b"the next request"
        theirs.close()
        assert over()


def test_a_connection_that_broke_counts_as_closed() -> None:
    ours, theirs = socket.socketpair()
    with theirs, Flask("x").test_request_context(environ_base={"gunicorn.socket": ours}):
        over = hung_up()
        ours.close()
        assert over()


def test_where_the_server_does_not_tell_nobody_hangs_up() -> None:
    with Flask("x").test_request_context():
        assert not hung_up()()
