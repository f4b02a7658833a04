"""Answers a scenario's requests by a script; nothing is sent."""

import asyncio
import random
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

from hedgerow.load.generator.answer import RawAnswer
from hedgerow.load.generator.request_maker import Endpoint
from hedgerow.load.generator.user import Due, User, UserContext
from hedgerow.load.outcome import Outcome
from hedgerow.workload.template import Draw
from tests.fakes.virtual_loop import run

T = TypeVar("T")
Script = Callable[["Sent"], RawAnswer]


@dataclass(slots=True)
class Sent:
    """One request as it went out."""

    endpoint: Endpoint
    data: bytes
    label: str
    is_head: bool
    time_limit: float
    due: Due | None
    at: float

    @property
    def line(self) -> str:
        return self.data.partition(b"\r\n")[0].decode().removesuffix(" HTTP/1.1")

    @property
    def fields(self) -> dict[str, str]:
        lines = self.data.partition(b"\r\n\r\n")[0].decode().split("\r\n")[1:]
        pairs = [line.partition(": ") for line in lines]
        return {name.lower(): value for name, _, value in pairs}

    @property
    def body(self) -> bytes:
        return self.data.partition(b"\r\n\r\n")[2]


class FakeExchanger:
    """Takes ``seconds`` for each answer; ``answers`` come in turn, then a plain 200 each."""

    def __init__(self, *answers: RawAnswer, script: Script | None = None) -> None:
        self.answers = list(answers)
        self.script = script
        self.seconds = 0.01
        self.sent: list[Sent] = []
        self.counted: list[tuple[str, Outcome, str]] = []
        self.closed = 0
        self.in_flight = 0
        self.most_in_flight = 0

    async def exchange(
        self,
        endpoint: Endpoint,
        request: bytes,
        *,
        label: str,
        is_head: bool,
        time_limit: float,
        due: Due | None,
    ) -> RawAnswer:
        now = asyncio.get_running_loop().time()
        sent = Sent(endpoint, request, label, is_head, time_limit, due, now)
        self.sent.append(sent)
        self.in_flight += 1
        self.most_in_flight = max(self.in_flight, self.most_in_flight)
        try:
            await asyncio.sleep(self.seconds)
        except asyncio.CancelledError:
            self.counted.append((label, Outcome.UNFINISHED, ""))
            raise
        finally:
            self.in_flight -= 1
        answer = self.script(sent) if self.script else answered()
        answer = self.answers.pop(0) if self.answers else answer
        answer.token = len(self.sent)
        return answer

    def record(self, token: object, *, label: str, outcome: Outcome, detail: str) -> None:
        assert isinstance(token, int)
        self.counted.append((label, outcome, detail))

    def close(self) -> None:
        self.closed += 1

    @property
    def outcomes(self) -> list[str]:
        return [outcome.value for _, outcome, _ in self.counted]


class FakeJournal:
    """Notes what it is told."""

    def __init__(self) -> None:
        self.iterations: list[tuple[int, int]] = []
        self.failures: list[tuple[str, str]] = []
        self.given_up: list[tuple[Due, Outcome]] = []
        self.complaints: list[str] = []

    def iteration(self, began_ns: int, ended_ns: int) -> None:
        self.iterations.append((began_ns, ended_ns))

    def code_failed(self, label: str, began_ns: int, detail: str) -> None:
        self.failures.append((label, detail))

    def arrival_given_up(self, due: Due, outcome: Outcome) -> None:
        self.given_up.append((due, outcome))

    def complain(self, text: str) -> None:
        self.complaints.append(text)


def answered(status: int = 200, body: bytes = b"", **fields: str) -> RawAnswer:
    """Make a whole answer; an underscore in a field's name is a hyphen."""
    lines = [(name.replace("_", "-").encode(), v.encode()) for name, v in fields.items()]
    return RawAnswer(Outcome.OK, status, lines, body, elapsed=0.25)


def failed(outcome: Outcome = Outcome.RESET, detail: str = "gone") -> RawAnswer:
    return RawAnswer(outcome, detail=detail)


def context() -> UserContext:
    """Make a context whose clock is the virtual loop's."""
    made = UserContext(Draw(0, 1, random.Random(1)), base_url="http://shop")
    made.clock_ns = lambda: round(asyncio.get_running_loop().time() * 1e9)
    made.date = lambda: 1_000_000_000.0
    return made


def with_user(
    use: Callable[[User], Coroutine[Any, Any, T]],
    exchanger: FakeExchanger,
    within: UserContext | None = None,
) -> T:
    """Let a user do something, in virtual time."""

    async def main() -> T:
        user = User(7, within or context(), exchanger)
        user.begin()
        result = await use(user)
        user.settle()
        return result

    return run(main())
