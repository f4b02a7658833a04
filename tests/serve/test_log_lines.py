"""The forms of a line in the access log."""

import datetime

import pytest

from hedgerow.errors import ConfigError
from hedgerow.serve.log_lines import Facts, line_of
from hedgerow.wire.request import Request
from tests.fakes.carrier import FakeCarrier
from tests.fakes.gateway_bench import request_head

NOON = datetime.datetime(2026, 11, 21, 12, 0, 0, 123456, tzinfo=datetime.UTC)


def line(form: str, *lines: str, target: str = "/a?b=1", status: int = 200) -> str:
    raw = "\r\n".join([f"GET {target} HTTP/1.1", "Host: h.test", *lines, "", ""])
    request = Request(request_head(raw.encode("latin-1")), FakeCarrier())
    if status:
        request.respond(status, b"", b"hello")
    request.id = "7"
    return line_of(form)(Facts(request, None, 0.5, NOON, "STAMP")).decode()


class TestCommon:
    def test_is_what_the_first_servers_wrote(self) -> None:
        assert line("common") == (
            '192.0.2.7 - - [21/Nov/2026:12:00:00 +0000] "GET /a?b=1 HTTP/1.1" 200 5\n'
        )

    def test_tells_of_a_client_that_left(self) -> None:
        assert line("common", status=0).endswith(" 499 -\n")


class TestCombined:
    def test_has_the_page_and_the_browser_too(self) -> None:
        fields = ("Referer: https://a.test/", "User-Agent: curl/8")
        assert line("combined", *fields).endswith(' "https://a.test/" "curl/8"\n')

    def test_has_a_dash_for_what_is_not_there(self) -> None:
        assert line("combined").endswith(' "-" "-"\n')

    @pytest.mark.parametrize(
        ("agent", "shown"),
        [('a"b', "a\\x22b"), ("a\\b", "a\\x5Cb"), ("\xe9", "\\xE9")],
    )
    def test_can_be_forged_by_nobody(self, agent: str, shown: str) -> None:
        assert line("combined", f"User-Agent: {agent}").endswith(f'"{shown}"\n')


class TestTemplate:
    def test_has_names_in_braces(self) -> None:
        form = "{client} {method} {path}?{query} {status} {bytes} {ms} {id} {header.X-A} {host}"
        assert line(form, "X-A: b c") == "192.0.2.7 GET /a?b=1 200 5 500.0 7 b c h.test\n"

    def test_with_an_unknown_name_is_refused(self) -> None:
        with pytest.raises(ConfigError, match=r"access_log_format.*user_agent"):
            line("{agent}")


def test_a_line_in_words_ends_with_the_id() -> None:
    assert line("text") == 'STAMP 192.0.2.7 "GET /a?b=1" 200 5 500.0ms - - 7\n'


def test_a_line_of_json_has_the_id() -> None:
    assert '"id":"7"' in line("json")
