"""From a point to the line of settings."""

import pytest

from hedgerow.cli import tune_settings
from hedgerow.cli.tune_settings import first_taken, is_taken, settings_lines, share_text
from hedgerow.policy.tuning import NO_COPY, HedgePoint
from hedgerow.policy.tuning_advice import Advice, Outlook


def outlook(point: HedgePoint, time: float) -> Outlook:
    return Outlook(point, 0.05, time, ())


def advice(point: HedgePoint, *, by_delay: float = 0.030, third: float | None = None) -> Advice:
    return Advice(
        quantile=0.99,
        budget=0.05,
        none=outlook(NO_COPY, 0.130),
        best=outlook(point, 0.020),
        by_delay=outlook(HedgePoint(0.0305), by_delay),
        third_copy=None if third is None else outlook(HedgePoint(0.022, 1.0, 2), third),
    )


SOME = HedgePoint(0.0294, 0.46)
ALL = HedgePoint(0.0294, 1.0)


class TestLine:
    def test_can_be_pasted(self) -> None:
        for found in (advice(SOME), advice(ALL), advice(NO_COPY), advice(ALL, third=0.01)):
            line = next(settings_lines(found)).partition("  #")[0]
            assert line == f"hedge = {first_taken(found)}"
            assert is_taken(first_taken(found))

    def test_comes_first_and_the_others_are_remarks(self) -> None:
        lines = list(settings_lines(advice(SOME, by_delay=0.0201)))
        assert [line.startswith("#") for line in lines] == [False, *[True] * (len(lines) - 1)]

    def test_leaves_the_probability_to_the_budget_while_there_is_no_setting_for_it(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(tune_settings, "is_taken", lambda value: "probab" not in value)
        lines = list(settings_lines(advice(SOME)))
        assert lines[0].startswith('hedge = {delay = "29.4ms", budget = "5%"}')
        assert 'probability = 0.46, budget = "5%"}' in lines[1]
        assert lines[1].startswith("# not taken")

    def test_names_the_probability_once_it_is_taken(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(tune_settings, "is_taken", lambda _: True)
        expected = '{delay = "29.4ms", probability = 0.46, budget = "5%"}'
        assert first_taken(advice(SOME)) == expected

    def test_is_the_steered_delay_where_that_is_as_good_and_taken(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(tune_settings, "is_taken", lambda _: True)
        assert first_taken(advice(ALL, by_delay=0.0203)) == '{delay = "auto", budget = "5%"}'
        assert first_taken(advice(ALL, by_delay=0.0300)) == '{delay = "29.4ms", budget = "5%"}'

    def test_asks_for_a_second_copy_where_it_helps(self) -> None:
        value = '{delay = "22ms", extra = 2, budget = "5%"}'
        assert first_taken(advice(ALL, third=0.015)) == value
        assert first_taken(advice(ALL, third=0.0199)) != value

    def test_switches_copies_by_time_off_where_nothing_helps(self) -> None:
        assert first_taken(advice(NO_COPY)) == '{delay = "off"}'


def test_what_serve_does_not_know_is_not_taken() -> None:
    assert not is_taken('{delai = "29.4ms"}')
    assert is_taken('{delay = "29.4ms", budget = "5%"}')
    assert is_taken('{delay = "29.4ms", probability = 0.46, budget = "5%"}')
    assert is_taken('{delay = "auto", budget = "5%"}')


@pytest.mark.parametrize(("share", "text"), [(0.05, "5%"), (0.0025, "0.25%"), (0.125, "12.5%")])
def test_a_budget_is_written_as_settings_have_it(share: float, text: str) -> None:
    assert share_text(share) == text
