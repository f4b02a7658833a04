"""Tables in boxes of their own."""

from hedgerow.report.page.tables import Cell, facts, figures, run_column, table, words
from tests.report.reading import Reading

COLUMNS = [*words("Label"), *figures("Count")]


class TestTable:
    def test_has_a_caption_a_head_and_its_rows(self) -> None:
        read = Reading(table("Things", COLUMNS, [["a", "1"], ["b", "2"]]))
        assert read.tables == [[["Label", "Count"], ["a", "1"], ["b", "2"]]]
        assert read.text.startswith("Things")

    def test_scrolls_in_a_box_that_the_keyboard_reaches(self) -> None:
        box = Reading(table("Things", COLUMNS, [])).all_of("div")[0]
        assert (box["class"], box["tabindex"], box["aria-label"]) == ("scroll", "0", "Things")

    def test_says_what_its_heads_are_of(self) -> None:
        heads = Reading(table("Things", COLUMNS, [["a", "1"]])).all_of("th")
        assert [head["scope"] for head in heads] == ["col", "col", "row"]

    def test_sorts_by_numbers_and_not_by_what_is_shown(self) -> None:
        read = Reading(table("Things", COLUMNS, [["a", Cell("1.2 s", 1200)]], sortable=True))
        assert read.all_of("td")[0]["data-key"] == "1200"
        assert "data-sortable" in read.all_of("table")[0]

    def test_keeps_its_foot_apart(self) -> None:
        html = table("Things", COLUMNS, [["a", "1"]], foot=[["TOTAL", "1"]])
        assert "TOTAL" in html.partition("<tfoot>")[2]
        assert "TOTAL" not in html.partition("<tfoot>")[0]


class TestRunColumn:
    def test_is_there_when_there_is_something_to_tell_apart(self) -> None:
        assert run_column(1) == []
        assert [column.title for column in run_column(2)] == ["Run"]


class TestFacts:
    def test_without_a_value_are_left_out(self) -> None:
        assert Reading(facts([("CPU", "Xeon"), ("Seed", "")])).words == ["CPU", "Xeon"]
