import random
from typing import Any

import pytest

from hedgerow.errors import ConfigError
from hedgerow.load.generator.request_maker import Endpoint, RequestMaker
from hedgerow.load.generator.scenario_request import absolute, prepare
from hedgerow.load.plan import RequestPlan
from hedgerow.workload.template import Draw
from tests.load.generator.fake_exchanger import Sent


def request(
    method: str = "GET", url: str = "http://shop/", cookies: bytes = b"", **options: Any
) -> Sent:
    given: Any = options
    made = prepare(method, url, given, keep_alive=True)
    return Sent(made.endpoint, made.data(cookies), "", False, 0, None, 0)


class TestRequest:
    def test_is_the_same_as_that_of_a_plan(self) -> None:
        url, fields, body = "https://shop:8443/a%20b?c=d", (("X-A", "1"),), b'{"id":7}'
        plan = RequestPlan(url=url, label="", method="POST", fields=fields, body=body)
        planned = RequestMaker(plan, Draw(0, 1, random.Random(1))).make()
        ours = request("POST", url, json={"id": 7}, headers={"X-A": "1"})
        assert sorted(planned.split(b"\r\n")) == sorted(ours.data.split(b"\r\n"))
        assert ours.endpoint == Endpoint(tls=True, host="shop", port=8443)

    def test_ends_its_head_with_an_empty_line(self) -> None:
        assert request().data.endswith(b"\r\n\r\n")
        assert request().data.count(b"\r\n\r\n") == 1

    def test_without_a_body_tells_no_length(self) -> None:
        assert "content-length" not in request("GET").fields
        assert "content-length" not in request("DELETE").fields

    def test_that_could_have_a_body_tells_that_it_has_none(self) -> None:
        assert request("POST").fields["content-length"] == "0"

    def test_may_tell_to_close_the_connection(self) -> None:
        made = prepare("GET", "http://shop/", {}, keep_alive=False)
        assert b"Connection: close\r\n" in made.data(b"")
        assert b"Connection" not in request().data

    def test_is_checked_for_what_would_break_it_in_two(self) -> None:
        with pytest.raises(ConfigError, match="control characters"):
            request(headers={"X-A": "1\r\nX-B: 2"})
        with pytest.raises(ConfigError, match="one word"):
            request("GET / HTTP/1.1\r\n")


class TestTarget:
    @pytest.mark.parametrize(
        ("url", "line"),
        [
            ("http://shop", "GET /"),
            ("http://shop/a?b=1&c=2", "GET /a?b=1&c=2"),
            ("http://shop?b=1", "GET /?b=1"),
            ("http://shop/a b", "GET /a%20b"),
            ("http://shop/a%20b", "GET /a%20b"),
            ("http://shop/für", "GET /f%C3%BCr"),
            ("http://shop/a#part", "GET /a"),
        ],
    )
    def test_is_escaped_where_it_must_be(self, url: str, line: str) -> None:
        assert request(url=url).line == line

    def test_has_the_parameters_added(self) -> None:
        made = request(url="http://shop/a", params={"q": "a b", "n": [1, 2], "none": None})
        assert made.line == "GET /a?q=a+b&n=1&n=2"
        assert request(url="http://shop/a?x=1", params=[("y", "2")]).line == "GET /a?x=1&y=2"

    def test_of_cookies_has_no_query(self) -> None:
        assert prepare("GET", "http://shop/a/b?c=1", {}, keep_alive=True).path == "/a/b"


class TestBody:
    def test_of_a_form(self) -> None:
        made = request("POST", data={"name": "Ann Lee", "tag": ["a", "b"]})
        assert made.body == b"name=Ann+Lee&tag=a&tag=b"
        assert made.fields["content-type"] == "application/x-www-form-urlencoded"
        assert made.fields["content-length"] == "24"

    def test_of_pairs(self) -> None:
        assert request("POST", data=[("a", 1), ("a", 2)]).body == b"a=1&a=2"

    def test_of_json(self) -> None:
        made = request("PUT", json=["ü"])
        assert (made.body, made.fields["content-length"]) == ('["ü"]'.encode(), "6")
        assert made.fields["content-type"] == "application/json"

    @pytest.mark.parametrize("data", ['{"a": 1}', b'{"a": 1}'])
    def test_as_it_is_given(self, data: str | bytes) -> None:
        made = request("POST", data=data)
        assert (made.body, made.fields["content-type"]) == (b'{"a": 1}', "application/json")

    def test_has_the_type_that_it_is_given(self) -> None:
        made = request("POST", json={}, headers={"content-type": "application/vnd.api+json"})
        assert made.fields["content-type"] == "application/vnd.api+json"
        assert made.data.lower().count(b"content-type") == 1

    def test_is_one(self) -> None:
        with pytest.raises(TypeError, match="one body"):
            request("POST", json={}, data="x")


class TestCookies:
    def test_are_the_users(self) -> None:
        assert request(cookies=b"a=1; b=2").fields["cookie"] == "a=1; b=2"

    def test_of_the_request_come_first(self) -> None:
        made = request(cookies=b"a=1", headers={"Cookie": "c=3"})
        assert made.fields["cookie"] == "c=3; a=1"
        assert request(headers={"cookie": "c=3"}).fields["cookie"] == "c=3"


class TestHeaders:
    def test_replace_ours(self) -> None:
        made = request(headers={"User-Agent": "me", "Host": "other"})
        assert (made.fields["user-agent"], made.fields["host"]) == ("me", "other")
        assert made.data.lower().count(b"host:") == 1

    def test_may_differ_from_request_to_request(self) -> None:
        sent = [request(headers={"Authorization": f"Bearer {n}"}) for n in range(3)]
        assert [one.fields["authorization"] for one in sent] == ["Bearer 0", "Bearer 1", "Bearer 2"]

    def test_may_be_numbers(self) -> None:
        numbers: Any = {"X-Number": 7}
        assert request(headers=numbers).fields["x-number"] == "7"


class TestUrl:
    @pytest.mark.parametrize(
        ("base", "url", "whole"),
        [
            ("http://shop", "/a", "http://shop/a"),
            ("http://shop/", "/a", "http://shop/a"),
            ("http://shop/api/", "/a", "http://shop/api/a"),
            ("http://shop/api", "a?b=1", "http://shop/api/a?b=1"),
            ("http://shop", "https://other/a", "https://other/a"),
            ("", "HTTP://other/a", "HTTP://other/a"),
        ],
    )
    def test_continues_the_base(self, base: str, url: str, whole: str) -> None:
        assert absolute(base, url) == whole

    def test_without_a_base_must_be_whole(self) -> None:
        with pytest.raises(ValueError, match=r"'/a' is relative.*base_url"):
            absolute("", "/a")
