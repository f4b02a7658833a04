"""The terms: what is sent through the gateway, and from where on we speak of a leak.

Times are seconds.  Everything is 50 times faster than in ``promise``, so that the
same number of hedges, failures and goodbyes takes a minute.
"""

from dataclasses import dataclass
from typing import Final

LATENCY: Final = "mix:90%*uniform:1ms..6ms+10%*uniform:6ms..60ms"
ERRORS: Final = (
    "500:3%,429:2%,reset:1%,reset-body:1%,truncate:1%,bad-json:1%,wrong-type:1%,"
    "hang:0.5%,drip+30ms:0.5%,refuse:1%"
)

#: Below /held/ an answer is read whole before it is chosen; below /plain/ it is forwarded from its
#: head, so that an upstream which dies in the body must break the client's connection.
#: The short idle_timeout gives the pool's descriptors back while we wait for the end.
SETTINGS: Final = """\
[server]
listen = "127.0.0.1:{port}"

[upstream.work]
replicas = ["http://127.0.0.1:{upstream_port}"]
idle_timeout = "1s"

[[route]]
path = "/held/"
upstream = "work"
deadline = "200ms"
hedge = {{delay = "10ms", extra = 2, same_replica = true}}
success = {{status = [200], body = "json"}}

[[route]]
path = "/plain/"
upstream = "work"
deadline = "200ms"
hedge = {{delay = "10ms", extra = 1, same_replica = true}}
"""

#: What clients do, and how often in a hundred.
MANNERS: Final = {
    "keep": 40,  # GET on a kept connection
    "close": 15,  # GET with "Connection: close" on a new one
    "plain": 15,  # GET of the route that forwards from the head
    "upload": 10,  # POST, never hedged
    "leave": 8,  # GET, and gone (FIN) before the answer, if it is not there in time
    "reset": 7,  # the same with RST
    "half": 5,  # half an upload, and gone
}
USERS: Final = 64  # at once, each with one request after another
LEAVES_WITHIN: Final = 0.015  # uniform: about half of those who leave do so in time
BODY: Final = b"x" * 4096  # of an upload
CLIENT_TIMEOUT: Final = 5.0  # far above the deadline: silence is the gateway's mistake
EVERY: Final = 1.0  # between two looks
SETTLED: Final = 0.2  # share of the requests after which memory should have found its level
IDLE_WITHIN: Final = 15.0  # for pools, timers and the kernel, once all clients are gone


@dataclass(frozen=True)
class Thresholds:
    """More than this is a leak."""

    #: Bytes from 20 % of the requests to the last.  The allocator moves by one or two MiB.
    resident: int = 4 << 20
    descriptors: int = 0  # more than at the start, when nobody had come yet
    in_flight: int = 0  # requests that the upstream still works on
    silent: int = 0  # requests that got nothing within CLIENT_TIMEOUT


THRESHOLDS: Final = Thresholds()
