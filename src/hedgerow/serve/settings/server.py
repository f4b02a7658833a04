"""What can be set about clients and upstreams: ``[server]`` and ``[upstream.NAME]``.

Declarations only, each setting once (see ``settings.fields``).  Must not know where
values come from, nor who uses them.  The limits are those of ``wire.limits`` and the
counts and times of an upstream those of ``wire.pool``; a test compares them, because
importing the engine for its defaults would make ``--help`` load it.
"""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from hedgerow.serve.settings.fields import SHORTEST, About, Record
from hedgerow.serve.settings.kinds import (
    BYTE_RATE,
    COUNT,
    DURATION,
    SIZE,
    SWITCH,
    TEXT,
    choice,
    or_off,
)
from hedgerow.serve.settings.names import FILE, LISTEN, REPLICAS, ReplicaUrl


class Limits(Record, frozen=True, kw_only=True):
    """What a client may send, and how long it may take."""

    EXAMPLE: ClassVar[str] = '{max_body = "1MiB"}'

    max_request_line: Annotated[
        int, SIZE, About("the longest request line; longer: 414", at_least=64)
    ] = 8 * 1024
    max_head: Annotated[
        int, SIZE, About("the longest head, request line and fields; longer: 431", at_least=256)
    ] = 32 * 1024
    max_fields: Annotated[
        int, COUNT, About("how many header fields a request may have; more: 431", at_least=1)
    ] = 100
    max_body: Annotated[int, SIZE, About("the longest request body; longer: 413", at_least=0)] = (
        1 << 40
    )
    max_pipelined: Annotated[
        int, SIZE, About("how much is read ahead while an answer is pending", at_least=0)
    ] = 64 * 1024
    max_discarded: Annotated[
        int,
        SIZE,
        About("how much of an unwanted body is read before the connection is closed", at_least=0),
    ] = 16 * 1024 * 1024
    head_timeout: Annotated[
        float,
        DURATION,
        About("how long a request's head may take, first byte to last; longer: 408", at_least=0.01),
    ] = 10.0
    body_timeout: Annotated[
        float,
        DURATION,
        About("how long a body may be slower than body_min_rate; longer: 408", at_least=0.01),
    ] = 20.0
    body_min_rate: Annotated[
        float, BYTE_RATE, About("how fast a body must come, on average", at_least=0)
    ] = 500.0
    idle_timeout: Annotated[
        float,
        DURATION,
        About("how long a connection is kept between requests", at_least=0.01),
    ] = 75.0
    write_timeout: Annotated[
        float, DURATION, About("how long a client may stop reading its answer", at_least=0.01)
    ] = 30.0
    linger_timeout: Annotated[
        float, DURATION, About("how long a client may take to read a refusal", at_least=0)
    ] = 2.0


class Server(Record, frozen=True, kw_only=True):
    """Where clients come in, and what is written down about them."""

    ABSENT: ClassVar[Mapping[str, str]] = {
        "workers": "It serves with one process: leave workers out.",
        "threads": "It serves with one thread: leave threads out.",
        "admin": "It has no admin page: see access_log, trace and server_timing.",
        "tls": "It takes plain HTTP: put something that ends TLS in front.",
        "root": "It serves no files: every [[route]] leads to an upstream.",
    }

    listen: Annotated[
        tuple[str, ...],
        LISTEN,
        About("where clients connect: host:port, [v6]:port, :port for everybody, unix:/path"),
    ] = ("127.0.0.1:8080",)
    access_log: Annotated[
        str | None, or_off(TEXT), About('the file that gets a line a request; "-" is stdout')
    ] = None
    access_log_format: Annotated[
        Literal["text", "json"], choice("text", "json"), About("how the lines are written")
    ] = "text"
    trace: Annotated[
        bool, SWITCH, About("tell the story of each request on stderr, attempt by attempt")
    ] = False
    server_timing: Annotated[
        bool, SWITCH, About("tell clients about the attempts in a Server-Timing field")
    ] = False
    forwarded: Annotated[
        Literal["replace", "append"],
        choice("replace", "append"),
        About(
            "what happens to a client's own Forwarded and X-Forwarded-*: append trusts it, so only"
            " behind a proxy of yours"
        ),
    ] = "replace"
    drain_timeout: Annotated[
        float,
        DURATION,
        About("how long running requests may take to end after SIGTERM", at_least=0),
    ] = 10.0
    limits: Annotated[
        Limits,
        About("what a client may send, and how long it may take", default="see [server.limits]"),
    ] = Limits()


class Upstream(Record, frozen=True, kw_only=True):
    """A service that requests are sent to, and how."""

    ABSENT: ClassVar[Mapping[str, str]] = {
        "limit": "It has fixed limits: max_connections, and max_waiting in front of it.",
        "health": "It has no health checks: an attempt that fails goes to another replica.",
    }

    replicas: Annotated[
        tuple[ReplicaUrl, ...],
        REPLICAS,
        About("the addresses that do the same work, as http:// or https:// URLs without a path"),
    ]
    balance: Annotated[
        Literal["round-robin", "least-request", "peak-ewma"],
        choice("round-robin", "least-request", "peak-ewma"),
        About(
            "which replica comes next: each in turn, or of two random ones the less busy, or the"
            " one that is expected to answer sooner"
        ),
    ] = "least-request"
    max_connections: Annotated[
        int, COUNT, About("how many connections there may be to one replica", at_least=1)
    ] = 8192
    max_waiting: Annotated[
        int,
        COUNT,
        About("how many attempts may wait for a connection; more fail at once", at_least=0),
    ] = 1024
    connect_timeout: Annotated[
        float,
        DURATION,
        About("how long a connection may take to open, name and TLS included", at_least=SHORTEST),
    ] = 3.0
    stall_timeout: Annotated[
        float,
        DURATION,
        About("how long an upstream may stand still inside a body, either way", at_least=0.01),
    ] = 60.0
    idle_timeout: Annotated[
        float,
        DURATION,
        About("how long an unused connection is kept; less than the upstream keeps it", at_least=0),
    ] = 55.0
    ca_file: Annotated[
        str | None,
        FILE,
        About(
            "the certificates (PEM) that https replicas are checked with", default="the system's"
        ),
    ] = None
    verify: Annotated[bool, SWITCH, About("check the certificates and names of https replicas")] = (
        True
    )
