"""The bytes of a request."""

import random
from collections.abc import Mapping, Sequence
from types import MappingProxyType

import pytest

import hedgerow
from hedgerow.errors import ConfigError
from hedgerow.load.generator.request_maker import (
    Endpoint,
    RequestMaker,
    basic_auth,
    files_of,
    read_url,
)
from hedgerow.load.plan import RequestPlan
from hedgerow.workload.template import Draw

Lines = Mapping[str, Sequence[bytes]]
Fields = tuple[tuple[str, str], ...]
AGENT = f"User-Agent: hedgerow/{hedgerow.__version__}".encode()


def plan(
    url: str = "http://shop/",
    method: str = "GET",
    *,
    fields: Fields = (),
    body: bytes = b"",
    is_template: bool = False,
) -> RequestPlan:
    return RequestPlan(
        url=url, label="x", method=method, fields=fields, body=body, is_template=is_template
    )


def maker(
    request: RequestPlan, lines: Lines = MappingProxyType({}), *, keep_alive: bool = True
) -> RequestMaker:
    return RequestMaker(request, Draw(0, 1, random.Random(7), lines), keep_alive=keep_alive)


def lines_of(request: RequestPlan, cookies: bytes = b"") -> list[bytes]:
    return maker(request).make(cookies).partition(b"\r\n\r\n")[0].split(b"\r\n")


def target_of(url: str, lines: Lines | None = None) -> bytes:
    request = plan(url, is_template=lines is not None)
    return maker(request, lines or {}).make().split(b" ")[1]


class TestRequest:
    def test_has_a_line_and_the_fields_that_every_server_wants(self) -> None:
        assert maker(plan("http://shop:8080/a?b=1")).make() == (
            b"GET /a?b=1 HTTP/1.1\r\nHost: shop:8080\r\n%b\r\nAccept: */*\r\n\r\n" % AGENT
        )

    def test_with_a_body_tells_its_length_and_ends_with_it(self) -> None:
        data = maker(plan(method="PUT", body=b"a=1\r\n")).make()
        assert b"\r\nContent-Length: 5\r\n" in data
        assert data.endswith(b"\r\n\r\na=1\r\n")

    @pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
    def test_that_could_have_a_body_tells_that_it_has_none(self, method: str) -> None:
        assert b"Content-Length: 0" in lines_of(plan(method=method))

    @pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE", "OPTIONS"])
    def test_of_another_method_says_nothing_of_a_body(self, method: str) -> None:
        assert not any(b"Content-" in line for line in lines_of(plan(method=method)))

    def test_closes_where_connections_are_not_kept(self) -> None:
        assert b"\r\nConnection: close\r\n" in maker(plan(), keep_alive=False).make()
        assert b"Connection" not in maker(plan()).make()

    @pytest.mark.parametrize(("method", "is_head"), [("HEAD", True), ("GET", False)])
    def test_knows_whether_its_answer_has_a_body(self, method: str, is_head: bool) -> None:
        assert maker(plan(method=method)).is_head is is_head


class TestContentType:
    @pytest.mark.parametrize(
        ("body", "kind"),
        [
            (b"a=1&b=2", b"application/x-www-form-urlencoded"),
            (b"{seq}", b"application/x-www-form-urlencoded"),
            (b' {"a": 1}', b"application/json"),
            (b"{}", b"application/json"),
            (b"[1]", b"application/json"),
        ],
    )
    def test_is_guessed_from_the_body(self, body: bytes, kind: bytes) -> None:
        assert b"Content-Type: " + kind in lines_of(plan(method="POST", body=body))

    def test_is_the_users_where_there_is_one(self) -> None:
        fields = (("content-type", "text/csv"),)
        lines = lines_of(plan(method="POST", body=b"a", fields=fields))
        assert [line for line in lines if b"ype" in line] == [b"content-type: text/csv"]


class TestUsersField:
    def test_goes_out_in_place_of_ours(self) -> None:
        fields = (("user-agent", "me"), ("ACCEPT", "text/html"), ("X-A", " 1 "), ("X-A", "2"))
        assert lines_of(plan(fields=fields))[1:] == [
            b"Host: shop", b"user-agent: me", b"ACCEPT: text/html", b"X-A: 1", b"X-A: 2",
        ]  # fmt: skip

    def test_host_comes_first_and_once(self) -> None:
        lines = lines_of(plan(fields=(("X", "1"), ("host", "other"))))
        assert lines[1] == b"host: other"
        assert not any(line.startswith(b"Host") for line in lines)

    def test_may_have_more_than_ascii(self) -> None:
        assert "X: ä".encode() in lines_of(plan(fields=(("X", "ä"),)))

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("X", "a\r\nY: b"),
            ("X", "a\nb"),
            ("X", "a\0b"),
            ("X Y", "1"),
            ("X:", "1"),
            ("X\r\nY", "1"),
            ("", "1"),
            ("Content-Length", "5"),
            ("transfer-encoding", "chunked"),
        ],
    )
    def test_is_refused_where_it_would_break_the_request(self, name: str, value: str) -> None:
        with pytest.raises(ConfigError, match="field"):
            maker(plan(fields=((name, value),)))

    def test_host_twice_is_refused(self) -> None:
        with pytest.raises(ConfigError, match="Host"):
            maker(plan(fields=(("Host", "a"), ("Host", "b"))))


class TestMethod:
    @pytest.mark.parametrize("method", ["", "GET /", "A\r\n", "Gé"])
    def test_is_refused_unless_it_is_one_word(self, method: str) -> None:
        with pytest.raises(ConfigError, match="method"):
            maker(plan(method=method))


class TestUrl:
    @pytest.mark.parametrize(
        ("url", "endpoint", "host"),
        [
            ("http://shop/", Endpoint(False, "shop", 80), b"shop"),
            ("https://Shop.Example", Endpoint(True, "shop.example", 443), b"shop.example"),
            ("HTTP://shop:80/", Endpoint(False, "shop", 80), b"shop"),
            ("https://shop:80/", Endpoint(True, "shop", 80), b"shop:80"),
            ("http://shop:/", Endpoint(False, "shop", 80), b"shop"),
            ("http://[0:0::1]:8080/", Endpoint(False, "::1", 8080), b"[::1]:8080"),
            ("http://[fe80::1%25eth0]/", Endpoint(False, "fe80::1%eth0", 80), b"[fe80::1]"),
            ("http://bücher.example/", Endpoint(False, "xn--bcher-kva.example", 80),
             b"xn--bcher-kva.example"),
            ("http://me:secret@shop/", Endpoint(False, "shop", 80), b"shop"),
            (" http://127.0.0.1:1 ", Endpoint(False, "127.0.0.1", 1), b"127.0.0.1:1"),
        ],
    )  # fmt: skip
    def test_says_where_to_connect(self, url: str, endpoint: Endpoint, host: bytes) -> None:
        assert maker(plan(url)).endpoint == endpoint
        assert lines_of(plan(url))[1] == b"Host: " + host

    @pytest.mark.parametrize(
        ("rest", "target"),
        [
            ("", b"/"),
            ("?a=1", b"/?a=1"),
            ("/a b/ä?q=ü&x=a+b", b"/a%20b/%C3%A4?q=%C3%BC&x=a+b"),
            ("/a%20b%2Fc", b"/a%20b%2Fc"),
            ("/100%", b"/100%25"),
            ('/{"a"}|\\', b"/%7B%22a%22%7D%7C%5C"),
            ("/a#part?x", b"/a"),
            ("/a/../b", b"/a/../b"),
            ("/a;b=c,d:e@f!$&'()*~[0]", b"/a;b=c,d:e@f!$&'()*~[0]"),
        ],
    )
    def test_says_what_to_ask_for(self, rest: str, target: bytes) -> None:
        assert target_of(f"http://shop{rest}") == target

    def test_carries_a_user_for_basic_authentication(self) -> None:
        # RFC 7617 section 2
        lines = lines_of(plan("http://Aladdin:open%20sesame@shop/"))
        assert b"Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==" in lines

    def test_s_user_gives_way_to_a_field(self) -> None:
        lines = lines_of(plan("http://a:b@shop/", fields=(("authorization", "Bearer x"),)))
        assert [line for line in lines if b"uthor" in line] == [b"authorization: Bearer x"]

    @pytest.mark.parametrize(
        "url",
        [
            "shop/",
            "ftp://shop/",
            "http:///path",
            "http://",
            "http://shop:port/",
            "http://shop:0/",
            "http://shop:65536/",
            "http://sh op/",
            "http://[::x]/",
            "http://a..b/",
            "http://shop/\r\nX: 1",
            "http://shop/\0",
            "http://shop{seq}/",
        ],
    )
    def test_is_refused_with_its_text_and_what_is_wanted(self, url: str) -> None:
        with pytest.raises(ConfigError) as caught:
            read_url(url)
        assert repr(url) in str(caught.value)
        assert "http://" in str(caught.value)


class TestBasicAuth:
    def test_may_have_an_empty_password_and_colons_in_it(self) -> None:
        assert basic_auth("a:") == ("Authorization", "Basic YTo=")
        assert basic_auth("a:b:c") == ("Authorization", "Basic YTpiOmM=")

    def test_without_a_password_is_refused(self) -> None:
        with pytest.raises(ConfigError, match="user:password"):
            basic_auth("a")


class TestConstantRequest:
    def test_is_the_same_bytes_each_time(self) -> None:
        made = maker(plan(method="POST", body=b"a"))
        assert made.constant is not None
        assert made.make() is made.constant

    def test_is_one_without_placeholders_too(self) -> None:
        assert maker(plan(body=b'{"a": "5%"}', is_template=True)).constant is not None

    def test_keeps_braces_where_it_is_no_template(self) -> None:
        assert maker(plan(method="POST", body=b"{seq}")).make().endswith(b"\r\n\r\n{seq}")


class TestTemplate:
    def test_has_one_number_in_url_field_and_body(self) -> None:
        fields = (("X-Id", "{seq}"), ("X-Of", "a{uuid}"))
        made = maker(
            plan("http://shop/{seq}?u={uuid}", fields=fields, body=b"{seq}", is_template=True)
        )
        made.make()
        second = made.make()
        assert second.startswith(b"GET /1?u=")
        assert b"X-Id: 1\r\n" in second
        assert second.endswith(b"\r\n\r\n1")
        uuid = second.split(b"?u=")[1][:36]
        assert b"X-Of: a%b\r\n" % uuid in second

    def test_tells_each_bodys_length(self) -> None:
        made = maker(plan(method="POST", body=b"{choice:a|bcdef}", is_template=True))
        for _ in range(20):
            head, _, body = made.make().partition(b"\r\n\r\n")
            assert b"\r\nContent-Length: %d" % len(body) in head
        assert made.constant is None

    def test_with_a_constant_body_tells_its_length(self) -> None:
        made = maker(plan("http://shop/{seq}", "POST", body=b"abc", is_template=True))
        assert made.make().endswith(b"Content-Length: 3\r\n\r\nabc")

    def test_may_stand_in_a_url_with_signs_that_mean_something_there(self) -> None:
        url = "http://shop/{choice:a#b|a#b}/{line:f#1?}#end"
        assert target_of(url, {"f#1?": [b"x"]}) == b"/a%23b/x"

    def test_in_a_url_escapes_lines_but_leaves_whole_paths(self) -> None:
        url = "http://shop/{line:f}"
        assert target_of(url, {"f": [b"a b/\xc3\xa4?c=1"]}) == b"/a%20b/%C3%A4?c=1"

    def test_cannot_end_a_field(self) -> None:
        request = plan(fields=(("X", "{line:f}"),), is_template=True)
        assert b"\r\nX: aY: b\r\n" in maker(request, {"f": [b"a\r\nY: b"]}).make()

    def test_in_the_host_is_refused(self) -> None:
        with pytest.raises(ConfigError, match="not in the host"):
            maker(plan("http://{seq}.shop/", is_template=True))

    def test_names_its_files(self) -> None:
        request = plan(
            "http://shop/{line:a}", fields=(("X", "{line:b}"),), body=b"{line:a}", is_template=True
        )
        assert files_of(request) == ("a", "b")
        assert files_of(plan("http://shop/{line:a}")) == ()


class TestCookies:
    def test_go_out_in_one_field_before_the_body(self) -> None:
        request = plan(method="POST", body=b"x")
        head, _, body = maker(request).make(b"a=1; b=2").partition(b"\r\n\r\n")
        assert head.endswith(b"\r\nCookie: a=1; b=2")
        assert body == b"x"

    def test_are_added_to_those_of_the_plan(self) -> None:
        request = plan(fields=(("cookie", "own=1"),))
        assert lines_of(request)[-1] == b"Cookie: own=1"
        assert lines_of(request, b"a=2")[-1] == b"Cookie: own=1; a=2"
        assert lines_of(request, b"a=2")[:-1] == lines_of(request)[:-1]

    def test_may_be_filled_in(self) -> None:
        fields = (("Cookie", "id={seq}"), ("Cookie", "x=y"))
        made = maker(plan(fields=fields, is_template=True))
        assert b"\r\nCookie: id=0; x=y\r\n" in made.make()
        assert b"\r\nCookie: id=1; x=y; a=2\r\n" in made.make(b"a=2")

    def test_belong_to_a_path_without_query(self) -> None:
        assert maker(plan("http://shop/a/b?c=/d")).path == "/a/b"
        assert maker(plan("http://shop/a/{seq}/b", is_template=True)).path == "/a/"
