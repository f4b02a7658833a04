import pytest

from hedgerow.serve.settings import Deadline, Hedge
from hedgerow.serve.settings.fields import fields_of
from tests.serve.settings.samples import route


class TestHedgeThatNobodyAskedFor:
    def test_retries_once_within_a_fifth_of_the_requests(self) -> None:
        hedge = route("").hedge
        assert (hedge.delay, hedge.extra) == (None, 0)
        assert (hedge.max_attempts, hedge.budget) == (2, 0.2)

    def test_repeats_safe_methods_at_other_replicas(self) -> None:
        hedge = route("").hedge
        assert (hedge.methods, hedge.same_replica) == (("GET", "HEAD", "OPTIONS"), False)

    def test_is_what_an_empty_table_stands_for(self) -> None:
        assert route("hedge = {}").hedge == Hedge() == route("").hedge


class TestHedge:
    @pytest.mark.parametrize(
        ("text", "name", "value"),
        [
            ('delay = "1s"', "extra", 1),
            ('delay = "1s"', "max_attempts", 2),
            ('delay = "1s"', "budget", None),
            ('delay = "1s"', "mode", "burst"),
            ('delay = "1s", extra = 2', "max_attempts", 3),
            ('delay = "1s", budget = "5%"', "mode", "staggered"),
            ('delay = "1s", budget = "off"', "mode", "burst"),
            ("max_attempts = 3", "budget", 0.2),
            ("max_attempts = 3", "extra", 0),
            ("extra = 2", "max_attempts", 3),
            ('delay = "off"', "extra", 0),
            ('delay = "1s"', "probability", None),
            ('delay = "auto"', "extra", 1),
            ('delay = "auto"', "budget", 0.05),
            ('delay = "auto"', "mode", "staggered"),
            ('delay = "auto", budget = "2%"', "budget", 0.02),
        ],
    )
    def test_has_defaults_that_follow_from_the_rest(
        self, text: str, name: str, value: object
    ) -> None:
        assert getattr(route(f"hedge = {{{text}}}").hedge, name) == value

    def test_keeps_what_is_given(self) -> None:
        hedge = route('hedge = {delay = "1s", budget = "5%", mode = "burst"}').hedge
        assert (hedge.budget, hedge.mode) == (0.05, "burst")

    def test_may_send_a_copy_by_chance(self) -> None:
        text = 'hedge = {delay = "29ms", probability = 0.91, budget = "5%"}'
        assert route(text).hedge.probability == 0.91


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
        ],
    )
    def test_has_defaults_that_follow_from_the_rest(
        self, text: str, name: str, value: object
    ) -> None:
        assert getattr(route(f"deadline = {{{text}}}").deadline, name) == value

    def test_is_at_longest_the_default_one_where_it_cannot_be_asked_for(self) -> None:
        assert Deadline(default=2.0).longest == 2.0


class TestRecords:
    @pytest.mark.parametrize("name", list(fields_of(Hedge)))
    def test_cannot_be_changed(self, name: str) -> None:
        with pytest.raises(AttributeError):
            setattr(Hedge(), name, None)
