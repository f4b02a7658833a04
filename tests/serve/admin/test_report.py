"""Reports: small enough, and nothing lost of those who are gone."""

from typing import Any

import msgspec
import pytest
from hypothesis import given

from hedgerow.serve.admin.families import together
from hedgerow.serve.admin.report import STORIES, Report, decode, fitted, keep
from tests.serve.admin.parts import Response, as_dict, counted, dealt

ROOM = 512 * 1024


def story(ms: float, minute: int = 0, target: str = "/") -> dict[str, Any]:
    return {"at": f"2026-01-31T12:{minute:02}:00.000Z", "ms": ms, "target": target}


def encoded(report: Report) -> bytes:
    return fitted(report, ROOM)


class TestThoseGone:
    @given(dealt)
    def test_leave_all_their_totals(self, hands: list[tuple[int, list[Response]]]) -> None:
        gone = b""
        for _, traffic in hands:
            gone = keep(gone, encoded(Report(counted(traffic))), ROOM)
        whole = counted([response for _, traffic in hands for response in traffic])
        expected = as_dict([family for family in whole if family.kind != "gauge"])
        assert as_dict(decode(gone).families) == expected

    @given(dealt)
    def test_and_those_alive_are_as_before(self, hands: list[tuple[int, list[Response]]]) -> None:
        alive = [encoded(Report(counted(traffic))) for _, traffic in hands]
        before = as_dict(together(decode(one).families for one in alive))
        gone = b""
        for turn in range(len(alive)):
            gone = keep(gone, alive[turn], ROOM)
            rest = [gone, *alive[turn + 1 :]]
            after = as_dict(together(decode(one).families for one in rest))
            assert {key: after[key] for key in before if key[0] != "hedgerow_in_flight"} == {
                key: value for key, value in before.items() if key[0] != "hedgerow_in_flight"
            }

    def test_leave_their_slowest_and_their_last(self) -> None:
        one = Report(last=[story(1.0, 5)], slowest=[story(900.0, 1)])
        other = Report(last=[story(2.0, 7)], slowest=[story(950.0, 2)])
        kept = decode(keep(encoded(one), encoded(other), ROOM))
        assert [told["ms"] for told in kept.last] == [2.0, 1.0]
        assert [told["ms"] for told in kept.slowest] == [950.0, 900.0]

    def test_leave_no_more_stories_than_one(self) -> None:
        many = Report(last=[story(1.0)] * STORIES, slowest=[story(1.0)] * STORIES)
        kept = decode(keep(encoded(many), encoded(many), ROOM))
        assert (len(kept.last), len(kept.slowest)) == (STORIES, STORIES)


class TestRoom:
    def test_for_all_is_used(self) -> None:
        report = Report(counted([("/a", 1, 200)]), {"clients": 1}, [story(1.0)], [story(2.0)])
        assert decode(fitted(report, ROOM)) == report

    def test_too_small_for_all_stories_is_for_the_slowest_and_newest(self) -> None:
        report = Report(
            counted([("/a", 1, 200)]),
            last=[story(float(number)) for number in range(20)],
            slowest=[story(100.0 - number) for number in range(20)],
        )
        data = fitted(report, 1500)
        told = decode(data)
        assert len(data) <= 1500
        assert told.families == report.families
        assert told.last == report.last[: len(told.last)]
        assert told.slowest == report.slowest[: len(told.slowest)]
        assert 0 < len(told.last) <= len(told.slowest)
        assert told.left_out == 40 - len(told.last) - len(told.slowest)
        assert not told.is_cut

    def test_for_a_long_story_is_for_short_ones_instead(self) -> None:
        slowest = [story(9.0, target="/" + "x" * 9000), story(8.0)]
        told = decode(fitted(Report(slowest=slowest), 500))
        assert [one["ms"] for one in told.slowest] == [8.0]

    def test_too_small_for_the_overview_says_so(self) -> None:
        report = Report(counted([("/a", 1, 200)]), {"routes": ["x" * 2000]})
        told = decode(fitted(report, 1000))
        assert (told.families, told.overview, told.is_cut) == (report.families, {}, True)

    def test_too_small_for_the_numbers_says_so(self) -> None:
        report = Report(counted([("/" + "x" * 2000, 1, 200)]))
        assert decode(fitted(report, 100)) == Report(is_cut=True)

    def test_that_was_too_small_once_is_not_forgotten(self) -> None:
        gone = keep(b"", encoded(Report(is_cut=True)), ROOM)
        assert decode(keep(gone, encoded(Report()), ROOM)).is_cut


class TestDecode:
    def test_of_nothing_is_nothing(self) -> None:
        assert decode(b"") == Report()

    def test_refuses_what_is_no_report(self) -> None:
        with pytest.raises(msgspec.DecodeError):
            decode(b"\xc1")
