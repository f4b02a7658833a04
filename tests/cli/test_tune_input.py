"""What ``hedgerow tune`` can be given: plain, packed, piped, and results of other verbs."""

import gzip
import random
import sys
from pathlib import Path

import pytest

from hedgerow.cli.tune_input import gather_logs
from hedgerow.errors import ConfigError, StartError
from hedgerow.lab.logs.detect import Form
from hedgerow.lab.logs.entry import LeftOut
from hedgerow.lab.logs.gather import Gathered
from hedgerow.measure import Histogram, encode_hdr
from hedgerow.report.document import (
    Distribution,
    Document,
    Label,
    Latencies,
    Requests,
    SummaryRow,
    write_document,
)

JTL = (
    "timeStamp,elapsed,label,responseCode,success\n"
    "1,120,sign up,200,true\n2,30,sign up,500,false\n"
    "3,999,sign up,Non HTTP response code: timeout,false\n"
)


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def read(*logs: str, form: Form | None = None) -> tuple[list[str], Gathered]:
    gathered = Gathered(by_route=True, methods=None, randomness=random.Random(1))
    return gather_logs(logs, form or Form(), gathered), gathered


def milliseconds(gathered: Gathered) -> list[float]:
    return [round(value * 1000) for value in gathered.total.empirical().values]


class TestFile:
    def test_is_read(self) -> None:
        Path("x.log").write_text("1\n2\n")
        forms, gathered = read("x.log")
        assert (forms, milliseconds(gathered)) == (["numbers"], [1, 2])

    def test_is_unpacked_whatever_its_name(self) -> None:
        Path("x.log").write_bytes(gzip.compress(b"1\n2\n"))
        assert milliseconds(read("x.log")[1]) == [1, 2]

    def test_may_be_several_of_different_forms(self) -> None:
        Path("x.log").write_text("1\n")
        Path("y.log").write_text('{"status": 200, "request_time": 0.002}\n')
        forms, gathered = read("x.log", "y.log")
        assert forms == ["numbers", "JSON lines"]
        assert milliseconds(gathered) == [1, 2]

    def test_may_hold_bytes_that_are_no_text_and_lines_without_end(self) -> None:
        Path("x.log").write_bytes(b"1\n" * 60 + b"\xff\xfe\n" + b"x" * 100_000)
        gathered = read("x.log")[1]
        assert (gathered.total.count, gathered.malformed) == (60, 3)

    def test_that_is_not_there_is_named(self) -> None:
        with pytest.raises(StartError, match=r"nowhere\.log"):
            read("nowhere.log")

    @pytest.mark.parametrize("damage", [slice(0, -20), slice(0, 12)])
    def test_that_is_cut_short_while_packed_is_named(self, damage: slice) -> None:
        packed = gzip.compress("\n".join(map(str, range(9999))).encode())
        Path("x.gz").write_bytes(packed[damage])
        with pytest.raises(StartError, match=r"x\.gz"):
            read("x.gz")


class TestStandardInput:
    @pytest.mark.parametrize("data", [b"1\n2\n", gzip.compress(b"1\n2\n")])
    def test_is_read_and_left_open(self, data: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
        Path("x.log").write_bytes(data)
        with Path("x.log").open() as stdin:
            monkeypatch.setattr(sys, "stdin", stdin)
            assert milliseconds(read("-")[1]) == [1, 2]
            assert not stdin.closed
            stdin.fileno()


class TestJtl:
    def check(self, gathered: Gathered) -> None:
        assert milliseconds(gathered) == [120, 999]
        assert gathered.left_out == {LeftOut.STATUS: 1}
        assert gathered.total.longer.count == 1
        assert list(gathered.routes) == ["sign up"]

    def test_is_known_by_its_header(self) -> None:
        Path("x.jtl").write_text(JTL)
        forms, gathered = read("x.jtl")
        assert forms == ["JTL"]
        self.check(gathered)

    def test_may_be_packed(self) -> None:
        Path("x.jtl.gz").write_bytes(gzip.compress(JTL.encode()))
        self.check(read("x.jtl.gz")[1])


class TestResultOfLoad:
    def document(self, *, failed: int) -> Document:
        def times(milliseconds: int) -> Distribution:
            histogram = Histogram()
            histogram.record(milliseconds * 1000)
            return Distribution(histogram=encode_hdr(histogram))

        requests = Requests(total=1 + failed, ok=1, failed=failed)
        summary = SummaryRow(
            label="a", samples=1, average_ms=0, min_ms=0, max_ms=0, stdev_ms=0, error_share=0,
            throughput=0, received_kb_s=0, sent_kb_s=0, average_bytes=0,
        )  # fmt: skip
        label = Label(
            label="a", requests=requests, response=times(9), service=times(5), summary=summary
        )
        latencies = Latencies(service=times(5), response_ok=times(7))
        return Document(requests=requests, latency_us=latencies, labels=[label])

    def test_counts_from_when_requests_were_sent(self) -> None:
        write_document(self.document(failed=0), Path("x.json"))
        forms, gathered = read("x.json")
        assert forms == ["result of hedgerow load"]
        assert milliseconds(gathered) == [5]
        assert list(gathered.routes) == ["a"]

    def test_counts_good_answers_only(self) -> None:
        write_document(self.document(failed=3), Path("x.json"))
        gathered = read("x.json")[1]
        assert milliseconds(gathered) == [7]
        assert gathered.left_out[LeftOut.STATUS] == 3
        assert gathered.routes == {}

    def test_that_is_none_is_named(self) -> None:
        Path("x.json").write_text('{"schema_version": 1, "kind": 7}')
        with pytest.raises(ConfigError, match=r"x\.json"):
            read("x.json")
