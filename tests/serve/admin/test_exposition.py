"""Families as Prometheus' text."""

import os

from prometheus_client.parser import text_string_to_metric_families as read

from hedgerow.serve.admin.exposition import Exposition
from hedgerow.serve.admin.families import Family, counter, gauge, histogram
from hedgerow.serve.durations import BOUNDS, Durations


def samples(*families: Family, pids: dict[str, int] | None = None) -> dict[str, float]:
    """Return the values of all samples, by how a person writes them down."""
    made = Exposition(lambda: families, None if pids is None else lambda: pids)
    text, _ = made.render("")
    return {
        sample.name + "".join(f" {key}={value}" for key, value in sorted(sample.labels.items())): (
            sample.value
        )
        for family in read(text.decode())
        for sample in family.samples
    }


class TestFamilies:
    def test_of_totals_are_counters(self) -> None:
        family = counter("done", "what is done", "route")
        family.add(("/a",), 3)
        assert samples(family)["hedgerow_done_total route=/a"] == 3.0

    def test_of_what_is_now_are_gauges(self) -> None:
        family = gauge("busy", "", rule="sum")
        family.add((), 0.5)
        assert samples(family)["hedgerow_busy"] == 0.5

    def test_of_counts_are_histograms(self) -> None:
        durations = Durations()
        for seconds in (0.0005, 0.001, 0.3, 100.0):
            durations.record(seconds, 200)
        family = histogram("took_seconds", "", "route")
        family.add(("/a",), durations.sum, durations.counts)
        told = samples(family)
        buckets = [value for name, value in told.items() if "_bucket" in name]
        assert len(buckets) == len(BOUNDS) + 1
        assert told["hedgerow_took_seconds_bucket le=0.001 route=/a"] == 2.0
        assert told["hedgerow_took_seconds_bucket le=0.5 route=/a"] == 3.0
        assert told["hedgerow_took_seconds_bucket le=+Inf route=/a"] == 4.0
        assert told["hedgerow_took_seconds_count route=/a"] == 4.0
        assert told["hedgerow_took_seconds_sum route=/a"] == durations.sum

    def test_are_asked_for_when_somebody_scrapes_and_not_before(self) -> None:
        asked = 0

        def families() -> list[Family]:
            nonlocal asked
            asked += 1
            return []

        made = Exposition(families)
        assert asked == 0
        made.render("")
        assert asked == 1


class TestProcesses:
    def test_are_named(self) -> None:
        told = samples(pids={"1": os.getpid(), "supervisor": os.getppid()})
        assert told["process_resident_memory_bytes worker=1"] > 1e6
        assert told["process_cpu_seconds_total worker=1"] > 0
        assert "process_open_fds worker=supervisor" in told

    def test_that_are_gone_are_left_out(self) -> None:
        told = samples(pids={"1": os.getpid(), "2": 2**22 + 1})
        assert not any("worker=2" in name for name in told)

    def test_of_one_alone_need_no_name(self) -> None:
        told = samples()
        assert told["process_resident_memory_bytes"] > 1e6
        assert any(name.startswith("python_gc") for name in told)
