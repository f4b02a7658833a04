import pytest

from tests.serve.settings.samples import bare_refusal, has, refusal, route_refusal


class TestMisspeltName:
    def test_gets_the_nearest_known_one(self) -> None:
        message = refusal('[server.limits]\nmax_hed = "5KiB"')
        assert has(message, "[server.limits] max_hed = '5KiB'", "known setting", "max_head")

    def test_with_a_hyphen_gets_the_one_with_an_underscore(self) -> None:
        assert has(refusal('[server]\ndrain-timeout = "5s"'), "Did you mean drain_timeout?")

    def test_in_one_word_gets_the_one_in_its_own_table(self) -> None:
        assert has(route_refusal('hedge_delay = "1s"'), "Did you mean hedge.delay?")

    def test_deep_in_a_route_says_where(self) -> None:
        message = route_refusal('hedge = {dealy = "1s"}')
        assert has(message, "[route 1] hedge.dealy = '1s'", "Did you mean delay?")

    def test_of_a_situation_gets_the_nearest_known_one(self) -> None:
        message = route_refusal("replies.exausted = {status = 502}")
        assert has(message, "replies.exausted", "Did you mean exhausted?")

    def test_unlike_any_gets_all_there_are(self) -> None:
        message = route_refusal('success = {zzz = "x"}')
        assert has(message, "There are status, body.", "docs/settings.md")


class TestMisspeltNameOfANewTable:
    @pytest.mark.parametrize(
        ("text", "facts"),
        [
            ('limt = "adaptive"', ("limt = 'adaptive'", "Did you mean limit?")),
            ("queue = {capcity = 5}", ("queue.capcity = 5", "Did you mean capacity?")),
            ("health = {failure = 3}", ("health.failure = 3", "Did you mean failures?")),
            ('check = {pth = "/h"}', ("check.pth = '/h'", "Did you mean path?")),
            ('slowstart = "5s"', ("slowstart = '5s'", "Did you mean slow_start?")),
        ],
    )
    def test_in_an_upstream_gets_the_nearest_known_one(
        self, text: str, facts: tuple[str, ...]
    ) -> None:
        message = bare_refusal(f'[upstream.a]\nreplicas = ["http://a"]\n{text}')
        assert has(message, "[upstream.a] ", "a known setting", *facts)

    @pytest.mark.parametrize(
        ("text", "facts"),
        [
            ('rate = {limit = "1/s", brst = 5}', ("rate.brst = 5", "Did you mean burst?")),
            ("priority = {most_urgnt = 1}", ("priority.most_urgnt", "Did you mean most_urgent?")),
            ('hedge = {aims = "5%"}', ("hedge.aims = '5%'", "Did you mean aim?")),
            ('deadline = {honors = "off"}', ("deadline.honors", "Did you mean honours?")),
            ("pririty = 3", ("pririty = 3", "Did you mean priority?")),
        ],
    )
    def test_in_a_route_gets_the_nearest_known_one(self, text: str, facts: tuple[str, ...]) -> None:
        assert has(route_refusal(text), "[route 1] ", "a known setting", *facts)


class TestNameFromAnotherTable:
    def test_gets_the_table(self) -> None:
        assert has(refusal('[server]\nmax_replay = "1MiB"'), "max_replay in [[route]]")

    def test_gets_both_tables_where_two_have_it(self) -> None:
        message = refusal('[server]\nidle_timeout = "1s"')
        assert has(message, "limits.idle_timeout in [server] or idle_timeout in [upstream.NAME]")

    def test_gets_the_inner_table_of_its_own(self) -> None:
        assert has(route_refusal("same_replica = true"), "hedge.same_replica in [[route]]")

    def test_that_is_misspelt_too_is_still_found(self) -> None:
        assert has(
            bare_refusal('[upstream.a]\nreplicas = ["http://a"]\nhedge_delay = "1s"'),
            "[upstream.a] hedge_delay",
            "Did you mean hedge.delay in [[route]]?",
        )

    def test_at_the_top_of_the_file_gets_its_table(self) -> None:
        message = bare_refusal('listen = ":80"')
        assert has(message, "hedgerow.toml listen = ':80'", "listen in [server]")


class TestUnknownTable:
    def test_gets_the_nearest_known_one(self) -> None:
        message = bare_refusal("[upstreams.a]\nx = 1")
        assert has(message, "upstreams", "a known table", "Did you mean [upstream.NAME]?")

    def test_unlike_any_gets_all_there_are(self) -> None:
        assert has(bare_refusal("[zzz]\nx = 1"), "[server], [upstream.NAME], [[route]]")


class TestWhatThisVersionDoesNotHave:
    @pytest.mark.parametrize(
        ("text", "fact"),
        [
            ("[server]\nmetrics = 1", 'admin = "127.0.0.1:8081"'),
            ('[[route]]\npath = "/"\nretries = 3', "hedge = {max_attempts = 3}"),
            ('[[route]]\npath = "/"\ntimeout = "1s"', 'deadline = "1s"'),
            ('[server]\ntls = {cert = "a", key = "b"}', 'tls = {cert = "a.pem"}'),
            ('[[route]]\npath = "/"\nstatic = "./public"', 'root = "./public"'),
            ('[[route]]\npath = "/"\nvalidate = "signup.json"', "does not check bodies"),
            ('[[route]]\npath = "/"\ndefer = "always"', "delivers nothing later"),
        ],
    )
    def test_says_what_there_is(self, text: str, fact: str) -> None:
        assert has(refusal(text), "a setting of this version", fact)

    @pytest.mark.parametrize(
        ("setting", "fact"),
        [
            ('timeout = "1s"', "deadline"),
            ("retries = 2", "max_attempts"),
            ("weight = 2", "{url = "),
        ],
    )
    def test_says_where_it_is_instead(self, setting: str, fact: str) -> None:
        message = bare_refusal(f'[upstream.a]\nreplicas = ["http://a"]\n{setting}')
        assert has(message, "[upstream.a] ", "a setting of this version", fact)
