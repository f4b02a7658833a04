"""The verdict on the measurement, and the promises."""

import pytest

from hedgerow.report.document import Document, Reason, SloResult, State, Verdict
from hedgerow.report.page.figures import NONE
from hedgerow.report.page.judgements import promises, verdicts
from hedgerow.report.page.runs import runs_of
from tests.report.documents import empty
from tests.report.reading import Reading

REASON = Reason(kind="steal", state="SUSPECT", fact="steal was 12%: above 5%", hint="Go elsewhere.")


def shown(*documents: Document) -> Reading:
    return Reading(verdicts(runs_of(documents)))


class TestVerdict:
    @pytest.mark.parametrize("state", ["VALID", "SUSPECT", "INVALID"])
    def test_is_told_as_a_word_and_not_only_as_a_colour(self, state: State) -> None:
        read = shown(Document(verdict=Verdict(state=state)))
        assert state in read.text.split()

    def test_comes_with_the_fact_and_the_hint_of_each_reason(self) -> None:
        read = shown(Document(verdict=Verdict(state="SUSPECT", reasons=[REASON])))
        assert "Steal was 12%: above 5%. Go elsewhere. steal" in read.text

    def test_tells_why_a_run_ended_early(self) -> None:
        assert "Ended early: interrupted before the first request." in shown(empty()).text
        assert "it was interrupted" in shown(Document(interrupted=True)).text

    def test_of_each_run_has_its_name(self) -> None:
        read = shown(Document(name="a"), Document(name="b"))
        assert [word for word in read.words if word in {"a", "b"}] == ["a", "b"]


class TestPromise:
    def of(self, *slos: SloResult) -> Reading:
        return Reading(promises(runs_of([Document(slo=list(slos))])))

    def test_is_shown_with_what_was_measured_its_limit_and_the_result(self) -> None:
        kept = SloResult(expr="p99<250ms", value=0.2, limit=0.25, unit="s", ok=True)
        broken = SloResult(expr="errors<1%", value=0.02, limit=0.01, unit="share", ok=False)
        rows = self.of(kept, broken).tables[0]
        assert rows[1] == ["p99<250ms", "200\xa0ms", "250\xa0ms", "✓ kept"]
        assert rows[2] == ["errors<1%", "2.0\xa0%", "1.0\xa0%", "✕ broken"]

    def test_without_samples_is_broken_and_says_so(self) -> None:
        none = SloResult(
            expr="p99<1s", value=None, limit=1, unit="s", ok=False, detail="no samples"
        )
        assert self.of(none).tables[0][1] == ["p99<1s", NONE, "1\xa0s", "✕ broken", "no samples"]

    def test_that_nobody_asked_for_is_no_table(self) -> None:
        read = self.of()
        assert read.tables == []
        assert "--slo" in read.text
