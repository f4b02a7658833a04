import pytest

from hedgerow.serve.settings import Hedge
from hedgerow.serve.settings.fields import fields_of
from tests.serve.settings.samples import route


class TestHedgeThatNobodyAskedFor:
    def test_copies_the_slowest_twentieth(self) -> None:
        hedge = route("").hedge
        assert (hedge.delay, hedge.extra, hedge.aim) == ("auto", 1, 0.05)

    def test_sends_nothing_three_times_and_a_fifth_of_the_requests_twice(self) -> None:
        hedge = route("").hedge
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
            ("max_attempts = 3", "extra", 1),
            ("max_attempts = 3", "delay", "auto"),
            ("max_attempts = 1", "delay", None),
            ("max_attempts = 1", "extra", 0),
            ("extra = 0", "delay", None),
            ("extra = 0", "max_attempts", 2),
            ("extra = 0", "budget", 0.2),
            ("extra = 0", "aim", None),
            ("extra = 2", "delay", "auto"),
            ("same_replica = true", "delay", "auto"),
            ('budget = "2%"', "delay", "auto"),
            ('budget = "2%"', "aim", 0.02),
            ('budget = "50%"', "aim", 0.5),
            ('aim = "2%"', "delay", "auto"),
            ('aim = "2%"', "budget", 0.2),
            ('aim = "30%"', "budget", 0.3),
            ('budget = "off"', "aim", 0.05),
            ('budget = "off"', "mode", "staggered"),
            ('delay = "off", budget = "off"', "mode", "burst"),
            ('aim = "2%", budget = "10%"', "aim", 0.02),
            ('aim = "2%", budget = "10%"', "budget", 0.1),
            ('delay = "1s"', "aim", None),
            ("extra = 2", "max_attempts", 3),
            ('delay = "off"', "extra", 0),
            ('delay = "off"', "delay", None),
            ('delay = "off"', "max_attempts", 2),
            ('delay = "off"', "budget", 0.2),
            ('delay = "off"', "aim", None),
            ('delay = "1s"', "probability", None),
            ('delay = "auto"', "extra", 1),
            ('delay = "auto"', "budget", 0.2),
            ('delay = "auto"', "aim", 0.05),
            ('delay = "auto"', "mode", "staggered"),
            ('delay = "auto", budget = "2%"', "budget", 0.02),
            ('delay = "auto", budget = "2%"', "aim", 0.02),
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


class TestHedgeThatIsOff:
    @pytest.mark.parametrize("text", ['"off"', "{max_attempts = 1}"])
    def test_sends_everything_once(self, text: str) -> None:
        hedge = route(f"hedge = {text}").hedge
        assert (hedge.delay, hedge.extra, hedge.max_attempts) == (None, 0, 1)


class TestRecords:
    @pytest.mark.parametrize("name", list(fields_of(Hedge)))
    def test_cannot_be_changed(self, name: str) -> None:
        with pytest.raises(AttributeError):
            setattr(Hedge(), name, None)
