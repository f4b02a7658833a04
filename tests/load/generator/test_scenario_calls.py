import textwrap

import pytest

from hedgerow.load.generator.scenario import load_scenario
from hedgerow.load.generator.scenario_calls import (
    ERROR_PAUSE,
    FIRST_PAUSE,
    HOPELESS,
    Ending,
    ScenarioCalls,
)
from hedgerow.load.generator.user import Due, User, UserContext
from tests.load.generator.fake_exchanger import (
    FakeExchanger,
    FakeJournal,
    answered,
    context,
    with_user,
)


class Played:
    """A scenario whose functions a test calls."""

    def __init__(self, source: str, *answers: object) -> None:
        self.exchanger = FakeExchanger()
        self.journal = FakeJournal()
        self.context: UserContext = context()
        module = load_scenario(textwrap.dedent(source), "shop.py")
        self.calls = ScenarioCalls(module, self.context, self.journal)

    def iteration(self, due: Due | None = None, times: int = 1) -> list[Ending]:
        async def use(user: User) -> list[Ending]:
            return [await self.calls.iteration(user, due) for _ in range(times)]

        return with_user(use, self.exchanger, self.context)


class TestIteration:
    def test_is_counted_with_its_time(self) -> None:
        played = Played("async def run(user): await user.get('/'); await user.pause(2)")
        assert played.iteration() == [Ending.WHOLE]
        ((began, ended),) = played.journal.iterations
        assert ended - began == pytest.approx(2.01e9, abs=1e6)

    def test_that_was_due_counts_from_then(self) -> None:
        played = Played("async def run(user): await user.get('/')")
        played.iteration(Due(at_ns=999_000_000_000_000, woke_ns=999_000_000_000_001))
        assert played.journal.iterations[0][0] == 999_000_000_000_000
        assert played.exchanger.sent[0].due == Due(999_000_000_000_000, 999_000_000_000_001)

    def test_counts_its_requests_when_it_ends(self) -> None:
        played = Played("async def run(user): await user.get('/', label='home')")
        played.iteration()
        assert [label for label, _, _ in played.exchanger.counted] == ["home"]


class TestFailedAssertion:
    SOURCE = """
        async def run(user):
            await user.get("/", label="a")
            answer = await user.get("/", label="b")
            assert answer.status == 200
            await user.get("/", label="c")
    """

    def test_fails_the_last_request_and_ends_the_iteration(self) -> None:
        played = Played(self.SOURCE)
        played.exchanger.answers = [answered(), answered(201)]
        assert played.iteration() == [Ending.CHECK_FAILED]
        assert [(label, kind.value, text) for label, kind, text in played.exchanger.counted] == [
            ("a", "ok", ""),
            ("b", "check_failed", "assert answer.status == 200"),
        ]
        assert (played.journal.iterations, played.journal.failures) == ([], [])

    def test_leaves_a_failed_request_its_own_reason(self) -> None:
        played = Played(self.SOURCE)
        played.exchanger.answers = [answered(), answered(500)]
        played.iteration()
        assert played.exchanger.outcomes == ["ok", "status_5xx"]

    def test_of_no_request_is_an_exception(self) -> None:
        played = Played("async def run(user): assert user is None")
        assert played.iteration() == [Ending.RAISED]
        assert played.journal.failures[0][0] == "run"

    def test_of_the_iteration_before_is_not_of_this_one(self) -> None:
        played = Played("""
            async def run(user):
                assert not user.data
                await user.get("/")
                user.data["seen"] = True
        """)
        assert played.iteration(times=2) == [Ending.WHOLE, Ending.RAISED]
        assert played.exchanger.outcomes == ["ok"]


class TestException:
    SOURCE = "async def run(user):\n    await user.get('/', label='a')\n    {}['id']\n"

    def test_is_counted_under_the_functions_name(self) -> None:
        played = Played(self.SOURCE)
        assert played.iteration() == [Ending.RAISED]
        ((label, detail),) = played.journal.failures
        assert label == "run"
        assert detail.startswith("KeyError: 'id' (shop.py line 3)\nTraceback")

    def test_leaves_its_requests_as_they_are(self) -> None:
        played = Played(self.SOURCE)
        played.iteration()
        assert played.exchanger.outcomes == ["ok"]
        assert played.journal.iterations == []

    def test_tells_its_traceback_once(self) -> None:
        played = Played(self.SOURCE)
        played.iteration(times=3)
        shown = [detail.count("Traceback") for _, detail in played.journal.failures]
        assert shown == [1, 0, 0]

    def test_asks_for_a_rest(self) -> None:
        played = Played(self.SOURCE)
        assert played.calls.error_pause == FIRST_PAUSE
        played.iteration()
        assert played.calls.error_pause == ERROR_PAUSE


class TestScenarioThatNeverSends:
    SOURCE = "async def run(user): await user.gett('/')"

    def test_is_given_up_with_its_traceback(self) -> None:
        played = Played(self.SOURCE)
        played.iteration(times=HOPELESS - 1)
        assert played.journal.complaints == []
        played.iteration()
        (complaint,) = played.journal.complaints
        assert f"{HOPELESS} times before any request" in complaint
        assert "no attribute 'gett'" in complaint
        assert "shop.py" in complaint

    def test_is_complained_about_once(self) -> None:
        played = Played(self.SOURCE)
        played.iteration(times=3 * HOPELESS)
        assert len(played.journal.complaints) == 1

    def test_is_not_one_that_has_sent_something(self) -> None:
        played = Played("async def run(user):\n    await user.get('/')\n    raise ValueError")
        played.iteration(times=2 * HOPELESS)
        assert played.journal.complaints == []


class TestHooks:
    SOURCE = """
        async def start(user): await user.post("/login")
        async def run(user): await user.get("/")
        async def stop(user): await user.post("/logout")
    """

    def test_are_called_once_each(self) -> None:
        played = Played(self.SOURCE)

        async def use(user: User) -> None:
            for _ in range(2):
                await played.calls.start(user)
                await played.calls.iteration(user)
            await played.calls.stop(user)
            await played.calls.stop(user)

        with_user(use, played.exchanger)
        lines = [sent.line for sent in played.exchanger.sent]
        assert lines == ["POST /login", "GET /", "GET /", "POST /logout"]

    def test_stop_only_who_has_started(self) -> None:
        played = Played(self.SOURCE)
        with_user(played.calls.stop, played.exchanger)
        assert (played.exchanger.sent, played.exchanger.closed) == ([], 1)

    def test_that_fail_are_counted_under_their_own_name(self) -> None:
        played = Played("async def start(user): raise ValueError\nasync def run(user): pass")

        async def use(user: User) -> None:
            assert await played.calls.start(user) is Ending.RAISED
            assert not user.has_started

        with_user(use, played.exchanger)
        assert played.journal.failures[0][0] == "start"
