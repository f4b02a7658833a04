"""Whether a measurement can be trusted, from what is known of how it was taken.

Judges the generator and its machine, never the server: a server that stalls for two
seconds is a good measurement of a bad server.  A pure function; must not know how the
evidence was gathered, nor who reads the verdict.

    VALID    the figures are the server's
    SUSPECT  they are bounds, or partly the generator's: throughput was at least this, times
             at most this, or the tail is not the server's
    INVALID  they are mostly the generator's, or of another load than the one that was asked

So what only makes the generator slow is SUSPECT, however slow it is, until half of a
figure is its own.  Every threshold stands below with its reason.  Few samples are no
matter of validity: percentiles say themselves how many they need.
"""

import math
from collections.abc import Iterator, Sequence
from typing import Final

from hedgerow.load.evidence import Evidence, littles_law_gap
from hedgerow.measure import Histogram
from hedgerow.report.document import Reason, State, Verdict
from hedgerow.units import format_duration, format_share

# --- CPU ---

#: Shares are judged over this many seconds: a busy second is noise, five are a state
#: (Hyperfoil's window).
WINDOW: Final = 5
#: Of a core: above it the event loop has more and more often something else to do when an
#: answer comes (Hyperfoil stops at 80 %, Locust warns at 90 %).
BUSY_GENERATOR: Final = 0.80
#: Of the machine: below it somebody waits for a CPU in most of the kernel's time slices,
#: either the generator or a server beside it, and the figures hold for the two together.
IDLE_MACHINE: Final = 0.05
#: Of the machine in one second: 50 ms that were not ours, as long as a pause that shows in
#: the tail.  Below it is the rounding of the kernel's ticks and the usual noise of clouds.
STEAL_SUSPECT: Final = 0.05
#: Of the machine in the mean.  One bad second, however bad, spoils that second, and the
#: series shows which.  A tenth of the whole run is more than what people compare servers by.
STEAL_INVALID: Final = 0.10
#: Seconds of being throttled: one period of the kernel's CPU quota, in which we stood still.
THROTTLED_SUSPECT: Final = 0.1
#: Of the measured time: as with stolen time.
THROTTLED_INVALID: Final = 0.10

# --- being late ---

#: Seconds.  A generator that stood still this long cannot tell what the server did
#: meanwhile (Hyperfoil's watchdog counts the same as an error).
STALL: Final = 0.1
#: Share of a percentile that may be our own lateness: a tenth is what repeated runs on one
#: machine differ by anyway.
LATE_SUSPECT: Final = 0.10
#: More than half of a figure is ours.
LATE_INVALID: Final = 0.50
#: Seconds below which lateness is not held against any percentile: what the scheduler of a
#: healthy machine takes to wake a process now and then.
LATE_AT_LEAST: Final = 0.001
#: Seconds, of the loop's lag: event loops count timers in whole milliseconds, so that one
#: of them can be the timer's.
LAG_AT_LEAST: Final = 0.002
#: Which percentiles are judged, from how many samples on they say something, and how late
#: we must have been (seconds) to make all of it INVALID.  A p99 of 2 ms that is half ours
#: is an upper bound and no more; one of 10 ms and above is what promises are made about.
#: Beyond it is the tail: that it is not the server's does not spoil the rest.
JUDGED: Final = (
    ("p50", 0.5, 10, 0.001),
    ("p99", 0.99, 100, 0.010),
    ("p99.9", 0.999, 1000, math.inf),
)

# --- the load itself ---

#: Of the asked requests: below it the load was not the asked one (zrk's limit).
SENT_SUSPECT: Final = 0.99
#: A tenth is missing: the figures are those of another load.
SENT_INVALID: Final = 0.90
#: Of the users' time that X R does not account for (the same limit as for "asked": what
#: wrk's maintainers' readers found worth a bug report was 20 %).
LITTLE_SUSPECT: Final = 0.05
LITTLE_INVALID: Final = 0.50
#: Of all requests, that failed for want of a descriptor or port here: above it the share of
#: errors, which promises are made about, is ours.
NO_CAPACITY_INVALID: Final = 0.01
#: Of the shards: with half of them the load was half of the asked one.
MISSING_INVALID: Final = 0.50

#: A shorter series says nothing about how busy anybody is.
_FEWEST_SECONDS: Final = 3

_MICRO: Final = 1e-6
_RANK: Final[dict[State, int]] = {"VALID": 0, "SUSPECT": 1, "INVALID": 2}


def verdict(evidence: Evidence) -> Verdict:
    """Judge a measurement; the worst reasons come first."""
    reasons = [reason for rule in _RULES for reason in rule(evidence)]
    reasons.sort(key=lambda reason: -_RANK[reason.state])
    return Verdict(state=reasons[0].state if reasons else "VALID", reasons=reasons)


# --- what the load was ---


def _nothing_measured(evidence: Evidence) -> Iterator[Reason]:
    if evidence.completed <= 0:
        yield Reason(
            kind="no-samples",
            state="INVALID",
            fact="no request ended in the measured part; at least 1 is needed",
            hint="Measure for longer, or with a shorter warm-up.",
        )


def _shards_missing(evidence: Evidence) -> Iterator[Reason]:
    if evidence.missing_shards > 0:
        share = evidence.missing_shards / max(1, evidence.shards)
        yield Reason(
            kind="missing-shards",
            state="INVALID" if share >= MISSING_INVALID else "SUSPECT",
            fact=f"{evidence.missing_shards} of {evidence.shards} generators were lost or silent,"
            " limit 0: their part of the load and of the figures is missing",
            hint="See why they ended; nothing was scaled up in their place.",
        )


def _rate_not_sent(evidence: Evidence) -> Iterator[Reason]:
    if evidence.model != "open" or evidence.asked <= 0:
        return
    missing = max(0, evidence.asked - evidence.sent)
    waiting = min(missing, max(0, evidence.waiting))
    late = 1 - (missing - waiting) / evidence.asked
    if late < SENT_SUSPECT:
        yield Reason(
            kind="rate",
            state="INVALID" if late < SENT_INVALID else "SUSPECT",
            fact=f"the generator itself failed to send {missing - waiting} of {evidence.asked}"
            f" requests: {format_share(late)} of the asked load went out, limit"
            f" {format_share(SENT_SUSPECT)}",
            hint="Ask for a lower rate, or use more generator processes (-w) or machines.",
        )
    queued = 1 - waiting / evidence.asked
    if queued < SENT_SUSPECT:
        yield Reason(
            kind="backlog",
            state="SUSPECT",  # the server's doing: these requests count with all they waited
            fact=f"{waiting} of {evidence.asked} requests were never sent, because no connection"
            f" was free: {format_share(queued)} of the asked load went out, limit"
            f" {format_share(SENT_SUSPECT)}",
            hint="The server does not keep up with this rate: ask for less, or allow more"
            " connections (-c).",
        )


def _users_not_busy(evidence: Evidence) -> Iterator[Reason]:
    if evidence.model != "closed" or evidence.has_think_time or not evidence.users_are_steady:
        return
    if evidence.seconds <= 0 or evidence.users <= 0 or evidence.completed <= 0:
        return
    mean = evidence.response.mean * _MICRO
    gap = littles_law_gap(evidence.users, evidence.completed / evidence.seconds, mean)
    # At both ends each user has a request that is only partly in the measured time.
    edges = mean / evidence.seconds
    limit = LITTLE_SUSPECT + edges
    if gap > limit:
        yield Reason(
            kind="littles-law",
            state="INVALID" if gap > LITTLE_INVALID + edges else "SUSPECT",
            fact=f"{format_share(gap)} of the users' time was in no request (Little's law), limit"
            f" {format_share(limit)}",
            hint="The generator kept its users waiting: use more processes (-w), or fewer users.",
        )


def _nothing_left_to_connect(evidence: Evidence) -> Iterator[Reason]:
    share = evidence.no_capacity / max(1, evidence.completed)
    state: State = "INVALID" if share > NO_CAPACITY_INVALID else "SUSPECT"
    count = f"{evidence.no_capacity} requests failed for it, limit 0"
    if evidence.descriptors_short or (evidence.no_capacity > 0 and not evidence.ports_short):
        yield Reason(
            kind="descriptors",
            state=state,
            fact=f"a generator process ran out of file descriptors: {count}",
            hint="Raise the limit (ulimit -n), or use fewer connections or more processes (-w).",
        )
    if evidence.ports_short:
        yield Reason(
            kind="ports",
            state=state,
            fact=f"the machine ran out of local ports: {count}",
            hint="Keep connections alive, or widen net.ipv4.ip_local_port_range, or use more"
            " machines.",
        )


# --- who was late ---


def _late(evidence: Evidence) -> Iterator[Reason]:
    """The worse of two: lateness in sending (open model), and the loop's lag.

    Both come of the same standing still, and one reason is enough.
    """
    sending = _late_sending(evidence) if evidence.model == "open" else None
    lag = _lag(evidence, "loop-lag", evidence.loop_lag, LAG_AT_LEAST)
    if sending is not None:
        yield sending
    if lag is not None and (sending is None or _RANK[lag.state] > _RANK[sending.state]):
        yield lag


def _late_sending(evidence: Evidence) -> Reason | None:
    return _lag(evidence, "send-lag", evidence.lateness, LATE_AT_LEAST)


_WORDS: Final = {
    "send-lag": "the generator itself sent late",
    "loop-lag": "the generator's event loop woke up late",
}
_LATE_HINT: Final = (
    "Give the generator a core of its own: fewer other processes, more generator processes (-w),"
    " or another machine than the server's."
)


def _lag(evidence: Evidence, kind: str, late: Histogram, at_least: float) -> Reason | None:
    """Hold a distribution of being late against the response times, percentile by percentile."""
    worst: Reason | None = None
    quantiles = [quantile for _, quantile, _, _ in JUDGED]
    ours, shown = late.quantiles(quantiles), evidence.response.quantiles(quantiles)
    count = min(late.count, evidence.response.count)
    for (name, _, needed, spoils_at), own, whole in zip(JUDGED, ours, shown, strict=True):
        if count < needed or own * _MICRO <= at_least or own <= LATE_SUSPECT * whole:
            continue
        spoils = own > LATE_INVALID * whole and own * _MICRO > spoils_at
        if worst is None or (spoils and worst.state != "INVALID"):
            worst = Reason(
                kind=kind,
                state="INVALID" if spoils else "SUSPECT",
                fact=f"{_WORDS[kind]}: {name} {_time(own)} where the response time's is"
                f" {_time(whole)}, limit {format_share(LATE_SUSPECT)} of it",
                hint=_LATE_HINT,
            )
    if worst is None and late.max * _MICRO >= STALL:
        worst = Reason(
            kind=kind,
            state="SUSPECT",
            fact=f"{_WORDS[kind]}: by {_time(late.max)} once, limit {format_duration(STALL)}",
            hint=_LATE_HINT,
        )
    return worst


def _collector_paused(evidence: Evidence) -> Iterator[Reason]:
    if evidence.gc_pause_max >= STALL:
        yield Reason(
            kind="gc",
            state="SUSPECT",
            fact=f"the generator's garbage collector paused it for"
            f" {format_duration(evidence.gc_pause_max)}, limit {format_duration(STALL)}",
            hint="Let the scenario keep less, or use more generator processes (-w).",
        )


# --- how much CPU there was ---


def _generator_busy(evidence: Evidence) -> Iterator[Reason]:
    """Never INVALID: what CPU does to the figures is seen in lateness and in the sent rate."""
    busy = _highest_mean(evidence.cpu)
    if busy > BUSY_GENERATOR:
        what = (
            "the throughput is (partly) the generator's limit"
            if evidence.model == "closed"
            else "times hold some of the generator's own"
        )
        yield Reason(
            kind="generator-cpu",
            state="SUSPECT",
            fact=f"the busiest generator process used {format_share(busy)} of a core over"
            f" {_window(evidence.cpu)}, limit {format_share(BUSY_GENERATOR)}: {what}",
            hint="Use more generator processes (-w) where cores are free, or more machines.",
        )


def _machine_busy(evidence: Evidence) -> Iterator[Reason]:
    busy = _highest_mean([1.0 - share for share in evidence.idle])
    idle = max(0.0, 1.0 - busy)
    if idle < IDLE_MACHINE:
        server = (
            f"; the watched server used {format_share(evidence.server_share)} of them"
            if evidence.server_share is not None
            else ""
        )
        yield Reason(
            kind="machine-busy",
            state="SUSPECT",
            fact=f"{format_share(idle)} of this machine's CPUs were idle over"
            f" {_window(evidence.idle)}, limit {format_share(IDLE_MACHINE)}{server}",
            hint="Run the generator on another machine, or give it and the server CPUs of their"
            " own (taskset).",
        )


def _time_stolen(evidence: Evidence) -> Iterator[Reason]:
    if not evidence.steal:
        return
    worst, mean = max(evidence.steal), sum(evidence.steal) / len(evidence.steal)
    if worst > STEAL_SUSPECT or mean > STEAL_INVALID:
        yield Reason(
            kind="steal",
            state="INVALID" if mean > STEAL_INVALID else "SUSPECT",
            fact=f"the hypervisor gave {format_share(worst)} of this machine's CPU time to others"
            f" in the worst second and {format_share(mean)} in the mean, limits"
            f" {format_share(STEAL_SUSPECT)} and {format_share(STEAL_INVALID)}",
            hint="Use a machine with CPUs of its own, or measure again at a quieter time.",
        )


def _throttled(evidence: Evidence) -> Iterator[Reason]:
    if evidence.throttled >= THROTTLED_SUSPECT:
        share = evidence.throttled / evidence.seconds if evidence.seconds > 0 else 1.0
        yield Reason(
            kind="throttled",
            state="INVALID" if share > THROTTLED_INVALID else "SUSPECT",
            fact=f"the CPU quota of the generator's cgroup held it back for"
            f" {format_duration(evidence.throttled)} in all, limit"
            f" {format_duration(THROTTLED_SUSPECT)}",
            hint="Raise the container's CPU limit, or ask for less load.",
        )


_RULES: Final = (
    _nothing_measured,
    _shards_missing,
    _rate_not_sent,
    _nothing_left_to_connect,
    _late,
    _generator_busy,
    _users_not_busy,
    _collector_paused,
    _throttled,
    _time_stolen,
    _machine_busy,
)


def _highest_mean(series: Sequence[float]) -> float:
    """The highest mean of so many seconds in a row; of all where there are fewer."""
    if len(series) < _FEWEST_SECONDS:
        return 0.0  # starting and stopping is most of what such a run does
    length = min(WINDOW, len(series))
    starts = range(len(series) - length + 1)
    return max(sum(series[start : start + length]) for start in starts) / length


def _window(series: Sequence[float]) -> str:
    return format_duration(float(min(WINDOW, len(series))))


def _time(microseconds: int) -> str:
    return format_duration(microseconds * _MICRO)
