"""The results inside the page, and reading them back."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from hedgerow.errors import ConfigError
from hedgerow.report.document import (
    Document,
    decode_document,
    decode_documents,
    read_document,
    read_documents,
    write_document,
)
from hedgerow.report.page import page
from hedgerow.report.page.embedded import json_script, results
from tests.report.documents import document
from tests.report.reading import Reading

TREACHEROUS = "</script><script>alert(1)</script> <!-- <script> ]]> \u2028 <\\/ &lt; \\"


def treacherous() -> Document:
    return Document(name=TREACHEROUS, error_samples={TREACHEROUS: TREACHEROUS})


class TestScriptOfData:
    def test_cannot_be_ended_by_what_it_holds(self) -> None:
        script = json_script([TREACHEROUS])
        assert script.count("</") == 1
        assert "<!--" not in script

    def test_is_one_element_for_a_parser(self) -> None:
        read = Reading(json_script([TREACHEROUS]))
        assert [tag for tag, _ in read.elements] == ["script"]


class TestPage:
    def test_with_one_run_reads_back_as_that_run(self) -> None:
        for written in (document(), treacherous()):
            assert decode_document(page([written]).encode()) == written

    def test_with_several_runs_reads_back_as_all_of_them(self) -> None:
        written = [document(name="a"), treacherous(), document(name="b", users=30)]
        assert decode_documents(page(written).encode()) == written

    def test_with_several_runs_is_refused_where_one_is_wanted(self) -> None:
        both = "".join(results([Document(), Document()]))
        with pytest.raises(ValueError, match="2 results, where one is wanted"):
            decode_document(both.encode())

    def test_without_a_run_is_refused(self) -> None:
        with pytest.raises(ValueError, match="holds no result"):
            decode_documents(b"<!DOCTYPE html><html></html>")


class TestFile:
    def test_may_be_a_result_or_a_page(self, tmp_path: Path) -> None:
        run, other = replace(document(), name="a"), Document(name="b")
        write_document(run, tmp_path / "run.json")
        (tmp_path / "page.html").write_text(page([run, other]), encoding="utf-8")
        assert read_documents(tmp_path / "run.json") == [run]
        assert read_document(tmp_path / "run.json") == run
        assert read_documents(tmp_path / "page.html") == [run, other]

    @pytest.mark.parametrize("text", [None, "", "{", "<p>", '{"schema_version": 99}', "[1]"])
    def test_that_is_no_result_is_named(self, tmp_path: Path, text: str | None) -> None:
        path = tmp_path / "result"
        if text is not None:
            path.write_text(text)
        with pytest.raises(ConfigError, match=str(path)):
            read_documents(path)
