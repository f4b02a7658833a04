"""``hedgerow tune``: from logs to a line of settings."""

import random
from pathlib import Path

import pytest

from hedgerow.cli.main import run
from hedgerow.cli.tune_settings import is_taken


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write_log(name: str = "access.log", count: int = 2500) -> None:
    """Write what the gateway logs of an upstream that is slow now and then."""
    randomness = random.Random(2)
    lines = []
    for number in range(count):
        slow = randomness.random() < 0.05
        took = round(randomness.uniform(400, 500) if slow else randomness.uniform(5, 9))
        path = f"/{'ab'[number % 2]}/{number}"
        lines.append(f'2026-11-27T03:00:00.000Z ::1 "GET {path}" 200 12 {took}.0ms r1 200')
    Path(name).write_text("\n".join(lines) + "\n")


def told(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert run(["tune", *words]) == 0
    return capsys.readouterr().out


class TestAnswer:
    def test_ends_with_a_line_to_paste(self, capsys: pytest.CaptureFixture[str]) -> None:
        write_log()
        out = told(capsys, "access.log", "--budget", "6%")
        assert "access.log (hedgerow): 2,500 requests" in out
        assert "p99 falls from" in out
        line = next(line for line in out.splitlines() if line.startswith("hedge = "))
        assert is_taken(line.removeprefix("hedge = ").partition("  #")[0])
        assert 'budget = "6%"' in line

    def test_finds_a_budget_where_none_is_given(self, capsys: pytest.CaptureFixture[str]) -> None:
        write_log()
        out = told(capsys, "access.log")
        assert "Taken: 5%, beyond which little is gained." in out

    def test_tells_what_it_assumed(self, capsys: pytest.CaptureFixture[str]) -> None:
        write_log(count=300)
        assert "however slow its primary was" in told(capsys, "access.log", "--budget", "5%")
        words = ("access.log", "--budget", "5%", "--correlation", "50%")
        assert "keeps 50% of its primary's slowness" in told(capsys, *words)

    def test_takes_copies_as_logged_where_they_are(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        Path("pairs").write_text("10 10\n" * 95 + "1000 12\n" * 5)
        out = told(capsys, "pairs", "--budget", "10%")
        assert "Copies take what the log says" in out
        assert "from 1s to 22ms" in out

    def test_is_the_same_again(self, capsys: pytest.CaptureFixture[str]) -> None:
        write_log(count=300)
        words = ("access.log", "--budget", "6%", "--seed", "5")
        assert told(capsys, *words) == told(capsys, *words)

    def test_may_be_that_nothing_helps(self, capsys: pytest.CaptureFixture[str]) -> None:
        Path("flat").write_text("10\n" * 2000)
        out = told(capsys, "flat", "--budget", "5%")
        assert 'hedge = {delay = "off"}' in out
        assert "Beware" not in out

    def test_is_given_for_each_route(self, capsys: pytest.CaptureFixture[str]) -> None:
        write_log(count=600)
        out = told(capsys, "access.log", "--budget", "6%", "--by", "path", "--top", "1")
        assert "GET /a/{id}" in out
        assert "GET /b/{id}" not in out


class TestMistake:
    def refused(self, capsys: pytest.CaptureFixture[str], code: int, *words: str) -> str:
        assert run(["tune", *words]) == code
        return capsys.readouterr().err

    def test_of_giving_no_log_is_told(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert "ACCESS_LOG" in self.refused(capsys, 2)

    def test_of_a_log_that_is_not_there_names_it(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert "nowhere.log" in self.refused(capsys, 1, "nowhere.log")

    def test_of_a_log_that_is_none_shows_a_line(self, capsys: pytest.CaptureFixture[str]) -> None:
        Path("notes.txt").write_text("hello\nworld\n")
        assert "'hello'" in self.refused(capsys, 2, "notes.txt")

    def test_of_a_log_without_requests_that_count_says_why(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        Path("x.log").write_text('{"method": "POST", "status": 200, "request_time": 1}\n')
        assert "--method all" in self.refused(capsys, 2, "x.log")
