"""A run's name and colour."""

from hedgerow.report.document import Document
from hedgerow.report.page.runs import runs_of


class TestName:
    def test_is_the_documents_or_its_target(self) -> None:
        documents = [Document(name="a", target="x"), Document(target="x"), Document()]
        assert [run.name for run in runs_of(documents)] == ["a", "x", "run"]

    def test_is_no_other_runs(self) -> None:
        names = ["a", "a (2)", "a", "a"]
        runs = runs_of([Document(name=name) for name in names])
        assert [run.name for run in runs] == ["a", "a (2)", "a (3)", "a (4)"]


class TestCell:
    def test_is_needed_where_there_are_other_runs(self) -> None:
        one, two = runs_of([Document(name="a")]), runs_of([Document(name="a"), Document(name="b")])
        assert (one[0].cell(one), two[1].cell(two)) == ([], ["b"])


class TestLine:
    def test_has_a_colour_of_its_own_and_then_a_dash(self) -> None:
        lines = [run.line() for run in runs_of([Document()] * 9)]
        assert len({line.colour for line in lines[:8]}) == 8
        assert (lines[8].colour, lines[8].dashed) == (lines[0].colour, True)
        assert not any(line.dashed for line in lines[:8])
