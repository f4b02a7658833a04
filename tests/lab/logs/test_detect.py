"""Finding out what a log is."""

import pytest

from hedgerow.errors import ConfigError
from hedgerow.lab.logs.detect import FORMS, Form, reader_for

COMBINED = '10.0.0.1 - - [27/Nov/2026:03:00:00 +0000] "GET /a HTTP/1.1" 200 12 "-" "curl/8"'
LINES = {
    "hedgerow": '2026-11-27T03:00:00.000Z 127.0.0.1 "GET /a" 200 12 35.2ms r1 200',
    "nginx": COMBINED + " 0.120",
    "envoy": '[2026-11-27T03:00:00.000Z] "GET /a HTTP/1.1" 200 - 0 5 120 118 "-" "c" "i" "h" "u"',
    "istio": '[2026-11-27T03:00:00.000Z] "GET /a HTTP/1.1" 200 - via - "-" 0 5 120 118 "-" "c" "i"',
    "json": '{"status": 200, "request_time": 0.12}',
    "numbers": "12.5",
}


class TestForm:
    @pytest.mark.parametrize("name", list(FORMS))
    def test_is_found_out_from_the_first_lines(self, name: str) -> None:
        expected = FORMS[name](Form()).name
        assert reader_for(Form(), [LINES[name] + "\r\n"], "x.log").name == expected

    def test_is_found_out_among_a_few_other_lines(self) -> None:
        lines = ["# remark", "", "torn li", LINES["nginx"], LINES["nginx"]]
        assert reader_for(Form(), lines, "x.log").name == "nginx, combined with times"

    @pytest.mark.parametrize("name", list(FORMS))
    def test_can_be_named(self, name: str) -> None:
        assert reader_for(Form(name=name), [], "x.log").read(LINES[name]) is not None

    def test_can_be_written_down(self) -> None:
        reader = reader_for(Form(name="$request_time|$status"), [], "x.log")
        assert reader.read("0.120|200") is not None

    def test_of_one_key_is_json(self) -> None:
        reader = reader_for(Form(field="took", unit="s"), ["x"], "x.log")
        entry = reader.read('{"took": 2}')
        assert entry is not None
        assert entry.seconds == 2.0


class TestRefusal:
    def told(self, form: Form, *lines: str) -> str:
        with pytest.raises(ConfigError) as caught:
            reader_for(form, lines, "x.log")
        return str(caught.value)

    def test_shows_the_line_that_is_not_known(self) -> None:
        assert "x.log = 'what is this'" in self.told(Form(), "what is this\n")
        assert "--format" in self.told(Form(), "what is this")

    def test_says_what_combined_lacks(self) -> None:
        assert "$request_time" in self.told(Form(), COMBINED)

    def test_is_for_an_empty_log_too(self) -> None:
        assert "empty" in self.told(Form(), "\n", "# nothing\n")

    def test_names_the_forms_for_a_word_that_is_none(self) -> None:
        assert "hedgerow, envoy, istio, nginx" in self.told(Form(name="ngnix"))

    def test_asks_for_a_time(self) -> None:
        assert "how long" in self.told(Form(name="$status $request"))
