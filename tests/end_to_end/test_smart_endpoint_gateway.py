"""The smart endpoint over real sockets: the example's own settings, a scripted upstream.

All twenty case studies are played at once on one gateway, each request telling its number
to the upstream in the query.  Facts and their order are checked; times only where the
case is about them, and against bounds that a busy machine keeps.
"""

import asyncio
import math
from pathlib import Path
from typing import Final

import msgspec
import pytest

from tests.fakes.case_studies import CASE_STUDIES, CaseStudy
from tests.fakes.gateway_client import Answer, ask
from tests.fakes.gateway_running import Running, eventually, gateway, play
from tests.fakes.gateway_upstream import Arrival, Upstream, answers, upstream

EXAMPLE: Final = Path(__file__).parents[2] / "examples" / "smart" / "hedgerow.toml"
#: Scheduling on a busy machine; what the cases keep apart is at least 40 ms.
LATE: Final = 0.03

each_case = pytest.mark.parametrize(
    "case", [pytest.param(case, id=case.name) for case in CASE_STUDIES]
)


def smart(url: str) -> str:
    """The example's settings, for an upstream of ours."""
    return EXAMPLE.read_text().replace("http://127.0.0.1:9000", url)


class Played:
    """What became of one case."""

    def __init__(self, answer: Answer, arrivals: list[Arrival]) -> None:
        self.answer = answer
        self.arrivals = arrivals


class Stage:
    """Plays every case, and notices when the machine was too busy to keep the times apart."""

    def __init__(self) -> None:
        self.latest = 0.0

    async def all_at_once(self) -> dict[int, Played]:
        async with upstream(self.treat) as up, gateway(smart(up.url)) as running:
            watch = asyncio.ensure_future(self.watch())
            answers = await asyncio.gather(*(self.one(running, case) for case in CASE_STUDIES))
            watch.cancel()
            # Losers are gone once their resets have arrived.
            await eventually(lambda: all(a.gone.is_set() or a.whole for a in up.arrivals))
            await asyncio.sleep(0.1)
            return {
                case.example: Played(answer, self.of(up, case))
                for case, answer in zip(CASE_STUDIES, answers, strict=True)
            }

    async def one(self, running: Running, case: CaseStudy) -> Answer:
        await asyncio.sleep(case.example * 0.002)
        return await ask(running.port, f"/api/smart/{case.deadline_ms}?case={case.example}")

    async def treat(self, arrival: Arrival) -> None:
        case = CASE_STUDIES[self.number(arrival) - 1]
        upstream = case.upstreams[arrival.attempt - 1]
        if upstream.latency == math.inf:
            return
        await asyncio.sleep(upstream.latency)
        body = msgspec.json.encode({"time": arrival.attempt})
        arrival.begin(f"Content-Length: {len(body)}", upstream.status)
        if upstream.body_time:
            await asyncio.sleep(upstream.body_time)
        arrival.send(body)

    async def watch(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + 0.005
            await asyncio.sleep(0.005)
            self.latest = max(self.latest, loop.time() - due)

    def of(self, up: Upstream, case: CaseStudy) -> list[Arrival]:
        arrivals = [a for a in up.arrivals if self.number(a) == case.example]
        return sorted(arrivals, key=lambda arrival: arrival.attempt)

    @staticmethod
    def number(arrival: Arrival) -> int:
        assert arrival.target.startswith("/api/work?case=")
        return int(arrival.target.rpartition("=")[2])


@pytest.fixture(scope="module")
def played() -> dict[int, Played]:
    """Every case by its number; played again where the machine stood still meanwhile."""
    stage = Stage()
    result = play(stage.all_at_once())
    for _ in range(3):
        if stage.latest < LATE:
            break
        stage = Stage()
        result = play(stage.all_at_once())
    return result


class TestSmartEndpoint:
    @each_case
    def test_gives_the_expected_message_when(
        self, case: CaseStudy, played: dict[int, Played]
    ) -> None:
        assert played[case.example].answer.json["message"] == case.message

    @each_case
    def test_gives_the_expected_status_when(
        self, case: CaseStudy, played: dict[int, Played]
    ) -> None:
        in_time = case.ends_at < case.deadline_ms / 1000
        expected = 200 if case.message == "SUCCESS" else 502 if in_time else 504
        assert played[case.example].answer.status == expected

    @each_case
    def test_answers_with_the_winners_value_when(
        self, case: CaseStudy, played: dict[int, Played]
    ) -> None:
        assert played[case.example].answer.json.get("time") == case.winner

    @each_case
    def test_sends_the_expected_attempts_when(
        self, case: CaseStudy, played: dict[int, Played]
    ) -> None:
        numbers = [arrival.attempt for arrival in played[case.example].arrivals]
        assert numbers == list(range(1, case.attempts + 1))

    @each_case
    def test_answers_at_the_expected_time_when(
        self, case: CaseStudy, played: dict[int, Played]
    ) -> None:
        took = played[case.example].answer.took
        assert case.ends_at - 0.02 <= took <= case.ends_at + 1.0

    @each_case
    def test_resets_what_was_not_wanted_any_more_when(
        self, case: CaseStudy, played: dict[int, Played]
    ) -> None:
        lasted = {arrival.attempt: arrival.how_gone for arrival in played[case.example].arrivals}
        for number in lasted:
            if still_out(case, number):
                assert (number, lasted[number]) == (number, "reset")


def still_out(case: CaseStudy, number: int) -> bool:
    """Say whether an attempt had no whole answer when the client got its own."""
    primary = case.upstreams[0].latency
    sent_at = 0.0 if number == 1 else min(primary, 0.3)
    upstream = case.upstreams[number - 1]
    return sent_at + upstream.latency + upstream.body_time > case.ends_at


class TestArgument:
    """Messages and statuses as the first server with this rule gave them."""

    def asked(self, argument: str) -> Answer:
        async def main() -> Answer:
            async with upstream(answers) as up, gateway(smart(up.url)) as running:
                answer = await ask(running.port, f"/api/smart/{argument}")
                assert len(up.arrivals) == (answer.status == 200)
                return answer

        return play(main())

    @pytest.mark.parametrize("text", ["abc", "1000.5", "1e3", "%20500", "0x1F4", "5%30%30x"])
    def test_is_refused_where_it_is_no_integer(self, text: str) -> None:
        answer = self.asked(text)
        assert answer.status == 400
        assert answer.json == {"message": "Endpoint timeout parameter should be integer"}

    @pytest.mark.parametrize("text", ["299", "0", "-1"])
    def test_is_refused_where_it_is_below_three_hundred(self, text: str) -> None:
        answer = self.asked(text)
        assert answer.status == 400
        assert answer.json == {"message": "Endpoint timeout parameter should be above 300"}

    @pytest.mark.parametrize("text", ["300", "+500", "60000", "3600000", "9" * 18])
    def test_is_taken_from_three_hundred_on(self, text: str) -> None:
        answer = self.asked(text)
        assert (answer.status, answer.json) == (200, {"time": 1, "message": "SUCCESS"})

    @pytest.mark.parametrize("text", ["", "500/600"])
    def test_must_be_there_and_one(self, text: str) -> None:
        assert self.asked(text).status == 404

    def test_bounds_the_answer(self) -> None:
        async def main() -> tuple[Answer, int]:
            async def is_silent(arrival: Arrival) -> None:
                await arrival.gone.wait()

            async with upstream(is_silent) as up, gateway(smart(up.url)) as running:
                return await ask(running.port, "/api/smart/300"), len(up.arrivals)

        answer, attempts = play(main())
        assert (answer.status, answer.json, attempts) == (504, {"message": "ERROR"}, 1)
        assert 0.28 <= answer.took < 5.0


class TestMethod:
    def test_is_get_only(self) -> None:
        async def main() -> Answer:
            async with upstream(answers) as up, gateway(smart(up.url)) as running:
                return await ask(running.port, "/api/smart/500", method="POST", body=b"{}")

        answer = play(main())
        assert (answer.status, answer.field("allow")) == (405, "GET")
