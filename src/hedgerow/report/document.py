"""What a result file holds: one JSON document, whose schema is published.

Everybody who measures fills one in; everybody who shows, compares or judges reads it.
Must not know how the figures came about.  Keys carry their unit: ``_us`` are microseconds
(integers, as histograms hold them), ``_s`` seconds, ``rate`` is a second.  The words are
those that other tools' readers look for (vegeta's and oha's ``status_codes``, zrk's
``latency_us``, JMeter's summary row).

    response time   from when a request was due to the end of its answer: what a user waits,
                    and what an SLO is judged on
    service time    from when it was sent: what the server took, and what most tools show
    send lag        the difference, by cause: ``lateness`` (the generator woke up late) and
                    ``backlog`` (it waited for a connection)

The schema has a version of its own: it rises when a key changes its meaning or goes, not
when one is added.
"""

import inspect
import re
from collections.abc import Callable
from pathlib import Path
from typing import Final, Literal, TypeVar

import msgspec

from hedgerow.errors import ConfigError

SCHEMA_VERSION: Final = 1

State = Literal["VALID", "SUSPECT", "INVALID"]
Phase = Literal["warm-up", "measured", "drain"]
_Read = TypeVar("_Read")


class _Record(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the document; unknown keys are skipped, so that newer files can be read."""


class Distribution(_Record, frozen=True):
    """How times were distributed, in microseconds; all 0 where ``count`` is 0.

    ``histogram`` is HdrHistogram's V2 encoding (base64), which other tools merge and plot.
    """

    count: int = 0
    min: int = 0
    mean: float = 0.0
    stdev: float = 0.0  # of the population
    p50: int = 0
    p75: int = 0
    p90: int = 0
    p95: int = 0
    p99: int = 0
    p99_9: int = 0
    p99_99: int = 0
    max: int = 0
    histogram: str | None = None


#: How many samples each percentile rests on at least: 1 / (1 - q), one sample beyond it (the
#: rule of Elastic's Rally).  Below that it is the maximum by another name, and not shown.
SAMPLES_NEEDED: Final = {
    "p50": 2, "p75": 4, "p90": 10, "p95": 20, "p99": 100, "p99_9": 1_000, "p99_99": 10_000,
}  # fmt: skip


class Latencies(_Record, frozen=True):
    """Every distribution of a run; ``response`` holds good and failed requests alike."""

    response: Distribution = Distribution()
    response_ok: Distribution = Distribution()
    response_failed: Distribution = Distribution()
    service: Distribution = Distribution()
    ttfb: Distribution = Distribution()  # from sent to the first byte of the answer
    connect: Distribution = Distribution()  # name, TCP and TLS of each new connection
    send_lag: Distribution = Distribution()  # lateness and backlog together
    lateness: Distribution = Distribution()
    backlog: Distribution = Distribution()


class Rate(_Record, frozen=True):
    """Requests a second while requests were sent: what ended in the drain is in no rate.

    ``asked`` is None in a closed model, where nobody asks for a rate.
    """

    asked: float | None = None
    sent: float = 0.0
    completed: float = 0.0
    ok: float = 0.0
    ratio: float | None = None  # sent by asked


class Requests(_Record, frozen=True):
    """Counts of requests after the warm-up; total = ok + failed, unfinished ones among failed."""

    total: int = 0
    ok: int = 0
    failed: int = 0
    unfinished: int = 0  # still under way when the run was over


class Bytes(_Record, frozen=True):
    """Bytes on the wire, heads included, TLS not."""

    total: int = 0
    mean: float = 0.0  # a request


class SummaryRow(_Record, frozen=True):
    """One row of JMeter's Summary Report, in its own units and with its own rounding rules.

    Times are whole milliseconds; ``average_ms`` and ``stdev_ms`` (of the population) are exact,
    and truncated or rounded when shown.  ``throughput`` counts over the label's own span.
    """

    label: str
    samples: int
    average_ms: float
    min_ms: int
    max_ms: int
    stdev_ms: float
    error_share: float
    throughput: float  # samples a second, from the first start to the last end
    received_kb_s: float  # KB of 1,024 bytes
    sent_kb_s: float
    average_bytes: float


class Label(_Record, frozen=True):
    """One kind of request: what JMeter calls a sampler."""

    label: str
    requests: Requests
    response: Distribution
    service: Distribution
    summary: SummaryRow
    errors: dict[str, int] = {}


class Point(_Record, frozen=True):
    """One interval of the run, ``t`` seconds after its beginning (the interval's end)."""

    t: float
    seconds: float  # its length
    phase: Phase
    asked: float | None = None  # requests a second that were due
    sent: int = 0
    ok: int = 0
    failed: int = 0
    errors: dict[str, int] = {}
    users: int = 0  # at its end, like the next three
    in_flight: int = 0
    backlog: int = 0  # due, and waiting for a connection
    connections: int = 0
    bytes_in: int = 0
    bytes_out: int = 0
    mean_us: float = 0.0  # of the response time, like the next five
    p50_us: int = 0
    p95_us: int = 0
    p99_us: int = 0
    p99_9_us: int = 0
    max_us: int = 0
    service_p50_us: int = 0
    service_p99_us: int = 0
    lag_p99_us: int = 0
    lag_max_us: int = 0
    generator_cpu: float = 0.0  # of the busiest generator process, 1 = a whole core
    missing_shards: int = 0  # that were lost or silent


class ServerPoint(_Record, frozen=True):
    """What a watched server used at one moment of the run."""

    t: float
    cpu: float  # cores, all its processes together
    rss: int  # bytes; pages shared by several processes count in each
    pss: int | None = None  # bytes; shared pages counted once (None: the kernel does not tell)
    fds: int = 0
    threads: int = 0
    processes: int = 0


class Server(_Record, frozen=True):
    """The watched server over the whole run."""

    name: str  # its command, or what was asked to be watched
    pids: list[int] = []
    points: list[ServerPoint] = []
    cpu_mean: float = 0.0  # over the measured part
    cpu_max: float = 0.0
    rss_max: int = 0
    pss_max: int | None = None
    fds_max: int = 0
    threads_max: int = 0
    ended_early: bool = False  # it was gone before the run was over


class Generator(_Record, frozen=True):
    """What the measurement cost, and what disturbed it."""

    processes: int = 1
    shards: int = 1
    cpu_mean: float = 0.0  # of a process over the measured part, 1 = a whole core
    cpu_max: float = 0.0  # of the busiest process in its busiest second
    cpu_seconds: float = 0.0  # user and system time of all processes in the measured part
    loop_lag_us: Distribution = Distribution()  # how late the event loop woke up
    gc_pause_max_s: float = 0.0
    steal_max: float = 0.0  # share of the machine that the hypervisor gave to others, worst second
    throttled_s: float = 0.0  # by a cgroup's CPU quota
    memory: int = 0  # RSS in bytes of all generator processes at the end
    idle_min: float | None = None  # share of the machine's CPUs that was idle, worst second
    littles_law_gap: float | None = None  # |N - X R| / N in a closed model without think time
    missing_shards: list[int] = []
    lost_because: list[str] = []  # why each of these is missing
    start_spread_s: float | None = None  # at most, between the beginnings of two shards


class Reason(_Record, frozen=True):
    """Why a measurement is not simply to be believed."""

    kind: str  # a word to filter by: "generator-cpu", "send-lag", ...
    state: State  # how bad it is
    fact: str  # what was seen, with the figure and the limit
    hint: str  # what to do


class Verdict(_Record, frozen=True):
    """Whether the measurement can be trusted; says nothing about the server."""

    state: State = "VALID"
    reasons: list[Reason] = []


class SloResult(_Record, frozen=True):
    """One promise and what came of it."""

    expr: str
    value: float | None  # in the unit of the limit; None: there were no samples, which fails
    limit: float
    unit: str  # "s", "share", "/s", "B", "cores", ""
    ok: bool
    detail: str = ""  # in words, for people


class Config(_Record, frozen=True):
    """What was asked for, as far as a reader wants to know; ``command`` repeats it."""

    command: str = ""
    model: Literal["closed", "open"] = "closed"
    arrivals: Literal["even", "poisson"] | None = None
    connections: int | None = None
    users: int | None = None
    iterations: int | None = None
    ramp_up_s: float = 0.0
    think_time: str = ""
    rate: str = ""  # as asked: "200", "100:500", or the stages
    stages: str = ""
    duration_s: float | None = None
    requests: int | None = None
    warm_up_s: float = 0.0
    timeout_s: float = 0.0
    keep_alive: bool = True
    processes: int = 1
    shards: int = 1
    seed: int = 0
    scenario: str = ""


class Machine(_Record, frozen=True):
    """Where the load came from."""

    system: str = ""
    python: str = ""
    cpu: str = ""
    cores: int = 0
    memory: int = 0  # bytes


class Document(_Record, frozen=True):
    """One run of the load generator."""

    schema_version: int = SCHEMA_VERSION
    tool: str = ""
    kind: Literal["load"] = "load"
    name: str = ""  # how a page with several runs calls this one
    target: str = ""
    started: str = ""  # ISO 8601, UTC
    #: Of the measured part: the plan's; where a count or somebody ended it, the time from the
    #: first request's beginning to the last one's end.
    duration_s: float = 0.0
    interrupted: bool = False
    stopped_because: str = ""  # why it ended before its plan did
    config: Config = Config()
    verdict: Verdict = Verdict()
    slo: list[SloResult] = []
    rate: Rate = Rate()
    requests: Requests = Requests()
    status_codes: dict[str, int] = {}
    errors: dict[str, int] = {}  # by class, see the documentation
    error_samples: dict[str, str] = {}  # one message of each class
    connections_opened: int = 0
    bytes_in: Bytes = Bytes()
    bytes_out: Bytes = Bytes()
    latency_us: Latencies = Latencies()
    iterations_us: Distribution = Distribution()  # of a scenario's users, from when each was due
    labels: list[Label] = []
    total: SummaryRow | None = None  # JMeter's TOTAL
    timeseries: list[Point] = []
    server: Server | None = None
    generator: Generator = Generator()
    machine: Machine = Machine()


def write_document(document: Document, path: Path) -> None:
    """Write a result file that people can read and diff too."""
    path.write_bytes(msgspec.json.format(msgspec.json.encode(document), indent=1) + b"\n")


def read_document(path: Path) -> Document:
    """Read a result file, or the one inside a page; raises ConfigError."""
    return _read(path, decode_document)


def read_documents(path: Path) -> list[Document]:
    """Read a result file, or all results inside a page; raises ConfigError."""
    return _read(path, decode_documents)


#: A page with one run holds the first, a page with several holds the second once a run.
_RESULT_IN_PAGE: Final = re.compile(
    rb'<script type="application/json" (?:id="result"|class="result")>(.*?)</script>', re.DOTALL
)


def decode_document(data: bytes) -> Document:
    """Read a document from JSON, or from a page with one run; ValueError says what is wrong."""
    documents = decode_documents(data)
    if len(documents) > 1:
        raise ValueError(f"this page holds {len(documents)} results, where one is wanted")
    return documents[0]


def decode_documents(data: bytes) -> list[Document]:
    """Read what JSON or a page holds: one document at least; ValueError says what is wrong."""
    return [_decoded(found) for found in results_in(data)]


def results_in(data: bytes) -> list[bytes]:
    """Return the JSON of each result, of which a page may hold several; ValueError: none."""
    if data.lstrip()[:1] != b"<":
        return [data]
    # A page writes "</" as "<\\/", which JSON reads as the same.
    found = _RESULT_IN_PAGE.findall(data)
    if not found:
        raise ValueError("this page holds no result")
    return found


class _Mark(msgspec.Struct):
    """What every result has: without it any JSON would be read as an empty one."""

    schema_version: int


def _decoded(data: bytes) -> Document:
    msgspec.json.decode(data, type=_Mark)
    document = msgspec.json.decode(data, type=Document)
    if document.schema_version > SCHEMA_VERSION:
        raise ValueError(
            f"schema_version {document.schema_version}: this version reads {SCHEMA_VERSION}"
        )
    return document


def schema() -> dict[str, object]:
    """Return the JSON Schema of the document."""
    whole = msgspec.json.schema(Document)
    for record in whole["$defs"].values():
        if "description" in record:  # Python 3.13 takes the indentation off, older ones do not
            record["description"] = inspect.cleandoc(record["description"])
    return whole


def _read(path: Path, decode: Callable[[bytes], _Read]) -> _Read:
    try:
        return decode(path.read_bytes())
    except OSError as error:
        raise _unreadable(path, f"({error.strerror})") from error
    except (msgspec.DecodeError, ValueError) as error:
        raise _unreadable(path, f"({error})") from error


def _unreadable(path: Path, fix: str) -> ConfigError:
    return ConfigError(
        "result", got=str(path), must="a file that hedgerow load --json or --html wrote", fix=fix
    )
