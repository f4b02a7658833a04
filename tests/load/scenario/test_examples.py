"""The example scenarios, played against a shop that answers as they expect."""

from pathlib import Path
from typing import Final

import pytest

from hedgerow.load.generator.answer import RawAnswer
from hedgerow.load.generator.scenario import load_scenario
from hedgerow.load.generator.scenario_calls import Ending, ScenarioCalls
from hedgerow.load.generator.user import User
from hedgerow.load.plan import Closed, Open
from hedgerow.load.scenario.options import read_options
from hedgerow.measure.slo import parse_slo
from tests.load.generator.fake_exchanger import (
    FakeExchanger,
    FakeJournal,
    Sent,
    answered,
    context,
    with_user,
)

EXAMPLES: Final = sorted((Path(__file__).parents[3] / "examples/load").glob("*.py"))
LATELY: Final[dict[str, str]] = {}


def shop(sent: Sent) -> RawAnswer:
    path = sent.line.partition(" ")[2].partition("?")[0]
    if path == "/sign-up":
        LATELY["email"] = sent.body.decode().partition("email=")[2].partition("&")[0]
        return answered(201, b'{"id": 7}')
    bodies = {
        "/login": b'{"token": "x"}',
        "/items": b'[{"id": 1}, {"id": 2}]',
        "/orders": b"Thank you!",
        "/users/7": b'{"email": "%b"}' % LATELY.get("email", "").replace("%40", "@").encode(),
    }
    return answered(201 if path == "/cart" else 200, bodies.get(path, b""))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
class TestExample:
    def test_says_how_it_is_played(self, path: Path) -> None:
        module = load_scenario(path.read_text(), path.name)
        defaults = read_options(module.options, path.name)
        assert isinstance(defaults.model(), Closed | Open)
        assert defaults.duration
        for promise in defaults.slo:
            parse_slo(promise)

    def test_can_be_played(self, path: Path) -> None:
        module = load_scenario(path.read_text(), path.name)
        exchanger, journal, within = FakeExchanger(script=shop), FakeJournal(), context()
        within.shared = {"plans": ["free"]}
        calls = ScenarioCalls(module, within, journal)

        async def use(user: User) -> set[Ending]:
            await calls.start(user)
            endings = {await calls.iteration(user) for _ in range(20)}
            await calls.stop(user)
            return endings

        assert with_user(use, exchanger, within) == {Ending.WHOLE}
        assert (set(exchanger.outcomes), journal.failures) == ({"ok"}, [])
