"""``hedgerow flaky``: its flags, and what it refuses."""

import inspect
from pathlib import Path

import pytest

from hedgerow.cli import flaky as verb
from hedgerow.cli.main import run
from hedgerow.errors import ConfigError
from hedgerow.faults import SETTINGS


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """What is said about these words."""
    assert run(["flaky", "-p", "0", *words]) == 2
    return capsys.readouterr().err


class TestFlags:
    def test_are_the_settings_of_a_behaviour(self) -> None:
        names = set(inspect.signature(verb.flaky).parameters) - {"host", "port"}
        assert names == SETTINGS.keys()

    def test_show_the_help_of_their_settings(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(["flaky", "--help"]) == 0
        shown = capsys.readouterr().out
        assert all(setting.flag in shown for setting in SETTINGS.values())
        assert "seed" in shown


class TestMistake:
    @pytest.mark.parametrize(
        ("words", "facts"),
        [
            (("--latency", "fast"), ("--latency", "'fast'", "uniform:100ms..600ms")),
            (("--errors", "500:200%"), ("--errors", "500:200%")),
            (("--errors", "200:5%"), ("--errors", "400 to 599")),
            (("--errors", "500:60%,503:60%"), ("at most 100%",)),
            (("--workers", "0"), ("--workers", "at least 1")),
            (("--queue", "many"), ("--queue", "whole number")),
            (("--notices-cancel", "maybe"), ("--notices-cancel", "yes or no")),
            (("--spells", "ok=1s"), ("--spells", "slow")),
            (("--seed", "-1"), ("--seed", "at least 0")),
        ],
    )
    def test_is_named_with_the_limit_and_an_example(
        self, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], facts: tuple[str, ...]
    ) -> None:
        message = refused(capsys, *words)
        assert all(fact in message for fact in facts), message

    @pytest.mark.parametrize("port", ["70000", "http", "-1", "1.5"])
    def test_of_a_port_says_what_one_is(
        self, capsys: pytest.CaptureFixture[str], port: str
    ) -> None:
        assert run(["flaky", "-p", port]) == 2
        assert "a number from 0 to 65535" in capsys.readouterr().err


class TestSamples:
    def test_are_numbers_of_seconds_one_a_line(self, tmp_path: Path) -> None:
        path = tmp_path / "samples"
        path.write_text("0.1\n0.25\n\n3\n")
        assert verb._read_samples(str(path)) == [0.1, 0.25, 3.0]

    @pytest.mark.parametrize("text", ["0.1\nsoon\n", None])
    def test_that_cannot_be_read_are_refused(self, tmp_path: Path, text: str | None) -> None:
        path = tmp_path / "samples"
        if text is not None:
            path.write_text(text)
        with pytest.raises(ConfigError, match="a file with one number of seconds a line"):
            verb._read_samples(str(path))

    def test_of_a_file_that_is_not_there_stop_the_verb(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert "/nowhere" in refused(capsys, "--latency", "replay:/nowhere")
