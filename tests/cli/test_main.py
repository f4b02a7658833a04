"""The verbs, their help, and how errors become exit codes."""

import re
import subprocess
import sys
from collections.abc import Callable
from typing import Final

import pytest

import hedgerow
from hedgerow.cli import main as cli
from hedgerow.errors import ConfigError, HedgerowBug, StartError
from tests.fakes.processes import environment

NOT_IMPORTED_FOR_HELP: Final = ("uvloop", "httptools", "asyncio", "hedgerow.wire", "hedgerow.serve")


def told(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    """The exit code and all that was written."""
    code = cli.run(words)
    captured = capsys.readouterr()
    return code, captured.out + captured.err


class TestHelp:
    def test_names_every_verb(self, capsys: pytest.CaptureFixture[str]) -> None:
        code, text = told(capsys, "--help")
        assert code == 0
        assert all(verb in text for verb in cli.VERBS)

    @pytest.mark.parametrize("verb", list(cli.VERBS))
    def test_of_each_verb_shows_an_example(
        self, capsys: pytest.CaptureFixture[str], verb: str
    ) -> None:
        code, text = told(capsys, verb, "--help")
        assert code == 0
        assert f"hedgerow {verb}" in text.partition("For example:")[2]

    @pytest.mark.unhurried(reason="starts a process")
    def test_comes_without_what_only_a_verb_needs(self) -> None:
        script = "import sys; from hedgerow.cli.main import run; run(['--help']); "
        script += f"print([m for m in {NOT_IMPORTED_FOR_HELP!r} if m in sys.modules])"
        result = subprocess.run(
            [sys.executable, "-c", script],
            capture_output=True,
            text=True,
            env=environment(),
            check=True,
        )
        assert result.stdout.splitlines()[-1] == "[]"

    @pytest.mark.parametrize("flag", ["--version", "-V"])
    def test_is_not_the_version(self, capsys: pytest.CaptureFixture[str], flag: str) -> None:
        assert told(capsys, flag) == (0, hedgerow.__version__ + "\n")


class TestWrongWord:
    @pytest.mark.parametrize(
        ("words", "meant"),
        [
            (["serv"], "serve"),
            (["flakey"], "flaky"),
            (["serve", "--hedge-dely", "1s", "http://a"], "--hedge-delay"),
            (["serve", "--drain-timout", "1s", "http://a"], "--drain-timeout"),
            (["flaky", "--latancy", "constant:1s"], "--latency"),
            (["flaky", "--notice-cancel", "no"], "--notices-cancel"),
        ],
    )
    def test_is_answered_with_the_nearest_right_one(
        self, capsys: pytest.CaptureFixture[str], words: list[str], meant: str
    ) -> None:
        code, text = told(capsys, *words)
        assert code == 2
        assert re.search(rf"[Dd]id you mean \W?{re.escape(meant)}\b", text), text

    def test_is_answered_with_where_to_look(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert told(capsys, "serve", "--no-such-thing")[1].endswith("See hedgerow serve --help.\n")
        assert told(capsys, "no-such-verb")[1].endswith("See hedgerow --help.\n")


class TestExitCode:
    def of(self, monkeypatch: pytest.MonkeyPatch, error: BaseException | int) -> int:
        def verb() -> int:
            if isinstance(error, int):
                return error
            raise error

        def app(_: str) -> Callable[..., object]:
            return lambda *args, **more: verb()

        monkeypatch.setattr(cli, "_app", app)
        return cli.run(["verb"])

    @pytest.mark.parametrize(
        ("error", "code"),
        [
            (0, 0),
            (99, 99),
            (ConfigError("x", got=1, must="2", fix="Write 2."), 2),
            (StartError("port 80", got="in use", must="free", fix="Stop it."), 1),
            (HedgerowBug("so it can"), 1),
            (KeyboardInterrupt(), 130),
        ],
    )
    def test_follows_from_the_error(
        self, monkeypatch: pytest.MonkeyPatch, error: BaseException | int, code: int
    ) -> None:
        assert self.of(monkeypatch, error) == code

    def test_of_an_error_comes_with_its_sentence(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.of(monkeypatch, StartError("port 80", got="in use", must="free", fix="Stop it."))
        assert capsys.readouterr().err == "hedgerow: port 80 = in use: must be free. Stop it.\n"

    def test_becomes_the_processs(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(cli, "run", lambda words: 42)
        with pytest.raises(SystemExit) as caught:
            cli.main(["verb"])
        assert caught.value.code == 42


class TestReaderThatHasSeenEnough:
    @pytest.mark.unhurried(reason="starts processes")
    @pytest.mark.parametrize("unbuffered", ["", "1"])
    def test_is_no_error(self, unbuffered: str) -> None:
        verb = f"{sys.executable} -m hedgerow serve http://127.0.0.1:9 --show-settings"
        line = f"{verb} | true; exit ${{PIPESTATUS[0]}}"
        result = subprocess.run(
            ["bash", "-c", line],
            capture_output=True,
            text=True,
            env={**environment(), "PYTHONUNBUFFERED": unbuffered},
            check=False,
        )
        assert (result.returncode, result.stderr) == (0, "")
