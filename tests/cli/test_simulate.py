"""``hedgerow simulate``: its flags, files, texts, and what it refuses."""

import json
import os
import signal
from pathlib import Path

import pytest

from hedgerow.cli.main import FINE, INTERRUPTED, USAGE, run
from hedgerow.simulate import Run
from hedgerow.simulate.tables import TABLES

SMALL = """
title = "small ones"
requests = 400
[upstream]
replicas = 2
latency = "exponential:10ms"
[[row]]
label = "none"
[[row]]
label = "hedged"
route.hedge = { delay = "30ms", budget = "10%" }
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "mine.toml"
    path.write_text(SMALL)
    return path


class TestList:
    def test_tells_every_name(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(["simulate", "--list"]) == FINE
        lines = capsys.readouterr().out.splitlines()
        assert [line.split()[0] for line in lines] == [*TABLES, "workers"]

    def test_is_not_needed_for_help(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(["simulate", "--help"]) == FINE
        assert "hedgerow simulate copies" in capsys.readouterr().out


class TestFile:
    def test_is_simulated_row_by_row(self, file: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(["simulate", str(file)]) == FINE
        out = capsys.readouterr().out
        assert out.startswith("mine: small ones\n")
        assert [line.split()[0] for line in out.splitlines()[2:4]] == ["none", "hedged"]

    def test_gives_the_same_text_for_the_same_seed(
        self, file: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        outs = []
        for seed in ("3", "3", "4"):
            assert run(["simulate", str(file), "--seed", seed]) == FINE
            outs.append(capsys.readouterr().out)
        assert outs[0] == outs[1] != outs[2]

    def test_may_replay_recorded_latencies(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (tmp_path / "samples.txt").write_text("0.005\n5ms\n")
        path = tmp_path / "replayed.toml"
        path.write_text(f'requests = 50\nupstream.latency = "replay:{tmp_path}/samples.txt"\n')
        assert run(["simulate", str(path), "--json", "-"]) == FINE
        (row,) = json.loads(capsys.readouterr().out)["rows"]
        assert row["figures"]["response"]["min"] >= 5000


class TestNamed:
    def test_can_be_narrowed_and_sized(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        result = tmp_path / "result.json"
        words = ["--only", "M/M/1, load 0.3", "-n", "500", "-r", "2", "--json", str(result)]
        assert run(["simulate", "queues", *words]) == FINE
        (row,) = json.loads(result.read_text())["rows"]
        assert (row["label"], row["repeats"]) == ("M/M/1, load 0.3", 2)
        assert row["figures"]["requests"] == 2 * 475
        assert row["simulation"]["requests"] == 500
        assert "closed form" in capsys.readouterr().out


class TestMistake:
    @pytest.mark.parametrize(
        ("words", "facts"),
        [
            ([], ("simulation", "a name or a file", "--list")),
            (["copy"], ("'copy'", "copies")),
            (["missing.toml"], ("missing.toml", "a file that can be read")),
            (["copies", "-n", "0"], ("--requests = 0",)),
            (["copies", "--repeat", "0"], ("--repeat = 0",)),
            (["copies", "--only", "nothing"], ("--only", "1+1 after 10 ms")),
        ],
    )
    def test_is_named(
        self, words: list[str], facts: tuple[str, ...], capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert run(["simulate", *words]) == USAGE
        message = capsys.readouterr().err
        assert all(fact in message for fact in facts), message

    @pytest.mark.parametrize(
        ("text", "fact"),
        [
            ("requests = ", "a TOML file"),
            ("upstream.latncy = '1ms'", "Did you mean latency?"),
            ("upstream.latency = 'replay:nowhere'", "nowhere"),
            ("[[row]]\n[[row]]\nupstream.workers = 'some'", "upstream.workers"),
        ],
    )
    def test_in_a_file_is_told_before_anything_runs(
        self, text: str, fact: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        path = tmp_path / "wrong.toml"
        path.write_text(text)
        assert run(["simulate", str(path)]) == USAGE
        captured = capsys.readouterr()
        assert fact in captured.err
        assert captured.out == ""


class TestInterrupt:
    def test_leaves_what_there_is_so_far(
        self, file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        step = Run.advance

        def interrupted(self: Run, events: int = 0) -> bool:
            if self.simulation.route.hedge.delay != "off":
                os.kill(os.getpid(), signal.SIGINT)
            return step(self, 100)

        monkeypatch.setattr(Run, "advance", interrupted)
        assert run(["simulate", str(file)]) == INTERRUPTED
        out = capsys.readouterr().out
        assert "INTERRUPTED" in out
        assert "hedged" in out
