import asyncio
import textwrap
from collections.abc import Callable
from functools import partial

from typing_extensions import override

from hedgerow.load.generator.scenario import load_scenario
from hedgerow.load.generator.scenario_calls import ERROR_PAUSE, ScenarioCalls
from hedgerow.load.generator.scenario_users import ClosedUsers, OpenUsers
from hedgerow.load.generator.user import Due, UserContext
from hedgerow.load.outcome import Outcome
from hedgerow.load.plan import Closed, Open, Share, ThinkTime
from tests.fakes.virtual_loop import START, run
from tests.load.generator.fake_exchanger import (
    FakeExchanger,
    FakeJournal,
    answered,
    context,
    failed,
)

GET = "async def run(user): await user.get('/', label=str(user.number))"
#: What happens when, in seconds from the beginning.
Events = dict[float, Callable[[], None]]


class Stage:
    """A scenario, everybody who plays in it, and what they are told when."""

    def __init__(self, source: str = GET) -> None:
        module = load_scenario(textwrap.dedent(source), "shop.py")
        self.exchanger = FakeExchanger()
        self.journal = FakeJournal()
        self.context: UserContext = context()
        self.calls = ScenarioCalls(module, self.context, self.journal)
        self.made: list[int] = []

    def make_exchanger(self, number: int) -> FakeExchanger:
        self.made.append(number)
        return self.exchanger

    def closed(self, model: Closed, share: Share | None = None) -> ClosedUsers:
        return ClosedUsers(
            self.calls, self.context, self.make_exchanger, model=model, share=share or Share()
        )

    def open(self, share: Share | None = None, **limits: float) -> OpenUsers:
        model = Open(
            start_rate=1,
            max_connections=round(limits["most"]) if "most" in limits else None,
            shed_after=limits.get("shed_after"),
        )
        return OpenUsers(
            self.calls, self.context, self.make_exchanger, model=model, share=share or Share()
        )

    def play(self, users: ClosedUsers | OpenUsers, events: Events) -> None:
        async def main() -> None:
            loop = asyncio.get_running_loop()
            for at, event in events.items():
                loop.call_later(at, event)
            await asyncio.sleep(max(events) + 0.0001)
            while others := asyncio.all_tasks() - {asyncio.current_task()}:
                await asyncio.wait(others)
            assert users.is_idle

        run(main())

    @property
    def times(self) -> list[float]:
        return [round(sent.at - START, 3) for sent in self.exchanger.sent]

    @property
    def labels(self) -> list[str]:
        return [sent.label for sent in self.exchanger.sent]


class TestClosedUser:
    def test_goes_round_until_it_is_told_to_leave(self) -> None:
        stage = Stage()
        users = stage.closed(Closed(users=1))
        stage.play(users, {0: lambda: users.arrive(0), 0.035: lambda: users.leave(0)})
        assert stage.times == [0, 0.01, 0.02, 0.03]
        assert (len(stage.journal.iterations), stage.exchanger.closed > 0) == (4, True)

    def test_goes_round_so_many_times(self) -> None:
        stage = Stage()
        users = stage.closed(Closed(users=2, iterations=3))
        stage.play(users, {0: lambda: users.arrive(0), 0.001: lambda: users.arrive(1)})
        assert sorted(stage.labels) == ["0", "0", "0", "1", "1", "1"]
        assert users.at_work == 0

    def test_thinks_between_two_iterations_but_not_after_the_last(self) -> None:
        stage = Stage()
        users = stage.closed(Closed(users=1, iterations=2, think_time=ThinkTime(low=1, high=1)))
        seen: list[int] = []
        stage.play(
            users,
            {0: lambda: users.arrive(0), 1.03: lambda: seen.append(users.at_work)},
        )
        assert (stage.times, seen) == ([0, 1.01], [0])

    def test_does_not_think_on_when_it_is_told_to_leave(self) -> None:
        stage = Stage()
        users = stage.closed(Closed(users=1, think_time=ThinkTime(low=60, high=90)))
        seen: list[int] = []
        stage.play(
            users,
            {
                0: lambda: users.arrive(0),
                1: users.stop,
                1.1: lambda: seen.append(users.at_work),
            },
        )
        assert (len(stage.times), seen) == (1, [0])

    def test_ends_the_iteration_that_it_is_in(self) -> None:
        stage = Stage("""
            async def run(user):
                await user.get("/")
                await user.pause(5)
                await user.get("/")
        """)
        users = stage.closed(Closed(users=1))
        stage.play(users, {0: lambda: users.arrive(0), 1: users.stop})
        assert (stage.times, len(stage.journal.iterations)) == ([0, 5.01], 1)

    def test_may_be_cut_off(self) -> None:
        stage = Stage("""
            async def run(user): await user.get("/")
            async def stop(user): await user.get("/logout")
        """)
        users = stage.closed(Closed(users=1))
        stage.exchanger.seconds = 5
        stage.play(users, {0: lambda: users.arrive(0), 1: users.cut_off})
        assert (stage.exchanger.outcomes, users.at_work) == (["unfinished"], 0)
        assert (len(stage.times), stage.exchanger.closed) == (1, 1)

    def test_comes_back_when_it_is_told_to(self) -> None:
        stage = Stage()
        users = stage.closed(Closed(users=1))
        stage.play(
            users,
            {
                0: lambda: users.arrive(0),
                0.005: lambda: users.leave(0),
                1: lambda: users.arrive(0),
                1.005: lambda: users.leave(0),
            },
        )
        assert (stage.times, stage.made) == ([0, 1], [0])

    def test_is_a_new_one_each_time_where_that_is_wanted(self) -> None:
        stage = Stage("""
            async def start(user): await user.get("/start")
            async def run(user): await user.get("/run")
            async def stop(user): await user.get("/stop")
        """)
        stage.exchanger.answers = [answered(Set_Cookie="a=1; Path=/")]
        users = stage.closed(Closed(users=1, iterations=2, new_user_each_iteration=True))
        stage.play(users, {0: lambda: users.arrive(0)})
        lines = [sent.line.removeprefix("GET /") for sent in stage.exchanger.sent]
        assert lines == ["start", "run", "stop"] * 2
        cookies = ["cookie" in sent.fields for sent in stage.exchanger.sent]
        assert cookies == [False, True, True, False, False, False]

    def test_rests_after_an_exception(self) -> None:
        stage = Stage("async def run(user):\n    await user.get('/')\n    raise ValueError")
        users = stage.closed(Closed(users=1, iterations=3))
        stage.play(users, {0: lambda: users.arrive(0)})
        assert stage.times == [0, 0.01 + ERROR_PAUSE, 0.02 + 2 * ERROR_PAUSE]

    def test_lets_others_run_also_when_it_does_nothing(self) -> None:
        stage = Stage("async def run(user): pass")
        users = stage.closed(Closed(users=1))
        stage.play(users, {0: lambda: users.arrive(0), 1: users.stop})
        assert 50 < len(stage.journal.iterations) <= 101

    def test_rests_where_nobody_answers(self) -> None:
        stage = Stage()
        stage.exchanger.script = lambda _: failed(Outcome.CONNECT_REFUSED)
        stage.exchanger.seconds = 0
        users = stage.closed(Closed(users=1))
        stage.play(users, {0: lambda: users.arrive(0), 1: users.stop})
        assert 50 < len(stage.times) <= 101

    def test_starts_before_its_first_iteration_or_tries_again(self) -> None:
        stage = Stage("""
            async def start(user):
                answer = await user.get("/login")
                assert answer.ok
            async def run(user): await user.get("/")
        """)
        stage.exchanger.answers = [answered(503)]
        users = stage.closed(Closed(users=1, iterations=2))
        stage.play(users, {0: lambda: users.arrive(0)})
        lines = [sent.line for sent in stage.exchanger.sent]
        assert lines == ["GET /login", "GET /login", "GET /"]


class TestClosedUsers:
    def test_share_iterations(self) -> None:
        stage = Stage()
        users = stage.closed(Closed(users=3, shared_iterations=7))
        stage.play(users, {number / 1000: partial(users.arrive, number) for number in range(3)})
        assert len(stage.times) == 7

    def test_of_all_processes_share_them_exactly(self) -> None:
        model = Closed(users=3, shared_iterations=11)
        done = 0
        for index in range(5):  # two of them have no user
            stage, share = Stage(), Share(index=index, of=5)
            users = stage.closed(model, share)
            stage.play(users, {0: partial(arrive_if, users, index)})
            done += len(stage.times)
        assert done == 11

    def test_send_as_many_requests_as_there_may_be(self) -> None:
        stage = Stage()
        stage.context.left = 5
        users = stage.closed(Closed(users=2))
        stage.play(users, {0: lambda: users.arrive(0), 0.001: lambda: users.arrive(1)})
        assert (len(stage.times), stage.exchanger.outcomes) == (5, ["ok"] * 5)

    def test_that_break_stop_the_run(self) -> None:
        stage = Stage()
        stage.exchanger = BrokenExchanger()
        users = stage.closed(Closed(users=1))
        stage.play(users, {0: lambda: users.arrive(0), 0.005: users.stop})
        assert "the exchanger is broken" in stage.journal.complaints[0]


class BrokenExchanger(FakeExchanger):
    @override
    def close(self) -> None:
        raise RuntimeError("the exchanger is broken")


def arrive_if(users: ClosedUsers, number: int) -> None:
    if number < users.model.users:
        users.arrive(number)


def due(seconds: float) -> Due:
    at = round((START + seconds) * 1e9)
    return Due(at, at + 5)


class TestArrival:
    def test_is_played_by_a_user_of_its_own_when_others_are_at_work(self) -> None:
        stage = Stage()
        users = stage.open()
        stage.play(
            users, {0: lambda: users.arrive(due(0)), 0.005: lambda: users.arrive(due(0.005))}
        )
        assert (stage.labels, stage.times) == (["0", "1"], [0, 0.005])
        assert [sent.due for sent in stage.exchanger.sent] == [due(0), due(0.005)]

    def test_is_played_by_a_user_who_is_idle(self) -> None:
        stage = Stage()
        users = stage.open()
        stage.play(users, {0: lambda: users.arrive(due(0)), 0.05: lambda: users.arrive(due(0.05))})
        assert (stage.labels, stage.made) == (["0", "0"], [0])

    def test_has_a_user_whose_number_is_of_this_share(self) -> None:
        stage = Stage()
        users = stage.open(Share(index=2, of=3))
        stage.play(users, {0: lambda: users.arrive(due(0)), 0.005: lambda: users.arrive(due(0))})
        assert stage.made == [2, 5]

    def test_waits_where_all_users_are_at_work(self) -> None:
        stage = Stage()
        users = stage.open(most=1)
        backlog: list[int] = []
        stage.play(
            users,
            {
                0: lambda: users.arrive(due(0)),
                0.002: lambda: users.arrive(due(0.002)),
                0.003: lambda: users.arrive(due(0.003)),
                0.004: lambda: backlog.append(users.backlog),
            },
        )
        assert (stage.times, backlog, stage.made) == ([0, 0.01, 0.02], [2], [0])
        assert stage.exchanger.sent[2].due == due(0.003)

    def test_that_waits_too_long_is_given_up(self) -> None:
        stage = Stage()
        stage.exchanger.seconds = 1
        users = stage.open(most=1, shed_after=0.5)
        stage.play(users, {0: lambda: users.arrive(due(0)), 0.1: lambda: users.arrive(due(0.1))})
        assert stage.journal.given_up == [(due(0.1), Outcome.DEADLINE)]
        assert stage.times == [0]

    def test_is_given_up_by_a_sweep_too(self) -> None:
        stage = Stage()
        stage.exchanger.seconds = 1
        users = stage.open(most=1, shed_after=0.5)
        now = round((START + 0.7) * 1e9)
        stage.play(
            users,
            {
                0: lambda: users.arrive(due(0)),
                0.1: lambda: users.arrive(due(0.1)),
                0.3: lambda: users.arrive(due(0.3)),
                0.7: lambda: users.sweep(now),
                0.71: lambda: stage.journal.complain(str(users.backlog)),
            },
        )
        assert stage.journal.complaints == ["1"]

    def test_at_the_end_is_unfinished(self) -> None:
        stage = Stage()
        stage.exchanger.seconds = 60
        users = stage.open(most=1)
        stage.play(
            users,
            {
                0: lambda: users.arrive(due(0)),
                0.1: lambda: users.arrive(due(0.1)),
                1: users.cut_off,
            },
        )
        assert stage.exchanger.outcomes == ["unfinished"]
        assert stage.journal.given_up == [(due(0.1), Outcome.UNFINISHED)]
        assert (users.at_work, users.backlog) == (0, 0)

    def test_begins_with_start_where_its_user_is_new(self) -> None:
        stage = Stage("""
            async def start(user): await user.get("/start")
            async def run(user): await user.get("/run")
            async def stop(user): await user.get("/stop")
        """)
        users = stage.open()
        stage.play(
            users,
            {
                0: lambda: users.arrive(due(0)),
                0.1: lambda: users.arrive(due(0.1)),
                0.2: users.stop,
            },
        )
        lines = [sent.line.removeprefix("GET /") for sent in stage.exchanger.sent]
        assert lines == ["start", "run", "run", "stop"]

    def test_that_is_under_way_at_the_end_is_waited_for(self) -> None:
        stage = Stage()
        stage.exchanger.seconds = 1
        users = stage.open()
        stage.play(users, {0: lambda: users.arrive(due(0)), 0.5: users.stop})
        assert (stage.exchanger.outcomes, stage.exchanger.closed) == (["ok"], 1)

    def test_may_be_more_than_requests_are_wanted(self) -> None:
        stage = Stage()
        stage.context.left = 1
        users = stage.open()
        stage.play(users, {0: lambda: users.arrive(due(0)), 0.005: lambda: users.arrive(due(0))})
        assert stage.exchanger.outcomes == ["ok"]
