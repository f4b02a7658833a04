"""One situation a row: what is known of a measurement, and what is to be thought of it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedgerow.load.evidence import Evidence, littles_law_gap
from hedgerow.load.verdict import verdict
from hedgerow.measure import Histogram
from hedgerow.report.document import State

RANK: Final[dict[State, int]] = {"VALID": 0, "SUSPECT": 1, "INVALID": 2}


def times(*groups: tuple[int, float]) -> Histogram:
    """So many values of so many milliseconds each."""
    histogram = Histogram()
    for count, milliseconds in groups:
        histogram.record_many(round(milliseconds * 1000), count)
    return histogram


#: 200 requests a second for 20 s: 5 ms each, and the generator 0.05 ms late.
OPEN: Final = Evidence(
    model="open",
    seconds=20.0,
    completed=4000,
    asked=4000,
    sent=4000,
    response=times((4000, 5)),
    lateness=times((4000, 0.05)),
    loop_lag=times((2000, 0.3)),
    cpu=[0.3] * 20,
    idle=[0.5] * 20,
    steal=[0.0] * 20,
)
#: 10 users, each always in a request of 5 ms.
CLOSED: Final = replace(
    OPEN,
    model="closed",
    completed=40_000,
    users=10,
    response=times((40_000, 5)),
    lateness=Histogram(),
    asked=0,
    sent=0,
)
#: A server that stood still for 2 s of 20: responses of 2 s down to 5 ms, evenly.
STALLED: Final = times((3600, 5), *((4, 5 * step) for step in range(1, 401)))
#: Our own loop stood still for 150 ms once: 30 requests were that late or less.
BLOCKED: Final = times((3970, 0.05), *((1, 5 * step) for step in range(1, 31)))


def judged(evidence: Evidence) -> tuple[State, list[str]]:
    found = verdict(evidence)
    return found.state, [reason.kind for reason in found.reasons]


def with_(evidence: Evidence, changes: Mapping[str, Any]) -> Evidence:
    return replace(evidence, **changes)


class TestOpenModel:
    @pytest.mark.parametrize(
        ("situation", "changes", "state", "kinds"),
        [
            ("all is well", {}, "VALID", []),
            ("the server stood still for 2 s", {"response": STALLED}, "VALID", []),
            (
                "our own loop stood still for 150 ms",
                {"lateness": BLOCKED, "response": times((3970, 5), (30, 80))},
                "SUSPECT",
                ["send-lag"],
            ),
            (
                "... and the server for 2 s",
                {"lateness": BLOCKED, "response": STALLED},
                "SUSPECT",
                ["send-lag"],
            ),
            (
                "one stall, in so few requests that no percentile tells",
                {"lateness": times((8, 0.05), (1, 150)), "response": times((9, 200))},
                "SUSPECT",
                ["send-lag"],
            ),
            ("a stall of 90 ms", {"lateness": times((3999, 0.05), (1, 90))}, "VALID", []),
            (
                "it was 10 ms late at the p99.9",
                {"lateness": times((3990, 0.05), (10, 10)), "response": times((3990, 5), (10, 15))},
                "SUSPECT",
                ["send-lag"],
            ),
            (
                "it was 0.9 ms late at the median of a fast server",
                {"lateness": times((4000, 0.9)), "response": times((4000, 1.2))},
                "VALID",
                [],
            ),
            (
                "a fifth of the median is the generator's",
                {"lateness": times((4000, 2)), "response": times((4000, 10))},
                "SUSPECT",
                ["send-lag"],
            ),
            (
                "most of the median is the generator's",
                {"lateness": times((4000, 8)), "response": times((4000, 10))},
                "INVALID",
                ["send-lag"],
            ),
            (
                "most of the p99 is the generator's",
                {"lateness": times((3900, 0), (100, 80)), "response": times((3900, 5), (100, 90))},
                "INVALID",
                ["send-lag"],
            ),
            (
                "most of a p99 of 3 ms is the generator's",
                {"lateness": times((3900, 0.05), (100, 2)), "response": times((3900, 1), (100, 3))},
                "SUSPECT",
                ["send-lag"],
            ),
            ("it was late where the server takes 10 s", {"lateness": times((4000, 50)),
             "response": times((4000, 10_000))}, "VALID", []),
            ("few requests", {"completed": 3, "asked": 3, "sent": 3, "response": times((3, 5)),
             "lateness": times((3, 0.05))}, "VALID", []),
            ("no request at all", {"completed": 0, "response": Histogram(), "asked": 0, "sent": 0,
             "lateness": Histogram()}, "INVALID", ["no-samples"]),
            ("half a percent was not sent", {"sent": 3980}, "VALID", []),
            ("2 % were not sent", {"sent": 3920}, "SUSPECT", ["rate"]),
            ("a fifth was not sent", {"sent": 3200}, "INVALID", ["rate"]),
            ("a fifth never found a connection", {"sent": 3200, "waiting": 800}, "SUSPECT",
             ["backlog"]),
            ("both", {"sent": 3200, "waiting": 700}, "SUSPECT", ["rate", "backlog"]),
            ("the generator worked hard", {"cpu": [0.95] * 20}, "SUSPECT", ["generator-cpu"]),
        ],
    )  # fmt: skip
    def test_is_judged(
        self, situation: str, changes: Mapping[str, Any], state: State, kinds: list[str]
    ) -> None:
        assert judged(with_(OPEN, changes)) == (state, kinds), situation


class TestClosedModel:
    @pytest.mark.parametrize(
        ("situation", "changes", "state", "kinds"),
        [
            ("all is well", {}, "VALID", []),
            ("the generator's core was full", {"cpu": [1.0] * 20}, "SUSPECT", ["generator-cpu"]),
            ("... for three seconds of 20", {"cpu": [0.3] * 17 + [1.0] * 3}, "VALID", []),
            ("... for five", {"cpu": [0.3] * 10 + [1.0] * 5 + [0.3] * 5}, "SUSPECT",
             ["generator-cpu"]),
            ("... for all of a short run", {"cpu": [1.0] * 3}, "SUSPECT", ["generator-cpu"]),
            ("... for all of a run too short to tell", {"cpu": [1.0] * 2}, "VALID", []),
            ("users were idle for a tenth of the time", {"completed": 36_000}, "SUSPECT",
             ["littles-law"]),
            ("users were idle for most of the time", {"completed": 12_000}, "INVALID",
             ["littles-law"]),
            ("... because they think", {"completed": 12_000, "has_think_time": True}, "VALID", []),
            ("... because they came one by one", {"completed": 12_000, "users_are_steady": False},
             "VALID", []),
            ("each user was in the middle of a long request at the end",
             {"completed": 20, "response": times((20, 9000))}, "VALID", []),
            ("sending late has no meaning here", {"lateness": BLOCKED}, "VALID", []),
            ("the loop stood still for 150 ms", {"loop_lag": times((1999, 0.3), (1, 150))},
             "SUSPECT", ["loop-lag"]),
            ("the loop is always busy", {"loop_lag": times((2000, 4))}, "INVALID", ["loop-lag"]),
            ("the loop's timer is in whole ms", {"loop_lag": times((2000, 1.8))}, "VALID", []),
        ],
    )  # fmt: skip
    def test_is_judged(
        self, situation: str, changes: Mapping[str, Any], state: State, kinds: list[str]
    ) -> None:
        assert judged(with_(CLOSED, changes)) == (state, kinds), situation


class TestMachine:
    @pytest.mark.parametrize(
        ("situation", "changes", "state", "kinds"),
        [
            ("4 % stolen in one second", {"steal": [0.04, 0.0]}, "VALID", []),
            ("30 % stolen in one of 20 s", {"steal": [0.3] + [0.0] * 19}, "SUSPECT", ["steal"]),
            ("12 % stolen all the time", {"steal": [0.12] * 20}, "INVALID", ["steal"]),
            ("held back for 50 ms", {"throttled": 0.05}, "VALID", []),
            ("held back for 150 ms", {"throttled": 0.15}, "SUSPECT", ["throttled"]),
            ("held back for 3 s of 20", {"throttled": 3.0}, "INVALID", ["throttled"]),
            ("no CPU was idle", {"idle": [0.02] * 20}, "SUSPECT", ["machine-busy"]),
            ("no CPU was idle for one second", {"idle": [0.0] + [0.5] * 19}, "VALID", []),
            ("nothing is known of it", {"idle": [], "steal": [], "cpu": []}, "VALID", []),
            ("a pause of 30 ms", {"gc_pause_max": 0.03}, "VALID", []),
            ("a pause of 200 ms", {"gc_pause_max": 0.2}, "SUSPECT", ["gc"]),
            ("no descriptor for one request", {"descriptors_short": True, "no_capacity": 1},
             "SUSPECT", ["descriptors"]),
            ("no port for a tenth", {"ports_short": True, "no_capacity": 400}, "INVALID",
             ["ports"]),
            ("no descriptor or port, who knows", {"no_capacity": 1}, "SUSPECT", ["descriptors"]),
            ("one of three shards lost", {"shards": 3, "missing_shards": 1}, "SUSPECT",
             ["missing-shards"]),
            ("one of two shards lost", {"shards": 2, "missing_shards": 1}, "INVALID",
             ["missing-shards"]),
        ],
    )  # fmt: skip
    def test_is_judged(
        self, situation: str, changes: Mapping[str, Any], state: State, kinds: list[str]
    ) -> None:
        assert judged(with_(OPEN, changes)) == (state, kinds), situation


class TestReason:
    def test_names_figure_and_limit_and_what_to_do(self) -> None:
        (reason,) = verdict(with_(OPEN, {"cpu": [0.95] * 20})).reasons
        assert "95.0% of a core over 5s, limit 80.0%" in reason.fact
        assert "-w" in reason.hint

    def test_names_the_generator_when_it_was_late(self) -> None:
        (reason,) = verdict(with_(OPEN, {"lateness": BLOCKED, "response": STALLED})).reasons
        assert reason.fact.startswith("the generator itself sent late: by 150ms once, limit 100ms")

    def test_names_the_percentile_that_is_spoilt_most(self) -> None:
        late = times((2000, 2), (2000, 50))
        response = times((2000, 10), (2000, 60))
        (reason,) = verdict(with_(OPEN, {"lateness": late, "response": response})).reasons
        assert "p99 50ms where the response time's is 60ms" in reason.fact

    def test_names_what_the_watched_server_took(self) -> None:
        evidence = with_(OPEN, {"idle": [0.0] * 20, "server_share": 0.625})
        (reason,) = verdict(evidence).reasons
        assert "the watched server used 62.5% of them" in reason.fact

    def test_of_one_stall_is_told_once(self) -> None:
        evidence = with_(OPEN, {"lateness": BLOCKED, "loop_lag": times((1999, 0.3), (1, 150))})
        assert judged(evidence)[1] == ["send-lag"]

    def test_that_is_worst_comes_first(self) -> None:
        evidence = with_(OPEN, {"cpu": [1.0] * 20, "steal": [0.5] * 20})
        assert [r.state for r in verdict(evidence).reasons] == ["INVALID", "SUSPECT"]


class TestLittlesLaw:
    def test_has_no_gap_where_every_user_is_always_in_a_request(self) -> None:
        assert littles_law_gap(10, throughput=2000, mean_response=0.005) == pytest.approx(0)

    @pytest.mark.parametrize("throughput", [1600, 2400])
    def test_has_a_gap_on_either_side(self, throughput: float) -> None:
        assert littles_law_gap(10, throughput, 0.005) == pytest.approx(0.2)

    def test_has_none_without_users(self) -> None:
        assert littles_law_gap(0, 100, 1.0) == 0


share = st.floats(0, 1)


def scaled(histogram: Histogram, factor: float) -> Histogram:
    larger = Histogram()
    for bucket in histogram.buckets():
        larger.record_many(round(bucket.low * factor), bucket.count)
    return larger


@st.composite
def evidences(draw: st.DrawFn) -> Evidence:
    asked = draw(st.integers(0, 5000))
    sent = draw(st.integers(0, asked))
    late, lag = draw(st.floats(0.01, 300)), draw(st.floats(0.01, 300))
    return replace(
        draw(st.sampled_from([OPEN, CLOSED])),
        asked=asked,
        sent=sent,
        waiting=draw(st.integers(0, asked - sent)),
        cpu=draw(st.lists(share, max_size=12)),
        idle=draw(st.lists(share, max_size=12)),
        steal=draw(st.lists(share, max_size=12)),
        throttled=draw(st.floats(0, 5)),
        gc_pause_max=draw(share),
        no_capacity=draw(st.sampled_from([0, 0, 1, 1000])),
        shards=4,
        missing_shards=draw(st.integers(0, 3)),
        lateness=times((2000, late / 20), (100, late)),
        loop_lag=times((2000, lag / 20), (100, lag)),
    )


def worse(evidence: Evidence, by: float) -> list[Evidence]:
    """The same with one thing worse, for each thing."""
    fewer = round(evidence.sent * (1 - by))
    changes: list[dict[str, Any]] = [
        {"cpu": [value + by for value in evidence.cpu]},
        {"idle": [max(0.0, value - by) for value in evidence.idle]},
        {"steal": [value + by for value in evidence.steal]},
        {"throttled": evidence.throttled + by},
        {"gc_pause_max": evidence.gc_pause_max + by},
        {"no_capacity": evidence.no_capacity + round(100 * by)},
        {"descriptors_short": True},
        {"ports_short": True},
        {"missing_shards": evidence.missing_shards + 1},
        {"sent": fewer},
        {"sent": fewer, "waiting": evidence.waiting + evidence.sent - fewer},
        {"lateness": scaled(evidence.lateness, 1 + 10 * by)},
        {"loop_lag": scaled(evidence.loop_lag, 1 + 10 * by)},
        {"completed": 0},
    ]
    return [with_(evidence, change) for change in changes]


class TestWorseEvidence:
    @given(evidences(), share)
    def test_never_makes_a_better_verdict(self, evidence: Evidence, by: float) -> None:
        before = RANK[verdict(evidence).state]
        assert all(RANK[verdict(other).state] >= before for other in worse(evidence, by))

    @given(evidences())
    def test_is_told_with_a_reason_as_bad_as_the_verdict(self, evidence: Evidence) -> None:
        found = verdict(evidence)
        worst = max((RANK[reason.state] for reason in found.reasons), default=0)
        assert RANK[found.state] == worst
