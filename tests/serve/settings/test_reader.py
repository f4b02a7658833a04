import pytest

from hedgerow.serve.settings import AskedIn, ReplicaUrl, Route, Server, Settings
from hedgerow.serve.settings.reader import settings_for_urls, settings_from_text
from tests.serve.settings.samples import (
    SMART,
    UPSTREAM,
    bare_refusal,
    has,
    read,
    refusal,
    route,
    route_refusal,
    url_refusal,
)


def smart() -> Settings:
    return settings_from_text(SMART)


class TestSmartRoute:
    def test_has_its_path_and_rewrite(self) -> None:
        route = smart().routes[0]
        assert (route.path, route.rewrite) == ("/api/smart/{timeout}", "/api/work")

    def test_has_its_deadline(self) -> None:
        deadline = smart().routes[0].deadline
        assert deadline.source == AskedIn("path", "timeout")
        assert (deadline.minimum, deadline.maximum, deadline.unit) == (0.3, 60.0, "ms")

    def test_hedges_in_a_burst_without_a_budget(self) -> None:
        hedge = smart().routes[0].hedge
        assert (hedge.delay, hedge.extra, hedge.max_attempts) == (0.3, 2, 3)
        assert (hedge.mode, hedge.budget) == ("burst", None)

    def test_takes_json_only(self) -> None:
        success = smart().routes[0].success
        assert (success.status, success.body) == ((200,), "json")

    def test_has_its_replies(self) -> None:
        replies = smart().routes[0].replies
        assert replies.exhausted is not None
        assert (replies.exhausted.status, replies.exhausted.json) == (502, {"message": "ERROR"})
        assert replies.expired is None

    def test_leads_to_its_upstream(self) -> None:
        upstream = smart().upstreams["work"]
        assert upstream.balance == "round-robin"
        assert upstream.replicas[0] == ReplicaUrl("http", "10.0.0.1", 9000)


class TestUpstreamAlone:
    def test_gets_everything(self) -> None:
        assert read().routes == (Route(path="/", upstream="api"),)

    def test_leaves_the_server_at_its_defaults(self) -> None:
        assert read().server == Server()


class TestRouteWithoutUpstream:
    def test_leads_to_the_only_one(self) -> None:
        assert route("").upstream == "api"

    def test_is_refused_where_there_are_several(self) -> None:
        message = refusal('[upstream.web]\nreplicas = ["http://w"]\n[[route]]\npath = "/"')
        assert has(message, "[route 1] upstream = nothing", "several", "api, web")


class TestDeadlineInShort:
    def test_is_the_default_one(self) -> None:
        assert route('deadline = "1s"') == route('deadline = {default = "1s"}')

    def test_is_refused_by_its_short_name(self) -> None:
        message = route_refusal("deadline = 5")
        assert has(message, "[route 1] deadline = 5:", 'Write for example deadline = "250ms"')


class TestHedgeInShort:
    def test_is_off(self) -> None:
        assert route('hedge = "off"').hedge.max_attempts == 1

    def test_is_nothing_else(self) -> None:
        message = route_refusal('hedge = "300ms"')
        assert has(message, "hedge = '300ms'", '"off" or a table', 'hedge = {delay = "300ms"}')


class TestUrls:
    def test_become_the_replicas_of_one_upstream(self) -> None:
        settings = settings_for_urls(["http://a:1", "http://b:2"])
        assert [r.url for r in settings.upstreams["backend"].replicas] == [
            "http://a:1", "http://b:2"
        ]  # fmt: skip

    def test_get_everything(self) -> None:
        routes = settings_for_urls(["http://a:1"]).routes
        assert routes == (Route(path="/", upstream="backend"),)

    def test_that_are_none_are_called_so(self) -> None:
        assert has(url_refusal("localhost:9000"), "URL = 'localhost:9000'", "http://localhost:9000")


class TestShapeOfTheFile:
    @pytest.mark.parametrize(
        ("text", "facts"),
        [
            ("", ("hedgerow.toml [upstream] = nothing", "nowhere to send", "[upstream.app]")),
            ("server = 5", ("hedgerow.toml [server] = 5", "a table")),
            ("upstream = 5", ("[upstream] = 5", "a table")),
            ('[upstream]\nreplicas = ["http://a"]', ("[upstream.replicas]", "[upstream.app]")),
            ('[upstream."a b"]\nreplicas = ["http://a"]', ("'a b'", "letters, digits")),
            (UPSTREAM + '[route]\npath = "/"', ("[route]", "a list of tables", "[[route]]")),
            ("route = [1]\n" + UPSTREAM, ("[1]", "a list of tables", "[[route]]")),
        ],
        ids=["empty", "server", "upstream", "nameless", "upstream-name", "route", "route-list"],
    )
    def test_that_is_wrong_says_how_to_write_it(self, text: str, facts: tuple[str, ...]) -> None:
        assert has(bare_refusal(text), *facts)

    def test_without_a_route_is_refused_where_there_are_several_upstreams(self) -> None:
        message = refusal('[upstream.web]\nreplicas = ["http://w"]')
        assert has(message, "[route] = nothing", "several upstreams", "api, web")


class TestMistake:
    """Each says the file, the table, the key, the value, the limit and what to write."""

    @pytest.mark.parametrize(
        ("text", "facts"),
        [
            (
                '[server]\ndrain_timeout = "5"',
                ("hedgerow.toml [server] drain_timeout = '5'", "unit", 'drain_timeout = "10s"'),
            ),
            (
                "[server]\ntrace = 1",
                ("[server] trace = 1:", "true or false", "trace = false, the default"),
            ),
            (
                "[server.limits]\nmax_fields = 0",
                ("[server.limits] max_fields = 0", "at least 1", "max_fields = 100"),
            ),
            (
                '[server.limits]\nhead_timeout = "1ms"',
                ("[server.limits] head_timeout = '1ms'", "at least 10ms"),
            ),
            (
                '[server]\nforwarded = "apend"',
                ("forwarded = 'apend'", '"replace" or "append"', 'Did you mean "append"?'),
            ),
            ("[server]\nlimits = 5", ("[server.limits] = 5", "a table")),
            (
                '[upstream.web]\nreplicas = ["http://a"]\nverify = "no"',
                ("[upstream.web] verify = 'no'", "true or false"),
            ),
            (
                '[upstream.web]\nreplicas = ["http://a", "b:1"]',
                ("[upstream.web] replicas = 'b:1'", 'Write "http://b:1"'),
            ),
            ("[upstream.web]", ("[upstream.web] replicas = nothing", "must be given")),
            (
                '[upstream.web]\nreplicas = ["http://a"]\nbalance = "random"',
                ("[upstream.web] balance = 'random'", '"least-request" or "peak-ewma"'),
            ),
        ],
    )
    def test_in_server_or_upstream(self, text: str, facts: tuple[str, ...]) -> None:
        message = bare_refusal(text) if "upstream" in text else refusal(text)
        assert has(message, "hedgerow.toml", *facts)

    @pytest.mark.parametrize(
        ("text", "facts"),
        [
            ('path = "api"', ("[route 1] path = 'api'", 'Write "/api"')),
            ('methods = ["get"]', ("[route 1] methods = 'get'", 'Did you mean "GET"?')),
            ("methods = []", ("[route 1] methods = []", "not empty")),
            (
                'hedge = {delay = "0ms"}',
                ("[route 1] hedge.delay = '0ms'", "at least 1ms", 'hedge = "off"'),
            ),
            (
                'hedge = {delay = "automatic"}',
                ("hedge.delay = 'automatic'", '"auto" or "off"'),
            ),
            ('hedge = {probability = "0%"}', ("hedge.probability = '0%'", "at least 0.01%")),
            ("hedge = {probability = 2}", ("hedge.probability = 2", "between 0 and 1", '"5%"')),
            ("hedge = {extra = -1}", ("hedge.extra = -1", "at least 0")),
            ("hedge = {max_attempts = 0}", ("hedge.max_attempts = 0", "at least 1")),
            ('hedge = {budget = "0%"}', ("hedge.budget = '0%'", "at least 0.01%", '"off"')),
            ("hedge = {budget = 5}", ("hedge.budget = 5", "between 0 and 1", '"5%"')),
            ('deadline = {unit = "min"}', ("deadline.unit = 'min'", '"ms", "s" or "us"')),
            ('deadline = "0s"', ("deadline = '0s'", "at least 1ms")),
            ("success = {status = 200}", ("success.status = 200", "a list of statuses", "[200]")),
            ("success = 200", ("success = 200", "a table", 'body = "json"')),
            ("replies.expired = {text = 'x'}", ("replies.expired.status = nothing", "given")),
            ("max_held = '1 apple'", ("max_held = '1 apple'", 'max_held = "1MiB", the default')),
        ],
    )
    def test_in_a_route(self, text: str, facts: tuple[str, ...]) -> None:
        assert has(route_refusal(text), "hedgerow.toml", *facts)

    def test_in_the_second_route_says_so(self) -> None:
        message = refusal('[[route]]\npath = "/"\n[[route]]\npath = "b"')
        assert has(message, "[route 2] path = 'b'")

    def test_of_great_length_is_shortened(self) -> None:
        assert len(route_refusal(f"path = '{'x' * 500}'")) < 800
        assert len(route_refusal(f"methods = {['x'] * 500}")) < 400
