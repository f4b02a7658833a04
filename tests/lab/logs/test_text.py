"""Text logs: nginx's in many forms, Envoy's, and ours."""

import pytest

from hedgerow.lab.logs.entry import Entry, LeftOut
from hedgerow.lab.logs.patterns import ENVOY, ISTIO
from hedgerow.lab.logs.text import CombinedLog, FormattedLog, OwnLog, Which

HEAD = '10.0.0.1 - - [27/Nov/2026:03:00:00 +0000] "GET /a?b=1 HTTP/1.1" 200 12 "-" "curl/8 (x)"'


def seconds(entry: Entry | None) -> float | None:
    return None if entry is None else entry.seconds


class TestCombinedWithTimes:
    @pytest.mark.parametrize(
        ("rest", "upstream", "total"),
        [
            (" 0.120", 0.120, 0.120),
            (' rt=0.120 uct="0.001" uht="0.100" urt="0.118"', 0.118, 0.120),
            (' "0.118" 0.120', 0.118, 0.120),
            (" 0.120 0.118", 0.118, 0.120),
            (' "203.0.113.195" (0.120)', 0.120, 0.120),
            (" request_time: 0.120 upstream_response_time: 0.118", 0.118, 0.120),
        ],
    )
    def test_is_understood_in_many_forms(self, rest: str, upstream: float, total: float) -> None:
        assert seconds(CombinedLog().read(HEAD + rest)) == upstream
        assert seconds(CombinedLog("total").read(HEAD + rest)) == total

    def test_names_method_and_path(self) -> None:
        entry = CombinedLog().read(HEAD + " 0.120")
        assert entry is not None
        assert (entry.method, entry.path) == ("GET", "/a?b=1")

    def test_leaves_out_what_was_retried_or_asked_nobody(self) -> None:
        for rest, why in (
            (' rt=0.120 urt="0.001, 0.118"', LeftOut.RETRIED),
            (' rt=0.120 urt="-"', LeftOut.NO_UPSTREAM),
        ):
            entry = CombinedLog().read(HEAD + rest)
            assert entry is not None
            assert entry.left_out is why

    @pytest.mark.parametrize("rest", ["", ' "-"', " 0.1 0.2 0.3", " 0.100 0.200 0.300"])
    def test_is_not_understood_without_one_time_or_two(self, rest: str) -> None:
        assert CombinedLog().read(HEAD + rest) is None
        assert CombinedLog().is_combined(HEAD + rest)

    def test_survives_a_request_that_is_none(self) -> None:
        entry = CombinedLog().read(HEAD.replace("GET /a?b=1 HTTP/1.1", r"\x16\x03") + " 0.120")
        assert entry is not None
        assert (entry.method, entry.path) == ("", "")


class TestEnvoyLog:
    LINE = '[2026-11-27T03:00:00.000Z] "GET /a HTTP/1.1" {status} - 0 5 120 118 "-" "c" "i" "h" "u"'

    @pytest.mark.parametrize(("which", "time"), [("upstream", 0.118), ("total", 0.120)])
    def test_is_read_in_milliseconds(self, which: Which, time: float) -> None:
        reader = FormattedLog("Envoy", ENVOY, which=which, whole=False)
        assert seconds(reader.read(self.LINE.format(status=200))) == pytest.approx(time)

    def test_of_a_client_that_left_means_longer(self) -> None:
        line = self.LINE.format(status=0).replace(" 118 ", " - ")
        entry = FormattedLog("Envoy", ENVOY, which="total", whole=False).read(line)
        assert entry is not None
        assert entry.seconds == pytest.approx(0.12)
        assert entry.is_longer

    def test_in_istio_has_more_fields(self) -> None:
        line = (
            '[2026-11-27T03:00:00.000Z] "GET /a HTTP/1.1" 200 - via_upstream - "-" 0 5 120 118 '
            '"-" "curl" "id" "host" "10.0.0.1:80" outbound'
        )
        reader = FormattedLog("Istio", ISTIO, whole=False)
        assert seconds(reader.read(line)) == pytest.approx(0.118)
        assert FormattedLog("Envoy", ENVOY, whole=False).read(line) is None


class TestGivenFormat:
    def test_must_describe_the_whole_line(self) -> None:
        reader = FormattedLog("--format", "$status $request_time", whole=True)
        assert seconds(reader.read("200 0.120")) == 0.120
        assert reader.read("x 200 0.120") is None
        assert reader.read("200 0.120s") is None

    def test_without_a_time_says_so(self) -> None:
        assert not FormattedLog("--format", "$status $request", whole=True).has_time


class TestOwnLog:
    def read(self, status: int, fates: str) -> Entry:
        line = f'2026-11-27T03:00:00.000Z 127.0.0.1 "GET /a" {status} 12 35.2ms r1 {fates}'
        entry = OwnLog().read(line)
        assert entry is not None
        return entry

    @pytest.mark.parametrize("fates", ["200", "200,cancelled", "200,in flight"])
    def test_of_a_primary_that_won_is_its_time(self, fates: str) -> None:
        entry = self.read(200, fates)
        assert (entry.seconds, entry.is_longer, entry.left_out) == (0.0352, False, None)

    @pytest.mark.parametrize(
        ("status", "fates"),
        [(200, "cancelled,200"), (499, "cancelled"), (504, "timeout"), (200, "cancelled,503,200")],
    )
    def test_of_a_primary_that_did_not_means_longer(self, status: int, fates: str) -> None:
        assert self.read(status, fates).is_longer
        assert self.read(status, fates).left_out is None

    @pytest.mark.parametrize(
        ("status", "fates", "why"),
        [
            (200, "503,200", LeftOut.RETRIED),
            (200, "reset,200", LeftOut.RETRIED),
            (200, "timeout,200", LeftOut.RETRIED),
            (503, "503", LeftOut.STATUS),
            (502, "reset", LeftOut.STATUS),
            (503, "-", LeftOut.NO_UPSTREAM),
        ],
    )
    def test_of_a_primary_that_failed_is_left_out(
        self, status: int, fates: str, why: LeftOut
    ) -> None:
        assert self.read(status, fates).left_out is why

    def test_of_a_request_that_went_nowhere_is_left_out(self) -> None:
        entry = OwnLog().read('2026-11-27T03:00:00.000Z - "GET *" 404 0 0.1ms - -')
        assert entry is not None
        assert entry.left_out is LeftOut.NO_UPSTREAM
