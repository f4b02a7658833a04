from collections.abc import Sequence

import pytest
from hypothesis import given

from hedgerow.faults import (
    Constant,
    Law,
    Lognormal,
    Mixture,
    Pareto,
    Replayed,
    ReplayedInOrder,
    Uniform,
    parse_law,
)
from tests.faults.samples import RECORDED, laws, read_recorded, work_server

FORMS = [
    ("constant:100ms", Constant(0.1)),
    ("uniform:100ms..600ms", Uniform(0.1, 0.6)),
    ("lognormal:5ms,2ms", Lognormal(0.005, 0.002)),
    ("pareto:1.1,2ms", Pareto(1.1, 0.002)),
    ("mix:85%*uniform:100ms..600ms+15%*uniform:600ms..3s", work_server()),
    ("mix:90%*replay:a+b.txt+10%*constant:1s", Mixture(
        ((0.9, Replayed(RECORDED, "a+b.txt")), (0.1, Constant(1.0))))),
    ("replay:slow.txt", Replayed(RECORDED, "slow.txt")),
    ("replay-in-order:slow.txt", ReplayedInOrder(RECORDED, "slow.txt")),
]  # fmt: skip


class TestText:
    @pytest.mark.parametrize(("text", "law"), FORMS)
    def test_is_read(self, text: str, law: Law) -> None:
        assert parse_law(text, read_recorded) == law

    @pytest.mark.parametrize(("text", "law"), FORMS)
    def test_is_written(self, text: str, law: Law) -> None:
        assert str(law) == text

    @pytest.mark.unhurried(reason="many examples")
    @given(laws)
    def test_reads_back_as_the_same_law(self, law: Law) -> None:
        assert parse_law(str(law), read_recorded) == law

    @pytest.mark.parametrize(
        ("text", "law"),
        [
            ("250ms", Constant(0.25)),
            (" uniform: 100ms .. 0.6s ", Uniform(0.1, 0.6)),
            ("mix:0.5*1s + 50% * 2s", Mixture(((0.5, Constant(1.0)), (0.5, Constant(2.0))))),
        ],
    )
    def test_may_be_written_more_freely(self, text: str, law: Law) -> None:
        assert parse_law(text) == law


class TestMistake:
    @pytest.mark.parametrize(
        ("text", "facts"),
        [
            ("", ["uniform", "a duration with its unit"]),
            ("100", ["uniform", "a duration with its unit"]),
            ("unifrm:1ms..2ms", ["'unifrm'", "did you mean uniform?"]),
            ("uniform", ["uniform:LOW..HIGH", "'..'"]),
            ("uniform:100..600ms", ["uniform:LOW..HIGH", "'100'", "duration with its unit"]),
            ("uniform:2s..1s", ["end is above its start"]),
            ("constant:-1s", ["constant:DURATION", "'-1s'"]),
            ("lognormal:5ms", ["lognormal:MEAN,DEVIATION", "','"]),
            ("lognormal:0ms,1ms", ["above 0"]),
            ("pareto:x,2ms", ["pareto:SHAPE,MINIMUM", "'x' written as a number"]),
            ("pareto:0.01,2ms", ["a shape of at least 0.1"]),
            ("mix:80%*1s+10%*2s", ["add up to 100%", "90%"]),
            ("mix:120%*1s", ["'120%'", "a share between 0 and 1"]),
            ("mix:1s", ["mix:SHARE*LAW", "'*'"]),
            ("mix:50%*1s+50%*uniform:1s", ["mix:SHARE*LAW", "uniform:LOW..HIGH"]),
            ("mix:100%*mix:100%*1s", ["no mixtures"]),
            ("replay:", ["replay:FILE", "the name of a file"]),
        ],
    )
    def test_is_named_with_what_would_be_right(self, text: str, facts: list[str]) -> None:
        with pytest.raises(ValueError) as caught:
            parse_law(text, read_recorded)
        assert [fact for fact in facts if fact not in str(caught.value)] == []


class TestReplaying:
    def test_is_refused_to_those_who_may_not_read(self) -> None:
        with pytest.raises(ValueError, match=r"/etc/passwd cannot be read from here"):
            parse_law("replay:/etc/passwd")

    def test_tells_what_the_reader_found_wrong(self) -> None:
        def read(name: str) -> Sequence[float]:
            raise ValueError(f"one duration a line in {name}")

        with pytest.raises(ValueError, match=r"replay:FILE, with one duration a line in slow\.txt"):
            parse_law("replay:slow.txt", read)
