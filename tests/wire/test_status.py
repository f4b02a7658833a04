from hedgerow.wire.status import STATUS_LINES, WITHOUT_BODY, phrase


class TestStatusLine:
    def test_is_built_for_every_status(self) -> None:
        assert STATUS_LINES[200] == b"HTTP/1.1 200 OK\r\n"
        assert STATUS_LINES[999] == b"HTTP/1.1 999 \r\n"
        assert len(STATUS_LINES) == 1000


class TestPhrase:
    def test_is_the_one_of_rfc_9110_in_every_version_of_python(self) -> None:
        assert [phrase(status) for status in (413, 414, 422)] == [
            "Content Too Large",
            "URI Too Long",
            "Unprocessable Content",
        ]

    def test_of_an_unknown_status_is_empty(self) -> None:
        assert phrase(599) == ""


class TestStatusWithoutBody:
    def test_is_1xx_204_and_304(self) -> None:
        assert {100, 199, 204, 304} <= WITHOUT_BODY
        assert not {200, 205, 404} & WITHOUT_BODY
