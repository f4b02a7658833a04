"""What one run says about a load: kept, broken, or nothing.

A promise that broke while the generator itself was at its limit says nothing of the server:
such a probe is invalid, not broken.  Must not know which load comes next.
"""

from collections.abc import Sequence
from typing import Final

from hedgerow.lab.search import Outcome, Probe
from hedgerow.measure.slo import Slo, parse_slo
from hedgerow.report.document import Document, SloResult
from hedgerow.report.find_document import Came, ProbeRecord

#: Promised wherever nothing is said of failures: refused connections are answered fast, so
#: that a server which is down would keep any promise about time.
FEW_ERRORS: Final = "errors<1%"

#: Reasons of a verdict that put the blame for a broken promise on the generator.
_GENERATOR: Final = frozenset({
    "rate", "generator-cpu", "descriptors", "ports", "missing-shards", "littles-law",
})  # fmt: skip
_CAME: Final[dict[Outcome, Came]] = {
    Outcome.KEPT: "kept", Outcome.BROKEN: "broken", Outcome.INVALID: "invalid",
}  # fmt: skip


def promises_with_errors(slos: Sequence[Slo]) -> tuple[Slo, ...]:
    """Add a promise about failures where there is none."""
    about_failures = any(slo.metric.name in ("errors", "failures") for slo in slos)
    return tuple(slos) if about_failures else (*slos, parse_slo(FEW_ERRORS))


def outcome_of(document: Document, *, saturated: bool) -> Outcome:
    """Judge a probe; ``saturated``: it was stopped because more and more was waiting."""
    reasons = document.verdict.reasons
    kept = not saturated and all(result.ok for result in document.slo)
    if any(reason.state == "INVALID" and reason.kind != "no-samples" for reason in reasons):
        return Outcome.INVALID
    if not kept and any(reason.kind in _GENERATOR for reason in reasons):
        return Outcome.INVALID
    return Outcome.KEPT if kept else Outcome.BROKEN


def headroom_of(results: Sequence[SloResult]) -> float:
    """How many times a promise's value would fit into its limit; the least of all."""
    room = [
        result.limit / result.value
        for result in results
        if result.value is not None and result.value > 0 and result.unit != "/s"
    ]
    return min(room, default=1.0)


def record_of(probe: Probe, document: Document, outcome: Outcome) -> ProbeRecord:
    """Keep the figures that matter."""
    response = document.latency_us.response
    return ProbeRecord(
        load=probe.load,
        purpose=probe.phase.name.lower(),
        came=_CAME[outcome],
        seconds=document.duration_s,
        completed=document.rate.completed,
        requests=document.requests.total,
        failed=document.requests.failed,
        p50_us=response.p50,
        p95_us=response.p95,
        p99_us=response.p99,
        promises=document.slo,
        verdict=document.verdict,
        stopped_because=document.stopped_because,
    )
