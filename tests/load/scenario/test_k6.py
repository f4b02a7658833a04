from typing import Any

import pytest

from hedgerow.errors import ConfigError
from hedgerow.load.plan import Closed, Open, Stage
from hedgerow.load.scenario.options import ScenarioDefaults, read_options
from hedgerow.measure.slo import parse_slo


def executed(executor: str, **words: Any) -> ScenarioDefaults:
    return read_options({"scenarios": {"main": {"executor": executor, **words}}}, "a.py")


STAGES = [{"duration": "30s", "target": 100}, {"duration": "1m", "target": 10}]


class TestExecutor:
    def test_constant_vus(self) -> None:
        read = executed("constant-vus", vus=50, duration="1m", gracefulStop="30s")
        assert (read.model(), read.duration) == (Closed(users=50), 60)

    def test_ramping_vus_begins_with_one(self) -> None:
        read = executed("ramping-vus", stages=STAGES)
        steps = (Stage(seconds=0, target=1), Stage(seconds=30, target=100))
        assert read.model() == Closed(users=100, stages=(*steps, Stage(seconds=60, target=10)))
        assert read.duration == 90

    def test_ramping_vus_may_begin_with_more_than_the_stages_have(self) -> None:
        read = executed("ramping-vus", startVUs=200, stages=STAGES)
        model = read.model()
        assert isinstance(model, Closed)
        assert (model.users, model.stages[0]) == (200, Stage(seconds=0, target=200))

    def test_ramping_vus_may_begin_with_none(self) -> None:
        read = executed("ramping-vus", startVUs=0, stages=STAGES)
        assert read.stages[0] == Stage(seconds=30, target=100)

    def test_constant_arrival_rate(self) -> None:
        read = executed(
            "constant-arrival-rate", rate=600, timeUnit="1m", duration="30s", preAllocatedVUs=50
        )
        assert read.model() == Open(start_rate=10, max_connections=50)
        assert read.duration == 30

    def test_constant_arrival_rate_has_at_most_max_vus(self) -> None:
        read = executed(
            "constant-arrival-rate", rate=200, duration="30s", preAllocatedVUs=50, maxVUs=80
        )
        assert read.model() == Open(start_rate=200, max_connections=80)

    def test_ramping_arrival_rate(self) -> None:
        read = executed("ramping-arrival-rate", startRate=20, timeUnit="2s", stages=STAGES)
        steps = (Stage(seconds=30, target=50), Stage(seconds=60, target=5))
        assert read.model() == Open(start_rate=10, stages=steps)
        assert read.duration == 90

    def test_per_vu_iterations(self) -> None:
        read = executed("per-vu-iterations", vus=10, iterations=20)
        assert (read.model(), read.duration) == (Closed(users=10, iterations=20), None)

    def test_shared_iterations(self) -> None:
        read = executed("shared-iterations", vus=10, iterations=205, maxDuration="5m")
        assert (read.model(), read.duration) == (Closed(users=10, shared_iterations=205), 300)

    def test_is_one_of_six(self) -> None:
        with pytest.raises(ConfigError, match="'constant-vus' or 'ramping-vus'"):
            executed("externally-controlled")

    def test_needs_its_words(self) -> None:
        with pytest.raises(ConfigError, match=r"\['rate'\] = .*must be given"):
            executed("constant-arrival-rate", duration="30s")

    def test_refuses_the_words_of_another_one(self) -> None:
        with pytest.raises(ConfigError, match=r"\['main'\]\['rate'\]"):
            executed("constant-vus", duration="30s", rate=5)

    @pytest.mark.parametrize("word", ["exec", "env", "tags", "startTime"])
    def test_says_what_to_do_without_a_word(self, word: str) -> None:
        with pytest.raises(ConfigError, match="must be left out"):
            executed("constant-vus", duration="30s", **{word: "x"})


class TestSeveralScenarios:
    def test_are_refused(self) -> None:
        both = {"a": {"executor": "constant-vus"}, "b": {"executor": "constant-vus"}}
        with pytest.raises(ConfigError, match=r"'a, b': must be one scenario.*weighted tasks"):
            read_options({"scenarios": both}, "a.py")


def translated(metric: str, threshold: Any) -> str:
    (promise,) = read_options({"thresholds": {metric: threshold}}, "a.py").slo
    return promise


class TestThreshold:
    @pytest.mark.parametrize(
        ("metric", "threshold", "promise"),
        [
            ("http_req_duration", "p(99)<250", "p99<250ms"),
            ("http_req_duration", "p(99.9) <= 1500", "p99.9<=1500ms"),
            ("http_req_duration", "avg<100.5", "avg<100.5ms"),
            ("http_req_duration", "max < 2000", "max<2000ms"),
            ("http_req_duration{name:login}", "p(95)<300", "p95{label=login}<300ms"),
            ("http_req_waiting", "med<50", "ttfb.med<50ms"),
            ("http_req_connecting", "p(95)<50", "connect.p95<50ms"),
            ("iteration_duration", "p(95)<4000", "iterations.p95<4000ms"),
            ("http_req_failed", "rate<0.01", "errors<1%"),
            ("http_req_failed", "rate===0", "errors==0%"),
            ("http_req_failed{label:login}", "rate<=0.001", "errors{label=login}<=0.1%"),
            ("http_reqs", "rate>100", "rps>100"),
            ("http_reqs", "count>=1000", "count>=1000"),
            ("checks", "rate>0.99", "errors{class=check_failed}<1%"),
        ],
    )
    def test_becomes_a_promise(self, metric: str, threshold: str, promise: str) -> None:
        assert translated(metric, [threshold]) == promise
        parse_slo(promise)

    def test_may_end_the_run(self) -> None:
        stopping = [{"threshold": "p(99)<250", "abortOnFail": True}, "avg<100"]
        read = read_options({"thresholds": {"http_req_duration": stopping}}, "a.py")
        assert (read.slo, read.abort_on_fail) == (("p99<250ms", "avg<100ms"), True)

    def test_does_not_end_the_run_by_itself(self) -> None:
        read = read_options({"thresholds": {"http_reqs": ["rate>1"]}}, "a.py")
        assert not read.abort_on_fail

    @pytest.mark.parametrize(
        ("metric", "threshold", "told"),
        [
            ("http_req_duratoin", "p(99)<250", "must be one of http_req_duration"),
            ("http_req_duration{status:200}", "p(99)<250", "tagged with {name:LABEL}"),
            ("iteration_duration{name:x}", "p(99)<250", "without a tag"),
            ("http_req_duration", "p99<250", "AGGREGATE OPERATOR NUMBER"),
            ("http_req_duration", "rate<250", "p\\(N\\), avg"),
            ("http_req_failed", "count<5", "p\\(N\\), avg"),
            ("http_req_failed", "rate<5", "rate \\(0 to 1\\)"),
            ("http_req_duration", {"threshold": "avg<1", "delayAbortEval": "9s"}, "warm_up"),
            ("http_req_duration", {"treshold": "avg<1"}, "Did you mean 'threshold'"),
        ],
    )
    def test_says_what_is_wrong_with_it(self, metric: str, threshold: Any, told: str) -> None:
        with pytest.raises(ConfigError, match=told):
            translated(metric, threshold)
