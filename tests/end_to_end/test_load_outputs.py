"""Every file that a run leaves behind, read by whoever is to read it."""

import csv
import io
import json
import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
from hdrh.histogram import HdrHistogram
from hdrh.log import HistogramLogReader

from hedgerow.report.document import Document, read_document, read_documents
from hedgerow.report.jtl import read_jtl, summarise
from tests.fakes.processes import command, environment, ran
from tests.fakes.recording_server import RecordingServer, Seen, answer

SCHEMA: Final = json.loads((Path(__file__).parents[2] / "docs/result.schema.json").read_text())


@dataclass(frozen=True)
class Written:
    """A run of 301 requests, every third of which failed, and all its files."""

    folder: Path
    done: "subprocess.CompletedProcess[str]"
    sent: int

    @property
    def document(self) -> Document:
        return read_document(self.folder / "run.json")


def one_in_three_fails(seen: Seen) -> bytes:
    if int(seen.target[2:]) % 3 == 0:
        return answer("no", status="503 Busy")
    return answer()


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Written]:
    folder = tmp_path_factory.mktemp("written")
    flags = {
        "--json": "run.json", "--html": "run.html", "--jtl": "run.jtl", "--hdr": "run.hlog",
        "--csv": "run",
    }  # fmt: skip
    files = [word for flag, name in flags.items() for word in (flag, str(folder / name))]
    with RecordingServer(one_in_three_fails) as server:
        words = ("load", f"{server.url}/?{{seq}}", "-n", "301", "-c", "4", "-w", "2", *files)
        done = ran(*words)
        yield Written(folder, done, len(server.seen))


class TestJson:
    def test_tells_what_the_server_saw(self, written: Written) -> None:
        found = written.document
        assert (found.requests.total, found.requests.failed) == (written.sent, 101)
        assert found.status_codes == {"200": 200, "503": 101}
        assert found.latency_us.response.count == 301

    def test_fits_the_published_schema(self, written: Written) -> None:
        data = json.loads((written.folder / "run.json").read_text())
        assert list(misfits(data, SCHEMA)) == []

    def test_fits_no_longer_when_something_is_wrong(self, written: Written) -> None:
        data = json.loads((written.folder / "run.json").read_text())
        data["requests"]["total"] = "many"
        del data["labels"][0]["summary"]["samples"]
        assert len(list(misfits(data, SCHEMA))) == 2


class TestPage:
    def test_fetches_nothing(self, written: Written) -> None:
        page = (written.folder / "run.html").read_text(encoding="utf-8")
        assert not re.search(r'<(?:img|iframe)\b|<link(?![^>]*href="data:)', page)
        assert not re.search(r"""\b(?:src|href)\s*=\s*["']?(?:https?:)?//""", page)
        assert not re.search(r"\b(?:fetch|import)\(|@import|url\(\s*['\"]?https?:", page)

    def test_holds_the_result(self, written: Written) -> None:
        assert read_document(written.folder / "run.html") == written.document

    def test_of_several_runs_is_made_of_files_and_pages(self, written: Written) -> None:
        folder = written.folder
        done = ran(
            "report", str(folder / "run.json"), str(folder / "run.html"), "-T", "TWO RUNS",
            "-o", str(folder / "both.html"),
        )  # fmt: skip
        assert (done.returncode, done.stderr) == (0, "")
        assert "2 runs" in done.stdout
        assert len(read_documents(folder / "both.html")) == 2
        assert "TWO RUNS" in (folder / "both.html").read_text(encoding="utf-8")


class TestJtl:
    def test_has_a_row_for_each_request(self, written: Written) -> None:
        rows = list(read_jtl(written.folder / "run.jtl"))
        assert len(rows) == 301
        assert len({row.url for row in rows}) >= 1

    def test_sums_up_to_the_result(self, written: Written) -> None:
        *_, total = summarise(read_jtl(written.folder / "run.jtl"))
        expected = written.document.total
        assert expected is not None
        assert (total.label, total.samples) == ("TOTAL", expected.samples)
        assert total.error_share == pytest.approx(expected.error_share)
        assert (total.max_ms, total.min_ms) == (expected.max_ms, expected.min_ms)
        assert total.average_ms == pytest.approx(expected.average_ms, abs=1)


class TestOtherFiles:
    def test_histograms_are_read_by_hdrhistogram(self, written: Written) -> None:
        reader = HistogramLogReader(
            str(written.folder / "run.hlog"), HdrHistogram(1, 3_600_000_000, 3)
        )
        found = list(iter(reader.get_next_interval_histogram, None))
        reader.close()
        for tag in ("response", "service"):
            assert sum(one.get_total_count() for one in found if one.get_tag() == tag) == 301

    def test_tables_are_three(self, written: Written) -> None:
        names = ("stats", "stats_history", "failures")
        texts = {name: (written.folder / f"run_{name}.csv").read_text() for name in names}
        tables = {name: list(csv.reader(io.StringIO(text))) for name, text in texts.items()}
        total = dict(zip(tables["stats"][0], tables["stats"][-1], strict=True))
        assert (total["Request Count"], total["Failure Count"]) == ("301", "101")
        assert len(tables["stats_history"]) > 1
        assert len(tables["failures"]) == 2


class TestScreen:
    def test_has_the_result_on_stdout_and_all_else_on_stderr(self, written: Written) -> None:
        assert written.done.returncode == 0
        assert "Summary:" in written.done.stdout.splitlines()
        assert "101" in written.done.stdout
        assert "Summary:" not in written.done.stderr
        assert "\x1b" not in written.done.stdout + written.done.stderr

    def test_shows_nothing_before_the_result_when_quiet(self) -> None:
        with RecordingServer() as server:
            done = ran("load", server.url, "-d", "1s", "-R", "20", "--quiet")
        assert done.stderr == ""
        assert "Summary:" in done.stdout

    def test_has_nothing_but_the_result_where_that_goes_to_stdout(self) -> None:
        with RecordingServer() as server:
            done = ran("load", server.url, "-n", "5", "--json", "-")
        assert json.loads(done.stdout)["requests"]["ok"] == 5
        assert "Summary:" in done.stderr


class TestReaderThatHasGone:
    def test_costs_neither_files_nor_the_exit_code(self, tmp_path: Path) -> None:
        """As with ``| head``; a broken promise stays a broken promise."""
        file = tmp_path / "run.json"
        reading, writing = os.pipe()
        os.close(reading)
        with RecordingServer() as server:
            words = ("load", server.url, "-n", "5", "--slo", "p50<1us", "--json", str(file))
            done = subprocess.run(
                command(words), stdout=writing, stderr=subprocess.PIPE, env=environment(),
                text=True, timeout=20, check=False,
            )  # fmt: skip
        os.close(writing)
        assert (done.returncode, done.stderr) == (99, "")
        assert read_document(file).requests.ok == 5


class TestPathThatCannotBeWritten:
    @pytest.mark.parametrize("flag", ["--json", "--html", "--jtl", "--hdr", "--csv"])
    def test_is_refused_before_anything_is_sent(self, tmp_path: Path, flag: str) -> None:
        missing = tmp_path / "missing" / "file"
        with RecordingServer() as server:
            done = ran("load", server.url, "-n", "1", flag, str(missing))
        assert done.returncode == 2
        assert (flag in done.stderr, str(missing.parent) in done.stderr) == (True, True)
        assert server.connections == 0


# --- as much of JSON Schema as the published one needs ---


def misfits(value: Any, part: dict[str, Any], where: str = "$") -> Iterator[str]:
    """Say where a value does not fit a schema."""
    if "$ref" in part:
        yield from misfits(value, SCHEMA["$defs"][part["$ref"].rpartition("/")[2]], where)
    elif "anyOf" in part:
        if all(list(misfits(value, one, where)) for one in part["anyOf"]):
            yield where
    elif "enum" in part:
        if value not in part["enum"]:
            yield where
    elif isinstance(value, dict):
        yield from _misfits_within(value, part, where)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from misfits(inner, part["items"], f"{where}[{number}]")
    elif not isinstance(value, _TYPES[part["type"]]):
        yield where


def _misfits_within(value: dict[str, Any], part: dict[str, Any], where: str) -> Iterator[str]:
    yield from (f"{where}.{name}" for name in part.get("required", ()) if name not in value)
    for name, inner in value.items():
        known = part.get("properties", {}).get(name, part.get("additionalProperties"))
        if isinstance(known, dict):
            yield from misfits(inner, known, f"{where}.{name}")
        else:
            yield f"{where}.{name}"


_TYPES: Final[dict[str, tuple[type, ...]]] = {
    "string": (str,), "integer": (int,), "number": (int, float), "boolean": (bool,),
    "null": (type(None),), "object": (), "array": (),
}  # fmt: skip
