import pytest

from hedgerow.serve.https_redirect import HttpsRedirect
from hedgerow.serve.surroundings import Surroundings
from hedgerow.wire.descriptors import Descriptors
from hedgerow.wire.engine import Engine
from hedgerow.wire.heads import RequestHeadParser
from hedgerow.wire.request import Request
from tests.fakes.carrier import FakeCarrier
from tests.fakes.clock import FakeClock
from tests.fakes.loop import FakeLoop


def redirected(
    target: str, *lines: str, port: int = 8443, version: str = "1.1"
) -> tuple[bytes, list[Request]]:
    """What is answered, and what is passed on."""
    text = "\r\n".join([f"GET {target} HTTP/{version}", *lines, "", ""])
    head = RequestHeadParser(max_request_line=8192, max_fields=100).parse(text.encode())
    passed: list[Request] = []
    carrier = FakeCarrier()
    engine = Engine(FakeLoop(FakeClock()), Descriptors(10))
    around = Surroundings(engine, None, lambda request: None)
    HttpsRedirect(port, around, passed.append).handle(Request(head, carrier))
    return carrier.output, passed


class TestLocation:
    @pytest.mark.parametrize(
        ("target", "host", "port", "location"),
        [
            ("/", "a.example", 8443, "https://a.example/"),
            ("/a?b=c", "a.example:80", 443, "https://a.example/a?b=c"),
            ("/", "a.example:8080", 8443, "https://a.example:8443/"),
            ("/", "[::1]:8080", 8443, "https://[::1]:8443/"),
            ("/", "[::1]", 8443, "https://[::1]/"),
            ("http://b.example/x", "a.example", 443, "https://b.example/x"),
        ],
    )
    def test_is_the_same_place(self, target: str, host: str, port: int, location: str) -> None:
        answer, passed = redirected(target, f"Host: {host}", port=port)
        assert answer.startswith(b"HTTP/1.1 308 ")
        assert f"\r\nLocation: {location}\r\n".encode() in answer
        assert passed == []

    def test_is_not_known_where_no_host_was_told(self) -> None:
        answer, _ = redirected("/", version="1.0")
        assert answer.startswith(b"HTTP/1.1 400 ")


class TestChallenge:
    def test_is_passed_on(self) -> None:
        answer, passed = redirected("/.well-known/acme-challenge/x", "Host: a.example")
        assert (answer, len(passed)) == (b"", 1)
