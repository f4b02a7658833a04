import asyncio

import pytest

from hedgerow.load.generator.answer import RawAnswer
from hedgerow.load.generator.request_maker import Endpoint
from hedgerow.load.outcome import Outcome
from tests.fakes.virtual_loop import run
from tests.load.generator.fake_exchanger import FakeExchanger, answered

REQUEST = b"POST /a HTTP/1.1\r\nHost: shop\r\n\r\nbody"


async def exchanged(fake: FakeExchanger) -> RawAnswer:
    where = Endpoint(tls=False, host="shop", port=80)
    return await fake.exchange(where, REQUEST, label="a", is_head=False, time_limit=1, due=None)


class TestFakeExchanger:
    def test_gives_its_answers_in_turn_and_then_good_ones(self) -> None:
        fake = FakeExchanger(answered(503), answered(404))
        assert [run(exchanged(fake)).status for _ in range(3)] == [503, 404, 200]

    def test_takes_what_was_sent_apart(self) -> None:
        fake = FakeExchanger()
        run(exchanged(fake))
        (sent,) = fake.sent
        assert (sent.line, sent.fields, sent.body) == ("POST /a", {"host": "shop"}, b"body")

    def test_counts_what_is_cut_off_as_unfinished(self) -> None:
        fake = FakeExchanger()

        async def cut_off() -> None:
            task = asyncio.ensure_future(exchanged(fake))
            await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

        run(cut_off())
        assert (fake.counted, fake.in_flight) == ([("a", Outcome.UNFINISHED, "")], 0)
