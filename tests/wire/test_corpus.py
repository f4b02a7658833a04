"""Every message of the corpus, whole and in pieces: the documented answer, and nothing else."""

import pytest

from tests.corpus.messages import LIMITS, Message, all_messages
from tests.fakes.application import Application
from tests.fakes.site import Site, get

MESSAGES = all_messages()
#: Longer ones are cut around both ends and at every 97th byte between.
CUT_EVERYWHERE = 1000
#: The only answers of this class that a request can be the reason for.
MAY_BE_ANSWERED = {501, 505}
each_message = pytest.mark.parametrize("message", MESSAGES, ids=[one.name for one in MESSAGES])


class Outcome:
    """What came of some bytes."""

    def __init__(self, *pieces: bytes) -> None:
        application = Application()
        site = Site(application.handle, LIMITS)
        client = site.client().sends(*pieces)
        transport = client.transport
        self.statuses = [status for status in client.statuses if status >= 200]
        self.closed = transport.is_closing() or transport.wrote_eof
        self.was_reset = transport.aborted
        self.complaints = [repr(failure) for failure in site.loop.failures]
        self.seen = [
            (one.method, one.target, one.host, one.body, one.fields) for one in application.seen
        ]

    @property
    def facts(self) -> tuple[object, ...]:
        return self.statuses, self.seen, self.closed, self.was_reset, self.complaints


def cuts(raw: bytes) -> list[int]:
    if len(raw) <= CUT_EVERYWHERE:
        return list(range(1, len(raw)))
    first, last = range(1, 300), range(len(raw) - 100, len(raw))
    return [*first, *range(300, len(raw) - 100, 97), *last]


class TestCorpus:
    def test_is_large(self) -> None:
        assert len({one.raw for one in MESSAGES}) >= 500

    def test_has_no_name_twice(self) -> None:
        assert len({one.name for one in MESSAGES}) == len(MESSAGES)


@each_message
class TestMessage:
    def test_has_the_documented_answer_and_no_other(self, message: Message) -> None:
        outcome = Outcome(message.raw)
        assert (outcome.statuses, outcome.closed) == (message.statuses, message.closes)
        assert len(outcome.seen) == message.statuses.count(200), "handed on and not sound"
        assert outcome.complaints == []
        assert {s for s in outcome.statuses if s >= 500} <= MAY_BE_ANSWERED
        assert all(status == 200 for status in outcome.statuses[:-1]), "answered after a refusal"
        assert outcome.closed or set(outcome.statuses) <= {200}, "open after a refusal"

    def test_comes_to_the_same_cut_anywhere(self, message: Message) -> None:
        raw = message.raw
        whole = Outcome(raw).facts
        for cut in cuts(raw):
            assert Outcome(raw[:cut], raw[cut:]).facts == whole, f"cut at {cut}"
        assert Outcome(*(bytes([byte]) for byte in raw)).facts == whole

    def test_hides_no_request_behind_its_last_answer(self, message: Message) -> None:
        if message.closes:
            smuggled = get(b"/smuggled")
            assert Outcome(message.raw + smuggled).facts == Outcome(message.raw).facts
            assert Outcome(message.raw, smuggled).facts == Outcome(message.raw).facts
