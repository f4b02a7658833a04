from msgspec.structs import replace

from hedgerow.report.document import Reason, Verdict
from hedgerow.report.page.find_tables import probes, promises, questions, reason
from tests.report.find_documents import probe, searched
from tests.report.reading import Reading

SUSPECT = Verdict(
    state="SUSPECT",
    reasons=[Reason(kind="gc", state="SUSPECT", fact="it paused", hint="")],
)
ONE = [("", searched().variants[0])]


class TestProbes:
    def test_stand_in_their_order_with_what_came_of_them(self) -> None:
        (table,) = Reading(probes(searched(), searched().variants[0])).tables
        assert [row[1] for row in table[1:]] == ["10/s", "200/s", "103/s", "100/s", "103/s"]
        assert [row[3].split()[1] for row in table[1:3]] == ["kept", "broken"]
        assert table[2][-1] == "p99<250ms: 900\N{NO-BREAK SPACE}ms"


class TestReason:
    def test_of_an_undisturbed_kept_promise_is_none(self) -> None:
        assert reason(probe(10)) == ""

    def test_of_a_broken_one_is_its_figure_and_what_ended_it(self) -> None:
        early = replace(probe(9, came="broken", p99=0.5), stopped_because="it grew")
        assert reason(early) == "p99<250ms: 500\N{NO-BREAK SPACE}ms; it grew"

    def test_of_a_doubtful_one_is_told_too(self) -> None:
        assert reason(replace(probe(9), verdict=SUSPECT)) == "SUSPECT: it paused"

    def test_of_an_invalid_one_is_the_generators(self) -> None:
        assert reason(replace(probe(9, came="invalid"), verdict=SUSPECT)) == "it paused"


class TestQuestions:
    def test_are_those_that_could_have_refuted_the_answer(self) -> None:
        (table,) = Reading(questions(searched(), ONE)).tables
        assert [row[1] for row in table[1:]] == ["100/s", "103/s"]
        assert [row[3] for row in table[1:]] == ["kept", "broken"]

    def test_name_what_was_varied(self) -> None:
        document = replace(searched(), varied="n")
        (table,) = Reading(questions(document, [("4", document.variants[0])])).tables
        assert [row[0] for row in table] == ["n", "4", "4"]

    def test_that_were_not_asked_are_told(self) -> None:
        variant = replace(searched().variants[0], probes=[probe(10)])
        assert "before its answer was questioned" in questions(searched(), [("", variant)])


class TestPromises:
    def test_have_their_figures_at_either_side(self) -> None:
        (table,) = Reading(promises(searched(), ONE)).tables
        row = [cell.replace("\N{NO-BREAK SPACE}", " ") for cell in table[1]]
        assert row == ["p99<250ms", "100 ms at 100/s", "270 ms at 103/s"]

    def test_without_a_load_have_none(self) -> None:
        variant = replace(searched().variants[0], probes=[])
        (table,) = Reading(promises(searched(), [("", variant)])).tables
        assert table[1][1:] == ["\N{EN DASH}", "\N{EN DASH}"]
