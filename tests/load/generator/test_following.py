import random
from collections.abc import Sequence
from typing import Any

from hedgerow.load.generator.answer import RawAnswer
from hedgerow.load.generator.following import following
from hedgerow.load.generator.user import User
from hedgerow.load.plan import RequestPlan
from hedgerow.workload.template import Draw
from tests.load.generator.fake_exchanger import FakeExchanger, Sent, answered, with_user

MOVED = answered(307, location="/new", set_cookie="way=1")


def sent(
    request: RequestPlan, *answers: RawAnswer, times: int = 1, are_strangers: bool = False
) -> Sequence[Sent]:
    draw = Draw(0, 1, random.Random(0), {"names": [b"a#b c"]})
    module = following(request, draw, are_strangers=are_strangers)
    exchanger = FakeExchanger(*answers)

    async def use(user: User) -> None:
        for _ in range(times):
            await module.tasks[0].function(user)

    with_user(use, exchanger)
    return exchanger.sent


def plan(url: str, **more: Any) -> RequestPlan:
    defaults = {"label": "the plan's", "follow": 3, "is_template": True}
    return RequestPlan(url=url, **{**defaults, **more})


class TestHops:
    def test_are_each_counted_under_their_own_path(self) -> None:
        hops = sent(plan("http://h/old"), MOVED)
        assert [(one.line, one.label) for one in hops] == [
            ("GET /old", "GET /old"),
            ("GET /new", "GET /new"),
        ]

    def test_are_counted_under_the_plans_label_where_the_path_varies(self) -> None:
        hops = sent(plan("http://h/{seq}"), MOVED, times=2)
        assert [one.line for one in hops] == ["GET /0", "GET /new", "GET /1"]
        assert {one.label for one in hops} == {"the plan's"}

    def test_have_the_values_of_one_request(self) -> None:
        request = plan("http://h/", method="POST", body=b"{seq}", fields=(("X", "{email}"),))
        first, second, other = sent(request, MOVED, times=2)
        assert (first.body, second.body, other.body) == (b"0", b"0", b"1")
        assert first.fields["x"] == second.fields["x"] != other.fields["x"]


class TestRequest:
    def test_goes_to_the_host_as_it_is_written(self) -> None:
        (one,) = sent(plan("http://ann:pw@h:81?q=1#part"))
        assert (one.line, one.endpoint.port) == ("GET /?q=1", 81)
        assert one.fields["authorization"] == "Basic YW5uOnB3"

    def test_escapes_what_is_filled_in(self) -> None:
        (one,) = sent(plan("http://h/?name={line:names}"))
        assert one.line == "GET /?name=a%23b%20c"

    def test_is_left_alone_where_it_is_no_template(self) -> None:
        (one,) = sent(plan("http://h/{seq}", is_template=False, body=b"{seq}", method="PUT"))
        assert (one.line, one.body) == ("PUT /%7Bseq%7D", b"{seq}")

    def test_has_fields_of_one_name_joined(self) -> None:
        (one,) = sent(plan("http://h/", fields=(("A", "1"), ("A", "2"), ("Cookie", "c=1"))))
        assert (one.fields["a"], one.fields["cookie"]) == ("1, 2", "c=1")


class TestCookies:
    def test_are_kept_from_hop_to_hop_and_by_the_user(self) -> None:
        hops = sent(plan("http://h/old"), MOVED, times=2)
        assert [one.fields.get("cookie") for one in hops] == [None, "way=1", "way=1"]

    def test_of_strangers_are_kept_from_hop_to_hop_only(self) -> None:
        hops = sent(plan("http://h/old"), MOVED, times=2, are_strangers=True)
        assert [one.fields.get("cookie") for one in hops] == [None, "way=1", None]
