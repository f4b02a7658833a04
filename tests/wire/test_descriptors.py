import resource

import pytest

from hedgerow.wire.descriptors import RESERVE, Descriptors, raise_limit


class TestPurse:
    def test_gives_what_it_has(self) -> None:
        purse = Descriptors(2)
        assert [purse.take() for _ in range(3)] == [True, True, False]

    def test_gives_again_what_came_back(self) -> None:
        purse = Descriptors(1)
        purse.take()
        purse.release()
        assert purse.take()

    def test_counts_clients_that_the_kernel_has_let_in_beyond_it(self) -> None:
        purse = Descriptors(1)
        purse.accepted()
        purse.accepted()
        assert (purse.in_use, purse.take()) == (2, False)

    def test_lets_clients_in_up_to_three_quarters(self) -> None:
        purse = Descriptors(8)
        for _ in range(5):
            purse.accepted()
        accepting = [purse.may_accept]
        purse.accepted()
        accepting.append(purse.may_accept)
        assert (accepting, purse.take()) == ([True, False], True)


class TestRaisedLimit:
    def limits(self, monkeypatch: pytest.MonkeyPatch, soft: int, hard: int) -> list[int]:
        """Pretend these limits; return the list of soft limits that get set."""
        wanted: list[int] = []
        monkeypatch.setattr(resource, "getrlimit", lambda _: (soft, hard))
        monkeypatch.setattr(resource, "setrlimit", lambda _, limits: wanted.append(limits[0]))
        return wanted

    def test_is_the_hard_one(self, monkeypatch: pytest.MonkeyPatch) -> None:
        wanted = self.limits(monkeypatch, 1024, 20_000)
        assert raise_limit() == 20_000 - RESERVE
        assert wanted == [20_000]

    def test_is_left_alone_where_it_is_the_hard_one(self, monkeypatch: pytest.MonkeyPatch) -> None:
        wanted = self.limits(monkeypatch, 20_000, 20_000)
        assert (raise_limit(), wanted) == (20_000 - RESERVE, [])

    def test_is_a_million_where_there_is_no_hard_one(self, monkeypatch: pytest.MonkeyPatch) -> None:
        wanted = self.limits(monkeypatch, 1024, resource.RLIM_INFINITY)
        raise_limit()
        assert wanted == [1 << 20]

    def test_stays_what_it_was_where_the_system_refuses(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.limits(monkeypatch, 1024, 20_000)

        def refuse(_: int, limits: tuple[int, int]) -> None:
            raise ValueError("above the maximum")

        monkeypatch.setattr(resource, "setrlimit", refuse)
        assert raise_limit() == 1024 - RESERVE
