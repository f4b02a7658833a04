"""One route with root: what it answers, from where, and what that costs."""

import errno
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from hedgerow.serve.durations import Durations
from hedgerow.serve.files.plan import FilePlan
from hedgerow.serve.files.route import FileRoute
from hedgerow.serve.files.rules import FileRules
from hedgerow.serve.files.shelf import Shelf
from hedgerow.serve.files.tree import Tree
from hedgerow.serve.surroundings import Surroundings
from hedgerow.wire.descriptors import Descriptors
from hedgerow.wire.engine import Engine
from hedgerow.wire.request import Request
from tests.fakes.carrier import FakeCarrier
from tests.fakes.clock import FakeClock
from tests.fakes.gateway_bench import request_head
from tests.fakes.loop import FakeLoop

TEXT = "some text that repeats itself. " * 20


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "dir").mkdir()
    (tmp_path / "a.txt").write_text(TEXT)
    (tmp_path / "b.bin").write_bytes(b"12345")
    (tmp_path / "app.html").write_text("<h1>app</h1>")
    (tmp_path / "lost.html").write_text("<h1>lost</h1>")
    return tmp_path


@dataclass
class Site:
    """A route, and how often it looked at the disk."""

    route: FileRoute
    looks: list[bytes] = field(default_factory=list)

    def plan(self, target: str, *lines: str, method: str = "GET", version: str = "1.1") -> FilePlan:
        raw = "\r\n".join([f"{method} {target} HTTP/{version}", "Host: a", *lines, "", ""])
        head = request_head(raw.encode())
        self.head = head
        return self.route.plan(head, {}, target.partition("?")[0].encode(), b"")

    def answer(self, plan: FilePlan, carrier: FakeCarrier | None = None, own: bytes = b"") -> bytes:
        carrier = carrier or FakeCarrier()
        carrier.own_fields = own
        self.route.carry_out(plan, Request(self.head, carrier))
        assert len(carrier.written) <= 1
        return carrier.output

    def ask(self, target: str, *lines: str, method: str = "GET") -> bytes:
        return self.answer(self.plan(target, *lines, method=method))

    def pass_time(self, seconds: float) -> None:
        self.route.surroundings.engine.sweeper.now += seconds


@pytest.fixture
def make(root: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    def made(room: int = 1_000_000, told: Any = None, **rules: Any) -> Site:
        engine = Engine(FakeLoop(FakeClock()), Descriptors(10))
        around = Surroundings(engine, None, lambda request: None, told)
        route = FileRoute("a", Tree(str(root)), FileRules(**rules), Shelf(room), around)
        site = Site(route)
        real = Tree.open

        def counted(tree: Tree, path: bytes) -> Any:
            site.looks.append(path)
            return real(tree, path)

        monkeypatch.setattr(Tree, "open", counted)
        return site

    return made


def status(answer: bytes) -> int:
    return int(answer.split(b" ")[1])


def body(answer: bytes) -> bytes:
    return answer.partition(b"\r\n\r\n")[2]


class TestFileInMemory:
    def test_is_looked_at_once_a_second(self, make: Any, root: Path) -> None:
        site = make(precompressed=False)
        assert body(site.ask("/b.bin")) == b"12345"
        (root / "b.bin").write_bytes(b"other")
        site.pass_time(0.9)
        assert body(site.ask("/b.bin")) == b"12345"
        assert site.looks == [b"b.bin"]
        site.pass_time(0.2)
        assert body(site.ask("/b.bin")) == b"other"

    def test_is_not_read_again_if_it_is_the_same(self, make: Any) -> None:
        site = make()
        site.ask("/b.bin")
        kept = site.route.shelf.find(site.plan("/b.bin").key)
        site.pass_time(2.0)
        site.ask("/b.bin")
        assert site.route.shelf.find(site.plan("/b.bin").key) is kept

    def test_is_one_string_for_a_head_that_came_before(self, make: Any) -> None:
        site = make()
        plan = site.plan("/b.bin")
        carriers = [FakeCarrier() for _ in range(3)]
        loop: Any = site.route.surroundings.engine.loop
        timers = loop.timers_armed
        for carrier in carriers:
            site.answer(plan, carrier)
        assert (loop.timers_armed, loop._soon) == (timers, [])
        assert carriers[1].written[0] is carriers[2].written[0]
        assert carriers[1].output == carriers[0].output
        assert [carrier.asked for carrier in carriers] == [["done"]] * 3

    def test_says_more_where_it_has_to(self, make: Any) -> None:
        site = make()
        plan = site.plan("/b.bin")
        site.answer(plan)
        assert b"\r\nX-A: b\r\n" in site.answer(plan, own=b"X-A: b\r\n")
        last = site.answer(plan, FakeCarrier(closes=True))
        assert b"\r\nConnection: close\r\n" in last
        assert body(last) == b"12345"
        old = site.plan("/b.bin", version="1.0")
        site.answer(old)
        assert b"\r\nConnection: close\r\n" in site.answer(old, FakeCarrier(closes=True))

    def test_has_the_date_of_now(self, make: Any) -> None:
        site = make()
        plan, engine = site.plan("/b.bin"), site.route.surroundings.engine
        for date in (b"Date: one\r\n", b"Date: two\r\n", b"Date: two\r\n"):
            engine.date_line = date
            assert date in site.answer(plan)

    def test_is_of_the_directory_that_has_the_name_now(self, make: Any, root: Path) -> None:
        site = make()
        site.ask("/b.bin")
        before = root.rename(root.with_name("before"))
        root.mkdir()
        (root / "b.bin").write_bytes(b"new")
        site.pass_time(1.1)
        assert body(site.ask("/b.bin")) == b"new"
        assert (before / "b.bin").read_bytes() == b"12345"

    def test_is_not_needed(self, make: Any) -> None:
        site = make(room=0)
        for _ in range(2):
            assert body(site.ask("/b.bin")) == b"12345"

    def test_that_made_room_is_read_again(self, make: Any) -> None:
        site = make(room=2_000)
        plan = site.plan("/b.bin")
        site.answer(plan)
        site.ask("/lost.html")
        assert site.route.shelf.find(plan.key) is None
        assert body(site.answer(plan)) == b"12345"

    def test_answers_head_without_a_body(self, make: Any) -> None:
        site = make()
        plan = site.plan("/b.bin", method="HEAD")
        for _ in range(3):
            answer = site.answer(plan)
            assert b"\r\nContent-Length: 5\r\n" in answer
            assert body(answer) == b""

    def test_has_parts(self, make: Any) -> None:
        site = make()
        plan = site.plan("/b.bin", "Range: bytes=1-2")
        for _ in range(3):
            answer = site.answer(plan)
            assert (status(answer), body(answer)) == (206, b"23")

    def test_is_not_sent_again_to_who_has_it(self, make: Any) -> None:
        site = make()
        plan = site.plan("/b.bin", "If-None-Match: *")
        assert [status(site.answer(plan)) for _ in range(3)] == [304] * 3

    def test_that_is_written_just_now_is_no_answer(
        self, make: Any, root: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        site, carrier = make(), FakeCarrier()
        monkeypatch.setattr("hedgerow.serve.files.finding.os.pread", lambda *_: b"")
        site.answer(site.plan("/b.bin"), carrier)
        assert (carrier.output, carrier.asked) == (b"", ["abort"])


class TestSmallerBody:
    def test_is_what_those_get_who_take_it(self, make: Any) -> None:
        site = make()
        for _ in range(2):
            assert b"\r\nContent-Encoding: gzip\r\n" in site.ask("/a.txt", "Accept-Encoding: gzip")
            assert body(site.ask("/a.txt")) == TEXT.encode()
            site.pass_time(2.0)

    def test_has_no_parts(self, make: Any) -> None:
        """Whoever has a part of it cannot be sure to get the rest of the very same."""
        site = make()
        site.ask("/a.txt", "Accept-Encoding: gzip")
        answer = site.ask("/a.txt", "Accept-Encoding: gzip", "Range: bytes=0-3")
        assert (status(answer), body(answer)) == (206, b"some")

    def test_is_made_once(self, make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        made: list[bytes] = []

        def useless(data: bytes) -> None:
            made.append(data)

        monkeypatch.setattr("hedgerow.serve.files.shrinking.shrunk", useless)
        site = make()
        for _ in range(3):
            assert body(site.ask("/a.txt", "Accept-Encoding: gzip")) == TEXT.encode()
            site.pass_time(2.0)
        assert len(made) == 1

    def test_is_not_made_where_that_is_off(self, make: Any) -> None:
        site = make(compress=False)
        assert body(site.ask("/a.txt", "Accept-Encoding: gzip")) == TEXT.encode()


class TestPageThatIsNotThere:
    def test_is_the_one_for_all(self, make: Any) -> None:
        site = make(fallback=b"app.html")
        plan = site.plan("/user/7", "Accept: text/html")
        for _ in range(3):
            answer = site.answer(plan)
            assert (status(answer), body(answer)) == (200, b"<h1>app</h1>")
            assert b"\r\nVary: Accept, Accept-Encoding\r\n" in answer
        assert site.looks.count(b"user/7") == 1

    def test_is_not_that_one_for_who_takes_no_html(self, make: Any) -> None:
        site = make(fallback=b"app.html")
        answer = site.ask("/app.js", "Accept: */*")
        assert status(answer) == 404
        assert b"\r\nVary: Accept\r\n" in answer
        assert status(site.ask("/", "Accept: text/html", method="POST")) == 405

    def test_is_missing_where_the_one_for_all_is(self, make: Any) -> None:
        assert status(make(fallback=b"nothing.html").ask("/x", "Accept: text/html")) == 404

    def test_is_said_to_be_missing_by_a_page_that_is_kept(self, make: Any) -> None:
        site = make(not_found=b"lost.html", precompressed=False)
        for target in ("/x", "/y", "/z"):
            answer = site.ask(target)
            assert (status(answer), body(answer)) == (404, b"<h1>lost</h1>")
        assert site.looks.count(b"lost.html") == 1

    def test_is_said_to_be_missing_all_the_same(self, make: Any) -> None:
        answer = make(not_found=b"nothing.html").ask("/x")
        assert status(answer) == 404
        assert b"application/problem+json" in answer

    def test_appears_after_a_second(self, make: Any, root: Path) -> None:
        site = make(fallback=b"app.html")
        plan = site.plan("/new.html", "Accept: text/html")
        site.answer(plan)
        (root / "new.html").write_text("new")
        site.pass_time(1.1)
        assert body(site.answer(plan)) == b"new"


class TestWithoutDescriptors:
    def test_comes_back_later(self, make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        def none_left(tree: Tree, path: bytes) -> Any:
            raise OSError(errno.EMFILE, "too many open files")

        site = make()
        monkeypatch.setattr(Tree, "open", none_left)
        answer = site.ask("/b.bin")
        assert status(answer) == 503
        assert b"\r\nRetry-After: 1\r\n" in answer


class TestWhoeverWantsToKnow:
    def test_is_told_of_each_once(self, make: Any) -> None:
        told: list[int] = []

        def answered(request: Request, seconds: float, durations: Durations | None) -> None:
            told.append(request.status)

        site = make(told=answered)
        plan = site.plan("/b.bin")
        for _ in range(2):
            site.answer(plan)
        site.ask("/b.bin", "If-None-Match: *")
        site.ask("/b.bin", 'If-Match: "x"')
        site.ask("/b.bin", "Range: bytes=9-")
        site.ask("/b.bin", "Range: bytes=0-1")
        site.ask("/nothing")
        site.ask("/b.bin", method="POST")
        assert told == [200, 200, 304, 412, 416, 206, 404, 405]


def test_nothing_stays_open(make: Any, root: Path) -> None:
    (root / "big.txt").write_bytes(b"x" * 100_000)
    site = make(fallback=b"app.html", not_found=b"lost.html")
    site.ask("/b.bin")
    before = len(os.listdir("/proc/self/fd"))
    for target in ("/b.bin", "/a.txt", "/nothing", "/dir", "/dir/", "/b.bin/", "/lost.html"):
        for lines in ((), ("Accept-Encoding: gzip",), ("Accept: text/html",), ("Range: bytes=9-",)):
            for method in ("GET", "HEAD", "POST"):
                site.ask(target, *lines, method=method)
    for line in ("If-None-Match: *", 'If-Match: "x"', "Range: bytes=999999-"):
        site.ask("/big.txt", line)
    site.ask("/big.txt", method="HEAD")
    assert len(os.listdir("/proc/self/fd")) == before
