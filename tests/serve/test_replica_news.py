from collections.abc import Mapping

from hedgerow.policy.health import ADMITTING, EJECTED, PROBING, HealthState
from hedgerow.policy.member import ReplicaStatistics
from hedgerow.policy.replica_set import SetStatistics
from hedgerow.serve.replica_news import ReplicaNews


def told(
    states: Mapping[str, HealthState], *, down: str = "", panic: bool = False
) -> SetStatistics:
    replicas = tuple(
        ReplicaStatistics(name, state, name not in down.split(), 0, 1.0, 0, 0, 0, 0)
        for name, state in states.items()
    )
    return SetStatistics(replicas, 0, panic, 0, 0, 0)


WELL = told({"a": ADMITTING, "b": ADMITTING})


def news(*looks: SetStatistics, checks: Mapping[str, str] | None = None) -> list[list[str]]:
    """What is told at each look after the first, at which all are well."""
    reporter = ReplicaNews()
    assert reporter.lines(WELL, {}) == []
    return [reporter.lines(look, checks or {}) for look in looks]


class TestNothingNew:
    def test_is_not_told(self) -> None:
        assert news(WELL, WELL) == [[], []]


class TestEjectedReplica:
    def test_is_told_of_once_until_it_is_back(self) -> None:
        out, probing = (told({"a": state, "b": ADMITTING}) for state in (EJECTED, PROBING))
        assert news(out, probing, out, WELL) == [
            ["a is left alone: its attempts fail"],
            [],
            [],
            ["a is used again"],
        ]


class TestReplicaThatIsDown:
    def test_is_told_of_with_its_last_check(self) -> None:
        down = told({"a": ADMITTING, "b": ADMITTING}, down="b")
        assert news(down, WELL, checks={"b": "failed: status 503"}) == [
            ["b is left alone: its check failed: status 503"],
            ["b is used again"],
        ]


class TestPanic:
    def test_is_told_of_as_it_begins_and_ends(self) -> None:
        panic = told({"a": ADMITTING, "b": ADMITTING}, panic=True)
        assert news(panic, panic, WELL) == [
            ["so few replicas are left that all are used, whatever is known of them"],
            [],
            ["enough replicas are left again"],
        ]


class TestReplicasOfAName:
    def test_are_told_of_as_they_come_and_go(self) -> None:
        assert news(told({"b": ADMITTING, "c": ADMITTING})) == [["c has come", "a is gone"]]

    def test_are_strangers_when_they_come_back(self) -> None:
        out = told({"a": EJECTED, "b": ADMITTING})
        assert news(out, told({"b": ADMITTING}), out)[-1] == [
            "a has come",
            "a is left alone: its attempts fail",
        ]
