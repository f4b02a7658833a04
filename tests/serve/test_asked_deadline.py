"""What the route, the client's fields and the field of ours come to."""

from typing import Any, Literal

import pytest

from hedgerow.policy import DeadlineRule, Situation
from hedgerow.policy.deadline_fields import deadline_field
from hedgerow.serve.asked_deadline import RouteDeadline, Timing

NOW = 1_795_800_000.0
NAMES = ("grpc-timeout", "X-Envoy-Ms", "X-Request-Deadline")
OURS = "X-Left-Ms"


def timing(
    *fields: tuple[str, str],
    text: str | None = None,
    covers: Literal["head", "answer"] = "answer",
    send_as: str | None = OURS,
    **rule: Any,
) -> Timing:
    """Of a request with these fields, where the route gives 5 s."""
    honours = [deadline_field(name, "ms", lambda: NOW) for name in NAMES]
    deadline = RouteDeadline(DeadlineRule(default=5.0, covers=covers, **rule), honours, send_as)
    return deadline.timing(text, [(name.encode(), value.encode()) for name, value in fields])


def told(of: Timing, seconds: float = 0.5) -> set[str]:
    return {tell.line(seconds).decode().strip() for tell in of.tells}


class TestRequestThatSaysNothing:
    def test_gets_what_the_route_gives(self) -> None:
        assert timing().seconds == 5.0

    def test_gets_what_it_asks_for_where_the_route_says_so(self) -> None:
        assert timing(text="9000").seconds == pytest.approx(9.0)

    def test_has_its_time_told_in_our_field(self) -> None:
        assert told(timing()) == {"X-Left-Ms: 500"}

    def test_has_nothing_told_where_the_default_is_nobodys_wish(self) -> None:
        of = timing(covers="head")
        assert (of.tells, of.replaces, of.covers_answer) == ((), frozenset(), False)

    def test_has_nothing_told_where_that_is_off(self) -> None:
        assert timing(send_as=None).tells == ()


class TestShorterTime:
    def test_is_granted(self) -> None:
        assert timing(("X-Envoy-Ms", "250")).seconds == pytest.approx(0.25)

    def test_is_found_in_any_case(self) -> None:
        assert timing(("x-ENVOY-ms", "250 \t")).seconds == pytest.approx(0.25)

    def test_is_the_shortest_of_several(self) -> None:
        of = timing(("X-Envoy-Ms", "900"), ("grpc-timeout", "300m"), ("X-Envoy-Ms", "800"))
        assert of.seconds == pytest.approx(0.3)

    def test_is_shorter_than_what_was_asked_for_too(self) -> None:
        assert timing(("X-Envoy-Ms", "250"), text="400").seconds == pytest.approx(0.25)
        assert timing(("X-Envoy-Ms", "900"), text="400").seconds == pytest.approx(0.4)

    def test_covers_the_answer_whatever_the_route_says(self) -> None:
        assert timing(("X-Envoy-Ms", "250"), covers="head").covers_answer

    def test_is_told_in_the_same_field_and_in_ours(self) -> None:
        of = timing(("x-envoy-ms", "900"), covers="head")
        assert told(of) == {"X-Envoy-Ms: 500", "X-Left-Ms: 500"}
        assert of.replaces == {b"x-envoy-ms", b"x-left-ms"}

    def test_is_told_in_each_of_them(self) -> None:
        of = timing(("grpc-timeout", "300m"), ("X-Envoy-Ms", "900"), send_as=None)
        assert told(of) == {"grpc-timeout: 500000u", "X-Envoy-Ms: 500"}

    def test_is_told_once_where_both_are_one_field(self) -> None:
        of = timing(("X-Envoy-Ms", "900"), send_as="x-envoy-ms")
        assert len(of.tells) == 1

    @pytest.mark.parametrize("text", ["0m", "299m"])
    def test_has_expired_where_it_cannot_be_kept(self, text: str) -> None:
        assert timing(("grpc-timeout", text), minimum=0.3).seconds is Situation.EXPIRED


class TestLongerTime:
    @pytest.mark.parametrize("covers", ["head", "answer"])
    def test_is_not_granted(self, covers: Literal["head", "answer"]) -> None:
        of = timing(("X-Envoy-Ms", "60000"), covers=covers)
        assert (of.seconds, of.covers_answer) == (5.0, covers == "answer")

    def test_goes_on_as_it_came_where_nothing_is_told(self) -> None:
        assert timing(("X-Envoy-Ms", "60000"), covers="head").replaces == frozenset()

    def test_is_replaced_by_what_there_is(self) -> None:
        assert told(timing(("X-Envoy-Ms", "60000"))) == {"X-Envoy-Ms: 500", "X-Left-Ms: 500"}


class TestEndOfTheTime:
    @pytest.mark.parametrize(
        ("fields", "text", "blames"),
        [
            ([], None, True),
            ([("X-Envoy-Ms", "4999")], None, False),
            ([("X-Envoy-Ms", "5001")], None, True),
            ([("X-Envoy-Ms", "soon")], None, True),
            ([], "4999", False),
            ([], "5001", True),
            ([("X-Envoy-Ms", "4000")], "9000", False),
        ],
    )
    def test_is_the_replicas_fault_where_the_client_left_as_much_as_the_route(
        self, fields: list[tuple[str, str]], text: str | None, blames: bool
    ) -> None:
        assert timing(*fields, text=text).blames is blames


class TestWhatCannotBeRead:
    @pytest.mark.parametrize(
        ("name", "text"), [("grpc-timeout", "5"), ("X-Envoy-Ms", "soon"), ("X-Envoy-Ms", "0")]
    )
    def test_takes_no_time_away(self, name: str, text: str) -> None:
        assert timing((name, text)).seconds == 5.0

    def test_does_not_hide_what_can(self) -> None:
        of = timing(("grpc-timeout", "x"), ("X-Envoy-Ms", "250"))
        assert of.seconds == pytest.approx(0.25)

    def test_where_the_route_asks_is_refused_all_the_same(self) -> None:
        of = timing(("X-Envoy-Ms", "250"), text="soon")
        assert of.seconds is Situation.DEADLINE_MALFORMED


class TestTimeOfDay:
    def test_is_granted_as_far_as_it_lies_ahead(self) -> None:
        assert timing(("X-Request-Deadline", str(NOW + 2))).seconds == pytest.approx(2.0)

    def test_that_has_passed_has_expired(self) -> None:
        of = timing(("X-Request-Deadline", str(NOW - 1)))
        assert of.seconds is Situation.EXPIRED

    @pytest.mark.parametrize("seconds", [-1, 2, 60])
    @pytest.mark.parametrize("covers", ["head", "answer"])
    def test_is_true_only_now(self, seconds: int, covers: Literal["head", "answer"]) -> None:
        """Also where it does not matter yet: it comes nearer."""
        assert timing(("X-Request-Deadline", str(NOW + seconds)), covers=covers).is_dated

    def test_is_not_in_the_other_fields(self) -> None:
        assert not timing(("X-Envoy-Ms", "250"), ("grpc-timeout", "1S")).is_dated
