"""What one user was told to send back."""

import pytest

from hedgerow.load.generator.cookies import CookieJar
from hedgerow.load.generator.request_maker import Endpoint

NOW = 1_800_000_000.0  # 2027-01-15 08:00:00
SHOP = Endpoint(True, "www.shop.example", 443)
PLAIN = Endpoint(False, "www.shop.example", 80)


def jar(*values: str, at: Endpoint = SHOP, path: str = "/a/b", now: float = NOW) -> CookieJar:
    made = CookieJar()
    made.receive([value.encode() for value in values], at, path, now)
    return made


def sent(
    cookies: CookieJar, to: Endpoint = SHOP, path: str = "/a/b", *, after: float = 0.0
) -> bytes:
    return cookies.header(to, path, NOW + after)


def other(host: str) -> Endpoint:
    return Endpoint(True, host, 443)


class TestEmptyJar:
    def test_sends_nothing(self) -> None:
        assert sent(CookieJar()) == b""


class TestCookie:
    def test_comes_back_as_it_was_set(self) -> None:
        assert sent(jar("id=a=b\"c'; HttpOnly; SameSite=Lax")) == b"id=a=b\"c'"

    def test_may_have_space_around_its_parts(self) -> None:
        assert sent(jar(" id =  x ;  Path = /a ")) == b"id=x"

    def test_may_be_empty(self) -> None:
        assert sent(jar("id=")) == b"id="

    def test_that_is_set_again_takes_the_place_of_the_old_one(self) -> None:
        cookies = jar("a=1", "b=2")
        assert sent(cookies) == b"a=1; b=2"
        cookies.receive([b"a=3"], SHOP, "/a/b", NOW)
        assert sent(cookies) == b"a=3; b=2"

    def test_of_another_path_stands_beside_it_the_longer_path_first(self) -> None:
        cookies = jar("a=1; path=/", "a=2; path=/a/b", "c=3; path=/a")
        assert sent(cookies) == b"a=2; c=3; a=1"

    @pytest.mark.parametrize("value", ["", "id", "=x", ";", "; path=/", f"id={'x' * 4095}"])
    def test_that_is_unsound_is_ignored(self, value: str) -> None:
        assert sent(jar(value, "b=2")) == b"b=2"

    def test_in_great_number_drives_out_the_oldest(self) -> None:
        cookies = sent(jar(*(f"c{number}=1" for number in range(201)))).split(b"; ")
        assert len(cookies) == 200
        assert cookies[0] == b"c1=1"


class TestPath:
    @pytest.mark.parametrize(
        ("attribute", "path", "goes"),
        [
            ("; path=/a", "/a", True),
            ("; path=/a", "/a/", True),
            ("; path=/a", "/a/b/c", True),
            ("; path=/a/", "/a/b", True),
            ("; path=/a/", "/a", False),
            ("; path=/a", "/ab", False),
            ("; path=/a", "/", False),
            ("", "/a/x", True),  # as it was set by /a/b
            ("", "/b", False),
            ("; path=", "/a/x", True),
            ("; path=x", "/b", False),
            ("; path=/b; Path=/", "/x", True),
        ],
    )
    def test_says_where_a_cookie_goes(self, attribute: str, path: str, goes: bool) -> None:
        assert bool(sent(jar(f"id=1{attribute}"), path=path)) is goes

    def test_is_the_root_where_the_page_is_in_it(self) -> None:
        assert sent(jar("id=1", path="/login"), path="/any") == b"id=1"


class TestDomain:
    @pytest.mark.parametrize(
        ("attribute", "host", "goes"),
        [
            ("", "www.shop.example", True),
            ("", "shop.example", False),
            ("", "x.www.shop.example", False),
            ("; domain=shop.example", "www.shop.example", True),
            ("; Domain=.Shop.Example", "api.shop.example", True),
            ("; domain=shop.example", "shop.example", True),
            ("; domain=shop.example", "notshop.example", False),
            ("; domain=", "api.shop.example", False),
        ],
    )
    def test_says_which_hosts_a_cookie_goes_to(self, attribute: str, host: str, goes: bool) -> None:
        assert bool(sent(jar(f"id=1{attribute}"), other(host))) is goes

    @pytest.mark.parametrize("domain", ["example", "api.shop.example", "other.example"])
    def test_of_somebody_else_is_not_believed(self, domain: str) -> None:
        assert sent(jar(f"id=1; domain={domain}")) == b""
        assert sent(jar(f"id=1; domain={domain}"), other(domain)) == b""

    @pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
    def test_may_be_that_of_a_host_without_dots_or_an_address(self, host: str) -> None:
        assert sent(jar(f"id=1; domain={host}", at=other(host)), other(host)) == b"id=1"

    def test_of_an_address_has_nothing_below_it(self) -> None:
        cookies = jar("id=1; domain=0.0.1", at=other("127.0.0.1"))
        assert sent(cookies, other("127.0.0.1")) == b""

    def test_does_not_depend_on_the_port(self) -> None:
        assert sent(jar("id=1"), Endpoint(True, SHOP.host, 8443)) == b"id=1"


class TestSecureCookie:
    def test_goes_over_tls_only(self) -> None:
        cookies = jar("id=1; Secure")
        assert sent(cookies, SHOP) == b"id=1"
        assert sent(cookies, PLAIN) == b""

    def test_is_not_taken_without_tls(self) -> None:
        assert sent(jar("id=1; secure", at=PLAIN), SHOP) == b""


class TestExpiry:
    def test_by_age_is_on_the_second(self) -> None:
        cookies = jar("id=1; Max-Age=60", "b=2")
        assert sent(cookies, after=59.9) == b"id=1; b=2"
        assert sent(cookies, after=60.0) == b"b=2"

    def test_of_a_cookie_that_was_not_sent_yet_is_seen_too(self) -> None:
        assert sent(jar("id=1; Max-Age=60"), after=61.0) == b""

    @pytest.mark.parametrize(
        "date",
        [
            "Fri, 15 Jan 2027 08:01:00 GMT",
            "Fri, 15-Jan-2027 08:01:00 GMT",
            "Friday, 15-Jan-27 08:01:00 GMT",
            "Fri Jan 15 08:01:00 2027",
        ],
    )
    def test_by_date_is_read_in_each_of_its_forms(self, date: str) -> None:
        cookies = jar(f"id=1; Expires={date}")
        assert sent(cookies, after=59.9) == b"id=1"
        assert sent(cookies, after=60.1) == b""

    def test_by_age_goes_before_one_by_date(self) -> None:
        cookies = jar("id=1; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT")
        assert sent(cookies) == b"id=1"

    @pytest.mark.parametrize("attribute", ["max-age=x", "max-age=", "expires=soon", "expires=0",
                                           "expires=99 Jan 2027 08:00:00"])  # fmt: skip
    def test_that_cannot_be_read_is_none(self, attribute: str) -> None:
        assert sent(jar(f"id=1; {attribute}"), after=1e9) == b"id=1"

    @pytest.mark.parametrize(
        "attribute", ["Max-Age=0", "Max-Age=-1", "Expires=Thu, 01 Jan 1970 00:00:00 GMT"]
    )
    def test_in_the_past_takes_a_cookie_away(self, attribute: str) -> None:
        cookies = jar("id=1", "b=2")
        assert sent(cookies) == b"id=1; b=2"
        cookies.receive([f"id=; {attribute}".encode()], SHOP, "/a/b", NOW)
        assert sent(cookies) == b"b=2"


class TestHeaderThatIsKeptReady:
    def test_is_one_for_each_path_and_endpoint(self) -> None:
        cookies = jar("a=1; path=/a", "b=2; path=/b", "s=3; path=/a; secure")
        for _ in range(2):
            assert sent(cookies, path="/a") == b"a=1; s=3"
            assert sent(cookies, path="/b") == b"b=2"
            assert sent(cookies, PLAIN, "/a") == b"a=1"

    def test_is_the_same_object_while_nothing_changes(self) -> None:
        cookies = jar("a=1", "b=2")
        first = sent(cookies)
        cookies.receive([b"a=1"], SHOP, "/a/b", NOW)
        assert sent(cookies) is first

    def test_does_not_pile_up_over_many_paths(self) -> None:
        cookies = jar("a=1; path=/")
        for number in range(1000):
            assert sent(cookies, path=f"/{number}") == b"a=1"
        assert len(cookies._ready) <= 64
