import pytest

from hedgerow.cli.find_flags import FindFlags, SearchFlags, Vary, asked_of, vary_of
from hedgerow.cli.load_flags import RequestFlags
from hedgerow.cli.load_plan import Target
from hedgerow.errors import ConfigError
from hedgerow.lab.find import Asked
from hedgerow.lab.search import Bounds
from hedgerow.load.plan import Closed, Open, RequestPlan

URL = Target("http://a.example/")
SLO = ("p99<250ms",)


def asked(search: SearchFlags, request: RequestFlags | None = None) -> Asked:
    flags = FindFlags(search=search, request=request or RequestFlags())
    return asked_of(URL, flags, ["find", "http://a.example/"])


class TestDefaults:
    def test_search_the_rate_from_10_to_100k_within_5_percent(self) -> None:
        search = asked(SearchFlags(slo=SLO))
        assert search.by == "rate"
        assert search.bounds == Bounds(start=10, least=1, most=100_000, tolerance=0.05)

    def test_probe_for_10_seconds_and_confirm_for_30(self) -> None:
        search = asked(SearchFlags(slo=SLO))
        assert (search.probe, search.confirm, search.order.plan.warm_up) == (10, 30, 2)

    def test_arrive_as_poisson_does(self) -> None:
        model = asked(SearchFlags(slo=SLO)).order.plan.model
        assert isinstance(model, Open)
        assert (model.spacing, model.max_connections) == ("poisson", None)

    def test_start_within_what_is_searched(self) -> None:
        assert asked(SearchFlags(slo=SLO, most="4")).bounds.start == 4
        assert asked(SearchFlags(slo=SLO, least="40")).bounds.start == 40

    def test_draw_a_seed_and_tell_it(self) -> None:
        order = asked(SearchFlags(slo=SLO)).order
        assert order.config.seed == order.plan.seed
        assert f"--seed {order.plan.seed}" in order.config.command
        assert len({asked(SearchFlags(slo=SLO)).order.plan.seed for _ in range(5)}) > 1

    def test_promise_few_errors(self) -> None:
        slos = asked(SearchFlags(slo=SLO)).order.slos
        assert [slo.expr for slo in slos] == ["p99<250ms", "errors<1%"]


class TestFlags:
    def test_give_the_bounds(self) -> None:
        flags = SearchFlags(slo=SLO, start="100", least="50", most="2k", tolerance="10%")
        bounds = Bounds(start=100, least=50, most=2000, tolerance=0.1)
        assert asked(flags).bounds == bounds

    def test_give_the_times(self) -> None:
        flags = SearchFlags(slo=SLO, probe="5s", confirm="1m", warm_up="500ms", settle="2s")
        search = asked(flags)
        assert (search.probe, search.confirm, search.settle) == (5, 60, 2)
        assert search.order.plan.warm_up == 0.5

    def test_search_users_in_whole_numbers(self) -> None:
        search = asked(SearchFlags(slo=SLO, by="users", start="5", think="1s"))
        assert search.bounds.whole
        assert isinstance(search.order.plan.model, Closed)
        assert search.order.plan.model.think_time.low == 1.0

    def test_limit_the_connections(self) -> None:
        model = asked(SearchFlags(slo=SLO, connections="64")).order.plan.model
        assert isinstance(model, Open)
        assert model.max_connections == 64

    def test_of_a_request_are_those_of_load(self) -> None:
        work = asked(SearchFlags(slo=SLO), RequestFlags(method="PUT")).order.plan.work
        assert isinstance(work, RequestPlan)
        assert work.method == "PUT"


class TestRefused:
    @pytest.mark.parametrize(
        ("flags", "what"),
        [
            (SearchFlags(), "--slo"),
            (SearchFlags(slo=("rps>100",)), "--max"),
            (SearchFlags(slo=("count>100",)), "--max"),
            (SearchFlags(slo=SLO, by="load"), "--by users"),
            (SearchFlags(slo=SLO, start="fast"), "--start 100"),
            (SearchFlags(slo=SLO, start="0"), "above 0"),
            (SearchFlags(slo=SLO, start="50", most="20"), "to --max 20"),
            (SearchFlags(slo=SLO, start="5", least="20"), "from --min 20"),
            (SearchFlags(slo=SLO, by="users", start="1.5"), "--start"),
            (SearchFlags(slo=SLO, least="10", most="5"), "--min"),
            (SearchFlags(slo=SLO, tolerance="0.1%"), "1% to 50%"),
            (SearchFlags(slo=SLO, tolerance="much"), "1% to 50%"),
            (SearchFlags(slo=SLO, think="1s"), "--by users"),
            (SearchFlags(slo=SLO, by="users", connections="5"), "--by rate"),
            (SearchFlags(slo=SLO, by="users", arrivals="even"), "--by rate"),
            (SearchFlags(slo=SLO, probe="10"), "--probe 10s"),
        ],
    )
    def test_with_the_flag_and_what_is_right(self, flags: SearchFlags, what: str) -> None:
        with pytest.raises(ConfigError) as refusal:
            asked(flags)
        assert what in str(refusal.value)


class TestVarying:
    def test_replaces_the_name_in_the_command(self) -> None:
        vary = vary_of(SearchFlags(vary="n=1,2"), ["app", "--workers={n}", "{n}"])
        assert vary == Vary("n", ("1", "2"))
        assert vary.words(["app", "--workers={n}", "{n}"], "2") == ["app", "--workers=2", "2"]

    def test_is_not_asked_for(self) -> None:
        assert vary_of(SearchFlags(), []) is None

    @pytest.mark.parametrize("text", ["n", "n=", "n=1", "=1,2", "n=1,,2", "n=1,1"])
    def test_needs_a_name_and_values(self, text: str) -> None:
        with pytest.raises(ConfigError, match="workers=1,2,4,8"):
            vary_of(SearchFlags(vary=text), ["app", "{n}"])

    def test_needs_its_place_in_the_command(self) -> None:
        with pytest.raises(ConfigError, match=r"\{n\}"):
            vary_of(SearchFlags(vary="n=1,2"), ["app"])
