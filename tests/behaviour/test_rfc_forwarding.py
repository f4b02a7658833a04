"""RFC 9110 and 9112: what an intermediary passes on, changes, keeps to itself and refuses."""

from collections.abc import Callable
from typing import Final

import pytest

from tests.fakes.gateway_client import Answer, connected
from tests.fakes.gateway_running import gateway, play, settings
from tests.fakes.gateway_upstream import Arrival, upstream

ONCE: Final = 'hedge = {delay = "off", max_attempts = 1}'
HOST: Final = "Host: a.example\r\n"


def exchanged(
    raw: str,
    reply: bytes | None = None,
    *,
    closes: bool = False,
    to_head: bool = False,
) -> tuple[Answer, list[Arrival]]:
    """Send this through a gateway; returns the answer, and what came to the upstream."""

    async def script(arrival: Arrival) -> None:
        await arrival.whole.wait()
        if reply is None:
            arrival.answer()
        else:
            arrival.send(reply)
            if closes:
                await arrival.drain()
                arrival.close()

    async def main() -> tuple[Answer, list[Arrival]]:
        async with upstream(script) as up, gateway(settings(up.url, ONCE)) as running:
            async with connected(running.port) as client:
                client.writer.write(raw.encode("latin-1"))
                answer = await client.answer(to_head=to_head)
            return answer, up.arrivals

    return play(main())


def get(*lines: str, target: str = "/", method: str = "GET", version: str = "1.1") -> str:
    return "\r\n".join([f"{method} {target} HTTP/{version}", "Host: a.example", *lines, "", ""])


def came(raw: str) -> Arrival:
    """The one request that came to the upstream."""
    answer, arrivals = exchanged(raw)
    assert answer.status == 200
    (arrival,) = arrivals
    return arrival


def ok(*lines: str, body: str = "", status: str = "200 OK") -> bytes:
    return "\r\n".join([f"HTTP/1.1 {status}", *lines, "", body]).encode("latin-1")


class TestRequest:
    @pytest.mark.parametrize(
        "field",
        [
            "Keep-Alive: timeout=5",
            "Proxy-Connection: keep-alive",
            "TE: trailers",
            "Upgrade: h2c",
            "Proxy-Authorization: Basic YTpi",
        ],
        ids=lambda field: field.partition(":")[0],
    )
    def test_rfc_9110_7_6_1_hop_by_hop_field_stays_here(self, field: str) -> None:
        assert came(get(field)).all_of(field.partition(":")[0].lower()) == []

    def test_rfc_9110_7_6_1_field_that_connection_names_stays_here(self) -> None:
        arrival = came(get("X-A: b", "Connection: X-A, X-B", "x-b: c", "X-C: d"))
        assert (arrival.field("x-a"), arrival.field("x-b"), arrival.field("x-c")) == (
            None,
            None,
            "d",
        )

    @pytest.mark.parametrize("name", ["Host", "Content-Length", "X-Forwarded-For", "Via"])
    def test_rfc_9110_7_6_1_what_is_not_the_clients_to_remove(self, name: str) -> None:
        raw = get(f"Connection: {name}", "Content-Length: 5", method="POST") + "hello"
        arrival = came(raw)
        assert len(arrival.all_of(name.lower())) == 1
        assert arrival.body == b"hello"

    @pytest.mark.parametrize("version", ["1.0", "1.1"])
    def test_rfc_9110_7_6_3_via_names_the_version_it_came_in(self, version: str) -> None:
        assert came(get(version=version)).field("via") == f"{version} hedgerow"

    def test_rfc_9110_7_6_3_via_goes_behind_those_before(self) -> None:
        arrival = came(get("Via: 1.0 a", "Via: 1.1 b"))
        assert arrival.all_of("via") == ["1.0 a, 1.1 b, 1.1 hedgerow"]

    @pytest.mark.parametrize(("method", "status"), [("OPTIONS", 200), ("TRACE", 501)])
    def test_rfc_9110_7_6_2_max_forwards_0_ends_here(self, method: str, status: int) -> None:
        answer, arrivals = exchanged(get("Max-Forwards: 0", method=method))
        assert (answer.status, arrivals) == (status, [])

    def test_rfc_9110_7_6_2_max_forwards_means_nothing_to_other_methods(self) -> None:
        assert came(get("Max-Forwards: 0")).method == "GET"

    @pytest.mark.parametrize("method", ["OPTIONS", "TRACE"])
    def test_rfc_9110_7_6_2_max_forwards_counts_down(self, method: str) -> None:
        assert came(get("Max-Forwards: 5", method=method)).field("max-forwards") == "4"

    @pytest.mark.parametrize("target", ["/a?b=%7e&c=/../d", "/a%2Fb", "/a?b=//c", "/?"])
    def test_rfc_9110_7_7_path_and_query_go_on_as_they_are(self, target: str) -> None:
        assert came(get(target=target)).target == target

    def test_rfc_9112_3_2_2_absolute_form_overrides_host(self) -> None:
        arrival = came(get(target="http://b.example/c?d"))
        assert (arrival.target, arrival.all_of("host")) == ("/c?d", ["b.example"])

    def test_rfc_9112_3_2_4_asterisk_form_stays_one(self) -> None:
        answer, arrivals = exchanged(get(target="*", method="OPTIONS"))
        assert [a.target for a in arrivals] == ["*"] or answer.status < 500

    def test_rfc_9110_10_1_1_client_is_told_to_go_on(self) -> None:
        raw = get("Expect: 100-continue", "Content-Length: 5", method="POST") + "hello"
        arrival = came(raw)
        assert (arrival.body, arrival.field("expect")) == (b"hello", None)

    def test_rfc_9110_10_1_1_unknown_expectation_is_417(self) -> None:
        answer, arrivals = exchanged(get("Expect: magic"))
        assert (answer.status, arrivals) == (417, [])

    def test_rfc_9110_8_6_method_with_a_body_says_that_it_is_empty(self) -> None:
        assert came(get(method="POST")).field("content-length") == "0"
        assert came(get()).field("content-length") is None

    def test_rfc_9110_8_6_length_is_written_anew(self) -> None:
        raw = get("Content-Length: 005", method="POST") + "hello"
        assert came(raw).all_of("content-length") == ["5"]

    def test_rfc_9110_6_5_1_trailers_never_become_fields(self) -> None:
        raw = get("Transfer-Encoding: chunked", method="POST")
        arrival = came(raw + "5\r\nhello\r\n0\r\nX-A: b\r\n\r\n")
        assert arrival.field("x-a") is None
        assert b"X-A" not in arrival.body

    def test_rfc_9110_7_8_upgrade_that_is_not_spoken_is_not_asked_for(self) -> None:
        arrival = came(get("Connection: Upgrade", "Upgrade: h2c"))
        assert (arrival.field("upgrade"), arrival.field("connection")) == (None, None)


class TestAnswer:
    @pytest.mark.parametrize(
        "field",
        ["Keep-Alive: timeout=5", "Proxy-Authenticate: Basic", "Upgrade: h2c", "Trailer: X-A"],
        ids=lambda field: field.partition(":")[0],
    )
    def test_rfc_9110_7_6_1_hop_by_hop_field_stays_here(self, field: str) -> None:
        answer, _ = exchanged(get(), ok(field, "Content-Length: 0"))
        assert (answer.status, answer.field(field.partition(":")[0].lower())) == (200, None)

    def test_rfc_9110_7_6_1_field_that_connection_names_stays_here(self) -> None:
        answer, _ = exchanged(get(), ok("Connection: X-A", "X-A: b", "X-B: c", "Content-Length: 0"))
        assert (answer.field("x-a"), answer.field("x-b")) == (None, "c")

    def test_rfc_9110_6_6_1_date_is_added_where_there_is_none(self) -> None:
        answer, _ = exchanged(get(), ok("Content-Length: 0"))
        assert answer.field("date") is not None

    def test_rfc_9110_15_2_interim_answer_goes_on(self) -> None:
        early = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
        answer, _ = exchanged(get(), early + ok("Content-Length: 0"))
        assert (answer.interim, answer.status) == ([103], 200)

    def test_rfc_9110_15_2_no_interim_answer_to_http_1_0(self) -> None:
        early = b"HTTP/1.1 103 Early Hints\r\n\r\n"
        answer, _ = exchanged(get(version="1.0"), early + ok("Content-Length: 0"))
        assert (answer.interim, answer.status) == ([], 200)

    def test_rfc_9110_15_2_2_upgrade_nobody_asked_for_is_502(self) -> None:
        reply = b"HTTP/1.1 101 X\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"
        assert exchanged(get(), reply)[0].status == 502

    @pytest.mark.parametrize(
        ("section", "lines"),
        [
            ("6.1", ["Content-Length: 5", "Transfer-Encoding: chunked"]),
            ("6.3", ["Content-Length: 5", "Content-Length: 6"]),
            ("6.3", ["Content-Length: +5"]),
            ("6.3", ["Content-Length: 5, 6"]),
            ("6.3", ["Content-Length:"]),
            ("6.1", ["Transfer-Encoding: gzip, chunked"]),
            ("5.1", ["X-A : b", "Content-Length: 5"]),
            ("5.2", ["X-A: b", " c", "Content-Length: 5"]),
            ("2.2", ["X-A: b\rc", "Content-Length: 5"]),
            ("5", ["X-A: b\0c", "Content-Length: 5"]),
        ],
        ids=lambda value: value if isinstance(value, str) else " ".join(value).replace(" ", "-"),
    )
    def test_rfc_9112_answer_in_doubt_is_502(self, section: str, lines: list[str]) -> None:
        answer, _ = exchanged(get(), ok(*lines, body="hello"), closes=True)
        assert answer.status == 502, section

    @pytest.mark.parametrize(
        "reply",
        [
            ok("Content-Length: 10", body="hello"),
            ok("Transfer-Encoding: chunked", body="5\r\nhello\r\n"),
            ok("Transfer-Encoding: chunked", body="5\r\nhello\r\nxx"),
        ],
        ids=["length", "chunks", "broken-chunk"],
    )
    def test_rfc_9112_8_one_that_is_cut_short_is_not_passed_on_as_whole(self, reply: bytes) -> None:
        answer, _ = exchanged(get(), reply, closes=True)
        assert answer.status == 502 or answer.end != "whole"

    def test_rfc_9112_6_3_one_that_ends_with_its_connection_is_framed_anew(self) -> None:
        answer, _ = exchanged(get(), ok(body="hello"), closes=True)
        assert (answer.body, answer.end) == (b"hello", "whole")
        assert answer.field("transfer-encoding") or answer.field("content-length") == "5"

    def test_rfc_9112_7_1_chunks_are_taken_off_for_http_1_0(self) -> None:
        reply = ok("Transfer-Encoding: chunked", body="5\r\nhello\r\n0\r\n\r\n")
        answer, _ = exchanged(get(version="1.0"), reply)
        assert (answer.body, answer.field("transfer-encoding")) == (b"hello", None)

    def test_rfc_9112_7_1_2_trailers_stay_out_of_the_body(self) -> None:
        reply = ok("Transfer-Encoding: chunked", body="5\r\nhello\r\n0\r\nX-A: b\r\n\r\n")
        answer, _ = exchanged(get(), reply)
        assert (answer.body, answer.field("x-a")) == (b"hello", None)

    @pytest.mark.parametrize("status", ["204 X", "304 X"])
    def test_rfc_9112_6_3_one_without_a_body_has_none(self, status: str) -> None:
        answer, _ = exchanged(get(), ok(status=status))
        assert (answer.body, answer.field("transfer-encoding")) == (b"", None)

    def test_rfc_9110_9_3_2_head_keeps_the_length_and_has_no_body(self) -> None:
        answer, _ = exchanged(get(method="HEAD"), ok("Content-Length: 99"), to_head=True)
        assert (answer.field("content-length"), answer.end) == ("99", "whole")


def twice(first: bytes) -> tuple[list[int], int]:
    """Ask twice on one connection; statuses, and connections that the upstream had."""
    replies: list[Callable[[Arrival], None]] = [
        lambda arrival: arrival.send(first),
        lambda arrival: arrival.answer(),
    ]

    async def script(arrival: Arrival) -> None:
        replies.pop(0)(arrival)

    async def main() -> tuple[list[int], int]:
        async with upstream(script) as up, gateway(settings(up.url, ONCE)) as running:
            statuses = []
            async with connected(running.port) as client:
                for _ in range(2):
                    client.ask("/")
                    statuses.append((await client.answer()).status)
            return statuses, len({id(a.connection) for a in up.arrivals})

    return play(main())


class TestConnectionToAnUpstream:
    def test_rfc_9112_9_3_is_used_again(self) -> None:
        assert twice(ok("Content-Length: 0")) == ([200, 200], 1)

    def test_rfc_9112_9_6_is_not_used_again_after_close(self) -> None:
        assert twice(ok("Content-Length: 0", "Connection: close")) == ([200, 200], 2)

    def test_rfc_9112_6_3_bytes_behind_an_answer_answer_nothing(self) -> None:
        smuggled = ok("Content-Length: 0", status="403 Smuggled")
        assert twice(ok("Content-Length: 0") + smuggled) == ([200, 200], 2)
