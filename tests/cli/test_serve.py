"""``hedgerow serve``: its flags, and what it says without serving."""

import dataclasses
import inspect
from pathlib import Path

import pytest

from hedgerow.cli.main import run
from hedgerow.cli.serve import Flags, serve
from hedgerow.serve.settings.flags import FLAGS

URL = "http://127.0.0.1:9"
EXAMPLE = Path(__file__).parents[2] / "examples" / "smart" / "hedgerow.toml"


def told(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = run(["serve", *words])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


class TestFlags:
    def test_are_the_ones_that_settings_have(self) -> None:
        names = {f"--{field.name.replace('_', '-')}" for field in dataclasses.fields(Flags)}
        assert names == FLAGS.keys()

    def test_show_the_help_of_their_settings(self, capsys: pytest.CaptureFixture[str]) -> None:
        _, out, _ = told(capsys, "--help")
        shown = " ".join(out.replace("│", " ").split())
        for flag in FLAGS.values():
            assert flag.name in shown
            assert flag.help.split(";")[0].split(" (")[0][:40] in shown

    def test_are_all_optional(self) -> None:
        parameters = inspect.signature(serve).parameters.values()
        required = [
            p.name for p in parameters if p.default is p.empty and p.kind != p.VAR_POSITIONAL
        ]
        assert required == []

    @pytest.mark.parametrize(
        "words",
        [
            ("-t", "1s"),
            ("--timeout", "1s"),
            ("--deadline", "1s"),
            ("-p", "0"),
            ("-a", "127.0.0.1"),
            ("-l", "-"),
            ("--log", "-"),
            ("--access-log=-",),
            ("--limit", "adaptive", "--queue", "5", "--throttle", "--no-shed"),
            ("--limit", "20", "--rate", "100/m", "--admin", "127.0.0.1:0"),
            ("--health-check", "/health", "--no-eject", "--hedge-aim", "2%"),
        ],
    )
    def test_may_be_written_as_fingers_know_them(
        self, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
    ) -> None:
        assert told(capsys, URL, *words, "--check")[0] == 0

    def test_that_need_a_value_take_no_other_flag_for_it(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        code, _, err = told(capsys, URL, "-l", "--trace", "--check")
        assert (code, "'--trace': must be a file" in err) == (2, True)


class TestCheck:
    def test_says_that_all_is_well(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert told(capsys, URL, "--check") == (0, "", "hedgerow: the settings are fine\n")

    def test_reads_a_file(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert told(capsys, "-c", str(EXAMPLE), "--check")[0] == 0

    @pytest.mark.parametrize(
        ("words", "facts"),
        [
            ((), ("given a URL, a directory or a settings file",)),
            (("-r", ".", "-c", str(EXAMPLE)), ("--root", "given without --config")),
            ((URL, "-r", "."), ("URL", "given without --root")),
            ((URL, "-w", "0"), ("--workers", "1 to 1024")),
            ((URL, "-w", "8..2"), ("--workers", "2..8")),
            ((URL, "--threads", "0"), ("--threads", "at least 1")),
            ((URL, "--accept", "share"), ("--accept", "shared")),
            (("localhost:9",), ("http://", "'localhost:9'")),
            ((URL, "-c", str(EXAMPLE)), ("given without --config",)),
            ((URL, "--deadline", "soon"), ("--deadline", "'soon'", "250ms")),
            ((URL, "--hedge-delay", "300ms"), ("--hedge-delay", "same_replica")),
            ((URL, "--port", "70000"), ("--port", "65535")),
            ((URL, "--balance", "round"), ("--balance", "round-robin")),
            ((URL, "--limit", "many"), ("--limit", "'many'", "adaptive")),
            ((URL, "--queue", "5"), ("--queue", "together with a limit")),
            ((URL, "--rate", "100"), ("--rate", '"100/m"')),
            ((URL, "--admin", "8081"), ("--admin", '"127.0.0.1:8081"')),
            ((URL, "--health-check", "health"), ("--health-check", '"/health"')),
            ((URL, "--resolve", "10s"), ("--resolve", "no replica has a name")),
        ],
    )
    def test_names_the_mistake(
        self, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], facts: tuple[str, ...]
    ) -> None:
        code, out, err = told(capsys, *words, "--check")
        assert (code, out) == (2, "")
        assert all(fact in err for fact in facts), err


class TestFileThatIsNotThere:
    def test_is_no_mistake_in_the_settings(self, capsys: pytest.CaptureFixture[str]) -> None:
        code, _, err = told(capsys, "-c", "/nowhere.toml", "--check")
        assert (code, "/nowhere.toml" in err) == (1, True)


class TestShowSettings:
    def test_prints_what_is_in_force_and_where_it_is_from(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        code, out, _ = told(capsys, "-c", str(EXAMPLE), "--deadline", "5s", "--show-settings")
        assert code == 0
        lines = {" ".join(line.split()) for line in out.splitlines()}
        assert 'default = "5s" # --deadline' in lines
        assert any(line.startswith('rewrite = "/api/work" # ') and "toml" in line for line in lines)
        assert any(line.startswith("drain_timeout = ") and "default" in line for line in lines)

    def test_prints_what_can_be_read_again(
        self, capsys: pytest.CaptureFixture[str], tmp_path: Path
    ) -> None:
        _, first, _ = told(capsys, "-c", str(EXAMPLE), "--show-settings")
        again = tmp_path / "again.toml"
        again.write_text(first)
        code, second, _ = told(capsys, "-c", str(again), "--show-settings")
        assert code == 0
        assert [values(line) for line in second.splitlines()] == [
            values(line) for line in first.splitlines()
        ]


def values(line: str) -> str:
    """A line without where its value is from."""
    return line.partition("  #")[0].rstrip()
