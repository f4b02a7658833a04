from hedgerow.faults import (
    Behaviour,
    Fate,
    Pareto,
    ReplayedInOrder,
    Script,
    SpellRule,
    parse_law,
    parse_mishaps,
)
from tests.faults.samples import RECORDED

START = 1_000_000.0


def fates(behaviour: Behaviour, count: int = 200) -> list[Fate]:
    script = Script(behaviour)
    return [script.next_fate(START + request / 10) for request in range(count)]


def latencies(behaviour: Behaviour, count: int = 200) -> list[float]:
    return [fate.latency for fate in fates(behaviour, count)]


class TestSeed:
    def test_decides_every_fate(self) -> None:
        spells = SpellRule(1.0, 1.0, 10.0)
        behaviour = Behaviour(spells=spells)
        assert fates(behaviour) == fates(behaviour)

    def test_of_another_number_gives_other_fates(self) -> None:
        assert fates(Behaviour(seed=1)) != fates(Behaviour(seed=2))

    def test_gives_the_same_latencies_whatever_goes_wrong(self) -> None:
        calm, wild = Behaviour(), Behaviour(errors=parse_mishaps("500:50%,reset:50%"))
        assert latencies(calm) == latencies(wild)

    def test_restarts_recorded_latencies(self) -> None:
        behaviour = Behaviour(latency=ReplayedInOrder(RECORDED, "slow.txt"))
        assert latencies(behaviour, 3) == latencies(behaviour, 3) == list(RECORDED[:3])


class TestErrors:
    def test_take_as_long_as_answers(self) -> None:
        both = fates(Behaviour(errors=parse_mishaps("500:50%")), 4000)
        bad = [fate.latency for fate in both if fate.mishap is not None]
        good = [fate.latency for fate in both if fate.mishap is None]
        assert abs(sum(bad) / len(bad) - sum(good) / len(good)) < 0.06  # four deviations

    def test_of_the_work_server_are_a_tenth(self) -> None:
        bad = [fate for fate in fates(Behaviour(), 5000) if fate.mishap is not None]
        assert 430 < len(bad) < 570
        assert {str(fate.mishap) for fate in bad} == {"500", "429"}


class TestSlowSpell:
    def test_multiplies_latencies_while_it_lasts(self) -> None:
        rule = SpellRule(10.0, 10.0, 3.0, "fixed")
        script = Script(Behaviour(latency=parse_law("100ms"), spells=rule))
        drawn = [script.next_fate(START + after).latency for after in (0, 9, 10, 19, 20)]
        assert [round(seconds, 9) for seconds in drawn] == [0.1, 0.1, 0.3, 0.3, 0.1]


class TestLongestLatency:
    def test_is_a_day(self) -> None:
        assert max(latencies(Behaviour(latency=Pareto(0.1, 1.0)))) == 86400


class TestConnections:
    def test_are_refused_by_their_share_and_requests_are_not(self) -> None:
        script = Script(Behaviour(errors=parse_mishaps("refuse:50%")))
        refused = sum(script.next_connection_refused() for _ in range(1000))
        assert 430 < refused < 570
        assert {script.next_fate(START).mishap for _ in range(100)} == {None}

    def test_do_not_disturb_the_fates_of_requests(self) -> None:
        script = Script(Behaviour())
        script.next_connection_refused()
        assert script.next_fate(START) == fates(Behaviour(), 1)[0]
