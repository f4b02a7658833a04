import pytest

from hedgerow.errors import ConfigError, HedgerowBug
from hedgerow.serve.settings import Listen, Settings
from hedgerow.serve.settings.flags import FLAGS
from hedgerow.serve.settings.reader import settings_for_urls, settings_from_text
from tests.serve.settings.samples import has, read, refusal, route, url_refusal

TWO = ("http://a", "http://b")


def urls(**flags: object) -> Settings:
    """Settings for two URLs; hedge_delay stands for --hedge-delay."""
    named = {f"--{name.replace('_', '-')}": value for name, value in flags.items()}
    return settings_for_urls(TWO, named)


class TestFlag:
    def test_wins_over_the_file(self) -> None:
        settings = read('[server]\ndrain_timeout = "5s"', {"--drain-timeout": "7s"})
        assert settings.server.drain_timeout == 7

    def test_that_is_not_given_leaves_the_file_alone(self) -> None:
        settings = read('[server]\ndrain_timeout = "5s"', {"--drain-timeout": None})
        assert settings.server.drain_timeout == 5

    def test_of_a_route_is_for_every_route(self) -> None:
        text = '[[route]]\npath = "/a"\n[[route]]\npath = "/b"\ndeadline = "9s"'
        routes = read(text, {"--deadline": "2s"}).routes
        assert [route.deadline.default for route in routes] == [2, 2]

    def test_of_an_upstream_is_for_every_upstream(self) -> None:
        text = '[upstream.web]\nreplicas = ["http://w"]\n[[route]]\npath = "/"\nupstream = "web"'
        upstreams = read(text, {"--max-connections": 5}).upstreams
        assert [upstream.max_connections for upstream in upstreams.values()] == [5, 5]

    @pytest.mark.parametrize("name", list(FLAGS))
    def test_stands_for_a_declared_setting(self, name: str) -> None:
        assert FLAGS[name].help

    def test_that_stands_for_none_is_our_mistake(self) -> None:
        with pytest.raises(HedgerowBug):
            urls(colour="red")

    def test_that_is_wrong_is_called_by_its_name(self) -> None:
        message = url_refusal(*TWO, flags={"--hedge-delay": "300"})
        assert has(message, "--hedge-delay = '300'", "unit", "--hedge-delay 250ms.")

    def test_that_is_wrong_in_a_file_is_called_by_its_name(self) -> None:
        message = refusal("", {"--drain-timeout": "soon"})
        assert has(message, "--drain-timeout = 'soon'", "--drain-timeout 10s, the default")

    def test_that_contradicts_the_file_is_called_by_its_name(self) -> None:
        message = refusal('[[route]]\npath = "/"\ndeadline = "1s"', {"--hedge-delay": "2s"})
        assert has(message, "--hedge-delay = '2s'", "longest deadline, 1s")

    def test_about_what_is_sent_on_leaves_alone_what_is_not(self) -> None:
        routes = read(
            '[[route]]\npath = "/"\n[[route]]\npath = "/a"\nredirect = "/b"', {"--deadline": "2s"}
        ).routes
        assert [route.deadline.default for route in routes] == [2.0, 30.0]

    @pytest.mark.parametrize(
        ("flag", "value"), [("--no-verify", True), ("--resolve", "5s"), ("--ca-file", __file__)]
    )
    def test_of_an_upstream_leaves_alone_those_that_have_no_use_for_it(
        self, flag: str, value: object
    ) -> None:
        other = '[upstream.b]\nreplicas = ["https://b.test"]\n[[route]]\npath="/"\nupstream = "b"'
        settings = read(other, {flag: value})
        name = FLAGS[flag].field_name
        origins = [settings.sources.of(("upstream", one, name)) for one in ("api", "b")]
        assert origins == ["default", flag]


class TestWord:
    def test_of_a_count_may_be_text(self) -> None:
        assert urls(max_connections="5").upstreams["backend"].max_connections == 5

    def test_that_is_no_count_is_refused(self) -> None:
        message = url_refusal(*TWO, flags={"--max-attempts": "many"})
        assert has(message, "--max-attempts = 'many'", "a whole number")

    def test_of_a_list_has_commas(self) -> None:
        assert urls(hedge_methods="GET,PUT").routes[0].hedge.methods == ("GET", "PUT")

    def test_of_addresses_has_commas(self) -> None:
        listen = urls(listen=":80, [::1]:81").server.listen
        assert listen == (Listen(address=":80"), Listen(address="[::1]:81"))

    def test_of_a_switch_may_be_text(self) -> None:
        assert urls(trace="true").server.trace


class TestHedgeFlags:
    def test_make_a_rule(self) -> None:
        hedge = urls(hedge_delay="300ms", hedge_extra=2, same_replica=True).routes[0].hedge
        assert (hedge.delay, hedge.extra, hedge.max_attempts) == (0.3, 2, 3)
        assert hedge.same_replica

    def test_let_the_delay_be_learned(self) -> None:
        hedge = urls(hedge_delay="auto", hedge_budget="2%").routes[0].hedge
        assert (hedge.delay, hedge.budget, hedge.mode) == ("auto", 0.02, "staggered")

    def test_make_a_learned_delay_of_the_one_in_the_file(self) -> None:
        hedge = route('hedge = {delay = "1s"}', {"--hedge-delay": "auto"}).hedge
        assert (hedge.delay, hedge.budget, hedge.aim) == ("auto", 0.2, 0.05)

    def test_say_how_many_copies_a_learned_delay_sends(self) -> None:
        hedge = urls(hedge_aim="2%").routes[0].hedge
        assert (hedge.delay, hedge.aim, hedge.budget) == ("auto", 0.02, 0.2)

    @pytest.mark.parametrize("word", ["91%", "0.91"])
    def test_say_how_likely_a_copy_is(self, word: str) -> None:
        hedge = urls(hedge_delay="29ms", hedge_probability=word).routes[0].hedge
        assert hedge.probability == 0.91

    def test_add_to_the_rule_of_the_file(self) -> None:
        hedge = route('hedge = {delay = "1s", extra = 2}', {"--hedge-delay": "2s"}).hedge
        assert (hedge.delay, hedge.extra) == (2, 2)

    def test_win_over_off(self) -> None:
        assert route('hedge = "off"', {"--hedge-delay": "2s"}).hedge.delay == 2

    def test_do_not_hide_a_mistake_in_the_file(self) -> None:
        message = refusal('[[route]]\npath = "/"\nhedge = 5', {"--hedge-delay": "2s"})
        assert has(message, "[route 1] hedge = 5", '"off" or a table')

    def test_switch_it_off(self) -> None:
        hedge = route('hedge = {delay = "1s"}', {"--no-hedge": True}).hedge
        assert (hedge.max_attempts, hedge.delay) == (1, None)

    def test_do_not_switch_it_off_when_false(self) -> None:
        assert route('hedge = {delay = "1s"}', {"--no-hedge": False}).hedge.delay == 1

    def test_cannot_be_on_and_off(self) -> None:
        message = url_refusal(*TWO, flags={"--no-hedge": True, "--hedge-delay": "1s"})
        assert has(message, "--hedge-delay = '1s'", "without --no-hedge", "Keep one")


class TestOverloadFlags:
    def test_set_a_limit(self) -> None:
        assert urls(limit="20").upstreams["backend"].limit == 20
        assert urls(limit="adaptive").upstreams["backend"].limit == "adaptive"

    def test_set_the_capacity_of_the_queue(self) -> None:
        queue = urls(limit="20", queue="5").upstreams["backend"].queue
        assert (queue.capacity, queue.patience) == (5, 1.0)

    def test_keep_the_rest_of_the_queue_in_the_file(self) -> None:
        settings = settings_from_text(
            '[upstream.api]\nreplicas = ["http://a"]\nlimit = 9\nqueue = {patience = "7s"}',
            {"--queue": "5"},
        )
        queue = settings.upstreams["api"].queue
        assert (queue.capacity, queue.patience) == (5, 7.0)

    def test_win_over_a_queue_that_is_off(self) -> None:
        settings = settings_from_text(
            '[upstream.api]\nreplicas = ["http://a"]\nlimit = 9\nqueue = "off"',
            {"--queue": "5"},
        )
        assert settings.upstreams["api"].queue.capacity == 5

    def test_need_a_limit_for_a_queue(self) -> None:
        message = url_refusal(*TWO, flags={"--queue": "5"})
        assert has(message, "--queue = 5", "together with a limit", 'limit = "adaptive"')

    def test_limit_the_rate_of_every_client(self) -> None:
        rate = urls(rate="100/m").routes[0].rate
        assert rate is not None
        assert (rate.limit, rate.burst) == (100 / 60, 10)

    def test_change_the_rate_of_the_file_and_keep_who_a_client_is(self) -> None:
        text = 'rate = {limit = "5/s", by = "header.X-Api-Key"}'
        rate = route(text, {"--rate": "7/s"}).rate
        assert rate is not None
        assert (rate.limit, rate.by) == (7, ("header", "X-Api-Key"))

    def test_make_a_table_of_a_rate_in_its_short_form(self) -> None:
        rate = route('rate = "5/s"', {"--rate": "7/s"}).rate
        assert rate is not None
        assert rate.limit == 7

    def test_let_an_overloaded_process_go_on(self) -> None:
        assert urls(no_shed=True).server.shed is False
        assert urls(no_shed=False).server.shed is True


class TestHealthFlags:
    def test_ask_replicas_at_a_path(self) -> None:
        check = urls(health_check="/health").upstreams["backend"].check
        assert check is not None
        assert (check.path, check.interval) == ("/health", 5.0)

    def test_keep_the_rest_of_the_check_in_the_file(self) -> None:
        settings = settings_from_text(
            '[upstream.api]\nreplicas = ["http://a"]\ncheck = {path = "/a", interval = "7s"}',
            {"--health-check": "/b"},
        )
        check = settings.upstreams["api"].check
        assert check is not None
        assert (check.path, check.interval) == ("/b", 7.0)

    def test_switch_ejections_off(self) -> None:
        assert urls(no_eject=True).upstreams["backend"].health is None


class TestDeadlineFlag:
    def test_covers_the_whole_answer(self) -> None:
        deadline = urls(deadline="2s").routes[0].deadline
        assert (deadline.default, deadline.covers) == (2, "answer")

    def test_keeps_the_rest_of_the_file(self) -> None:
        text = 'path = "/{t}"\ndeadline = {from = "path.t", default = "9s"}'
        deadline = route(text, {"--deadline": "2s"}).deadline
        assert deadline.default == 2
        assert deadline.source is not None

    def test_of_one_attempt_keeps_the_short_form_of_the_file(self) -> None:
        deadline = route('deadline = "9s"', {"--per-try": "2s"}).deadline
        assert (deadline.default, deadline.per_try) == (9, 2)


class TestHostAndPort:
    @pytest.mark.parametrize(
        ("flags", "address"),
        [
            ({"port": 9000}, "127.0.0.1:9000"),
            ({"port": "0"}, "127.0.0.1:0"),
            ({"host": "0.0.0.0"}, "0.0.0.0:8080"),
            ({"host": "::1", "port": 80}, "[::1]:80"),
        ],
    )
    def test_change_a_part_of_the_default(self, flags: dict[str, object], address: str) -> None:
        assert urls(**flags).server.listen == (Listen(address=address),)

    def test_change_a_part_of_what_the_file_says(self) -> None:
        settings = read('[server]\nlisten = [":80"]', {"--port": 81})
        assert settings.server.listen == (Listen(address=":81"),)

    def test_leave_the_rest_of_the_address_alone(self) -> None:
        settings = read('[server]\nlisten = {address = ":80", redirect = "https"}', {"--port": 81})
        assert settings.server.listen == (Listen(address=":81", redirect="https"),)

    @pytest.mark.parametrize("listen", ['"unix:/x"', '[":80", ":81"]', "80"])
    def test_need_one_address_to_change(self, listen: str) -> None:
        message = refusal(f"[server]\nlisten = {listen}", {"--port": 81})
        assert has(message, "--port = 81", "one host:port", "--listen")

    def test_are_not_given_beside_listen(self) -> None:
        message = url_refusal(*TWO, flags={"--port": 81, "--listen": ":80"})
        assert has(message, "--port = 81", "without --listen", "Keep one")

    def test_that_are_wrong_are_called_by_their_names(self) -> None:
        assert has(url_refusal(*TWO, flags={"--port": 70000}), "--port = 70000", "65535")
        assert has(url_refusal(*TWO, flags={"--host": "a b"}), "--host = 'a b:8080'", "host:port")


class TestOff:
    @pytest.mark.parametrize("flag", ["--health-check", "--rate"])
    def test_switches_off_what_may_be_off(self, flag: str) -> None:
        text = '[[route]]\npath = "/"\nrate = "9/m"'
        settings = read(text, {flag: "off"})
        assert settings.upstreams["api"].check is None
        assert (settings.routes[0].rate is None) is (flag == "--rate")


class TestFlagThatIsOfNoUse:
    @pytest.mark.parametrize(("flag", "value"), [("--hedge-delay", "1s"), ("--limit", "9")])
    def test_is_refused_where_nothing_is_sent_on(self, flag: str, value: str) -> None:
        with pytest.raises(ConfigError, match=f"{flag}.*nothing is sent to an upstream"):
            settings_from_text('[[route]]\npath = "/"\nredirect = "/b"', {flag: value})

    def test_is_not_a_rate(self) -> None:
        text = '[[route]]\npath = "/"\nredirect = "/b"'
        assert settings_from_text(text, {"--rate": "9/m"}).routes[0].rate is not None
