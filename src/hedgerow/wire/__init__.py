"""HTTP/1.1 on asyncio protocols: both sides, callback style, no task a request.

Knows sockets and messages; must not know what they are for: no routes, no policy.
llhttp (httptools) reads heads, and only here; where a body ends is decided by us.

    heads       one whole head in, a checked record out; framing, Host, targets
    body        where a body ends;  chunked: the coding
    request     a request and its answer, as a handler sees them
    server      a client's connection;  link: without what is said on it
    listener    what connections share
    listening   a listening socket that can pause
    call        a request to an origin;  client: its connection;  pool: the connections to one
    forwarding  what changes from hop to hop
    timers      one loop timer for all;  engine: the clocks of a process
    tunnel      what an Upgrade leaves of two connections
    outbox      when bytes go to the kernel;  memo: heads that came before
    limits, descriptors, problem, request_line, status, sockets, unfinished
"""

from hedgerow.wire.call import Call
from hedgerow.wire.engine import Engine
from hedgerow.wire.limits import Limits
from hedgerow.wire.listener import Listener
from hedgerow.wire.listening import Listening
from hedgerow.wire.pool import Origin, Pool, PoolLimits
from hedgerow.wire.request import Request, Sink
from hedgerow.wire.server import ServerConnection

__all__ = [
    "Call",
    "Engine",
    "Limits",
    "Listener",
    "Listening",
    "Origin",
    "Pool",
    "PoolLimits",
    "Request",
    "ServerConnection",
    "Sink",
]
