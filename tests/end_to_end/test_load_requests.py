"""What goes out is what was asked for; the server that gets it is the judge."""

import base64
import json
import subprocess
import uuid
from pathlib import Path

import pytest

from tests.end_to_end.load_runs import load
from tests.fakes.processes import command, environment
from tests.fakes.recording_server import RecordingServer, Seen, answer


def sent(folder: Path, *words: str, path: str = "/") -> list[Seen]:
    """Load a server that says yes to everything, and return what it saw."""
    with RecordingServer() as server:
        run = load(folder, f"{server.url}{path}", *words)
    assert run.code == 0, run.told
    assert run.document.requests.total == len(server.seen)
    return server.seen


def one(folder: Path, *words: str, path: str = "/") -> Seen:
    (seen,) = sent(folder, "-n", "1", "-c", "1", *words, path=path)
    return seen


class TestRequest:
    def test_is_a_plain_get_that_asks_for_no_compression(self, tmp_path: Path) -> None:
        seen = one(tmp_path, path="/a%20b?c=d")
        assert (seen.method, seen.target, seen.body) == ("GET", "/a%20b?c=d", b"")
        assert str(seen.get("Host")).startswith("127.0.0.1:")
        assert str(seen.get("User-Agent")).startswith("hedgerow/")
        assert seen.fields[0][0] == "Host"
        absent = ("Accept-Encoding", "Content-Length", "Content-Type", "Cookie", "Connection")
        assert all(seen.get(name) is None for name in absent)

    def test_has_the_users_fields_instead_of_ours(self, tmp_path: Path) -> None:
        words = ("-H", "User-Agent: me", "-H", "host: shop.example", "-H", "Accept: text/html")
        seen = one(tmp_path, *words, "-H", "X-Two: 1", "-H", "X-Two: 2")
        assert seen.all("User-Agent") == ["me"]
        assert seen.all("Host") == ["shop.example"]
        assert seen.all("Accept") == ["text/html"]
        assert seen.all("X-Two") == ["1", "2"]

    @pytest.mark.parametrize("method", ["delete", "PURGE"])
    def test_has_the_method(self, tmp_path: Path, method: str) -> None:
        assert one(tmp_path, "-m", method).method == method.upper()

    def test_with_head_expects_no_body(self, tmp_path: Path) -> None:
        with RecordingServer(lambda _: b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n") as server:
            run = load(tmp_path, server.url, "-m", "HEAD", "-n", "3", "-c", "1")
        assert run.document.requests.ok == 3
        assert {seen.method for seen in server.seen} == {"HEAD"}
        assert server.connections == 1

    def test_has_the_user_and_password(self, tmp_path: Path) -> None:
        seen = one(tmp_path, "-a", "ann:s:ecret")
        assert seen.get("Authorization") == "Basic " + base64.b64encode(b"ann:s:ecret").decode()


class TestBody:
    def test_from_the_command_line_makes_a_post(self, tmp_path: Path) -> None:
        seen = one(tmp_path, "-b", "a=1&b=ü")
        assert (seen.method, seen.body) == ("POST", "a=1&b=ü".encode())
        assert seen.get("Content-Type") == "application/x-www-form-urlencoded"

    def test_from_a_file_is_every_byte_of_it(self, tmp_path: Path) -> None:
        file = tmp_path / "body"
        file.write_bytes(bytes(range(256)) * 500)
        seen = one(tmp_path, "-b", f"@{file}", "-H", "Content-Type: a/b", "--no-template")
        assert seen.body == file.read_bytes()
        assert seen.all("Content-Type") == ["a/b"]

    def test_from_standard_input(self, tmp_path: Path) -> None:
        with RecordingServer() as server:
            words = ("load", server.url, "-n", "2", "-c", "1", "-b", "-", "--quiet")
            subprocess.run(
                command(words), input=b"from stdin", env=environment(), check=True,
                capture_output=True, timeout=20,
            )  # fmt: skip
        assert [seen.body for seen in server.seen] == [b"from stdin"] * 2

    def test_from_a_form(self, tmp_path: Path) -> None:
        seen = one(tmp_path, "--form", "name=Ann Lee", "--form", "mail={email}")
        assert seen.body.startswith(b"name=Ann+Lee&mail=user0-")
        assert seen.get("Content-Type") == "application/x-www-form-urlencoded"

    def test_in_json(self, tmp_path: Path) -> None:
        seen = one(tmp_path, "--json-body", '{"id": {seq}, "to": "{email}"}', "-m", "put")
        assert (seen.method, json.loads(seen.body)["id"]) == ("PUT", 0)
        assert seen.get("Content-Type") == "application/json"


class TestTemplate:
    def test_values_are_unique_over_processes(self, tmp_path: Path) -> None:
        words = ("-n", "90", "-c", "6", "-w", "3", "-H", "X-Mail: {email}", "-b", "{uuid}")
        seen = sent(tmp_path, *words, path="/{seq}?id={uuid}")
        numbers = {int(one.target[1:].partition("?")[0]) for one in seen}
        assert numbers == set(range(90))
        assert len({one.get("X-Mail") for one in seen}) == 90
        assert len({uuid.UUID(one.body.decode()) for one in seen}) == 90
        assert all(one.target.endswith(one.body.decode()) for one in seen)

    def test_lines_of_a_file_are_dealt_out_before_one_comes_again(self, tmp_path: Path) -> None:
        file = tmp_path / "names"
        file.write_text("".join(f"name{number}\n" for number in range(40)))
        words = ("-n", "40", "-c", "5", "-w", "3")
        seen = sent(tmp_path, *words, path=f"/?name={{line:{file}}}")
        assert sorted(one.target for one in seen) == sorted(f"/?name=name{n}" for n in range(40))

    def test_is_left_alone_where_it_is_switched_off(self, tmp_path: Path) -> None:
        assert one(tmp_path, "--no-template", "-b", "{seq}").body == b"{seq}"


def redirecting(seen: Seen) -> bytes:
    """Three hops: ``/old`` to ``/new`` to ``/last``, with a cookie on the way."""
    where = {"/old": "/new?a=1", "/new?a=1": "/last"}.get(seen.target)
    if where is None:
        return answer("there")
    return answer("", f"Location: {where}", "Set-Cookie: way=1", status="302 Found")


class TestRedirect:
    def test_is_not_followed_unless_asked(self, tmp_path: Path) -> None:
        with RecordingServer(redirecting) as server:
            run = load(tmp_path, f"{server.url}/old", "-n", "4", "-c", "2")
        assert {seen.target for seen in server.seen} == {"/old"}
        assert run.document.status_codes == {"302": 4}
        assert run.code == 0

    @pytest.mark.parametrize("model", [("-u", "2", "-i", "2"), ("-R", "40", "-d", "100ms")])
    def test_is_followed_to_its_end(self, tmp_path: Path, model: tuple[str, ...]) -> None:
        words = (*model, "--follow", "5", "--expect-status", "200", "--expect-body", "there")
        with RecordingServer(redirecting) as server:
            run = load(tmp_path, f"{server.url}/old", *words)
        assert run.code == 0, run.printed
        targets = [seen.target for seen in server.seen]
        assert {target: targets.count(target) for target in targets} == dict.fromkeys(
            ("/old", "/new?a=1", "/last"), 4
        )
        assert run.document.status_codes == {"302": 8, "200": 4}
        assert {row.label for row in run.document.labels} == {"GET /old", "GET /new", "GET /last"}
        assert [s.get("Cookie") for s in server.seen if s.target == "/last"] == ["way=1"] * 4

    def test_is_followed_no_further_than_asked(self, tmp_path: Path) -> None:
        with RecordingServer(redirecting) as server:
            words = ("-u", "1", "-i", "1", "--follow", "1", "--expect-status", "200")
            run = load(tmp_path, f"{server.url}/old", *words)
        assert [seen.target for seen in server.seen] == ["/old", "/new?a=1"]
        assert run.document.errors == {"status_other": 1}

    def test_keeps_templates_and_an_exact_count(self, tmp_path: Path) -> None:
        def moved(seen: Seen) -> bytes:
            if seen.target.startswith("/old"):
                return answer("", f"Location: /new{seen.target[4:]}", status="307 Moved")
            return answer()

        words = ("-n", "40", "-c", "2", "-w", "2", "--follow", "1", "-b", "{email}")
        with RecordingServer(moved) as server:
            run = load(tmp_path, f"{server.url}/old/{{seq}}", *words)
        assert run.document.requests.total == len(server.seen) == 40
        bodies = {seen.body for seen in server.seen}
        assert len(bodies) == 20
        assert {seen.method for seen in server.seen} == {"POST"}
        assert {row.label for row in run.document.labels} == {"POST /old/{seq}"}


def with_cookie(seen: Seen) -> bytes:
    """A session of its own for whoever comes without one."""
    if seen.get("Cookie") is None:
        return answer("new", f"Set-Cookie: id={seen.connection}; Path=/")
    return answer("known")


class TestCookies:
    def test_are_kept_by_each_user(self, tmp_path: Path) -> None:
        with RecordingServer(with_cookie) as server:
            load(tmp_path, server.url, "-u", "3", "-i", "4")
        assert sorted(seen.get("Cookie") or "" for seen in server.seen) == sorted(
            [""] * 3 + [f"id={user}" for user in (1, 2, 3)] * 3
        )
        assert all(s.get("Cookie") in (None, f"id={s.connection}") for s in server.seen)

    def test_are_forgotten_on_request(self, tmp_path: Path) -> None:
        with RecordingServer(with_cookie) as server:
            load(tmp_path, server.url, "-u", "2", "-i", "3", "--no-cookies")
        assert [seen.get("Cookie") for seen in server.seen] == [None] * 6

    def test_are_not_those_of_the_user_before(self, tmp_path: Path) -> None:
        with RecordingServer(with_cookie) as server:
            load(tmp_path, server.url, "-u", "2", "-i", "3", "--new-user-each-iteration")
        assert [seen.get("Cookie") for seen in server.seen] == [None] * 6
        assert server.connections == 6

    def test_come_after_the_requests_own(self, tmp_path: Path) -> None:
        with RecordingServer(lambda _: answer("", "Set-Cookie: theirs=2")) as server:
            load(tmp_path, server.url, "-u", "1", "-i", "2", "-H", "Cookie: mine=1")
        assert [s.get("Cookie") for s in server.seen] == ["mine=1", "mine=1; theirs=2"]
