"""Command lines of ``hedgerow load``: what plan each becomes, and what is refused."""

import io
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from hedgerow.cli import main as cli

URL = "http://a.example/x"


def shown(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    """The plan of a command line."""
    code = cli.run(["load", "--show-plan", *words])
    captured = capsys.readouterr()
    assert code == 0, captured.err
    return json.loads(captured.out)


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """What a command line is answered that cannot be carried out."""
    assert cli.run(["load", "--show-plan", *words]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    return captured.err


def at(plan: Any, path: str) -> Any:
    """What stands in a plan at ``model.users``."""
    for name in path.split("."):
        plan = plan[name]
    return plan


class TestModel:
    @pytest.mark.parametrize(
        ("words", "path", "value"),
        [
            ("", "model.type", "closed"),
            ("", "model.users", 50),
            ("", "duration", 10.0),
            ("-c100", "model.users", 100),
            ("-n 10", "model.users", 10),
            ("-n 10", "duration", None),
            ("-n10k", "requests", 10_000),
            ("-n 1.5M", "requests", 1_500_000),
            ("-n 100 -d 5s", "duration", 5.0),
            ("-d30", "duration", 30.0),
            ("-d30s", "duration", 30.0),
            ("-z 1m30s", "duration", 90.0),
            ("-u 100 --ramp-up 30s", "model.ramp_up", 30.0),
            ("-u 3 -i 7", "model.iterations", 7),
            ("-u 3 -i 7", "duration", None),
            ("--think 1s..3s", "model.think_time", {"low": 1.0, "high": 3.0}),
            ("--think 2s", "model.think_time", {"low": 2.0, "high": 2.0}),
            ("--new-user-each-iteration", "model.new_user_each_iteration", True),
            ("--no-cookies", "model.keeps_cookies", False),
            ("-s 30s:100 -s 1m:20", "model.users", 100),
            ("-s 30s:100 -s 1m:20", "duration", 90.0),
            ("-s 30s:100 -W 10s", "duration", 20.0),
            ("-W 5s -d 10s", "warm_up", 5.0),
        ],
    )
    def test_of_users_follows_the_words(
        self, capsys: pytest.CaptureFixture[str], words: str, path: str, value: object
    ) -> None:
        assert at(shown(capsys, URL, *words.split()), path) == value

    @pytest.mark.parametrize(
        ("words", "path", "value"),
        [
            ("-R 200", "model.type", "open"),
            ("-R 200", "model.start_rate", 200.0),
            ("-R 200", "model.spacing", "even"),
            ("-R 200", "model.max_connections", None),
            ("-R 200", "duration", 10.0),
            ("-q 1.2k", "model.start_rate", 1200.0),
            ("-R 120/m", "model.start_rate", 2.0),
            ("-R 200 -c 64", "model.max_connections", 64),
            ("-R 200 --arrivals poisson", "model.spacing", "poisson"),
            ("-R 200 --deadline 250ms", "model.shed_after", 0.25),
            ("-R 100:500 -d 20s", "model.start_rate", 100.0),
            ("-R 100:500 -d 20s", "model.stages", [{"seconds": 20.0, "target": 500.0}]),
            ("-R 0:500 -d 20s", "model.type", "open"),
            ("-s 30s:100/s -s 10s:60/m", "model.start_rate", 0.0),
            ("-s 30s:100/s -s 10s:60/m", "duration", 40.0),
            ("-R 50 -s 30s:100/s", "model.start_rate", 50.0),
            ("-s 30s:100/s -c 9", "model.max_connections", 9),
        ],
    )
    def test_of_a_rate_follows_the_words(
        self, capsys: pytest.CaptureFixture[str], words: str, path: str, value: object
    ) -> None:
        assert at(shown(capsys, URL, *words.split()), path) == value

    def test_spends_the_warm_up_where_a_ramp_begins(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        plan = shown(capsys, URL, "-R", "100:500", "-d", "20s", "-W", "5s")
        stages = [(stage["seconds"], stage["target"]) for stage in at(plan, "model.stages")]
        assert stages == [(5.0, 100.0), (20.0, 500.0)]
        assert plan["duration"] == 20.0


class TestWordsOfOtherTools:
    @pytest.mark.parametrize(
        ("words", "facts"),
        [
            ("-t4 -c100 -d30s", ["-t = '4'", "-w 4", "-t 4s"]),  # wrk: threads
            ("-d body=1", ["-d = 'body=1'", "-b"]),  # hey, curl: a body
            ("-u 5 -R 10", ["-u = 5", "-R", "-c"]),
        ],
    )
    def test_that_would_be_misread_are_refused_with_what_to_write(
        self, capsys: pytest.CaptureFixture[str], words: str, facts: Sequence[str]
    ) -> None:
        told = refused(capsys, URL, *words.split())
        assert all(fact in told for fact in facts), told


class TestCombination:
    @pytest.mark.parametrize(
        ("words", "facts"),
        [
            ("-u 5 -c 5", ["-c", "-u"]),
            ("-u 5 -s 30s:10", ["-u", "-s"]),
            ("-c 5 -s 30s:10", ["-c", "-s"]),
            ("--ramp-up 5s -s 30s:10", ["--ramp-up", "-s"]),
            ("-R 5 -s 30s:10", ["-s", "-R", "30s:100/s"]),
            ("-s 30s:10 -s 30s:10/s", ["-s", "30s:10/s"]),
            ("-R 5:10 -s 30s:10/s", ["-R", "-s"]),
            ("-R 5:10 -n 100", ["-R", "-d"]),
            ("-R 0:10 -W 5s -d 5s", ["-R", "-W"]),
            ("-R 0 -c 5", ["-R", "-c 100"]),
            ("-R 5 --ramp-up 3s", ["--ramp-up", "-R A:B"]),
            ("-R 5 -i 3", ["-i", "-n"]),
            ("-R 5 --think 1s", ["--think", "-R"]),
            ("-R 5 --new-user-each-iteration", ["--new-user-each-iteration", "-R"]),
            ("-R 5 --no-cookies", ["--no-cookies", "-R"]),
            ("--arrivals poisson", ["--arrivals", "-R"]),
            ("--deadline 1s", ["--deadline", "-R", "-t"]),
            ("-s 5s:10 -W 5s", ["-W", "stages"]),
            ("-s 5s:0", ["-s", "above 0"]),
            ("-s 5s:0/s", ["-R", "above 0"]),
            ("-k --ca-file x.pem", ["--ca-file", "-k"]),
            ("--abort-on-fail", ["--abort-on-fail", "--slo"]),
            ("--cluster-tls a,b,c", ["--cluster-tls", "--cluster"]),
            ("-b x --form a=b", ["--form", "-b"]),
            ("--base-url http://b", ["--base-url", "scenario"]),
        ],
    )
    def test_that_means_nothing_names_both_and_the_way_out(
        self, capsys: pytest.CaptureFixture[str], words: str, facts: Sequence[str]
    ) -> None:
        told = refused(capsys, URL, *words.split())
        assert all(fact in told for fact in facts), told


class TestValue:
    @pytest.mark.parametrize(
        "words",
        [
            "-c 0", "-c 1.5", "-n none", "-n -5", "-R fast", "-R 5:", "-R 5/x", "-d 0s", "-t 0s",
            "-t soon", "-W 5", "--arrivals odd", "--think 3s..1s", "-s 30:100", "-s 30s", "-s 5s:x",
            "-i 0", "-w some", "--seed x", "--follow x", "--slo p99", "--cluster dask://x",
            "--expect-status 600", "--expect-body [", "--connect-to a", "--timeout 5",
        ],
    )  # fmt: skip
    def test_that_cannot_be_read_is_named(
        self, capsys: pytest.CaptureFixture[str], words: str
    ) -> None:
        flag, _, value = words.partition(" ")
        told = refused(capsys, URL, f"{flag}={value}" if flag.startswith("--") else flag + value)
        assert value in told


class TestRequest:
    def test_is_a_get_of_the_url(self, capsys: pytest.CaptureFixture[str]) -> None:
        work = shown(capsys, "http://a.example/x?y={seq}")["work"]
        assert (work["method"], work["label"]) == ("GET", "GET /x")
        assert work["url"] == "http://a.example/x?y={seq}"

    @pytest.mark.parametrize(
        ("text", "url"),
        [
            ("localhost:8080", "http://localhost:8080"),
            (":8080/x", "http://127.0.0.1:8080/x"),
            ("https://a.example/", "https://a.example/"),
        ],
    )
    def test_takes_short_urls(
        self, capsys: pytest.CaptureFixture[str], text: str, url: str
    ) -> None:
        assert shown(capsys, text)["work"]["url"] == url

    def test_with_a_body_is_a_post(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert shown(capsys, URL, "-b", "x")["work"]["method"] == "POST"
        assert shown(capsys, URL, "-b", "x", "-m", "put")["work"]["method"] == "PUT"

    def test_may_have_a_body_that_looks_like_a_flag(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert shown(capsys, URL, "-b", "-x")["work"]["body"] == "LXg="

    def test_is_the_same_wherever_the_url_stands(self, capsys: pytest.CaptureFixture[str]) -> None:
        seed = ("--seed", "1")
        before = shown(capsys, "-c", "5", "-k", *seed, URL)
        assert before == shown(capsys, URL, "-c5", "-k", *seed)

    @pytest.mark.parametrize("url", ["ftp://a/", "http://", "http://a:99999/", "http://{seq}/"])
    def test_needs_a_url_that_can_be_sent_to(
        self, capsys: pytest.CaptureFixture[str], url: str
    ) -> None:
        assert url in refused(capsys, url)

    def test_that_cannot_be_made_is_refused_before_the_run(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert "{rand:1..100}" in refused(capsys, f"{URL}?{{rand:5}}")

    def test_reads_its_body_from_stdin(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"hello")))
        assert shown(capsys, URL, "-b", "-")["work"]["body"] == "aGVsbG8="


class TestScenario:
    def written(self, folder: Path, options: str) -> str:
        path = folder / "shop.py"
        path.write_text(f"options = {options}\nasync def run(user): ...\n")
        return str(path)

    def test_is_played_by_one_user_where_nothing_is_said(
        self, capsys: pytest.CaptureFixture[str], tmp_path: Path
    ) -> None:
        plan = shown(capsys, self.written(tmp_path, "{}"))
        assert (at(plan, "model.users"), plan["duration"]) == (1, 10.0)

    def test_says_itself_how_it_is_played(
        self, capsys: pytest.CaptureFixture[str], tmp_path: Path
    ) -> None:
        options = "{'vus': 7, 'duration': '20s', 'timeout': '2s', 'base_url': 'http://b'}"
        plan = shown(capsys, self.written(tmp_path, options))
        assert (at(plan, "model.users"), plan["duration"], plan["timeout"]) == (7, 20.0, 2.0)
        assert plan["base_url"] == "http://b"

    def test_gives_way_to_flags(self, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
        path = self.written(tmp_path, "{'users': 7, 'duration': '20s', 'think': '1s'}")
        plan = shown(capsys, path, "-R", "50", "-d", "5s", "--base-url", ":8080")
        assert (at(plan, "model.start_rate"), plan["duration"]) == (50.0, 5.0)
        assert plan["base_url"] == "http://127.0.0.1:8080"

    @pytest.mark.parametrize("flag", ["-m=PUT", "-b=x", "-H=A: b", "-a=u:p", "--no-template"])
    def test_says_itself_what_is_sent(
        self, capsys: pytest.CaptureFixture[str], tmp_path: Path, flag: str
    ) -> None:
        told = refused(capsys, self.written(tmp_path, "{}"), flag)
        assert "scenario" in told

    def test_must_be_there(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert "nowhere.py" in refused(capsys, "nowhere.py")


class TestTarget:
    def test_must_be_given(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert "hedgerow load http://" in refused(capsys)

    def test_is_one(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert "after --" in refused(capsys, URL, "sleep", "5")

    def test_may_be_followed_by_a_server_with_flags_of_its_own(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        plan = shown(capsys, URL, "-c", "5", "--", "uvicorn", "-c", "9", "--help", "--", "x")
        assert at(plan, "model.users") == 5

    def test_is_not_followed_by_no_server(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert "--" in refused(capsys, URL, "--")


class TestSeed:
    def test_is_another_one_each_time_unless_it_is_given(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        drawn = {shown(capsys, URL)["seed"] for _ in range(5)}
        assert len(drawn) > 1
        assert shown(capsys, URL, "--seed", "7")["seed"] == 7
