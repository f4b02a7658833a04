"""What the tests of the server on real sockets share: the two loops, and blocking clients."""

import asyncio
import socket
from collections.abc import Callable
from typing import Final

import pytest
import uvloop

from hedgerow.wire.limits import Limits
from tests.fakes.live_server import LiveServer
from tests.fakes.paths import Paths

on_both_loops = pytest.mark.parametrize(
    "new_loop", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"]
)
NewLoop = Callable[[], asyncio.AbstractEventLoop]

#: Short, so that tests are; the same phases as in earnest.
SHORT: Final = Limits(
    head_timeout=0.3,
    body_timeout=0.8,
    body_min_rate=1000.0,
    idle_timeout=0.6,
    write_timeout=0.5,
    linger_timeout=0.5,
)


def serving(new_loop: NewLoop, limits: Limits | None = None) -> LiveServer:
    return LiveServer(new_loop(), Paths().handle, limits)


def everything_from(client: socket.socket) -> bytes:
    """Return all that comes until the server closes; fails when it resets instead."""
    pieces = []
    while piece := client.recv(1 << 20):
        pieces.append(piece)
    return b"".join(pieces)


def request(first: str, *fields: str, body: bytes = b"") -> bytes:
    return "\r\n".join([f"{first} HTTP/1.1", "Host: a.example", *fields, "", ""]).encode() + body
