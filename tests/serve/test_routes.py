"""Which route a request belongs to, and the one spelling of its path."""

import pytest

from hedgerow.serve.routes import Pattern, Routes, normal_path


def found(path: str, *patterns: Pattern, host: str = "a", method: str = "GET") -> str | None:
    """The path pattern of the route that is chosen."""
    routes = Routes([(pattern, pattern.path) for pattern in patterns])
    result = routes.find(host.encode(), path.encode(), method.encode())
    return None if result is None else result[0]


class TestExactPath:
    def test_takes_itself_and_nothing_below(self) -> None:
        assert found("/a", Pattern("/a")) == "/a"
        assert found("/a/b", Pattern("/a")) is None
        assert found("/a/", Pattern("/a")) is None

    def test_means_its_dots_literally(self) -> None:
        assert found("/axb", Pattern("/a.b")) is None

    def test_may_be_written_with_escapes_that_it_does_not_need(self) -> None:
        assert found("/a-b", Pattern("/a%2Db")) == "/a%2Db"


class TestPrefix:
    def test_takes_everything_below_itself(self) -> None:
        assert found("/a/", Pattern("/a/")) == "/a/"
        assert found("/a/b/c", Pattern("/a/")) == "/a/"

    def test_does_not_take_what_only_begins_alike(self) -> None:
        assert found("/ab", Pattern("/a/")) is None
        assert found("/a", Pattern("/a/")) is None


class TestParameters:
    def values(self, path: str, pattern: str) -> dict[str, str] | None:
        result = Routes([(Pattern(pattern), "x")]).find(b"", path.encode(), b"GET")
        return None if result is None else dict(result[1])

    def test_are_whole_segments(self) -> None:
        assert self.values("/o/7/items/b", "/o/{order}/items/{item}") == {"order": "7", "item": "b"}

    def test_may_be_parts_of_a_segment(self) -> None:
        assert self.values("/v7-beta", "/v{major}-{name}") == {"major": "7", "name": "beta"}

    @pytest.mark.parametrize("path", ["/o/", "/o", "/o/a/b"])
    def test_are_neither_empty_nor_more_than_one_segment(self, path: str) -> None:
        assert self.values(path, "/o/{order}") is None

    def test_keep_the_spelling_they_came_in(self) -> None:
        assert self.values("/o/a%2Fb", "/o/{order}") == {"order": "a%2Fb"}

    def test_may_stand_in_a_prefix(self) -> None:
        assert self.values("/t/7/deep/er", "/t/{tenant}/") == {"tenant": "7"}


class TestSeveralRoutes:
    def test_prefer_the_exact_path(self) -> None:
        patterns = Pattern("/a/"), Pattern("/a/{b}"), Pattern("/a/b")
        assert found("/a/b", *patterns) == "/a/b"

    def test_prefer_parameters_to_a_prefix(self) -> None:
        assert found("/a/c", Pattern("/a/"), Pattern("/a/{b}")) == "/a/{b}"

    def test_prefer_the_longest_prefix(self) -> None:
        assert found("/a/b/c", Pattern("/"), Pattern("/a/"), Pattern("/a/b/")) == "/a/b/"

    def test_prefer_the_one_for_the_host(self) -> None:
        patterns = Pattern("/a/b"), Pattern("/", host="shop.test")
        assert found("/a/b", *patterns, host="shop.test") == "/"

    def test_differ_by_method(self) -> None:
        patterns = Pattern("/a", methods=frozenset({b"GET"})), Pattern("/")
        assert found("/a", *patterns, method="POST") == "/"


class TestHost:
    @pytest.mark.parametrize("host", ["shop.test", "SHOP.test", "shop.test:8080", "shop.test:"])
    def test_is_compared_without_case_and_port(self, host: str) -> None:
        assert found("/", Pattern("/", host="shop.test"), host=host) == "/"

    @pytest.mark.parametrize("host", ["[::1]", "[::1]:8080"])
    def test_may_be_an_address_with_colons(self, host: str) -> None:
        assert found("/", Pattern("/", host="[::1]"), host=host) == "/"

    @pytest.mark.parametrize("host", ["a.shop.test", "A.b.Shop.test:443"])
    def test_may_be_all_below_a_domain(self, host: str) -> None:
        assert found("/", Pattern("/", host="*.shop.test"), host=host) == "/"

    @pytest.mark.parametrize("host", ["shop.test", ".shop.test", "ashop.test", "shop.test.evil"])
    def test_of_a_domain_is_only_what_is_below_it(self, host: str) -> None:
        assert found("/", Pattern("/", host="*.shop.test"), host=host) is None

    def test_is_better_the_narrower(self) -> None:
        patterns = (
            Pattern("/any/"), Pattern("/", host="*.test"), Pattern("/", host="*.shop.test"),
            Pattern("/x", host="a.shop.test"),
        )  # fmt: skip
        routes = Routes([(pattern, number) for number, pattern in enumerate(patterns)])
        result = [
            routes.find(host, b"/x", b"GET") for host in (b"a.test", b"b.shop.test", b"a.shop.test")
        ]
        assert [one[0] if one else None for one in result] == [1, 2, 3]

    @pytest.mark.parametrize("host", ["", "other.test", "shop.test.evil"])
    def test_of_another_name_is_another(self, host: str) -> None:
        assert found("/", Pattern("/", host="shop.test"), host=host) is None


class TestSingleRouteForEverything:
    @pytest.mark.parametrize("path", ["/", "/a/b", "*"])
    def test_takes_everything(self, path: str) -> None:
        assert found(path, Pattern("/")) == "/"


class TestMethodsForPath:
    ROUTES = Routes(
        [
            (Pattern("/a", methods=frozenset({b"GET"})), "1"),
            (Pattern("/a", methods=frozenset({b"PUT", b"POST"})), "2"),
            (Pattern("/a", host="shop.test", methods=frozenset({b"DELETE"})), "3"),
        ]
    )

    def test_are_those_of_all_its_routes(self) -> None:
        assert self.ROUTES.methods_for(b"x", b"/a") == {b"GET", b"PUT", b"POST"}

    def test_are_none_where_no_route_leads(self) -> None:
        assert self.ROUTES.methods_for(b"x", b"/b") == set()

    def test_are_those_of_the_host(self) -> None:
        assert b"DELETE" in self.ROUTES.methods_for(b"shop.test:80", b"/a")


class TestNormalPath:
    @pytest.mark.parametrize(
        ("path", "normal"),
        [
            ("/", "/"),
            ("/a/b", "/a/b"),
            ("/a/./b", "/a/b"),
            ("/a/../b", "/b"),
            ("/a/b/..", "/a/"),
            ("/a/b/.", "/a/b/"),
            ("/a/b/../", "/a/"),
            ("/..a/b..", "/..a/b.."),
            ("/.hidden", "/.hidden"),
            ("//a//b", "//a//b"),
            ("/a//../b", "/a/b"),
            ("*", "*"),
        ],
    )
    def test_has_no_dot_segments(self, path: str, normal: str) -> None:
        assert normal_path(path.encode(), merges_slashes=False) == normal.encode()

    @pytest.mark.parametrize(
        ("path", "normal"),
        [("//a//b", "/a/b"), ("/a//../b", "/b"), ("//", "/"), ("/.//a", "/a"), ("/a//", "/a/")],
    )
    def test_has_no_empty_segments(self, path: str, normal: str) -> None:
        assert normal_path(path.encode()) == normal.encode()

    @pytest.mark.parametrize("path", ["/..", "/../a", "/a/../../b", "/%2e%2e/a", "/.%2E/a"])
    def test_is_none_when_it_climbs_above_the_root(self, path: str) -> None:
        assert normal_path(path.encode()) is None

    @pytest.mark.parametrize(
        ("path", "normal"),
        [
            ("/a/%2e%2E/b", "/b"),
            ("/a/%2e/b", "/a/b"),
            ("/%61dmin", "/admin"),
            ("/%7Euser/%5fx%2Dy", "/~user/_x-y"),
        ],
    )
    def test_has_no_escapes_that_it_does_not_need(self, path: str, normal: str) -> None:
        """Or a route could be passed by in a spelling that its upstream takes for the same."""
        assert normal_path(path.encode()) == normal.encode()

    @pytest.mark.parametrize(
        ("path", "normal"),
        [
            ("/a%2Fb", "/a%2Fb"),
            ("/a%2fb", "/a%2Fb"),
            ("/caf%c3%a9", "/caf%C3%A9"),
            ("/100%25", "/100%25"),
            ("/%252e%252e/", "/%252e%252e/"),
            ("/odd%zz%", "/odd%zz%"),
        ],
    )
    def test_keeps_those_that_mean_something(self, path: str, normal: str) -> None:
        assert normal_path(path.encode()) == normal.encode()

    @pytest.mark.parametrize("path", ["/a/../b/%2e/c/..", "/%61/%2F%2e%2e/%41", "/%252e/.."])
    def test_stays_what_it_is(self, path: str) -> None:
        once = normal_path(path.encode())
        assert once is not None
        assert normal_path(once) == once
