import pytest

from hedgerow.policy.ejection import OutlierRule, Tally, most_ejected, outliers

RULE = OutlierRule()


def tallies(*percent: float, attempts: int = 1000) -> list[Tally]:
    good = [round(attempts * part / 100) for part in percent]
    return [Tally(succeeded=count, failed=attempts - count) for count in good]


class TestOutlier:
    # Success rates in percent, and the places of those that are found, the worst first.
    @pytest.mark.parametrize(
        ("rates", "found"),
        [
            ((100, 100, 100), []),
            ((99.9, 100, 100), []),
            ((91, 100, 100), []),
            ((50, 100, 100), [0]),
            ((100, 99, 80), [2]),
            ((100, 100, 100, 100, 50), [4]),
            ((100, 100, 100, 30, 50), [3, 4]),
            ((0, 0, 100), []),
            ((0, 0, 0), []),
            ((50, 50, 50), []),
            ((20, 50, 50), [0]),
            ((95, 85, 75, 65, 55), []),
        ],
    )
    def test_is_found(self, rates: tuple[float, ...], found: list[int]) -> None:
        assert outliers(tallies(*rates), RULE) == found

    def test_is_not_found_among_two(self) -> None:
        assert outliers(tallies(0, 100), RULE) == []

    def test_is_not_found_by_few_attempts(self) -> None:
        among = tallies(100, 100, 100)
        among.append(Tally(failed=RULE.least_attempts - 1))
        assert outliers(among, RULE) == []
        among[3].failed += 1
        assert outliers(among, RULE) == [3]

    def test_is_not_one_that_chance_makes(self) -> None:
        among = tallies(50, 50, 50)
        among.append(Tally(succeeded=19, failed=31))  # 38 % of 50 attempts
        assert outliers(among, RULE) == []

    def test_is_not_one_without_attempts(self) -> None:
        assert outliers([Tally(), Tally(), Tally()], OutlierRule(least_attempts=0)) == []


class TestTally:
    def test_fades_by_half(self) -> None:
        tally = Tally(succeeded=9, failed=4)
        tally.fade()
        assert (tally.succeeded, tally.failed, tally.attempts) == (4, 2, 6)


class TestCap:
    @pytest.mark.parametrize(
        ("replicas", "share", "most"),
        [
            (0, 0.5, 0),
            (1, 0.5, 0),
            (2, 0.5, 1),
            (3, 0.5, 1),
            (4, 0.5, 2),
            (10, 0.5, 5),
            (3, 0.1, 1),
            (100, 0.1, 10),
            (3, 1.0, 2),
            (10, 0.0, 0),
        ],
    )
    def test_is_a_share_but_one_of_two_and_never_all(
        self, replicas: int, share: float, most: int
    ) -> None:
        assert most_ejected(replicas, share) == most
