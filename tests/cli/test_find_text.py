from msgspec.structs import replace

from hedgerow.cli.find_text import opening, probe_line, report
from hedgerow.report.document import Reason, SloResult, Verdict
from hedgerow.report.find_document import Capacity, FindDocument, ProbeRecord, Scalability
from hedgerow.report.find_words import answer, scalability
from hedgerow.report.text_look import Look
from tests.lab.simulated import asked
from tests.report.find_documents import FOUND, probe, result, varied


def lines_of(document: FindDocument) -> list[str]:
    return list(report(document, Look()))


class TestOpening:
    def test_tells_what_is_searched_and_how_long_a_probe_takes(self) -> None:
        told = opening(asked("p99<50ms", "errors<1%"))
        assert "keeps p99<50ms and errors<1%, from 10/s" in told
        assert "probes of 10s" in told


class TestLineOfAProbe:
    def test_tells_load_value_and_what_came_of_it(self) -> None:
        words = probe_line(probe(100), "rate").split()
        assert words == ["100/s", "p99", "100ms", "kept", "rising,", "10.0", "s"]

    def test_tells_why_it_ended_early(self) -> None:
        early = ProbeRecord(load=9, purpose="above", came="broken", stopped_because="it grew")
        assert probe_line(early, "rate").endswith("once more, 0.0 s  it grew")

    def test_tells_why_the_measurement_is_doubtful(self) -> None:
        reasons = [Reason(kind="gc", state="SUSPECT", fact="it paused", hint="")]
        verdict = Verdict(state="SUSPECT", reasons=reasons)
        doubtful = ProbeRecord(load=9, purpose="below", came="kept", verdict=verdict)
        assert probe_line(doubtful, "rate").endswith("SUSPECT: it paused")

    def test_tells_that_there_were_no_samples(self) -> None:
        empty = SloResult(expr="p99<1s", value=None, limit=1, unit="s", ok=False)
        silent = ProbeRecord(load=9, purpose="rising", came="broken", promises=[empty])
        assert "p99 no samples" in probe_line(silent, "rate")


class TestReport:
    def test_has_a_row_for_each_probe_by_load(self) -> None:
        lines = lines_of(result(FOUND, probe(100), probe(200, came="broken"), probe(50)))
        rows = [line.split() for line in lines if line.endswith(("kept", "broken"))]
        assert [row[0] for row in rows] == ["50/s", "100/s", "200/s"]
        assert rows[2] == ["200/s", "200.0/s", "2ms", "100ms", "0.30%", "10s", "✗", "broken"]

    def test_has_the_curve_of_the_promise(self) -> None:
        lines = lines_of(result(FOUND, probe(100, p99=0.1), probe(200, came="broken", p99=0.9)))
        start = lines.index("p99<250ms")
        assert any("●" in line for line in lines[start:])
        assert any(line.startswith("250ms │┄") for line in lines[start:])

    def test_fits_into_a_narrow_terminal(self) -> None:
        document = result(FOUND, probe(100), probe(200, came="broken", p99=0.9))
        lines = list(report(document, Look(width=40)))
        assert [line for line in lines[:-1] if len(line) > 40] == []
        assert lines[1].split() == ["100/s", "100ms", "0.30%", "✓", "kept"]

    def test_has_no_curve_of_a_single_load(self) -> None:
        assert "p99<250ms" not in lines_of(result(FOUND, probe(100)))

    def test_ends_with_the_answer(self) -> None:
        document = result(FOUND, probe(100))
        assert lines_of(document)[-1] == answer(FOUND, document)


class TestReportOfSeveral:
    def test_has_the_capacities_side_by_side(self) -> None:
        rows = [line.split() for line in lines_of(varied())]
        assert ["1", "100/s", "found"] in rows
        assert ["2", "200/s", "found"] in rows

    def test_has_an_answer_for_each(self) -> None:
        assert lines_of(varied())[-2].startswith("n = 2: 200/s keeps")

    def test_ends_with_how_it_scales(self) -> None:
        document = varied(Scalability(lam=100, sigma=0.1, kappa=0.01, r2=0.99))
        assert lines_of(document)[-2:] == scalability(document)
        assert lines_of(varied())[-1] == scalability(varied())[0]

    def test_gives_no_number_for_what_is_unstable(self) -> None:
        shaky = replace(varied().variants[0], capacity=Capacity(kind="unstable", load=9, broken=8))
        rows = [line.split() for line in lines_of(replace(varied(), variants=[shaky]))]
        assert ["1", "-", "unstable"] in rows


class TestReportOfNothing:
    def test_says_so(self) -> None:
        assert lines_of(FindDocument()) == ["Interrupted before anything was measured."]
