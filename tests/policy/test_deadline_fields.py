"""Fields that say how long there is: what each means, and how it is said again."""

import pytest

from hedgerow.policy.deadline_fields import DeadlineField, NumberTell, deadline_field

NOW = 1_795_800_000.0  # 2026-11-27T17:20:00Z


class Clock:
    now = NOW

    def __call__(self) -> float:
        return self.now


def field(name: str, unit: str = "ms") -> DeadlineField:
    return deadline_field(name, unit, Clock())


def said_again(name: str, text: str, seconds: float, unit: str = "ms") -> str:
    """The value that an upstream gets when so much time is left."""
    line = field(name, unit).tell(text).line(seconds).decode()
    assert line.startswith(f"{name}: ")
    assert line.endswith("\r\n")
    return line.removeprefix(f"{name}: ").removesuffix("\r\n")


class TestName:
    @pytest.mark.parametrize(
        ("name", "text", "seconds"),
        [
            ("grpc-timeout", "5S", 5.0),
            ("GRPC-Timeout", "5S", 5.0),
            ("x-envoy-upstream-rq-timeout-ms", "250", 0.25),
            ("X-Request-Timeout-Ms", "250", 0.25),
            ("X-Request-Deadline", str(NOW + 5), 5.0),
            ("Deadline", str(NOW + 5), 5.0),
            ("X-Timeout", "250", 0.25),
            ("X-Deadline-Seconds", "250", 0.25),  # no deadline by its name: the route's unit
        ],
    )
    def test_tells_the_form(self, name: str, text: str, seconds: float) -> None:
        assert field(name).read(text) == pytest.approx(seconds)

    def test_is_compared_in_lower_case(self) -> None:
        names = ["GRPC-Timeout", "X-A-Ms", "X-A-Deadline", "X-A"]
        assert [field(name).name.decode() for name in names] == [name.lower() for name in names]

    def test_tells_whether_the_same_text_means_less_and_less(self) -> None:
        names = ["grpc-timeout", "x-a-ms", "x-a-deadline", "x-a"]
        assert [field(name).is_dated for name in names] == [False, False, True, False]


class TestGrpcTimeout:
    @pytest.mark.parametrize(
        ("text", "seconds"),
        [
            ("1H", 3600.0),
            ("2M", 120.0),
            ("3S", 3.0),
            ("4m", 0.004),
            ("5u", 5e-6),
            ("6n", 6e-9),
            ("99999999m", 99_999.999),
            ("0S", 0.0),
        ],
    )
    def test_has_a_unit(self, text: str, seconds: float) -> None:
        assert field("grpc-timeout").read(text) == pytest.approx(seconds)

    @pytest.mark.parametrize("text", ["", "5", "S", "123456789m", "1.5S", "-1S", "5s", "5 S", "1h"])
    def test_says_nothing_where_it_cannot_be_read(self, text: str) -> None:
        assert field("grpc-timeout").read(text) is None

    @pytest.mark.parametrize(
        ("seconds", "text"),
        [
            (0.25, "250000u"),
            (99.0, "99000000u"),
            (100.0, "100000m"),
            (99_999.0, "99999000m"),
            (100_000.0, "100000S"),
            (1e8, "1666666M"),
            (1e10, "2777777H"),
            (1e15, "99999999H"),
            (1e-9, "1u"),
        ],
    )
    def test_is_said_again_in_eight_digits_at_most(self, seconds: float, text: str) -> None:
        assert said_again("grpc-timeout", "9H", seconds) == text


class TestMilliseconds:
    @pytest.mark.parametrize(("text", "seconds"), [("1", 0.001), ("2000", 2.0), ("1.5", 0.0015)])
    def test_are_a_number(self, text: str, seconds: float) -> None:
        assert field("x-a-ms").read(text) == pytest.approx(seconds)

    def test_of_zero_say_nothing(self) -> None:
        """Envoy: no timeout."""
        assert field("x-envoy-upstream-rq-timeout-ms").read("0") is None

    @pytest.mark.parametrize("text", ["", "abc", "-5", "+5", "1e3", "5ms", "9" * 16, "\u0665"])
    def test_say_nothing_where_they_cannot_be_read(self, text: str) -> None:
        assert field("x-a-ms").read(text) is None

    def test_are_milliseconds_whatever_the_routes_unit(self) -> None:
        assert field("x-a-ms", "s").read("5") == pytest.approx(0.005)
        assert said_again("x-a-ms", "5", 0.25, "s") == "250"

    def test_are_said_again_rounded_down(self) -> None:
        assert said_again("x-a-ms", "5000", 0.2509) == "250"

    def test_are_never_said_to_be_zero(self) -> None:
        assert said_again("x-a-ms", "5000", 0.0004) == "1"


class TestOtherField:
    @pytest.mark.parametrize(("unit", "seconds"), [("us", 0.0015), ("ms", 1.5), ("s", 1500.0)])
    def test_is_a_number_in_the_routes_unit(self, unit: str, seconds: float) -> None:
        assert field("x-timeout", unit).read("1500") == pytest.approx(seconds)

    @pytest.mark.parametrize(("text", "seconds"), [("250ms", 0.25), ("1m30s", 90.0), ("2s", 2.0)])
    def test_may_be_a_duration(self, text: str, seconds: float) -> None:
        assert field("x-timeout", "us").read(text) == pytest.approx(seconds)

    @pytest.mark.parametrize("text", ["0", "0ms", "abc", "5 parsecs", "", "-5", "-5ms"])
    def test_says_nothing_where_it_cannot_be_read(self, text: str) -> None:
        assert field("x-timeout").read(text) is None

    @pytest.mark.parametrize(
        ("came", "unit", "text"),
        [("9000", "ms", "250"), ("9000", "us", "250000"), ("9", "s", "1"), ("9s", "s", "250ms")],
    )
    def test_is_said_again_in_the_form_in_which_it_came(
        self, came: str, unit: str, text: str
    ) -> None:
        assert said_again("X-Timeout", came, 0.25, unit) == text


class TestTimeOfDay:
    @pytest.mark.parametrize(
        "text",
        [
            "1795800005",
            "1795800005.000",
            "1795800005000",
            "2026-11-27T17:20:05Z",
            "2026-11-27T17:20:05.000+00:00",
            "2026-11-27T18:20:05+01:00",
        ],
    )
    def test_is_compared_with_now(self, text: str) -> None:
        assert field("x-request-deadline").read(text) == pytest.approx(5.0)

    @pytest.mark.parametrize("text", ["1795799999", "2026-11-27T17:19:59Z", "0"])
    def test_may_have_passed(self, text: str) -> None:
        left = field("x-request-deadline").read(text)
        assert left is not None
        assert left <= -1.0

    @pytest.mark.parametrize("text", ["", "soon", "-1795800005", "2026-11-27T17:20:05", "5s"])
    def test_says_nothing_where_it_cannot_be_read(self, text: str) -> None:
        """A time without its zone is somebody else's."""
        assert field("x-request-deadline").read(text) is None

    def test_goes_on_as_it_came_where_we_end_no_sooner(self) -> None:
        assert said_again("x-request-deadline", "1795800005.25", 5.25) == "1795800005.25"
        assert said_again("x-request-deadline", "1795800005.25", 9.0) == "1795800005.25"

    @pytest.mark.parametrize(
        ("came", "text"),
        [
            ("1795800009", "1795800001"),
            ("1795800009.5", "1795800001.250"),
            ("1795800009000", "1795800001250"),
            ("2026-11-27T18:20:09+01:00", "2026-11-27T17:20:01.250Z"),
        ],
    )
    def test_is_sooner_where_we_end_sooner(self, came: str, text: str) -> None:
        assert said_again("X-Request-Deadline", came, 1.25) == text

    def test_that_could_not_be_read_is_said_in_words(self) -> None:
        assert said_again("x-request-deadline", "soon", 1.25) == "2026-11-27T17:20:01.250Z"

    def test_is_reckoned_from_when_it_is_said(self) -> None:
        clock = Clock()
        tell = deadline_field("deadline", "ms", clock).tell("1795800009")
        clock.now += 3
        assert tell.line(2.0) == b"deadline: 1795800005\r\n"


class TestFieldOfOurs:
    @pytest.mark.parametrize(("seconds", "text"), [(0.695, "695"), (0.5, "500"), (1e-9, "1")])
    def test_tells_whole_milliseconds(self, seconds: float, text: str) -> None:
        assert NumberTell("X-Left").line(seconds) == f"X-Left: {text}\r\n".encode()

    def test_never_tells_more_than_there_is(self) -> None:
        tell = NumberTell("X-Left")
        for ms in range(1, 3000):
            said = int(tell.line(ms / 1000 + 0.0005).split()[1])
            assert said == ms
