import pytest

from hedgerow.serve.settings import AskedIn, Priority, Rate
from tests.serve.settings.samples import has, route, route_refusal


class TestPriority:
    def test_is_in_the_middle_where_nothing_is_said(self) -> None:
        assert route("").priority == Priority(default=3, source=None, most_urgent=None)

    @pytest.mark.parametrize(
        ("value", "urgency"),
        [
            ("0", 0),
            ("7", 7),
            ('"critical_plus"', 0),
            ('"critical"', 3),
            ('"sheddable_plus"', 5),
            ('"Sheddable-Plus"', 5),
            ('"sheddable"', 7),
        ],
    )
    def test_may_be_a_number_or_a_class(self, value: str, urgency: int) -> None:
        assert route(f"priority = {value}").priority == Priority(default=urgency)
        assert route(f"priority = {{default = {value}}}").priority == Priority(default=urgency)

    def test_may_be_asked_for(self) -> None:
        text = 'priority = {default = 5, from = "header.Priority", most_urgent = "critical"}'
        asked = AskedIn("header", "Priority")
        assert route(text).priority == Priority(default=5, source=asked, most_urgent=3)

    @pytest.mark.parametrize(
        ("value", "fact"),
        [
            ("8", "0 (most urgent) to 7 (least)"),
            ("-1", "0 (most urgent) to 7 (least)"),
            ('"shedable"', 'Did you mean "sheddable"?'),
            ('"u=1"', "critical_plus, critical, sheddable_plus, sheddable"),
            ("true", "0 (most urgent) to 7 (least)"),
            ("1.5", "a number or the name of a class or a table"),
            ("[]", 'priority = "sheddable"'),
        ],
    )
    def test_is_nothing_else(self, value: str, fact: str) -> None:
        assert has(route_refusal(f"priority = {value}"), "[route 1] priority = ", fact)

    def test_is_believed_further_only_where_it_may_be_asked_for(self) -> None:
        message = route_refusal("priority = {most_urgent = 1}")
        assert has(message, "priority.most_urgent = 1", "together with from", "header.Priority")

    def test_is_believed_no_less_than_that_of_silence(self) -> None:
        message = route_refusal('priority = {from = "query.p", default = 3, most_urgent = 5}')
        assert has(message, "priority.most_urgent = 5", "at most default, 3")

    def test_may_stand_in_the_path_only_where_the_path_has_it(self) -> None:
        message = route_refusal('priority = {from = "path.p"}')
        assert has(message, "priority.from = 'path.p'", "/ has no {p}")
        assert route('path = "/{p}"\npriority = {from = "path.p"}').priority.source


class TestRate:
    def test_is_not_there_where_nothing_is_said(self) -> None:
        assert route("").rate is None
        assert route('rate = "off"').rate is None

    def test_may_be_text(self) -> None:
        expected = Rate(limit=100 / 60, burst=10, by=None, name="default", clients=100_000)
        assert route('rate = "100/m"').rate == expected

    def test_may_be_a_table(self) -> None:
        text = 'rate = {limit = "100/m", burst = 20, by = "header.X-Api-Key", name = "api"}'
        asked = AskedIn("header", "X-Api-Key")
        assert route(text).rate == Rate(limit=100 / 60, burst=20, by=asked, name="api")

    @pytest.mark.parametrize(
        ("limit", "burst"),
        [
            ("100/m", 10),
            ("50/s", 50),
            ("10/h", 10),
            ("60/h", 10),
            ("1k/m", 16),
            ("5/m", 5),
            ("3/h", 3),
            ("1/s", 1),
            ("0.5/s", 1),
            ("2.5k/s", 2500),
        ],
    )
    def test_lets_as_many_come_at_once_as_its_number_leads_one_to_expect(
        self, limit: str, burst: int
    ) -> None:
        rate = route(f'rate = "{limit}"').rate
        assert rate is not None
        assert rate.burst == burst

    def test_is_by_address_where_that_is_written(self) -> None:
        rate = route('rate = {limit = "1/s", by = "address"}').rate
        assert rate is not None
        assert rate.by is None

    @pytest.mark.parametrize(
        ("text", "facts"),
        [
            ("100", ("rate = 100", 'Write "100/s", "100/m" or "100/h"')),
            ('"100"', ("rate = '100'", 'Write "100/s", "100/m" or "100/h"')),
            ('"100/w"', ("rate = '100/w'", '"100/m"')),
            ('"0/s"', ("rate = '0/s'", "above 0")),
            ('"many"', ("rate = 'many'", '"100/m"')),
            ("true", ("rate = true", "a rate")),
            ("{burst = 5}", ("rate.limit = nothing", "given", '"100/m"')),
            ('{limit = "1/s", burst = 0}', ("rate.burst = 0", "at least 1")),
            ('{limit = "1/s", by = "cookie.a"}', ("rate.by = 'cookie.a'", '"address"', "header.")),
            ('{limit = "1/s", by = "path.a"}', ("rate.by = 'path.a'", "/ has no {a}")),
            ('{limit = "1/s", name = "a b"}', ("rate.name = 'a b'", "letters")),
            ('{limit = "1/s", name = "' + 41 * "x" + '"}', ("rate.name = ", "at most 40")),
            ('{limit = "1/s", clients = 0}', ("rate.clients = 0", "at least 1")),
        ],
    )
    def test_is_nothing_else(self, text: str, facts: tuple[str, ...]) -> None:
        assert has(route_refusal(f"rate = {text}"), "[route 1] ", *facts)
