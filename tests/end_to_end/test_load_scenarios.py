"""Scenario files as people write them, played against a real server."""

import collections
import shlex
import subprocess
from pathlib import Path
from typing import Final

import pytest

from hedgerow.cli.main import run as hedgerow_here
from tests.end_to_end.load_runs import LoadRun, load
from tests.fakes.processes import command, environment
from tests.fakes.recording_server import RecordingServer, Seen, answer

SHOP: Final = """
from hedgerow.load.scenario import check, task

async def start(user):
    await user.post("/login", json={"user": user.number}, label="login")

@task(3)
async def browse(user):
    answer = await user.get("/items", params={"page": 1})
    check(answer, {"has items": answer.text() == "ok"})

@task
async def buy(user):
    await user.post("/buy", data={"seq": user.seq()})

async def stop(user):
    await user.get("/logout")
"""


def played(folder: Path, text: str, *words: str, server: RecordingServer) -> LoadRun:
    file = folder / "scenario.py"
    file.write_text(text)
    return load(folder, str(file), "--base-url", server.url, *words)


class TestUsers:
    def test_start_draw_tasks_by_weight_and_stop(self, tmp_path: Path) -> None:
        with RecordingServer() as server:
            words = ("-u", "4", "-i", "50", "-w", "2", "--seed", "1")
            run = played(tmp_path, SHOP, *words, server=server)
        assert (run.code, run.document.requests.failed) == (0, 0), run.printed
        counts = collections.Counter(seen.target for seen in server.seen)
        assert (counts["/login"], counts["/logout"]) == (4, 4)
        assert counts["/items?page=1"] + counts["/buy"] == 200
        assert 120 <= counts["/items?page=1"] <= 175  # 150 by weight
        bodies = [seen.body for seen in server.seen if seen.target == "/buy"]
        assert len(set(bodies)) == len(bodies)  # numbers are nobody else's, over processes
        assert {seen.body for seen in server.seen if seen.target == "/login"} == {
            b'{"user":%d}' % number for number in range(4)
        }
        labels = {row.label: row.requests.total for row in run.document.labels}
        assert labels["login"] == 4
        assert labels["GET /items"] == counts["/items?page=1"]

    def test_come_at_a_rate(self, tmp_path: Path) -> None:
        text = "async def run(user):\n    await user.get('/a')\n    await user.get('/b')\n"
        with RecordingServer() as server:
            run = played(tmp_path, text, "-R", "50", "-d", "1s", "-w", "2", server=server)
        assert collections.Counter(seen.target for seen in server.seen) == {"/a": 50, "/b": 50}
        assert run.document.iterations_us.count == 50
        assert run.document.config.model == "open"

    def test_have_what_setup_found_out(self, tmp_path: Path) -> None:
        text = (
            "def setup():\n    return {'token': 'secret'}\n"
            "async def run(user):\n"
            "    await user.get('/', headers={'X-Token': user.shared['token']})\n"
        )
        with RecordingServer() as server:
            played(tmp_path, text, "-u", "2", "-i", "1", "-w", "2", server=server)
        assert [seen.get("X-Token") for seen in server.seen] == ["secret"] * 2


class TestFailure:
    def test_of_an_assertion_is_the_requests(self, tmp_path: Path) -> None:
        text = (
            "async def run(user):\n"
            "    answer = await user.get('/')\n"
            "    assert answer.json()['id'] == 7, 'not seven'\n"
        )
        with RecordingServer(lambda _: answer('{"id": 8}')) as server:
            found = played(tmp_path, text, "-u", "2", "-i", "2", server=server).document
        assert (found.requests.total, found.errors) == (4, {"check_failed": 4})
        assert "not seven" in found.error_samples["check_failed"]

    def test_of_code_is_told_with_its_line(self, tmp_path: Path) -> None:
        text = "async def run(user):\n    await user.get('/')\n    {}['price']\n"
        with RecordingServer() as server:
            found = played(tmp_path, text, "-u", "1", "-i", "2", server=server).document
        assert found.errors == {"exception": 2}
        assert "line 3" in found.error_samples["exception"]

    def test_of_the_file_is_told_before_anything_is_sent(self, tmp_path: Path) -> None:
        with RecordingServer() as server:
            run = played(tmp_path, "async def run(user):\n    await user.get(\n", server=server)
        assert run.code == 2
        assert "scenario.py line 2" in run.told
        assert "Traceback" not in run.told
        assert server.connections == 0


class TestOptions:
    TEXT: Final = (
        "options = {'vus': 3, 'iterations': 12, 'thresholds': "
        "{'http_req_duration': ['p(95)<1']}}\n"
        "async def run(user):\n    await user.get('/')\n"
    )

    def test_are_k6s_words_and_promises_too(self, tmp_path: Path) -> None:
        with RecordingServer(lambda _: answer("x" * 3_000_000)) as server:
            run = played(tmp_path, self.TEXT, server=server)
        assert len(server.seen) == 12
        assert run.document.config.users == 3
        assert run.code == 99
        assert not run.document.slo[0].ok

    def test_give_way_to_flags(self, tmp_path: Path) -> None:
        with RecordingServer() as server:
            run = played(tmp_path, self.TEXT, "-u", "2", "-i", "2", server=server)
        assert len(server.seen) == 4
        assert run.document.config.users == 2


class TestCurl:
    @pytest.mark.parametrize(
        "line",
        [
            "{url}/a?b=c%20d -H 'Accept: text/html' -H 'X-A: 1' -A me -e http://from.example/",
            "-X PUT {url}/thing -d a=1 --data-urlencode 'b=x y&z'",
            '{url}/json --json \'{{"id": [1, 2.50, null], "ü": "é"}}\' -u ann:secret',
            "-G {url}/find -d q=1 -d r=2 -b 'a=1; b=2'",
            "-I {url}/head -H 'Host: shop.example' -H 'User-Agent:'",
        ],
    )
    def test_line_becomes_the_request_that_curl_sends(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str], line: str
    ) -> None:
        with RecordingServer() as server:
            words = shlex.split(line.format(url=server.url))
            subprocess.run(["curl", "-s", "-m", "10", *words], capture_output=True, check=True)
            assert hedgerow_here(["scenario", "curl", *words]) == 0
            made = capsys.readouterr().out
            run = played(tmp_path, made, "-i", "1", server=server)
        assert run.document.requests.total == 1, run.told
        theirs, ours = server.seen
        assert essence(ours) == essence(theirs)

    def test_line_may_be_piped_in(self, tmp_path: Path) -> None:
        file = tmp_path / "made.py"
        with RecordingServer() as server:
            subprocess.run(
                command(("scenario", "-", "-o", str(file))),
                input=f"curl '{server.url}/x' -d 'a=1'", text=True, timeout=20, check=True,
                env=environment(), capture_output=True,
            )  # fmt: skip
            load(tmp_path, str(file), "-i", "2")
        assert [(seen.method, seen.body) for seen in server.seen] == [("POST", b"a=1")] * 2


def essence(seen: Seen) -> tuple[str, str, bytes, dict[str, str]]:
    """What a server can see, but who sent it and in which order fields stand."""
    fields = {name.lower(): value for name, value in seen.fields}
    if fields.get("user-agent", "").startswith(("curl/", "hedgerow/")):
        del fields["user-agent"]
    return seen.method, seen.target, seen.body, fields
