"""What can be set about clients: ``[server]``.

Declarations only, each setting once (see ``settings.fields``).  Must not know where
values come from, nor who uses them.  The limits are those of ``wire.limits``; a test
compares them, because importing the engine for its defaults would make ``--help`` load it.
"""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from hedgerow.serve.settings.addresses import ADDRESS, NETWORKS
from hedgerow.serve.settings.fields import About, Record
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
from hedgerow.serve.settings.listen import Listen
from hedgerow.serve.settings.names import FIELD_NAME, LOG_FORMAT
from hedgerow.serve.settings.workers import MOST, ONE, WORKERS, WorkerCount


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
    handshake_timeout: Annotated[
        float,
        DURATION,
        About("how long a client may take for the TLS handshake", at_least=0.01),
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
        "metrics": 'They are served where admin says: write admin = "127.0.0.1:8081".',
        "tls": 'It belongs to an address: listen = {address = ":443", tls = {cert = "a.pem"}}.',
        "root": 'Files belong to a route: write root = "./public" in a [[route]].',
    }

    listen: Annotated[
        tuple[Listen, ...],
        About(
            "where clients connect: host:port, [v6]:port, :port for everybody, unix:/path, systemd"
        ),
    ] = (Listen(address="127.0.0.1:8080"),)
    workers: Annotated[
        WorkerCount,
        WORKERS,
        About(
            'how many processes serve: a number, "auto" for one a processor, or a range such as'
            ' "2..8", in which the number follows the load'
        ),
    ] = ONE
    threads: Annotated[
        int,
        COUNT,
        About(
            "how many event loops a process has, each in a thread; they run at the same time only"
            " where Python has no global lock",
            at_least=1,
            at_most=MOST,
        ),
    ] = 1
    accept: Annotated[
        Literal["reuseport", "shared"],
        choice("reuseport", "shared"),
        About(
            "how workers share an address: a socket each, to which the kernel deals clients out,"
            " or one from which all take"
        ),
    ] = "reuseport"
    stuck_after: Annotated[
        float,
        DURATION,
        About("how long a worker may be silent before it is killed and replaced", at_least=2),
    ] = 30.0
    admin: Annotated[
        str | None,
        or_off(ADDRESS),
        About("where metrics and traces are served; whoever can connect there can read them"),
    ] = None
    traces: Annotated[
        int,
        COUNT,
        About(
            "how many of the last requests, and of the slowest, admin keeps to show",
            at_least=0,
            at_most=10_000,
        ),
    ] = 100
    shed: Annotated[
        bool,
        SWITCH,
        About("turn away the least urgent requests while this process itself lags"),
    ] = True
    access_log: Annotated[
        str | None, or_off(TEXT), About('the file that gets a line a request; "-" is stdout')
    ] = None
    access_log_format: Annotated[
        str,
        LOG_FORMAT,
        About('how lines look: text, json, common, combined, or a template: "{client} {status}"'),
    ] = "text"
    merge_slashes: Annotated[
        bool,
        SWITCH,
        About(
            "take // in a path for /, as most upstreams do; without it //private/ is no /private/,"
            " and has not its guards"
        ),
    ] = True
    request_id: Annotated[
        str | None,
        or_off(FIELD_NAME),
        About("the field that tells upstream, client and log what a request is called"),
    ] = None
    traceparent: Annotated[
        bool, SWITCH, About("start a trace (W3C) for requests that belong to none")
    ] = False
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
    trusted: Annotated[
        tuple[str, ...],
        NETWORKS,
        About(
            "the proxies of ours that stand in front: networks, addresses, or unix for all that"
            " come through a unix socket; a request's client is the address that they tell",
            default="nobody is believed",
        ),
    ] = ()
    trusted_field: Annotated[
        Literal["X-Forwarded-For", "Forwarded"],
        choice("X-Forwarded-For", "Forwarded"),
        About("the one field in which trusted proxies tell the client's address"),
    ] = "X-Forwarded-For"
    drain_timeout: Annotated[
        float,
        DURATION,
        About("how long running requests may take to end after SIGTERM", at_least=0),
    ] = 10.0
    limits: Annotated[
        Limits,
        About("what a client may send, and how long it may take", default="see [server.limits]"),
    ] = Limits()
