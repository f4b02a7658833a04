import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest

from hedgerow.load.batch import Sample
from hedgerow.load.generator.answer import RawAnswer
from hedgerow.load.generator.dialling import Caller
from hedgerow.load.generator.exchange import UserExchanger
from hedgerow.load.generator.field import Field
from hedgerow.load.generator.recorder import Recorder
from hedgerow.load.generator.request_maker import Endpoint
from hedgerow.load.generator.user import Due
from hedgerow.load.outcome import Outcome
from hedgerow.load.plan import Connecting, LoadPlan, Open, RequestPlan, Share
from hedgerow.wire.lean import LeanConnection
from tests.fakes.virtual_loop import run
from tests.load.generator.stage import GOOD, Line

T = TypeVar("T")
SHOP = Endpoint(tls=False, host="shop", port=80)
REQUEST = b"GET / HTTP/1.1\r\nHost: shop\r\n\r\n"
WORK = RequestPlan(url="http://shop/", label="x")


class Site:
    """A user's exchanger, and the far ends of its connections."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, keep_alive: bool) -> None:
        connecting = Connecting(keep_alive=keep_alive)
        plan = LoadPlan(work=WORK, model=Open(start_rate=1), connecting=connecting)
        self.recorder = Recorder(is_warm_up=False)
        self.field = Field(asyncio.get_running_loop(), plan, Share(), self.recorder)
        monkeypatch.setattr(self.field, "dialler", self)
        self.lines: list[Line] = []
        self.opens: Callable[[Line], object] = Line.opens
        self.answer: Callable[[Line], object] = lambda line: line.says(GOOD)
        self.in_flight = self.begun = 0
        self.exchanger = UserExchanger(self.field, 7, self._count)

    def _count(self, change: int) -> None:
        self.in_flight += change
        self.begun += change == 1

    def dial(self, endpoint: Endpoint, connection: LeanConnection, caller: Caller) -> None:
        caller.dialling(0)
        line = Line(connection, caller, 0.0)
        line.transport.on_write = lambda: self._asked(line)
        self.lines.append(line)
        asyncio.get_running_loop().call_later(0.1, lambda: self.opens(line))

    def _asked(self, line: Line) -> None:
        line.requests.append(bytes(line.transport.unsent))
        line.transport.unsent.clear()
        asyncio.get_running_loop().call_later(0.1, lambda: self.answer(line))

    async def ask(self, *, limit: float = 5.0, due: Due | None = None) -> RawAnswer:
        return await self.exchanger.exchange(
            SHOP, REQUEST, label="home", is_head=False, time_limit=limit, due=due
        )

    @property
    def told(self) -> list[Sample]:
        return self.recorder.samples

    @property
    def outcomes(self) -> list[str]:
        return [sample.outcome for sample in self.told]


def at_a_site(
    monkeypatch: pytest.MonkeyPatch, use: Callable[[Site], Awaitable[T]], *, keep_alive: bool = True
) -> tuple[Site, T]:
    async def main() -> tuple[Site, T]:
        site = Site(monkeypatch, keep_alive=keep_alive)
        result = await use(site)
        site.exchanger.close()
        assert site.in_flight == 0
        return site, result

    return run(main())


async def cancelled(site: Site, after: float) -> None:
    task = asyncio.create_task(site.ask())
    await asyncio.sleep(after)
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()


class TestAnswer:
    def test_is_measured_and_counted_when_its_user_says_so(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def use(site: Site) -> int:
            answer = await site.ask()
            before = len(site.told)
            site.exchanger.record(
                answer.token, label="shop", outcome=Outcome.CHECK_FAILED, detail="no price"
            )
            return before

        site, before = at_a_site(monkeypatch, use)
        (sample,) = site.told
        assert (before, sample.label, sample.outcome) == (0, "shop", "check_failed")
        assert (sample.user, sample.status, sample.bytes_out) == (7, 200, len(REQUEST))

    def test_comes_with_its_body(self, monkeypatch: pytest.MonkeyPatch) -> None:
        _, answer = at_a_site(monkeypatch, Site.ask)
        assert (answer.outcome, answer.status, answer.body) == (Outcome.OK, 200, b"ok")

    def test_leaves_the_connection_for_the_next_request(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def use(site: Site) -> None:
            for _ in range(3):
                await site.ask()

        site, _ = at_a_site(monkeypatch, use)
        assert [len(line.requests) for line in site.lines] == [3]
        assert not site.lines[0].is_open

    def test_ends_the_connection_where_none_is_kept(self, monkeypatch: pytest.MonkeyPatch) -> None:
        async def use(site: Site) -> None:
            for _ in range(2):
                await site.ask()
                assert not any(line.is_open for line in site.lines)

        site, _ = at_a_site(monkeypatch, use, keep_alive=False)
        assert len(site.lines) == 2

    def test_at_the_same_time_as_another_has_its_own_connection(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def use(site: Site) -> None:
            await asyncio.gather(site.ask(), site.ask())

        site, _ = at_a_site(monkeypatch, use)
        assert [len(line.requests) for line in site.lines] == [1, 1]


class TestIdleConnection:
    def test_that_the_server_closed_is_not_used_again(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def use(site: Site) -> RawAnswer:
            await site.ask()
            site.lines[0].ends()
            return await site.ask()

        site, answer = at_a_site(monkeypatch, use)
        assert (len(site.lines), answer.outcome) == (2, Outcome.OK)
        assert site.field.open_connections == 1


class TestFailure:
    @pytest.mark.parametrize(
        ("answer", "outcome"),
        [
            (Line.ends, Outcome.CLOSED),
            (lambda line: line.ends(ConnectionResetError()), Outcome.RESET),
            (lambda line: line.says(b"SSH-2.0"), Outcome.PROTOCOL),
            (lambda _: None, Outcome.TIMEOUT),
        ],
    )
    def test_comes_back_as_a_value(
        self,
        monkeypatch: pytest.MonkeyPatch,
        answer: Callable[[Line], object],
        outcome: Outcome,
    ) -> None:
        async def use(site: Site) -> RawAnswer:
            site.answer = answer
            return await site.ask(limit=2.0)

        site, answered = at_a_site(monkeypatch, use)
        assert (answered.outcome, site.told) == (outcome, [])
        assert not site.lines[0].is_open

    def test_to_connect_comes_back_too(self, monkeypatch: pytest.MonkeyPatch) -> None:
        async def use(site: Site) -> RawAnswer:
            site.opens = Line.refuses
            return await site.ask()

        _, answer = at_a_site(monkeypatch, use)
        token = answer.token
        assert isinstance(token, Sample)
        assert (answer.outcome, token.service) == (Outcome.CONNECT_REFUSED, -1)


class TestCancelledRequest:
    @pytest.mark.parametrize("after", [0.05, 0.15], ids=["connecting", "waiting"])
    def test_is_counted_once_as_given_up_by_its_scenario(
        self, monkeypatch: pytest.MonkeyPatch, after: float
    ) -> None:
        async def use(site: Site) -> None:
            await cancelled(site, after)
            await asyncio.sleep(1)

        site, _ = at_a_site(monkeypatch, use)
        assert [(one.outcome, one.detail) for one in site.told] == [
            (Outcome.TIMEOUT, "the scenario gave it up")
        ]
        assert not site.lines[0].is_open

    def test_is_unfinished_where_the_run_is_over(self, monkeypatch: pytest.MonkeyPatch) -> None:
        async def use(site: Site) -> None:
            site.field.is_cut_off = True
            await cancelled(site, 0.15)

        site, _ = at_a_site(monkeypatch, use)
        assert site.outcomes == [Outcome.UNFINISHED]

    def test_whose_answer_is_here_already_was_sent(self, monkeypatch: pytest.MonkeyPatch) -> None:
        async def use(site: Site) -> None:
            task = asyncio.create_task(site.ask())

            def answer(line: Line) -> None:
                line.says(GOOD)
                task.cancel()

            site.answer = answer
            await asyncio.wait([task])

        site, _ = at_a_site(monkeypatch, use)
        (sample,) = site.told
        assert (sample.outcome, sample.status) == (Outcome.TIMEOUT, 200)
        assert sample.service >= 0


class TestDueRequest:
    def test_tells_how_late_it_was(self, monkeypatch: pytest.MonkeyPatch) -> None:
        async def use(site: Site) -> RawAnswer:
            return await site.ask(due=Due(5, 12))

        _, answer = at_a_site(monkeypatch, use)
        assert isinstance(answer.token, Sample)
        assert (answer.token.began, answer.token.lateness) == (5, 7)
