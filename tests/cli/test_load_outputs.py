import json
from pathlib import Path
from typing import Any

import pytest

from hedgerow.cli.load_flags import OutputFlags
from hedgerow.cli.load_outputs import Outputs
from hedgerow.errors import ConfigError
from hedgerow.measure import Histogram, encode_hdr
from hedgerow.report.document import Distribution, Document, Latencies, read_document
from tests.fakes.load_moments import Moments


def document() -> Document:
    histogram = Histogram()
    histogram.record_many(1000, 10)
    times = Distribution(count=10, histogram=encode_hdr(histogram))
    return Document(name="one", latency_us=Latencies(response=times))


class TestCheck:
    @pytest.mark.parametrize("flag", ["json", "html", "jtl", "hdr", "csv"])
    def test_finds_a_folder_that_is_not_there(self, tmp_path: Path, flag: str) -> None:
        given: dict[str, Any] = {flag: str(tmp_path / "nowhere" / "x")}
        with pytest.raises(ConfigError, match=f"--{flag}.*nowhere"):
            Outputs(OutputFlags(**given)).check()

    @pytest.mark.parametrize("flag", ["json", "html", "jtl", "hdr"])
    def test_finds_a_folder_instead_of_a_file(self, tmp_path: Path, flag: str) -> None:
        given: dict[str, Any] = {flag: str(tmp_path)}
        with pytest.raises(ConfigError, match=f"--{flag}.*folder"):
            Outputs(OutputFlags(**given)).check()

    def test_finds_two_of_the_same_name(self, tmp_path: Path) -> None:
        path = str(tmp_path / "x")
        with pytest.raises(ConfigError, match=r"--html.*--json"):
            Outputs(OutputFlags(json=path, html=path)).check()

    def test_leaves_nothing_behind(self, tmp_path: Path) -> None:
        Outputs(OutputFlags(json=str(tmp_path / "x"), csv=str(tmp_path / "y"))).check()
        assert list(tmp_path.iterdir()) == []

    def test_is_content_with_stdout(self) -> None:
        outputs = Outputs(OutputFlags(json="-"))
        outputs.check()
        assert outputs.takes_stdout


class TestFiles:
    def test_are_those_that_were_asked_for(self, tmp_path: Path) -> None:
        flags = OutputFlags(
            json=str(tmp_path / "a.json"), html=str(tmp_path / "b.html"), csv=str(tmp_path / "c")
        )
        assert Outputs(flags).write(document()) == []
        names = {path.name for path in tmp_path.iterdir()}
        csv = {f"c_{what}.csv" for what in ("stats", "stats_history", "failures")}
        assert names == {"a.json", "b.html"} | csv
        assert read_document(tmp_path / "a.json") == document()

    def test_can_be_stdout(self, capsys: pytest.CaptureFixture[str]) -> None:
        Outputs(OutputFlags(json="-")).write(document())
        assert json.loads(capsys.readouterr().out)["name"] == "one"

    def test_that_fail_do_not_cost_the_others(self, tmp_path: Path) -> None:
        flags = OutputFlags(json=str(tmp_path / "gone" / "a"), html=str(tmp_path / "b.html"))
        (failure,) = Outputs(flags).write(document())
        assert failure.startswith("--json")
        assert (tmp_path / "b.html").exists()


class TestHistograms:
    def test_are_percentiles_by_the_ending_of_their_file(self, tmp_path: Path) -> None:
        path = tmp_path / "x.hgrm"
        outputs = Outputs(OutputFlags(hdr=str(path)))
        with outputs:
            outputs.second(Moments().next())
        outputs.write(document())
        assert "1/(1-Percentile)" in path.read_text()

    def test_are_otherwise_a_log_of_each_measured_second(self, tmp_path: Path) -> None:
        path, moments = tmp_path / "x.hlog", Moments()
        outputs = Outputs(OutputFlags(hdr=str(path)))
        with outputs:
            for phase in ("warm-up", "measured", "drain"):
                outputs.second(moments.next(phase))
        outputs.write(document())
        rows = [line for line in path.read_text().splitlines() if line.startswith("Tag=")]
        assert [row.split(",")[:3] for row in rows] == [
            ["Tag=response", "1.000", "1.000"], ["Tag=service", "1.000", "1.000"],
            ["Tag=response", "2.000", "1.000"], ["Tag=service", "2.000", "1.000"],
        ]  # fmt: skip
