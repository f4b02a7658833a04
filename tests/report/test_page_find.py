"""The page of a capacity search."""

import pytest
from msgspec.structs import replace

from hedgerow.report.document import Config
from hedgerow.report.find_document import (
    Capacity,
    FindDocument,
    Scalability,
    decode_find,
    is_find,
)
from hedgerow.report.find_words import answer, scalability
from hedgerow.report.page import find_page
from tests.report.find_documents import FOUND, probe, result, searched, varied
from tests.report.reading import Reading

EVIL = "</script><script>alert(1)</script><img src=x onerror=alert(2)>"
LAW = Scalability(lam=100, sigma=0.1, kappa=0.01, r2=0.99, peak_n=9.5, peak_x=321.0)


def evil() -> FindDocument:
    """A search in which everything that is text tries to be HTML."""
    mad = replace(probe(10), purpose=EVIL, stopped_because=EVIL)
    variant = replace(varied().variants[0], value=EVIL, probes=[mad])
    return FindDocument(
        tool=EVIL, target=EVIL, started=EVIL, varied=EVIL, promises=[EVIL], variants=[variant],
        config=Config(command=EVIL, scenario=EVIL),
    )  # fmt: skip


PAGES = {
    "by rate": searched(),
    "by users": result(FOUND, probe(2), probe(5, came="invalid"), by="users"),
    "varied": varied(LAW, "1", "2", "4"),
    "varied by words": varied(None, "uvloop", "asyncio"),
    "without probes": result(Capacity(kind="unfinished")),
    "bare": FindDocument(),
    "evil": evil(),
}


@pytest.fixture(params=list(PAGES))
def read(request: pytest.FixtureRequest) -> Reading:
    return Reading(find_page(PAGES[request.param]))


class TestEveryPage:
    def test_has_each_id_once(self, read: Reading) -> None:
        assert len(read.ids) == len(set(read.ids))

    def test_has_only_its_own_scripts(self, read: Reading) -> None:
        kinds = [script.get("type") for script in read.all_of("script")]
        assert kinds.count(None) == 3
        assert set(kinds) == {None, "application/json"}
        assert read.all_of("img") == []

    def test_has_a_place_for_each_chart_that_has_data(self, read: Reading) -> None:
        places = {p["data-chart"] for p in read.all_of("div") if "data-chart" in p}
        data = next(text for text in read.data if text.startswith("["))
        assert all(f'"key":"{place}"' in data for place in places)
        assert data.count('"key":') == len(places)


class TestData:
    @pytest.mark.parametrize("name", PAGES)
    def test_reads_back_as_it_was(self, name: str) -> None:
        page = find_page(PAGES[name]).encode()
        assert is_find(page)
        assert decode_find(page) == PAGES[name]


class TestOrder:
    def sections(self, document: FindDocument) -> list[str | None]:
        return [part["id"] for part in Reading(find_page(document)).all_of("section")]

    def test_begins_with_the_answer(self) -> None:
        assert self.sections(searched()) == [
            "answer", "slo", "curve", "questions", "probes", "plan", "machine",
        ]  # fmt: skip

    def test_of_several_searches_has_them_together_first(self) -> None:
        assert self.sections(varied()) == [
            "answer", "scaling-law", "slo", "curve", "curve-1", "questions", "probes", "probes-1",
            "plan", "machine",
        ]  # fmt: skip

    def test_without_a_search_says_so(self) -> None:
        assert "interrupted before anything was measured" in Reading(find_page(FindDocument())).text


class TestAnswer:
    def test_is_told_in_a_sentence(self) -> None:
        assert answer(FOUND, searched()) in Reading(find_page(searched())).text

    @pytest.mark.parametrize(
        ("kind", "look"), [("found", "valid"), ("below", "invalid"), ("unstable", "suspect")]
    )
    def test_looks_as_good_as_it_is(self, kind: str, look: str) -> None:
        capacities = {
            "found": FOUND,
            "below": Capacity(kind="below", broken=1.0),
            "unstable": Capacity(kind="unstable", load=9.0, broken=8.0),
        }
        assert f'class="card verdict {look}"' in find_page(result(capacities[kind]))


class TestTitle:
    def test_is_the_target_unless_there_is_a_better_one(self) -> None:
        document = replace(searched(), target="http://a/")
        assert "<h1>Capacity of http://a/</h1>" in find_page(document)
        assert "<h1>A &amp; B</h1>" in find_page(document, title="A & B")


class TestScaling:
    def test_is_told_with_its_coefficients(self) -> None:
        document = varied(LAW, "1", "2", "4")
        text = Reading(find_page(document)).text
        assert all(sentence in text for sentence in scalability(document))
        assert "Contention (sigma) 0.1" in text
        assert "Most 321/s at n = 9.5" in text

    def test_has_no_number_for_what_is_unstable(self) -> None:
        shaky = replace(varied().variants[0], capacity=Capacity(kind="unstable", load=9, broken=8))
        tables = Reading(find_page(replace(varied(), variants=[shaky]))).tables
        assert ["1", "\N{EN DASH}", "\N{EN DASH}", "unstable"] in tables[0]


class TestPlan:
    def test_says_how_to_search_again_and_not_what_one_probe_asked(self) -> None:
        config = Config(command="hedgerow find URL", rate="10", duration_s=3.0, seed=7)
        document = replace(searched(), config=config)
        text = Reading(find_page(document)).text
        assert "To search again: hedgerow find URL" in text
        assert "A probe measures 3 s" in text
        assert "Seed 7" in text
        assert "10 a second" not in text
