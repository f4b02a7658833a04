import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedgerow.faults import Mishap, MishapKind, Mishaps, parse_mishaps

EVERYTHING = (
    "500:5%,429:3%,429+1s:2%,503:1%,refuse:1%,reset:1%,reset-body:1%,hang:0.5%,drip+5s:1%,"
    "truncate:1%,wrong-type:1%,bad-json:1%"
)

_mishaps = st.one_of(
    st.builds(
        Mishap,
        st.just(MishapKind.STATUS),
        st.integers(400, 599),
        st.none() | st.integers(0, 3600),
    ),
    st.builds(Mishap, st.just(MishapKind.DRIP), over=st.floats(0, 1e6)),
    st.sampled_from(MishapKind)
    .filter(lambda kind: kind not in (MishapKind.STATUS, MishapKind.DRIP))
    .map(Mishap),
)


@st.composite
def several_mishaps(draw: st.DrawFn) -> Mishaps:
    kinds = draw(st.lists(_mishaps, max_size=6, unique_by=str))
    return Mishaps(tuple((kind, draw(st.floats(0, 1 / len(kinds)))) for kind in kinds))


class TestText:
    def test_of_every_kind_is_read_and_written(self) -> None:
        assert str(parse_mishaps(EVERYTHING)) == EVERYTHING

    def test_of_none_is_off(self) -> None:
        assert parse_mishaps("off") == Mishaps()
        assert str(Mishaps()) == "off"

    @pytest.mark.unhurried(reason="many examples")
    @given(several_mishaps())
    def test_reads_back_as_the_same(self, mishaps: Mishaps) -> None:
        assert parse_mishaps(str(mishaps)) == mishaps

    def test_of_a_status_may_carry_a_retry_after(self) -> None:
        [(mishap, share)] = parse_mishaps("503+1m: 2%").shares
        assert (mishap, share) == (Mishap(MishapKind.STATUS, 503, retry_after=60), 0.02)

    def test_of_a_drip_without_a_time_takes_five_seconds(self) -> None:
        [(mishap, _)] = parse_mishaps("drip:1%").shares
        assert mishap == Mishap(MishapKind.DRIP, over=5.0)


class TestMistake:
    @pytest.mark.parametrize(
        ("text", "facts"),
        [
            ("", ["off", "WHAT:SHARE", "':'"]),
            ("500", ["':' in '500'"]),
            ("500:1%,", ["':' in ''"]),
            ("500:x", ["'500:x'", "a share between 0 and 1"]),
            ("200:1%", ["'200:1%'", "400 to 599"]),
            ("600:1%", ["400 to 599"]),
            ("0500:1%", ["400 to 599"]),
            ("oops:1%", ["'oops:1%'", "reset-body", "bad-json"]),
            ("status:1%", ["a status (400 to 599)"]),
            ("reset+1s:1%", ["'reset+1s:1%'", "no +TIME"]),
            ("429+1.5s:1%", ["whole seconds", "429+1s"]),
            ("429+x:1%", ["a duration with its unit"]),
            ("drip+1:1%", ["a duration with its unit"]),
            (f"drip+{'9' * 400}s:1%", ["finite"]),
            ("500:1%,500:2%", ["once", "500"]),
            ("500:60%,reset:50%", ["at most 100%", "110%"]),
        ],
    )
    def test_is_named_with_what_would_be_right(self, text: str, facts: list[str]) -> None:
        with pytest.raises(ValueError) as caught:
            parse_mishaps(text)
        assert [fact for fact in facts if fact not in str(caught.value)] == []

    def test_of_a_negative_share_is_refused(self) -> None:
        with pytest.raises(ValueError, match="at least 0"):
            Mishaps(((Mishap(MishapKind.RESET), -0.1),))


class TestShares:
    def test_are_met_as_often_as_they_say(self) -> None:
        mishaps, randomness = parse_mishaps("500:5%,reset:10%"), random.Random(7)
        met = Counter(str(mishaps.draw(randomness)) for _ in range(20_000))
        assert met["500"] / 20_000 == pytest.approx(0.05, abs=0.005)
        assert met["reset"] / 20_000 == pytest.approx(0.10, abs=0.007)
        assert met.keys() == {"500", "reset", "None"}

    def test_of_everything_leave_nothing_that_goes_well(self) -> None:
        mishaps, randomness = parse_mishaps("hang:50%,drip:50%"), random.Random(7)
        assert None not in [mishaps.draw(randomness) for _ in range(1000)]

    def test_add_up(self) -> None:
        assert parse_mishaps("500:5%,refuse:2%").share == pytest.approx(0.07)

    def test_of_exactly_everything_are_allowed_although_binary_sums_err(self) -> None:
        assert parse_mishaps("500:70%,501:20%,502:10%").share == pytest.approx(1.0)


class TestRefusal:
    def test_is_met_by_connections(self) -> None:
        mishaps, randomness = parse_mishaps("refuse:25%"), random.Random(7)
        refused = sum(mishaps.draw_refusal(randomness) for _ in range(10_000))
        assert refused / 10_000 == pytest.approx(0.25, abs=0.015)

    def test_is_not_met_by_requests(self) -> None:
        mishaps, randomness = parse_mishaps("refuse:90%,500:10%"), random.Random(7)
        met = {str(mishaps.draw(randomness)) for _ in range(1000)}
        assert met == {"500", "None"}

    def test_never_happens_unless_asked_for(self) -> None:
        randomness = random.Random(7)
        assert not any(Mishaps().draw_refusal(randomness) for _ in range(100))
