import pytest

from hedgerow.serve.settings.reader import settings_from_text
from tests.serve.settings.samples import bare_refusal, has, route, route_refusal

SMART_PATH = 'path = "/smart/{timeout}"\n'
FROM_PATH = SMART_PATH + 'deadline = {from = "path.timeout"'


class TestHedge:
    def test_that_can_never_fire_names_delay_and_deadline(self) -> None:
        message = route_refusal('deadline = "300ms"\nhedge = {delay = "300ms"}')
        assert has(message, "hedge.delay = '300ms'", "longest deadline, 300ms", "Shorten")

    def test_is_compared_with_the_longest_deadline_that_can_be_asked_for(self) -> None:
        text = FROM_PATH + ', default = "1s", max = "9s"}\nhedge = {delay = "5s"}'
        assert route(text).hedge.delay == 5

    def test_is_compared_with_the_deadline_by_default_too(self) -> None:
        assert has(route_refusal('hedge = {delay = "40s"}'), "longest deadline, 30s")

    def test_has_room_for_its_copies(self) -> None:
        message = route_refusal('hedge = {delay = "1s", extra = 2, max_attempts = 2}')
        assert has(message, "hedge.max_attempts = 2", "at least 3", "extra = 2")

    def test_with_a_delay_has_copies(self) -> None:
        message = route_refusal('hedge = {delay = "1s", extra = 0}')
        assert has(message, "hedge.extra = 0", "at least 1", "remove delay", '"off"')

    def test_with_a_learned_delay_needs_no_budget(self) -> None:
        hedge = route('hedge = {budget = "off"}').hedge
        assert (hedge.delay, hedge.budget, hedge.aim) == ("auto", None, 0.05)

    def test_with_a_learned_delay_pays_for_what_it_aims_at(self) -> None:
        message = route_refusal('hedge = {aim = "10%", budget = "5%"}')
        assert has(message, "hedge.aim = '10%'", "at most budget, 5%", "Change one")

    @pytest.mark.parametrize("rest", ['delay = "1s"', 'delay = "off"', "extra = 0"])
    def test_aims_at_nothing_without_a_learned_delay(self, rest: str) -> None:
        message = route_refusal(f'hedge = {{aim = "5%", {rest}}}')
        assert has(message, "hedge.aim = '5%'", 'together with delay = "auto"')

    def test_with_a_learned_delay_sends_one_copy_at_a_time(self) -> None:
        message = route_refusal('hedge = {delay = "auto", mode = "burst"}')
        assert has(message, "hedge.mode = 'burst'", '"staggered"', "Remove it")

    def test_with_a_learned_delay_fits_into_any_deadline(self) -> None:
        assert route('deadline = "1ms"\nhedge = {delay = "auto"}').hedge.delay == "auto"

    def test_leaves_nothing_to_chance_without_a_delay(self) -> None:
        message = route_refusal('hedge = {delay = "off", probability = 0.5}')
        assert has(message, "hedge.probability = '50%'", "with a delay", "or remove it")

    def test_may_opt_in_to_post(self) -> None:
        assert route('hedge = {methods = ["POST"]}').hedge.methods == ("POST",)


class TestHedgeWithOneReplica:
    ONE = '[upstream.api]\nreplicas = ["http://a"]\n[[route]]\npath = "/"\n'

    @pytest.mark.parametrize("setting", ['delay = "300ms"', "extra = 2", "max_attempts = 4"])
    def test_has_nowhere_to_go(self, setting: str) -> None:
        message = bare_refusal(self.ONE + f"hedge = {{{setting}}}")
        name = setting.partition(" ")[0]
        assert has(message, f"hedge.{name} = ", "'api' has only one", "same_replica = true")

    def test_may_go_to_the_same_one_where_that_is_allowed(self) -> None:
        text = self.ONE + 'hedge = {delay = "1s", same_replica = true}'
        assert settings_from_text(text).routes[0].hedge.delay == 1

    @pytest.mark.parametrize("setting", ['delay = "auto"', 'delay = "off"', "extra = 0"])
    def test_that_is_the_default_or_less_is_no_mistake(self, setting: str) -> None:
        assert settings_from_text(self.ONE + f"hedge = {{{setting}}}").routes

    def test_may_go_to_another_address_of_its_name(self) -> None:
        text = self.ONE.replace("[[route]]", 'resolve = "10s"\n[[route]]')
        assert settings_from_text(text + 'hedge = {delay = "1s"}').routes[0].hedge.delay == 1

    def test_that_nobody_asked_for_is_no_mistake(self) -> None:
        assert settings_from_text(self.ONE).routes[0].hedge.max_attempts == 2

    def test_that_is_off_is_no_mistake(self) -> None:
        assert settings_from_text(self.ONE + 'hedge = "off"').routes[0].hedge.max_attempts == 1
