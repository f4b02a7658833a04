"""Who may come in, and what every answer carries, on real sockets."""

import asyncio
import base64
import time
from pathlib import Path
from typing import Final

import bcrypt
import jwt
import pytest

from tests.fakes.gateway_client import Answer, connected
from tests.fakes.gateway_running import gateway, play, settings
from tests.fakes.gateway_upstream import Arrival, answers, upstream

SECRET: Final = "a shared secret that is long enough to be one"
LATER: Final = 4_000_000_000


def asked(
    route: str,
    *lines: str,
    method: str = "GET",
    body: bytes = b"",
    times: int = 1,
    target: str = "/",
    loud: bool = True,
) -> tuple[list[Answer], list[Arrival]]:
    """Ask several times on one connection; not ``loud``: what the loop reports is expected."""

    async def main() -> tuple[list[Answer], list[Arrival]]:
        if not loud:
            asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)
        async with (
            upstream(answers) as up,
            gateway(settings(up.url, route)) as running,
            connected(running.port) as client,
        ):
            found = []
            for _ in range(times):
                client.ask(target, *lines, method=method, body=body)
                found.append(await client.answer(to_head=method == "HEAD"))
            return found, up.arrivals

    return play(main())


def basic(user: str, password: str) -> str:
    return f"Authorization: Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"


@pytest.fixture
def users(tmp_path: Path) -> str:
    """The settings of a route for Ann, whose password is secret."""
    path = tmp_path / "users"
    hashed = bcrypt.hashpw(b"secret", bcrypt.gensalt(4)).decode()
    path.write_text(f"ann:{hashed}\n")
    return f'auth = {{basic = "{path}", user_field = "X-User", realm = "staff"}}'


@pytest.fixture
def tokens(tmp_path: Path) -> str:
    path = tmp_path / "key"
    path.write_text(SECRET)
    return f'auth = {{jwt = {{key = "{path}", algorithms = ["HS256"]}}, user_field = "X-User"}}'


def bearer(**claims: object) -> str:
    signed = jwt.encode({"sub": "ann", "exp": LATER} | claims, SECRET, "HS256")
    return f"Authorization: Bearer {signed}"


class TestAddress:
    def test_that_may_not_come_in_is_refused(self) -> None:
        found, arrivals = asked('deny = ["127.0.0.0/8"]')
        assert (found[0].status, arrivals) == (403, [])

    def test_that_is_not_among_those_that_may_is_refused(self) -> None:
        found, _ = asked('allow = ["10.0.0.0/8"]')
        assert found[0].status == 403

    def test_that_may_is_let_in(self) -> None:
        found, _ = asked('allow = ["127.0.0.1"]')
        assert found[0].status == 200


class TestPassword:
    def test_lets_a_user_in(self, users: str) -> None:
        found, arrivals = asked(users, basic("ann", "secret"), "X-User: root", times=2)
        assert [answer.status for answer in found] == [200, 200]
        assert [arrival.all_of("x-user") for arrival in arrivals] == [["ann"], ["ann"]]

    @pytest.mark.parametrize(
        "line", ["X-A: b", basic("ann", "wrong"), basic("bob", "secret"), "Authorization: Basic !"]
    )
    def test_is_asked_for(self, users: str, line: str) -> None:
        found, arrivals = asked(users, line, times=2)
        assert [answer.status for answer in found] == [401, 401]
        assert found[0].field("www-authenticate") == 'Basic realm="staff", charset="UTF-8"'
        assert arrivals == []

    @pytest.mark.parametrize(
        "lines",
        [
            ("X-Request-Deadline: 4000000000", "X-User: root"),
            ("Connection: X-User", "X-User: root"),
            ("X_User: root", "x_user: root"),
        ],
        ids=["a dated deadline", "a nominated field", "with an underscore"],
    )
    def test_is_the_only_way_to_be_somebody(self, users: str, lines: tuple[str, ...]) -> None:
        found, arrivals = asked(users, basic("ann", "secret"), *lines, times=2)
        assert [answer.status for answer in found] == [200, 200]
        for arrival in arrivals:
            told = [text for name, text in arrival.fields if name.replace("_", "-") == "x-user"]
            assert told == ["ann"]

    def test_of_one_client_leaves_room_for_others(self, users: str) -> None:
        async def main() -> list[int]:
            async with upstream(answers) as up, gateway(settings(up.url, users)) as running:

                async def asks(number: int) -> int:
                    async with connected(running.port) as client:
                        client.ask("/", basic("ann", f"wrong {number}"))
                        return (await client.answer()).status

                return list(await asyncio.gather(*(asks(number) for number in range(40))))

        found = play(main())
        assert set(found) == {401, 503}

    def test_of_two_is_neither(self, users: str) -> None:
        found, arrivals = asked(users, basic("ann", "secret"), basic("root", "secret"))
        assert (found[0].status, arrivals) == (401, [])

    def test_says_whose_rate_it_is(self, tmp_path: Path) -> None:
        path, hashed = tmp_path / "two", bcrypt.hashpw(b"secret", bcrypt.gensalt(4)).decode()
        path.write_text(f"ann:{hashed}\nbob:{hashed}\n")
        route = (
            f'auth = {{basic = "{path}", user_field = "X-User"}}\n'
            'rate = {limit = "1/m", burst = 1, by = "header.X-User"}'
        )

        async def main() -> list[int]:
            async with (
                upstream(answers) as up,
                gateway(settings(up.url, route)) as running,
                connected(running.port) as client,
            ):
                found = []
                for name in ("ann", "ann", "bob"):
                    client.ask("/", basic(name, "secret"))
                    found.append((await client.answer()).status)
                return found

        assert play(main()) == [200, 429, 200]

    def test_guards_a_host_with_a_dot_behind_it_too(self, users: str) -> None:
        route = f'path = "/"\nhost = "*.test"\n{users}'

        async def main() -> int:
            async with (
                upstream(answers) as up,
                gateway(settings(up.url, f'{route}\n[[route]]\npath = "/"')) as running,
                connected(running.port) as client,
            ):
                client.writer.write(b"GET / HTTP/1.1\r\nHost: a.test.\r\n\r\n")
                return (await client.answer()).status

        assert play(main()) == 401

    def test_guards_a_path_with_two_slashes_too(self, users: str) -> None:
        route = f'path = "/private/"\n{users}\n[[route]]\npath = "/"'
        for target in ("//private/x", "/private//x", "//./private/x"):
            found, arrivals = asked(route, target=target)
            assert (found[0].status, arrivals) == (401, [])

    def test_that_cannot_be_checked_is_an_answer_too(
        self, users: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def breaks(password: bytes, kept: bytes) -> bool:
            raise ValueError("Invalid salt")

        monkeypatch.setattr("bcrypt.checkpw", breaks)
        found, _ = asked(users, basic("ann", "secret"), loud=False)
        assert found[0].status == 500

    def test_is_checked_before_the_body_goes_on(self, users: str) -> None:
        body = b"x" * 100_000
        found, arrivals = asked(users, basic("ann", "secret"), method="POST", body=body)
        assert (found[0].status, arrivals[0].body_size) == (200, len(body))


class TestToken:
    def test_lets_its_subject_in(self, tokens: str) -> None:
        found, arrivals = asked(tokens, bearer(), times=3)
        assert [answer.status for answer in found] == [200, 200, 200]
        assert arrivals[0].field("x-user") == "ann"

    @pytest.mark.parametrize(
        "line", ["X-A: b", bearer(exp=1_000_000_000), bearer() + "x", basic("ann", "secret")]
    )
    def test_is_asked_for(self, tokens: str, line: str) -> None:
        found, arrivals = asked(tokens, line)
        assert (found[0].status, found[0].field("www-authenticate")) == (
            401,
            'Bearer realm="hedgerow"',
        )
        assert arrivals == []

    def test_that_is_not_good_yet_is_good_later_with_the_same_head(self, tokens: str) -> None:
        soon = time.time() + 31.5  # noqa: TID251  # tokens name a time of day, with a leeway

        async def main() -> set[int]:
            async with (
                upstream(answers) as up,
                gateway(settings(up.url, tokens)) as running,
                connected(running.port) as client,
            ):
                line, seen = bearer(nbf=soon), set()
                for _ in range(60):
                    client.ask("/", line)
                    seen.add((await client.answer()).status)
                    if 200 in seen:
                        break
                    await asyncio.sleep(0.05)
                return seen

        assert play(main()) == {401, 200}

    def test_brings_no_lines_of_its_own(self, tokens: str) -> None:
        found, arrivals = asked(tokens, bearer(sub="ann\r\nX-Admin: yes"))
        assert found[0].status == 200
        assert arrivals[0].field("x-admin") is None


class TestOtherOrigins:
    CORS = 'cors = ["https://shop.test"]'

    def test_are_answered_before_they_ask(self) -> None:
        lines = ("Origin: https://shop.test", "Access-Control-Request-Method: POST")
        found, arrivals = asked(self.CORS, *lines, method="OPTIONS")
        assert found[0].status == 204
        assert found[0].field("access-control-allow-methods") == "GET, HEAD, POST"
        assert arrivals == []

    def test_are_answered_before_they_log_in(self, users: str) -> None:
        lines = ("Origin: https://shop.test", "Access-Control-Request-Method: POST")
        found, _ = asked(f"{self.CORS}\n{users}", *lines, method="OPTIONS")
        assert found[0].status == 204

    def test_may_read_refusals_too(self, users: str) -> None:
        found, _ = asked(f"{self.CORS}\n{users}", "Origin: https://shop.test")
        assert found[0].status == 401
        assert found[0].field("access-control-allow-origin") == "https://shop.test"

    def test_hear_it_once(self) -> None:
        async def main() -> Answer:
            async def says_it_too(arrival: Arrival) -> None:
                arrival.answer(200, b"x", "Access-Control-Allow-Origin: *")

            async with (
                upstream(says_it_too) as up,
                gateway(settings(up.url, self.CORS)) as running,
                connected(running.port) as client,
            ):
                client.ask("/", "Origin: https://shop.test")
                return await client.answer()

        told = [text for name, text in play(main()).fields if name == "access-control-allow-origin"]
        assert told == ["https://shop.test"]


class TestFieldsOfAnswers:
    def test_are_put_added_and_removed(self) -> None:
        async def main() -> list[tuple[str, str]]:
            async def says(arrival: Arrival) -> None:
                arrival.answer(
                    200, b"x", "Server: old/1.0", "X-Frame-Options: ALLOW", "Vary: Accept"
                )

            route = (
                'headers = {put = {X-Frame-Options = "DENY"}, add = {Vary = "Cookie"},'
                ' remove = ["server"]}'
            )
            async with (
                upstream(says) as up,
                gateway(settings(up.url, route)) as running,
                connected(running.port) as client,
            ):
                client.ask("/")
                return (await client.answer()).fields

        fields = play(main())
        assert ("server", "old/1.0") not in fields
        assert [text for name, text in fields if name == "x-frame-options"] == ["DENY"]
        assert sorted(text for name, text in fields if name == "vary") == ["Accept", "Cookie"]

    def test_are_removed_from_what_comes_before_the_answer_too(self) -> None:
        async def main() -> bytes:
            async def hints(arrival: Arrival) -> None:
                arrival.send(b"HTTP/1.1 103 Early\r\nServer: old\r\nLink: </a>\r\n\r\n")
                arrival.answer(200, b"x", "Server: old")

            async with (
                upstream(hints) as up,
                gateway(settings(up.url, 'headers = {remove = ["Server"]}')) as running,
                connected(running.port) as client,
            ):
                client.ask("/", "Connection: close")
                return await client.reader.read()

        said = play(main())
        assert b"Link: </a>" in said
        assert b"Server" not in said

    def test_are_in_our_own_answers_too(self) -> None:
        found, _ = asked('deny = ["127.0.0.1"]\nheaders = {put = {X-A = "b"}}')
        assert (found[0].status, found[0].field("x-a")) == (403, "b")


class TestRate:
    def test_is_limited_where_nothing_is_sent_on_too(self) -> None:
        route = (
            'path = "/"\nrespond = {status = 200, text = "x"}\nrate = {limit = "2/m", burst = 2}'
        )

        async def main() -> list[int]:
            async with (
                gateway(f"[[route]]\n{route}") as running,
                connected(running.port) as client,
            ):
                found = []
                for _ in range(3):
                    client.ask("/")
                    found.append((await client.answer()).status)
                return found

        assert play(main()) == [200, 200, 429]
