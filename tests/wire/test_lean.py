"""The lean connection answers every case of ``answer_cases`` as the full one does."""

import pytest

from hedgerow.wire.heads import ResponseHead
from hedgerow.wire.lean import Broken
from hedgerow.wire.memo import HeadMemo
from tests.fakes.answer_reader import REQUEST, LeanLine
from tests.wire.answer_cases import CASES, CHUNKED, HELLO_IN_CHUNKS, LENGTH, AnswerCase, head

HELLO = head(LENGTH) + b"hello"
each_case = pytest.mark.parametrize("case", CASES, ids=lambda case: str(case.name))
each_whole_case = pytest.mark.parametrize(
    "case", [case for case in CASES if case.end == "kept"], ids=lambda case: str(case.name)
)


def known() -> HeadMemo[ResponseHead]:
    """A memo that knows the head of HELLO: a head is kept when it comes twice."""
    memo: HeadMemo[ResponseHead] = HeadMemo()
    for _ in range(2):
        LeanLine(memo=memo).sends().says(HELLO)
    return memo


def line_of(case: AnswerCase, *pieces: bytes) -> LeanLine:
    return LeanLine(keeps_body=True).sends(to_head=case.to_head).says(*pieces)


def facts(line: LeanLine) -> tuple[object, ...]:
    if line.reader.how is not None:
        return (line.reader.how, line.connection.is_usable)
    is_done = line.reader.is_done
    status = line.reader.status if is_done else 0
    return (status, line.reader.body, is_done, line.connection.is_usable and is_done)


def expected(case: AnswerCase) -> tuple[object, ...]:
    if case.end == "refused":
        return (Broken.PROTOCOL, False)
    if case.end == "open":
        return (0, b"", False, False)
    return (case.status, case.body, True, case.end == "kept")


@each_case
class TestAnswer:
    def test_is_understood_as_the_table_says(self, case: AnswerCase) -> None:
        assert facts(line_of(case, case.raw)) == expected(case)

    def test_is_the_same_cut_anywhere(self, case: AnswerCase) -> None:
        for cut in range(1, len(case.raw)):
            line = line_of(case, case.raw[:cut], case.raw[cut:])
            assert facts(line)[:-1] == expected(case)[:-1], f"cut at {cut}"

    def test_is_the_same_byte_by_byte(self, case: AnswerCase) -> None:
        line = line_of(case, *(bytes([byte]) for byte in case.raw))
        assert facts(line)[:-1] == expected(case)[:-1]


@each_whole_case
class TestAnswerCutShort:
    def test_is_never_taken_for_a_whole_one(self, case: AnswerCase) -> None:
        for cut in range(1, len(case.raw)):
            line = line_of(case, case.raw[:cut]).closes()
            assert line.reader.how is Broken.CLOSED, f"cut at {cut}"

    def test_is_told_apart_from_a_reset(self, case: AnswerCase) -> None:
        line = line_of(case, case.raw[:9]).breaks()
        assert line.reader.how is Broken.RESET


@each_whole_case
class TestBytesAfterAnAnswer:
    def test_keep_the_connection_from_being_used_again(self, case: AnswerCase) -> None:
        line = line_of(case, case.raw + b"H")
        assert line.reader.is_done
        assert not line.connection.is_usable

    def test_that_come_later_break_it(self, case: AnswerCase) -> None:
        line = line_of(case, case.raw, HELLO)
        assert line.transport.aborted
        assert line.reader.heard.count("answered") == 1


class TestOpenAnswer:
    @pytest.mark.parametrize("case", [c for c in CASES if c.end == "open"], ids=lambda c: c.name)
    def test_ends_when_the_server_closes(self, case: AnswerCase) -> None:
        line = line_of(case, case.raw).closes()
        assert (line.reader.status, line.reader.body, line.reader.how) == (200, case.body, None)

    @pytest.mark.parametrize("case", [c for c in CASES if c.end == "open"], ids=lambda c: c.name)
    def test_is_broken_when_the_connection_is(self, case: AnswerCase) -> None:
        assert line_of(case, case.raw).breaks().reader.how is Broken.RESET


class TestAnswerWithAKnownHead:
    def test_is_told_in_one_event_when_it_came_in_one_piece(self) -> None:
        line = LeanLine(memo=known()).sends().says(HELLO)
        assert line.reader.heard == ["opened", "at once", "answered"]
        assert line.connection.bytes_in == len(HELLO)

    @pytest.mark.parametrize("cut", [1, 10, len(HELLO) - 6, len(HELLO) - 1])
    def test_is_not_told_so_when_it_came_in_two(self, cut: int) -> None:
        line = LeanLine(memo=known()).sends().says(HELLO[:cut], HELLO[cut:])
        assert line.reader.heard == ["opened", "answered"]
        assert line.connection.bytes_in == len(HELLO)
        assert line.connection.first_ns > 0

    def test_is_not_told_so_when_there_is_more(self) -> None:
        line = LeanLine(memo=known()).sends().says(HELLO + b"x")
        assert line.reader.heard == ["opened", "answered"]
        assert not line.connection.is_usable

    def test_is_not_told_so_where_the_body_is_wanted(self) -> None:
        line = LeanLine(memo=known(), keeps_body=True).sends().says(HELLO)
        assert (line.reader.heard[-2:], line.reader.body) == (["opened", "answered"], b"hello")

    def test_is_told_apart_from_another_of_the_same_size(self) -> None:
        memo = known()
        line = LeanLine(memo=memo).sends().says(HELLO)
        other = head(LENGTH, status=b"503 No") + b"hello"
        assert len(other) == len(HELLO)
        assert line.sends().says(other).reader.status == 503
        assert line.sends().says(HELLO).reader.status == 200

    def test_is_parsed_anew_for_head(self) -> None:
        line = LeanLine(memo=known()).sends(to_head=True).says(head(LENGTH))
        assert line.reader.heard == ["opened", "answered"]
        assert line.connection.is_usable

    def test_that_says_close_closes(self) -> None:
        closing = head(b"Connection: close\r\n", LENGTH) + b"hello"
        memo: HeadMemo[ResponseHead] = HeadMemo()
        for _ in range(2):
            LeanLine(memo=memo).sends().says(closing)
        line = LeanLine(memo=memo).sends().says(closing)
        assert line.reader.heard == ["opened", "answered"]
        assert line.transport.is_closing()
        assert not line.connection.is_usable


class TestRequest:
    def test_goes_out_in_one_write_with_its_moment(self) -> None:
        line = LeanLine().sends(now_ns=1234)
        assert (bytes(line.transport.unsent), line.transport.writes) == (REQUEST, 1)
        assert (line.connection.sent_ns, line.connection.is_busy) == (1234, True)

    def test_may_follow_an_answer_at_once(self) -> None:
        line = LeanLine(memo=known()).sends().says(HELLO).sends().says(HELLO)
        assert line.reader.heard.count("at once") == 2

    def test_counts_only_its_own_answer(self) -> None:
        line = LeanLine().sends().says(head(CHUNKED) + HELLO_IN_CHUNKS).sends().says(HELLO)
        assert line.connection.bytes_in == len(HELLO)


class TestConnection:
    def test_that_closes_while_idle_is_lost(self) -> None:
        line = LeanLine().sends().says(HELLO).closes()
        assert line.reader.heard[-1] == "lost"
        assert not line.connection.is_usable

    def test_that_speaks_unasked_is_broken_off(self) -> None:
        line = LeanLine().says(HELLO)
        assert line.transport.aborted
        assert not line.reader.is_done

    def test_tells_nothing_once_it_was_reset_by_us(self) -> None:
        line = LeanLine().sends()
        line.connection.reset()
        line.breaks()
        assert line.reader.heard == ["opened", "lost"]

    def test_tells_nothing_more_after_a_refusal(self) -> None:
        line = LeanLine().sends().says(b"nonsense\r\n\r\n").breaks()
        assert line.reader.heard.count("broken") == 1

    @pytest.mark.parametrize("size", [64 * 1024 - 1, 64 * 1024, 200 * 1024])
    def test_bounds_the_head(self, size: int) -> None:
        line = LeanLine().sends().says(b"HTTP/1.1 200 OK\r\nX: " + b"x" * size)
        assert (line.reader.how is Broken.PROTOCOL) == (size + 20 >= 64 * 1024)
