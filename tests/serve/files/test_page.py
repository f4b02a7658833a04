"""A directory's listing."""

from hedgerow.serve.files.page import Entry, as_json, page

ENTRIES = (
    Entry(b"b.txt", is_directory=False, size=2048, modified_at=0.0),
    Entry(b"Z", is_directory=True, size=0, modified_at=0.0),
    Entry(b"a.txt", is_directory=False, size=1, modified_at=0.0),
)


class TestPage:
    def test_has_directories_first(self) -> None:
        text = page(b"/x/", ENTRIES, is_top=False).decode()
        assert text.index("Z/") < text.index("a.txt") < text.index("b.txt")

    def test_has_sizes_and_times(self) -> None:
        text = page(b"/x/", ENTRIES, is_top=False).decode()
        assert "2KiB" in text.replace(" ", "")
        assert "1970-01-01 00:00" in text

    def test_leads_up_but_at_the_top(self) -> None:
        assert b'href="../"' in page(b"/x/", (), is_top=False)
        assert b'href="../"' not in page(b"/x/", (), is_top=True)

    def test_escapes_names_for_where_they_stand(self) -> None:
        entry = Entry(b'"><script>.js', is_directory=False, size=0, modified_at=0.0)
        text = page(b"/%3Cscript%3E/", (entry,), is_top=True).decode()
        assert "<script>" not in text
        assert "./%22%3E%3Cscript%3E.js" in text

    def test_takes_no_name_for_a_scheme(self) -> None:
        entry = Entry(b"javascript:alert(1)", is_directory=False, size=0, modified_at=0.0)
        assert b'href="./javascript%3Aalert%281%29"' in page(b"/", (entry,), is_top=True)


def test_programs_get_the_same() -> None:
    told = as_json(ENTRIES)
    assert [entry["name"] for entry in told] == ["Z", "a.txt", "b.txt"]
    assert told[0]["type"] == "directory"
