"""The whole corpus of malformed requests on real sockets: the documented answer, then an end."""

import dataclasses
import re
import socket
from typing import Final

import pytest

from tests.corpus.messages import LIMITS, Message, all_messages
from tests.end_to_end.live import SHORT, NewLoop, everything_from, on_both_loops
from tests.fakes.application import Application
from tests.fakes.live_server import LiveServer

#: Times are short, so that also those that are never whole come to an end.
TERMS: Final = dataclasses.replace(
    SHORT,
    max_request_line=LIMITS.max_request_line,
    max_head=LIMITS.max_head,
    max_fields=LIMITS.max_fields,
    max_body=LIMITS.max_body,
)
_ANSWER: Final = re.compile(rb"HTTP/1\.1 ([0-9]{3}) [^\r]*\r\n")


def statuses(received: bytes) -> list[int]:
    return [status for status in map(int, _ANSWER.findall(received)) if status >= 200]


def sent_in_two(server: LiveServer, message: Message) -> socket.socket:
    client = server.connects()
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    half = len(message.raw) // 2
    for piece in (message.raw[:half], message.raw[half:]):
        try:
            client.sendall(piece)
        except OSError:  # it has heard enough
            break
    return client


@pytest.mark.parametrize("part", range(4))
@on_both_loops
class TestCorpus:
    def test_is_answered_as_documented_and_every_connection_ends(
        self, new_loop: NewLoop, part: int
    ) -> None:
        messages = all_messages()[part::4]
        with LiveServer(new_loop(), Application().handle, TERMS) as server:
            clients = [sent_in_two(server, message) for message in messages]
            for message, client in zip(messages, clients, strict=True):
                with client:
                    found = statuses(everything_from(client))
                # One that was not whole when its time was over may be told so.
                late = [408] if found[len(message.statuses) :] == [408] else []
                assert not (late and message.closes), message.name
                assert found == message.statuses + late, message.name
