"""Results as real runs leave them, made by code and the same on every call."""

import functools
import math
import random
from typing import Final

import msgspec

from hedgerow.measure import Histogram, encode_hdr
from hedgerow.report.document import (
    Bytes,
    Config,
    Distribution,
    Document,
    Generator,
    Label,
    Latencies,
    Machine,
    Phase,
    Point,
    Rate,
    Reason,
    Requests,
    Server,
    ServerPoint,
    SloResult,
    SummaryRow,
    Verdict,
)

LABELS: Final = ("GET /api/smart", "POST /orders", "login")
CODES: Final = {"status_5xx": "503", "timeout": "", "reset": ""}
SAMPLES: Final = {
    "status_5xx": '503 from http://127.0.0.1:9000/api/smart: {"error": "over capacity"}',
    "timeout": "no whole answer within 2s of sending",
    "reset": "[Errno 104] Connection reset by peer",
}


def distribution(values: list[int]) -> Distribution:
    """What a report says of these microseconds."""
    if not values:
        return Distribution()
    histogram = Histogram()
    histogram.record_all(values)
    shares = (0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 0.9999)
    p50, p75, p90, p95, p99, p99_9, p99_99 = histogram.quantiles(shares)
    return Distribution(
        count=len(values),
        min=histogram.min,
        mean=histogram.mean,
        stdev=histogram.stddev,
        p50=p50,
        p75=p75,
        p90=p90,
        p95=p95,
        p99=p99,
        p99_9=p99_9,
        p99_99=p99_99,
        max=histogram.max,
        histogram=encode_hdr(histogram),
    )


def row(label: str, values: list[int], failed: int, span: float) -> SummaryRow:
    """JMeter's row of these microseconds."""
    times = [value // 1000 for value in values]
    count = len(times)
    mean = sum(times) / count if count else 0.0
    return SummaryRow(
        label=label,
        samples=count,
        average_ms=mean,
        min_ms=min(times, default=0),
        max_ms=max(times, default=0),
        stdev_ms=math.sqrt(sum((t - mean) ** 2 for t in times) / count) if count else 0.0,
        error_share=failed / count if count else 0.0,
        throughput=count / span,
        received_kb_s=count * 812 / 1024 / span,
        sent_kb_s=count * 164 / 1024 / span,
        average_bytes=812.0 if count else 0.0,
    )


class _Run:
    """The requests of a made-up run, second by second."""

    def __init__(self, *, seconds: int, rate: float, slow: float, seed: int) -> None:
        self.rng = random.Random(seed)
        self.seconds, self.rate, self.slow = seconds, rate, slow
        self.values: list[int] = []
        self.service: list[int] = []
        self.lags: list[int] = []
        self.errors: dict[str, int] = {}

    def second(self, t: int, failing: float) -> tuple[list[int], list[int], dict[str, int]]:
        """Response times, lags and errors of one second; a stall comes at two thirds of the run."""
        stalled = abs(t - self.seconds * 2 // 3) <= max(1, self.seconds // 40)
        times, lags = [], []
        errors: dict[str, int] = {}
        for _ in range(max(1, round(self.rate * self.rng.uniform(0.97, 1.03)))):
            service = self.rng.lognormvariate(math.log(24_000 * self.slow), 0.45)
            lag = self.rng.lognormvariate(math.log(90), 0.6)
            if stalled:
                lag += self.rng.uniform(0, 900_000)
            times.append(round(service + lag))
            lags.append(round(lag))
            if self.rng.random() < failing * (6 if stalled else 1):
                kind = self.rng.choice(list(SAMPLES))
                errors[kind] = errors.get(kind, 0) + 1
        return times, lags, errors

    def keep(self, times: list[int], lags: list[int], errors: dict[str, int]) -> None:
        """Count a measured second."""
        self.values += times
        self.lags += lags
        self.service += [time - lag for time, lag in zip(times, lags, strict=True)]
        for kind, count in errors.items():
            self.errors[kind] = self.errors.get(kind, 0) + count


def point(t: int, phase: Phase, run: _Run, failing: float, *, users: int | None) -> Point:
    """One second of a run, also counted in the run where it is measured."""
    times, lags, errors = run.second(t, failing)
    if phase == "measured":
        run.keep(times, lags, errors)
    failed, of = sum(errors.values()), distribution(times)
    lag = distribution(lags)
    waiting = max(0, round(lag.p50 / 1e6 * run.rate) - 1)
    return Point(
        t=float(t),
        seconds=1.0,
        phase=phase,
        asked=None if users else run.rate,
        sent=len(times),
        ok=len(times) - failed,
        failed=failed,
        errors=errors,
        users=users or 0,
        in_flight=users or max(1, round(of.mean / 1e6 * run.rate)),
        backlog=0 if users else waiting,
        connections=users or 50,
        bytes_in=len(times) * 812,
        bytes_out=len(times) * 164,
        mean_us=of.mean,
        p50_us=of.p50,
        p95_us=of.p95,
        p99_us=of.p99,
        p99_9_us=of.p99_9,
        max_us=of.max,
        service_p50_us=round(of.p50 * 0.98),
        service_p99_us=round(of.p99 * 0.9),
        lag_p99_us=lag.p99,
        lag_max_us=lag.max,
        generator_cpu=0.12 + run.rng.uniform(0, 0.05),
    )


def server(points: list[Point], slow: float) -> Server:
    """A server whose CPU follows the load and whose memory grows a little."""
    seen = [
        ServerPoint(
            t=p.t,
            cpu=p.ok / 260 * (0.7 + 0.1 * math.sin(p.t / 3)),
            rss=round((92 + p.t * 0.35 + 20 * slow) * 2**20),
            pss=round((71 + p.t * 0.3 + 20 * slow) * 2**20),
            fds=40 + p.in_flight,
            threads=5 + (int(p.t) > 8),
            processes=2,
        )
        for p in points
    ]
    return Server(
        name="uvicorn app:app --workers 2",
        pids=[4711, 4712],
        points=seen,
        cpu_mean=sum(p.cpu for p in seen) / len(seen),
        cpu_max=max(p.cpu for p in seen),
        rss_max=max(p.rss for p in seen),
        pss_max=max(p.pss or 0 for p in seen),
        fds_max=max(p.fds for p in seen),
        threads_max=max(p.threads for p in seen),
    )


def _labels(run: _Run) -> list[Label]:
    """The run's requests dealt out to three labels, most to the first."""
    found = []
    parts = [run.values[0::2], run.values[1::4], run.values[3::4]]
    services = [run.service[0::2], run.service[1::4], run.service[3::4]]
    failed = sum(run.errors.values())
    for label, times, services_of, share in zip(
        LABELS, parts, services, (0.5, 0.25, 0.25), strict=True
    ):
        bad = min(len(times), round(failed * share))
        found.append(
            Label(
                label=label,
                requests=Requests(total=len(times), ok=len(times) - bad, failed=bad),
                response=distribution(times),
                service=distribution(services_of),
                summary=row(label, times, bad, run.seconds),
            )
        )
    return found


def _latencies(run: _Run) -> Latencies:
    response = distribution(run.values)
    return Latencies(
        response=response,
        response_ok=response,
        service=distribution(run.service),
        ttfb=distribution([value - value // 20 for value in run.service]),
        connect=distribution([300 + 7 * n for n in range(50)]),
        send_lag=distribution(run.lags),
        lateness=distribution([min(lag, 400) for lag in run.lags]),
        backlog=distribution([max(0, lag - 400) for lag in run.lags]),
    )


def _config(run: _Run, users: int | None, warm_up: int) -> Config:
    asked = f"-u {users} --ramp-up 4s" if users else f"-R {run.rate:g}"
    return Config(
        command=f"hedgerow load http://127.0.0.1:9000/api/smart {asked} -d {run.seconds}s "
        f"-W {warm_up}s --slo 'p99<250ms' --slo 'errors<1%' --watch :9000",
        model="closed" if users else "open",
        arrivals=None if users else "poisson",
        users=users,
        ramp_up_s=4.0 if users else 0.0,
        rate="" if users else f"{run.rate:g}",
        connections=None if users else 50,
        duration_s=float(run.seconds),
        warm_up_s=float(warm_up),
        timeout_s=2.0,
        think_time="1s..3s" if users else "",
        seed=1,
    )


@functools.cache
def document(
    *,
    name: str = "",
    seconds: int = 20,
    rate: float = 100.0,
    users: int | None = None,
    slow: float = 1.0,
    failing: float = 0.004,
    warm_up: int = 3,
    watched: bool = True,
) -> Document:
    """A run: open where ``users`` is None; ``slow`` times as slow, ``failing`` a share."""
    run = _Run(seconds=seconds, rate=rate, slow=slow, seed=round(rate * slow))
    kinds: tuple[tuple[Phase, int], ...] = (
        ("warm-up", warm_up),
        ("measured", seconds),
        ("drain", 1),
    )
    phases = [phase for phase, times in kinds for _ in range(times)]
    points = [point(t, phase, run, failing, users=users) for t, phase in enumerate(phases, 1)]
    total, failed = len(run.values), sum(run.errors.values())
    latencies = _latencies(run)
    codes = {"200": total - failed, "503": run.errors.get("status_5xx", 0)}
    p99 = latencies.response.p99 / 1e6
    return Document(
        tool="hedgerow 1.1.0",
        name=name,
        target="http://127.0.0.1:9000/api/smart",
        started="2026-11-05T14:03:22+00:00",
        duration_s=float(seconds),
        config=_config(run, users, warm_up),
        verdict=Verdict(
            state="SUSPECT",
            reasons=[
                Reason(
                    kind="send-lag",
                    state="SUSPECT",
                    fact="the p99 of the send lag was 712ms: above 10ms",
                    hint="Nothing was free to send on: give it more connections with -c, or ask "
                    "for a lower rate.",
                )
            ],
        )
        if not users
        else Verdict(),
        slo=[
            SloResult(expr="p99<250ms", value=p99, limit=0.25, unit="s", ok=p99 < 0.25),
            SloResult(expr="errors<1%", value=failed / total, limit=0.01, unit="share",
                      ok=failed / total < 0.01),
            SloResult(expr="rps>50", value=total / seconds, limit=50.0, unit="/s", ok=True),
        ],
        rate=Rate(
            asked=None if users else rate,
            sent=total / seconds,
            completed=total / seconds,
            ok=(total - failed) / seconds,
            ratio=None if users else total / seconds / rate,
        ),
        requests=Requests(total=total, ok=total - failed, failed=failed),
        status_codes={code: count for code, count in codes.items() if count},
        errors=run.errors,
        error_samples={kind: SAMPLES[kind] for kind in run.errors},
        connections_opened=50,
        bytes_in=Bytes(total=812 * total, mean=812.0),
        bytes_out=Bytes(total=164 * total, mean=164.0),
        latency_us=latencies,
        labels=_labels(run),
        total=row("TOTAL", run.values, failed, seconds),
        timeseries=points,
        server=server(points, slow) if watched else None,
        generator=Generator(
            processes=2,
            cpu_mean=0.14,
            cpu_max=0.19,
            cpu_seconds=0.28 * seconds,
            loop_lag_us=distribution([40 + n % 90 for n in range(1000)]),
            gc_pause_max_s=0.0031,
            steal_max=0.012,
            memory=61 * 2**20,
            idle_min=0.31,
            littles_law_gap=0.013 if users else None,
        ),
        machine=Machine(
            system="Linux 6.18", python="CPython 3.13.0", cpu="Xeon", cores=2, memory=8 * 2**30
        ),
    )  # fmt: skip


def empty() -> Document:
    """A run in which nothing was sent."""
    return Document(
        tool="hedgerow 1.1.0",
        target="http://127.0.0.1:9000/",
        started="2026-11-05T14:03:22+00:00",
        interrupted=True,
        stopped_because="interrupted before the first request",
        verdict=Verdict(
            state="INVALID",
            reasons=[
                Reason(
                    kind="no-requests",
                    state="INVALID",
                    fact="no request was sent",
                    hint="Let it run for longer than its warm-up.",
                )
            ],
        ),
        slo=[SloResult(expr="p99<250ms", value=None, limit=0.25, unit="s", ok=False,
                       detail="there were no samples")],
    )  # fmt: skip


def all_failed(*, seconds: int = 20) -> Document:
    """A run in which nobody answered."""
    base = document(seconds=seconds, watched=False)
    points = [
        msgspec.structs.replace(p, ok=0, failed=p.sent, errors={"connect_refused": p.sent})
        for p in base.timeseries
    ]
    total = base.requests.total
    labels = [
        msgspec.structs.replace(
            label,
            requests=Requests(total=label.requests.total, failed=label.requests.total),
            summary=msgspec.structs.replace(label.summary, error_share=1.0),
        )
        for label in base.labels
    ]
    assert base.total is not None
    return msgspec.structs.replace(
        base,
        requests=Requests(total=total, failed=total),
        rate=Rate(asked=100.0, sent=100.0, completed=100.0, ok=0.0, ratio=1.0),
        status_codes={},
        errors={"connect_refused": total},
        error_samples={"connect_refused": "[Errno 111] Connect call failed ('127.0.0.1', 9000)"},
        timeseries=points,
        labels=labels,
        total=msgspec.structs.replace(base.total, error_share=1.0),
    )
