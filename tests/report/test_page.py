"""The whole page."""

import pytest
from msgspec.structs import replace

from hedgerow.report.document import Config, Document, Label, Reason, SloResult, SummaryRow, Verdict
from hedgerow.report.page import page
from tests.report.documents import all_failed, document, empty
from tests.report.reading import Reading

EVIL = "</script><script>alert(1)</script><img src=x onerror=alert(2)>"


def evil() -> Document:
    """A run in which everything that is text tries to be HTML."""
    base = document(seconds=5, watched=True)
    row = SummaryRow(label=EVIL, samples=1, average_ms=1.0, min_ms=1, max_ms=1, stdev_ms=0.0,
                     error_share=0.0, throughput=1.0, received_kb_s=1.0, sent_kb_s=1.0,
                     average_bytes=1.0)  # fmt: skip
    reason = Reason(kind=EVIL, state="SUSPECT", fact=EVIL, hint=EVIL)
    label: Label = replace(base.labels[0], label=EVIL, summary=row)
    assert base.server is not None
    return replace(
        base, name=EVIL, target=EVIL, started=EVIL, tool=EVIL, stopped_because=EVIL,
        config=Config(command=EVIL, rate=EVIL, stages=EVIL, think_time=EVIL, scenario=EVIL),
        verdict=Verdict(state="SUSPECT", reasons=[reason]),
        slo=[SloResult(expr=EVIL, value=1.0, limit=1.0, unit=EVIL, ok=True, detail=EVIL)],
        status_codes={EVIL: 1}, errors={EVIL: 1}, error_samples={EVIL: EVIL},
        labels=[label, label], total=row, server=replace(base.server, name=EVIL),
        timeseries=[replace(point, errors={EVIL: 1}) for point in base.timeseries],
    )  # fmt: skip


PAGES = {
    "one": [document()],
    "closed": [document(users=30)],
    "several": [document(name="a"), document(name="b", users=30), empty()],
    "empty": [empty()],
    "bare": [Document()],
    "all failed": [all_failed()],
    "evil": [evil()],
    "several evil": [evil(), evil()],
}


@pytest.fixture(params=list(PAGES))
def read(request: pytest.FixtureRequest) -> Reading:
    return Reading(page(PAGES[request.param]))


class TestEveryPage:
    def test_fetches_nothing(self, read: Reading) -> None:
        for tag, attributes in read.elements:
            for name in ("src", "href", "action", "srcset"):
                value = attributes.get(name)
                assert value is None or value.startswith("data:"), (tag, name, value)

    def test_has_each_id_once(self, read: Reading) -> None:
        assert len(read.ids) == len(set(read.ids))
        for _, attributes in read.elements:
            for name in ("aria-labelledby", "aria-describedby"):
                assert attributes.get(name) is None or attributes[name] in read.ids

    def test_has_only_its_own_scripts(self, read: Reading) -> None:
        kinds = [script.get("type") for script in read.all_of("script")]
        assert kinds.count(None) == 3
        assert set(kinds) == {None, "application/json"}
        assert not any(name.startswith("on") for _, a in read.elements for name in a)

    def test_has_one_heading_of_the_first_order(self, read: Reading) -> None:
        assert len(read.all_of("h1")) == 1

    def test_has_a_place_for_each_chart_that_has_data(self, read: Reading) -> None:
        places = {p["data-chart"] for p in read.all_of("div") if "data-chart" in p}
        data = next(text for text in read.data if text.startswith("["))
        assert all(f'"key":"{place}"' in data for place in places)
        assert data.count('"key":') == len(places)

    def test_has_a_caption_for_each_table(self, read: Reading) -> None:
        assert len(read.all_of("caption")) == len(read.all_of("table"))


class TestOrder:
    def sections(self, *documents: Document) -> list[str | None]:
        return [section["id"] for section in Reading(page(documents)).all_of("section")]

    def test_of_one_run_begins_with_the_verdict(self) -> None:
        assert self.sections(document()) == [
            "verdict", "slo", "figures", "summary", "over-time", "percentiles", "server",
            "answers", "generator", "plan", "machine",
        ]  # fmt: skip

    def test_of_several_runs_has_them_side_by_side(self) -> None:
        assert self.sections(document(), empty()) == [
            "verdict", "side-by-side", "slo", "summary", "charts", "percentiles", "answers",
            "generator", "plan", "machine",
        ]  # fmt: skip


class TestTitle:
    def test_is_the_target_unless_there_is_a_name_or_a_better_one(self) -> None:
        heading = "<h1>{}</h1>".format
        assert heading("Load on http://127.0.0.1:9000/api/smart") in page([document()])
        assert heading("monday") in page([document(name="monday")])
        assert heading("A &amp; B") in page([document()], title="A & B")
        assert heading("2 runs compared") in page([document(), empty()])

    def test_comes_with_the_time_it_started(self) -> None:
        assert "5 November 2026, 14:03:22 UTC" in Reading(page([document()])).text


class TestChartWithoutData:
    def test_is_left_out(self) -> None:
        assert 'id="errors"' in page([document()])
        assert 'id="errors"' not in page([document(failing=0.0)])

    def test_is_told_in_words_where_there_is_no_other(self) -> None:
        text = Reading(page([empty()])).text
        assert text.count("Nothing was measured, so there is nothing to draw.") == 2


class TestTextOfOthers:
    def test_is_shown_and_never_run(self) -> None:
        read = Reading(page([evil()]))
        assert read.all_of("img") == []
        assert read.text.count("onerror=alert(2)") > 10


class TestWithoutAServer:
    def test_there_is_no_section_for_it(self) -> None:
        assert 'id="server"' not in page([document(watched=False)])
