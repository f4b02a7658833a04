"""The hedging rules, seen from both ends of real sockets."""

import asyncio
import time

import pytest

from tests.fakes.gateway_client import ask
from tests.fakes.gateway_once import once
from tests.fakes.gateway_running import gateway, play, settings
from tests.fakes.gateway_upstream import Arrival, Script, answers, is_silent, upstream

BURST = 'hedge = {delay = "50ms", extra = 2, same_replica = true}'
STAGGERED = 'hedge = {delay = "50ms", extra = 2, same_replica = true, mode = "staggered"}'
RETRY = 'hedge = {max_attempts = 2, budget = "off", same_replica = true}'
PAIR = 'hedge = {delay = "50ms", same_replica = true}'


def by_attempt(*scripts: Script) -> Script:
    """Attempt 1 is treated as the first script says, and so on."""

    async def script(arrival: Arrival) -> None:
        await scripts[arrival.attempt - 1](arrival)

    return script


def fails_with(status: int, *lines: str) -> Script:
    async def script(arrival: Arrival) -> None:
        arrival.answer(status, b"attempt %d" % arrival.attempt, *lines, kind="text/plain")

    return script


async def resets(arrival: Arrival) -> None:
    arrival.reset()


async def babbles(arrival: Arrival) -> None:
    arrival.send(b"SSH-2.0-OpenSSH\r\n\r\n")


class TestSlowPrimary:
    def test_gets_all_copies_together_in_a_burst(self) -> None:
        scene = once(is_silent, BURST + '\ndeadline = "300ms"')
        assert scene.attempts == [1, 2, 3]

    def test_gets_one_copy_after_the_other_where_they_are_staggered(self) -> None:
        at: dict[int, float] = {}

        async def notes_the_time(arrival: Arrival) -> None:
            at[arrival.attempt] = time.monotonic()
            if arrival.attempt == 3:
                arrival.answer()

        once(notes_the_time, STAGGERED)
        assert at[2] - at[1] >= 0.045
        assert at[3] - at[2] >= 0.045

    def test_is_reset_when_a_copy_wins(self) -> None:
        scene = once(by_attempt(is_silent, answers, is_silent), BURST)
        assert scene.answer.status == 200
        assert scene.ends == {1: "reset", 2: None, 3: "reset"}

    def test_may_still_win(self) -> None:
        async def takes_its_time(arrival: Arrival) -> None:
            await asyncio.sleep(0.1)
            arrival.answer()

        scene = once(by_attempt(takes_its_time, is_silent, is_silent), BURST)
        assert scene.answer.status == 200
        assert scene.ends == {1: None, 2: "reset", 3: "reset"}

    def test_is_left_alone_where_hedging_is_off(self) -> None:
        scene = once(is_silent, 'hedge = "off"\ndeadline = "200ms"')
        assert (scene.attempts, scene.answer.status) == ([1], 504)


class TestFailedAttempt:
    @pytest.mark.parametrize("failing", [fails_with(500), fails_with(429), resets, babbles])
    def test_is_followed_at_once_by_the_next(self, failing: Script) -> None:
        scene = once(by_attempt(failing, answers), RETRY)
        assert (scene.answer.status, scene.attempts) == (200, [1, 2])
        assert scene.answer.took < 5.0

    @pytest.mark.parametrize("status", [400, 401, 404, 410, 422])
    def test_is_none_where_another_would_say_the_same(self, status: int) -> None:
        scene = once(fails_with(status), RETRY)
        assert (scene.answer.status, scene.attempts) == (status, [1])
        assert scene.answer.body == b"attempt 1"

    @pytest.mark.parametrize("status", [301, 304, 204, 206])
    def test_is_none_where_the_status_is_good(self, status: int) -> None:
        async def script(arrival: Arrival) -> None:
            arrival.begin("X-A: b" if status in (204, 304) else "Content-Length: 0", status)

        scene = once(script, RETRY)
        assert (scene.answer.status, scene.attempts) == (status, [1])


class TestRetryAfter:
    def test_is_waited_for(self) -> None:
        scene = once(by_attempt(fails_with(429, "Retry-After: 1"), answers), RETRY)
        assert scene.answer.status == 200
        assert scene.answer.took >= 0.97

    def test_behind_the_deadline_ends_the_race_at_once(self) -> None:
        route = RETRY + '\ndeadline = "500ms"'
        scene = once(by_attempt(fails_with(429, "Retry-After: 1"), answers), route)
        assert (scene.answer.status, scene.attempts) == (429, [1])
        assert scene.answer.field("retry-after") == "1"
        assert scene.answer.took < 0.5


class TestFailedRequest:
    def test_gets_the_best_real_answer(self) -> None:
        route = BURST + "\nsuccess = {status = [200]}"
        scene = once(by_attempt(fails_with(503), fails_with(404), fails_with(500)), route)
        assert (scene.answer.status, scene.answer.body) == (404, b"attempt 2")

    def test_gets_a_real_answer_rather_than_ours(self) -> None:
        scene = once(by_attempt(resets, fails_with(503)), RETRY)
        assert (scene.answer.status, scene.answer.body) == (503, b"attempt 2")

    def test_gets_ours_where_there_is_no_other(self) -> None:
        scene = once(resets, RETRY)
        assert (scene.answer.status, scene.attempts) == (502, [1, 2])
        assert scene.answer.json["title"] == "Bad Gateway"

    def test_gets_the_best_whole_answer_when_time_is_up(self) -> None:
        scene = once(by_attempt(fails_with(503), is_silent), RETRY + '\ndeadline = "200ms"')
        assert (scene.answer.status, scene.answer.body) == (503, b"attempt 1")
        assert scene.ends[2] == "reset"


class TestPerTryTimeout:
    ROUTE = RETRY + '\ndeadline = {default = "2s", per_try = "100ms"}'

    def test_ends_an_attempt_and_begins_the_next(self) -> None:
        scene = once(by_attempt(is_silent, answers), self.ROUTE)
        assert (scene.answer.status, scene.ends[1]) == (200, "reset")

    def test_of_the_last_is_a_timeout(self) -> None:
        scene = once(is_silent, self.ROUTE)
        assert (scene.answer.status, scene.attempts) == (504, [1, 2])
        assert scene.answer.took < 5.0


class TestCommit:
    def test_at_the_head_leaves_nothing_to_hedge(self) -> None:
        async def slow_body(arrival: Arrival) -> None:
            arrival.begin("Content-Length: 5")
            await asyncio.sleep(0.15)
            arrival.send(b"hello")

        scene = once(slow_body, PAIR)
        assert (scene.answer.body, scene.attempts) == (b"hello", [1])

    def test_at_the_first_byte_waits_for_it(self) -> None:
        async def only_a_head(arrival: Arrival) -> None:
            arrival.begin("Content-Length: 5")
            await arrival.gone.wait()

        route = PAIR.replace("}", ', at = "first-byte"}')
        scene = once(by_attempt(only_a_head, answers), route)
        assert (scene.answer.status, scene.attempts, scene.ends[1]) == (200, [1, 2], "reset")


class TestJsonBody:
    ROUTE = RETRY + '\nsuccess = {body = "json"}\nmax_held = "256KiB"'

    def sends(self, body: bytes) -> Script:
        async def script(arrival: Arrival) -> None:
            arrival.answer(200, body)

        return script

    def test_may_be_large(self) -> None:
        large = b"[" + b"1," * 100_000 + b"1]"
        assert once(self.sends(large), self.ROUTE).answer.body == large

    def test_may_come_in_many_pieces(self) -> None:
        async def script(arrival: Arrival) -> None:
            arrival.begin()
            for piece in (b'{"ti', b'me"', b": 7}"):
                arrival.chunk(piece)
                await asyncio.sleep(0.005)
            arrival.send(b"0\r\n\r\n")

        assert once(script, self.ROUTE).answer.json == {"time": 7}

    @pytest.mark.parametrize("body", [b"", b"<html>", b'{"time": '])
    def test_that_is_none_is_a_failure(self, body: bytes) -> None:
        scene = once(by_attempt(self.sends(body), answers), self.ROUTE)
        assert (scene.answer.status, scene.attempts) == (200, [1, 2])

    def test_that_is_too_long_to_be_kept_is_a_failure(self) -> None:
        scene = once(by_attempt(self.sends(b" " * 600_000 + b"1"), answers), self.ROUTE)
        assert (scene.answer.body, scene.attempts) == (b'{"time": 1}', [1, 2])


class TestBudget:
    def test_bounds_what_is_sent_more(self) -> None:
        async def main() -> tuple[int, int]:
            route = 'hedge = {max_attempts = 2, budget = "10%", same_replica = true}'
            async with upstream(fails_with(503)) as up, gateway(settings(up.url, route)) as running:
                for _ in range(100):
                    assert (await ask(running.port)).status == 503
                return len(up.arrivals), running.policy.counters.denied

        sent, denied = play(main())
        assert (sent, denied) == (110, 90)


class TestWhatTheUpstreamIsTold:
    def test_is_less_and_less_time(self) -> None:
        scene = once(by_attempt(is_silent, answers), PAIR + '\ndeadline = "900ms"')
        left = [int(scene.of_attempt(n).field("x-request-timeout-ms") or "") for n in (1, 2)]
        assert 850 <= left[0] <= 900
        assert left[1] <= left[0] - 45

    def test_may_be_told_in_another_field(self) -> None:
        scene = once(answers, 'deadline = {default = "1s", send_as = "X-Left"}')
        assert scene.arrivals[0].field("x-left") is not None
        assert scene.arrivals[0].field("x-request-timeout-ms") is None

    def test_is_said_once_where_the_client_said_it_too(self) -> None:
        lines = ("X-Request-Timeout-Ms: 5", "X-Hedgerow-Attempt: 9")
        scene = once(answers, 'deadline = "1s"', lines=lines)
        assert len(scene.arrivals[0].all_of("x-request-timeout-ms")) == 1
        assert scene.arrivals[0].all_of("x-hedgerow-attempt") == []

    def test_is_how_often_it_has_been_asked(self) -> None:
        scene = once(by_attempt(is_silent, answers), PAIR)
        marks = {a.attempt: a.all_of("x-hedgerow-attempt") for a in scene.arrivals}
        assert marks == {1: [], 2: ["2"]}


class TestServerTiming:
    def test_tells_the_client_of_every_attempt(self) -> None:
        scene = once(by_attempt(is_silent, answers), PAIR, server="server_timing = true")
        told = scene.answer.field("server-timing") or ""
        assert "attempt-1;" in told
        assert 'desc="primary cancelled"' in told
        assert 'desc="hedge 200"' in told
