"""Searches as ``hedgerow find`` leaves them, made by code."""

from hedgerow.report.document import SloResult
from hedgerow.report.find_document import (
    By,
    Came,
    Capacity,
    FindDocument,
    ProbeRecord,
    Scalability,
    Variant,
)


def probe(
    load: float, *, came: Came = "kept", p99: float = 0.1, purpose: str = "rising"
) -> ProbeRecord:
    promise = SloResult(expr="p99<250ms", value=p99, limit=0.25, unit="s", ok=came == "kept")
    return ProbeRecord(
        load=load, purpose=purpose, came=came, seconds=10.0, completed=load, requests=1000,
        failed=3, p50_us=2000, p95_us=round(p99 * 0.9e6),
        p99_us=round(p99 * 1e6), promises=[promise],
    )  # fmt: skip


def result(capacity: Capacity, *probes: ProbeRecord, by: By = "rate") -> FindDocument:
    variant = Variant(capacity=capacity, probes=list(probes))
    return FindDocument(by=by, promises=["p99<250ms"], variants=[variant])


FOUND = Capacity(kind="found", load=100.0, broken=103.0, confirmed=True, seconds=30.0)


def searched() -> FindDocument:
    """A whole search by rate."""
    return result(
        FOUND,
        probe(10),
        probe(200, came="broken", p99=0.9),
        probe(103, came="broken", p99=0.26),
        probe(100, purpose="confirming"),
        probe(103, came="broken", p99=0.27, purpose="above"),
    )


def varied(scalability: Scalability | None = None, *values: str) -> FindDocument:
    """Searches of a server with 1, 2, ... workers, in which each adds 100/s."""
    variants = [
        Variant(
            value=value,
            capacity=Capacity(kind="found", load=100.0 * number, broken=103.0 * number),
            probes=[probe(100.0 * number), probe(103.0 * number, came="broken")],
        )
        for number, value in enumerate(values or ("1", "2"), start=1)
    ]
    return FindDocument(
        promises=["p99<250ms"], varied="n", variants=variants, scalability=scalability
    )
