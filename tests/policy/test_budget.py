import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedgerow.policy import LoadBudget, NoBudget

NOW = 1_000_000.0


def after_requests(count: int, *, share: float = 0.05, burst: float = 10.0) -> LoadBudget:
    budget = LoadBudget(share=share, burst=burst)
    for _ in range(count):
        budget.deposit()
    return budget


def granted(budget: LoadBudget, *, asked: int, now: float = NOW) -> int:
    return sum(budget.withdraw(now) for _ in range(asked))


class TestLoadBudget:
    def test_is_empty_at_first(self) -> None:
        assert not after_requests(0).withdraw(NOW)

    @pytest.mark.parametrize("share", [0.01, 0.05, 0.1, 0.2, 1 / 3, 1.0])
    def test_buys_one_attempt_with_just_enough_requests(self, share: float) -> None:
        requests = round(1 / share)
        assert granted(after_requests(requests - 1, share=share), asked=1) == 0
        assert granted(after_requests(requests, share=share), asked=2) == 1

    def test_saves_no_more_than_its_burst(self) -> None:
        assert granted(after_requests(10_000, burst=3.0), asked=100) == 3

    def test_pays_for_nothing_that_it_refuses(self) -> None:
        budget = after_requests(10, share=0.05)
        granted(budget, asked=5)
        assert budget.tokens == pytest.approx(0.5)

    def test_counts_what_it_refused(self) -> None:
        budget = after_requests(20)
        granted(budget, asked=3)
        assert budget.denied == 2

    def test_does_not_grow_by_time_alone(self) -> None:
        budget = after_requests(0)
        assert granted(budget, asked=1, now=NOW + 1e6) == 0

    @given(st.lists(st.booleans(), max_size=300), st.sampled_from([0.01, 0.05, 0.25, 0.5]))
    def test_never_allows_more_than_its_share_of_the_requests(
        self, asks: list[bool], share: float
    ) -> None:
        budget, requests, extra = LoadBudget(share=share), 0, 0
        for ask in asks:
            requests += 1
            budget.deposit()
            extra += ask and budget.withdraw(NOW)
        assert extra <= requests * share + 1e-6


class TestReserve:
    def test_lets_a_quiet_service_hedge(self) -> None:
        budget = LoadBudget(share=0.01, reserve=2.0)
        granted(budget, asked=1)
        assert granted(budget, asked=5, now=NOW + 1.0) == 2

    def test_saves_no_more_than_the_burst(self) -> None:
        budget = LoadBudget(share=0.01, burst=3.0, reserve=2.0)
        granted(budget, asked=1)
        assert granted(budget, asked=100, now=NOW + 3600.0) == 3

    def test_counts_time_only_once(self) -> None:
        budget = LoadBudget(share=0.0, reserve=1.0)
        granted(budget, asked=1)
        assert [granted(budget, asked=1, now=NOW + t) for t in (0.5, 1.0, 1.5)] == [0, 1, 0]


class TestSlack:
    def filled(self, rate: int, *, slack: float = 0.04) -> LoadBudget:
        """A purse after two seconds at a rate, in which it was asked once each second."""
        budget = LoadBudget(share=0.5, slack=slack)
        budget.withdraw(NOW)
        for second in (1.0, 2.0):
            for _ in range(rate):
                budget.deposit()
            budget.withdraw(NOW + second)
        for _ in range(rate):
            budget.deposit()
        return budget

    def test_lets_the_purse_grow_with_the_rate(self) -> None:
        assert self.filled(1000).tokens == pytest.approx(40.0)

    def test_leaves_it_its_burst_at_a_low_rate(self) -> None:
        assert self.filled(100).tokens == 10.0

    def test_is_none_where_nobody_asked_for_it(self) -> None:
        assert self.filled(1000, slack=0.0).tokens == 10.0

    @given(st.lists(st.tuples(st.integers(0, 300), st.integers(0, 60)), min_size=10, max_size=40))
    def test_keeps_what_it_allows_near_the_share_whatever_is_asked(
        self, seconds: list[tuple[int, int]]
    ) -> None:
        budget, requests, extra = LoadBudget(share=0.05, slack=0.04), 0, 0
        for second, (rate, asked) in enumerate(seconds):
            for _ in range(rate):
                budget.deposit()
            requests += rate
            extra += granted(budget, asked=asked, now=NOW + second)
        assert extra <= requests * 0.05 + 1e-6


class TestScale:
    def test_makes_requests_put_in_less(self) -> None:
        budget = LoadBudget(share=0.05)
        budget.scale(0.5)
        for _ in range(20):
            budget.deposit()
        assert budget.tokens == pytest.approx(0.5)

    def test_is_of_the_share_as_it_was_set(self) -> None:
        budget = LoadBudget(share=0.05)
        for factor in (0.5, 0.5, 1.0):
            budget.scale(factor)
        budget.deposit()
        assert budget.tokens == pytest.approx(0.05)


class TestNoBudget:
    def test_never_refuses(self) -> None:
        budget = NoBudget()
        budget.deposit()
        assert all(budget.withdraw(NOW) for _ in range(1000))
