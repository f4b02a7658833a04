"""What can be set about services behind the gateway: ``[upstream.NAME]``.

Declarations only, each setting once (see ``settings.fields``).  Must not know where
values come from, nor who uses them.  The counts and times of connections are those of
``wire.pool``, the others those of the policies; a test compares them.
"""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Final, Literal

from typing_extensions import override

from hedgerow.serve.settings.addresses import REPLICAS, ReplicaUrl
from hedgerow.serve.settings.fields import SHORTEST, About, Record
from hedgerow.serve.settings.kinds import COUNT, DURATION, SHARE, SWITCH, choice, or_off
from hedgerow.serve.settings.names import CHECK_PATH, FILE, HOST, STATUS_LIST

_LONGEST_EJECTION: Final = 60.0
_NOBODY_OUT: Final = 'To eject nobody, write health = "off".'


class Queue(Record, frozen=True, kw_only=True):
    """How requests wait while the limit of their upstream is reached; the most urgent go first."""

    SHORT: ClassVar[str] = 'a whole number, "off"'
    EXAMPLE: ClassVar[str] = "50"

    capacity: Annotated[
        int,
        COUNT,
        About(
            "how many requests may wait; 0: nobody, what cannot start at once is refused",
            at_least=0,
            at_most=1_000_000,
        ),
    ] = 100
    patience: Annotated[
        float,
        DURATION,
        About("how long a request may wait; longer: 503", at_least=SHORTEST),
    ] = 1.0
    newest_first: Annotated[
        bool, SWITCH, About("serve the newest first while the queue does not get empty")
    ] = False

    @classmethod
    @override
    def expand(cls, value: object) -> dict[str, object] | None:
        if value == "off":
            return {"capacity": 0}
        return {"capacity": value} if type(value) is int else None


class Health(Record, frozen=True, kw_only=True):
    """When a replica is ejected because of what came of its attempts, and for how long."""

    SHORT: ClassVar[str] = '"off"'
    EXAMPLE: ClassVar[str] = "{failures = 3}"
    HAS_OFF: ClassVar[bool] = True

    failures: Annotated[
        int, COUNT, About("how many failures in a row eject a replica", at_least=1, fix=_NOBODY_OUT)
    ] = 5
    ejection: Annotated[
        float,
        DURATION,
        About(
            "how long a replica is out; the second time in succession twice as long, and so on",
            at_least=SHORTEST,
            fix=_NOBODY_OUT,
        ),
    ] = 5.0
    longest_ejection: Annotated[
        float,
        DURATION,
        About(
            "how long a replica is out at most",
            at_least=SHORTEST,
            default='"60s", or ejection where that is longer',
        ),
    ] = _LONGEST_EJECTION
    max_ejected: Annotated[
        float,
        SHARE,
        About(
            "how many replicas may be out at once; always one of two or more, and never all",
            at_least=0.01,
            fix=_NOBODY_OUT,
        ),
    ] = 0.5
    outliers: Annotated[
        bool, SWITCH, About("eject a replica too that fails far more often than the others do")
    ] = True
    panic_below: Annotated[
        float,
        SHARE,
        About("with fewer replicas left than this share, all are used, whatever is known of them"),
    ] = 0.25

    @classmethod
    @override
    def complete(cls, given: dict[str, Any]) -> dict[str, Any]:
        longest = max(_LONGEST_EJECTION, given.get("ejection", 0.0))
        return {"longest_ejection": longest, **given}


class Check(Record, frozen=True, kw_only=True):
    """How a replica is asked whether it is well."""

    SHORT: ClassVar[str] = 'a path, "off"'
    EXAMPLE: ClassVar[str] = '"/health"'
    HAS_OFF: ClassVar[bool] = True

    path: Annotated[str, CHECK_PATH, About("what is asked for, with GET")]
    interval: Annotated[
        float, DURATION, About("the time from an answer to the next question", at_least=0.01)
    ] = 5.0
    fast_interval: Annotated[
        float,
        DURATION,
        About(
            "the same while answers contradict what is known of the replica",
            at_least=0.01,
            default='"1s", or interval where that is shorter',
        ),
    ] = 1.0
    timeout: Annotated[
        float,
        DURATION,
        About(
            "how long an answer may take",
            at_least=0.01,
            default='"2s", or interval where that is shorter',
        ),
    ] = 2.0
    rise: Annotated[
        int, COUNT, About("how many good answers in a row make a replica up", at_least=1)
    ] = 2
    fall: Annotated[
        int,
        COUNT,
        About(
            "how many bad answers in a row make it down; a refused connection does so alone",
            at_least=1,
        ),
    ] = 3
    status: Annotated[
        tuple[int, ...] | None,
        STATUS_LIST,
        About("the statuses of good answers", default="200 to 399"),
    ] = None
    host: Annotated[
        str | None, HOST, About("the Host field of the question", default="the replica's address")
    ] = None

    @classmethod
    @override
    def expand(cls, value: object) -> dict[str, object] | None:
        return {"path": value} if isinstance(value, str) else None

    @classmethod
    @override
    def complete(cls, given: dict[str, Any]) -> dict[str, Any]:
        interval = given.get("interval", 5.0)
        return {"fast_interval": min(1.0, interval), "timeout": min(2.0, interval), **given}


class Upstream(Record, frozen=True, kw_only=True):
    """A service that requests are sent to, and how."""

    ABSENT: ClassVar[Mapping[str, str]] = {
        "timeout": "Times are promised to requests: write deadline into their [[route]].",
        "retries": "Write hedge = {max_attempts = 3} into the [[route]].",
        "weight": 'It stands beside its URL: write {url = "http://a:9000", weight = 2}.',
    }

    replicas: Annotated[
        tuple[ReplicaUrl, ...],
        REPLICAS,
        About(
            "the addresses that do the same work, as http:// or https:// URLs without a path; one"
            ' that shall have more traffic as {url = "...", weight = 2}'
        ),
    ]
    resolve: Annotated[
        float | None,
        or_off(DURATION),
        About(
            "how often the names in replicas are resolved; every address is a replica then, with"
            " the weight of its name; off: a name is one replica",
            at_least=0.1,
        ),
    ] = None
    balance: Annotated[
        Literal["round-robin", "least-request", "peak-ewma"],
        choice("round-robin", "least-request", "peak-ewma"),
        About(
            "which replica comes next: each in turn, or of two random ones the less busy, or the"
            " one that is expected to answer sooner"
        ),
    ] = "peak-ewma"
    limit: Annotated[
        int | Literal["adaptive"] | None,
        or_off(COUNT, "adaptive"),
        About(
            "how many attempts may be in flight to all replicas together: a number, or adaptive:"
            " found out from how long answers take",
            at_least=1,
        ),
    ] = None
    queue: Annotated[
        Queue,
        About("how requests wait where there is a limit: how many, or a table", default="100"),
    ] = Queue()
    throttle: Annotated[
        bool,
        SWITCH,
        About("refuse, by chance, what the upstream would most likely fail at"),
    ] = False
    health: Annotated[
        Health | None,
        About(
            'when a replica is left alone because of what it answers: "off", or a table',
            default="after 5 failures in a row, or many more than others have",
        ),
    ] = Health()
    check: Annotated[
        Check | None,
        About(
            'how replicas are asked whether they are well: "/health", or a table', default='"off"'
        ),
    ] = None
    slow_start: Annotated[
        float | None,
        or_off(DURATION),
        About(
            "how long a replica that has come, or come back, gets less than its share",
            at_least=SHORTEST,
        ),
    ] = 10.0
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
    cert: Annotated[
        str | None,
        FILE,
        About(
            "the certificate (PEM) that we show https replicas which ask for one",
            default="we have none",
        ),
    ] = None
    key: Annotated[
        str | None, FILE, About("the file (PEM) with its private key", default="the one of cert")
    ] = None
    verify: Annotated[bool, SWITCH, About("check the certificates and names of https replicas")] = (
        True
    )

    @property
    def may_have_several(self) -> bool:
        """Say whether there is, or may come, a second replica."""
        if len(self.replicas) > 1:
            return True
        return self.resolve is not None and any(replica.is_name for replica in self.replicas)
