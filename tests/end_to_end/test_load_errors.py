"""Every way in which a request can fail, brought about by a real server, and its class."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from hedgerow.report import Document, read_document
from tests.end_to_end.load_runs import load
from tests.fakes.misbehaving import (
    OK,
    Behaviour,
    MisbehavingServer,
    answers_after,
    drips,
    never_answers,
    resets,
    says,
    says_and_closes,
)
from tests.fakes.processes import hedgerow


def result(folder: Path, *words: str) -> Document:
    return load(folder, *words).document


def answer(status: str, body: str = "{}") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()


@pytest.fixture
def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


@pytest.fixture
def full_port() -> Iterator[int]:
    """A listener that accepts nobody and has no room in its queue."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        port = listener.getsockname()[1]
        waiting = [socket.socket() for _ in range(4)]
        for client in waiting:
            client.setblocking(False)
            client.connect_ex(("127.0.0.1", port))
        yield port
        for client in waiting:
            client.close()


class TestServerThatMisbehaves:
    @pytest.mark.parametrize(
        ("behaviour", "words", "kind"),
        [
            (resets, (), "reset"),
            (says_and_closes(b""), (), "closed_before_response"),
            (says_and_closes(OK[:-1]), (), "closed_before_response"),
            (says_and_closes(OK[:10]), (), "closed_before_response"),
            (says(b"SSH-2.0-OpenSSH_9.9\r\n\r\n"), (), "protocol"),
            (says(OK.replace(b"2\r\n\r\n", b"2\r\nContent-Length: 3\r\n\r\n")), (), "protocol"),
            (never_answers, ("-t", "200ms"), "timeout"),
            (drips, ("-t", "300ms"), "timeout"),
            (says(answer("404 Not Found")), (), "status_4xx"),
            (says(answer("503 Busy")), (), "status_5xx"),
            (says(answer("200 OK")), ("--expect-status", "204"), "status_other"),
            (says(answer("200 OK")), ("--expect-body", "hello"), "check_failed"),
            (says(answer("200 OK")), ("--expect-json", "id == 3"), "check_failed"),
        ],
        ids=lambda value: value if isinstance(value, str) else None,
    )
    def test_is_counted_as_what_it_did(
        self, tmp_path: Path, behaviour: Behaviour, words: tuple[str, ...], kind: str
    ) -> None:
        with MisbehavingServer(behaviour) as server:
            found = result(tmp_path, server.url, "-n", "6", "-c", "2", *words)
        assert found.errors == {kind: 6}
        assert (found.requests.total, found.requests.ok, found.requests.failed) == (6, 0, 6)
        assert found.error_samples[kind]

    def test_is_not_asked_again_silently(self, tmp_path: Path) -> None:
        with MisbehavingServer(resets) as server:
            result(tmp_path, server.url, "-n", "6", "-c", "2")
            assert server.asked == 6


class TestNoConnection:
    def test_because_nobody_listens(self, tmp_path: Path, closed_port: int) -> None:
        run = load(tmp_path, f"http://127.0.0.1:{closed_port}/", "-n", "5", "-c", "2")
        assert run.document.errors == {"connect_refused": 5}
        assert run.code == 1  # not one good answer

    def test_because_the_name_has_no_address(self, tmp_path: Path) -> None:
        found = result(tmp_path, "http://nobody.invalid/", "-n", "2", "-c", "1")
        assert found.errors == {"dns": 2}

    def test_because_nobody_accepts(self, tmp_path: Path, full_port: int) -> None:
        url = f"http://127.0.0.1:{full_port}/"
        found = result(tmp_path, url, "-n", "2", "-c", "2", "--connect-timeout", "300ms")
        assert found.errors == {"connect_timeout": 2}

    def test_because_it_is_not_tls(self, tmp_path: Path) -> None:
        with MisbehavingServer(says(OK)) as server:
            url = server.url.replace("http:", "https:")
            found = result(tmp_path, url, "-n", "2", "-c", "1", "--connect-timeout", "1s")
        assert found.errors == {"tls": 2}

    def test_because_descriptors_ran_out(self, tmp_path: Path) -> None:
        file = tmp_path / "result.json"
        words = ("-c", "200", "-n", "200", "--json", str(file))
        with (
            MisbehavingServer(answers_after(1.0)) as server,
            hedgerow("load", server.url, *words, descriptors=90, waits=False) as process,
        ):
            process.ended(30)
        found = read_document(file)
        assert found.errors["no_capacity"] > 0
        assert "descriptors" in {reason.kind for reason in found.verdict.reasons}


class TestRequestThatNeverWentOut:
    def test_is_told_when_it_had_waited_too_long(self, tmp_path: Path) -> None:
        with MisbehavingServer(answers_after(0.4)) as server:
            words = ("-R", "20", "-d", "1s", "-c", "1", "--deadline", "100ms")
            found = result(tmp_path, server.url, *words)
        assert found.errors["deadline"] >= 10
        assert found.requests.total == 20
        assert found.requests.ok + found.errors["deadline"] == 20


class TestTimeout:
    def test_stays_in_the_tail(self, tmp_path: Path) -> None:
        with MisbehavingServer(never_answers) as server:
            found = result(tmp_path, server.url, "-n", "4", "-c", "4", "-t", "250ms")
        assert found.latency_us.response.count == 4
        assert found.latency_us.response.min >= 250_000
        assert found.latency_us.response_ok.count == 0


class TestScenarioThatRaises:
    def test_is_counted_by_its_functions_name(self, tmp_path: Path) -> None:
        scenario = tmp_path / "broken.py"
        scenario.write_text(
            "async def run(user):\n    await user.get('/')\n    raise KeyError('price')\n"
        )
        with MisbehavingServer(says(OK)) as server:
            words = ("--base-url", server.url, "-u", "2", "-i", "1")
            found = result(tmp_path, str(scenario), *words)
        assert found.errors == {"exception": 2}
        assert "price" in found.error_samples["exception"]
