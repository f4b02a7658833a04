from typing import Any

import pytest

from hedgerow.report.document import Distribution, Document, Generator, Server, SummaryRow
from hedgerow.report.summary import HEADER
from hedgerow.report.text_look import look
from hedgerow.report.text_tables import (
    error_lines,
    generator_line,
    server_line,
    status_lines,
    summary_lines,
    summary_table,
)

WIDE = look(width=200, unicode=False)


def row(label: str) -> SummaryRow:
    return SummaryRow(
        label=label, samples=3, average_ms=200.4, min_ms=100, max_ms=301, stdev_ms=82.06,
        error_share=1 / 3, throughput=1.5, received_kb_s=1.46, sent_kb_s=0.29,
        average_bytes=1000.0,
    )  # fmt: skip


class TestStatusCodes:
    def test_are_in_their_order_and_aligned(self) -> None:
        document = Document(status_codes={"503": 1, "200": 1234})
        assert [told.plain for told in status_lines(document)][2:] == [
            "  [200] 1234 responses",
            "  [503]    1 responses",
        ]

    def test_are_left_out_where_there_were_none(self) -> None:
        assert list(status_lines(Document())) == []


class TestErrors:
    DOCUMENT = Document(
        errors={"timeout": 2, "reset": 10}, error_samples={"reset": "peer " + "x" * 100}
    )

    def test_come_commonest_first(self) -> None:
        found = [told.plain for told in error_lines(self.DOCUMENT, WIDE)]
        assert [told[:14] for told in found[2:]] == ["  [10] reset: ", "  [ 2] timeout"]

    def test_have_a_message_that_fits_the_line(self) -> None:
        found = [told.plain for told in error_lines(self.DOCUMENT, look(width=40, unicode=False))]
        assert (len(found[2]), found[2][-6:]) == (40, "xxx...")

    def test_are_left_out_where_there_were_none(self) -> None:
        assert list(error_lines(Document(), WIDE)) == []


class TestSummaryTable:
    def test_has_jmeters_columns_where_there_is_room(self) -> None:
        header = summary_table([row("GET /")], WIDE)[0]
        assert header.split() == " ".join(HEADER).split()

    def test_has_jmeters_figures(self) -> None:
        cells = summary_table([row("GET /")], WIDE)[1].split()
        assert cells == ["GET", "/", "3", "200", "100", "301", "82.06", "33.33%", "1.5/sec",
                         "1.46", "0.29", "1000.0"]  # fmt: skip

    def test_writes_its_header_in_two_lines_where_it_is_narrow(self) -> None:
        drawn = summary_table([row("GET /")], look(width=100, unicode=False))
        assert len(drawn) == 3
        assert drawn[1].startswith("Label")

    @pytest.mark.parametrize("width", [100, 90])
    def test_fits_the_terminal_by_cutting_labels(self, width: int) -> None:
        drawn = summary_table([row("GET /" + "x" * 80)], look(width=width, unicode=True))
        assert max(map(len, drawn)) <= width
        assert "…" in drawn[-1]

    def test_shows_enough_of_a_label_even_where_it_is_too_narrow(self) -> None:
        drawn = summary_table([row("abcdefghijklmnopqrs")], look(width=20, unicode=True))
        assert drawn[-1].startswith("abcdefghijklmno…")

    def test_of_no_labels_is_left_out(self) -> None:
        assert list(summary_lines(Document(), WIDE)) == []

    def test_ends_with_the_total(self) -> None:
        found = [told.plain for told in summary_lines(Document(total=row("TOTAL")), WIDE)]
        assert found[-1].startswith("TOTAL ")


class TestGenerator:
    def told(self, **fields: Any) -> str:
        return generator_line(Generator(**fields)).plain

    def test_is_one_line_about_what_it_cost(self) -> None:
        assert self.told(processes=2, cpu_mean=0.14, cpu_max=0.9) == (
            "Generator: 2 processes; CPU 14% of a core each, at most 90%"
        )

    @pytest.mark.parametrize(
        ("fields", "words"),
        [
            ({"loop_lag_us": Distribution(count=1, p99=300, max=2000)},
             "loop lag p99 300us max 2ms"),
            ({"gc_pause_max_s": 0.003}, "longest GC pause 3ms"),
            ({"steal_max": 0.05}, "steal up to 5.0%"),
            ({"throttled_s": 1.5}, "throttled for 1.5s"),
            ({"littles_law_gap": 0.0}, "Little's law off by 0.0%"),
            ({"memory": 2**20}, "RSS 1MiB"),
            ({"shards": 3}, "on 3 machines"),
            ({"missing_shards": [1, 4]}, "lost shards: 1, 4"),
        ],
    )  # fmt: skip
    def test_tells_what_disturbed_it(self, fields: dict[str, Any], words: str) -> None:
        assert words in self.told(**fields)


class TestServer:
    SERVER = Server(name="app", cpu_mean=0.5, cpu_max=1.25, rss_max=2**20, fds_max=9, threads_max=3)

    def test_is_one_line_about_what_it_used(self) -> None:
        assert server_line(self.SERVER).plain == (
            "Server app: CPU 0.50 cores, at most 1.25; RSS at most 1MiB;"
            " at most 9 descriptors and 3 threads"
        )

    def test_that_was_gone_early_is_told(self) -> None:
        found = server_line(Server(name="app", ended_early=True)).plain
        assert found.endswith("it was gone before the run was over")

    def test_tells_shared_pages_once_where_the_kernel_does(self) -> None:
        assert "(PSS 1MiB)" in server_line(Server(name="app", pss_max=2**20)).plain
