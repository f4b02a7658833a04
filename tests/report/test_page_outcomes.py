"""What came of the requests, as tables."""

import csv
import io

from hedgerow.report.document import Distribution, Document, Latencies, Requests
from hedgerow.report.page import outcomes
from hedgerow.report.page.figures import NONE
from hedgerow.report.page.runs import runs_of
from hedgerow.report.summary import HEADER
from tests.report.documents import LABELS, all_failed, document, empty
from tests.report.reading import Reading


def two() -> list[Document]:
    return [document(name="a"), document(name="b")]


class TestSummary:
    def test_has_the_columns_of_jmeter_and_the_total_last(self) -> None:
        table = Reading(outcomes.summary(runs_of([document()]))).tables[0]
        assert table[0] == list(HEADER)
        assert [row[0] for row in table[1:]] == [*LABELS, "TOTAL"]

    def test_of_several_runs_names_the_run_first(self) -> None:
        table = Reading(outcomes.summary(runs_of(two()))).tables[0]
        assert table[0] == ["Run", *HEADER]
        assert [row[:2] for row in table[-2:]] == [["a", "TOTAL"], ["b", "TOTAL"]]

    def test_sorts_throughput_by_the_second_whatever_unit_is_shown(self) -> None:
        read = Reading(outcomes.summary(runs_of([document()])))
        keys = [cell["data-key"] for cell in read.all_of("td")]
        assert document().total is not None
        assert f"{document().labels[0].summary.throughput:.9g}" in keys

    def test_is_copied_with_every_row(self) -> None:
        read = Reading(outcomes.summary(runs_of(two())))
        copied = read.all_of("button")[0]["data-copy"]
        rows = list(csv.reader(io.StringIO(copied)))
        assert rows[0] == ["Run", *HEADER]
        assert [row[1] for row in rows[1:]] == [*LABELS, "TOTAL"] * 2

    def test_of_a_run_without_requests_is_told_in_words(self) -> None:
        read = Reading(outcomes.summary(runs_of([empty()])))
        assert read.tables == []
        assert "No request was measured." in read.text


class TestPercentiles:
    def test_tell_send_lag_by_cause(self) -> None:
        table = Reading(outcomes.percentiles(runs_of([document()]))).tables[0]
        names = [row[0] for row in table]
        assert names.index("Send lag") < names.index(f"{NONE} generator woke late")

    def test_of_too_few_requests_are_a_dash(self) -> None:
        few = Document(latency_us=Latencies(response=Distribution(count=99, p99=5, max=7)))
        table = Reading(outcomes.percentiles(runs_of([few]))).tables[0]
        row = dict(zip(table[0], table[1], strict=True))
        assert (row["p99"], row["max"]) == (NONE, "7\xa0µs")

    def test_of_several_runs_are_those_that_are_compared(self) -> None:
        table = Reading(outcomes.percentiles(runs_of(two()))).tables[0]
        assert [row[:2] for row in table[1:3]] == [["a", "Response time"], ["a", "Service time"]]
        assert len(table) == 5


class TestLabels:
    def test_are_told_apart_where_there_are_some(self) -> None:
        shown = outcomes.by_label(runs_of([document()]))
        assert shown is not None
        assert [row[0] for row in Reading(shown).tables[0][1:]] == list(LABELS)

    def test_are_nothing_to_tell_where_there_is_one(self) -> None:
        assert outcomes.by_label(runs_of([empty()])) is None


class TestAnswers:
    def test_are_counted_by_status_and_errors_by_class_with_a_message(self) -> None:
        codes, errors = Reading(outcomes.answers(runs_of([document()]))).tables
        assert [row[0] for row in codes] == ["Status", "200", "503"]
        messages = {row[0]: row[3] for row in errors[1:]}
        assert messages == document().error_samples

    def test_of_a_run_that_got_none_are_missed_in_words(self) -> None:
        assert "No answer came" in Reading(outcomes.answers(runs_of([all_failed()]))).text

    def test_without_errors_say_so(self) -> None:
        read = Reading(outcomes.answers(runs_of([Document(status_codes={"200": 3})])))
        assert "No request failed." in read.text
        assert read.tables == [[["Status", "Answers", "Share"], ["200", "3", "100.0\xa0%"]]]


class TestRunInWords:
    def test_tells_the_counts_and_the_times(self) -> None:
        text = outcomes.in_words(document()).replace("\xa0", " ")
        assert text.startswith(f"{document().requests.total:,} requests in 20 s, ")
        assert "where 100.0 /s were asked for" in text
        assert "99 % at most" in text

    def test_without_requests_tells_that(self) -> None:
        assert outcomes.in_words(empty()) == "No request was sent after the warm-up."

    def test_leaves_out_what_too_few_requests_do_not_tell(self) -> None:
        few = Document(
            requests=Requests(total=2, ok=2),
            latency_us=Latencies(response=Distribution(count=2, p50=5, max=9)),
        )
        assert "99 %" not in outcomes.in_words(few)


class TestKeyFigures:
    def test_are_named(self) -> None:
        words = Reading(outcomes.key_figures(document())).words
        assert words[0::2] == ["Requests", "Rate", "Failed", "p50", "p95", "p99", "p99.9", "max"]

    def test_of_nothing_are_dashes(self) -> None:
        assert Reading(outcomes.key_figures(empty())).words[-1] == NONE
