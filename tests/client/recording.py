"""A client race that plays scripted upstreams, and writes down what it was told to do.

The records have the form of ``tests.fakes.policy.Race``, which plays the same script
without any loop, so that the two can be compared line by line.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Final

from typing_extensions import override

from hedgerow.client.http import follow
from hedgerow.client.race import Race
from hedgerow.errors import Failure
from hedgerow.policy import Attempt, Exchange, Policy, Step
from tests.client.attempts import elapsed
from tests.fakes.case_studies import Upstream
from tests.fakes.virtual_loop import START, run

_NEVER: Final = 1e9


class ScriptedAnswer:
    """An HTTP answer whose body takes its time."""

    def __init__(self, upstream: Upstream) -> None:
        self.status = upstream.status
        self.headers: Mapping[str, str] = {"content-length": "2"}
        self.whole = False
        self._body_time = upstream.body_time

    async def read(self) -> None:
        await asyncio.sleep(self._body_time)
        self.whole = True

    async def read_json(self) -> None:
        await self.read()

    async def peek(self) -> None:
        await asyncio.sleep(self._body_time)


class ScriptedCalls:
    """Calls of which the n-th does what the n-th upstream says."""

    def __init__(self, upstreams: Sequence[Upstream], *, judge_json: bool) -> None:
        self._upstreams = upstreams
        self._judge_json = judge_json
        self.open: list[ScriptedAnswer] = []

    async def begin(self, attempt: Attempt) -> ScriptedAnswer:
        upstream = self._upstreams[attempt.number - 1]
        await asyncio.sleep(min(upstream.latency, _NEVER))
        answer = ScriptedAnswer(upstream)
        self.open.append(answer)
        return answer

    async def follow(
        self, race: Race[ScriptedAnswer], attempt: Attempt, answer: ScriptedAnswer
    ) -> None:
        await follow(race, attempt, answer, judge_json=self._judge_json)

    async def discard(self, answer: ScriptedAnswer) -> None:
        self.open.remove(answer)

    def failure(self, error: Exception) -> Failure:
        return Failure.RESET


class RecordingRace(Race[ScriptedAnswer]):
    """Writes each step down before it is carried out."""

    def __init__(self, policy: Policy, deadline: float, upstreams: Sequence[Upstream]) -> None:
        self.calls = ScriptedCalls(upstreams, judge_json=policy.answers.body == "json")
        exchange = Exchange(policy, deadline_at=START + deadline, may_repeat=True)
        super().__init__(exchange, self.calls)
        self.steps: list[tuple[float, Step]] = []
        self.sent: list[tuple[float, int]] = []
        self.cancelled: list[tuple[float, int]] = []
        self.returned: ScriptedAnswer | None = None

    @override
    def carry_out(self, step: Step) -> Step:
        at = elapsed()
        self.cancelled += [(at, attempt.number) for attempt in self.exchange.cancelled]
        self.sent += [(at, attempt.number) for attempt in self.exchange.launched]
        if step is not Step.WAIT:
            self.steps.append((at, step))
        return super().carry_out(step)


def played(
    policy: Policy,
    *,
    deadline: float,
    upstreams: Sequence[Upstream],
    leaves_at: float | None = None,
) -> RecordingRace:
    """Let a race run to its end, or to where its caller is cancelled."""

    async def main() -> RecordingRace:
        race = RecordingRace(policy, deadline, upstreams)
        call = asyncio.ensure_future(race.run())
        if leaves_at is not None:
            asyncio.get_running_loop().call_at(START + leaves_at, call.cancel)
        with suppress(asyncio.CancelledError):
            race.returned = await call
        return race

    return run(main())
