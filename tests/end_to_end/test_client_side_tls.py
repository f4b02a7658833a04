"""Upstreams behind TLS: who is believed, how answers end, how connections do."""

import datetime
import ssl
from collections.abc import Iterator
from typing import Final

import pytest
import trustme

from hedgerow.errors import Failure
from hedgerow.wire.pool import Origin
from tests.end_to_end.client_side import LOOPS, NAMES, ClientSide, open_side
from tests.fakes.upstream import Upstream
from tests.fakes.upstream_calls import RecordedCall
from tests.fakes.upstream_script import Act, Behaviour, answer

NAME: Final = "secure.example"
AUTHORITY: Final = trustme.CA()
STRANGER: Final = trustme.CA()
YESTERDAY: Final = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)
OPEN: Final = b"HTTP/1.1 200 OK\r\n\r\nhello"


@pytest.fixture(params=LOOPS)
def side(request: pytest.FixtureRequest) -> Iterator[ClientSide]:
    with open_side(request.param) as made:
        NAMES[NAME] = ["127.0.0.1"]
        yield made


def behind(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


def trusting(authority: trustme.CA = AUTHORITY) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


def secure(*script: Behaviour) -> Upstream:
    return Upstream(script, tls=behind(AUTHORITY.issue_cert(NAME)))


def uses(side: ClientSide, upstream: Upstream, host: str = NAME, **limits: float) -> None:
    side.uses(Origin(host, upstream.port, trusting()), **limits)


class TestUpstream:
    def test_with_a_good_certificate_is_called(self, side: ClientSide) -> None:
        with secure() as upstream:
            uses(side, upstream)
            assert side.finishes().outcome == ([], 200, b"ok", True, None)

    def test_is_told_its_name(self, side: ClientSide) -> None:
        names: list[str | None] = []
        context = behind(AUTHORITY.issue_cert(NAME))
        context.sni_callback = lambda _, name, __: names.append(name)
        with Upstream(tls=context) as upstream:
            uses(side, upstream)
            side.finishes()
        assert names == [NAME]

    def test_may_be_an_address(self, side: ClientSide) -> None:
        with Upstream(tls=behind(AUTHORITY.issue_cert("127.0.0.1"))) as upstream:
            uses(side, upstream, host="127.0.0.1")
            assert side.finishes().ended

    def test_is_called_again_on_the_same_connection(self, side: ClientSide) -> None:
        with secure() as upstream:
            uses(side, upstream)
            for _ in range(3):
                assert side.finishes().ended
            assert len(upstream.connections) == 1

    def test_may_answer_at_length(self, side: ClientSide) -> None:
        body = bytes(range(256)) * 20_000
        with secure([answer(body=body)]) as upstream:
            uses(side, upstream)
            assert side.finishes().received == body

    def test_that_closed_a_kept_connection_has_the_call_sent_again(self, side: ClientSide) -> None:
        with secure([answer()], [Act.CLOSE]) as upstream:
            uses(side, upstream)
            side.finishes()
            assert side.finishes().ended
            assert len(upstream.connections) == 2


class TestCertificate:
    def refused(self, side: ClientSide, upstream: Upstream, host: str = NAME) -> str:
        """What a call is told."""
        with upstream:
            uses(side, upstream, host)
            call = side.finishes()
            assert (call.failure, upstream.requests) == (Failure.CONNECT, [])
            side.until(lambda: side.counts == (0, 0, 0))
        assert "certificate is not accepted" in call.detail
        return call.detail

    def test_for_another_name_is_refused(self, side: ClientSide) -> None:
        upstream = Upstream(tls=behind(AUTHORITY.issue_cert("other.example")))
        assert "not valid for 'secure.example'" in self.refused(side, upstream)

    def test_for_a_name_is_refused_where_an_address_was_called(self, side: ClientSide) -> None:
        assert "not valid for '127.0.0.1'" in self.refused(side, secure(), "127.0.0.1")

    def test_of_a_stranger_is_refused(self, side: ClientSide) -> None:
        upstream = Upstream(tls=behind(STRANGER.issue_cert(NAME)))
        assert "issuer" in self.refused(side, upstream)

    def test_that_signs_itself_is_refused(self, side: ClientSide) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with STRANGER.cert_pem.tempfile() as file, STRANGER.private_key_pem.tempfile() as key:
            context.load_cert_chain(file, key)
        assert "self-signed" in self.refused(side, Upstream(tls=context))

    def test_that_expired_is_refused(self, side: ClientSide) -> None:
        certificate = AUTHORITY.issue_cert(NAME, not_after=YESTERDAY)
        assert "expired" in self.refused(side, Upstream(tls=behind(certificate)))


class TestMistakenProtocol:
    def test_of_ours_is_told(self, side: ClientSide) -> None:
        """TLS to a plain port."""
        with Upstream([[answer(400)]]) as upstream:
            uses(side, upstream, connect_timeout=1.0)
            call = side.finishes()
        assert (call.failure, side.counts) == (Failure.CONNECT, (0, 0, 0))
        assert NAME not in call.detail
        assert f"127.0.0.1:{upstream.port}: " in call.detail

    def test_of_theirs_is_told(self, side: ClientSide) -> None:
        """Plain HTTP to a TLS port: an alert comes back, or just the end."""
        with secure() as upstream:
            side.uses(upstream)
            assert side.finishes().failure in (Failure.PROTOCOL, Failure.RESET)

    def test_is_given_up_in_time_where_nobody_answers(self, side: ClientSide) -> None:
        with Upstream([[Act.HANG]]) as upstream:
            uses(side, upstream, connect_timeout=0.3)
            call = side.finishes(within=1.0)
        assert (call.failure, side.counts) == (Failure.CONNECT, (0, 0, 0))
        assert "no connection within 0.3s" in call.detail


class TestAnswerThatEndsWithTheConnection:
    def test_is_whole_when_tls_says_so(self, side: ClientSide) -> None:
        with secure([OPEN, 0.05, Act.CLOSE]) as upstream:
            uses(side, upstream)
            assert side.finishes().outcome == ([], 200, b"hello", True, None)

    def test_is_cut_when_only_tcp_does(self, side: ClientSide) -> None:
        """Anybody on the way can send a FIN (RFC 9112 section 9.8)."""
        with secure([OPEN, 0.05, Act.END]) as upstream:
            uses(side, upstream)
            call = side.finishes()
        assert (call.failure, call.ended) == (Failure.RESET, False)

    def test_is_cut_by_a_reset(self, side: ClientSide) -> None:
        with secure([OPEN, 0.05, Act.RESET]) as upstream:
            uses(side, upstream)
            assert side.finishes().failure is Failure.RESET


class TestConnection:
    def test_is_reset_when_its_call_is_cancelled(self, side: ClientSide) -> None:
        with secure([Act.HANG]) as upstream:
            uses(side, upstream)
            call = side.starts()
            side.until(lambda: upstream.requests)
            side.does(call.cancel)
            side.until(lambda: upstream.connections[0].ended, within=0.5)
            assert upstream.connections[0].ended == "reset"
            side.until(lambda: side.counts == (0, 0, 0), within=0.5)

    def test_does_not_wait_long_for_a_peer_that_says_no_goodbye(self, side: ClientSide) -> None:
        with secure([answer(200, "Connection: close"), Act.STOP_READING, Act.HANG]) as upstream:
            uses(side, upstream)
            assert side.finishes().ended
            side.until(lambda: side.counts == (0, 0, 0), within=2.0)

    def test_may_be_cancelled_while_hands_are_shaken(self, side: ClientSide) -> None:
        with Upstream([[Act.HANG]]) as upstream:
            uses(side, upstream, connect_timeout=0.5)
            call = side.starts(RecordedCall())
            side.until(lambda: upstream.connections)
            side.does(call.cancel)
            side.until(lambda: side.counts == (0, 0, 0), within=1.0)
            assert call.heard == []
