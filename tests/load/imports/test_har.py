"""A browser's recording as the steps of one user."""

from typing import Any

import msgspec
import pytest

from hedgerow.errors import ConfigError
from hedgerow.load.imports.har import Recording, parse_har
from hedgerow.load.imports.step import Step

HOST = "https://shop.example"


def entry(url: str = f"{HOST}/", method: str = "GET", *, at: float = 0.0, **more: Any) -> Any:
    """An entry as Chrome writes it, with ``at`` seconds as its beginning."""
    return {
        "startedDateTime": f"2027-01-15T08:00:{at:06.3f}Z",
        "time": more.pop("time", 0),
        "request": {
            "method": method,
            "url": url,
            "httpVersion": "http/2.0",
            "headers": [{"name": n, "value": v} for n, v in more.pop("headers", [])],
            "queryString": [],
            **({"postData": more.pop("post")} if "post" in more else {}),
        },
        "response": {
            "status": more.pop("status", 200),
            "content": {"mimeType": more.pop("kind", "text/html")},
        },
        **more,
    }


def parsed(*entries: Any, **options: Any) -> Recording:
    document = {"log": {"version": "1.2", "creator": {}, "entries": list(entries)}}
    return parse_har(msgspec.json.encode(document), **options)


def only(*entries: Any, **options: Any) -> Step:
    (step,) = parsed(*entries, **options).steps
    return step


def urls(recording: Recording) -> list[str]:
    return [step.request.url for step in recording.steps]


class TestRequest:
    def test_is_as_it_was_recorded(self) -> None:
        step = only(entry(f"{HOST}/a?b=1#c", "DELETE", headers=[("x-a", "1")], status=404))
        assert step.request.method == "DELETE"
        assert step.request.url == f"{HOST}/a?b=1"
        assert step.request.label == "DELETE /a"
        assert step.request.fields == (("x-a", "1"),)
        assert step.status == 404

    def test_is_without_what_belongs_to_the_connection_or_the_browser(self) -> None:
        names = [":authority", "Host", "connection", "Content-Length", "Transfer-Encoding",
                 "cookie", "If-None-Match", "if-modified-since"]  # fmt: skip
        kept = [("accept", "*/*"), ("authorization", "Bearer x")]
        fields = [(name, "x") for name in names] + kept
        assert list(only(entry(headers=fields)).request.fields) == kept

    def test_asks_for_a_coding_that_checks_can_read(self) -> None:
        step = only(entry(headers=[("accept-encoding", "gzip, deflate, br, zstd")]))
        assert step.request.fields == (("accept-encoding", "gzip"),)


class TestBody:
    def sent(self, post: dict[str, Any], *headers: tuple[str, str]) -> tuple[bytes, dict[str, str]]:
        request = only(entry(method="POST", post=post, headers=list(headers))).request
        return request.body, dict(request.fields)

    def test_is_the_text(self) -> None:
        kind = ("content-type", "application/json")
        assert self.sent({"mimeType": kind[1], "text": '{"a":"ä"}'}, kind) == (
            '{"a":"ä"}'.encode(), dict([kind]),
        )  # fmt: skip

    def test_may_be_in_base64(self) -> None:
        assert self.sent({"text": "AP8=", "encoding": "base64"})[0] == b"\x00\xff"

    def test_is_made_of_a_forms_fields(self) -> None:
        form = "application/x-www-form-urlencoded"
        params = [{"name": "a", "value": "x%20y"}, {"name": "b+c", "value": "ä&"}, {"name": "d"}]
        assert self.sent({"mimeType": form, "params": params}) == (
            b"a=x+y&b+c=%C3%A4%26&d=", {"Content-Type": form},
        )  # fmt: skip

    def test_of_a_form_with_files_gets_a_boundary_of_its_own(self) -> None:
        kind = ("content-type", "multipart/form-data; boundary=old")
        params = [{"name": "f", "value": "1,2", "fileName": "a.csv", "contentType": "text/csv"}]
        body, fields = self.sent({"mimeType": kind[1], "params": params}, kind)
        boundary = fields["Content-Type"].partition("boundary=")[2]
        assert list(fields) == ["Content-Type"]
        assert body.startswith(b"--%b\r\n" % boundary.encode())
        assert b'name="f"; filename="a.csv"\r\nContent-Type: text/csv\r\n\r\n1,2\r\n' in body

    def test_may_be_missing(self) -> None:
        assert self.sent({"mimeType": "text/plain", "text": ""}) == (b"", {})


class TestPause:
    def pauses(self, *entries: Any) -> list[float]:
        return [step.pause for step in parsed(*entries).steps]

    def test_is_the_time_in_which_nothing_was_asked(self) -> None:
        assert self.pauses(entry(at=0, time=300), entry(at=2.5)) == [0.0, 2.2]

    def test_counts_from_the_last_of_the_answers(self) -> None:
        assert self.pauses(entry(at=0, time=4000), entry(at=1, time=10), entry(at=5)) == [
            0.0, 0.0, 1.0,
        ]  # fmt: skip

    def test_is_none_where_it_is_too_short_to_be_a_users(self) -> None:
        assert self.pauses(entry(at=0), entry(at=0.09), entry(at=0.19)) == [0.0, 0.0, 0.1]

    def test_is_none_where_no_time_was_recorded(self) -> None:
        bare = {"request": {"method": "GET", "url": HOST}}
        assert self.pauses(bare, bare) == [0.0, 0.0]

    def test_is_seen_in_whatever_order_the_entries_are(self) -> None:
        recording = parsed(entry(f"{HOST}/2", at=2), entry(f"{HOST}/1", at=1))
        assert urls(recording) == [f"{HOST}/1", f"{HOST}/2"]


class TestHosts:
    ENTRIES = (
        entry(f"{HOST}/1"),
        entry("https://api.shop.example/2", at=1),
        entry("https://notshop.example/3", at=2),
        entry("https://ads.example/4", at=3),
        entry("https://ads.example/5", at=4),
    )

    def test_are_the_first_one_and_what_is_below_it(self) -> None:
        recording = parsed(*self.ENTRIES)
        assert urls(recording) == [f"{HOST}/1", "https://api.shop.example/2"]
        assert recording.other_hosts == {"ads.example": 2, "notshop.example": 1}

    def test_are_those_that_were_named(self) -> None:
        recording = parsed(*self.ENTRIES, hosts=["API.shop.example", "notshop.example"])
        assert urls(recording) == ["https://api.shop.example/2", "https://notshop.example/3"]

    def test_are_all_where_that_was_said(self) -> None:
        assert len(parsed(*self.ENTRIES, hosts=["all"]).steps) == 5

    def test_that_are_not_in_it_are_refused_with_those_that_are(self) -> None:
        with pytest.raises(ConfigError, match=r"other\.example.*ads\.example"):
            parsed(*self.ENTRIES, hosts=["other.example"])


class TestStaticFile:
    @pytest.mark.parametrize(
        "static",
        [
            entry(f"{HOST}/x", kind="image/png"),
            entry(f"{HOST}/x", kind="text/css; charset=utf-8"),
            entry(f"{HOST}/x", kind="application/javascript"),
            entry(f"{HOST}/x", kind="application/font-woff2"),
            entry(f"{HOST}/x", _resourceType="script"),
            entry(f"{HOST}/a.css?v=1", kind=""),
            entry(f"{HOST}/a.svg", kind="x-unknown"),
        ],
    )
    def test_is_left_out_when_asked(self, static: Any) -> None:
        page = entry(f"{HOST}/page")
        assert urls(parsed(page, static, static=False)) == [f"{HOST}/page"]
        assert len(parsed(page, static).steps) == 2

    @pytest.mark.parametrize(
        "page",
        [
            entry(f"{HOST}/a.json", kind="application/json"),
            entry(f"{HOST}/a", kind=""),
            entry(f"{HOST}/a.png", "POST", kind="image/png"),
            {"request": {"method": "GET", "url": HOST}},
        ],
    )
    def test_is_not_what_an_application_answers(self, page: Any) -> None:
        assert len(parsed(page, static=False).steps) == 1


class TestEntryThatIsNoRequest:
    @pytest.mark.parametrize(
        "other",
        [
            entry("data:text/plain,x"),
            entry("wss://shop.example/socket"),
            entry(HOST, "OPTIONS", _resourceType="preflight"),
            entry(HOST, _resourceType="websocket"),
        ],
    )
    def test_is_left_out(self, other: Any) -> None:
        assert urls(parsed(other, entry(f"{HOST}/page", at=1))) == [f"{HOST}/page"]


class TestFile:
    def test_may_begin_with_a_mark(self) -> None:
        data = msgspec.json.encode({"log": {"entries": [entry()]}})
        assert len(parse_har(b"\xef\xbb\xbf" + data).steps) == 1

    @pytest.mark.parametrize("data", [b"", b"<html>", b"{}", b'{"log": {}}', b"\xff\xfe"])
    def test_of_another_kind_is_refused(self, data: bytes) -> None:
        with pytest.raises(ConfigError, match="HAR file"):
            parse_har(data)

    def test_without_requests_is_refused(self) -> None:
        with pytest.raises(ConfigError, match="no requests"):
            parsed()
