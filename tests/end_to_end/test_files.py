"""Static files on real sockets: what a browser, curl and an attacker would ask for."""

import contextlib
import gzip
import os
import socket
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.files import LARGE, TEXT, asked, open_files, site, talk
from tests.fakes.gateway_client import Answer, Client
from tests.fakes.gateway_running import Running, eventually


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return site(tmp_path)


class TestFunctionalSuite:
    """What the course of the seed's server asks of it, and a little more."""

    @pytest.mark.parametrize(
        ("target", "status", "body"),
        [
            ("/", 200, b"<h1>home</h1>"),
            ("/index.html", 200, b"<h1>home</h1>"),
            ("/dir/", 200, b"<h1>dir</h1>"),
            ("/dir/deep/page.html", 200, b"page"),
            ("/dir/deep/page.html?arg=1&x=y", 200, b"page"),
            ("/with%20space.html", 200, b"space"),
            ("/text..txt", 200, b"dots"),
            ("/dir/../text..txt", 200, b"dots"),
            ("/%64ir/%64eep/page.html", 200, b"page"),
            ("//dir//deep//page.html", 200, b"page"),
            ("/nothing.txt", 200, b""),
        ],
    )
    def test_finds(self, root: Path, target: str, status: int, body: bytes) -> None:
        answer = asked(root, target)
        assert (answer.status, answer.body) == (status, body)
        assert answer.field("content-length") == str(len(body))
        assert answer.field("date") is not None

    @pytest.mark.parametrize(
        "target",
        [
            "/smart",
            "/empty/",
            "/empty",
            "/dir/deep/page.html/",
            "/text.txt/",
            "/.env",
            "/dir/deep/",
        ],
    )
    def test_does_not_find(self, root: Path, target: str) -> None:
        assert asked(root, target).status == 404

    @pytest.mark.parametrize(
        "target", ["/../outside", "/dir/../../outside", "/%2e%2e/outside", "/..%2foutside",
                   "/dir/%2e%2e/%2e%2e/outside", "/....//outside", "//etc/passwd", "/..\\outside"],
    )  # fmt: skip
    def test_never_leaves_the_directory(self, root: Path, target: str) -> None:
        answer = asked(root, target)
        assert answer.status in (400, 404)
        assert b"outside" not in answer.body.replace(b"outside the", b"")

    def test_answers_head_without_the_body(self, root: Path) -> None:
        answer = asked(root, "/text.txt", method="HEAD")
        assert (answer.status, answer.body) == (200, b"")
        assert answer.field("content-length") == str(len(TEXT))

    @pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
    def test_can_only_be_read(self, root: Path, method: str) -> None:
        answer = asked(root, "/text.txt", method=method)
        assert (answer.status, answer.field("allow")) == (405, "GET, HEAD")

    def test_closes_after_a_request_of_1_0(self, root: Path) -> None:
        async def script(client: Client, running: Running) -> bytes:
            client.writer.write(b"HEAD /dir/ HTTP/1.0\r\n\r\n")
            return await client.reader.read()

        assert talk(root, script).startswith(b"HTTP/1.1 200 OK\r\n")


class TestDirectory:
    def test_is_led_to_with_a_slash(self, root: Path) -> None:
        answer = asked(root, "/dir?x=1")
        assert (answer.status, answer.field("location")) == (301, "/dir/?x=1")

    def test_never_leads_to_another_host(self, root: Path) -> None:
        answer = asked(root, "//dir")
        assert (answer.status, answer.field("location")) == (301, "/dir/")

    def test_may_be_listed(self, root: Path) -> None:
        (root / "empty" / "<b>&.txt").write_text("x")
        (root / "empty" / ".hidden").write_text("x")
        answer = asked(root, "/empty/", more="listing = true")
        assert answer.field("content-type") == "text/html; charset=utf-8"
        assert b"&lt;b&gt;&amp;.txt" in answer.body
        assert b'href="./%3Cb%3E%26.txt"' in answer.body
        assert b".hidden" not in answer.body

    def test_may_be_listed_with_a_file_from_a_strange_time(self, root: Path) -> None:
        (root / "empty" / "a").write_text("abc")
        os.utime(root / "empty" / "a", (-5, -5))
        assert asked(root, "/empty/", more="listing = true").status == 200

    def test_may_be_listed_for_programs(self, root: Path) -> None:
        (root / "empty" / "a").write_text("abc")
        answer = asked(root, "/empty/", "Accept: application/json", more="listing = true")
        assert [(entry["name"], entry["size"]) for entry in answer.json] == [("a", 3)]

    def test_may_have_another_index(self, root: Path) -> None:
        answer = asked(root, "/dir/deep/", more='index = ["main.html", "page.html"]')
        assert answer.body == b"page"


class TestRoute:
    def test_may_stand_below_a_prefix(self, root: Path) -> None:
        assert asked(root, "/static/text..txt", path="/static/").body == b"dots"

    def test_may_have_parameters(self, root: Path) -> None:
        path = "/of/{user}/"
        assert asked(root, "/of/somebody%20else/dir/", path=path).body == b"<h1>dir</h1>"

    def test_leads_to_directories_below_its_prefix(self, root: Path) -> None:
        assert asked(root, "/static/dir", path="/static/").field("location") == "/static/dir/"


class TestValidators:
    def test_make_a_second_answer_short(self, root: Path) -> None:
        first = asked(root, "/text.txt")
        etag, date = first.field("etag"), first.field("last-modified")
        assert etag is not None
        assert not etag.startswith("W/")
        for line in (f"If-None-Match: {etag}", f"If-Modified-Since: {date}"):
            again = asked(root, "/text.txt", line)
            assert (again.status, again.body, again.field("etag")) == (304, b"", etag)
            assert again.field("content-length") is None

    def test_change_with_the_file(self, root: Path) -> None:
        before = asked(root, "/text.txt").field("etag")
        (root / "text.txt").write_text(TEXT + "more")
        assert asked(root, "/text.txt").field("etag") != before

    def test_protect_from_lost_updates(self, root: Path) -> None:
        assert asked(root, "/text.txt", 'If-Match: "another"').status == 412


class TestParts:
    @pytest.mark.parametrize("name", ["text.txt", "large.bin"])
    @pytest.mark.parametrize(
        ("value", "first", "last"), [("0-9", 0, 10), ("5-", 5, None), ("-7", -7, None)]
    )
    def test_are_those_bytes(
        self, root: Path, name: str, value: str, first: int, last: int | None
    ) -> None:
        whole = (root / name).read_bytes()
        answer = asked(root, f"/{name}", f"Range: bytes={value}")
        assert (answer.status, answer.body) == (206, whole[first:last])
        begin = first % len(whole)
        end = begin + len(answer.body) - 1
        assert answer.field("content-range") == f"bytes {begin}-{end}/{len(whole)}"

    def test_outside_are_refused_with_the_size(self, root: Path) -> None:
        answer = asked(root, "/text.txt", "Range: bytes=999999-")
        assert (answer.status, answer.field("content-range")) == (416, f"bytes */{len(TEXT)}")

    @pytest.mark.parametrize("name", ["text.txt", "large.bin"])
    def test_may_be_several(self, root: Path, name: str) -> None:
        whole = (root / name).read_bytes()
        answer = asked(root, f"/{name}", "Range: bytes=0-3,10-12")
        kind = answer.field("content-type") or ""
        boundary = kind.partition("boundary=")[2].encode()
        assert (answer.status, kind.partition(";")[0]) == (206, "multipart/byteranges")
        pieces = answer.body.split(b"--" + boundary)
        bodies = [piece.partition(b"\r\n\r\n")[2].removesuffix(b"\r\n") for piece in pieces[1:-1]]
        assert bodies == [whole[0:4], whole[10:13]]
        assert answer.body.endswith(b"--\r\n")

    def test_of_another_file_are_the_whole_one(self, root: Path) -> None:
        answer = asked(root, "/text.txt", "Range: bytes=0-1", 'If-Range: "another"')
        assert (answer.status, len(answer.body)) == (200, len(TEXT))

    def test_of_an_attack_are_the_whole_file_once(self, root: Path) -> None:
        many = ",".join("0-" for _ in range(30))
        answer = asked(root, "/text.txt", f"Range: bytes={many}")
        assert (answer.status, len(answer.body)) == (200, len(TEXT))


class TestEncodings:
    def test_are_siblings_that_were_made_before(self, root: Path) -> None:
        (root / "text.txt.br").write_bytes(b"brotli")
        (root / "text.txt.gz").write_bytes(b"gzip")
        answer = asked(root, "/text.txt", "Accept-Encoding: gzip, br")
        assert (answer.body, answer.field("content-encoding")) == (b"brotli", "br")
        assert answer.field("content-type") == "text/plain; charset=utf-8"
        assert answer.field("vary") == "Accept-Encoding"
        plain = asked(root, "/text.txt")
        assert (plain.body, plain.field("content-encoding")) == (TEXT.encode(), None)
        assert plain.field("vary") == "Accept-Encoding"
        assert plain.field("etag") != answer.field("etag")

    def test_that_are_older_than_their_file_are_not_sent(self, root: Path) -> None:
        (root / "text.txt.gz").write_bytes(b"old")
        os.utime(root / "text.txt.gz", (1, 1))
        answer = asked(root, "/text.txt", "Accept-Encoding: gzip", more="compress = false")
        assert answer.body == TEXT.encode()

    def test_that_lead_outside_are_not_sent(self, root: Path) -> None:
        (root / "text.txt.gz").symlink_to("../outside")
        answer = asked(root, "/text.txt", "Accept-Encoding: gzip", more="compress = false")
        assert answer.body == TEXT.encode()

    def test_are_made_of_text(self, root: Path) -> None:
        answer = asked(root, "/text.txt", "Accept-Encoding: gzip")
        assert answer.field("content-encoding") == "gzip"
        assert gzip.decompress(answer.body).decode() == TEXT
        assert (answer.field("etag") or "").endswith('-gzip"')

    def test_are_made_of_long_text_in_a_thread(self, root: Path) -> None:
        (root / "long.txt").write_text(TEXT * 50)

        async def script(client: Client, running: Running) -> tuple[str | None, bytes]:
            answer = Answer()
            for _ in range(200):
                client.ask("/long.txt", "Accept-Encoding: gzip")
                answer = await client.answer()
                if answer.field("content-encoding") is not None:
                    break
            return answer.field("content-encoding"), gzip.decompress(answer.body)

        assert talk(root, script) == ("gzip", (TEXT * 50).encode())

    def test_are_not_made_of_what_is_short_or_no_text(self, root: Path) -> None:
        assert asked(root, "/", "Accept-Encoding: gzip").field("content-encoding") is None
        assert asked(root, "/large.bin", "Accept-Encoding: gzip").field("content-encoding") is None


class TestMemory:
    def test_shows_a_change_after_a_second(self, root: Path) -> None:
        async def script(client: Client, running: Running) -> list[bytes]:
            client.ask("/text.txt")
            first = (await client.answer()).body
            (root / "text.txt").write_text("new")
            changed: list[bytes] = []

            def look() -> bool:
                return bool(changed)

            for _ in range(100):
                client.ask("/text.txt")
                body = (await client.answer()).body
                if body != first:
                    changed.append(body)
                    break
                with contextlib.suppress(AssertionError):
                    await eventually(look, seconds=0.05)
            return changed

        assert talk(root, script) == [b"new"]

    def test_has_no_file_that_was_removed(self, root: Path) -> None:
        async def script(client: Client, running: Running) -> int:
            client.ask("/text.txt")
            await client.answer()
            (root / "text.txt").unlink()
            answer = Answer()
            for _ in range(100):
                client.ask("/text.txt")
                answer = await client.answer()
                if answer.status == 404:
                    break
                with contextlib.suppress(AssertionError):
                    await eventually(lambda: False, seconds=0.05)
            return answer.status

        assert talk(root, script) == 404


class TestLargeFile:
    def test_comes_whole(self, root: Path) -> None:
        answer = asked(root, "/large.bin")
        assert (answer.status, answer.end) == (200, "whole")
        assert answer.body == LARGE

    def test_waits_for_a_slow_reader_without_being_read(self, root: Path) -> None:
        (root / "huge.bin").write_bytes(b"")
        os.truncate(root / "huge.bin", 1 << 30)

        async def script(client: Client, running: Running) -> int:
            client.stop_reading()
            client.ask("/huge.bin")
            await eventually(lambda: running.gateway.clients == 1)
            connection = next(iter(running.gateway._listener.connections))
            transport: Any = connection
            most = 0
            for _ in range(20):
                with contextlib.suppress(AssertionError):
                    await eventually(lambda: False, seconds=0.01)
                most = max(most, transport._transport.get_write_buffer_size())
            client.reset()
            return most

        assert talk(root, script) < 2 * 1024 * 1024

    def test_is_let_go_when_the_client_leaves(self, root: Path) -> None:
        os.truncate(root / "large.bin", 1 << 30)

        async def script(client: Client, running: Running) -> None:
            client.ask("/large.bin")
            await client.reader.readexactly(1000)
            assert open_files("large.bin") == 1
            client.reset()
            await eventually(lambda: open_files("large.bin") == 0)

        talk(root, script)

    def test_that_gets_shorter_breaks_and_does_not_end(self, root: Path) -> None:
        os.truncate(root / "large.bin", 1 << 26)

        async def script(client: Client, running: Running) -> str:
            client.stop_reading()
            client.ask("/large.bin")
            await eventually(lambda: running.gateway.clients == 1)
            with contextlib.suppress(AssertionError):
                await eventually(lambda: False, seconds=0.1)
            os.truncate(root / "large.bin", 1000)
            client.read_on()
            return (await client.answer(keep=False)).end

        assert talk(root, script) in ("reset", "cut short")


class TestPages:
    def test_may_all_be_one(self, root: Path) -> None:
        more = 'fallback = "index.html"'
        answer = asked(root, "/app/users/7", "Accept: text/html,*/*", more=more)
        assert (answer.status, answer.body) == (200, b"<h1>home</h1>")
        assert asked(root, "/app/x.js", "Accept: */*", more=more).status == 404

    def test_may_say_in_their_own_way_that_one_is_missing(self, root: Path) -> None:
        (root / "404.html").write_text("<h1>lost?</h1>")
        answer = asked(root, "/nowhere", more='not_found = "404.html"')
        assert (answer.status, answer.body) == (404, b"<h1>lost?</h1>")
        assert answer.field("content-type") == "text/html; charset=utf-8"

    def test_say_how_long_they_may_be_kept(self, root: Path) -> None:
        more = 'cache = {"/dir/*" = "365d, immutable", "*.txt" = "1h", "*" = "off"}'
        found = [
            asked(root, target, more=more).field("cache-control")
            for target in ("/dir/index.html", "/text.txt", "/")
        ]
        assert found == ["public, max-age=31536000, immutable", "public, max-age=3600", "no-cache"]


class TestStrangeFile:
    def test_is_not_there(self, root: Path) -> None:
        os.mkfifo(root / "fifo")
        with socket.socket(socket.AF_UNIX) as sock:
            here = Path.cwd()
            try:
                os.chdir(root)
                sock.bind("sock")
            finally:
                os.chdir(here)
            assert asked(root, "/fifo").status == 404
            assert asked(root, "/sock").status == 404

    def test_of_another_place_is_not_there(self, root: Path) -> None:
        (root / "link").symlink_to("../outside")
        assert asked(root, "/link").status == 404
        assert asked(root, "/link", more='links = "all"').body == b"outside"
