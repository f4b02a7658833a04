import pytest

from hedgerow.serve.settings import Deadline
from tests.serve.settings.samples import has, route, route_refusal


class TestDeadlineThatNobodyAskedFor:
    def test_bounds_the_wait_for_the_head(self) -> None:
        deadline = route("").deadline
        assert (deadline.default, deadline.covers) == (30.0, "head")

    def test_is_told_to_the_upstream(self) -> None:
        assert route("").deadline.send_as == "X-Request-Timeout-Ms"

    def test_is_what_an_empty_table_stands_for(self) -> None:
        assert route("deadline = {}").deadline == Deadline() == route("").deadline


class TestDeadline:
    @pytest.mark.parametrize(
        ("text", "name", "value"),
        [
            ('default = "1s"', "covers", "answer"),
            ('from = "query.t"', "covers", "answer"),
            ('from = "query.t"', "default", 30.0),
            ('from = "query.t", max = "5s"', "default", 5.0),
            ('from = "query.t", max = "60s"', "default", 30.0),
            ('from = "query.t", min = "40s"', "default", 40.0),
            ('per_try = "1s"', "covers", "head"),
            ('default = "1s", covers = "head"', "covers", "head"),
            ('send_as = "off"', "send_as", None),
            ('honours = "off"', "honours", ()),
            ('honours = ["X-Wait"]', "honours", ("X-Wait",)),
        ],
    )
    def test_has_defaults_that_follow_from_the_rest(
        self, text: str, name: str, value: object
    ) -> None:
        assert getattr(route(f"deadline = {{{text}}}").deadline, name) == value

    def test_is_at_longest_the_default_one_where_it_cannot_be_asked_for(self) -> None:
        assert Deadline(default=2.0).longest == 2.0

    def test_may_be_shortened_by_what_is_in_use_elsewhere(self) -> None:
        assert [name.lower() for name in route("").deadline.honours] == [
            "grpc-timeout",
            "x-envoy-upstream-rq-timeout-ms",
            "x-request-timeout-ms",
            "x-request-deadline",
        ]

    @pytest.mark.parametrize(
        ("honours", "fact"),
        [
            ('["X-A", "x-a"]', '"X-A" twice'),
            ('["Host"]', "Hedgerow writes Host itself"),
            ("[]", "not empty"),
            ('"X-A"', "in brackets"),
        ],
    )
    def test_is_not_shortened_by(self, honours: str, fact: str) -> None:
        message = route_refusal(f"deadline = {{honours = {honours}}}")
        assert has(message, "[route 1] deadline.honours = ", fact)
