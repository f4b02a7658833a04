"""Several runs side by side."""

from hedgerow.report.document import Document
from hedgerow.report.page.comparison import side_by_side
from hedgerow.report.page.figures import NONE
from hedgerow.report.page.runs import runs_of
from tests.report.documents import document, empty
from tests.report.reading import Reading


def rows_of(*documents: Document) -> list[dict[str, str]]:
    head, *rows = Reading(side_by_side(runs_of(documents))).tables[0]
    return [dict(zip(head, row, strict=True)) for row in rows]


class TestRow:
    def test_tells_a_run_its_verdict_and_its_promises(self) -> None:
        row = rows_of(document(name="a"), empty())[0]
        assert (row["Run"], row["Verdict"], row["SLO"]) == ("a", "SUSPECT", "2 of 3 kept")
        assert row["Asked"] == "100.0\xa0/s"

    def test_of_a_run_without_a_server_has_dashes_for_it(self) -> None:
        watched, blind = rows_of(document(), document(watched=False))
        assert float(watched["CPU max"]) > 0
        assert (blind["CPU max"], blind["RSS max"]) == (NONE, NONE)

    def test_has_no_place_for_a_server_where_none_was_watched(self) -> None:
        assert "CPU max" not in rows_of(document(watched=False), empty())[0]

    def test_of_a_run_without_requests_has_dashes(self) -> None:
        row = rows_of(empty(), document())[0]
        assert (row["p99"], row["Asked"], row["SLO"]) == (NONE, NONE, "0 of 1 kept")
