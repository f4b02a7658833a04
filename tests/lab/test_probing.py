import pytest

from hedgerow.lab.probing import headroom_of, outcome_of, promises_with_errors, record_of
from hedgerow.lab.search import Outcome, Phase, Probe
from hedgerow.measure.slo import parse_slo
from hedgerow.report.document import (
    Distribution,
    Document,
    Latencies,
    Rate,
    Reason,
    Requests,
    SloResult,
    State,
    Verdict,
)


def promise(*, ok: bool, value: float | None = 0.1, unit: str = "s") -> SloResult:
    return SloResult(expr="p99<250ms", value=value, limit=0.25, unit=unit, ok=ok)


def document(*promises: SloResult, kind: str = "", state: State = "SUSPECT") -> Document:
    reasons = [Reason(kind=kind, state=state, fact="", hint="")] if kind else []
    verdict = Verdict(state=state if kind else "VALID", reasons=reasons)
    return Document(slo=list(promises), verdict=verdict)


class TestPromises:
    def test_about_errors_are_added_where_there_are_none(self) -> None:
        slos = promises_with_errors([parse_slo("p99<1s")])
        assert [slo.expr for slo in slos] == ["p99<1s", "errors<1%"]

    @pytest.mark.parametrize("expr", ["errors<5%", "failures<=3", "errors{class=timeout}<5%"])
    def test_about_errors_are_left_as_they_are(self, expr: str) -> None:
        assert promises_with_errors([parse_slo(expr)]) == (parse_slo(expr),)


class TestOutcome:
    def test_is_kept_when_all_promises_are(self) -> None:
        kept = document(promise(ok=True), promise(ok=True))
        assert outcome_of(kept, saturated=False) is Outcome.KEPT

    def test_is_broken_when_one_promise_is(self) -> None:
        broken = document(promise(ok=True), promise(ok=False))
        assert outcome_of(broken, saturated=False) is Outcome.BROKEN

    def test_is_broken_when_the_queue_grew(self) -> None:
        assert outcome_of(document(promise(ok=True)), saturated=True) is Outcome.BROKEN

    def test_is_invalid_when_the_measurement_is(self) -> None:
        spoilt = document(promise(ok=True), kind="steal", state="INVALID")
        assert outcome_of(spoilt, saturated=False) is Outcome.INVALID

    @pytest.mark.parametrize("kind", ["generator-cpu", "rate", "ports", "descriptors"])
    def test_is_invalid_when_the_generator_may_have_broken_it(self, kind: str) -> None:
        assert outcome_of(document(promise(ok=False), kind=kind), saturated=False) is (
            Outcome.INVALID
        )
        assert outcome_of(document(promise(ok=True), kind=kind), saturated=True) is Outcome.INVALID

    def test_is_kept_although_the_generator_was_busy(self) -> None:
        busy = document(promise(ok=True), kind="generator-cpu")
        assert outcome_of(busy, saturated=False) is Outcome.KEPT

    @pytest.mark.parametrize("kind", ["backlog", "machine-busy", "send-lag"])
    def test_is_broken_where_doubts_do_not_blame_the_generator(self, kind: str) -> None:
        doubtful = document(promise(ok=False), kind=kind)
        assert outcome_of(doubtful, saturated=False) is Outcome.BROKEN

    def test_of_a_server_that_answers_nothing_is_broken(self) -> None:
        silent = document(promise(ok=False, value=None), kind="no-samples", state="INVALID")
        assert outcome_of(silent, saturated=False) is Outcome.BROKEN


class TestHeadroom:
    def test_is_limit_by_value(self) -> None:
        assert headroom_of([promise(ok=True, value=0.05)]) == pytest.approx(5)

    def test_is_the_least_of_all(self) -> None:
        results = [promise(ok=True, value=0.05), promise(ok=True, value=0.125)]
        assert headroom_of(results) == pytest.approx(2)

    @pytest.mark.parametrize("value", [0.0, None])
    def test_is_unknown_without_a_value(self, value: float | None) -> None:
        assert headroom_of([promise(ok=True, value=value)]) == 1.0


class TestRecord:
    def test_has_the_figures_that_matter(self) -> None:
        whole = Document(
            duration_s=10.0,
            rate=Rate(completed=99.5),
            requests=Requests(total=995, ok=990, failed=5),
            latency_us=Latencies(response=Distribution(p50=10, p99=20)),
            slo=[promise(ok=True)],
        )
        record = record_of(Probe(100, Phase.FAR_ABOVE), whole, Outcome.KEPT)
        assert (record.load, record.purpose, record.came) == (100, "far_above", "kept")
        assert (record.completed, record.p50_us, record.p99_us) == (99.5, 10, 20)
        assert record.error_share == pytest.approx(5 / 995)
