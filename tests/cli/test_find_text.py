import pytest

from hedgerow.cli.find_text import answer, load_text, probe_line, report
from hedgerow.lab.find_result import (
    By,
    Came,
    Capacity,
    FindDocument,
    ProbeRecord,
    Scalability,
    Variant,
)
from hedgerow.report.document import Reason, SloResult, Verdict
from hedgerow.report.text_look import Look


def probe(load: float, *, came: Came = "kept", p99: float = 0.1) -> ProbeRecord:
    promise = SloResult(expr="p99<250ms", value=p99, limit=0.25, unit="s", ok=came == "kept")
    return ProbeRecord(
        load=load, purpose="rising", came=came, seconds=10.0, completed=load, requests=1000,
        failed=3, p50_us=2000, p99_us=round(p99 * 1e6), promises=[promise],
    )  # fmt: skip


def result(capacity: Capacity, *probes: ProbeRecord, by: By = "rate") -> FindDocument:
    variant = Variant(capacity=capacity, probes=list(probes))
    return FindDocument(by=by, promises=["p99<250ms"], variants=[variant])


FOUND = Capacity(kind="found", load=100.0, broken=103.0, confirmed=True, seconds=30.0)


def lines_of(document: FindDocument) -> list[str]:
    return list(report(document, Look()))


class TestLoad:
    @pytest.mark.parametrize(
        ("load", "by", "text"),
        [
            (1240.0, "rate", "1240/s"),
            (2.5, "rate", "2.5/s"),
            (123_000.0, "rate", "123000/s"),
            (1.0, "users", "1 user"),
            (12.0, "users", "12 users"),
        ],
    )
    def test_has_its_unit(self, load: float, by: By, text: str) -> None:
        assert load_text(load, by) == text


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


class TestAnswer:
    @pytest.mark.parametrize(
        ("capacity", "facts"),
        [
            (FOUND, ["100/s keeps p99<250ms", "over 30s", "103/s breaks it"]),
            (Capacity(kind="above", load=500.0, seconds=30.0), ["500/s keeps", "above --max"]),
            (Capacity(kind="below", broken=1.0), ["broken even at 1/s"]),
            (
                Capacity(kind="unstable", load=200.0, broken=80.0),
                ["Unstable", "broken at 80/s", "kept at 200/s", "no number"],
            ),
            (Capacity(kind="unstable", broken=80.0), ["Unstable", "80/s"]),
            (
                Capacity(kind="generator", load=80.0, broken=160.0),
                ["keeps p99<250ms at 80/s", "160/s the load generator, not the server", "-w"],
            ),
            (Capacity(kind="generator", broken=10.0), ["At 10/s the load generator"]),
            (Capacity(kind="unfinished", load=80.0, broken=160.0), ["so far 80/s", "160/s"]),
            (Capacity(kind="unfinished"), ["before any load"]),
        ],
    )
    def test_tells_the_facts(self, capacity: Capacity, facts: list[str]) -> None:
        sentence = answer(capacity, result(capacity))
        assert [fact for fact in facts if fact not in sentence] == []


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

    def test_has_no_curve_of_a_single_load(self) -> None:
        assert "p99<250ms" not in lines_of(result(FOUND, probe(100)))

    def test_ends_with_the_answer(self) -> None:
        document = result(FOUND, probe(100))
        assert lines_of(document)[-1] == answer(FOUND, document)


class TestReportOfSeveral:
    def document(self, scalability: Scalability | None = None) -> FindDocument:
        variants = [
            Variant(value=value, capacity=FOUND, probes=[probe(100)]) for value in ("1", "2")
        ]
        return FindDocument(
            promises=["p99<250ms"], varied="n", variants=variants, scalability=scalability
        )

    def test_has_the_capacities_side_by_side(self) -> None:
        rows = [line.split() for line in lines_of(self.document())]
        assert ["1", "100/s", "found"] in rows
        assert ["2", "100/s", "found"] in rows

    def test_has_an_answer_for_each(self) -> None:
        assert lines_of(self.document())[-1].startswith("n = 2: 100/s keeps")

    @pytest.mark.parametrize(
        ("peak_n", "peak_x", "words"),
        [
            (5.49, 321.0, "Most at n = 5.5: 321/s"),
            (9.49, 321.0, "from up to 2"),
            (None, 200.0, "levels off at 200/s"),
            (None, None, "No limit"),
        ],
    )
    def test_tells_where_more_are_less(
        self, peak_n: float | None, peak_x: float | None, words: str
    ) -> None:
        fit = Scalability(lam=100, sigma=0.1, kappa=0.01, r2=0.99, peak_n=peak_n, peak_x=peak_x)
        lines = lines_of(self.document(fit))
        assert "sigma 0.1" in lines[-2]
        assert words in lines[-1]
