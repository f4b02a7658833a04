import csv
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hedgerow.load.batch import Sample
from hedgerow.load.jtl_log import JtlLog
from hedgerow.load.plan import Closed, LoadPlan, RequestPlan
from tests.load.counted import a_sample

PLAN = LoadPlan(work=RequestPlan(url="http://a.example/", label="x"), model=Closed(users=1))


def rows(folder: Path, *samples: Sample, users: int = 0) -> list[dict[str, Any]]:
    with JtlLog(folder / "run.jtl", PLAN) as log:
        log.begins_at(1_700_000_000.5)
        log.users = users
        for sample in samples:
            log.heard(sample)
    with (folder / "run.jtl").open() as file:
        return list(csv.DictReader(file))


class TestRow:
    def test_is_a_sample_in_jmeters_words(self, tmp_path: Path) -> None:
        (row,) = rows(tmp_path, a_sample(1.25, 40_000), users=9)
        told = [row[name] for name in ("timeStamp", "elapsed", "Latency", "success", "label")]
        assert told == ["1700000001750", "40", "20", "true", "GET /"]
        assert (row["responseCode"], row["responseMessage"]) == ("200", "OK")
        assert (row["threadName"], row["allThreads"], row["URL"]) == (
            "hedgerow 1-4", "9", "http://a.example/",
        )  # fmt: skip

    def test_of_a_request_without_an_answer_says_why(self, tmp_path: Path) -> None:
        (row,) = rows(tmp_path, a_sample(outcome="timeout", status=0))
        assert row["responseCode"] == "Non HTTP response code: timeout"
        assert (row["success"], row["failureMessage"]) == ("false", "because of timeout")

    def test_has_no_times_that_were_not_measured(self, tmp_path: Path) -> None:
        sample = msgspec.structs.replace(a_sample(), service=-1, ttfb=-1, connect=-1)
        (row,) = rows(tmp_path, sample)
        assert (row["Latency"], row["Connect"]) == ("0", "0")

    @pytest.mark.parametrize("connect_ms", [0, 7])
    def test_tells_what_connecting_took(self, tmp_path: Path, connect_ms: int) -> None:
        sample = msgspec.structs.replace(a_sample(), connect=connect_ms * 1_000_000)
        (row,) = rows(tmp_path, sample)
        assert row["Connect"] == str(connect_ms)


class TestLog:
    def test_without_a_path_writes_nothing(self, tmp_path: Path) -> None:
        with JtlLog(None, PLAN) as log:
            log.heard(a_sample())
        assert list(tmp_path.iterdir()) == []
