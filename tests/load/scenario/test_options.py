from typing import Any

import pytest

from hedgerow.errors import ConfigError
from hedgerow.load.plan import Closed, Open, Stage, ThinkTime
from hedgerow.load.scenario.options import ScenarioDefaults, read_options


def options(**words: Any) -> ScenarioDefaults:
    return read_options(words, "shop.py")


class TestOptions:
    def test_say_nothing_where_there_are_none(self) -> None:
        assert options() == ScenarioDefaults()

    def test_have_the_names_of_flags(self) -> None:
        read = options(users=50, ramp_up="10s", duration="1m", think="1s..3s", iterations=5)
        assert read.model() == Closed(
            users=50, ramp_up=10, iterations=5, think_time=ThinkTime(low=1, high=3)
        )
        assert read.duration == 60

    def test_hold_promises(self) -> None:
        assert options(slo="p99<250ms").slo == ("p99<250ms",)
        assert options(slo=["p99<1s", "errors<1%"]).slo == ("p99<1s", "errors<1%")

    def test_refuse_an_unknown_word_with_the_nearest_one(self) -> None:
        with pytest.raises(ConfigError) as error:
            options(duraton="1m")
        assert "shop.py options['duraton']" in str(error.value)
        assert "Did you mean 'duration'?" in str(error.value)

    def test_name_the_word_whose_value_is_wrong(self) -> None:
        with pytest.raises(ConfigError, match=r"shop.py options\['users'\] = 0"):
            options(users=0)

    def test_are_a_dict(self) -> None:
        wrong: Any = ["users", 50]
        with pytest.raises(ConfigError, match="dict"):
            read_options(wrong, "shop.py")

    def test_set_a_thing_once(self) -> None:
        with pytest.raises(ConfigError, match="the only word that sets users"):
            options(users=50, vus=50)

    def test_set_a_thing_once_also_beside_a_k6_scenario(self) -> None:
        main = {"main": {"executor": "constant-vus", "duration": "1m"}}
        with pytest.raises(ConfigError, match="the only word that sets duration"):
            options(duration="2m", scenarios=main)

    def test_add_promises_and_thresholds_up(self) -> None:
        read = options(slo=["rps>10"], thresholds={"http_req_failed": ["rate<0.01"]})
        assert read.slo == ("rps>10", "errors<1%")

    def test_leave_other_things_to_the_plan(self) -> None:
        read = options(timeout="2s", base_url="http://127.0.0.1:8000", warm_up="5s", vus=3)
        assert (read.timeout, read.base_url, read.warm_up) == (2, "http://127.0.0.1:8000", 5)

    def test_know_k6s_switches(self) -> None:
        read = options(insecureSkipTLSVerify=True, noConnectionReuse=True)
        assert (read.insecure, read.no_keepalive) == (True, True)


class TestIterations:
    def test_beside_users_are_of_each(self) -> None:
        assert options(users=5, iterations=20).model() == Closed(users=5, iterations=20)

    def test_beside_vus_are_of_all_together(self) -> None:
        assert options(vus=5, iterations=20).model() == Closed(users=5, shared_iterations=20)


class TestRate:
    def test_makes_an_open_model(self) -> None:
        read = options(rate="1.2k", arrivals="poisson", connections=100, deadline="2s")
        assert read.model() == Open(
            start_rate=1200, spacing="poisson", max_connections=100, shed_after=2
        )

    def test_may_be_a_ramp_over_the_duration(self) -> None:
        read = options(rate="100:500", duration="1m")
        assert read.model() == Open(start_rate=100, stages=(Stage(seconds=60, target=500),))

    def test_stays_until_the_warm_up_of_a_ramp_is_over(self) -> None:
        read = options(rate="100:500", duration="1m", warm_up="10s")
        assert read.stages == (Stage(seconds=10, target=100), Stage(seconds=60, target=500))

    def test_as_a_ramp_needs_a_duration(self) -> None:
        with pytest.raises(ConfigError, match="given with a duration"):
            options(rate="100:500")

    def test_refuses_what_only_users_do(self) -> None:
        with pytest.raises(ConfigError, match=r"options\['think'\].*given with users"):
            options(rate=100, think="1s")

    def test_is_needed_for_what_only_arrivals_do(self) -> None:
        with pytest.raises(ConfigError, match=r"options\['arrivals'\].*given with a rate"):
            options(users=10, arrivals="poisson")


class TestStages:
    def test_of_users_begin_at_none(self) -> None:
        read = options(stages=["30s:100", "1m:50"])
        steps = (Stage(seconds=30, target=100), Stage(seconds=60, target=50))
        assert (read.model(), read.duration) == (Closed(users=100, stages=steps), 90)

    def test_in_k6s_form_begin_with_its_vus(self) -> None:
        read = options(vus=10, stages=[{"duration": "30s", "target": 100}])
        assert read.stages == (Stage(seconds=0, target=10), Stage(seconds=30, target=100))

    def test_of_rates_make_an_open_model(self) -> None:
        read = options(stages=["30s:100/s"])
        assert read.model() == Open(start_rate=0, stages=(Stage(seconds=30, target=100),))

    def test_of_rates_begin_at_the_rate(self) -> None:
        assert options(rate=10, stages=["30s:100/s"]).model() == Open(
            start_rate=10, stages=(Stage(seconds=30, target=100),)
        )

    def test_may_end_before_the_run_does(self) -> None:
        assert options(stages=["30s:100"], duration="5m").duration == 300

    def test_leave_the_warm_up_out_of_the_duration(self) -> None:
        assert options(stages=["30s:100"], warm_up="10s").duration == 20

    def test_are_longer_than_the_warm_up(self) -> None:
        with pytest.raises(ConfigError, match="shorter than all stages"):
            options(stages=["30s:100"], warm_up="30s")

    def test_say_how_many_users_there_are(self) -> None:
        with pytest.raises(ConfigError, match="without users"):
            options(users=10, stages=["30s:100"])

    def test_of_users_contradict_a_rate(self) -> None:
        with pytest.raises(ConfigError, match="of rates beside a rate"):
            options(rate=10, stages=["30s:100"])

    def test_of_rates_are_above_0_somewhere(self) -> None:
        with pytest.raises(ConfigError, match="above 0 somewhere"):
            options(stages=["30s:0/s"])
