from dataclasses import replace

import msgspec

from hedgerow.cli.load_lines import Lines
from hedgerow.report.document import ServerPoint
from tests.fakes.load_moments import Moments


def told(seconds: int) -> list[str]:
    """The lines of a run that long."""
    lines: list[str] = []
    moments = Moments()
    with Lines(lines.append) as shown:
        for _ in range(seconds):
            shown.show(moments.next())
    return lines


class TestLines:
    def test_come_each_second_at_first_and_then_more_seldom(self) -> None:
        elapsed = [
            int(line.split()[0].removeprefix("elapsed=").removesuffix("s")) for line in told(90)
        ]
        assert elapsed == [*range(1, 11), *range(15, 61, 5), 70, 80, 90]

    def test_come_although_a_second_was_a_little_short(self) -> None:
        lines: list[str] = []
        moment = Moments().next()
        with Lines(lines.append) as shown:
            shown.show(replace(moment, elapsed=0.98))
        assert len(lines) == 1

    def test_tell_the_figures(self) -> None:
        lines: list[str] = []
        moments = Moments()
        with Lines(lines.append) as shown:
            shown.show(moments.next(ok=90, errors={"timeout": 10}))
        facts = dict(fact.split("=") for fact in lines[0].split())
        assert facts == {
            "elapsed": "1s", "phase": "measured", "asked": "100.0/s", "sent": "100.0/s",
            "ok": "90.0/s", "failed": "10.0/s", "p50_ms": "2", "p99_ms": "100",
            "max_ms": "100", "in_flight": "7", "backlog": "3", "users": "0",
            "generator_cpu": "0.25", "errors": "10",
        }  # fmt: skip

    def test_tell_of_shards_that_are_missing(self) -> None:
        lines: list[str] = []
        moment = Moments().next()
        point = msgspec.structs.replace(moment.points[-1], missing_shards=2)
        with Lines(lines.append) as shown:
            shown.show(replace(moment, points=[point]))
        assert "missing_shards=2" in lines[0]

    def test_cover_the_whole_time_since_the_one_before(self) -> None:
        lines: list[str] = []
        moments = Moments()
        with Lines(lines.append) as shown:
            for second in range(15):
                shown.show(moments.next(ok=0 if second == 14 else 100, times_us=1000 + second))
        assert "ok=80.0/s" in lines[-1]
        assert "p50_ms=1.011" in lines[-1]

    def test_tell_of_a_watched_server(self) -> None:
        lines: list[str] = []
        moments = Moments(server=[ServerPoint(t=1.0, cpu=1.5, rss=4096)])
        with Lines(lines.append) as shown:
            shown.show(moments.next())
        assert lines[0].endswith("server_cpu=1.50 server_rss=4096")
