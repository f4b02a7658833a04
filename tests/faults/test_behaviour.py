import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedgerow.errors import ConfigError
from hedgerow.faults import (
    SETTINGS,
    Behaviour,
    Capacity,
    Constant,
    Law,
    Mishaps,
    Replayed,
    SpellRule,
)
from tests.faults.samples import RECORDED, laws, read_recorded, work_server


class TestDefault:
    def test_is_the_work_server(self) -> None:
        behaviour = Behaviour()
        assert behaviour.latency == work_server()
        assert str(behaviour.errors) == "500:5%,429:5%"

    def test_has_no_station_and_no_spells(self) -> None:
        behaviour = Behaviour()
        assert (behaviour.workers, behaviour.spells) == (None, None)

    def test_can_be_printed_as_json(self) -> None:
        assert Behaviour().as_dict() == {
            "latency": "mix:85%*uniform:100ms..600ms+15%*uniform:600ms..3s",
            "errors": "500:5%,429:5%",
            "workers": "unlimited",
            "queue": 100,
            "notices_cancel": True,
            "spells": "off",
            "seed": 1,
        }


class TestChange:
    @pytest.mark.parametrize(
        ("name", "value", "expected"),
        [
            ("latency", "20ms", Constant(0.02)),
            ("errors", "off", Mishaps()),
            ("workers", "4", 4),
            ("workers", 4, 4),
            ("queue", 0, 0),
            ("notices_cancel", "no", False),
            ("notices_cancel", False, False),
            ("notices_cancel", "false", False),
            ("spells", "ok=30s,slow=5s,factor=10", SpellRule(30.0, 5.0, 10.0)),
            ("seed", "42", 42),
        ],
    )
    def test_takes_texts_and_json_values(self, name: str, value: object, expected: object) -> None:
        assert getattr(Behaviour().changed({name: value}), name) == expected

    def test_leaves_everything_else(self) -> None:
        busy = Behaviour(workers=4, seed=9)
        assert busy.changed({"errors": "off"}) == dataclasses.replace(busy, errors=Mishaps())

    def test_may_take_a_setting_back(self) -> None:
        changed = Behaviour(workers=4).changed({"workers": "unlimited", "spells": "off"})
        assert changed.workers is None

    @pytest.mark.unhurried(reason="many examples")
    @given(laws, st.integers(1, 99), st.booleans())
    def test_reads_back_what_was_printed(self, law: Law, workers: int, notices: bool) -> None:
        behaviour = Behaviour(latency=law, workers=workers, notices_cancel=notices)
        assert Behaviour().changed(behaviour.as_dict(), read_samples=read_recorded) == behaviour


class TestReplayedLatency:
    def test_is_read_by_whom_the_caller_gives(self) -> None:
        changed = Behaviour().changed({"latency": "replay:slow.txt"}, read_samples=read_recorded)
        assert changed.latency == Replayed(RECORDED, "slow.txt")

    def test_is_refused_where_files_may_not_be_read(self) -> None:
        with pytest.raises(ConfigError, match="cannot be read from here"):
            Behaviour().changed({"latency": "replay:slow.txt"})

    def test_stays_when_its_own_text_is_sent_back(self) -> None:
        replaying = Behaviour(latency=Replayed(RECORDED, "slow.txt"))
        assert replaying.changed(replaying.as_dict()) == replaying


class TestMistake:
    @pytest.mark.parametrize(
        ("name", "value", "facts"),
        [
            ("latency", "fast", ["latency = 'fast'", "uniform", "Write for example uniform:"]),
            ("latency", 5, ["latency = 5", "duration with its unit"]),
            ("latency", None, ["latency = None"]),
            ("latency", ["20ms"], ["latency = ['20ms']"]),
            ("errors", "500", ["errors = '500'", "WHAT:SHARE"]),
            ("workers", "0", ["workers = '0'", "at least 1, or unlimited"]),
            ("workers", 1.5, ["workers = 1.5", "whole number"]),
            ("workers", True, ["workers = True", "whole number"]),
            ("queue", "-1", ["queue = '-1'", "at least 0"]),
            ("queue", "9" * 19, ["whole number"]),
            ("notices_cancel", "maybe", ["notices_cancel = 'maybe'", "yes or no"]),
            ("spells", "often", ["spells = 'often'", "ok=DURATION"]),
            ("seed", "x", ["seed = 'x'", "whole number"]),
            ("latncy", "1s", ["latncy", "a known setting", "Did you mean latency?"]),
            ("colour", "red", ["colour = 'red'", "There are latency, errors"]),
        ],
    )
    def test_names_the_setting_the_value_and_the_fix(
        self, name: str, value: object, facts: list[str]
    ) -> None:
        with pytest.raises(ConfigError) as caught:
            Behaviour().changed({name: value})
        assert [fact for fact in facts if fact not in str(caught.value)] == []

    def test_is_called_by_its_flag_on_the_command_line(self) -> None:
        with pytest.raises(ConfigError, match=r"^--notices-cancel = 'maybe'"):
            Behaviour().changed({"notices_cancel": "maybe"}, called=lambda s: s.flag)


class TestEverySetting:
    @pytest.mark.parametrize("name", SETTINGS)
    def test_has_an_example_that_can_be_read(self, name: str) -> None:
        example = SETTINGS[name].example
        changed = Behaviour().changed({name: example})
        assert str(changed.as_dict()[name]).replace("True", "yes") == example

    @pytest.mark.parametrize("name", SETTINGS)
    def test_says_what_it_is_for(self, name: str) -> None:
        assert SETTINGS[name].help

    @pytest.mark.parametrize("name", SETTINGS)
    def test_has_the_default_of_the_record(self, name: str) -> None:
        assert SETTINGS[name].default == getattr(Behaviour(), name)


def test_the_station_gets_its_part_of_the_settings() -> None:
    behaviour = Behaviour(workers=4, queue=7, notices_cancel=False)
    assert behaviour.capacity == Capacity(4, 7, notices_cancel=False)
