import pytest

from hedgerow.wire.heads import RequestHead
from hedgerow.wire.request import Request
from tests.fakes.carrier import FakeCarrier
from tests.fakes.sink import RecordingSink


def asked(
    method: bytes = b"GET", *, is_http11: bool = True, closes: bool = False
) -> tuple[Request, FakeCarrier]:
    carrier = FakeCarrier(closes=closes)
    return Request(RequestHead(method, b"/", is_http11=is_http11), carrier), carrier


def answered(
    status: int,
    length: int | None,
    data: bytes = b"",
    method: bytes = b"GET",
    *,
    is_http11: bool = True,
) -> bytes:
    """Return the whole answer to a request, given at once."""
    request, carrier = asked(method, is_http11=is_http11)
    request.begin(status, b"", length, data, ended=True)
    return carrier.output


class TestAnswerAtHand:
    def test_goes_out_in_one_write(self) -> None:
        request, carrier = asked()
        request.respond(200, b"X-A: b\r\n", b"hello")
        assert carrier.written == [b"HTTP/1.1 200 OK\r\nX-A: b\r\nContent-Length: 5\r\n\r\nhello"]
        assert carrier.asked == ["done"]

    def test_to_a_head_has_its_length_and_no_body(self) -> None:
        assert answered(200, 5, b"hello", b"HEAD").endswith(b"Content-Length: 5\r\n\r\n")

    def test_with_204_has_neither_length_nor_body(self) -> None:
        assert answered(204, 5, b"hello") == b"HTTP/1.1 204 No Content\r\n\r\n"

    def test_with_304_has_no_body_and_not_its_length(self) -> None:
        assert answered(304, 0) == b"HTTP/1.1 304 Not Modified\r\n\r\n"

    def test_with_304_keeps_the_length_that_a_200_would_have(self) -> None:
        assert answered(304, 5) == b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n"

    def test_with_an_unknown_status_has_an_empty_reason(self) -> None:
        assert answered(299, 0).startswith(b"HTTP/1.1 299 \r\n")


class TestFieldsOfOurOwn:
    """What was set before anybody knew the answer."""

    def test_are_in_the_head_of_any_answer(self) -> None:
        request, carrier = asked()
        request.own_fields = b"X-Own: 1\r\n"
        request.problem(404, "not here")
        assert carrier.output.partition(b"\r\n\r\n")[0].count(b"\r\nX-Own: 1") == 1

    def test_are_not_in_interim_answers(self) -> None:
        request, carrier = asked()
        request.own_fields = b"X-Own: 1\r\n"
        request.inform(103, b"")
        assert b"X-Own" not in carrier.output


class TestAnswerOfUnknownLength:
    def test_is_chunked(self) -> None:
        assert answered(200, None, b"hello").endswith(
            b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
        )

    def test_to_a_head_has_no_coding_and_no_chunks(self) -> None:
        assert answered(200, None, b"hello", b"HEAD") == b"HTTP/1.1 200 OK\r\n\r\n"

    def test_to_http_1_0_ends_with_the_connection(self) -> None:
        request, carrier = asked(is_http11=False)
        request.head.keep_alive = True
        request.begin(200, b"", None, b"hello", ended=True)
        assert carrier.output == b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello"
        assert carrier.closes

    @pytest.mark.parametrize("status", [204, 304])
    def test_without_a_body_needs_no_coding(self, status: int) -> None:
        assert b"Transfer-Encoding" not in answered(status, None)


class TestConnectionField:
    def test_is_left_out_where_http_1_1_stays(self) -> None:
        assert b"Connection" not in answered(200, 0)

    def test_says_close_where_the_connection_closes(self) -> None:
        request, carrier = asked(closes=True)
        request.respond(200, b"", b"")
        assert b"\r\nConnection: close\r\n" in carrier.output

    def test_says_keep_alive_to_http_1_0_that_asked_for_it(self) -> None:
        request, carrier = asked(is_http11=False)
        request.head.keep_alive = True
        request.respond(200, b"", b"")
        assert b"\r\nConnection: keep-alive\r\n" in carrier.output


class TestStreamedAnswer:
    def test_of_known_length_is_written_as_it_is(self) -> None:
        request, carrier = asked()
        request.begin(200, b"", 10, b"hello", ended=False)
        request.write(b"world", ended=True)
        assert carrier.output.endswith(b"Content-Length: 10\r\n\r\nhelloworld")
        assert carrier.asked == ["done"]

    def test_of_unknown_length_is_written_in_chunks(self) -> None:
        request, carrier = asked()
        request.begin(200, b"", None, ended=False)
        request.write(b"hello")
        request.write(b"")
        request.write(b"", ended=True)
        assert carrier.output.endswith(b"\r\n\r\n5\r\nhello\r\n0\r\n\r\n")

    def test_to_a_head_is_swallowed(self) -> None:
        request, carrier = asked(b"HEAD")
        request.begin(200, b"", None, ended=False)
        request.write(b"hello", ended=True)
        assert carrier.output == b"HTTP/1.1 200 OK\r\n\r\n"

    def test_counts_the_bytes_of_its_body(self) -> None:
        request, _ = asked()
        request.begin(200, b"", None, b"hello", ended=False)
        request.write(b" world", ended=True)
        assert request.body_sent == 11


class TestSecondAnswer:
    def test_is_ignored(self) -> None:
        request, carrier = asked()
        request.respond(200, b"", b"one")
        request.respond(500, b"", b"two")
        request.problem(503, "three")
        request.write(b"four", ended=True)
        assert carrier.output.endswith(b"\r\n\r\none")
        assert carrier.asked == ["done"]

    def test_is_ignored_while_the_first_is_under_way(self) -> None:
        request, carrier = asked()
        request.begin(200, b"", 5, b"he", ended=False)
        request.respond(500, b"", b"two")
        assert (request.status, carrier.output[-2:]) == (200, b"he")


class TestProblem:
    def test_is_a_problem_body_with_its_fields(self) -> None:
        request, carrier = asked()
        request.problem(503, "no room", retry_after=2, fields=b"X-A: b\r\n")
        assert b"\r\nContent-Type: application/problem+json\r\n" in carrier.output
        assert b"\r\nRetry-After: 2\r\n" in carrier.output
        assert b"\r\nX-A: b\r\n" in carrier.output
        assert b'"detail":"no room"' in carrier.output


class TestInterimAnswer:
    def test_goes_before_the_answer(self) -> None:
        request, carrier = asked()
        request.inform(103, b"Link: </a>\r\n")
        assert carrier.output == b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"

    def test_is_never_sent_to_http_1_0(self) -> None:
        request, carrier = asked(is_http11=False)
        request.inform(103, b"")
        assert carrier.written == []

    def test_is_not_sent_inside_an_answer(self) -> None:
        request, carrier = asked()
        request.begin(200, b"", 5, ended=False)
        request.inform(103, b"")
        assert len(carrier.written) == 1


class TestAnswerThatIsThereAlready:
    WHOLE = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"

    def test_goes_out_as_it_is(self) -> None:
        request, carrier = asked()
        assert request.respond_whole(200, self.WHOLE, 5)
        assert (carrier.written, carrier.asked) == ([self.WHOLE], ["done"])
        assert (request.status, request.body_sent) == (200, 5)

    @pytest.mark.parametrize(("is_http11", "closes"), [(False, False), (True, True)])
    def test_does_not_fit_where_it_must_speak_of_the_connection(
        self, *, is_http11: bool, closes: bool
    ) -> None:
        request, carrier = asked(is_http11=is_http11, closes=closes)
        assert not request.respond_whole(200, self.WHOLE, 5)
        assert (carrier.written, request.status) == ([], 0)

    def test_does_not_fit_where_fields_are_added_or_hidden(self) -> None:
        request, carrier = asked()
        request.own_fields += b"X-A: b\r\n"
        assert not request.respond_whole(200, self.WHOLE, 5)
        request, carrier = asked()
        request.hidden |= {b"etag"}
        assert not request.respond_whole(200, self.WHOLE, 5)
        assert carrier.written == []

    def test_goes_nowhere_after_the_end(self) -> None:
        request, carrier = asked()
        request.detach()
        assert request.respond_whole(200, self.WHOLE, 5)
        request, carrier = asked()
        request.respond(204, b"", b"")
        assert request.respond_whole(200, self.WHOLE, 5)
        assert len(carrier.written) == 1


class TestBareSocket:
    def answering(self, length: int | None, method: bytes = b"GET") -> Request:
        request, carrier = asked(method)
        carrier.socket = 7
        request.begin(200, b"", length, ended=False)
        return request

    def test_is_given_for_the_rest_of_a_body(self) -> None:
        assert self.answering(5).bare_socket() == 7

    def test_is_not_given_where_bytes_have_to_be_framed_or_are_not_sent(self) -> None:
        assert self.answering(None).bare_socket() is None
        assert self.answering(5, b"HEAD").bare_socket() is None

    def test_is_not_given_after_the_end(self) -> None:
        request = self.answering(5)
        request.detach()
        assert request.bare_socket() is None


class TestBody:
    def test_is_asked_for_once_where_the_client_waits(self) -> None:
        request, carrier = asked()
        request.head.expects_continue = True
        request = Request(request.head, carrier)
        request.accept_body()
        request.accept_body()
        assert carrier.asked == ["accept body"]

    def test_is_not_asked_for_where_nobody_waits(self) -> None:
        request, carrier = asked()
        request.accept_body()
        assert carrier.asked == []

    def test_is_not_asked_for_after_the_answer_began(self) -> None:
        request, carrier = asked()
        request.head.expects_continue = True
        request = Request(request.head, carrier)
        request.begin(200, b"", 5, ended=False)
        request.accept_body()
        assert carrier.asked == []

    def test_can_be_paused_and_resumed(self) -> None:
        request, carrier = asked()
        request.pause_body()
        request.resume_body()
        assert carrier.asked == ["pause body", "resume body"]


class TestAfterTheEnd:
    @pytest.mark.parametrize("end", ["respond", "abort", "cut_off", "detach"])
    def test_everything_is_harmless(self, end: str) -> None:
        request, carrier = asked()
        ways = {
            "respond": lambda: request.respond(200, b"", b""),
            "abort": request.abort,
            "cut_off": request.cut_off,
            "detach": request.detach,
        }
        ways[end]()
        before = (list(carrier.written), list(carrier.asked))
        request.respond(200, b"", b"")
        request.write(b"x", ended=True)
        request.inform(103, b"")
        request.accept_body()
        request.pause_body()
        request.resume_body()
        request.abort()
        request.cut_off()
        assert request.data_age() == 0.0
        assert (carrier.written, carrier.asked) == before

    def test_the_sink_is_let_go(self) -> None:
        request, _ = asked()
        request.sink = RecordingSink()
        request.respond(200, b"", b"")
        assert request.sink is None
