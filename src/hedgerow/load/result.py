"""From totals to a result document: what the figures are called and how they are rounded.

Pure: totals, the order and a few moments in, a document out.  Must not know where it goes.
"""

from collections.abc import Mapping
from typing import Final

import hedgerow
from hedgerow.load.book import Track
from hedgerow.load.evidence import Evidence, littles_law_gap
from hedgerow.load.figures import BookFigures, Promises
from hedgerow.load.order import Order
from hedgerow.load.outcome import Outcome
from hedgerow.load.plan import Closed, LoadPlan, Open, RequestPlan
from hedgerow.load.totals import Totals, Trouble
from hedgerow.load.verdict import verdict
from hedgerow.measure import Histogram, encode_hdr
from hedgerow.report.document import (
    Bytes,
    Distribution,
    Document,
    Generator,
    Label,
    Latencies,
    Machine,
    Rate,
    Requests,
    Server,
    SummaryRow,
)
from hedgerow.report.summary import summary_row


def document(  # noqa: PLR0913  # everything that a run has to say meets here
    order: Order,
    totals: Totals,
    promises: Promises,
    *,
    started: str,
    server: Server | None,
    machine: Machine,
    stopped_because: str = "",
    interrupted: bool = False,
) -> Document:
    """Put a result together."""
    book, plan = totals.book, order.plan
    whole = book.whole()
    seconds = measured_seconds(totals)
    share = _server_share(server, machine) if order.cluster == "local" else None
    evidence = evidence_of(totals, seconds, shards=order.config.shards, server_share=share)
    figures = _figures(totals, seconds, server)
    totals.series.finish()
    summary = summary_row("TOTAL", whole.tally, bytes_in=whole.bytes_in, bytes_out=whole.bytes_out)
    return Document(
        tool=f"hedgerow {hedgerow.__version__}",
        name=order.name,
        target=order.target,
        started=started,
        duration_s=round(seconds, 3),
        interrupted=interrupted,
        stopped_because=stopped_because,
        config=order.config,
        verdict=verdict(evidence),
        slo=promises.results(figures, interrupted=interrupted),
        rate=_rate(totals, seconds),
        requests=Requests(
            total=book.ended, ok=book.ok, failed=book.failed, unfinished=book.unfinished
        ),
        status_codes={str(code): count for code, count in sorted(book.status_codes.items())},
        errors=_by_count(book.errors),
        error_samples=book.error_samples,
        connections_opened=book.connections_opened,
        bytes_in=_bytes(whole.bytes_in, book.ended),
        bytes_out=_bytes(whole.bytes_out, book.ended),
        latency_us=_latencies(whole),
        iterations_us=distribution(book.iterations),
        labels=[_label(name, totals) for name in book.tracks],
        total=summary,
        timeseries=totals.series.points,
        server=server,
        generator=_generator(plan, totals.trouble, evidence, order.config.shards),
        machine=machine,
    )


def _figures(totals: Totals, seconds: float, server: Server | None) -> BookFigures:
    """What promises are held against."""
    points = () if server is None else server.points
    since, until = totals.measured_span
    measured = [point for point in points if since < point.t <= until]
    pace = totals.pace if totals.ended_by_time else None
    return BookFigures(totals.book, seconds, measured, pace)


def measured_seconds(totals: Totals) -> float:
    """How long the measured part was: the time in which requests were to be sent.

    Where a count ended it sooner, somebody stopped it, or nothing else was to end it: from
    the first request's beginning to the last one's end.
    """
    if totals.ended_by_time:
        return totals.plan.duration or 0.0
    return totals.book.whole().tally.span


def distribution(histogram: Histogram) -> Distribution:
    """Return the figures of a histogram, with the histogram itself."""
    if not histogram.is_used:
        return Distribution()
    p50, p75, p90, p95, p99, p999, p9999 = histogram.quantiles(
        (0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 0.9999)
    )
    return Distribution(
        count=histogram.count,
        min=histogram.min,
        mean=round(histogram.mean, 1),
        stdev=round(histogram.stddev, 1),
        p50=p50,
        p75=p75,
        p90=p90,
        p95=p95,
        p99=p99,
        p99_9=p999,
        p99_99=p9999,
        max=histogram.max,
        histogram=encode_hdr(histogram),
    )


def evidence_of(
    totals: Totals, seconds: float, *, shards: int, server_share: float | None = None
) -> Evidence:
    """Gather what the verdict needs."""
    plan, book, trouble = totals.plan, totals.book, totals.trouble
    whole = book.whole()
    model = plan.model
    is_open = isinstance(model, Open)
    return Evidence(
        model="open" if is_open else "closed",
        seconds=seconds,
        completed=book.ended - book.errors.get(Outcome.EXCEPTION.value, 0),
        response=whole.response(),
        users=model.users if isinstance(model, Closed) else 0,
        users_are_steady=isinstance(model, Closed) and _is_steady(model, plan),
        has_think_time=isinstance(model, Closed) and _thinks(model, plan),
        asked=book.ended if is_open else 0,
        sent=book.sent + book.errors_of(_NOT_SENT) if is_open else 0,
        waiting=book.shed if is_open else 0,
        lateness=whole.lateness,
        cpu=trouble.cpu,
        loop_lag=trouble.loop_lag,
        gc_pause_max=trouble.gc_pause,
        descriptors_short=trouble.descriptors_short,
        ports_short=trouble.ports_short,
        no_capacity=book.errors.get(Outcome.NO_CAPACITY.value, 0),
        shards=shards * plan.processes,
        missing_shards=len(trouble.missing) * plan.processes + trouble.lost_processes,
        idle=trouble.idle,
        steal=trouble.steal,
        throttled=trouble.throttled,
        server_share=server_share,
    )


def _server_share(server: Server | None, machine: Machine) -> float | None:
    """Which share of this machine's CPUs the watched server used; None: there was none."""
    return server.cpu_mean / machine.cores if server is not None and machine.cores else None


#: Begun in time, though no connection could be made for them, or they were no requests at all.
_NOT_SENT: Final = frozenset({
    Outcome.DNS, Outcome.CONNECT_REFUSED, Outcome.CONNECT_TIMEOUT, Outcome.CONNECT_FAILED,
    Outcome.TLS, Outcome.NO_CAPACITY, Outcome.EXCEPTION,
})  # fmt: skip


def _latencies(whole: Track) -> Latencies:
    return Latencies(
        response=distribution(whole.response()),
        response_ok=distribution(whole.distribution("ok")),
        response_failed=distribution(whole.failed),
        service=distribution(whole.distribution("service")),
        ttfb=distribution(whole.distribution("ttfb")),
        connect=distribution(whole.connect),
        send_lag=distribution(whole.send_lag),
        lateness=distribution(whole.lateness),
        backlog=distribution(whole.backlog),
    )


def _is_steady(model: Closed, plan: LoadPlan) -> bool:
    """Say whether the same users are there, and busy, all through the measured part."""
    ends_by_count = plan.requests is not None or model.iterations is not None
    return not (model.stages or ends_by_count) and model.ramp_up <= plan.warm_up


def _thinks(model: Closed, plan: LoadPlan) -> bool:
    return bool(model.think_time.high) or not _is_plain(plan)


def _rate(totals: Totals, seconds: float) -> Rate:
    if not seconds:
        return Rate()
    plan, book = totals.plan, totals.book
    ended, ok, sent = book.ended, book.ok, book.sent
    window = seconds
    if totals.ended_by_time:
        ended, ok, sent = totals.pace.ended.total(), totals.pace.ok.total(), totals.sent_in_window
        window = totals.pace.seconds  # as it was: a tick longer than the plan's
    asked = totals.asked_rate(seconds)
    # Arrivals end when the plan does; users are stopped by the next tick.
    sending = window if asked is None else seconds
    return Rate(
        asked=None if asked is None else round(asked, 3),
        sent=round(sent / sending, 3),
        completed=round(ended / window, 3),
        ok=round(ok / window, 3),
        ratio=round(min(1.0, sent / sending / asked), 4) if asked and _is_plain(plan) else None,
    )


def _is_plain(plan: LoadPlan) -> bool:
    """Say whether an arrival is one request: with redirects or a scenario it may be several."""
    return isinstance(plan.work, RequestPlan) and not plan.work.follow


def _by_count(errors: Mapping[str, int]) -> dict[str, int]:
    """Return the commonest first."""
    return dict(sorted(errors.items(), key=lambda error: -error[1]))


def _bytes(total: int, requests: int) -> Bytes:
    return Bytes(total=total, mean=round(total / requests, 1) if requests else 0.0)


def _label(name: str, totals: Totals) -> Label:
    track = totals.book.tracks[name]
    failed = track.failed.count
    ok = track.distribution("ok").count
    row: SummaryRow = summary_row(
        name, track.tally, bytes_in=track.bytes_in, bytes_out=track.bytes_out
    )
    return Label(
        label=name,
        requests=Requests(total=ok + failed, ok=ok, failed=failed),
        response=distribution(track.response()),
        service=distribution(track.distribution("service")),
        summary=row,
        errors=_by_count(track.errors),
    )


def _generator(plan: LoadPlan, trouble: Trouble, evidence: Evidence, shards: int) -> Generator:
    gap = None
    if evidence.users and evidence.users_are_steady and not evidence.has_think_time:
        throughput = evidence.completed / evidence.seconds if evidence.seconds else 0.0
        gap = littles_law_gap(evidence.users, throughput, evidence.response.mean / 1e6)
    return Generator(
        processes=plan.processes,
        shards=shards,
        cpu_mean=round(trouble.cpu_seconds / (trouble.process_seconds or 1.0), 3),
        cpu_max=round(max(trouble.cpu, default=0.0), 3),
        cpu_seconds=round(trouble.cpu_seconds, 3),
        loop_lag_us=distribution(trouble.loop_lag),
        gc_pause_max_s=round(trouble.gc_pause, 4),
        steal_max=round(max(trouble.steal, default=0.0), 4),
        throttled_s=round(trouble.throttled, 3),
        memory=trouble.memory,
        idle_min=round(min(trouble.idle), 4) if trouble.idle else None,
        littles_law_gap=None if gap is None else round(gap, 4),
        missing_shards=sorted(trouble.missing),
        lost_because=trouble.lost_because,
        start_spread_s=None if trouble.start_spread is None else round(trouble.start_spread, 6),
    )
