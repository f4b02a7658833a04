import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedgerow.faults import SpellRule, Spells, parse_spells

START = 1_000_000.0


def fixed_spells() -> Spells:
    return Spells(SpellRule(ok=10.0, slow=2.0, factor=5.0, lengths="fixed"), random.Random(7))


def random_spells(seed: int = 7) -> Spells:
    return Spells(SpellRule(ok=3.0, slow=1.0, factor=5.0), random.Random(seed))


class TestFixedSpell:
    @pytest.mark.parametrize(
        ("after", "factor"),
        [(0, 1), (9.9, 1), (10, 5), (11.9, 5), (12, 1), (21.9, 1), (22, 5), (1200 + 10, 5)],
    )
    def test_follows_each_good_period(self, after: float, factor: float) -> None:
        spells = fixed_spells()
        spells.factor(START)
        assert spells.factor(START + after) == factor

    def test_begins_to_count_at_the_first_look(self) -> None:
        spells = fixed_spells()
        assert [spells.factor(START), spells.factor(START + 10)] == [1, 5]


class TestRandomSpells:
    def test_fill_their_share_of_the_time(self) -> None:
        spells = random_spells()
        slow = sum(spells.factor(START + look / 2) == 5 for look in range(40_000))
        assert slow / 40_000 == pytest.approx(1 / 4, abs=0.02)

    @pytest.mark.unhurried(reason="many examples")
    @given(st.lists(st.floats(0, 100), max_size=20))
    def test_do_not_depend_on_how_often_they_are_looked_at(self, looks: list[float]) -> None:
        watched, unwatched = random_spells(), random_spells()
        watched.factor(START), unwatched.factor(START)
        for after in sorted(looks):
            watched.factor(START + after)
        assert watched.factor(START + 100) == unwatched.factor(START + 100)

    def test_differ_by_seed(self) -> None:
        one, other = random_spells(1), random_spells(2)
        times = [START + second for second in range(100)]
        assert [one.factor(t) for t in times] != [other.factor(t) for t in times]

    def test_looked_at_back_in_time_stay_as_they_are(self) -> None:
        spells = fixed_spells()
        spells.factor(START)
        assert [spells.factor(START + 10), spells.factor(START)] == [5, 5]


class TestText:
    @pytest.mark.parametrize(
        "text", ["ok=30s,slow=5s,factor=10", "ok=500ms,slow=100ms,factor=1.5,lengths=fixed"]
    )
    def test_is_read_and_written(self, text: str) -> None:
        assert str(parse_spells(text)) == text

    def test_of_none_is_off(self) -> None:
        assert parse_spells("off") is None

    def test_may_come_in_any_order(self) -> None:
        assert parse_spells("factor=10, slow=5s, ok=30s") == SpellRule(30.0, 5.0, 10.0)

    @pytest.mark.parametrize(
        ("text", "fact"),
        [
            ("", "a '=' in ''"),
            ("slow", "a '=' in 'slow'"),
            ("ok=1s,slow=1s", "factor given too"),
            ("ok=1s,slow=1s,factr=2", "nothing else (factr)"),
            ("ok=1s,ok=2s,slow=1s,factor=2", "each word once"),
            ("ok=1,slow=1s,factor=2", "a duration with its unit"),
            ("ok=1s,slow=1s,factor=x", "'x' written as a number"),
            ("ok=1s,slow=1s,factor=0", "a factor above 0"),
            ("ok=10ms,slow=1s,factor=2", "at least 100ms"),
            ("ok=1s,slow=1s,factor=2,lengths=odd", "exponential or fixed"),
        ],
    )
    def test_with_a_mistake_is_told_what_would_be_right(self, text: str, fact: str) -> None:
        with pytest.raises(ValueError, match=r"off, or ok=DURATION") as caught:
            parse_spells(text)
        assert fact in str(caught.value)
