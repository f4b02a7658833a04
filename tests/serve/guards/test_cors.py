"""What pages of other origins may do."""

import pytest

from hedgerow.serve.guards.cors import CorsRule
from tests.fakes.gateway_bench import request_head

SHOP = CorsRule(("https://shop.test",), methods=("GET", "PUT"), headers=("X-Own",), max_age=60)


def answer(rule: CorsRule, *lines: str) -> str:
    return rule.answer_fields(request_head(raw("GET", *lines))).decode()


def preflight(rule: CorsRule, *lines: str, method: str = "OPTIONS") -> str | None:
    fields = rule.preflight_fields(request_head(raw(method, *lines)))
    return None if fields is None else fields.decode()


def raw(method: str, *lines: str) -> bytes:
    return "\r\n".join([f"{method} /x HTTP/1.1", "Host: a", *lines, "", ""]).encode()


class TestAnswer:
    def test_names_an_origin_that_may_read_it(self) -> None:
        fields = answer(SHOP, "Origin: https://shop.test")
        assert "Access-Control-Allow-Origin: https://shop.test\r\n" in fields

    @pytest.mark.parametrize("origin", ["https://evil.test", "http://shop.test", "null"])
    def test_names_no_other(self, origin: str) -> None:
        assert "Allow-Origin" not in answer(SHOP, f"Origin: {origin}")

    def test_differs_by_origin_whoever_asks(self) -> None:
        """Else a cache would give one origin's answer to another."""
        assert answer(SHOP) == "Vary: Origin\r\n"

    def test_is_the_same_for_all_where_all_may_read_it(self) -> None:
        fields = answer(CorsRule(("*",)), "Origin: https://a.test")
        assert fields == "Access-Control-Allow-Origin: *\r\n"

    def test_says_whether_cookies_count(self) -> None:
        rule = CorsRule(("https://shop.test",), credentials=True, expose=("X-Own", "X-Two"))
        fields = answer(rule, "Origin: https://shop.test")
        assert "Access-Control-Allow-Credentials: true\r\n" in fields
        assert "Access-Control-Expose-Headers: X-Own, X-Two\r\n" in fields


class TestPreflight:
    ASKS = ("Origin: https://shop.test", "Access-Control-Request-Method: PUT")

    def test_says_what_is_allowed(self) -> None:
        fields = preflight(SHOP, *self.ASKS)
        assert fields is not None
        assert "Access-Control-Allow-Methods: GET, PUT\r\n" in fields
        assert "Access-Control-Allow-Headers: X-Own\r\n" in fields
        assert "Access-Control-Max-Age: 60\r\n" in fields

    def test_of_another_origin_allows_nothing(self) -> None:
        asks = ("Origin: https://evil.test", self.ASKS[1])
        assert preflight(SHOP, *asks) == "Vary: Origin\r\n"

    def test_may_allow_any_field(self) -> None:
        rule = CorsRule(("https://shop.test",), headers=("*",))
        fields = preflight(rule, *self.ASKS, "Access-Control-Request-Headers: authorization, x-a")
        assert fields is not None
        assert "Access-Control-Allow-Headers: authorization, x-a\r\n" in fields

    @pytest.mark.parametrize(
        ("method", "lines"), [("GET", ASKS), ("OPTIONS", ASKS[:1]), ("OPTIONS", ASKS[1:])]
    )
    def test_is_only_what_a_browser_sends_before(self, method: str, lines: tuple[str, ...]) -> None:
        assert preflight(SHOP, *lines, method=method) is None
