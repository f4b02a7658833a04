import pytest

from hedgerow.errors import ConfigError
from hedgerow.policy.priorities import PriorityRule

ANY = PriorityRule(urgency=3, most_urgent=0)


class TestReading:
    @pytest.mark.parametrize(
        ("text", "urgency"),
        [
            ("u=1", 1),
            ("u=5, i", 5),
            ("i, u=0", 0),
            ("i,u=6;x=1", 6),
            ("u=1, u=4", 4),
            ("2", 2),
            (" 7 ", 7),
            ("critical_plus", 0),
            ("Sheddable-Plus", 5),
            ("sheddable", 7),
        ],
    )
    def test_understands(self, text: str, urgency: int) -> None:
        assert ANY.read(text) == urgency

    @pytest.mark.parametrize("text", ["", "u=8", "u=12", "xu=1", "8", "-1", "high", "u = 1", "i"])
    def test_takes_what_it_does_not_understand_for_nothing(self, text: str) -> None:
        assert ANY.read(text) == 3

    def test_of_nothing_is_what_the_route_is_worth(self) -> None:
        assert PriorityRule(urgency=5).read(None) == 5


class TestClient:
    def test_may_say_that_it_matters_less(self) -> None:
        assert PriorityRule(urgency=3).read("u=6") == 6

    def test_is_not_believed_that_it_matters_more(self) -> None:
        assert PriorityRule(urgency=3).read("u=0") == 3

    def test_is_believed_as_far_as_the_route_says(self) -> None:
        assert PriorityRule(urgency=5, most_urgent=2).read("u=0") == 2


class TestRule:
    @pytest.mark.parametrize("urgency", [-1, 8])
    def test_names_the_scale(self, urgency: int) -> None:
        with pytest.raises(ConfigError, match=r"0 .* to 7"):
            PriorityRule(urgency=urgency)

    def test_checks_the_bound_too(self) -> None:
        with pytest.raises(ConfigError, match="most_urgent = 9"):
            PriorityRule(most_urgent=9)
