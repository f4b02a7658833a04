from typing import Any

import msgspec
import pytest

from hedgerow.report.document import (
    Bytes,
    Config,
    Distribution,
    Document,
    Label,
    Latencies,
    Rate,
    Reason,
    Requests,
    Server,
    SloResult,
    SummaryRow,
    Verdict,
)
from hedgerow.report.text import rich_text

TIMES = Distribution(
    count=200, min=1000, mean=2500.0, stdev=500.0, p50=2000, p75=3000, p90=4000, p95=5000,
    p99=6000, p99_9=7000, p99_99=8000, max=9000,
)  # fmt: skip


def label(name: str) -> Label:
    summary = SummaryRow(
        label=name, samples=100, average_ms=2.5, min_ms=1, max_ms=9, stdev_ms=0.5,
        error_share=0.0, throughput=10.0, received_kb_s=1.0, sent_kb_s=0.5, average_bytes=100.0,
    )  # fmt: skip
    return Label(
        label=name, requests=Requests(total=100), response=TIMES, service=TIMES, summary=summary
    )


BASE = Document(
    target="http://127.0.0.1:9000/",
    duration_s=10.0,
    config=Config(model="open", rate="20", arrivals="even", duration_s=10.0),
    rate=Rate(asked=20.0, sent=20.0, completed=20.0, ok=19.9, ratio=1.0),
    requests=Requests(total=200, ok=199, failed=1),
    status_codes={"200": 199, "503": 1},
    errors={"status_5xx": 1},
    error_samples={"status_5xx": "503 from /"},
    connections_opened=5,
    bytes_in=Bytes(total=20480, mean=102.4),
    latency_us=Latencies(response=TIMES, service=TIMES),
    labels=[label("GET /")],
    total=label("TOTAL").summary,
)


def changed(**fields: Any) -> Document:
    return msgspec.structs.replace(BASE, **fields)


def plain_text(document: Document, **options: Any) -> str:
    return rich_text(document, **options).plain


def lines(document: Document, **options: Any) -> list[str]:
    return plain_text(document, **options).splitlines()


def the_line(document: Document, *words: str, **options: Any) -> str:
    """The only line with all these words, without the spaces around it."""
    (found,) = (
        told.strip() for told in lines(document, **options) if all(word in told for word in words)
    )
    return found


class TestOrder:
    def test_is_that_in_which_people_ask(self) -> None:
        document = changed(
            slo=[SloResult(expr="p99<1s", value=0.006, limit=1.0, unit="s", ok=True)],
            labels=[label("a"), label("b")],
            server=Server(name="app"),
        )
        told = plain_text(document)
        parts = ("VALID:", "Promises:", "Summary:", "Latency distribution:", "Status code",
                 "Error distribution:", "Summary report", "Generator:", "Server app:")  # fmt: skip
        places = [told.index(part) for part in parts]
        assert places == sorted(places)

    def test_has_nothing_of_what_was_not_asked_for(self) -> None:
        told = plain_text(BASE)
        assert "Promises" not in told
        assert "Server" not in told


class TestVerdict:
    def test_is_the_first_line(self) -> None:
        assert lines(BASE)[0] == "VALID: the measurement can be trusted"

    def test_gives_its_reasons_and_what_to_do(self) -> None:
        reason = Reason(
            kind="generator-cpu", state="INVALID", fact="99% of a core: above 90%", hint="Use -w 2."
        )
        found = lines(changed(verdict=Verdict(state="INVALID", reasons=[reason])))
        assert found[1:3] == [
            "  INVALID generator-cpu: 99% of a core: above 90%",
            "    -> Use -w 2.",
        ]

    def test_says_that_the_run_was_interrupted(self) -> None:
        assert "part of the run" in the_line(changed(interrupted=True), "INTERRUPTED")

    def test_says_why_the_run_ended_early(self) -> None:
        document = changed(stopped_because="p99<1s was broken")
        assert the_line(document, "Stopped early") == "Stopped early: p99<1s was broken"


class TestPromise:
    def of(self, **fields: Any) -> Document:
        base = SloResult(expr="p99<250ms", value=0.006, limit=0.25, unit="s", ok=True)
        return changed(slo=[msgspec.structs.replace(base, **fields)])

    def test_that_was_kept_has_a_check_mark(self) -> None:
        assert the_line(self.of(), "p99<250ms") == "✓ p99<250ms  6ms"

    def test_that_was_broken_has_a_cross(self) -> None:
        assert the_line(self.of(ok=False), "p99<250ms").startswith("✗ ")

    def test_has_words_where_signs_cannot_be_shown(self) -> None:
        found = the_line(self.of(ok=False), "p99<250ms", unicode=False)
        assert found == "[FAILED] p99<250ms  6ms"

    def test_says_what_came_of_it_in_its_own_words(self) -> None:
        assert the_line(self.of(detail="p99 was 6ms"), "p99<250ms").endswith("  p99 was 6ms")

    def test_without_samples_says_so(self) -> None:
        found = the_line(self.of(value=None, ok=False), "p99<250ms")
        assert found.endswith("there were no samples")

    @pytest.mark.parametrize(
        ("value", "unit", "text"),
        [
            (0.0025, "share", "0.25%"),
            (1234.56, "/s", "1234.6/s"),
            (2**20, "B", "1MiB"),
            (1.5, "cores", "1.5 cores"),
            (3.0, "", "3"),
        ],
    )
    def test_is_told_in_its_unit(self, value: float, unit: str, text: str) -> None:
        assert the_line(self.of(value=value, unit=unit), "p99<250ms").endswith(f"  {text}")


class TestSummary:
    def test_has_the_rate_where_scripts_look_for_it(self) -> None:
        assert the_line(BASE, "Requests/sec:").split()[:2] == ["Requests/sec:", "20.0"]

    def test_tells_the_rates_apart(self) -> None:
        assert "(asked 20.0, sent 20.0, ok 19.9)" in the_line(BASE, "Requests/sec:")

    def test_asks_for_no_rate_in_a_closed_model(self) -> None:
        assert "asked" not in the_line(changed(rate=Rate(completed=5.0)), "Requests/sec:")

    def test_tells_counts(self) -> None:
        document = changed(requests=Requests(total=200, ok=190, failed=10, unfinished=2))
        assert the_line(document, "Requests:").endswith(
            "200 (190 ok, 10 failed, 2 of them unfinished)"
        )

    def test_says_100_percent_only_when_none_failed(self) -> None:
        document = changed(requests=Requests(total=10**6, ok=10**6 - 1, failed=1))
        assert the_line(document, "Success rate:").endswith(" 99.999%")

    def test_tells_bytes_in_all_and_a_second(self) -> None:
        assert the_line(BASE, "Received:").endswith("20KiB (102B a request, 2KiB/s)")

    def test_tells_one_of_a_thing_as_one(self) -> None:
        config = Config(model="closed", users=1, connections=1, iterations=1)
        assert the_line(changed(config=config), "Load:").endswith(
            "closed model, 1 user, 1 connection, 1 iteration a user"
        )

    def test_tells_what_the_load_was(self) -> None:
        config = Config(model="closed", users=30, think_time="1s..3s", requests=1000)
        assert the_line(changed(config=config), "Load:").endswith(
            "closed model, 30 users, think time 1s..3s, 1000 requests"
        )


class TestNoRequests:
    def test_are_told_instead_of_figures(self) -> None:
        told = plain_text(Document(target="http://127.0.0.1/"))
        assert "none ended, so there are no times to show" in told
        assert "Requests/sec" not in told


class TestForeignText:
    def test_cannot_steer_the_terminal(self) -> None:
        document = changed(errors={"reset": 1}, error_samples={"reset": "\x1b[2J\nbye"})
        assert the_line(document, "reset").endswith(r"reset: \x1b[2J\nbye")

    def test_is_no_markup(self) -> None:
        assert the_line(changed(target="[bold]x[/bold]"), "Target:").endswith("[bold]x[/bold]")


class TestColours:
    def test_show_a_bad_verdict(self) -> None:
        styles = [
            str(span.style) for span in rich_text(changed(verdict=Verdict(state="INVALID"))).spans
        ]
        assert "bold red" in styles
