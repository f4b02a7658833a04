"""``hedgerow report``: from result files to a page."""

import webbrowser
from pathlib import Path

import pytest

from hedgerow.cli.main import run
from hedgerow.report.document import Document, read_documents, write_document
from hedgerow.report.find_document import FindDocument, write_find


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("a", "b"):
        write_document(Document(target=f"http://{name}/"), Path(f"{name}.json"))
    write_document(Document(name="monday"), Path("named.json"))
    return tmp_path


class TestPage:
    def test_is_written_beside_and_its_place_is_told(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert run(["report", "a.json"]) == 0
        assert capsys.readouterr().out == "report.html: one run\n"
        assert "<h1>Load on http://a/</h1>" in Path("report.html").read_text()

    def test_goes_where_it_is_wanted_under_the_title_that_is_wanted(self) -> None:
        assert run(["report", "a.json", "-o", "x.html", "--title", "A & B"]) == 0
        assert "<title>A &amp; B</title>" in Path("x.html").read_text()

    def test_of_several_results_calls_each_as_its_file_or_as_it_says(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert run(["report", "a.json", "named.json", "b.json"]) == 0
        names = [document.name for document in read_documents(Path("report.html"))]
        assert names == ["a", "monday", "b"]
        assert capsys.readouterr().out == "report.html: 3 runs\n"

    def test_can_be_made_of_pages(self) -> None:
        assert run(["report", "a.json", "b.json", "-o", "both.html"]) == 0
        assert run(["report", "both.html", "named.json", "-o", "all.html"]) == 0
        assert len(read_documents(Path("all.html"))) == 3

    def test_is_opened_when_asked_for(self, monkeypatch: pytest.MonkeyPatch) -> None:
        opened: list[str] = []
        monkeypatch.setattr(webbrowser, "open", opened.append)
        assert run(["report", "a.json"]) == 0
        assert opened == []
        assert run(["report", "a.json", "--open"]) == 0
        assert opened == [Path("report.html").resolve().as_uri()]


class TestSearch:
    def test_becomes_a_page_that_is_read_again(self, capsys: pytest.CaptureFixture[str]) -> None:
        write_find(FindDocument(target="http://a/"), Path("find.json"))
        assert run(["report", "find.json"]) == 0
        assert capsys.readouterr().out == "report.html: one search\n"
        assert "<h1>Capacity of http://a/</h1>" in Path("report.html").read_text()
        assert run(["report", "report.html", "-o", "again.html", "-T", "Again"]) == 0
        assert "<h1>Again</h1>" in Path("again.html").read_text()

    def test_stands_alone(self, capsys: pytest.CaptureFixture[str]) -> None:
        write_find(FindDocument(), Path("find.json"))
        for words in (["a.json", "find.json"], ["find.json", "find.json"]):
            assert run(["report", *words]) == 2
            assert "one file where it is a search, as find.json is" in capsys.readouterr().err

    def test_that_cannot_be_read_names_its_file(self, capsys: pytest.CaptureFixture[str]) -> None:
        Path("find.json").write_text('{"kind": "find", "by": 7}')
        assert run(["report", "find.json"]) == 2
        assert "hedgerow find --json" in capsys.readouterr().err


class TestMistake:
    def refused(self, capsys: pytest.CaptureFixture[str], code: int, *words: str) -> str:
        assert run(["report", *words]) == code
        return capsys.readouterr().err

    def test_of_giving_no_result_is_told(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert "one result file or more" in self.refused(capsys, 2)

    def test_of_a_file_that_is_not_there_names_it(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert "nowhere.json" in self.refused(capsys, 2, "a.json", "nowhere.json")

    def test_of_a_file_that_is_no_result_names_it(self, capsys: pytest.CaptureFixture[str]) -> None:
        Path("notes.txt").write_text("hello")
        told = self.refused(capsys, 2, "notes.txt")
        assert "notes.txt" in told
        assert "hedgerow load --json or --html" in told

    def test_of_writing_over_a_result_leaves_it_alone(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        before = Path("a.json").read_bytes()
        assert "another file" in self.refused(capsys, 2, "a.json", "-o", "./a.json")
        assert Path("a.json").read_bytes() == before

    def test_of_a_place_that_cannot_be_written_names_it(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        told = self.refused(capsys, 1, "a.json", "-o", "no/such/folder/x.html")
        assert "no/such/folder/x.html" in told
