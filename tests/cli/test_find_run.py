import asyncio
import json
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from hedgerow.cli.find_flags import Vary
from hedgerow.cli.find_run import FindJob, carry_out, exit_code, scalability_of
from hedgerow.report.find_document import Capacity, FindDocument, Variant, decode_find
from tests.lab.simulated import SimulatedRun, SimulatedServer, asked


def job(
    *slos: str, most: float = 10_000.0, json: str | None = None, quiet: bool = False
) -> FindJob:
    return FindJob(asked=asked(*slos, most=most), json=json, quiet=quiet)


def code_of(work: FindJob, server: SimulatedServer) -> int:
    return asyncio.run(carry_out(work, server.make_run))


def variant(kind: str, *, value: str = "", load: float | None = None) -> Variant:
    capacities = {
        "found": Capacity(kind="found", load=load),
        "above": Capacity(kind="above", load=load),
        "below": Capacity(kind="below"),
        "unstable": Capacity(kind="unstable"),
        "generator": Capacity(kind="generator", load=load),
    }
    return Variant(value=value, capacity=capacities[kind], probes=[])


class TestSearch:
    def test_tells_each_probe_on_stderr_and_the_answer_on_stdout(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert code_of(job("p99<50ms"), SimulatedServer(rate=1000)) == 0
        captured = capsys.readouterr()
        assert captured.err.count("rising") >= 4
        assert "keeps p99<50ms, confirmed over 30s" in captured.out.splitlines()[-1]

    def test_may_be_quiet(self, capsys: pytest.CaptureFixture[str]) -> None:
        code_of(job("p99<50ms", quiet=True), SimulatedServer())
        assert capsys.readouterr().err == ""

    def test_broken_at_the_least_exits_99(self) -> None:
        assert code_of(job("p99<1us"), SimulatedServer()) == 99

    def test_stopped_by_the_generator_exits_98(self) -> None:
        assert code_of(job("p99<50ms"), SimulatedServer(rate=1000, generator=700)) == 98

    def test_that_ends_at_the_most_exits_0(self) -> None:
        assert code_of(job("p99<50ms", most=100), SimulatedServer()) == 0


class TestResultFile:
    def test_has_the_answer_and_every_probe(self, tmp_path: Path) -> None:
        file, server = tmp_path / "find.json", SimulatedServer()
        code_of(job("p99<50ms", json=str(file)), server)
        written = json.loads(file.read_bytes())
        assert written["variants"][0]["capacity"]["kind"] == "found"
        assert len(written["variants"][0]["probes"]) == len(server.orders)
        assert (written["promises"], written["by"]) == (["p99<50ms"], "rate")

    def test_may_be_a_page(self, tmp_path: Path) -> None:
        file = tmp_path / "find.html"
        code_of(replace(job("p99<50ms"), html=str(file)), SimulatedServer())
        assert decode_find(file.read_bytes()).variants[0].capacity.kind == "found"

    def test_may_be_stdout_which_then_has_nothing_else(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        code_of(job("p99<50ms", json="-"), SimulatedServer())
        captured = capsys.readouterr()
        assert json.loads(captured.out)["kind"] == "find"
        assert "keeps p99<50ms" in captured.err

    def test_that_cannot_be_written_exits_1(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert code_of(job("p99<50ms", json=str(tmp_path)), SimulatedServer()) == 1
        assert str(tmp_path) in capsys.readouterr().err


class TestInterruption:
    @pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
    def test_tells_what_is_known(
        self, number: signal.Signals, code: int, capsys: pytest.CaptureFixture[str]
    ) -> None:
        server = SimulatedServer()

        def fourth_probe(run: SimulatedRun) -> None:
            if len(server.orders) == 4:
                server.during = lambda run: None
                signal.raise_signal(number)

        server.during = fourth_probe
        assert code_of(job("p99<50ms"), server) == code
        captured = capsys.readouterr()
        assert "Interrupted: so far" in captured.out
        assert "interrupted" in captured.err


class TestExitCode:
    @pytest.mark.parametrize(
        ("kinds", "code"),
        [
            (["found"], 0),
            (["found", "above"], 0),
            (["found", "unstable"], 99),
            (["below", "found"], 99),
            (["below", "generator"], 98),
        ],
    )
    def test_is_the_worst_of_all_searches(self, kinds: list[str], code: int) -> None:
        assert exit_code(FindDocument(variants=[variant(kind) for kind in kinds])) == code


class TestScalability:
    def test_is_fitted_to_what_was_found(self) -> None:
        loads = {"1": 100.0, "2": 180.0, "4": 290.0, "8": 360.0}
        found = [variant("found", value=value, load=load) for value, load in loads.items()]
        fit = scalability_of(found)
        assert fit is not None
        assert fit.lam == pytest.approx(100, rel=0.05)
        assert fit.sigma > 0

    @pytest.mark.parametrize(
        "values", [("1", "2"), ("1", "2", "2"), ("a", "b", "c"), ("0", "1", "2")]
    )
    def test_needs_three_numbers(self, values: tuple[str, ...]) -> None:
        assert scalability_of([variant("found", value=v, load=9.0) for v in values]) is None

    def test_leaves_out_what_is_not_known(self) -> None:
        known = [variant("found", value=value, load=9.0) for value in ("1", "2")]
        assert scalability_of([*known, variant("generator", value="4", load=9.0)]) is None


class TestVariants:
    def test_have_a_command_line_each(self) -> None:
        work = replace(job("p99<1s"), server=("app", "{n}"), vary=Vary("n", ("1", "2")))
        assert work.variants() == [("1", ["app", "1"]), ("2", ["app", "2"])]

    def test_are_one_where_nothing_is_varied(self) -> None:
        assert job("p99<1s").variants() == [("", [])]
