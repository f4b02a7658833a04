"""What a request is called."""

from typing import Literal

import pytest

from hedgerow.serve.request_ids import RequestIds
from hedgerow.wire.request import Request
from tests.fakes.carrier import FakeCarrier
from tests.fakes.gateway_bench import request_head

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def ids(
    name: str | None = "X-Request-Id",
    *,
    starts_traces: bool = False,
    believes: Literal["all", "trusted", "nobody"] = "nobody",
) -> RequestIds:
    return RequestIds(
        name,
        starts_traces=starts_traces,
        believes=believes,
        randomness=lambda size: bytes([7]) * size,
    )


def named(made: RequestIds, *lines: str) -> Request:
    raw = "\r\n".join(["GET / HTTP/1.1", "Host: a", *lines, "", ""])
    request = Request(request_head(raw.encode()), FakeCarrier())
    made.assign(request)
    return request


class TestName:
    def test_is_another_one_each_time(self) -> None:
        made = ids()
        first, second = named(made).id, named(made).id
        assert first != second
        assert first.startswith("0707070707070707-")

    def test_is_told_to_both_sides(self) -> None:
        request = named(ids())
        line = f"X-Request-Id: {request.id}\r\n".encode()
        assert (request.own_fields, request.upstream_fields) == (line, line)

    def test_of_a_client_does_not_count(self) -> None:
        assert named(ids(), "X-Request-Id: mine").id != "mine"

    def test_of_a_proxy_in_front_counts(self) -> None:
        assert named(ids(believes="all"), "X-Request-Id: its-1").id == "its-1"

    @pytest.mark.parametrize("text", ["a b", "x" * 129, "", 'a"b', "<b>"])
    def test_is_always_safe_in_a_log(self, text: str) -> None:
        assert named(ids(believes="all"), f"X-Request-Id: {text}").id != text

    def test_is_none_where_nobody_asks(self) -> None:
        request = named(ids(None, starts_traces=True))
        assert (request.id, request.own_fields) == ("", b"")


class TestTrace:
    def test_is_started_where_there_is_none(self) -> None:
        line = named(ids(None, starts_traces=True)).upstream_fields.decode()
        assert line == f"traceparent: 00-{'07' * 16}-{'07' * 8}-01\r\n"

    def test_that_comes_goes_on_as_it_is(self) -> None:
        made = ids(None, starts_traces=True)
        assert named(made, f"traceparent: {TRACE}").upstream_fields == b""
        assert made.replaces([(b"traceparent", TRACE.encode())]) == frozenset()

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "00-1-2-03",
            TRACE.replace("00-", "ff-", 1),
            TRACE.upper(),
            f"00-{'0' * 32}-b7ad6b7169203331-01",
        ],
    )
    def test_that_is_not_well_formed_is_replaced(self, text: str) -> None:
        made = ids(None, starts_traces=True)
        assert named(made, f"traceparent: {text}").upstream_fields.startswith(b"traceparent: 00-07")
        assert b"traceparent" in made.replaces([(b"traceparent", text.encode())])
