"""Every case of ``cases/``, whole and in pieces (see ``cases/README.md``)."""

import pytest

from hedgerow.wire.limits import Limits
from tests.fakes.application import Application
from tests.fakes.site import Site, get
from tests.wire.case_files import Case, all_cases

LIMITS = Limits(max_request_line=200, max_head=600, max_fields=10, max_body=100)
GARBAGE = b"\x00\xffgarbage\r\n\r\n"
SMUGGLED = get(b"/smuggled")

CASES = all_cases()
each_case = pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])


class Outcome:
    """What came of some bytes: answers, requests that were handed on, and the connection."""

    def __init__(self, *pieces: bytes) -> None:
        application = Application()
        self.site = Site(application.handle, LIMITS)
        client = self.site.client().sends(*pieces)
        self.statuses = [status for status in client.statuses if status != 100]
        self.closed = client.transport.is_closing() or client.transport.wrote_eof
        self.answers = client.received.replace(b"HTTP/1.1 100 Continue\r\n\r\n", b"")
        self.seen = [
            b" ".join(filter(None, (one.method, one.target, one.host, one.body)))
            for one in application.seen
        ]

    @property
    def facts(self) -> tuple[list[int], list[bytes], bool]:
        return self.statuses, self.seen, self.closed


@each_case
class TestCase:
    def test_is_answered_as_the_table_says(self, case: Case) -> None:
        outcome = Outcome(case.raw)
        assert (outcome.statuses, outcome.closed) == (case.statuses, case.closes)
        assert case.seen in ([], outcome.seen)

    def test_hands_on_exactly_what_is_answered_with_200(self, case: Case) -> None:
        outcome = Outcome(case.raw)
        assert len(outcome.seen) == outcome.statuses.count(200)

    def test_says_where_it_is_written(self, case: Case) -> None:
        assert case.see.startswith("RFC ")

    def test_has_the_same_outcome_cut_anywhere(self, case: Case) -> None:
        whole = Outcome(case.raw).facts
        for cut in range(1, len(case.raw)):
            assert Outcome(case.raw[:cut], case.raw[cut:]).facts == whole, f"cut at {cut}"

    def test_has_the_same_outcome_byte_by_byte(self, case: Case) -> None:
        pieces = [bytes([byte]) for byte in case.raw]
        assert Outcome(*pieces).facts == Outcome(case.raw).facts

    def test_leaves_nothing_for_the_next_connection(self, case: Case) -> None:
        outcome = Outcome(case.raw)
        application = Application()
        outcome.site.listener.handle = application.handle
        outcome.site.client().sends(get(b"/next", b"X: y"))
        assert [(one.target, one.fields) for one in application.seen] == [
            (b"/next", [(b"X", b"y")])
        ]


@pytest.mark.parametrize(
    "case", [case for case in CASES if case.closes], ids=lambda case: str(case.name)
)
class TestClosedConnection:
    def test_serves_nothing_that_comes_after(self, case: Case) -> None:
        assert Outcome(case.raw + SMUGGLED).facts == Outcome(case.raw).facts
        assert Outcome(case.raw, SMUGGLED).facts == Outcome(case.raw).facts


@pytest.mark.parametrize(
    "case",
    [case for case in CASES if case.statuses and not case.closes],
    ids=lambda case: str(case.name),
)
class TestGarbageAfter:
    def test_is_refused_after_the_answers_before_it(self, case: Case) -> None:
        outcome = Outcome(case.raw + GARBAGE)
        assert outcome.statuses == [*case.statuses, 400]
        assert outcome.answers.startswith(Outcome(case.raw).answers)
        assert outcome.closed
