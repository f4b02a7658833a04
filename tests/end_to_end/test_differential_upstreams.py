"""What the gateway accepts is what other servers behind it see: no more, no less, nothing else.

Every message of the corpus goes through a gateway to a server of somebody else.  What that one
tells of each request must be what the gateway took it for; it may refuse a request itself.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from hedgerow.serve.routes import normal_path
from tests.corpus.messages import LIMITS, Message, all_messages
from tests.corpus.witnesses import NAMES, Seen, told, witness
from tests.fakes.application import Application
from tests.fakes.gateway_client import Answer, Client, connected
from tests.fakes.gateway_running import gateway, play, settings
from tests.fakes.site import Site

#: Nothing is sent twice on purpose: then every number a witness tells is a request of a client.
ONCE = 'hedge = {delay = "off", max_attempts = 1}'
SMALL = """limits = {max_request_line = 200, max_head = 600, max_fields = 10, max_body = 100}"""
LAST = b"GET /last HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n"
WHOLE = [one for one in all_messages() if one.is_accepted]
REFUSED = [one for one in all_messages() if one.statuses and not one.is_accepted]


def text_for(port: int) -> str:
    return settings(f"http://127.0.0.1:{port}", ONCE, server=SMALL)


def taken_for(message: Message) -> list[tuple[str, str, bytes]]:
    """What our engine takes a message for."""
    application = Application()
    Site(application.handle, LIMITS).client().sends(message.raw)
    return [(s.method.decode(), s.target.decode("latin-1"), s.body) for s in application.seen]


def as_told(witness: str, method: str, target: str, body: bytes) -> tuple[str, str, bytes]:
    """The gateway decides by a path's normal form, and sends that."""
    path, mark, query = target.partition("?")
    if witness == "uvicorn" and not query:
        mark = ""  # ASGI cannot tell an empty query from none
    normal = normal_path(path.encode("latin-1"))
    assert normal is not None
    return method, normal.decode("latin-1") + mark + query, body


async def answers_to(port: int, message: Message, count: int) -> list[Answer]:
    """Send it, then one request more; returns the answers to it without that one's."""
    methods = [method for method, _, _ in taken_for(message)]
    async with connected(port) as client:
        client.writer.write(message.raw)
        answers = [
            await client.answer(to_head=at < len(methods) and methods[at] == "HEAD")
            for at in range(count)
        ]
        if message.closes:
            assert await client.closed(), "something came after the last answer"
        else:
            await nothing_is_left(client)
    return answers


async def nothing_is_left(client: Client) -> None:
    """The next request on the connection is the next one answered, and the last."""
    client.writer.write(LAST)
    answer = await client.answer()
    assert told(answer.field("x-seen") or "").target == "/last"
    assert await client.closed()


@pytest.fixture(scope="module", params=NAMES)
def upstream(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, int]]:
    folder: Path = tmp_path_factory.mktemp(request.param)
    with witness(request.param, folder) as port:
        yield request.param, port


def ends_whole(message: Message) -> bool:
    """Say whether nothing of it is still waited for: else a next request would be its rest."""
    application = Application()
    client = Site(application.handle, LIMITS).client().sends(message.raw)
    client.sends(LAST)
    return message.closes or application.seen[-1].target == b"/last"


class TestWhatIsAccepted:
    def test_is_seen_as_it_was_taken(self, upstream: tuple[str, int]) -> None:
        name, port = upstream
        declined: list[str] = []

        async def main() -> None:
            number = 0
            async with gateway(text_for(port)) as running:
                for message in filter(ends_whole, WHOLE):
                    taken = taken_for(message)
                    answers = await answers_to(running.port, message, len(taken))
                    for expected, answer in zip(taken, answers, strict=True):
                        value = answer.field("x-seen")
                        if value is None:
                            assert 400 <= answer.status < 600, message.name
                            declined.append(f"{answer.status} {message.name}")
                            continue
                        seen = told(value)
                        what = (seen.method, seen.target, seen.body)
                        assert what == as_told(name, *expected), message.name
                        number = follows(number, seen, message)
                    number += not message.closes  # that was /last

        play(main())
        assert len(declined) <= len(WHOLE) // 10, (name, declined)

    def test_is_all_that_is_seen(self, upstream: tuple[str, int]) -> None:
        _, port = upstream

        async def main() -> None:
            async with gateway(text_for(port)) as running:
                before = await number_now(running.port)
                for message in REFUSED:
                    sound = message.statuses.count(200)
                    await answers_to(running.port, message, len(message.statuses))
                    before += sound + 1
                    assert await number_now(running.port) == before, message.name

        play(main())


def follows(number: int, seen: Seen, message: Message) -> int:
    """Check that no request was seen between the one before and this one."""
    assert number in (0, seen.number - 1), f"{message.name}: a request nobody sent"
    return seen.number


async def number_now(port: int) -> int:
    async with connected(port) as client:
        client.writer.write(LAST)
        answer = await client.answer()
        return told(answer.field("x-seen") or "").number
