from pathlib import Path
from typing import Any

import msgspec
import pytest

from hedgerow.errors import ConfigError
from hedgerow.report.document import (
    SCHEMA_VERSION,
    Distribution,
    Document,
    Label,
    Latencies,
    Point,
    Requests,
    Server,
    ServerPoint,
    SloResult,
    SummaryRow,
    decode_document,
    read_document,
    write_document,
)

SUMMARY = SummaryRow(
    label="GET /", samples=1, average_ms=1.0, min_ms=1, max_ms=1, stdev_ms=0.0, error_share=0.0,
    throughput=1.0, received_kb_s=0.0, sent_kb_s=0.0, average_bytes=0.0,
)  # fmt: skip
DOCUMENT = Document(
    name="ünïcode </script>",
    requests=Requests(total=3, ok=2, failed=1),
    status_codes={"200": 2},
    slo=[SloResult(expr="p99<1s", value=None, limit=1.0, unit="s", ok=False)],
    latency_us=Latencies(response=Distribution(count=3, p99_9=5, histogram="HIST")),
    labels=[
        Label(
            label="GET /",
            requests=Requests(total=3),
            response=Distribution(),
            service=Distribution(),
            summary=SUMMARY,
        )
    ],
    timeseries=[Point(t=1.0, seconds=1.0, phase="warm-up")],
    server=Server(name="app", points=[ServerPoint(t=1.0, cpu=0.5, rss=1024)]),
    total=SUMMARY,
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "run.json"


def complaint(file: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        read_document(file)
    return str(caught.value)


class TestWritten:
    def test_comes_back_as_it_was(self, file: Path) -> None:
        write_document(DOCUMENT, file)
        assert read_document(file) == DOCUMENT

    def test_has_a_line_a_key_for_people_and_diff(self, file: Path) -> None:
        write_document(DOCUMENT, file)
        lines = file.read_text(encoding="utf-8").splitlines()
        assert f' "schema_version": {SCHEMA_VERSION},' in lines

    def test_has_the_keys_that_readers_look_for(self, file: Path) -> None:
        write_document(DOCUMENT, file)
        plain: Any = msgspec.json.decode(file.read_bytes())
        assert plain["latency_us"]["response"]["p99_9"] == 5
        assert (plain["requests"]["total"], plain["verdict"]["state"]) == (3, "VALID")


class TestReading:
    def test_skips_keys_of_a_newer_version(self, file: Path) -> None:
        file.write_text(
            '{"schema_version": 1, "name": "x", "colour": 7, "requests": {"total": 1, "odd": 2}}'
        )
        assert read_document(file) == Document(name="x", requests=Requests(total=1))

    def test_fills_in_keys_of_an_older_version(self, file: Path) -> None:
        file.write_text('{"schema_version": 1}')
        assert read_document(file) == Document()

    def test_finds_the_result_in_a_page(self) -> None:
        json = msgspec.json.encode(DOCUMENT).replace(b"</", b"<\\/")
        page = b'<!doctype html>\n<script type="application/json" id="result">' + json
        assert decode_document(page + b"</script><p>") == DOCUMENT


class TestUnreadable:
    def test_file_that_is_not_there(self, file: Path) -> None:
        told = complaint(file)
        assert str(file) in told
        assert "No such file" in told

    def test_file_that_is_no_json(self, file: Path) -> None:
        file.write_text("nonsense")
        assert "must be a file that hedgerow load --json or --html wrote" in complaint(file)

    def test_file_that_is_no_result(self, file: Path) -> None:
        file.write_text('{"name": "other-tool", "version": "1.0.0"}')
        assert "schema_version" in complaint(file)

    def test_file_with_a_wrong_value(self, file: Path) -> None:
        file.write_text('{"schema_version": 1, "requests": 5}')
        assert "$.requests" in complaint(file)

    def test_page_without_a_result(self, file: Path) -> None:
        file.write_text("<html></html>")
        assert "no result" in complaint(file)

    def test_file_of_a_newer_schema(self, file: Path) -> None:
        file.write_text(f'{{"schema_version": {SCHEMA_VERSION + 1}}}')
        newer = f"schema_version {SCHEMA_VERSION + 1}: this version reads {SCHEMA_VERSION}"
        assert newer in complaint(file)
