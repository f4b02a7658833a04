"""Metrics of several gateways as those of one."""

import pytest
from hypothesis import given

from hedgerow.serve.admin.families import Family, Rule, counter, gauge, together, totals
from tests.serve.admin.parts import Response, as_dict, counted, dealt


def gauges(rule: Rule, *values: float) -> list[list[Family]]:
    """A gateway for each value."""
    made = []
    for value in values:
        family = gauge("now", "", "of", rule=rule)
        family.add(("a",), value)
        made.append([family])
    return made


class TestTogether:
    @given(dealt)
    def test_is_what_one_would_have_counted(self, hands: list[tuple[int, list[Response]]]) -> None:
        gateways: list[list[Response]] = [[], [], [], []]
        for number, traffic in hands:
            gateways[number] += traffic
        whole = [response for traffic in gateways for response in traffic]
        assert as_dict(together(map(counted, gateways))) == as_dict(counted(whole))

    @given(dealt)
    def test_does_not_depend_on_who_is_added_first(
        self, hands: list[tuple[int, list[Response]]]
    ) -> None:
        parts = [counted(traffic) for _, traffic in hands]
        step_by_step: list[Family] = []
        for part in reversed(parts):
            step_by_step = together([part, step_by_step])
        assert as_dict(step_by_step) == as_dict(together(parts))

    @pytest.mark.parametrize(("rule", "value"), [("sum", 6.0), ("max", 3.0), ("mean", 2.0)])
    def test_follows_the_rule_of_a_gauge(self, rule: Rule, value: float) -> None:
        (family,) = together(gauges(rule, 1.0, 2.0, 3.0))
        assert [series.value for series in family.series] == [value]
        assert (family.kind, family.rule) == ("gauge", rule)

    def test_takes_the_mean_of_those_that_know(self) -> None:
        (known,), (other,) = gauges("mean", 4.0, 9.0)
        other.series.clear()
        (family,) = together([[known], [other], []])
        assert [series.value for series in family.series] == [4.0]

    def test_leaves_the_parts_as_they_are(self) -> None:
        parts = gauges("sum", 1.0, 2.0)
        together(parts)
        assert [part[0].series[0].value for part in parts] == [1.0, 2.0]

    def test_of_nobody_is_nothing(self) -> None:
        assert together([]) == []


class TestTotals:
    def test_are_without_what_is_now(self) -> None:
        families = [counter("done", ""), *counted([("/a", 1, 200)])]
        assert [family.name for family in totals(families)] == [
            "hedgerow_done",
            "hedgerow_responses",
            "hedgerow_took_seconds",
        ]
