import pytest

from hedgerow.cli.demo_result import DemoResult
from hedgerow.cli.demo_table import remarks, rows, table
from hedgerow.cli.demo_timeline import ASCII, UNICODE
from tests.cli.demo_results import demo_result, results


def cells(result: DemoResult) -> dict[str, tuple[str, str]]:
    """Rows by name; of two with the same name the first."""
    found: dict[str, tuple[str, str]] = {}
    for section in rows(result, UNICODE):
        for row in section:
            found.setdefault(row.name.strip(), (row.direct, row.hedged))
    return found


class TestRow:
    @pytest.mark.parametrize(
        ("name", "direct", "hedged"),
        [
            ("answered within 1s", "78.8%", "98.9%"),
            ("theory says", "78.8% ± 2.5", "98.9% ± 0.6"),
            ("answered later", "11.2%", "-"),
            ("failed", "10.0%", "1.1%"),
            ("status 500", "6.0%", "-"),
            ("status 504", "-", "1.1%"),
            ("p50", "400 ms", "400 ms"),
            ("slowest", "2,001 ms", "400 ms"),
            ("attempts a request", "1.00", "2.39"),
            ("extra load", "-", "+139%"),
            ("cancelled half-way", "-", "50.0% of all"),
        ],
    )
    def test_tells_both_sides(self, name: str, direct: str, hedged: str) -> None:
        assert cells(demo_result())[name] == (direct, hedged)

    def test_of_attempts_has_its_theory_below_it(self) -> None:
        costs = rows(demo_result(), UNICODE)[-1]
        assert costs[1] == ("  theory says", "1.00", "2.39", "dim")

    def test_of_a_kind_of_failure_is_there_once_for_both(self) -> None:
        result = demo_result(results(1, 0, (500,)), results(1, 0, (500,)))
        names = [row.name for row in rows(result, UNICODE)[0]]
        assert names.count("  status 500") == 1


class TestPercentile:
    @pytest.mark.parametrize(
        ("name", "least"), [("p90", 10), ("p99", 100), ("p99.9", 1000), ("slowest", 1)]
    )
    def test_is_told_only_with_enough_requests_behind_it(self, name: str, least: int) -> None:
        result = demo_result(results(least), results(least - 1) if least > 1 else None)
        direct, hedged = cells(result)[name]
        assert direct == "400 ms"
        assert (hedged == "-") is (least > 1)


class TestTable:
    def test_of_a_run_without_answers_is_empty_but_whole(self) -> None:
        nothing = cells(demo_result(results(), results(), attempts=0))
        assert nothing["answered within 1s"] == ("0.0%", "0.0%")
        assert nothing["slowest"] == ("-", "-")
        assert nothing["extra load"] == ("-", "-")

    def test_says_when_it_is_partial(self) -> None:
        drawn = table(demo_result(interrupted=True), ASCII)
        assert drawn.columns[0].header == "partial result"

    def test_is_plain_where_the_terminal_is(self) -> None:
        told = [cell for section in rows(demo_result(), ASCII) for row in section for cell in row]
        assert all(cell.isascii() for cell in told)


class TestRemarks:
    def test_say_how_many_requests_and_how_punctual(self) -> None:
        (said,) = remarks(demo_result())
        assert "1,000 requests a side" in said
        assert "within 1ms" in said

    def test_warn_of_a_machine_too_busy_to_send(self) -> None:
        said = remarks(demo_result(hedged=results(1000, lag=0.05)))
        assert any("too busy" in line for line in said)

    def test_explain_a_partial_result(self) -> None:
        assert any("Interrupted" in line for line in remarks(demo_result(interrupted=True)))
