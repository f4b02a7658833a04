"""Who asks, as far as a head says so."""

from typing import Literal

import pytest

from hedgerow.serve.client_key import forwarded_client, stated_client
from hedgerow.serve.source import Source
from tests.fakes.gateway_bench import request_head

API_KEY = Source("header", "X-Api-Key")


def stated(*lines: str) -> str | None:
    text = "\r\n".join(["GET / HTTP/1.1", "Host: a.test", *lines, "", ""])
    return stated_client(request_head(text.encode()), {}, b"", API_KEY)


def forwarded(*lines: str, setting: Literal["append", "replace"] = "append") -> str | None:
    text = "\r\n".join(["GET / HTTP/1.1", "Host: a.test", *lines, "", ""])
    return forwarded_client(request_head(text.encode()), setting)


class TestClientThatSaysWhoItIs:
    def test_is_the_same_whenever_it_says_the_same(self) -> None:
        assert stated("X-Api-Key: alice") == stated("x-api-key: alice") is not None

    def test_is_another_where_it_says_something_else(self) -> None:
        assert stated("X-Api-Key: alice") != stated("X-Api-Key: bob")

    def test_cannot_pass_for_an_address(self) -> None:
        assert stated("X-Api-Key: 192.0.2.7") != "192.0.2.7"

    @pytest.mark.parametrize("line", ["X-Other: 1", "X-Api-Key:", "X-Api-Key:  "])
    def test_is_nobody_where_it_does_not(self, line: str) -> None:
        assert stated(line) is None

    def test_costs_little_memory_however_long_its_name_is(self) -> None:
        one, other = stated("X-Api-Key: " + "a" * 5000), stated("X-Api-Key: " + "a" * 5001)
        assert one is not None
        assert len(one) < 50
        assert one != other

    def test_may_say_so_in_the_query(self) -> None:
        head = request_head()
        assert stated_client(head, {}, b"key=alice", Source("query", "key")) == "=alice"


class TestClientBehindAProxy:
    @pytest.mark.parametrize(
        ("value", "key"),
        [
            ("203.0.113.9", "203.0.113.9"),
            ("10.0.0.1, 203.0.113.9", "203.0.113.9"),
            ("10.0.0.1,203.0.113.9:4711", "203.0.113.9"),
            ("2001:db8:1:2:3::7", "2001:db8:1:2::/64"),
            ("[2001:db8:1:2:3::7]", "2001:db8:1:2::/64"),
            ("[2001:db8:1:2:3::7]:4711", "2001:db8:1:2::/64"),
            ("::ffff:203.0.113.9", "203.0.113.9"),
            ("unknown", "unknown"),
        ],
    )
    def test_is_the_last_that_was_added(self, value: str, key: str) -> None:
        assert forwarded(f"X-Forwarded-For: {value}") == key

    def test_is_in_the_last_of_several_fields(self) -> None:
        lines = ["X-Forwarded-For: 10.0.0.1", "X-Forwarded-For: 203.0.113.9"]
        assert forwarded(*lines) == "203.0.113.9"

    def test_is_not_believed_where_no_proxy_is_trusted(self) -> None:
        assert forwarded("X-Forwarded-For: 203.0.113.9", setting="replace") is None

    @pytest.mark.parametrize("line", ["Via: 1.1 proxy", "X-Forwarded-For:", "X-Forwarded-For: a,"])
    def test_is_nobody_where_the_proxy_does_not_tell(self, line: str) -> None:
        assert forwarded(line) is None

    def test_costs_little_memory_whatever_is_told(self) -> None:
        key = forwarded("X-Forwarded-For: " + "a" * 5000)
        assert key is not None
        assert len(key) < 50
