from hypothesis import given, settings
from hypothesis import strategies as st

from hedgerow.serve.settings import Settings
from hedgerow.serve.settings.reader import settings_for_urls, settings_from_text
from hedgerow.serve.settings.show import show
from tests.serve.settings.samples import SMART, read


def line(text: str, start: str) -> str:
    """The line that begins so, with single spaces."""
    return next(" ".join(one.split()) for one in text.splitlines() if one.startswith(start))


def again(before: Settings) -> Settings:
    return settings_from_text(show(before))


def same(one: Settings, other: Settings) -> bool:
    return (one.server, one.upstreams, one.routes) == (other.server, other.upstreams, other.routes)


EVERYTHING = """
[server]
admin  = "127.0.0.1:8081"
traces = 7
shed   = false

[upstream.a]
replicas   = ["http://a", {url = "http://b", weight = 2}]
resolve    = "10s"
limit      = "adaptive"
queue      = {capacity = 7, patience = "2s", newest_first = true}
throttle   = true
health     = {failures = 3, outliers = false, max_ejected = "20%"}
check      = {path = "/health", status = [200, 204], host = "a.example"}
slow_start = "3s"

[[route]]
path     = "/"
priority = {default = "sheddable", from = "header.Priority", most_urgent = 1}
rate     = {limit = "100/m", burst = 7, by = "header.X-Api-Key", name = "api"}
deadline = {honours = ["grpc-timeout"]}
hedge    = {aim = "2%", budget = "10%"}

[[route]]
path     = "/b"
priority = 7
rate     = "7/h"
deadline = {honours = "off"}
hedge    = "off"
"""


class TestSource:
    def test_of_a_default_is_called_so(self) -> None:
        assert line(show(read()), "trace =") == "trace = false # default"

    def test_of_what_the_file_says_is_its_name(self) -> None:
        shown = show(read("[server]\ntrace = true"))
        assert line(shown, "trace =") == "trace = true # hedgerow.toml"

    def test_of_a_flag_is_its_name(self) -> None:
        shown = show(read('[server]\nlisten = ":80"', {"--port": 81}))
        assert line(shown, "listen") == 'listen = ":81" # --port'

    def test_of_what_a_flag_did_not_touch_is_the_file(self) -> None:
        shown = show(read('[[route]]\npath = "/"\ndeadline = "5s"', {"--per-try": "1s"}))
        assert line(shown, "default") == 'default = "5s" # hedgerow.toml'
        assert line(shown, "per_try") == 'per_try = "1s" # --per-try'

    def test_of_replicas_may_be_the_command_line(self) -> None:
        shown = show(settings_for_urls(["http://a"]))
        assert line(shown, "replicas") == 'replicas = ["http://a"] # URL'

    def test_of_a_route_that_nobody_wrote_is_the_default(self) -> None:
        assert line(show(read()), "path") == 'path = "/" # default'

    def test_of_the_short_form_is_the_file(self) -> None:
        shown = show(read('[[route]]\npath = "/"\nhedge = "off"'))
        assert line(shown, "max_attempts") == "max_attempts = 1 # hedgerow.toml"


class TestText:
    def test_says_what_it_means_that_nothing_is_set(self) -> None:
        assert line(show(read()), "# host") == "# host: any # default"

    def test_of_the_defaults_reads_back_as_the_same_settings(self) -> None:
        assert same(again(read()), read())

    def test_of_a_whole_file_reads_back_as_the_same_settings(self) -> None:
        before = settings_from_text(SMART)
        assert same(again(before), before)

    def test_of_everything_there_is_reads_back_as_the_same_settings(self) -> None:
        before = settings_from_text(EVERYTHING)
        assert same(again(before), before)

    def test_of_what_is_off_says_so(self) -> None:
        shown = show(read())
        assert line(shown, "admin") == 'admin = "off" # default'
        assert line(shown, "limit") == 'limit = "off" # default'
        assert line(shown, "check") == 'check = "off" # default'
        assert line(shown, "rate") == 'rate = "off" # default'

    def test_of_what_is_switched_off_reads_back_as_the_same_settings(self) -> None:
        off = '[upstream.a]\nreplicas = ["http://a"]\nhealth = "off"\nslow_start = "off"'
        before = settings_from_text(off)
        assert same(again(before), before)
        assert again(before).upstreams["a"].health is None

    def test_of_a_weight_stands_beside_its_url(self) -> None:
        shown = show(settings_from_text(EVERYTHING))
        assert '"http://a", {url = "http://b", weight = 2}' in line(shown, "replicas")

    def test_of_a_rate_is_as_it_was_written(self) -> None:
        shown = show(settings_from_text(EVERYTHING))
        assert line(shown, 'limit = "100') == 'limit = "100/m" # hedgerow.toml'
        assert line(shown, "by") == 'by = "header.X-Api-Key" # hedgerow.toml'

    def test_for_one_url_reads_back_as_the_same_settings(self) -> None:
        before = settings_for_urls(["http://a"])
        assert same(again(before), before)

    @settings(max_examples=20)
    @given(
        st.fixed_dictionaries(
            {
                "--hedge-delay": st.sampled_from([None, "1ms", "1.5s"]),
                "--hedge-budget": st.sampled_from([None, "off", "0.25%"]),
                "--deadline": st.sampled_from([None, "2s", "1m30s"]),
                "--max-attempts": st.sampled_from([None, 2, 5]),
                "--limit": st.sampled_from([None, "adaptive", "20"]),
                "--rate": st.sampled_from([None, "7/h", "1.5/s"]),
                "--health-check": st.sampled_from([None, "/health?full=1"]),
                "--no-eject": st.sampled_from([None, True]),
                "--resolve": st.sampled_from([None, "10s"]),
                "--admin": st.sampled_from([None, "off", ":8081"]),
                "--listen": st.sampled_from([None, ":0", "unix:/x"]),
            }
        )
    )
    def test_reads_back_as_the_same_settings_whatever_is_set(
        self, flags: dict[str, object]
    ) -> None:
        before = settings_for_urls(["http://a", "https://b"], flags)
        assert same(again(before), before)
