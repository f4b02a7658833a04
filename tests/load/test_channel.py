import itertools

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedgerow.load.channel import (
    Assignment,
    Happened,
    Message,
    Messages,
    Ready,
    Refused,
    encode_message,
)
from hedgerow.load.plan import Closed, LoadPlan, Open, RequestPlan, Scenario, Share, Stage
from tests.load.counted import a_batch, a_sample

SAID: list[Message] = [
    Ready(7),
    Refused("no such file", is_usage=True),
    Happened(a_batch(1.0, a_sample(), a_sample(outcome="timeout"), plain_us=(1, 2, 300_000))),
    Happened(a_batch(2.0)),
]


class TestMessages:
    @given(st.lists(st.integers(0, 600), max_size=12))
    def test_are_the_same_wherever_the_stream_is_cut(self, cuts: list[int]) -> None:
        stream = b"".join(map(encode_message, SAID))
        places = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
        messages, heard = Messages(), list[Message]()
        for begin, end in itertools.pairwise(places):
            heard += messages.feed(stream[begin:end])
        assert heard == SAID

    def test_may_come_byte_by_byte(self) -> None:
        stream = b"".join(map(encode_message, SAID))
        messages = Messages()
        heard = [message for byte in stream for message in messages.feed(bytes([byte]))]
        assert heard == SAID

    def test_are_given_once_though_nobody_looks_at_the_rest(self) -> None:
        messages = Messages()
        for message in messages.feed(encode_message(SAID[0]) + encode_message(SAID[1])):
            assert message == SAID[0]
            break
        assert messages.feed(encode_message(SAID[3])) == [SAID[3]]


class TestAssignment:
    @pytest.mark.parametrize("model", [Closed(users=3, stages=(Stage(seconds=1, target=2),)),
                                       Open(start_rate=5, spacing="poisson")])  # fmt: skip
    @pytest.mark.parametrize("work", [RequestPlan(url="http://a.example/", label="x", body=b"\xff"),
                                      Scenario(source="x", name="y.py")])  # fmt: skip
    def test_is_one_line_that_says_it_all(
        self, model: Closed | Open, work: RequestPlan | Scenario
    ) -> None:
        assignment = Assignment(
            plan=LoadPlan(work=work, model=model),
            share=Share(index=1, of=3),
            lines={"users.txt": [b"ann\xff", b"bob"]},
            shared={"token": 1},
        )
        line = msgspec.json.encode(assignment)
        assert b"\n" not in line
        assert msgspec.json.decode(line, type=Assignment) == assignment
