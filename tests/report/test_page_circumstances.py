"""Under which circumstances it was measured."""

from hedgerow.report.document import Config, Document, Generator
from hedgerow.report.page.circumstances import (
    circumstances,
    generator_facts,
    machine_facts,
    plan_facts,
)
from hedgerow.report.page.figures import NONE
from hedgerow.report.page.runs import runs_of
from tests.report.documents import document
from tests.report.reading import Reading


class TestPlan:
    def test_of_an_open_model_tells_its_arrivals(self) -> None:
        facts = dict(plan_facts(document()))
        assert facts["Model"] == "open: requests come when they are due, poisson arrivals"
        assert facts["Rate"] == "100 a second"

    def test_of_a_closed_model_tells_its_users(self) -> None:
        facts = dict(plan_facts(document(users=30)))
        assert facts["Model"].startswith("closed: ")
        assert (facts["Users"], facts["Think time"]) == ("30", "1s..3s")


class TestCommand:
    def test_can_be_read_and_copied(self) -> None:
        command = "hedgerow load 'http://a/?x=1&y=<2>'"
        runs = runs_of([Document(config=Config(command=command))])
        read = Reading("".join(circumstances(runs)))
        assert command in read.words
        assert read.all_of("button")[0]["data-copy"] == command


class TestGenerator:
    def test_tells_what_disturbed_it(self) -> None:
        disturbed = Generator(
            throttled_s=1.5, missing_shards=[2, 3], lost_because=["2: it is gone"],
            littles_law_gap=0.1, start_spread_s=0.002,
        )  # fmt: skip
        facts = dict(generator_facts(Document(generator=disturbed)))
        assert facts["Throttled by a CPU quota"] == "1.5\xa0s"
        assert facts["Missing shards"] == "2, 3; 2: it is gone"
        assert facts["Shards began within"] == "2\xa0ms"
        assert "10.0\xa0%" in facts["Little's law"]

    def test_that_was_well_says_that_too(self) -> None:
        facts = dict(generator_facts(document()))
        assert facts["Throttled by a CPU quota"] == "never"
        assert facts["Machine idle"] == "31.0\xa0% at least"


class TestSeveralRuns:
    def test_have_a_column_each(self) -> None:
        runs = runs_of([document(name="a"), document(name="b", users=30)])
        table = Reading("".join(circumstances(runs))).tables[1]
        assert table[0] == ["", "a", "b"]
        assert ["Users", NONE, "30"] in table


class TestMachine:
    def test_is_told(self) -> None:
        assert dict(machine_facts(document()))["Memory"] == "8\xa0GiB"
        assert dict(machine_facts(Document()))["Cores"] == ""
