import http

import httptools
import pytest

from hedgerow.serve.settings.kinds import Kind, Refused
from hedgerow.serve.settings.names import (
    ASKED_IN,
    FIELD_NAME,
    FIELDS,
    FILE,
    HOST,
    METHOD_LIST,
    METHODS,
    NAME,
    PATTERN,
    STATUS,
    AskedIn,
    parameters,
)


def refused(kind: Kind, value: object) -> str:
    with pytest.raises(Refused) as caught:
        kind.read(value)
    return f"{caught.value.must}. {caught.value.fix}"


class TestPath:
    @pytest.mark.parametrize(
        "path", ["/", "/exact", "/prefix/", "/a/{name}/b", "/a-{x}.{y}", "/caf%C3%A9", "/a,b;c=1"]
    )
    def test_takes(self, path: str) -> None:
        assert PATTERN.read(path) == path

    @pytest.mark.parametrize(
        ("path", "fact"),
        [
            ("api", 'Write "/api"'),
            ("", "at least one character"),
            ("/a?x=1", "without ? and #"),
            ("/a#b", "without ? and #"),
            ("/a/../b", "without . and .."),
            ("/café", 'Write "/caf%C3%A9"'),
            ("/a b/{x}", 'Write "/a%20b/{x}"'),
            ("/100%", "%-escapes"),
            ("/{a}/{a}", "its own name"),
            ("/{}", "braces hold a name"),
            ("/{1a}", "braces hold a name"),
            ("/{a!r}", "braces hold a name"),
            ("/{a", "braces hold a name"),
        ],
    )
    def test_refuses(self, path: str, fact: str) -> None:
        assert fact in refused(PATTERN, path)

    def test_has_parameters_in_order(self) -> None:
        assert parameters("/{b}/x/{a}/") == ("b", "a")


class TestHost:
    def test_is_compared_in_lower_case(self) -> None:
        assert HOST.read("Api.Example.com") == "api.example.com"

    @pytest.mark.parametrize(
        ("host", "fact"),
        [
            ("example.com:80", 'Write "example.com"'),
            ("http://example.com", "Host field"),
            ("*example.com", "Host field"),
            ("a/b", "Host field"),
        ],
    )
    def test_refuses(self, host: str, fact: str) -> None:
        assert fact in refused(HOST, host)


class TestMethods:
    def test_are_those_that_the_parser_knows(self) -> None:
        unknown = []
        for method in METHODS:
            try:
                httptools.HttpRequestParser(object()).feed_data(
                    b"%b / HTTP/1.1\r\nHost: x\r\n\r\n" % method.encode()
                )
            except httptools.HttpParserInvalidMethodError:
                unknown.append(method)
        assert not unknown

    def test_have_every_standard_one_but_connect(self) -> None:
        assert {method.value for method in http.HTTPMethod} - set(METHODS) == {"CONNECT"}

    @pytest.mark.parametrize(
        ("method", "fact"),
        [
            ("get", 'Did you mean "GET"?'),
            ("FETCH", "known to HTTP"),
            ("CONNECT", "not a forward proxy"),
        ],
    )
    def test_refuse(self, method: str, fact: str) -> None:
        assert fact in refused(METHOD_LIST, [method])

    def test_come_from_the_command_line_with_commas(self) -> None:
        assert METHOD_LIST.from_word("GET, PUT") == ["GET", "PUT"]


class TestOtherNames:
    @pytest.mark.parametrize(
        ("kind", "value", "fact"),
        [
            (NAME, "a b", "letters, digits"),
            (STATUS, 199, "200 to 599"),
            (STATUS, 600, "200 to 599"),
            (STATUS, "200", "200 to 599"),
            (FIELD_NAME, "X Time", "header field"),
            (FIELD_NAME, "Content-Length", "Hedgerow writes Content-Length itself"),
            (FIELDS, ["X-A"], "a table"),
            (FIELDS, {"Connection": "close"}, "Hedgerow writes Connection itself"),
            (FIELDS, {"X-A": "a\r\nb"}, "printable ASCII"),
            (FIELDS, {"X-A": 1}, "printable ASCII"),
            (ASKED_IN, "cookie.x", "path.NAME, query.NAME or header.NAME"),
            (ASKED_IN, "path.", "path.NAME"),
            (ASKED_IN, "header.a b", "header field"),
            (ASKED_IN, "header.X-Forwarded-For", "what proxies say of a client"),
            (ASKED_IN, "header.Host", "about the connection"),
        ],
    )
    def test_are_refused(self, kind: Kind, value: object, fact: str) -> None:
        assert fact in refused(kind, value)

    def test_of_a_deadline_may_have_dots_of_their_own(self) -> None:
        assert ASKED_IN.read("query.opt.timeout") == AskedIn("query", "opt.timeout")

    def test_of_a_missing_file_are_refused_with_where_we_look(self) -> None:
        assert "working directory" in refused(FILE, "no-such-file.pem")
