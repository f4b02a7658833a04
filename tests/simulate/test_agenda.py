"""The heap of events."""

from hypothesis import given
from hypothesis import strategies as st

from hedgerow.simulate.agenda import Agenda


def happenings(*planned: tuple[float, str]) -> tuple[Agenda, list[tuple[float, str]]]:
    """An agenda that writes down what happens."""
    agenda, seen = Agenda(), list[tuple[float, str]]()
    for at, what in planned:
        agenda.at(at, lambda now, said: seen.append((now, said)), what)
    return agenda, seen


class TestEvents:
    def test_come_in_the_order_of_their_time(self) -> None:
        agenda, seen = happenings((2.0, "b"), (1.0, "a"), (3.0, "c"))
        assert not agenda.advance(10)
        assert seen == [(1.0, "a"), (2.0, "b"), (3.0, "c")]

    def test_of_one_moment_come_in_the_order_in_which_they_were_planned(self) -> None:
        agenda, seen = happenings((1.0, "z"), (1.0, "a"), (1.0, "m"))
        agenda.advance(10)
        assert [what for _, what in seen] == ["z", "a", "m"]

    def test_happen_as_many_as_asked_for(self) -> None:
        agenda, seen = happenings((1.0, "a"), (2.0, "b"))
        assert agenda.advance(1)
        assert (seen, len(agenda), agenda.now) == ([(1.0, "a")], 1, 1.0)

    def test_planned_for_the_past_happen_now(self) -> None:
        agenda, seen = happenings((5.0, "a"))
        agenda.advance(1)
        agenda.at(1.0, lambda now, said: seen.append((now, said)), "late")
        agenda.advance(1)
        assert seen[-1] == (5.0, "late")

    def test_may_plan_others(self) -> None:
        agenda, seen = happenings()

        def plan_another(now: float, what: str) -> None:
            agenda.at(now + 1, lambda at, said: seen.append((at, said)), what)

        agenda.at(1.0, plan_another, "x")
        assert agenda.advance(1)
        agenda.advance(1)
        assert seen == [(2.0, "x")]

    @given(st.lists(st.integers(0, 5)))
    def test_are_sorted_like_a_stable_sort(self, times: list[int]) -> None:
        agenda, seen = happenings(*((float(at), str(n)) for n, at in enumerate(times)))
        agenda.advance(len(times) + 1)
        expected = sorted(range(len(times)), key=lambda n: times[n])
        assert [int(what) for _, what in seen] == expected
