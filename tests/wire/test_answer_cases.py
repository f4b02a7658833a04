"""Every case of ``answer_cases``, whole, in pieces, cut short and with bytes after it."""

import pytest

from hedgerow.errors import Failure
from tests.fakes.client_transport import FakeLine
from tests.fakes.upstream_calls import RecordedCall
from tests.wire.answer_cases import CASES, AnswerCase

each_case = pytest.mark.parametrize("case", CASES, ids=lambda case: str(case.name))
each_whole_case = pytest.mark.parametrize(
    "case", [case for case in CASES if case.end == "kept"], ids=lambda case: str(case.name)
)


class Outcome:
    """What came of some pieces: what the call heard, and what became of the connection."""

    def __init__(self, case: AnswerCase, *pieces: bytes, ends: bool = False) -> None:
        self.line = FakeLine()
        self.call = RecordedCall()
        self.call.to_head = case.to_head
        self.line.carries(self.call).says(*pieces)
        if ends:
            self.line.closes()
        told = self.line.owner.told
        self.may_be_used_again = "reusable" in told and not self.line.transport.aborted

    @property
    def facts(self) -> tuple[object, ...]:
        if self.call.failure is not None:
            # How much of a broken answer was passed on before it broke depends on the pieces.
            return self.call.failure, self.call.ended, self.may_be_used_again
        return (*self.call.outcome, self.may_be_used_again)


def expected(case: AnswerCase) -> tuple[object, ...]:
    if case.end == "refused":
        return Failure.PROTOCOL, False, False
    is_ended = case.end in ("kept", "closed")
    return list(case.interim), case.status, case.body, is_ended, None, case.end == "kept"


def pieces_of(raw: bytes) -> list[bytes]:
    return [bytes([byte]) for byte in raw]


@each_case
class TestAnswer:
    def test_is_understood_as_the_table_says(self, case: AnswerCase) -> None:
        assert Outcome(case, case.raw).facts == expected(case)

    def test_is_the_same_byte_by_byte(self, case: AnswerCase) -> None:
        outcome = Outcome(case, *pieces_of(case.raw))
        if case.end == "closed":  # a byte too many is seen late, and still in time
            outcome.may_be_used_again = False
        assert outcome.facts == expected(case)

    def test_is_the_same_cut_anywhere(self, case: AnswerCase) -> None:
        for cut in range(1, len(case.raw)):
            outcome = Outcome(case, case.raw[:cut], case.raw[cut:])
            if outcome.line.transport.aborted:  # likewise
                outcome.may_be_used_again = False
            assert outcome.facts == expected(case), f"cut at {cut}"

    def test_is_heard_of_no_more_once_it_ended(self, case: AnswerCase) -> None:
        outcome = Outcome(case, case.raw, ends=True)
        heard = list(outcome.call.heard)
        assert outcome.call.is_done
        outcome.call.cancel()
        outcome.call.resume()
        assert outcome.call.heard == heard

    def test_leaves_the_call_without_a_connection_once_it_ended(self, case: AnswerCase) -> None:
        assert Outcome(case, case.raw, ends=True).call.connection is None


@each_whole_case
class TestAnswerCutShort:
    def test_is_never_taken_for_a_whole_one(self, case: AnswerCase) -> None:
        for cut in range(1, len(case.raw)):
            call = Outcome(case, case.raw[:cut], ends=True).call
            assert (call.failure, call.ended) == (Failure.RESET, False), f"cut at {cut}"


@each_whole_case
class TestBytesAfterAnAnswer:
    def test_keep_the_connection_from_being_used_again(self, case: AnswerCase) -> None:
        outcome = Outcome(case, case.raw + b"H")
        assert (outcome.call.ended, outcome.may_be_used_again) == (True, False)

    def test_that_come_later_break_it(self, case: AnswerCase) -> None:
        outcome = Outcome(case, case.raw, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        assert outcome.line.transport.aborted


class TestOpenAnswer:
    def test_ends_when_the_upstream_closes(self) -> None:
        for case in (case for case in CASES if case.end == "open"):
            call = Outcome(case, case.raw, ends=True).call
            assert call.outcome == ([], 200, case.body, True, None)

    def test_is_broken_when_the_connection_is(self) -> None:
        for case in (case for case in CASES if case.end == "open"):
            outcome = Outcome(case, case.raw)
            outcome.line.breaks()
            assert (outcome.call.failure, outcome.call.ended) == (Failure.RESET, False)
