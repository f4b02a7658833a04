"""The flags of ``hedgerow load``: names, words of help and groups, nothing else.

Every flag that takes a value takes text; ``load_plan`` and its neighbours read it, so that
an error can name the flag and what was meant.  The letters are those that fingers know from
wrk, hey, oha, k6 and curl; where they disagree, the misreading that does harm is refused
(``-t 4``) and the one that cannot be told is documented (``-q``, ``-k``).
"""

from dataclasses import dataclass
from typing import Annotated, Final

from cyclopts import Group, Parameter

Text = str | None
Many = tuple[str, ...]


def flag(*names: str, help: str, leading_hyphen: bool = False) -> Parameter:  # noqa: A002
    """Declare a flag; ``leading_hyphen``: its value may begin with one (a body, a rate)."""
    return Parameter(
        name=names, help=help, negative=(), show_default=False, allow_leading_hyphen=leading_hyphen
    )


@dataclass(frozen=True)
class LoadShape:
    """How much is sent, when, and until when."""

    connections: Annotated[
        Text,
        flag(
            "--connections",
            "-c",
            help="that many ask, each again after its answer (closed model; 50 unless -u or -R "
            "is given); with -R: at most that many at once",
        ),
    ] = None
    requests: Annotated[
        Text, flag("--requests", "-n", help="end after that many: 10000, 10k, 1M")
    ] = None
    duration: Annotated[
        Text,
        flag(
            "--duration",
            "-d",
            "-z",
            help="end after that time: 30s, 2m, or seconds (10s when nothing else ends the run; "
            "with -n whichever comes first)",
        ),
    ] = None
    rate: Annotated[
        Text,
        flag(
            "--rate",
            "-R",
            "-q",
            help="requests a second in all, whether or not answers come (open model): 200, 1.2k, "
            "100/m, or A:B for a ramp; hey's -q is for each of its workers, this one is the total",
        ),
    ] = None
    arrivals: Annotated[
        Text, flag("--arrivals", help="even or poisson: how requests of -R are spaced (even)")
    ] = None
    users: Annotated[Text, flag("--users", "-u", help="users, each with a connection")] = None
    ramp_up: Annotated[
        Text, flag("--ramp-up", help="start the users evenly over this time, as JMeter does")
    ] = None
    iterations: Annotated[
        Text, flag("--iterations", "-i", help="how often each user does its work")
    ] = None
    new_user: Annotated[
        bool,
        flag(
            "--new-user-each-iteration",
            help="a new connection and no cookies in each iteration",
        ),
    ] = False
    think: Annotated[
        Text, flag("--think", help="pause of a user after each iteration: 1s, or 1s..3s")
    ] = None
    stages: Annotated[
        Many,
        flag(
            "--stage",
            "-s",
            help="within 30s go to 100 users (30s:100) or requests a second (30s:100/s); repeat",
        ),
    ] = ()
    warm_up: Annotated[
        Text,
        flag("--warm-up", "--warmup", "-W", help="first part, shown but left out of the figures"),
    ] = None


@dataclass(frozen=True)
class RequestFlags:
    """What is sent."""

    method: Annotated[
        Text, flag("--method", "-m", "-X", help="GET, or POST where there is a body")
    ] = None
    headers: Annotated[
        Many, flag("--header", "-H", help="'Name: value'; repeat", leading_hyphen=True)
    ] = ()
    body: Annotated[
        Text, flag("--body", "-b", help="text, @file, or - for stdin", leading_hyphen=True)
    ] = None
    json_body: Annotated[
        Text,
        flag(
            "--json-body",
            help="the same, sent as application/json",
            leading_hyphen=True,
        ),
    ] = None
    form: Annotated[
        Many, flag("--form", help="name=value, sent as a form; repeat", leading_hyphen=True)
    ] = ()
    auth: Annotated[Text, flag("--auth", "-a", help="user:password, for basic authentication")] = (
        None
    )
    template: Annotated[
        bool,
        Parameter(
            name="--template",
            negative="--no-template",
            show_default=False,
            help="fill in {seq} {uuid} {email} {rand:1..9} {choice:a|b} {line:file} in URL, "
            "headers and body (on unless --no-template)",
        ),
    ] = True
    follow: Annotated[
        Text,
        flag("--follow", help="follow up to that many redirects, each a request of its own (0)"),
    ] = None
    no_cookies: Annotated[bool, flag("--no-cookies", help="users forget their cookies")] = False
    base_url: Annotated[
        Text, flag("--base-url", "--host", help="of a scenario: what its relative URLs refer to")
    ] = None


@dataclass(frozen=True)
class ConnectionFlags:
    """How connections are made."""

    timeout: Annotated[
        Text, flag("--timeout", "-t", help="for one request, with its unit: 10s, 500ms (10s)")
    ] = None
    deadline: Annotated[
        Text,
        flag("--deadline", help="with -R: give up a request that waits longer to be sent"),
    ] = None
    connect_timeout: Annotated[
        Text, flag("--connect-timeout", help="for name, TCP and TLS together (5s)")
    ] = None
    no_keepalive: Annotated[
        bool, flag("--no-keepalive", help="a new connection for each request")
    ] = False
    insecure: Annotated[
        bool,
        flag(
            "--insecure",
            "-k",
            help="do not verify certificates (ab's -k is keep-alive, which is always on here)",
        ),
    ] = False
    ca_file: Annotated[Text, flag("--ca-file", help="certificates to trust (PEM)")] = None
    connect_to: Annotated[
        Many,
        flag(
            "--connect-to",
            help="HOST:PORT=OTHER:PORT, or curl's HOST:PORT:OTHER:PORT; an empty HOST:PORT is "
            "any; repeat",
        ),
    ] = ()
    unix: Annotated[Text, flag("--unix", help="connect to this socket path instead")] = None


@dataclass(frozen=True)
class GoodAnswers:
    """What makes an answer good."""

    expect_status: Annotated[
        Text, flag("--expect-status", help="good statuses: 200,2xx,300-399 (below 400)")
    ] = None
    expect_body: Annotated[
        Text,
        flag(
            "--expect-body",
            help="a regular expression found in a good answer",
            leading_hyphen=True,
        ),
    ] = None
    expect_json: Annotated[
        Many,
        flag("--expect-json", help="'path.to.value', or 'path == value', in it; repeat"),
    ] = ()


@dataclass(frozen=True)
class JudgingFlags(GoodAnswers):
    """What makes an answer good, and a run."""

    slo: Annotated[
        Many,
        flag(
            "--slo",
            help="a promise: 'p99<250ms', 'errors<0.1%', 'rps>1k', 'p99<1s for 10s'; repeat; "
            "exit code 99 when one is broken",
        ),
    ] = ()
    abort_on_fail: Annotated[
        bool, flag("--abort-on-fail", help="stop as soon as a promise is broken")
    ] = False
    strict: Annotated[
        bool,
        flag("--strict", help="exit code 98 when the measurement itself cannot be trusted"),
    ] = False


@dataclass(frozen=True)
class MachineFlags:
    """Where the load comes from, and which server is watched."""

    processes: Annotated[
        Text,
        flag("--processes", "--workers", "-w", help="generator processes: a number, or auto (1)"),
    ] = None
    cluster: Annotated[
        Text,
        flag(
            "--cluster",
            help="local, or dask://host:8786 (tls:// too) to send from many machines, see docs",
        ),
    ] = None
    cluster_tls: Annotated[
        Text, flag("--cluster-tls", help="CA,CERT,KEY files for tls to the cluster")
    ] = None
    watch: Annotated[
        Many, flag("--watch", help="a server's PID or :PORT, to see its CPU and memory; repeat")
    ] = ()
    seed: Annotated[
        Text, flag("--seed", help="of all that is drawn (another each time; the result tells it)")
    ] = None


@dataclass(frozen=True)
class OutputFlags:
    """What is shown and written."""

    json: Annotated[
        Text,
        flag("--json", help="the whole result; - is stdout", leading_hyphen=True),
    ] = None
    html: Annotated[Text, flag("--html", help="a page with graphs, in one file")] = None
    jtl: Annotated[Text, flag("--jtl", help="every request, as JMeter writes it")] = None
    hdr: Annotated[
        Text,
        flag("--hdr", help="histograms: an HDR log, or for a name in .hgrm percentiles"),
    ] = None
    csv: Annotated[Text, flag("--csv", help="tables, in files that begin with this")] = None
    name: Annotated[Text, flag("--name", help="what pages with several runs call this one")] = None
    latency: Annotated[
        bool, flag("--latency", "-L", help="show the full spectrum of latencies")
    ] = False
    quiet: Annotated[bool, flag("--quiet", help="show nothing before the result")] = False
    plain: Annotated[
        bool, flag("--plain", "--no-live", "--no-tui", help="lines instead of the live view")
    ] = False
    show_plan: Annotated[
        bool, flag("--show-plan", help="print the plan in force as JSON and leave")
    ] = False


def group(name: str, place: int) -> Parameter:
    """Put the flags of a class under a heading of the help; the least ``place`` comes first."""
    return Parameter(name="*", group=Group(name, sort_key=place), show_default=False)


@dataclass(frozen=True)
class LoadFlags:
    """Everything that was asked for by flags."""

    shape: Annotated[LoadShape, group("Load", 1)] = LoadShape()
    request: Annotated[RequestFlags, group("Request", 2)] = RequestFlags()
    connection: Annotated[ConnectionFlags, group("Connection", 3)] = ConnectionFlags()
    judging: Annotated[JudgingFlags, group("Judging", 4)] = JudgingFlags()
    machine: Annotated[MachineFlags, group("Machines", 5)] = MachineFlags()
    output: Annotated[OutputFlags, group("Output", 6)] = OutputFlags()


NO_FLAGS: Final = LoadFlags()
