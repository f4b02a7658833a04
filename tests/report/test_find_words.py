import pytest

from hedgerow.report.find_document import By, Capacity, ProbeRecord, Scalability
from hedgerow.report.find_words import answer, load_text, purpose, scalability
from tests.report.find_documents import FOUND, result, searched, varied


class TestLoad:
    @pytest.mark.parametrize(
        ("load", "by", "text"),
        [
            (1240.0, "rate", "1240/s"),
            (2.5, "rate", "2.5/s"),
            (123_000.0, "rate", "123000/s"),
            (1.0, "users", "1 user"),
            (12.0, "users", "12 users"),
        ],
    )
    def test_has_its_unit(self, load: float, by: By, text: str) -> None:
        assert load_text(load, by) == text

    def test_may_be_rounded(self) -> None:
        assert load_text(1234.5678, "rate", digits=3) == "1230/s"


class TestPurpose:
    def test_is_told_in_words(self) -> None:
        assert purpose(ProbeRecord(load=1, purpose="far_above", came="kept")) == "clearly higher"

    def test_of_a_later_version_is_told_as_it_is(self) -> None:
        assert purpose(ProbeRecord(load=1, purpose="guessing", came="kept")) == "guessing"


class TestAnswer:
    @pytest.mark.parametrize(
        ("capacity", "facts"),
        [
            (FOUND, ["100/s keeps p99<250ms", "over 30s", "103/s breaks it"]),
            (Capacity(kind="above", load=500.0, seconds=30.0), ["500/s keeps", "above --max"]),
            (Capacity(kind="below", broken=1.0), ["broken even at 1/s"]),
            (
                Capacity(kind="unstable", load=200.0, broken=80.0),
                ["Unstable", "broken at 80/s", "kept at 200/s", "no number"],
            ),
            (Capacity(kind="unstable", broken=80.0), ["Unstable", "80/s"]),
            (
                Capacity(kind="generator", load=80.0, broken=160.0),
                ["keeps p99<250ms at 80/s", "160/s the load generator, not the server", "-w"],
            ),
            (Capacity(kind="generator", broken=10.0), ["At 10/s the load generator"]),
            (Capacity(kind="unfinished", load=80.0, broken=160.0), ["so far 80/s", "160/s"]),
            (Capacity(kind="unfinished"), ["before any load"]),
        ],
    )
    def test_tells_the_facts(self, capacity: Capacity, facts: list[str]) -> None:
        sentence = answer(capacity, result(capacity))
        assert [fact for fact in facts if fact not in sentence] == []


class TestAnswerByUsers:
    def test_is_of_one_or_of_several(self) -> None:
        few = Capacity(kind="found", load=1.0, broken=2.0, seconds=3.0)
        assert answer(few, result(few, by="users")) == (
            "1 user keeps p99<250ms, confirmed over 3s. 2 users break it."
        )


class TestScalability:
    @pytest.mark.parametrize(
        ("peak_n", "peak_x", "words"),
        [
            (5.49, 321.0, "Most at n = 5.5: 321/s"),
            (9.49, 321.0, "from up to 2"),
            (None, 200.0, "levels off at 200/s"),
            (None, None, "No limit"),
        ],
    )
    def test_tells_where_more_are_less(
        self, peak_n: float | None, peak_x: float | None, words: str
    ) -> None:
        fit = Scalability(lam=100, sigma=0.1, kappa=0.01, r2=0.99, peak_n=peak_n, peak_x=peak_x)
        law, peak = scalability(varied(fit))
        assert "sigma 0.1" in law
        assert words in peak

    def test_of_three_points_says_what_r2_is_worth(self) -> None:
        fit = Scalability(lam=100, sigma=0.1, kappa=0.01, r2=1.0)
        assert "three points say nothing" in scalability(varied(fit, "1", "2", "4"))[0]
        assert "three points" not in scalability(varied(fit, "1", "2", "4", "8"))[0]

    def test_that_is_not_known_is_told_with_what_it_needs(self) -> None:
        (told,) = scalability(varied())
        assert "needs the capacity at 3 or more different numbers of n" in told

    def test_of_what_is_no_number_is_nobodys_question(self) -> None:
        assert scalability(varied(None, "uvloop", "asyncio")) == []
        assert scalability(searched()) == []
